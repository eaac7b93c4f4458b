"""Which addresses the token may be sent to."""

import pytest
from yarl import URL

from bot.files.hosts import SlackHosts, is_slack_page

SLACKS = (
    "https://files.slack.com/files-pri/T1-F1/download/a.csv",
    "https://slack.com/x",
    "https://acme.enterprise.slack.com/x",
    "https://FILES.SLACK.COM/x",
    "https://files.slack.com:443/x",
    "https://a.slack-edge.com/x",
    "https://slack-files.com/T1-F1-abc",
    "https://files.slack-gov.com/x",
)
STRANGERS = (
    "http://files.slack.com/x",
    "https://files.slack.com:8443/x",
    "https://notslack.com/x",
    "https://slack.com.example.com/x",
    "https://files.slack.com@example.com/x",
    "https://bot@files.slack.com/x",
    "https://files.slack.com./x",
    "https://example.com/files.slack.com",
    "https://ｓlack.com.example.com/x",
    "http://127.0.0.1:8000/x",
    "https://127.0.0.1/x",
    "http://169.254.169.254/latest/meta-data",
    "ftp://files.slack.com/x",
    "file:///etc/passwd",
    "//files.slack.com/x",
    "/files-pri/x",
    "",
)


@pytest.mark.parametrize("address", SLACKS)
def test_slacks_own_hosts_are_trusted(address: str) -> None:
    assert SlackHosts("https://slack.com/api/").trust(URL(address))


@pytest.mark.parametrize("address", STRANGERS)
def test_nobody_else_is(address: str) -> None:
    assert not SlackHosts("https://slack.com/api/").trust(URL(address))


def test_the_origin_of_the_api_is_trusted_and_no_other_port_of_it() -> None:
    hosts = SlackHosts("http://127.0.0.1:8000/api/")
    assert hosts.trust(URL("http://127.0.0.1:8000/files-pri/x"))
    for other in ("http://127.0.0.1:8001/x", "https://127.0.0.1:8000/x", "http://localhost:8000/x"):
        assert not hosts.trust(URL(other))
    assert hosts.trust(URL("https://files.slack.com/x"))


def test_plain_http_is_trusted_on_this_machine_only() -> None:
    assert not SlackHosts("http://slack.internal/api/").trust(URL("http://slack.internal/x"))
    assert SlackHosts("https://slack.internal/api/").trust(URL("https://slack.internal/x"))
    for here in ("http://localhost:8000", "http://[::1]:8000"):
        assert SlackHosts(f"{here}/api/").trust(URL(f"{here}/x"))


@pytest.mark.parametrize("address", [one for one in SLACKS if ":443" not in one])
def test_people_may_be_sent_to_slacks_own_pages(address: str) -> None:
    assert is_slack_page(address)


@pytest.mark.parametrize("address", [*STRANGERS, "https://[", "javascript:alert(1)", "https://slack.com:x/"])
def test_and_to_nobody_elses(address: str) -> None:
    assert not is_slack_page(address)
