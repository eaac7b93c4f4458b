"""`python -m bot.playground.gallery OUT_DIR`: plays every scene, and writes pages that need nothing else."""

import asyncio
import logging
import sys
from pathlib import Path

from bot.playground.drawing import page
from bot.playground.drawing.html import Html, element, text
from bot.playground.gallery.plays import Scene
from bot.playground.gallery.scenes import SCENES, SETTINGS
from bot.playground.gallery.stage import Stage

BETWEEN = 61.0  # seconds of the emulated clock, after which every method's budget is whole again
USAGE = "usage: python -m bot.playground.gallery OUT_DIR\n"


async def pictures() -> list[tuple[Scene, Html]]:
    """Every scene and how it looks, caption included; all but those apart are played in one workspace."""
    drawn: list[tuple[Scene, Html]] = []
    async with Stage.open(**SETTINGS) as shared:
        for scene in SCENES:
            drawn.append((scene, framed(scene, await (_apart(scene) if scene.apart else scene.play(shared)))))
            await shared.clock.advance(BETWEEN)
    return drawn


async def _apart(scene: Scene) -> str:
    async with Stage.open(**{**SETTINGS, **scene.settings}) as stage:
        return await scene.play(stage)


def framed(scene: Scene, drawing: str) -> Html:
    """A drawing under its caption."""
    caption = element("p", text(scene.caption), look="caption")
    return element("section", caption, element("div", Html(drawing), look="thread"), look="scene", id=scene.name)


def write(folder: Path, drawn: list[tuple[Scene, Html]]) -> None:
    """`index.html` with everything, and a page for each scene."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(page("Threadmate's replies", *(one for _, one in drawn)), encoding="utf-8")
    for scene, one in drawn:
        (folder / f"{scene.name}.html").write_text(page(scene.caption, one), encoding="utf-8")


def main() -> int:
    """Play, draw, write."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.stderr.write(USAGE)
        return 2
    logging.disable()  # scenes that fail on purpose would say so
    write(Path(sys.argv[1]), asyncio.run(pictures()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
