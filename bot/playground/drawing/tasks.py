"""Task cards and plans: what the assistant is doing, and what it did; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.playground.drawing.html import NOTHING, Html, Known, element, join, text
from bot.playground.drawing.rich_text import rich_text
from bot.playground.drawing.tokens import link

Json = Mapping[str, Any]
_SAID = {"pending": "Waiting", "in_progress": "Working", "complete": "Done", "error": "Failed"}
UNNAMED = "Steps"  # a plan that was given no title


def task_card(card: Json, known: Known) -> Html:
    """One task; its details fold away."""
    head = join([_status(card), element("span", text(card.get("title", "")), look="task-title", dir="auto")])
    below = join([*(rich_text(card[key], known) for key in ("details", "output") if key in card), _sources(card)])
    if not below:
        return element("div", head, look="task")
    return element("details", element("summary", head, look="task"), element("div", below, look="task-more"))


def _status(card: Json) -> Html:
    status = str(card.get("status"))
    look = f"icon task-{status.replace('_', '-')}" if status in _SAID else "icon task-pending"
    return element("span", look=look, role="img", aria_label=_SAID.get(status, status))


def _sources(card: Json) -> Html:
    sources = card.get("sources") or []
    links = [link(str(one.get("url", "")), text(one.get("text", ""))) for one in sources]
    return element("div", *links, look="task-sources") if links else NOTHING


def plan(block: Json, known: Known) -> Html:
    """Tasks together under a title: open as long as one is under way, folded afterwards."""
    cards: Sequence[Json] = block.get("tasks") or []
    states = [card.get("status") for card in cards]
    under_way = next((state for state in ("in_progress", "pending") if state in states), None)
    status = under_way or ("error" if "error" in states else "complete")
    title = element("span", text(block.get("title") or UNNAMED), look="plan-title", dir="auto")
    summary = element("summary", _status({"status": status}), title)
    tasks = join(task_card(card, known) for card in cards)
    return element(
        "details", summary, element("div", tasks, look="plan-tasks"), look="plan", open=under_way is not None
    )
