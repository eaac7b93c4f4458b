"""Who may call the emulators: programs on this machine, by its name, and no browser.

Tokens keep strangers out of the APIs. Uploads, response_urls and files have addresses instead, as in Slack; this
keeps the pages of other sites away from those too, which a browser on this machine would let in by a guess.
"""

from aiohttp import web
from aiohttp.typedefs import Handler

NAMES = ("127.0.0.1", "localhost")
SAID_BY_BROWSERS = (
    "Origin",
    "Sec-Fetch-Site",
)  # one of them is in whatever a page asks for: w3.org/TR/fetch-metadata


@web.middleware
async def programs_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what a browser sends, and names that somebody has pointed at this machine."""
    if request.host.rpartition(":")[0] not in NAMES or any(name in request.headers for name in SAID_BY_BROWSERS):
        return web.Response(status=403, text="This is for programs on this machine.")
    return await handler(request)
