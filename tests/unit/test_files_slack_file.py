"""What Slack says of a file, in every form and out of shape."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.files.kinds import Policy, Reason, Refused, Sight, at_sight
from bot.files.slack_file import SlackFile, parse_file
from tests.documents import slack_file

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = [*SlackFile.__slots__, "file_access", "created", "url_private", "plain_text", "from", "to", "cc", "subject"]
MODES = ["hosted", "snippet", "post", "email", "external", "tombstone", "hidden_by_limit", "file_access"]
SLACKS_SHAPE = st.fixed_dictionaries(
    {},
    optional={
        key: JSON | st.sampled_from([*MODES, "email", "check_file_info", "https://files.slack.com/x"])
        for key in KEYS
    },
)


@given(JSON | SLACKS_SHAPE)
def test_no_json_breaks_it(json: Any) -> None:
    file = parse_file(json)
    assert file.name
    assert 0 <= file.size < 2**63
    assert isinstance(file.extension, str)
    assert file.is_clip in (True, False)
    assert file.may_be_html in (True, False)
    ("".join([file.id, file.name, file.title, file.text or "", file.url or ""])).encode()  # any store takes it
    for asked in (False, True):
        seen = at_sight(file, Policy(), asked=asked)
        assert "\n" not in (seen.sentence if isinstance(seen, Refused) else "")


def test_a_file_is_read_as_slack_describes_it() -> None:
    file = parse_file(slack_file("handbook.pdf", 1234, filetype="pdf", mimetype="application/pdf"))
    assert file == SlackFile(
        id="F0FILE0001",
        name="handbook.pdf",
        title="handbook.pdf",
        mimetype="application/pdf",
        filetype="pdf",
        mode="hosted",
        user="U1",
        permalink="https://example.slack.com/files/U1/F0FILE0001/x",
        size=1234,
        timestamp=1_790_000_000,
        url="https://files.slack.com/files-pri/T1-F0FILE0001/download/1234",
    )


STUB = {
    "id": "F1",
    "mode": "file_access",
    "file_access": "check_file_info",
    "created": 0,
    "timestamp": 0,
    "user": "",
}


def seen(json: dict[str, Any], *, asked: bool = False) -> Sight | Reason:
    sight = at_sight(parse_file(json), Policy(), asked=asked)
    return sight.reason if isinstance(sight, Refused) else sight


@pytest.mark.parametrize(
    ("json", "sight"),
    [
        (slack_file("a.pdf", 10), Sight.FETCH),
        (slack_file("a.pdf", 0), Sight.FETCH),
        (slack_file("a.pdf", 100_000_000), Sight.FETCH),
        (slack_file("a.pdf", 100_000_001), Reason.TOO_LARGE),
        (STUB, Sight.ASK),
        ({"id": "F1", "name": "a.pdf"}, Sight.ASK),
        ({**STUB, "file_access": "access_denied"}, Reason.ACCESS_DENIED),
        ({**STUB, "file_access": "file_not_found"}, Reason.TOMBSTONE),
        (slack_file("a.pdf", mode="tombstone"), Reason.TOMBSTONE),
        (slack_file("a.pdf", mode="hidden_by_limit"), Reason.HIDDEN_BY_PLAN),
        (slack_file("a.gdoc", mode="external", is_external=True, external_type="gdrive"), Reason.EXTERNAL),
        (slack_file("a.gdoc", is_external=True), Reason.EXTERNAL),
        (slack_file("mail", mode="email", filetype="email", plain_text="hi"), Sight.WRITTEN),
    ],
)
def test_slacks_word_decides_what_is_done_first(json: dict[str, Any], sight: Sight | Reason) -> None:
    assert seen(json) == sight


def test_slack_is_asked_once() -> None:
    assert seen(STUB, asked=True) is Reason.UNREACHABLE


def test_an_email_is_its_heading_and_its_text() -> None:
    people = [{"address": "kim@example.com", "original": "김철수 <kim@example.com>"}]
    to = [{"address": "lee@example.com"}, {"address": "han@example.com"}, "?"]
    json = slack_file("Holiday", mode="email", to=to, subject="Holiday", plain_text="See you.\n") | {
        "from": people
    }
    assert parse_file(json).text == (
        "From: 김철수 <kim@example.com>\nTo: lee@example.com, han@example.com\nSubject: Holiday\n\nSee you.\n"
    )


@pytest.mark.parametrize(
    ("json", "ended"),
    [
        (slack_file("a.PY"), "py"),
        (slack_file("Untitled", mode="snippet", filetype="python"), "py"),
        (slack_file("Untitled", mode="snippet", filetype="yaml"), "yaml"),
        (slack_file("table", mimetype="text/csv; charset=utf-8"), "csv"),
        (slack_file("thing"), ""),
        (slack_file("thing", filetype="auto"), ""),
    ],
)
def test_where_the_name_has_no_extension_slacks_type_counts(json: dict[str, Any], ended: str) -> None:
    assert parse_file(json).extension == ended


def test_a_login_page_can_be_told_from_a_file_of_html() -> None:
    assert not parse_file(slack_file("a.pdf", mimetype="application/pdf")).may_be_html
    assert parse_file(slack_file("a.html", mimetype="text/html")).may_be_html
    assert parse_file(slack_file("Plan", filetype="quip", mimetype="application/vnd.slack-docs")).may_be_html


def test_a_clip_is_told_from_an_uploaded_recording() -> None:
    assert parse_file(slack_file("clip.m4a", subtype="slack_audio")).is_clip
    assert not parse_file(slack_file("song.mp3")).is_clip
