"""Files of ours into Slack in three steps (reference/slack-platform.md §4.3), and what can become of each."""

import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import SlackOutcomeUnknown, SlackRefused, SlackUnreachable
from bot.files.names import LONGEST
from bot.files.upload import Sharing, not_uploaded
from bot.playground.faults import Fault, FaultKind
from bot.playground.slack.records import slack_error
from tests.scenario.conftest import MakeWorld
from tests.scenario.files_rig import BYTES, Rig, files_rig

BEGIN, COMPLETE = "files.getUploadURLExternal", "files.completeUploadExternal"


@pytest.fixture
async def rig(make_world: MakeWorld, tmp_path: Path) -> AsyncIterator[Rig]:
    async with files_rig(make_world, tmp_path) as opened:
        yield opened


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    path = tmp_path / "000001"
    path.write_bytes(BYTES)
    return path


@pytest.fixture
async def thread(rig: Rig) -> str:
    return await rig.world.slack.post(rig.world.general, rig.world.ann, "Plot it")


async def test_files_appear_together_in_the_thread_under_their_names(rig: Rig, chart: Path, thread: str) -> None:
    sent = [await rig.uploads.send(chart, "chart.png", alt_text="A chart")]
    sent.append(await rig.uploads.send(chart, "표.csv", title="The table"))
    assert rig.world.answers(thread) == []
    await rig.uploads.share(sent, rig.world.general, thread, "Here they are")
    sharing = await rig.moving(rig.uploads.became(sent[0].id, rig.world.general))
    [message] = rig.world.answers(thread)
    assert sharing == Sharing(completed=True, ts=message.ts)
    assert message.text == "Here they are"
    assert [(file["name"], file["title"]) for file in message.files] == [
        ("chart.png", "chart.png"),
        ("표.csv", "The table"),
    ]
    assert [rig.world.slack.content_of(file.id) for file in sent] == [BYTES, BYTES]
    assert rig.world.slack.uploads[0].alt_txt == "A chart"


async def test_the_token_does_not_go_with_the_bytes(rig: Rig, chart: Path) -> None:
    await rig.uploads.send(chart, "chart.png")
    assert [upload.authorization for upload in rig.world.slack.uploads] == [None]


async def test_a_name_is_made_safe(rig: Rig, chart: Path) -> None:
    sent = await rig.uploads.send(chart, "../../\u202egnp" + "x" * 1000 + ".png")
    [upload] = rig.world.slack.uploads
    assert (upload.filename, len(upload.filename)) == (sent.title, LONGEST)
    assert not set("/\u202e") & set(upload.filename)


