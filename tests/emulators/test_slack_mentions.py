"""Live mentions and unfurls, as reference/slack-platform.md §8 tells them."""

import pytest

from bot.playground.slack.mentions import links_in, live_mentions, mentions_in
from tests.emulators.slack_rig import rig


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("hi <@U123> and <@W9|wanda>", ["<@U123>", "<@W9>"]),
        ("<!channel> <!here> <!everyone|all>", ["<!channel>", "<!here>", "<!everyone>"]),
        ("<!subteam^S1> in <#C1|general>", ["<!subteam^S1>", "<#C1>"]),
        ("&lt;!channel&gt; @channel <https://a|b> <U123> <! channel>", []),
    ],
)
def test_the_tokens_that_slack_resolves_are_found(text: str, tokens: list[str]) -> None:
    assert live_mentions(text) == tokens


def test_tokens_count_in_mrkdwn_and_markdown_but_not_in_plain_or_rich_text() -> None:
    token = "<!here>"
    live = [
        {"type": "section", "text": {"type": "mrkdwn", "text": token}},
        {
            "type": "container",
            "child_blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": token}]}],
        },
        {"type": "markdown", "text": token},
    ]
    dead = [
        {"type": "header", "text": {"type": "plain_text", "text": token}},
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": token}]}],
        },
    ]
    assert mentions_in([], live) == [token] * 3
    assert mentions_in([], dead) == []


def test_links_are_found_in_text_blocks_and_rich_text() -> None:
    link = {"type": "rich_text", "elements": [{"type": "link", "url": "https://b"}]}
    assert links_in(["see <https://a|x>"], [link]) == ("https://a", "https://b")


async def test_a_post_with_a_live_mention_is_recorded_and_refused() -> None:
    async with rig() as r:
        answer = await r.call("chat.postMessage", channel=r.channel, text="<!channel> look")
        assert answer["error"] == "live_mention_in_emulator"
        assert [(m.method, m.token) for m in r.slack.live_mentions] == [("chat.postMessage", "<!channel>")]
        assert r.slack.replies(r.channel, r.thread) == []


async def test_an_allowed_mention_passes() -> None:
    async with rig() as r:
        r.slack.allowed_mentions.add(f"<@{r.ann}>")
        assert (await r.call("chat.postMessage", channel=r.channel, text=f"<@{r.ann}|Ann>"))["ok"]


async def test_a_token_split_over_two_appends_is_found() -> None:
    async with rig() as r:  # slack-platform.md §8: "in streams hold back a trailing <"
        ts = await r.stream(markdown_text="ping <!chan")
        answer = await r.call("chat.appendStream", channel=r.channel, ts=ts, markdown_text="nel> now")
        assert answer["error"] == "live_mention_in_emulator"
        [reply] = r.slack.replies(r.channel, r.thread)
        assert reply.text == "ping <!chan"


async def test_a_post_that_lets_slack_fetch_its_links_is_recorded() -> None:
    async with rig() as r:  # slack-platform.md §8, link-unfurl exfiltration
        text = "see https://evil.example/?q=1"
        await r.call("chat.postMessage", channel=r.channel, text=text, unfurl_links=False)
        await r.call("chat.postMessage", channel=r.channel, text=text, unfurl_links=False, unfurl_media=False)
        assert [u.urls for u in r.slack.unfurls] == [("https://evil.example/?q=1",)]


@pytest.mark.parametrize(("off", "suspected"), [(False, 1), (True, 0)])
async def test_an_edit_that_brings_a_link_is_suspected_unless_the_post_had_unfurls_off(
    off: bool, suspected: int
) -> None:
    async with rig() as r:  # slack-platform.md §8: "whether they can trigger a first unfurl is UNCERTAIN"
        post = r.client.chat_postMessage
        posted = await post(channel=r.channel, text="soon", unfurl_links=not off, unfurl_media=not off)
        await r.client.chat_update(channel=r.channel, ts=posted["ts"], text="https://evil.example")
        assert (len(r.slack.suspected_unfurls), r.slack.unfurls) == (suspected, [])


async def test_an_edit_of_a_streamed_message_is_not_suspected() -> None:
    async with rig() as r:  # slack-platform.md §2.1: "Links are never unfurled in streamed messages"
        ts = await r.stream(markdown_text="soon")
        await r.client.chat_stopStream(channel=r.channel, ts=ts)
        await r.client.chat_update(channel=r.channel, ts=ts, text="https://evil.example")
        assert r.slack.suspected_unfurls == []
