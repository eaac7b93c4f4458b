"""One answer of the program before others are forked from it: what it compiles and builds once is there then."""

import asyncio
import threading

from bot.playground.gallery.plays import Scene
from bot.playground.gallery.scenes import SCENES, SETTINGS
from bot.playground.gallery.stage import Stage
from tests import compiled

FIRST = "answer"


def rehearse() -> None:
    """Play a scene of the gallery, and leave nothing running."""
    compiled.remember()
    [scene] = [scene for scene in SCENES if scene.name == FIRST]
    asyncio.run(_play(scene))
    assert threading.active_count() == 1


async def _play(scene: Scene) -> None:
    async with Stage.open(**SETTINGS) as stage:
        await scene.play(stage)
