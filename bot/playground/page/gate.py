"""Who may talk to the page: this machine's browser, with the token of this start, from the page itself.

The page can do whatever its people can, so other sites that are open in the same browser must not reach it:
`Host` is checked against names that are rebound, `Origin` against requests of other pages, and everything needs
the cookie that only the printed URL gives.
"""

import hmac
import secrets

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

NAMES = ("127.0.0.1", "localhost")
SAFE = ("GET", "HEAD")
LIVE = "/live"  # a websocket begins with a GET, and yet can act


class Gate:
    """Lets in who has this start's token."""

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(24)
        self._hosts = [f"{name}:{port}" for name in NAMES]
        self._cookie = f"threadmate-{port}"  # cookies do not know ports: two playgrounds share them
        self._key = secrets.token_urlsafe(24)

    @property
    def middleware(self) -> Middleware:
        """Checks every request, and puts the headers on every answer."""

        @web.middleware
        async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
            answer = await self._answer(request, handler)
            if not answer.prepared:
                answer.headers.update(headers(request.host))
            return answer

        return checked

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host not in self._hosts:
            return _refused("This address is not served here.")
        if (request.method not in SAFE or request.path == LIVE) and not self._is_own(request):
            return _refused("Another page asked for this.")
        if request.path == "/" and _same(request.query.get("token", ""), self.token):
            return self._let_in()
        if not _same(request.cookies.get(self._cookie, ""), self._key):
            return _refused("Open the address that `threadmate playground` printed.")
        try:
            return await handler(request)
        except web.HTTPException as error:
            return web.Response(status=error.status, text=error.reason)

    def _is_own(self, request: web.Request) -> bool:
        return request.headers.get("Origin") == f"http://{request.host}"

    def _let_in(self) -> web.Response:
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie(self._cookie, self._key, httponly=True, samesite="Lax", path="/")
        return answer


def headers(host: str) -> dict[str, str]:
    """What every answer says: run nothing but our own files, show it in no frame, guess no type, keep nothing."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self' ws://{host}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _refused(sentence: str) -> web.Response:
    return web.Response(status=403, text=sentence)
