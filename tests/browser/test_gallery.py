"""The gallery in a real browser: drawn, folded, and nothing of what messages say has run."""

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
import pytest_asyncio

from bot.playground.gallery.__main__ import main
from bot.playground.gallery.scenes import SCENES
from tests.browser.page_rig import chromium

pytestmark = pytest.mark.asyncio(loop_scope="module")
Dump = Callable[[str], Awaitable[tuple[str, list[str]]]]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with every scene, played by the program itself, as its command is."""
    out = tmp_path_factory.mktemp("gallery")
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["gallery", str(out)])
            assert main() == 0
    finally:
        logging.disable(logging.NOTSET)
    return out


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dump(gallery: Path) -> AsyncIterator[Dump]:
    """The DOM of a page of the gallery as it is after loading, and what the console said."""
    async with chromium() as browser:
        context = await browser.new_context()

        async def dumped(name: str) -> tuple[str, list[str]]:
            page = await context.new_page()
            console: list[str] = []
            page.on("console", lambda said: console.append(said.text))
            page.on("pageerror", lambda error: console.append(str(error)))
            await page.goto((gallery / name).as_uri())
            return await page.content(), console

        yield dumped


class Tags(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.all if tag == name]


async def test_every_scene_is_a_page_and_part_of_the_whole(gallery: Path) -> None:
    whole = (gallery / "index.html").read_text()
    for scene in SCENES:
        assert f'id="{scene.name}"' in whole
        assert (gallery / f"{scene.name}.html").exists()
    assert whole.count('class="s-message') > len(SCENES)
    assert "cannot be drawn here" not in whole


async def test_the_browser_draws_all_of_it_and_has_nothing_to_complain(dump: Dump) -> None:
    dom, console = await dump("index.html")
    assert console == []
    assert dom.count('class="s-scene"') == len(SCENES)
    tags = Tags(dom)
    assert tags.named("script") == []
    assert [name for _, given in tags.all for name in given if name.startswith("on")] == []
    assert {given["class"] for given in tags.named("details")} == {"s-container", "s-plan"}


async def test_steps_are_folded_until_somebody_opens_them(dump: Dump) -> None:
    folded, _ = await dump("folded.html")
    assert [given for given in Tags(folded).named("details") if "open" in given] == []


async def test_the_steps_unfolded_say_what_was_asked_found_and_run_and_how_long_it_took(gallery: Path) -> None:
    shown = (gallery / "unfolded.html").read_text()
    for said in (
        "parental leave by country",
        "handbook.pdf · 0.91",
        "Output",
        "100 days",
        "3 steps · ",
    ):
        assert said in shown
    assert re.search(r" · [3-9]\.\d s", shown), "3.4 s by the script, and more where the machine is busy"


async def test_what_became_of_a_call_stands_in_its_step(gallery: Path) -> None:
    said = {
        "approved": "will be paid back for order 4711",
        "denied": " · not made",
        "expired": "Nobody approved this call in time",
        "function-failed": " · failed",
        "with-options": "Asked with: extra instructions “In one sentence.”",
    }
    for scene, words in said.items():
        assert words in (gallery / f"{scene}.html").read_text()


async def test_what_one_presses_is_in_the_gallery(gallery: Path) -> None:
    buttons = {
        "answer": ("regenerate", "feedback"),
        "plainer": ("details", "regenerate"),
        "without-streams": ("stop",),
        "question-changed": ("regenerate_edited",),
        "failure": ("try_again",),
        "details-page": ("details_previous",),
        "approval": ("approve_call", "deny_call"),
        "approval-again": ("approve_call", "cancel_call"),
        "expired": ("try_again",),
    }
    for scene, actions in buttons.items():
        drawn = (gallery / f"{scene}.html").read_text()
        assert [action for action in actions if f'data-action-id="{action}"' not in drawn] == []
    for scene in ("details", "function-details", "options", "reason", "thread-settings"):
        assert 'role="dialog"' in (gallery / f"{scene}.html").read_text()


async def test_hostile_text_is_shown_and_has_not_run(dump: Dump) -> None:
    dom, console = await dump("hostile.html")
    assert console == []
    assert "<title>Hostile text is shown, and does nothing.</title>" in dom
    assert '&lt;script&gt;alert("run")&lt;/script&gt;' in dom
    tags = Tags(dom)
    assert not any("s-broadcast" in (given.get("class") or "") for _, given in tags.all)
    assert {tag for tag, _ in tags.all} & {"img", "iframe", "object", "embed", "script"} == set()


async def test_the_browser_would_have_told_of_a_script(gallery: Path, dump: Dump) -> None:
    (gallery / "bad.html").write_text("<script>console.error('it ran'); document.title = 'taken'</script>")
    dom, console = await dump("bad.html")
    assert "<title>taken</title>" in dom
    assert len(console) == 1
