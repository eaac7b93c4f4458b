"""The built-in model, which answers when no script is queued."""

import base64
from typing import Any

import pytest

from bot.playground.openai.arithmetic import find_sum
from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.openai.model import CONFESSION
from bot.playground.openai.script import Script, Text
from tests.emulators import documents
from tests.emulators.openai_api import connected, said


async def test_it_says_once_in_a_conversation_that_it_is_a_script() -> None:
    """Design §9: "The emulated model is a script, and says so"."""
    async with connected() as peer:
        conversation = await peer.conversation()
        first = (await peer.ask("Hello!", conversation=conversation)).output_text
        second = (await peer.ask("The sky is blue.", conversation=conversation)).output_text
    assert first.startswith("Hello!")
    assert first.endswith(CONFESSION)
    assert second == "You said: The sky is blue."


async def test_it_remembers_what_was_asked_from_its_context_alone() -> None:
    async with connected() as peer:
        conversation = await peer.conversation()
        for question in ("Where is Graz?", "And Linz?"):
            await peer.ask(question, conversation=conversation)
        before = await peer.ask("What did I just ask?", conversation=conversation)
        first = await peer.ask("What did I ask first?", conversation=conversation)
        elsewhere = await peer.ask("What did I ask before?")
    assert before.output_text == "Before that you asked: And Linz?"
    assert first.output_text == "First you asked: Where is Graz?"
    assert elsewhere.output_text.startswith("Nothing before that.")


async def test_it_follows_instructions_about_length_and_stops_at_the_limit() -> None:
    async with connected() as peer:
        conversation = await peer.conversation({"role": "assistant", "content": "Hi"})
        words = await peer.ask("Please write 30 words.", conversation=conversation)
        told = await peer.ask("Hm", conversation=conversation, instructions="Always use 12 words.")
        cut = await peer.ask("Write 500 words", max_output_tokens=16)
    assert (len(words.output_text.split()), len(told.output_text.split())) == (30, 12)
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")


async def test_another_default_and_scripts_that_look_at_the_request_can_be_given() -> None:
    async with connected() as peer:
        peer.openai.default = lambda turn: Script(Text(turn.said("user")[-1].upper()))
        peer.openai.queue(lambda turn: Script(Text(f"model {turn.body['model']}")))
        assert (await peer.ask("quiet")).output_text == "model gpt-6.2-sol"
        assert (await peer.ask("quiet")).output_text == "QUIET"


async def test_it_answers_from_the_documents_that_it_may_search_and_cites_them() -> None:
    """Design §9: it answers from the uploaded text it retrieves."""
    async with connected() as peer:
        file = await peer.indexed(
            OPERATOR_STORE, "handbook.md", "Welcome to us.\nEverybody has 25 days of leave in a year."
        )
        tools = [{"type": "file_search", "vector_store_ids": [OPERATOR_STORE]}]
        call, message = (await peer.ask("How many days of leave do I have?", tools=tools)).output
        elsewhere = await peer.ask("How is the weather?", tools=tools)
        forbidden = await peer.ask("How many days of leave?", tools=tools, tool_choice="none")
    assert (call.type, call.queries) == ("file_search_call", ["How many days of leave do I have?"])
    quoted = "handbook.md says:\n\n> Everybody has 25 days of leave in a year."
    assert said(message) == f"{quoted}\n\n{CONFESSION}"
    [cited] = message.content[0].annotations
    assert (cited.file_id, cited.index) == (file, len(quoted))
    assert [item.type for item in elsewhere.output] == ["message"]
    assert [item.type for item in forbidden.output] == ["message"]


async def test_it_answers_from_a_document_in_the_message() -> None:
    async with connected() as peer:
        file = await peer.upload("menu.txt", "On Monday there is soup. On Tuesday there is rice.")
        content: Any = [
            {"type": "input_file", "file_id": file},
            {"type": "input_text", "text": "What is there on Tuesday?"},
        ]
        asked: Any = [{"role": "user", "content": content}]
        answer = await peer.ask(asked)
    assert answer.output_text.startswith("menu.txt says:\n\n> On Tuesday there is rice.")


SUMS = {
    "What is 17 * 23?": ("17 * 23", "391"),
    "(3 + 4) × 2 please": ("(3 + 4) * 2", "14"),
    "how much is 10 / 4": ("10 / 4", "2.5"),
    "2^10": ("2**10", "1024"),
}


@pytest.mark.parametrize(("question", "answer"), SUMS.items())
async def test_it_works_out_sums_by_running_code(question: str, answer: tuple[str, str]) -> None:
    """Design §9: it runs the arithmetic it is asked for."""
    tools = [{"type": "code_interpreter", "container": {"type": "auto"}}]
    async with connected() as peer:
        include: Any = ["code_interpreter_call.outputs"]
        call, message = (await peer.ask(question, tools=tools, include=include)).output
        without = await peer.ask(question)
    assert (call.code, call.outputs[0].logs) == (f"print({answer[0]})", f"{answer[1]}\n")
    assert said(message).startswith(f"{answer[0]} = {answer[1]}")
    assert without.output_text.startswith(f"You said: {question}")


@pytest.mark.parametrize(
    "text", ["On 2026-11-22 at 9", "Call 0664/123-45", "1 / 0", "9 ** 99999", "version 3.2", "(5)"]
)
def test_what_is_no_sum_is_left_alone(text: str) -> None:
    assert find_sum(text) is None


async def test_it_does_not_pretend_to_see() -> None:
    url = f"data:image/png;base64,{base64.b64encode(documents.image()).decode()}"
    async with connected() as peer:
        shown: Any = [{"role": "user", "content": [{"type": "input_image", "image_url": url}]}]
        answer = await peer.ask(shown)
    assert answer.output_text.startswith("You gave me an image, and a script cannot see.")
