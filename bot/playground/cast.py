"""Who and what there is in the playground's workspace when it is new: people, channels, something said."""

from collections.abc import Iterable

from bot.playground.slack import EmulatedSlack
from bot.playground.slack.cabinet import OTHER_TEAM
from bot.playground.slack.payloads import rich_text_of
from bot.playground.slack.records import Message

COMPANIES = {OTHER_TEAM: "Northwind"}  # what another team is called; ours needs no name
MINUTE = 60.0  # seconds


def furnish(slack: EmulatedSlack) -> list[str]:
    """Fill an empty workspace; answers with the ids of those as whom one can act, the first one first."""
    ann = slack.add_person("Ann Lee", display_name="Ann")
    minji = slack.add_person("김민지", display_name="민지")
    slack.people[minji].locale = "ko-KR"
    carol = slack.add_person("Carol Diaz", display_name="Carol", team=OTHER_TEAM)
    general = slack.add_channel("general", members=(ann, minji))
    design = slack.add_channel("design", members=(ann, minji))
    slack.add_channel("leads", kind="private", members=(ann, minji))
    partners = slack.add_channel("northwind", shared=True, members=(ann, minji, carol))
    for person in (ann, minji):
        slack.dm(person)
    _converse(slack, general, [(ann, 42, "Good morning! Whoever wants to try Threadmate: mention it right here.")])
    told = [
        (minji, 35, "Which of the two logos do we take to the fair, the round one or the square one?"),
        (ann, 33, "The round one reads better from afar; the square one fits the badge."),
        (
            minji,
            31,
            "Then round for the booth and square for the badges. Printing takes 6 days, the fair is on 14 May.",
        ),
    ]
    _converse(slack, design, told, in_thread=True)
    _converse(
        slack, partners, [(carol, 20, "Hello from Northwind! This channel is shared between our companies.")]
    )
    return [ann, minji, carol]


def _converse(
    slack: EmulatedSlack, channel: str, told: Iterable[tuple[str, float, str]], *, in_thread: bool = False
) -> None:
    """Let that have been said, so many minutes ago; nobody is told of it any more."""
    root = None
    for user, minutes, text in told:
        ts = f"{slack.clock.time() - minutes * MINUTE:.6f}"
        message = Message(ts, user, text, root, blocks=rich_text_of(text))
        slack.add(slack.channels[channel], message)
        root = (root or ts) if in_thread else None
