"""What each person has seen: the marks that Slack puts beside what is new."""

from collections import Counter
from collections.abc import Iterable

from bot.playground.slack.records import Channel, Message

CHANNEL = ""  # instead of a thread's ts: what stands in the channel itself

Place = tuple[str, str, str]  # person, channel, thread


class Reads:
    """How much of every channel and thread each person has seen."""

    def __init__(self) -> None:
        self._seen: Counter[Place] = Counter()

    def look(self, person: str, channel: Channel, thread: str = CHANNEL) -> None:
        """That person sees everything there now."""
        self._seen[person, channel.id, thread] = _count(person, channel, thread)

    def unread(self, person: str, channel: Channel, thread: str = CHANNEL) -> int:
        """How much is new there for that person."""
        return max(0, _count(person, channel, thread) - self._seen[person, channel.id, thread])

    def unread_threads(self, person: str, channel: Channel) -> list[str]:
        """The threads with something new in which that person has a part."""
        threads = {message.root for message in channel.messages.values() if message.root != message.ts}
        return [
            root for root in threads if _has_part(person, channel, root) and self.unread(person, channel, root)
        ]


def _count(person: str, channel: Channel, thread: str) -> int:
    """What others said there; an answer counts once its stream has ended (slack-platform.md §2.3)."""
    return sum(1 for message in _there(channel, thread) if message.user != person and not _is_streaming(message))


def _there(channel: Channel, thread: str) -> Iterable[Message]:
    for message in channel.messages.values():
        is_reply = message.root != message.ts
        if (is_reply and message.root == thread) if thread else not is_reply:
            yield message


def _is_streaming(message: Message) -> bool:
    return message.stream is not None and message.stream.open


def _has_part(person: str, channel: Channel, root: str) -> bool:
    said = (message.user for message in channel.messages.values() if message.root == root)
    return channel.kind == "im" or person in said or person in _mentioned(channel, root)


def _mentioned(channel: Channel, root: str) -> set[str]:
    said = " ".join(message.text for message in channel.messages.values() if message.root == root)
    return {user for user in channel.members if f"<@{user}>" in said}
