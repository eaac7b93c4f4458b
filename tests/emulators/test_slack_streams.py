"""Streams and agent sessions, as reference/slack-platform.md §§1.5, 2 tell them."""

from typing import Any

import pytest

from tests.emulators.slack_rig import Rig, error_of, rig

HOUR = 3600


def text(markdown: str) -> dict[str, Any]:
    return {"type": "markdown_text", "text": markdown}


def task(name: str = "t", **more: Any) -> dict[str, Any]:
    return {"type": "task_update", "id": name, "title": "Search", "status": "in_progress", **more}


async def append(r: Rig, ts: str, **args: Any) -> str:
    """The error of an append, "" if it went well."""
    return await error_of(r.client.chat_appendStream(channel=r.channel, ts=ts, **args))


async def stop(r: Rig, ts: str, **args: Any) -> str:
    """The error of a stop, "" if it went well."""
    return await error_of(r.client.chat_stopStream(channel=r.channel, ts=ts, **args))


async def test_a_stream_grows_and_notifies_only_when_it_stops() -> None:
    async with rig() as r:  # slack-platform.md §2.3, FAKE
        ts = await r.stream(markdown_text="one ")
        assert r.slack.working() == [(r.channel, r.thread)]
        assert await append(r, ts, chunks=[text("two &lt;3")]) == ""
        [reply] = r.slack.replies(r.channel, r.thread)
        assert (reply.text, reply.streaming) == ("one two <3", True)
        assert r.slack.notifications == []
        assert await stop(r, ts, blocks=[{"type": "divider"}]) == ""
        [reply] = r.slack.replies(r.channel, r.thread)
        assert (reply.streaming, reply.error_pill, reply.blocks[-1]) == (False, False, {"type": "divider"})
        assert [(n.ts, n.cause) for n in r.slack.notifications] == [(ts, "stream_ended")]
        assert r.slack.working() == []


async def test_replies_show_the_streaming_state() -> None:
    async with rig() as r:  # slack-platform.md §2.3, FAKE
        ts, states = await r.stream(), []
        for end in (False, True):
            if end:
                await stop(r, ts)
            page = await r.client.conversations_replies(channel=r.channel, ts=r.thread)
            states.append(page["messages"][-1]["streaming_state"])
        assert states == ["in_progress", "completed"]


@pytest.mark.parametrize("gap", [10, 299])
async def test_a_stream_dies_after_five_minutes_whatever_is_appended(gap: float) -> None:
    async with rig() as r:  # slack-platform.md §2.3, python-slack-sdk#1859
        ts = await r.stream(markdown_text="partial")
        while r.clock.monotonic() + gap < 300:
            await r.clock.advance(gap)
            assert await append(r, ts, markdown_text=".") == ""
        await r.clock.advance(300 - r.clock.monotonic())
        assert await append(r, ts, markdown_text="late") == "message_not_in_streaming_state"
        assert await stop(r, ts) == "message_not_in_streaming_state"
        [reply] = r.slack.replies(r.channel, r.thread)
        assert (reply.streaming, reply.error_pill) == (False, True)
        assert (r.slack.working(), [n.cause for n in r.slack.notifications]) == ([], ["stream_ended"])


async def test_an_open_stream_refuses_edit_and_delete() -> None:
    async with rig() as r:  # slack-platform.md §2.3, FAKE
        ts = await r.stream(markdown_text="x")
        update = r.client.chat_update(channel=r.channel, ts=ts, text="y")
        assert await error_of(update) == "streaming_state_conflict"
        assert await error_of(r.client.chat_delete(channel=r.channel, ts=ts)) == "cant_delete_message"


async def test_an_ended_stream_is_replaced_as_a_whole_by_an_edit() -> None:
    async with rig() as r:  # slack-platform.md §2.3, FAKE
        ts = await r.stream(chunks=[task(), text("old")])
        await stop(r, ts)
        await r.client.chat_update(channel=r.channel, ts=ts, text="new")
        [reply] = r.slack.replies(r.channel, r.thread)
        assert (reply.text, reply.tasks) == ("new", [])


async def test_stopping_twice_is_refused() -> None:
    async with rig() as r:
        ts = await r.stream()
        assert [await stop(r, ts) for _ in range(2)] == ["", "message_not_in_streaming_state"]


