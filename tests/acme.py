"""Functions of a team whose effects can be counted: each is a line in a file of the working directory."""

import asyncio
import time
from pathlib import Path

from bot.functions import FunctionFailed, RunContext, function

EFFECTS = "effects.txt"
GATE = "go"  # a file: what is held, ends when it is there
HOSTILE = "<!channel> <@U0000001002> *x* [a](https://evil.example) ```\n\u202eevil\u200b\0\ud83d"
"""Mentions, a link, the end of a code block, and characters that cannot be seen, stored or sent."""

HELD = 4_000  # hundredths of a second, at most


class Scene:
    """What happens in this process, for tests that run the bot in it."""

    def __init__(self) -> None:
        self.contexts: list[RunContext] = []
        self.at_work = 0
        self.most = 0
        self.go_on = asyncio.Event()


scene = Scene()


def _leave(line: str) -> None:
    with Path(EFFECTS).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def lookup(order: int) -> dict[str, int]:
    """Look up an order."""
    _leave(f"lookup {order}")
    return {"order": order, "price": 25}


def refund(order: int, context: RunContext, reason: str = "") -> str:
    """Pay back an order."""
    scene.contexts.append(context)
    _leave(f"refund {order} {reason}".strip())
    return f"Refunded {order}."


async def ship(order: int) -> str:
    """Ship an order, which takes until the test lets it go on."""
    _leave(f"ship {order}")
    scene.at_work += 1
    scene.most = max(scene.most, scene.at_work)
    try:
        await scene.go_on.wait()
    finally:
        scene.at_work -= 1
    return f"Shipped {order}."


def _held() -> None:
    for _ in range(HELD):
        if Path(GATE).exists():
            return
        time.sleep(0.01)


def pay(order: int) -> str:
    """Pay for an order: the effect comes first, then it is held."""
    _leave(f"pay {order}")
    _held()
    return f"Paid {order}."


def weigh(order: int) -> str:
    """Weigh an order: it is held first, then comes the effect."""
    _held()
    _leave(f"weigh {order}")
    return f"Order {order} weighs 3 kg."


@function(idempotent=True)
def book(order: int, context: RunContext) -> str:
    """Book an order, which may be done twice."""
    _leave(f"book {order} {context.call_id}")
    _held()
    return f"Booked {order}."


def missing(order: int) -> str:
    """Fail in words."""
    raise FunctionFailed(f"There is no order {order}.")


@function(timeout=5)
async def endless(order: int) -> str:
    """Never end."""
    await asyncio.Event().wait()
    return str(order)


def invoice(order: int) -> bytes:
    """Write an invoice."""
    _leave(f"invoice {order}")
    return f"Invoice of {order}".encode()


def ledger(year: int) -> str:
    """Tell all that was bought in a year."""
    return "\n".join(f"line {number} of {year}" for number in range(1_000))


def shutdown() -> None:
    """Try to end the program."""
    raise SystemExit(3)


def curse(order: int) -> str:
    """Answer with something hostile."""
    return HOSTILE


def damned(order: int) -> str:
    """Fail with something hostile."""
    raise FunctionFailed(HOSTILE)


def haunted(order: int) -> Path:
    """Write a file with a hostile name."""
    file = Path("<!channel> \u202egnp.exe\n.csv")
    file.write_bytes(b"1,2")
    return file
