"""What one thread may search. Nothing else builds a file search, so that none is built without a scope.

Inside a channel's store every file carries an attribute, `scope`: the ts of the thread it was posted to, or
CHANNEL for the channel's library. Operator's files carry none, and one filter holds for all stores of a search;
docs/decisions/0009-scope-is-built-with-the-search.md says what follows from that.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

SCOPE = "scope"
"""The attribute that a search in a channel's store is filtered by."""

CHANNEL = "channel"
"""The `scope` of what everybody in the channel may find."""

MAX_STORES = 2
"""Vector stores in one search: OpenAI documents no limit, and these work (reference/openai-platform.md §4)."""

TS = re.compile(r"\d+\.\d+")
"""A thread's ts as Slack writes it; nothing else can be the scope of a thread."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The thread that asks, its channel's store where files are in it, and the operator's own stores.

    `library`: whether it may find what is in the channel's library, which is closed to other organisations.
    `operator_filter` is for the operator's stores, never for a channel's; `ranking` for both: it says how many
    passages, of which score. ValueError for a thread_ts that is none.
    """

    thread_ts: str
    store: str | None = None
    operator_stores: tuple[str, ...] = ()
    library: bool = True
    operator_filter: Mapping[str, Any] | None = None
    ranking: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not TS.fullmatch(self.thread_ts):
            raise ValueError(f"{self.thread_ts!r} is no thread")

    @property
    def searched(self) -> tuple[str, ...]:
        """The stores that the model searches: the channel's alone, or else the operator's first."""
        return self.operator_stores[:MAX_STORES] if self.store is None else (self.store,)

    @property
    def beside(self) -> tuple[str, ...]:
        """The operator's stores that the model cannot search: what is found there is given to it."""
        return tuple(one for one in self.operator_stores if one not in self.searched)


def search_tool(scope: Scope) -> Json | None:
    """The file search of a turn in that thread, as OpenAI writes it; None where there is nothing to search."""
    if not scope.searched:
        return None
    tool: Json = {"type": "file_search", "vector_store_ids": list(scope.searched), **scope.ranking}
    if scope.store is not None:
        return {**tool, "filters": seen_from(scope.thread_ts, library=scope.library)}
    return {**tool, "filters": dict(scope.operator_filter)} if scope.operator_filter else tool


def seen_from(thread_ts: str, *, library: bool = True) -> Json:
    """The filter that lets pass what belongs to the thread or, where that is open, to the channel's library."""
    return {"type": "in", "key": SCOPE, "value": [CHANNEL, thread_ts] if library else [thread_ts]}
