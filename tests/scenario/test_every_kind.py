"""Every kind of file that Slack lets people post: what OpenAI gets of it, and what people read (design §7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot import words
from bot.files import sentences
from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.openai.script import FileSearch, Script, Text
from bot.reply.steps import plain_line
from tests import documents
from tests.scenario.conftest import MakeWorld
from tests.scenario.world import World, said_below

SEARCHED, WHOLE, SEEN, COMPUTED = "searched", "whole", "seen", "computed"
BOTH = frozenset({SEARCHED, WHOLE})
ASKED = "how many days of paid holiday does every employee have?"


@dataclass(frozen=True, slots=True)
class Row:
    """A file as it is posted, what OpenAI calls it and does with it, and the sentence that people read."""

    name: str
    content: bytes
    got: frozenset[str] = frozenset()
    sent: str = ""  # the same as `name` where empty
    sentence: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def known_as(self) -> str:
        return self.sent or self.name


def row(name: str, content: bytes, *got: str, sent: str = "", sentence: str = "", **fields: Any) -> Row:
    return Row(name, content, frozenset(got), sent, sentence, fields)


def refused(name: str, content: bytes, reason: str, **fields: Any) -> Row:
    shown = str(fields.pop("shown", name))
    return Row(name, content, sentence=sentences.REFUSALS[reason].format(name=shown, limit="25 MB"), fields=fields)


TEXT = documents.RULE.encode()
NO_TEXT = sentences.NOT_INDEXED["invalid_file"].format(name="scan.pdf")

DOCUMENTS = (
    row("handbook.pdf", documents.pdf(), *BOTH),
    row("long.pdf", documents.long_pdf(), SEARCHED),
    row("scan.pdf", documents.scanned_pdf(), WHOLE, sentence=NO_TEXT),
    row("rules.docx", documents.word(), *BOTH),
    row("rules.pptx", documents.slides(), *BOTH),
    row("notes.md", TEXT, *BOTH),
    row("main.py", TEXT, *BOTH),
    row("settings.yaml", TEXT, *BOTH, sent="settings.yaml.txt"),
    row("app.log", TEXT, *BOTH, sent="app.log.txt"),
    row("project.toml", TEXT, *BOTH, sent="project.toml.txt"),
    row("Über 규정 🎉.txt", documents.KOREAN.encode("cp949"), *BOTH),
    row("日本語.txt", documents.JAPANESE.encode("shift-jis"), *BOTH),
    row("utf16.txt", documents.RULE.encode("utf-16"), *BOTH),
    row("drawing.svg", documents.SVG, *BOTH, sent="drawing.svg.txt"),
)
IN_SLACK = (
    row("note", TEXT, *BOTH, sent="note.txt", mode="snippet", mimetype="text/plain", filetype="text"),
    row("post", TEXT, *BOTH, sent="post.txt", mode="post", mimetype="text/plain"),
    row("Holiday", TEXT, *BOTH, sent="Holiday.txt", mode="email"),
    row("canvas", b"<h1>Rules</h1><p>" + TEXT + b"</p>", *BOTH, sent="canvas.html", mode="quip"),
    row("stub.pdf", documents.pdf(), *BOTH, access="check_file_info"),
    row("late.pdf", documents.pdf(), *BOTH, ready_after=2.0),
)
PICTURES = (
    row("photo.png", documents.picture(), SEEN),
    row("photo.jpg", documents.photo(), SEEN),
    row(
        "moving.gif",
        documents.animation(),
        SEEN,
        sent="moving.gif.png",
        sentence=sentences.CHANGES["first_picture"].format(name="moving.gif"),
    ),
    row("scan.tiff", documents.picture("TIFF"), SEEN, sent="scan.tiff.png"),
)
TABLES = (
    row("직원.csv", documents.table("euc-kr"), COMPUTED),
    row("staff.tsv", documents.table("utf-8", "\t"), COMPUTED, sent="staff.tsv.csv"),
    row("staff.xlsx", documents.workbook(), COMPUTED),
    row("feed.xml", b"<?xml version='1.0'?><a>x</a>", COMPUTED),
    row("all.zip", documents.archive(), COMPUTED),
    row("all.tar", documents.tarball(), COMPUTED),
)
WITHOUT_CODE = (
    row("직원.csv", documents.table("euc-kr"), WHOLE),
    row("staff.tsv", documents.table("utf-8", "\t"), WHOLE, sent="staff.tsv.csv"),
    row("staff.xlsx", documents.workbook(), WHOLE),
    row("feed.xml", b"<?xml version='1.0'?><a>x</a>", *BOTH, sent="feed.xml.txt"),
    refused("all.zip", documents.archive(), "needs_code"),
    refused("all.tar", documents.tarball(), "needs_code"),
)
CLOSED = (
    refused("locked.pdf", documents.pdf(password="secret"), "encrypted"),
    refused("photo.heic", documents.HEIC, "heic"),
    refused("setup.exe", documents.EXE, "unsupported"),
    refused("nothing.txt", b"", "empty"),
    refused("plan.gdoc", b"", "external", mode="external"),
    refused("old.pdf", b"x", "tombstone", mode="tombstone", shown="file"),
    refused("hidden.pdf", b"x", "hidden_by_plan", mode="hidden_by_limit", shown="file"),
    refused("secret.pdf", b"x", "access_denied", access="access_denied", shown="file"),
    refused("long.m4a", documents.boxes() + bytes(25_000_001), "too_long_to_hear"),
)


async def post(world: World, rows: Sequence[Row], text: str = ASKED) -> str:
    """Ann posts all of them with one message, and is answered; the thread's ts."""
    files = [world.slack.add_file(one.name, one.content, world.ann, **one.fields) for one in rows]
    said = f"{world.at_bot} {text}"
    ts = await world.slack.post(world.general, world.ann, said, files=files, subtype="file_share")
    await world.until(world.answered(ts))
    return ts


