"""Payloads about files that are deleted, changed, or taken off messages."""

from typing import Any

import pytest

from handlers.parse import Edited, FileTold, Ignored, parse_file, parse_message

OUTER: dict[str, Any] = {"team_id": "T1", "authorizations": [{"team_id": "T1"}], "is_ext_shared_channel": False}
ONE, TWO, GONE = {"id": "F1", "mode": "hosted"}, {"id": "F2", "mode": "snippet"}, {"id": "F1", "mode": "tombstone"}


def edited(now: list[Any], before: list[Any] | None, text: str = "now") -> dict[str, Any]:
    post = {"type": "message", "user": "U1", "team": "T1", "ts": "1.1", "text": text}
    was = {} if before is None else {"previous_message": {**post, "text": "now", "files": before}}
    event = {"type": "message", "subtype": "message_changed", "channel": "C1", "message": {**post, "files": now}}
    return {**OUTER, "event": {**event, **was}}


@pytest.mark.parametrize(
    ("now", "before", "taken_off", "reworded"),
    [
        ([], [ONE], ("F1",), True),
        ([TWO], [ONE, TWO], ("F1",), True),
        ([GONE, TWO], [ONE, TWO], ("F1",), False),
        ([GONE], None, ("F1",), True),
        ([ONE, TWO], [ONE], (), True),
    ],
)
def test_an_edit_tells_which_files_it_takes_away(
    now: list[Any], before: list[Any] | None, taken_off: tuple[str, ...], reworded: bool
) -> None:
    parsed = parse_message(edited(now, before))
    assert isinstance(parsed, Edited)
    assert (parsed.taken_off, parsed.reworded) == (taken_off, reworded)
    assert GONE not in parsed.post.files


@pytest.mark.parametrize("files", [[ONE], [GONE], []])
def test_the_same_files_are_no_edit(files: list[Any]) -> None:
    assert isinstance(parse_message(edited(files, files)), Ignored)


@pytest.mark.parametrize(
    "about", [{"file_id": "F1"}, {"file": {"id": "F1"}}, {"file_id": "F1", "file": {"id": "F1"}}]
)
def test_an_event_about_a_file_names_it(about: dict[str, Any]) -> None:
    assert parse_file({**OUTER, "event": {"type": "file_change", **about}}) == FileTold("T1", "F1")


@pytest.mark.parametrize("about", [{}, {"file_id": None}, {"file_id": 7}, {"file": None}, {"file": {}}])
def test_an_event_about_no_file_is_ignored(about: dict[str, Any]) -> None:
    assert isinstance(parse_file({**OUTER, "event": {"type": "file_deleted", **about}}), Ignored)
