"""What people type, and what Slack makes of it when it is sent; pure."""

import html
import re
from collections.abc import Mapping

_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")


def sent(typed: str, people: Mapping[str, str]) -> str:
    """The text as the client sends it: `&<>` as entities, `@name` as a mention. `people`: ids by name."""
    text = html.escape(typed.strip(), quote=False)
    names = sorted(people, key=len, reverse=True)
    if not names:
        return text
    either = "|".join(re.escape(html.escape(name, quote=False)) for name in names)
    ids = {html.escape(name, quote=False).casefold(): person for name, person in people.items()}
    # a particle follows a Korean name without a space, so only Latin letters and digits go on with it
    pattern = re.compile(rf"(?<![\w@])@({either})(?![A-Za-z0-9_])", re.IGNORECASE)
    return pattern.sub(lambda found: f"<@{ids[found[1].casefold()]}>", text)


def typed(text: str, names: Mapping[str, str]) -> str:
    """The text as its author would type it again. `names`: by id."""
    return html.unescape(_MENTION.sub(lambda found: f"@{names.get(found[1], found[1])}", text))
