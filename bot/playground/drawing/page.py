"""A whole page around drawings, which needs nothing but itself."""

from importlib.resources import files

from bot.playground.drawing.html import Html, element, text

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""No script, no request to anybody; `data:` is for the icons in the stylesheet."""


def stylesheet() -> str:
    """The look of everything drawn here."""
    return files(__package__).joinpath("slack.css").read_text(encoding="utf-8")


def page(title: str, *drawings: str) -> str:
    """A page that shows those drawings, which must come from this package."""
    head = (
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{element('title', text(title))}<style>{stylesheet()}</style>"
    )
    body = element("main", *map(Html, drawings), look="page")
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body class="s-ground">{body}</body></html>\n'
