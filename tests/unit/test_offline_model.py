"""What the offline model does about what it is asked."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.assistant.parts import FOUND, UNREADABLE, Found, Unreadable, written
from bot.catch_up import BARE_MENTION
from bot.playground.model import Pace, offline
from bot.playground.model.heard import BARE, state_of
from bot.playground.model.moods import FAILURE
from bot.playground.model.phrases import EN, KO
from bot.playground.openai.script import (
    Break,
    FileCitation,
    FileSearch,
    FoundCitation,
    ImageGeneration,
    Incomplete,
    Pause,
    Reasoning,
    Reset,
    Stall,
    Text,
    Turn,
)
from bot.reading import Line, attached, background, quote
from bot.words import PROMPTS
from tests.unit.offline_turns import HANDBOOK, SALES, item, text_of, turn, turn_of

AT_ONCE = Pace(0, 0)


def answer(asked: Turn) -> str:
    return text_of(offline(asked, AT_ONCE))


SAID: dict[str, str] = {
    "Hello!": EN.hello,
    "Who are you?": EN.hello,
    "안녕하세요": KO.hello,
    "What can you do?": EN.help,
    "help": EN.help,
    "뭘 할 수 있어?": KO.help,
    "thanks a lot": EN.thanks,
    "고마워요": KO.thanks,
    "What did I say first?": EN.nothing_first,
    "What is my name?": EN.no_name,
    "Remember that the key is under the mat": EN.noted,
    "Summarise what was said here so far.": EN.empty_thread,
    "Draft a short, friendly reply to this message: Hi": f"> {EN.draft}",
    "Search the web for tea": EN.no_web,
    "The sky is blue.": EN.echo.format(text="The sky is blue."),
    "하늘이 파랗다": KO.echo.format(text="하늘이 파랗다"),
}


@pytest.mark.parametrize(("asked", "said"), SAID.items())
def test_what_it_has_a_phrase_for(asked: str, said: str) -> None:
    assert answer(turn(asked, tools=())) == said


def test_what_is_offered_as_a_prompt_in_slack_is_understood() -> None:
    assert not any("no answer to that" in answer(turn(asked)) for _, asked in PROMPTS)


def test_every_example_of_its_help_is_understood() -> None:
    for say in (EN, KO):
        examples = [piece.partition("”")[0] for piece in say.help.split("“")[1:]]
        assert len(examples) > 15
        lost = [
            one for one in examples if say.echo.partition("{")[0] in answer(turn(one, holds=[SALES, HANDBOOK]))
        ]
        assert lost == []


REMEMBERED: list[tuple[tuple[str, ...], str]] = [
    (("Tea is hot.", "Milk is cold.", "What did I say first?"), EN.first.format(text="Tea is hot.")),
    (("Tea is hot.", "Milk is cold.", "What did I just say?"), EN.before.format(text="Milk is cold.")),
    (("My name is Ann.", "Hm", "What's my name?"), EN.your_name.format(name="Ann")),
    (("My name is Ann.", "Call me Bo", "Who am I?"), EN.your_name.format(name="Bo")),
    (("제 이름은 민준입니다", "내 이름이 뭐야?"), KO.your_name.format(name="민준")),
    (("차는 뜨겁다", "처음에 내가 뭐라고 했지?"), KO.first.format(text="차는 뜨겁다")),
    (("Tea", "Milk", "Recap"), f"{EN.thread}\n\n- Tea\n- Milk"),
]


@pytest.mark.parametrize(("said", "remembered"), REMEMBERED)
def test_what_was_said_before_is_remembered(said: tuple[str, ...], remembered: str) -> None:
    assert answer(turn(*said)) == remembered


def test_the_language_is_that_of_the_question_and_where_it_has_no_words_that_of_the_one_before() -> None:
    cases = {
        ("17 * 3",): False,
        ("안녕", "17 * 3"): True,
        ("summarise 안내.md",): False,
        ("sales.csv 합계",): True,
    }
    assert {said: state_of(turn(*said)).korean for said in cases} == cases


# As Threadmate writes what was said in Slack

NAMES = {"U1": "Ann", "U2": "Bo"}
ANN, BO = Line("10.0", "U1", "My name is Anna"), Line("11.0", "U2", "Call me Robert")


def test_quoted_people_are_told_apart() -> None:
    asked = quote(Line("12.0", "U2", "What is my name?"), NAMES)
    context = [item("user", background([ANN, BO], NAMES)), item("user", asked)]
    assert answer(turn_of(context)) == EN.your_name.format(name="Robert")
    recap = [item("user", background([ANN, BO], NAMES)), item("user", "Summarise this thread")]
    assert answer(turn_of(recap)).endswith("- **Ann**: My name is Anna\n- **Bo**: Call me Robert")
    nameless = quote(Line("12.0", "U3", "What is my name?"), {"U3": "Kim"})
    assert answer(turn_of([item("user", nameless)])) == EN.slack_name.format(name="Kim")


def test_a_bare_mention_answers_what_was_said_last() -> None:
    assert BARE_MENTION.startswith(BARE)
    lines = [ANN, Line("11.0", "U2", "How much is 3 * 4?"), Line("11.5", "B1", "Half", "your own answer, stopped")]
    context = [
        item("user", background(lines, NAMES)),
        item("user", quote(Line("12.0", "U1", BARE_MENTION), NAMES)),
    ]
    assert "**12**" in answer(turn_of(context))


def test_several_messages_are_one_question() -> None:
    context = [item("user", "3 + 4"), item("user", "Summarise this thread")]
    assert state_of(turn_of(context)).question == "3 + 4\nSummarise this thread"


def test_names_of_files_and_passages_are_no_words_of_the_question() -> None:
    text = f"Summarise it\n{attached([{'name': 'a.md'}, {'name': 'b.md'}])}"
    passages = written(Found(()))
    state = state_of(turn_of([{"type": "message", **passages}, item("user", text)]))
    assert (state.question, state.attached) == ("Summarise it", ("a.md", "b.md"))
    assert passages["content"][0]["text"].startswith(FOUND)


def test_people_hear_again_what_could_not_be_opened() -> None:
    told = {"type": "message", **written(Unreadable(("“a.exe” is no document.",)))}
    assert told["content"][0]["text"].startswith(UNREADABLE)
    said = answer(turn_of([told, item("user", "Hello")]))
    assert said == f"{EN.hello}\n\n{EN.trouble.format(sentence='“a.exe” is no document.')}"


def test_it_does_not_pretend_to_see() -> None:
    shown = {"type": "message", "role": "user", "content": [{"type": "input_image", "file_id": "file-1"}]}
    assert answer(turn_of([shown])) == EN.cannot_see
    assert answer(turn_of([shown, item("user", "What is this?")])) == EN.cannot_see


# Documents


def parts(asked: Turn, kind: Any) -> list[Any]:
    return [part for part in offline(asked, AT_ONCE).parts if isinstance(part, kind)]


def test_a_question_is_answered_with_passages_and_cites_them() -> None:
    asked = turn("How many days of leave do I have?", holds=[HANDBOOK])
    quoted = "**handbook.md** says:\n\n> Everybody has 25 days of leave. Ask Kim."
    assert answer(asked) == quoted
    assert parts(asked, FileSearch)[0].queries == ["How many days of leave do I have"]
    assert parts(asked, Text)[0].annotations == [FoundCitation(0, len(quoted))]


@pytest.mark.parametrize(
    "asked", ["Summarise it", "What is this file about?", "What's in handbook.md?", "요약해 줘"]
)
def test_a_summary_is_how_the_document_begins(asked: str) -> None:
    wanted = turn(asked, holds=[SALES, HANDBOOK])
    assert HANDBOOK.text in answer(wanted)
    [search], [text] = parts(wanted, FileSearch), parts(wanted, Text)
    assert search.results == [("file-1", "handbook.md", 0.8, HANDBOOK.text)]
    assert text.annotations == [FileCitation("file-1", "handbook.md", len(answer(wanted)))]


def test_a_question_without_an_answer_in_the_files_is_searched_for_and_says_so() -> None:
    asked = turn("Who is the king of France?", holds=[replace(HANDBOOK, score=0.0)])
    assert answer(asked) == EN.nothing_found
    assert parts(asked, FileSearch)
    assert not parts(turn("Who is the king of France?"), FileSearch)


def test_documents_in_the_message_are_read_without_a_search() -> None:
    menu = ("menu.txt", "On Monday there is soup. On Tuesday there is rice.")
    assert answer(turn("What is there on Tuesday?", holds=[menu])).endswith("> On Tuesday there is rice.")
    assert answer(turn("Summarise menu.txt", holds=[menu], tools=())).endswith(menu[1])


# Told


def test_every_answer_is_labelled_in_its_details_or_where_there_are_none_in_its_text() -> None:
    for asked in ("Hello", "3 * 4", "Please fail", "Never end", "안녕"):
        labels = (EN.label, KO.label)
        [thought] = parts(turn(asked), Reasoning)
        assert thought.summary.removeprefix("**").startswith(labels)
        assert not parts(turn(asked, reasoning={}), Reasoning)
    assert answer(turn("Hello", reasoning=None)) == f"{EN.hello}\n\n*{EN.label}*"


def test_it_speaks_at_its_pace_and_slower_when_told() -> None:
    def pauses(text: str, pace: Pace) -> list[float]:
        [text_part] = [part for part in offline(turn(text), pace).parts if isinstance(part, Text)]
        return [piece.seconds for piece in text_part.pieces() if isinstance(piece, Pause)]

    assert set(pauses("Hello", Pace(0.5, 1))) == {0.5}
    assert set(pauses("Answer slowly: hello", Pace(0.5, 1))) == {5.0}
    assert pauses("Hello", AT_ONCE) == []
    assert sum(pauses("Write 2000 words", Pace())) <= Pace().longest
    assert answer(turn("Answer slowly: what is 3 * 4?")) == "3 × 4 = **12**"
    assert answer(turn("천천히 대답해 줘")) == KO.slowly
    assert [step.seconds for step in offline(turn("3 * 4"), Pace(0, 2)).calls() if hasattr(step, "seconds")] == [2]


def test_it_stops_at_the_limit_of_tokens() -> None:
    script = offline(turn("Write 500 words", max_output_tokens=16), AT_ONCE)
    assert isinstance(script.parts[-1], Incomplete)
    assert len(text_of(script)) <= 64


@pytest.mark.parametrize("asked", ["Please fail", "crash", "실패해 줘"])
def test_it_fails_half_way_when_told(asked: str) -> None:
    script = offline(turn(asked), AT_ONCE)
    assert script.parts[-1] == FAILURE
    assert text_of(script) in f"{EN.failing}{KO.failing}"


MOODS: dict[str, type[Break]] = {
    "Drop the connection": Reset,
    "연결을 끊어 줘": Reset,
    "Stall": Stall,
    "멈춰 있어 줘": Stall,
    "Never end": Stall,
    "끝없이 세어 줘": Stall,
}


@pytest.mark.parametrize(("asked", "kind"), MOODS.items())
def test_it_breaks_off_or_never_ends_when_told(asked: str, kind: type[Break]) -> None:
    [text] = parts(turn(asked), Text)
    [found] = [piece for piece in text.pieces() if isinstance(piece, Break)]
    assert type(found) is kind
    ticks = sum(piece.seconds for piece in text.pieces() if isinstance(piece, Pause))
    assert (ticks > 900) is (asked in ("Never end", "끝없이 세어 줘"))  # longer than RUN_TIMEOUT


# Writing


@pytest.mark.parametrize(
    ("asked", "sections"),
    [("Write a long report about tea", 5), ("Write a very long report", 70), ("Show me 7 sections", 7)],
)
def test_a_report_has_sections_a_table_and_code(asked: str, sections: int) -> None:
    text = answer(turn(asked))
    assert text.count("\n## ") == sections
    assert "|:--|--:|" in text
    assert "```python" in text


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        ("Show me a table", "|:--|"),
        ("표 보여 줘", "|:--|"),
        ("Write some code", "```"),
        ("긴 보고서 써 줘", "이 절은"),
    ],
)
def test_parts_of_it_can_be_asked_for(asked: str, holds: str) -> None:
    assert holds in answer(turn(asked))


def test_so_many_words_are_so_many() -> None:
    assert len(answer(turn("Write 30 words, please")).split()) == 30


def test_an_image_is_generated_where_that_is_offered() -> None:
    [call] = parts(turn("Draw a picture of the sea", tools=("image_generation",)), ImageGeneration)
    assert call.image.startswith(b"\x89PNG")
    assert call.revised_prompt == "the sea"
    assert answer(turn("Draw a cat", tools=())) == EN.cannot_draw


def test_no_words_of_people_break_it() -> None:
    for hostile in (
        "{0} {file}",
        '{"time": 1}',
        json.dumps([1]),
        "((((",
        "[*",
        "|\n|\n|",
        "a,b\n1",
        "9**9**9",
        "﷽",
    ):
        for said in (hostile, f"Make a chart of {hostile}", f"sum of {hostile}", f"draw {hostile}", f"{hostile}?"):
            assert answer(turn(said, holds=[SALES, HANDBOOK]))
