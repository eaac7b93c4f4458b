"""What is to be forgotten: links and ids, and the sentence for whatever is neither."""

import pytest

from bot.forget_what import NotATargetError, OneThread, Person, Target, WholeChannel, target, thread_in

ROOT = "https://acme.slack.com/archives/C0123/p1700000000000100"


@pytest.mark.parametrize(
    "url",
    [
        ROOT,
        f" {ROOT}/ ",
        f"{ROOT}?thread_ts=1700000000.000100&cid=C0123",
        "https://acme.slack.com/archives/C0123/p1700000055000200?thread_ts=1700000000.000100&cid=C0123",
        "https://acme.slack.com/archives/C0123/p1700000055000200?thread_ts=1700000000.000100",
        "https://acme.enterprise.slack.com/archives/C0123/p1700000000000100",
        "https://acme.slack-gov.com/archives/C0123/p1700000000000100",
        "https://app.slack.com/client/T0123/C0123/thread/C0123-1700000000.000100",
        "https://app.slack.com/client/T0123/C0999/thread/C0123-1700000000.000100",
    ],
)
def test_a_link_of_any_message_leads_to_its_thread(url: str) -> None:
    assert thread_in(url) == OneThread("C0123", "1700000000.000100")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "1700000000.000100",
        "C0123",
        "https://[",
        "https://example.com/archives/C0123/p1700000000000100",
        "https://notslack.com/archives/C0123/p1700000000000100",
        "http://acme.slack.com/archives/C0123/p1700000000000100",
        "https://acme.slack.com/archives/C0123",
        "https://acme.slack.com/archives/C0123/p17",
        "https://acme.slack.com/archives/general/p1700000000000100",
        "https://acme.slack.com/files/U0123/F0123/handbook.pdf",
        f"{ROOT}?thread_ts=yesterday",
        f"{ROOT}?thread_ts=",
        f"{ROOT}?thread_ts=1700000000.000100&cid=C0999",
        "https://app.slack.com/client/T0123/C0123",
    ],
)
def test_what_is_no_link_is_told_so_in_a_sentence(url: str) -> None:
    with pytest.raises(NotATargetError, match=r"Copy link"):
        thread_in(url)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((ROOT, None, None), OneThread("C0123", "1700000000.000100")),
        ((None, "U0123", None), Person("U0123")),
        ((None, "W0123", None), Person("W0123")),
        ((None, None, "D0123"), WholeChannel("D0123")),
    ],
)
def test_one_of_three_is_named(given: tuple[str | None, str | None, str | None], named: Target) -> None:
    assert target(*given) == named


@pytest.mark.parametrize(
    "given",
    [
        (None, None, None),
        (ROOT, "U0123", None),
        (None, "ann", None),
        (None, "<@U0123>", None),
        (None, "", None),
        (None, None, "#general"),
        (None, None, "T0123"),
    ],
)
def test_none_or_two_or_a_name_is_refused(given: tuple[str | None, str | None, str | None]) -> None:
    with pytest.raises(NotATargetError):
        target(*given)