def parts(request: Mapping[str, Any], kind: str) -> list[str]:
    """The Files that the request gives the model as parts of that type."""
    content = [part for item in request["input"] for part in item["content"]]
    return [part["file_id"] for part in content if part["type"] == kind]


def got(world: World) -> dict[str, set[str]]:
    """What OpenAI does with each File by now, by its name."""
    request, names = world.openai.creates[-1], {file.id: file.filename for file in world.openai.files.values()}
    made = [store for one, store in world.openai.vector_stores.items() if one != OPERATOR_STORE]
    containers = [tool["container"] for tool in request["tools"] if tool["type"] == "code_interpreter"]
    files = {
        SEARCHED: [file for store in made for file, one in store.files.items() if one.status == "completed"],
        WHOLE: parts(request, "input_file"),
        SEEN: parts(request, "input_image"),
        COMPUTED: [file for container in containers for file in container.get("file_ids", ())],
    }
    found: dict[str, set[str]] = {name: set() for name in names.values()}
    for use, ids in files.items():
        for file in ids:
            found[names[file]].add(use)
    return found


def expected(*rows: Row) -> dict[str, set[str]]:
    return {one.known_as: set(one.got) for one in rows if one.got}


async def test_what_can_be_read_reaches_the_model_in_the_way_that_suits_it(make_world: MakeWorld) -> None:
    world = await make_world(assistant_tools=("code_interpreter",), catch_up_messages=0)
    async with world.running():
        rows = (*DOCUMENTS, *IN_SLACK, *PICTURES, *TABLES)
        world.openai.queue(Script(FileSearch([ASKED]), Text("25.")))
        ts = await post(world, rows)
        assert got(world) == expected(*rows)
        assert sorted(said_below(world.only_answer(ts))) == sorted(one.sentence for one in rows if one.sentence)
        assert world.slack.thread(world.general, ts)[0].reactions == {}, "all of them could be read"
        texts = {file.filename: file.data() for file in world.openai.files.values()}
        assert documents.KOREAN in texts["Über 규정 🎉.txt"].decode()
        assert documents.JAPANESE in texts["日本語.txt"].decode()
        assert "홍길동,영업,25" in texts["직원.csv"].decode()
        assert "홍길동,영업,25" in texts["staff.tsv.csv"].decode()
        assert texts["Holiday.txt"].decode().endswith(documents.RULE)
        assert b"SECRET" not in texts["photo.jpg"]
        await world.slack.post(world.general, world.ann, "again, please", thread_ts=ts)
        await world.until(world.answered(ts, count=2))
        context = list(world.openai.contexts.values())[-1]
        kinds = [part["type"] for item in context if item["type"] == "message" for part in item["content"]]
        assert kinds.count("input_image") == len(PICTURES), "pictures stay"
        assert "input_file" not in kinds, "documents were read whole, and do not stay in the memory"
        assert {name for name, uses in got(world).items() if COMPUTED in uses} == {one.known_as for one in TABLES}


async def test_where_no_code_can_be_run_tables_are_read_whole(world: World) -> None:
    ts = await post(world, WITHOUT_CODE)
    assert got(world) == expected(*WITHOUT_CODE)
    assert said_below(world.only_answer(ts)) == [one.sentence for one in WITHOUT_CODE if one.sentence]
    assert world.slack.thread(world.general, ts)[0].reactions == {"warning": {world.slack.bot_user}}


async def test_what_cannot_be_read_is_named_with_the_reason_and_the_rest_goes_on(world: World) -> None:
    rows = (*CLOSED, row("notes.md", TEXT, *BOTH))
    ts = await post(world, rows)
    assert got(world) == expected(*rows)
    assert sorted(said_below(world.only_answer(ts))) == sorted(one.sentence for one in CLOSED)
    assert world.slack.thread(world.general, ts)[0].reactions == {"warning": {world.slack.bot_user}}
    told = "\n".join(world.last_texts())
    assert all(one.sentence in told for one in CLOSED), "the model does not pretend"


async def test_recordings_are_heard_and_quoted(world: World) -> None:
    said = {"memo.m4a": "Book the room.", "clip.mp4": "And *the* <!channel> lift.", "old.wav": "Thanks."}
    world.openai.transcripts.update(said)
    rows = (
        row("memo.m4a", documents.boxes()),
        row("clip.mp4", documents.boxes(b"isom"), subtype="slack_video"),
        row("old.wav", documents.sound()),
    )
    ts = await post(world, rows, "please do this")
    quoted = [words.HEARD.format(name=name, text=plain_line(text, 100)) for name, text in said.items()]
    assert said_below(world.only_answer(ts)) == quoted
    (asked,) = world.last_texts()
    assert asked.startswith("please do this")
    assert all(text in asked for text in said.values())
    assert world.openai.files == {}