async def test_memory_stays_flat(rig: Rig, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(30_000_000)
    tracemalloc.start()
    try:
        await rig.moving(rig.uploads.send(large, "large.bin"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000  # the emulator's part included
    assert rig.world.slack.uploads[0].content is not None


# -- what Slack refuses


CODES = (
    "file_upload_size_restricted",
    "storage_limit_reached",
    "file_uploads_disabled",
    "channels_limit_exceeded",
)


@pytest.mark.parametrize("code", CODES)
async def test_a_refused_upload_is_our_error_with_a_sentence(rig: Rig, chart: Path, code: str) -> None:
    rig.world.slack.faults.add(BEGIN, slack_error(code))
    with pytest.raises(SlackRefused) as refusal:
        await rig.uploads.send(chart, "chart.png")
    assert refusal.value.error == code
    sentence = not_uploaded(refusal.value, "a/chart.png")
    assert "“a_chart.png”" in sentence
    assert "please" in sentence
    assert rig.world.slack.executed("upload") == []


def test_what_is_known_of_a_refusal_is_said() -> None:
    said = {not_uploaded(SlackRefused(BEGIN, code), "x") for code in (*CODES, "something_else")}
    assert len(said) == len(CODES)  # two of them have no sentence of their own


async def test_an_empty_file_is_refused(rig: Rig, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    with pytest.raises(SlackRefused, match="invalid_arguments"):
        await rig.uploads.send(empty, "empty.txt")


@pytest.mark.parametrize(("status", "code"), [(413, "file_upload_size_restricted"), (400, "400"), (302, "302")])
async def test_refused_bytes_are_not_sent_again(rig: Rig, chart: Path, status: int, code: str) -> None:
    rig.world.slack.faults.always("upload", Fault(FaultKind.REFUSE, status=status))
    with pytest.raises(SlackRefused, match=f"upload: {code}"):
        await rig.uploads.send(chart, "chart.png")
    assert len(rig.world.slack.uploads) == 1


async def test_a_file_can_be_refused_by_the_channel(rig: Rig, chart: Path, thread: str) -> None:
    sent = await rig.uploads.send(chart, "chart.png")
    rig.world.slack.faults.add(COMPLETE, slack_error("posting_to_channel_denied"))
    with pytest.raises(SlackRefused, match="posting_to_channel_denied"):
        await rig.uploads.share([sent], rig.world.general, thread)


# -- what breaks off


FAULTS = {
    "503": Fault(FaultKind.REFUSE, status=503),
    "429": Fault(FaultKind.REFUSE, status=429),
    "reset": Fault(FaultKind.RESET_BEFORE),
    "lost answer": Fault(FaultKind.RESET_AFTER),
    "no answer": Fault(FaultKind.HOLD),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_bytes_that_may_not_have_arrived_are_sent_again_as_a_new_upload(
    rig: Rig, chart: Path, thread: str, fault: Fault
) -> None:
    rig.world.slack.faults.add("upload", Fault(fault.kind, fault.status))
    sent = await rig.moving(rig.uploads.send(chart, "chart.png"))
    first, second = rig.world.slack.uploads
    assert sent.id == second.file_id != first.file_id
    await rig.uploads.share([sent], rig.world.general, thread)
    assert [upload.completed for upload in (first, second)] == [False, True]
    assert rig.world.slack.content_of(sent.id) == BYTES


async def test_bytes_that_never_arrive_are_given_up(rig: Rig, chart: Path) -> None:
    rig.world.slack.faults.always("upload", Fault(FaultKind.REFUSE, status=503))
    with pytest.raises(SlackUnreachable, match="upload: 503"):
        await rig.moving(rig.uploads.send(chart, "chart.png"))
    assert len(rig.world.slack.uploads) == 3


async def test_a_beginning_without_an_answer_is_never_an_unknown_outcome(rig: Rig, chart: Path) -> None:
    rig.world.slack.faults.always(BEGIN, Fault(FaultKind.RESET_AFTER))
    with pytest.raises(SlackUnreachable, match=BEGIN):
        await rig.moving(rig.uploads.send(chart, "chart.png"))


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.RESET_BEFORE, FaultKind.HOLD])
async def test_sharing_without_an_answer_is_the_callers_to_find_out(
    rig: Rig, chart: Path, thread: str, kind: FaultKind
) -> None:
    sent = await rig.uploads.send(chart, "chart.png")
    rig.world.slack.faults.add(COMPLETE, Fault(kind))
    with pytest.raises(SlackOutcomeUnknown):
        await rig.moving(rig.uploads.share([sent], rig.world.general, thread))
    assert [call.method for call in rig.world.slack.calls].count(COMPLETE) == 1
    became = await rig.moving(rig.uploads.became(sent.id, rig.world.general))
    assert became.completed is (kind is not FaultKind.RESET_BEFORE)
    if not became.completed:
        await rig.uploads.share([sent], rig.world.general, thread)
        became = await rig.moving(rig.uploads.became(sent.id, rig.world.general))
    assert [message.ts for message in rig.world.answers(thread)] == [became.ts]


async def test_an_internal_error_does_not_tell_whether_it_was_shared(rig: Rig, chart: Path, thread: str) -> None:
    sent = await rig.uploads.send(chart, "chart.png")
    rig.world.slack.faults.add(COMPLETE, slack_error("internal_error"))
    with pytest.raises(SlackOutcomeUnknown):
        await rig.uploads.share([sent], rig.world.general, thread)


async def test_a_share_that_slack_drops_is_found_out(rig: Rig, chart: Path, thread: str) -> None:
    rig.world.slack.drop_shares = 1
    sent = await rig.uploads.send(chart, "chart.png")
    await rig.uploads.share([sent], rig.world.general, thread)
    became = await rig.moving(rig.uploads.became(sent.id, rig.world.general))
    assert became == Sharing(completed=True, ts=None)


async def test_a_file_that_was_deleted_meanwhile_was_completed(rig: Rig, chart: Path, thread: str) -> None:
    sent = await rig.uploads.send(chart, "chart.png")
    await rig.uploads.share([sent], rig.world.general, thread)
    await rig.world.slack.delete_file(sent.id)
    assert (await rig.moving(rig.uploads.became(sent.id, rig.world.general))).completed
