"""The built-in model, which answers when no script is queued."""

from bot.playground.openai.model import CONFESSION
from bot.playground.openai.script import Script, Text
from tests.emulators.openai_api import connected


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
