"""Whose addresses the bot's token may be sent to: Slack's own, and nobody's else."""

from ipaddress import ip_address

from yarl import URL

DOMAINS = ("slack.com", "slack-edge.com", "slack-files.com", "slack-gov.com")
"""With all below them: files.slack.com, files.slack-gov.com (reference/slack-platform.md §4.2, design §7)."""


def is_slack_page(address: str) -> bool:
    """Whether people may be sent there as to Slack: a page of Slack's, by https."""
    try:
        url = URL(address)
        return (
            url.scheme == "https"
            and url.explicit_port is None
            and url.user is None
            and _is_slacks(url.raw_host or "")
        )
    except ValueError:
        return False


class SlackHosts:
    """Slack's file hosts, and the origin of SLACK_API_URL, which may be an emulator on this machine."""

    def __init__(self, slack_api_url: str) -> None:
        self._origin = URL(slack_api_url).origin()

    def trust(self, url: URL) -> bool:
        """Whether that address is one of Slack's. Plain http is, only on this very machine."""
        if not url.absolute or url.raw_user is not None or url.raw_password is not None:
            return False
        host = (url.raw_host or "").lower()
        if url.scheme not in ("http", "https") or (url.scheme == "http" and not _is_loopback(host)):
            return False
        return url.origin() == self._origin or (url.scheme == "https" and url.port == 443 and _is_slacks(host))


def _is_slacks(host: str) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in DOMAINS)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