async def test_a_task_is_replaced_in_title_and_status_and_grows_in_details_and_output() -> None:
    async with rig() as r:  # slack-platform.md §2.2, FAKE
        ts = await r.stream(chunks=[task(details="a", output="1")], task_display_mode="plan")
        more = [task(title="Searched", status="complete", details="b", output="2"), task("u")]
        assert await append(r, ts, chunks=[*more, {"type": "plan_update", "title": "Working"}]) == ""
        [reply] = r.slack.replies(r.channel, r.thread)
        assert reply.tasks == [("Searched", "complete"), ("Search", "in_progress")]
        assert reply.plan_title == "Working"
        stream = r.slack.channels[r.channel].messages[ts].stream
        assert stream is not None
        assert (stream.tasks["t"].details, stream.tasks["t"].output) == ("ab", "12")


REFUSED_STARTS: dict[str, tuple[dict[str, Any], str]] = {
    # slack-platform.md §2.1: always send both, DMs included
    "without a recipient": ({"recipient_user_id": None}, "missing_recipient_user_id"),
    "without the recipient's team": ({"recipient_team_id": None}, "missing_recipient_team_id"),
    "with another team": ({"recipient_team_id": "T9"}, "user_not_found"),
    "in no thread": ({"thread_ts": "1600000000.000000"}, "invalid_thread_ts"),
    "both ways": (
        {"markdown_text": "x", "chunks": []},
        "cannot_provide_both_markdown_text_and_chunks",
    ),
    "too long": ({"markdown_text": "y" * 12_001}, "msg_too_long"),
    "too long in chunks": ({"chunks": [text("y" * 6_001)] * 2}, "msg_too_long"),
    "dense": ({"task_display_mode": "dense"}, "invalid_arguments"),
    # slack-platform.md §2.2
    "an unknown chunk": ({"chunks": [{"type": "image"}]}, "invalid_chunks"),
    "an unknown key": ({"chunks": [task(colour="red")]}, "invalid_chunks"),
    "an unknown status": ({"chunks": [task(status="done")]}, "invalid_chunks"),
    "a long title": ({"chunks": [task(title="y" * 257)]}, "invalid_chunks"),
    "long details": ({"chunks": [task(details="y" * 257)]}, "invalid_chunks"),
    "a long plan": ({"chunks": [{"type": "plan_update", "title": "y" * 257}]}, "invalid_chunks"),
    "a bad block": ({"chunks": [{"type": "blocks", "blocks": [{"type": "alert"}]}]}, "invalid_blocks"),
}


@pytest.mark.parametrize(("args", "error"), REFUSED_STARTS.values(), ids=REFUSED_STARTS.keys())
async def test_a_start_that_slack_refuses_starts_nothing(args: dict[str, Any], error: str) -> None:
    async with rig() as r:
        given = {key: value for key, value in (r.where | args).items() if value is not None}
        assert (await r.call("chat.startStream", **given))["error"] == error
        assert (r.slack.replies(r.channel, r.thread), r.slack.working()) == ([], [])


async def test_the_recipients_team_is_their_own_not_ours() -> None:
    async with rig() as r:  # slack-platform.md §2.1, tiger-agents-for-work#231
        eve = r.slack.add_person("Eve", team="T9")
        ours = r.client.chat_startStream(**(r.where | {"recipient_user_id": eve}))
        assert await error_of(ours) == "user_not_found"
        await r.stream(recipient_user_id=eve, recipient_team_id="T9")


async def test_a_stream_without_tasks_holds_40000_characters() -> None:
    async with rig() as r:  # slack-platform.md §2.4
        ts = await r.stream()
        for _ in range(4):
            assert await append(r, ts, markdown_text="y" * 10_000) == ""
        assert await append(r, ts, markdown_text="y") == "msg_too_long"
        assert await stop(r, ts) == ""


async def test_with_task_cards_the_bytes_are_weighted() -> None:
    async with rig() as r:  # slack-platform.md §2.4: text and titles once, details and output twice
        ts = await r.stream(chunks=[text("y" * 10_000), task(title="z" * 100)])
        assert await append(r, ts, chunks=[task(title="z" * 100, details="d" * 250)]) == ""
        assert await append(r, ts, chunks=[text("é")]) == "msg_too_long"
        assert len(r.slack.replies(r.channel, r.thread)[0].text) == 10_000
        assert await stop(r, ts, chunks=[text("é")]) == "msg_too_long"
        assert await stop(r, ts) == ""


async def test_blocks_of_chunks_beyond_fifty_are_dropped() -> None:
    async with rig() as r:  # slack-platform.md §2.2
        await r.stream(chunks=[{"type": "blocks", "blocks": [{"type": "divider"}] * 51}])
        assert len(r.slack.replies(r.channel, r.thread)[0].blocks) == 50


