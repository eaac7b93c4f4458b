"""Where a Markdown link may lead, and whether its label pretends to lead elsewhere (design §6)."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from bot.reply.sandbox import file_in

ENTITY = r"(?:lt|gt|amp|#\d{1,7}|#x[0-9a-f]{1,6});"
_ENTITIES = re.compile(rf"&(?P<name>{ENTITY}|quot;)", re.IGNORECASE)
_NAMED = {"lt;": "<", "gt;": ">", "amp;": "&", "quot;": '"'}
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_UNSAFE = frozenset('<>|"`{}^()[]\\')
_HTTP = re.compile(r"https?://", re.IGNORECASE)
_MAILTO = re.compile(r"mailto:[^@\s]+@(?P<host>[\w.-]+)", re.IGNORECASE)
_SCHEME = re.compile(r"(?!localhost:)[a-z][a-z0-9+-]*:", re.IGNORECASE)
_HOST = re.compile(r"[\w.-]+")
_HOST_IN_LABEL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]{0,20}://)?(?:[^\s/@:]{0,64}@)?"
    r"(?P<host>(?:[\w-]{1,63}\.){1,10}[^\W\d_]{2,63}|(?:\d{1,3}\.){3}\d{1,3})(?![\w-])(?::\d+)?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
# endings of file names that are no top-level domains, and those that are both
_FILE_NAME = re.compile(
    "cfg|conf|cpp|css|csv|docx|exe|gif|gz|html?|ini|jpe?g|jsx?|json|log|pdf|png|pptx|sql|svg|tar|toml|tsx?|txt|xlsx"
    "|xml|ya?ml"
)
_ALSO_DOMAIN = re.compile("java|md|pl|py|rs|sh|zip")


@dataclass(frozen=True)
class Target:
    """Where a link leads. ``url`` is empty when it must not be linked; ``named``: it named a scheme.

    ``file`` is the name of a file that the code interpreter has, which nobody can open there.
    """

    url: str
    host: str = ""
    shown: str = ""
    named: bool = True
    file: str = ""


def target(dest: str) -> Target:
    """Reads what stands between a link's parentheses: the URL, perhaps in ``<>``, and perhaps a title."""
    bare = _without_title(dest.strip())
    if file := file_in(bare):
        return Target("", shown=file, file=file)
    url = _encoded(_decoded(bare))
    if _HTTP.match(url):
        host = _host(url)
        return Target(url, host, host) if host else Target("", shown=bare, named=False)
    if mail := _MAILTO.match(url):
        return Target(url, mail["host"].lower(), url[len("mailto:") :].partition("?")[0])
    return Target("", shown=bare, named=_SCHEME.match(_decoded(bare)) is not None)


def as_label(url: str) -> str:
    """A URL as the label of its own link: what would be read as emphasis or code is percent-encoded."""
    for mark in ("*", "`", "__", "~~"):
        url = url.replace(mark, "".join(f"%{ord(char):02X}" for char in mark))
    return url


def note(label: str, to: Target) -> str:
    """What a label must be followed by: the real host, when the label names only others; else nothing."""
    named = [host for host in map(_named_host(to), _HOST_IN_LABEL.finditer(_plain(label))) if host]
    if not named or any(_same(host, to.host) for host in named):
        return ""
    return f" ({to.shown})"


def _plain(label: str) -> str:
    text = unicodedata.normalize("NFKC", _decoded(label))
    return "".join(char for char in text if char not in "*`~\\" and unicodedata.category(char) != "Cf")


def _named_host(to: Target) -> Callable[[re.Match[str]], str]:
    def host_of(found: re.Match[str]) -> str:
        host = found["host"].lower()
        ending = host.rpartition(".")[2]
        if found["scheme"] or host.startswith("www."):
            return host
        is_file = _FILE_NAME.fullmatch(ending) or (
            _ALSO_DOMAIN.fullmatch(ending) and to.url.lower().endswith(f"/{host}")
        )
        return "" if is_file else host

    return host_of


def _same(named: str, real: str) -> bool:
    """Whether the real host is the named one, or lies inside it."""
    named, real = (_ascii(host.removeprefix("www.")) for host in (named, real))
    return real == named or real.endswith(f".{named}")


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return host


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        _ = parts.port
    except ValueError:
        return ""
    return host if _HOST.fullmatch(host) else ""


def _without_title(dest: str) -> str:
    if dest.startswith("<") and ">" in dest:
        return dest[1 : dest.index(">")]
    if dest[-1:] in {'"', "'", ")"}:
        start = dest.rfind("(" if dest[-1] == ")" else dest[-1], 0, -1)
        if start > 0 and dest[start - 1].isspace():
            return dest[:start].rstrip()
    return dest


def _decoded(text: str) -> str:
    """Entities and backslash escapes resolved once, as Markdown does in a URL."""
    return _ESCAPED.sub(r"\1", _ENTITIES.sub(_character, text))


def _character(found: re.Match[str]) -> str:
    name = found["name"].lower()
    if name in _NAMED:
        return _NAMED[name]
    code = int(name[2:-1], 16) if name[1] == "x" else int(name[1:-1])
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _encoded(url: str) -> str:
    """Percent-encodes what Slack or Markdown would read as something else (slack-platform.md §8)."""
    out = "".join(
        quote(char, safe="") if char in _UNSAFE or unicodedata.category(char)[0] in "ZC" else char for char in url
    )
    return _ENTITIES.sub(lambda found: f"%26{found['name']}", out)
