"""The gallery in a real browser: drawn, folded, and nothing of what messages say has run."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.playground.gallery.scenes import SCENES

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=1000",
)
CONSOLE = re.compile(r"^\[.*:CONSOLE.*$", re.MULTILINE)
Dump = Callable[[str], tuple[str, list[str]]]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with every scene, played by the program itself."""
    out = tmp_path_factory.mktemp("gallery")
    subprocess.run([sys.executable, "-m", "bot.playground.gallery", str(out)], check=True, timeout=50)
    return out


@pytest.fixture(scope="module")
def dump(gallery: Path, tmp_path_factory: pytest.TempPathFactory) -> Dump:
    """The DOM of a page of the gallery as it is after loading, and what the console said."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("there is no Chromium on this machine")

    def dumped(page: str) -> tuple[str, list[str]]:
        profile = tmp_path_factory.mktemp("profile")
        command = [browser, *FLAGS, f"--user-data-dir={profile}", "--dump-dom", (gallery / page).as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=50)
        return done.stdout, CONSOLE.findall(done.stderr)

    return dumped


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


def test_every_scene_is_a_page_and_part_of_the_whole(gallery: Path) -> None:
    whole = (gallery / "index.html").read_text()
    for scene in SCENES:
        assert f'id="{scene.name}"' in whole
        assert (gallery / f"{scene.name}.html").exists()
    assert whole.count('class="s-message') > len(SCENES)
    assert "cannot be drawn here" not in whole


def test_the_browser_draws_all_of_it_and_has_nothing_to_complain(dump: Dump) -> None:
    dom, console = dump("index.html")
    assert console == []
    assert dom.count('class="s-scene"') == len(SCENES)
    tags = Tags(dom)
    assert tags.named("script") == []
    assert [name for _, given in tags.all for name in given if name.startswith("on")] == []
    assert {given["class"] for given in tags.named("details")} == {"s-container", "s-plan"}


def test_steps_are_folded_until_somebody_opens_them(dump: Dump) -> None:
    folded, _ = dump("folded.html")
    assert [given for given in Tags(folded).named("details") if "open" in given] == []


def test_the_steps_unfolded_say_what_was_asked_found_and_run_and_how_long_it_took(gallery: Path) -> None:
    shown = (gallery / "unfolded.html").read_text()
    for said in (
        "parental leave by country",
        "handbook.pdf · 0.91",
        "Output",
        "100 days",
        " · 3.4 s",
        "3 steps · ",
    ):
        assert said in shown


def test_what_one_presses_is_in_the_gallery(gallery: Path) -> None:
    buttons = {
        "answer": ("regenerate", "feedback"),
        "plainer": ("details", "regenerate"),
        "without-streams": ("stop",),
        "question-changed": ("regenerate_edited",),
        "failure": ("try_again",),
        "details-page": ("details_previous",),
    }
    for scene, actions in buttons.items():
        drawn = (gallery / f"{scene}.html").read_text()
        assert [action for action in actions if f'data-action-id="{action}"' not in drawn] == []
    for scene in ("details", "reason"):
        assert 'role="dialog"' in (gallery / f"{scene}.html").read_text()


def test_hostile_text_is_shown_and_has_not_run(dump: Dump) -> None:
    dom, console = dump("hostile.html")
    assert console == []
    assert "<title>Hostile text is shown, and does nothing.</title>" in dom
    assert '&lt;script&gt;alert("run")&lt;/script&gt;' in dom
    tags = Tags(dom)
    assert not any("s-broadcast" in (given.get("class") or "") for _, given in tags.all)
    assert {tag for tag, _ in tags.all} & {"img", "iframe", "object", "embed", "script"} == set()


def test_the_browser_would_have_told_of_a_script(gallery: Path, dump: Dump) -> None:
    (gallery / "bad.html").write_text("<script>console.error('it ran'); document.title = 'taken'</script>")
    dom, console = dump("bad.html")
    assert "<title>taken</title>" in dom
    assert len(console) == 1