async def test_a_bad_block_at_the_end_leaves_the_stream_open() -> None:
    async with rig() as r:
        ts = await r.stream(markdown_text="x")
        answer = await r.call("chat.stopStream", channel=r.channel, ts=ts, blocks=[{"type": "blink"}])
        assert answer["error"] == "invalid_blocks"
        assert "/blocks/0" in answer["response_metadata"]["messages"][0]
        assert r.slack.replies(r.channel, r.thread)[0].streaming


async def test_somebody_elses_message_is_not_a_stream_of_ours() -> None:
    async with rig() as r:
        assert await append(r, r.thread, markdown_text="x") == "message_not_owned_by_app"
        assert await append(r, "1600000000.000000", markdown_text="x") == "message_not_found"
        posted = await r.client.chat_postMessage(channel=r.channel, text="x")
        assert await append(r, posted["ts"], markdown_text="x") == "message_not_in_streaming_state"


async def test_after_stop_nothing_is_appended_but_the_stream_may_be_stopped() -> None:
    async with rig() as r:  # slack-platform.md §§1.4, 2.3
        ts = await r.stream(markdown_text="x")
        await r.slack.press_stop(r.channel, r.thread, r.ann)
        assert await append(r, ts, markdown_text="y") == "stopped_by_user"
        assert r.slack.working() == [(r.channel, r.thread)]  # "session status does NOT change by itself"
        assert await stop(r, ts) == ""
        assert r.slack.working() == []


async def test_the_stop_button_needs_the_subscription_and_a_working_session() -> None:
    async with rig(subscribed=["app_mention"]) as r:  # slack-platform.md §1.5
        args = {"channel_id": r.channel, "thread_ts": r.thread, "status": "processing"}
        answer = await r.client.agents_sessions_setStatus(**args)
        assert answer["response_metadata"]["warnings"] == ["missing_agent_session_stopped_event_subscription"]
        with pytest.raises(LookupError):
            await r.slack.press_stop(r.channel, r.thread, r.ann)
    async with rig() as r:
        with pytest.raises(LookupError):
            await r.slack.press_stop(r.channel, r.thread, r.ann)


async def test_a_session_works_for_an_hour_and_posting_does_not_end_it() -> None:
    async with rig() as r:  # slack-platform.md §1.5, hermes #113698
        args = {"channel_id": r.channel, "thread_ts": r.thread, "status": "processing"}
        await r.client.agents_sessions_setStatus(**args)
        await r.client.chat_postMessage(channel=r.channel, thread_ts=r.thread, text="x")
        await r.clock.advance(HOUR - 1)
        await r.client.agents_sessions_setStatus(**args)
        await r.clock.advance(HOUR - 1)
        assert r.slack.working() == [(r.channel, r.thread)]
        await r.clock.advance(1)
        assert r.slack.working() == []


async def test_an_app_that_is_no_agent_has_no_session() -> None:
    async with rig(agent=False) as r:  # slack-platform.md §1.5, KiroCrew#9822
        args = {"channel_id": r.channel, "thread_ts": r.thread, "status": "processing"}
        assert await error_of(r.client.agents_sessions_setStatus(**args)) == "not_authorized"
        await r.stream()
        assert r.slack.working() == []


async def test_a_status_text_goes_after_two_minutes_or_with_an_answer() -> None:
    async with rig() as r:  # slack-platform.md §1.5
        where: dict[str, Any] = {"channel_id": r.channel, "thread_ts": r.thread}
        await r.client.assistant_threads_setStatus(**where, status="is reading")
        assert r.slack.status_text(r.channel, r.thread) == "is reading"
        assert r.slack.working() == [(r.channel, r.thread)]  # the bridge: some text means processing
        await r.clock.advance(120)
        assert r.slack.status_text(r.channel, r.thread) is None
        await r.client.assistant_threads_setStatus(**where, status="is reading")
        await r.client.chat_postMessage(channel=r.channel, thread_ts=r.thread, text="x")
        assert r.slack.status_text(r.channel, r.thread) is None
        await r.client.assistant_threads_setStatus(**where, status="")
        assert r.slack.working() == []


async def test_at_most_four_prompts_are_suggested() -> None:
    async with rig() as r:  # slack-platform.md §1.5
        home, prompt = r.slack.dm(r.ann), {"title": "Summarise", "message": "Summarise it"}
        suggest = r.client.assistant_threads_setSuggestedPrompts
        assert await error_of(suggest(channel_id=home, prompts=[prompt] * 5)) == "invalid_arguments"
        await suggest(channel_id=home, prompts=[prompt] * 4, title="Try")
        shown = r.slack.prompts(home)
        assert shown is not None
        assert (len(shown.prompts), shown.title) == (4, "Try")
