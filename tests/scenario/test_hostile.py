"""Hostile text, file names, people's names, addresses and tool output at once: nothing pings, nothing unfurls.

The emulator refuses every call with a token that Slack would resolve, and records links that it would fetch
(reference/slack-platform.md §8).
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.playground.openai.script import (
    CodeInterpreter,
    FileCitation,
    FileSearch,
    Part,
    Pause,
    Reasoning,
    Script,
    Text,
    UrlCitation,
    WebSearch,
)
from bot.playground.slack.records import slack_error
from tests.scenario.world import World, actions

ASKED_AT_ONCE = 4
SETTINGS = {
    "assistant_tools": "file_search,code_interpreter,web_search",
    "vector_store_ids": "vs_1",
    "max_runs_per_person_hour": 100_000,
}
TOKENS = [
    *("<!channel>", "<!here|x>", "<!everyone>", "<@U0000001002>", "<#C0000001001>", "<!subteam^S1|@all>"),
    *(
        "&lt;!channel&gt;",
        "&amp;lt;!here&amp;gt;",
        "&#60;!here&#62;",
        "<",
        "!channel>",
        "@U0000001002>",
        "&lt;",
        "lt;",
    ),
    *("https://evil.example/?q=secret", "<https://evil.example|bank.example>", "[x](https://evil.example)"),
    *(
        "![](https://evil.example/i.png)",
        "[bank.example](https://evil.example)",
        "javascript:alert(1)",
        "slack://x",
    ),
    *(
        "`",
        "```",
        "```\n",
        "~~~\n",
        "*",
        "_",
        "|",
        "[",
        "](",
        ">",
        "\n> ",
        "\n- ",
        "\n\n",
        "\\",
        "<br>",
        "\u202e",
        "\u200b",
    ),
    *(
        "【1:0†x】",
        "\ue200cite\ue202turn0\ue201",
        "\x00",
        "\ud83d",
        "A sentence. ",
        "@channel",
        "<!date^1^{date}|x>",
    ),
]
HOSTILE = st.lists(st.sampled_from(TOKENS), min_size=1, max_size=8).map("".join)
NAME = HOSTILE.map(lambda text: text.encode("utf-8", "ignore").decode().replace("\x00", "") or "x")


@st.composite
def scripts(draw: Any) -> Script:
    """A model that says and does hostile things."""
    text, name, output = draw(HOSTILE), draw(NAME), draw(NAME)
    url = f"https://evil.example/{draw(NAME)}"
    size = draw(st.integers(1, 7))
    pieces = [text[at : at + size].encode("utf-8", "replace").decode() for at in range(0, len(text), size)]
    half = len(pieces) // 2
    parts: list[Part] = [
        Reasoning(summary=output),
        FileSearch([draw(NAME)], [("file-1", name, 0.5, output)]),
        CodeInterpreter(draw(NAME), output),
        WebSearch(draw(NAME), [url]),
        Text(
            deltas=["So. ", *pieces[:half], Pause(1.5), *pieces[half:], "End."],
            annotations=[FileCitation("file-1", name), UrlCitation(url, draw(NAME))],
        ),
    ]
    return Script(*parts, status=draw(st.sampled_from(["completed", "completed", "incomplete", "failed"])))


@pytest.fixture
async def running_world(make_world: Any) -> AsyncIterator[World]:
    """One world for all examples."""
    world: World = await make_world(**SETTINGS)
    async with world.running():
        yield world


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    answers=st.lists(scripts(), min_size=ASKED_AT_ONCE, max_size=ASKED_AT_ONCE), stopper=NAME, plain=st.booleans()
)
async def test_nothing_of_it_pings_or_unfurls(
    running_world: World, answers: list[Script], stopper: str, plain: bool
) -> None:
    """Some answers are streamed, some posted, some stopped by somebody with such a name."""
    world = running_world
    channel = world.slack.add_channel("general", members=(world.ann,))
    mallory = world.slack.add_person(stopper, display_name=stopper)
    world.slack.channels[channel].members.add(mallory)
    if plain:
        world.slack.faults.add("chat.startStream", slack_error("channel_type_not_supported"))
        world.slack.faults.add("chat.update", slack_error("invalid_blocks"))
    world.openai.queue(*answers)
    asked = [
        await world.slack.post(channel, user, f"{world.at_bot} hi {stopper}")
        for user in (world.ann, mallory, world.ann, mallory)
    ]
    await world.until(lambda: world.answers(asked[-1], channel))
    if (channel, asked[-1]) in world.slack.working():
        await world.slack.press_stop(channel, asked[-1], mallory)
    for ts in asked:
        await world.until(world.answered(ts, channel))
        assert actions(world.answers(ts, channel)[-1])
    world.slack.faults.clear("chat.startStream")
    world.slack.faults.clear("chat.update")
    await world.clock.advance(61)
    assert world.slack.live_mentions == []
    assert world.slack.unfurls == world.slack.suspected_unfurls == []
    assert not [call for call in world.slack.calls if call.error == "live_mention_in_emulator"]
