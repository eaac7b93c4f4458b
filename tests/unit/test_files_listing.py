"""The modal that lists files, at every limit of Slack's."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import words
from bot.attachments.listing import (
    METADATA_CHARS,
    NEXT,
    PER_PAGE,
    PREVIOUS,
    REMOVE,
    Block,
    Entry,
    Listing,
    entries,
    loading,
    place_ids,
    saying,
    showing,
    size,
)
from bot.files.names import safe_name
from bot.playground.slack.blocks import view_problems
from bot.playground.slack.mentions import mentions_in
from bot.playground.slack.views import VIEW_BYTES
from storage.file_records import LIBRARY, FilePlace, FileState, PlaceState, StoredFile

THREAD = "1700000000.000100"
LISTING = Listing("T0000000001", "C0000000001", "U0000000001", THREAD)
FILE = StoredFile(1, "T1", "aa", "handbook.pdf", 12_345, 0, "file-1", FileState.STORED, 0.0)
PLACE = FilePlace(
    id=1,
    file=FILE,
    team="T1",
    channel="C1",
    thread_ts=THREAD,
    scope=THREAD,
    message_ts=THREAD,
    slack_file_id="F1",
    uploader="U0000000001",
    use="search",
    shown="handbook.pdf",
    permalink="",
    state=PlaceState.READY,
    error=None,
    created_at=0.0,
    used_at=0.0,
)


def several(count: int, **other: Any) -> list[FilePlace]:
    return [
        replace(PLACE, id=n, slack_file_id=f"F{n}", message_ts=f"17{n:08}.000100", shown=f"{n}.pdf", **other)
        for n in range(1, count + 1)
    ]


def view(places: list[FilePlace], listing: Listing = LISTING, *admins: str, **names: str) -> Block:
    return showing(listing, entries(places), names, admins)


def heads(shown: Block) -> list[str]:
    return [block["text"]["text"] for block in shown["blocks"] if block["type"] == "section"]


def about(shown: Block) -> list[str]:
    """What is said of the first file."""
    context = next(block for block in shown["blocks"] if block["type"] == "context")
    return [element["text"] for element in context["elements"]]


def removable(shown: Block) -> list[str]:
    """The values of the buttons that remove."""
    sections = [block for block in shown["blocks"] if "accessory" in block]
    assert all(block["accessory"]["action_id"] == REMOVE for block in sections)
    return [block["accessory"]["value"] for block in sections]


def turning(shown: Block) -> list[str]:
    return [
        one["action_id"] for block in shown["blocks"] if block["type"] == "actions" for one in block["elements"]
    ]


def test_a_file_is_shown_with_all_that_is_known_of_it() -> None:
    shown = view([PLACE], U0000000001="Ann")
    assert heads(shown) == ["handbook.pdf"]
    assert about(shown) == [
        "<!date^1700000000^{date_short_pretty} {time}|2023-11-14 22:13 UTC>",
        "12.3 KB",
        "posted by Ann",
        "ready",
        "this thread only",
    ]
    assert removable(shown) == ["1"]


@pytest.mark.parametrize(
    ("changed", "listing", "state", "scope"),
    [
        ({"scope": LIBRARY}, LISTING, "ready", "channel library"),
        ({}, replace(LISTING, thread_ts=""), "ready", "one thread only"),
        ({"state": PlaceState.ATTACHING}, LISTING, "being made searchable", "this thread only"),
        ({"state": PlaceState.ATTACHING, "use": "image"}, LISTING, "being read", "this thread only"),
        (
            {"state": PlaceState.FAILED, "error": "invalid_file"},
            LISTING,
            "failed: no text was found in it",
            "this thread only",
        ),
        (
            {"state": PlaceState.FAILED, "error": "what is that"},
            LISTING,
            words.FILES_FAILED["server_error"],
            "this thread only",
        ),
    ],
)
def test_its_state_and_its_scope_are_said_in_words(
    changed: dict[str, Any], listing: Listing, state: str, scope: str
) -> None:
    assert about(view([replace(PLACE, **changed)], listing))[3:] == [state, scope]


def test_a_file_with_two_uses_is_one_entry_that_is_ready_when_both_are() -> None:
    both = [PLACE, replace(PLACE, id=2, use="container", state=PlaceState.ATTACHING)]
    shown = view(both)
    assert heads(shown) == ["handbook.pdf"]
    assert about(shown)[3] == "being made searchable" or about(shown)[3] == "being read"
    assert removable(shown) == ["1,2"]


def test_only_whoever_posted_it_and_administrators_may_remove_it() -> None:
    theirs = replace(PLACE, uploader="U0000000002")
    assert removable(view([theirs])) == []
    assert removable(view([theirs], LISTING, "U0000000001")) == ["1"]
    assert Entry((theirs,)).may_be_removed_by("U0000000002", ())


def test_the_newest_come_first_in_pages() -> None:
    places = several(2 * PER_PAGE + 1)
    first = view(places)
    assert heads(first) == [f"{n}.pdf" for n in range(2 * PER_PAGE + 1, PER_PAGE + 1, -1)]
    assert turning(first) == [NEXT]
    second = view(places, LISTING.turned(NEXT))
    assert turning(second) == [PREVIOUS, NEXT]
    last = view(places, replace(LISTING, page=99))
    assert heads(last) == ["1.pdf"]
    assert turning(last) == [PREVIOUS]
    assert Listing.read(last["private_metadata"]) == replace(LISTING, page=2)
    assert heads(view(places, replace(LISTING, page=-3))) == heads(first)
    assert turning(view(several(PER_PAGE))) == []


def test_where_there_is_nothing_that_is_said() -> None:
    assert heads(view([])) == [words.FILES_NONE_IN_THREAD]
    assert heads(view([], replace(LISTING, thread_ts=""))) == [words.FILES_NONE_IN_CHANNEL]
    assert heads(loading(LISTING)) == [words.FILES_LOADING]


@settings(max_examples=50)
@given(
    name=st.text(max_size=300),
    person=st.text(max_size=200),
    count=st.integers(0, 3 * PER_PAGE),
    error=st.none() | st.text(max_size=9),
)
def test_no_name_breaks_the_modal_or_means_anything(name: str, person: str, count: int, error: str | None) -> None:
    state = PlaceState.READY if error is None else PlaceState.FAILED
    places = [replace(place, shown=safe_name(name), state=state, error=error) for place in several(count)]
    for listing in (LISTING, LISTING.turned(NEXT)):
        shown = showing(listing, entries(places), {PLACE.uploader: person}, (), words.FILES_NOT_YOURS)
        assert view_problems(shown) == []
        assert len(json.dumps(shown)) < VIEW_BYTES
        assert mentions_in([], shown["blocks"]) == []
        assert len(shown["private_metadata"]) <= METADATA_CHARS


def test_the_longest_of_everything_fits() -> None:
    name = safe_name("x" * 300 + ".pdf")
    places = [replace(place, shown=name, id=10**18 + place.id) for place in several(PER_PAGE * 3)]
    many = [replace(place, use=use) for place in places for use in ("search", "container", "image")]
    shown = view(many, replace(LISTING, page=1), U0000000001="n" * 80)
    assert view_problems(shown) == []
    for frame in (words.FILES_TITLE, words.FILES_CLOSE):
        assert len(frame) <= 24
    for sentence in (words.FILES_NOT_YOURS, words.LIBRARY_NOT_HERE, words.FAILURES["unexpected"]):
        assert view_problems(saying(LISTING, sentence)) == []


@pytest.mark.parametrize(
    "metadata",
    ["", "{", "[]", "3", "{}", json.dumps({"team": "T"}), LISTING.written().replace('"page": 0', '"page": "0"')],
)
def test_metadata_that_is_not_ours_is_nothing(metadata: str) -> None:
    assert Listing.read(metadata) is None
    assert Listing.read(LISTING.written()) == LISTING


@pytest.mark.parametrize(
    ("value", "ids"),
    [("1,2", {1, 2}), ("", set()), ("x", set()), ("1,-2, 3", {1}), ("²", set()), ("9" * 30, set()), ("7,7", {7})],
)
def test_a_button_says_which_places_it_is_about(value: str, ids: set[int]) -> None:
    assert place_ids(value) == ids


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1 KB"), (12_345, "12.3 KB"), (100_000_000, "100 MB")],
)
def test_sizes_are_said_as_people_say_them(count: int, said: str) -> None:
    assert size(count) == said
