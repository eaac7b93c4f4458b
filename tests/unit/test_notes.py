"""Notes: said in plain text, and told apart from answers."""

from bot.playground.slack.blocks import message_problems
from bot.playground.slack.mentions import mentions_in
from bot.reply.notes import NOTE_CHARS, is_note, note


def test_a_note_means_no_more_than_it_says() -> None:
    made = note("library-1", "<!channel> added “<@U0000000001>” & https://example.com")
    assert mentions_in([made["text"]], made["blocks"]) == []
    assert made["text"] == "&lt;!channel&gt; added “&lt;@U0000000001&gt;” &amp; https://example.com"
    assert made["blocks"][0]["elements"][0]["type"] == "plain_text"
    assert (made["unfurl_links"], made["unfurl_media"]) == (False, False)
    assert message_problems(note("n", "x" * 9_000)["blocks"]) == []
    assert len(note("n", "x" * 9_000)["text"]) == NOTE_CHARS


def test_a_note_is_known_by_its_block() -> None:
    made = note("library-1", "done")
    assert is_note(made)
    assert is_note(made, "library-1")
    assert not is_note(made, "library-11")
    for other in ({}, {"blocks": None}, {"blocks": [{"type": "section"}, None]}, {"text": "done"}):
        assert not is_note(other)
