"""The error tree: as printed, and each with a sentence for people."""

import inspect
import re

import pytest

from bot import errors, words
from bot.errors import ThreadmateError

TREE = re.compile(r"^(?P<rails>[│├└─ ]*)(?P<name>[A-Z]\w+)")


def classes() -> dict[str, type[ThreadmateError]]:
    found = inspect.getmembers(errors, inspect.isclass)
    return {name: one for name, one in found if issubclass(one, ThreadmateError)}


def printed() -> dict[str, str]:
    """Every class in the docstring's tree, and the one above it."""
    above: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = TREE.match(line)
        if found and found["name"] in classes():
            depth = len(found["rails"]) // 4
            path = [*path[:depth], found["name"]]
            if depth:
                above[found["name"]] = path[depth - 1]
    return above


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    actual = {name: one.__mro__[1].__name__ for name, one in classes().items() if one is not ThreadmateError}
    assert printed() == actual


def test_the_tree_says_which_failures_may_be_tried_again() -> None:
    lines = [line for line in (errors.__doc__ or "").splitlines() if TREE.match(line)]
    again = {match["name"] for line in lines if "(again)" in line and (match := TREE.match(line))}
    retried = {name for name, one in classes().items() if one.retry}
    assert again == retried


@pytest.mark.parametrize("name", sorted(classes()))
def test_every_error_has_one_sentence_that_says_what_to_do(name: str) -> None:
    sentence = words.FAILURES[classes()[name].code]
    assert re.findall(r"[.!?]", sentence) == ["."]
    assert sentence.endswith(".")
    assert "please" in sentence
    assert len(sentence) <= 120


def test_no_sentence_is_without_an_error() -> None:
    assert {one.code for one in classes().values()} == words.FAILURES.keys()


def test_what_people_read_of_an_error_is_never_its_own_text() -> None:
    error = errors.RequestRejected("sk-secret and what somebody wrote")
    assert error.user_text == words.FAILURES["rejected"]
