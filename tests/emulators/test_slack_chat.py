"""Posting, editing, deleting, reading and reacting."""

from typing import Any

import pytest

from tests.emulators.slack_rig import Rig, error_of, rig

BUTTONS = [
    {
        "type": "actions",
        "block_id": "b",
        "elements": [
            {"type": "button", "action_id": "again", "value": "v", "text": {"type": "plain_text", "text": "Go"}}
        ],
    }
]


async def posted(r: Rig, **args: Any) -> str:
    """The ts of a post in the thread."""
    args = {"channel": r.channel, "thread_ts": r.thread, "text": "x", **args}
    return str((await r.client.chat_postMessage(**args))["ts"])


async def test_a_post_is_seen_in_its_thread_with_entities_decoded_and_notifies() -> None:
    async with rig() as r:  # slack-platform.md §8: entities are shown decoded
        ts = await posted(r, text="a &lt;b&gt; &amp; c")
        [reply] = r.slack.replies(r.channel, r.thread)
        assert (reply.text, reply.is_bot) == ("a <b> & c", True)
        assert [(n.ts, n.cause) for n in r.slack.notifications] == [(ts, "post")]


REFUSED_POSTS: dict[str, tuple[dict[str, Any], str]] = {
    "nowhere": ({"channel": "C404", "text": "x"}, "channel_not_found"),
    "in a thread that is not": ({"text": "x", "thread_ts": "1600000000.000000"}, "thread_not_found"),
    "nothing": ({}, "no_text"),
    # slack-platform.md §3.1
    "markdown beside text": ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
    "long markdown": ({"markdown_text": "y" * 12_001}, "msg_too_long"),
    "51 blocks": ({"text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
}


@pytest.mark.parametrize(("args", "error"), REFUSED_POSTS.values(), ids=REFUSED_POSTS.keys())
async def test_a_post_that_slack_refuses_posts_nothing(args: dict[str, Any], error: str) -> None:
    async with rig() as r:
        answer = await r.call("chat.postMessage", **{"channel": r.channel, **args})
        assert answer["error"] == error
        if error == "invalid_blocks":  # slack-platform.md §3.1: json-pointers
            assert "[json-pointer:/blocks]" in answer["response_metadata"]["messages"][0]
        assert len(r.slack.channels[r.channel].messages) == 1


async def test_text_beyond_40000_characters_is_cut() -> None:
    async with rig() as r:  # slack-platform.md §3.1
        await posted(r, text="y" * 40_001)
        assert len(r.slack.replies(r.channel, r.thread)[0].text) == 40_000


@pytest.mark.parametrize(
    ("kind", "member", "error"),
    [("channel", False, "not_in_channel"), ("private", False, "channel_not_found"), ("private", True, "")],
)
async def test_the_bot_writes_only_where_it_is_a_member(kind: str, member: bool, error: str) -> None:
    async with rig() as r:  # slack-platform.md §2.5
        channel = r.slack.add_channel("other", kind=kind, bot_is_member=member)
        assert await error_of(r.client.chat_postMessage(channel=channel, text="x")) == error


async def test_an_edit_replaces_everything_and_notifies_nobody() -> None:
    async with rig() as r:  # slack-platform.md §2.3: edits never notify
        ts = await posted(r, blocks=BUTTONS)
        before = len(r.slack.notifications)
        await r.client.chat_update(channel=r.channel, ts=ts, text="new")
        [reply] = r.slack.replies(r.channel, r.thread)
        assert (reply.text, reply.blocks, reply.edited) == ("new", [], True)
        assert len(r.slack.notifications) == before


async def test_an_edit_has_its_own_limits() -> None:
    async with rig() as r:
        ts, update = await posted(r), r.client.chat_update
        long = update(channel=r.channel, ts=ts, text="y" * 4_001)
        assert await error_of(long) == "msg_too_long"  # slack-platform.md §3.1
        assert await error_of(update(channel=r.channel, ts=r.thread, text="y")) == "cant_update_message"
        missing = update(channel=r.channel, ts="1600000000.000000", text="y")
        assert await error_of(missing) == "message_not_found"


async def test_the_session_of_a_deleted_thread_is_not_shown_as_working() -> None:
    async with rig() as r:  # there is no thread left below which it could be
        await r.client.agents_sessions_setStatus(channel_id=r.channel, thread_ts=r.thread, status="processing")
        assert r.slack.working() == [(r.channel, r.thread)]
        await r.slack.delete(r.channel, r.thread)
        assert r.slack.working() == []


async def test_only_our_own_messages_can_be_deleted() -> None:
    async with rig() as r:
        ts, delete = await posted(r), r.client.chat_delete
        assert await error_of(delete(channel=r.channel, ts=r.thread)) == "cant_delete_message"
        assert await error_of(delete(channel=r.channel, ts=ts)) == ""
        assert await error_of(delete(channel=r.channel, ts=ts)) == "message_not_found"
        assert r.slack.replies(r.channel, r.thread) == []


async def test_an_ephemeral_message_reaches_members_only() -> None:
    async with rig() as r:
        bob, post = r.slack.add_person("Bob"), r.client.chat_postEphemeral
        assert await error_of(post(channel=r.channel, user=bob, text="psst")) == "user_not_in_channel"
        await post(channel=r.channel, user=r.ann, text="psst", thread_ts=r.thread)
        assert [(e.user, e.text) for e in r.slack.ephemerals] == [(r.ann, "psst")]
        assert r.slack.replies(r.channel, r.thread) == []


async def test_reactions_come_once_and_go_once() -> None:
    async with rig() as r:
        args = {"channel": r.channel, "timestamp": r.thread, "name": "eyes"}
        assert [await error_of(r.client.reactions_add(**args)) for _ in range(2)] == ["", "already_reacted"]
        assert r.slack.thread(r.channel, r.thread)[0].reactions == {"eyes": {r.slack.bot_user}}
        assert [await error_of(r.client.reactions_remove(**args)) for _ in range(2)] == ["", "no_reaction"]
        assert await error_of(r.client.reactions_add(**args | {"name": "Not A Name"})) == "invalid_name"
        gone = r.client.reactions_add(**args | {"timestamp": "1600000000.000000"})
        assert await error_of(gone) == "message_not_found"


# -- conversations.replies: docs.slack.dev/reference/methods/conversations.replies


async def test_replies_come_oldest_first_with_the_root_on_every_page() -> None:
    async with rig() as r:
        said = [await r.slack.post(r.channel, r.ann, str(n), thread_ts=r.thread) for n in range(5)]
        pages, cursor = [], None
        while True:
            page = await r.client.conversations_replies(channel=r.channel, ts=r.thread, limit=2, cursor=cursor)
            pages.append([message["ts"] for message in page["messages"]])
            if not page["has_more"]:
                break
            cursor = page["response_metadata"]["next_cursor"]
        assert pages == [[r.thread, *said[:2]], [r.thread, *said[2:4]], [r.thread, said[4]]]


@pytest.mark.parametrize(("inclusive", "seen"), [(False, [2]), (True, [1, 2, 3])])
async def test_bounds_are_outside_unless_inclusive(inclusive: bool, seen: list[int]) -> None:
    async with rig() as r:
        said = [await r.slack.post(r.channel, r.ann, str(n), thread_ts=r.thread) for n in range(5)]
        page = await r.client.conversations_replies(
            channel=r.channel, ts=r.thread, oldest=said[1], latest=said[3], inclusive=inclusive
        )
        assert [m["ts"] for m in page["messages"]] == [r.thread, *(said[n] for n in seen)]


async def test_replies_carry_who_wrote_them_files_and_the_thread() -> None:
    async with rig() as r:
        await r.slack.post(r.channel, r.ann, "look", thread_ts=r.thread, files=[{"id": "F1"}])
        ts = await posted(r, text="seen")
        root, hers, ours = (await r.client.conversations_replies(channel=r.channel, ts=r.thread))["messages"]
        assert (root["reply_count"], root["latest_reply"]) == (2, ts)
        assert (hers["user"], hers["files"], hers["parent_user_id"]) == (r.ann, [{"id": "F1"}], r.ann)
        assert (ours["bot_id"], ours["app_id"], ours["thread_ts"]) == (r.slack.bot_id, r.slack.app_id, r.thread)
        assert "bot_id" not in hers


async def test_metadata_is_read_only_where_it_is_asked_for() -> None:
    async with rig() as r:
        await posted(r, metadata={"event_type": "run", "event_payload": {"id": "1"}})
        for asked in (False, True):
            page = await r.client.conversations_replies(channel=r.channel, ts=r.thread, include_all_metadata=asked)
            assert ("metadata" in page["messages"][1]) is asked


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"ts": "1600000000.000000"}, "thread_not_found"),
        ({"channel": "C404"}, "channel_not_found"),
        ({"cursor": "nonsense"}, "invalid_cursor"),
        ({"oldest": "yesterday"}, "invalid_ts_oldest"),
    ],
)
async def test_a_thread_that_cannot_be_read_says_why(args: dict[str, Any], error: str) -> None:
    async with rig() as r:
        answer = await r.call("conversations.replies", **{"channel": r.channel, "ts": r.thread, **args})
        assert answer["error"] == error


