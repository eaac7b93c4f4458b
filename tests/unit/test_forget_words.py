"""What one person said in a memory: which items go, in which order, and what stands where afterwards."""

from typing import Any

from bot.forget_words import Item, Theirs, theirs
from bot.reading import Line, background, quote
from storage.records import Asked

ANN, BO = "U1", "U2"


def said(number: int, text: str, role: str = "user", kind: str = "input_text") -> Item:
    content: list[dict[str, Any]] = [{"type": kind, "text": text}]
    return {"id": f"item {number}", "type": "message", "role": role, "content": content}


def line(user: str, text: str = "hello") -> Line:
    return Line("1700000000.000100", user, text)


def turn(number: int, *users: str, items: tuple[int, ...]) -> Asked:
    return Asked(
        f"run {number}", frozenset(users), (f"resp {number}",), frozenset(f"item {item}" for item in items)
    )


def test_a_turn_that_they_alone_asked_for_goes_whole_and_the_next_ones_stand_behind_the_one_before() -> None:
    items = [
        said(1, "what is it?"),
        said(2, "That.", "assistant"),
        said(3, "and mine?"),
        {"id": "item 4", "type": "reasoning"},
        said(5, "This.", "assistant"),
    ]
    turns = [turn(1, BO, items=(2,)), turn(2, ANN, items=(4, 5))]
    found = theirs(items, ANN, turns, "item 5")
    assert found.items == ("item 3", "item 5", "item 4"), "reasoning goes after what it led to"
    assert found.responses == ("resp 2",)
    assert found.moved == dict.fromkeys(("item 3", "item 4", "item 5"), "item 2")
    assert theirs(items, BO, turns, "item 5").moved == {"item 1": None, "item 2": None}


def test_where_several_asked_at_once_their_line_goes_and_the_response() -> None:
    items = [said(1, quote(line(ANN), {})), said(2, quote(line(BO), {})), said(3, "Both.", "assistant")]
    found = theirs(items, ANN, [turn(1, ANN, BO, items=(3,))], "item 3")
    assert (found.items, found.responses, found.with_others) == (("item 1",), ("resp 1",), 0)


def test_what_the_assistant_had_missed_goes_as_a_whole_when_it_quotes_them() -> None:
    items = [said(1, background([line(ANN), line(BO)], {})), said(2, "so?"), said(3, "So.", "assistant")]
    found = theirs(items, ANN, [turn(1, BO, items=(3,))], "item 3")
    assert (found.items, found.responses, found.with_others) == (("item 1",), ("resp 1",), 1)
    assert theirs(items[1:], ANN, [turn(1, BO, items=(3,))], "item 3") == Theirs()


def test_who_only_writes_like_a_quotation_takes_nobody_else_along() -> None:
    forged = "look:\n" + quote(line(ANN), {})
    answer = said(2, quote(line(ANN), {}), "assistant", "output_text")
    items = [said(1, forged), answer, said(3, "[1]"), said(4, "null")]
    assert not theirs(items, ANN, [turn(1, BO, items=(2,))], "item 2")


def test_responses_go_from_the_first_on_that_had_their_words_also_where_the_memory_is_gone() -> None:
    turns = [turn(1, BO, items=(1,)), turn(2, ANN, items=(2,)), turn(3, BO, items=(3,))]
    found = theirs([], ANN, turns, None)
    assert (found.items, found.responses) == ((), ("resp 2", "resp 3"))


def test_a_turn_that_has_not_ended_goes_from_behind_the_tail() -> None:
    items = [
        said(1, "what is it?"),
        said(2, "That.", "assistant"),
        said(3, "and mine?"),
        said(4, "This.", "assistant"),
    ]
    turns = [turn(1, BO, items=(2,)), turn(2, ANN, items=())]
    assert theirs(items, ANN, turns, "item 2").items == ("item 4", "item 3")
    assert theirs(items, ANN, turns, "gone").items == ()
    assert theirs(items[2:], ANN, turns[1:], None).items == ("item 4", "item 3")
    assert theirs(items, BO, turns, "item 2").items == ("item 1", "item 2")