async def test_users_info_tells_names_team_and_strangers() -> None:
    async with rig() as r:
        eve = r.slack.add_person("Eve Ext", team="T9", enterprise="E9", display_name="eve")
        user = (await r.client.users_info(user=eve))["user"]
        assert (user["profile"]["display_name"], user["real_name"]) == ("eve", "Eve Ext")
        assert (user["team_id"], user["is_stranger"], user["is_bot"]) == ("T9", True, False)
        assert user["enterprise_user"]["enterprise_id"] == "E9"
        assert "locale" not in user
        assert await error_of(r.client.users_info(user="U404")) == "user_not_found"


# -- chat.getPermalink: docs.slack.dev/reference/methods/chat.getPermalink


async def test_a_permalink_is_the_address_of_a_message_and_names_the_thread_of_a_reply() -> None:
    async with rig() as r:
        reply, link = await posted(r), r.client.chat_getPermalink
        root = (await link(channel=r.channel, message_ts=r.thread))["permalink"]
        assert root == f"https://emulated.slack.com/archives/{r.channel}/p{r.thread.replace('.', '')}"
        inside = (await link(channel=r.channel, message_ts=reply))["permalink"]
        assert inside.endswith(f"/p{reply.replace('.', '')}?thread_ts={r.thread}&cid={r.channel}")
        assert await error_of(link(channel=r.channel, message_ts="1.2")) == "message_not_found"
        assert await error_of(link(channel="C404", message_ts=reply)) == "channel_not_found"
