"""The host of files: bytes for those who may have them, the login page for everybody else, and uploads.

Rules: reference/slack-platform.md §4.2 (downloads) and §4.3 (uploads). In Slack it is files.slack.com; here it is
the origin of the Web API. A second host, which is none of Slack's, serves every file to anybody, and records who
came with which token.
"""

import re
import shutil
import tempfile
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlsplit

from aiohttp import BodyPartReader, web

from bot.playground.loopback import programs_only
from bot.playground.slack.files import CHECK, CHUNK, VISIBLE, Download, File, Upload, chunks, in_url, size_of
from bot.playground.slack.records import Call
from bot.playground.slack.socket_mode import reset
from bot.playground.slack.state import Workspace

Serve = Callable[[web.Request, Call, Callable[[], web.Response]], Awaitable[web.StreamResponse]]
_KEY = re.compile(r"T[A-Z0-9]+-(F[A-Z0-9]+)")
_HOP = re.compile(r"hop-(\d+)/")
_LOGIN = """<!DOCTYPE html><html lang="en"><head><title>Sign in | Slack</title></head>
<body><h1>Sign in to your workspace</h1><form action="/signin" method="post"></form></body></html>"""
_GONE = "<!DOCTYPE html><html><head><title>File not found | Slack</title></head><body></body></html>"


class FileServer:
    """Serves the files of one workspace. Requests are recorded, and meet faults, as `download` and `upload`."""

    def __init__(self, workspace: Workspace, serve: Serve) -> None:
        self._workspace = workspace
        self._serve = serve
        self._folder: Path | None = None

    def routes(self) -> list[web.RouteDef]:
        """What is served beside the Web API."""
        return [
            web.get("/files-pri/{key}/{tail:.+}", self._download),
            web.get("/", self._login),
            web.post("/upload/v1/{key}", self._upload),
        ]

    def foreign_app(self) -> web.Application:
        """The host that is none of Slack's."""
        app = web.Application(middlewares=[programs_only])
        app.router.add_get("/{path:.*}", self._foreign)
        return app

    # -- downloads

    async def _download(self, request: web.Request) -> web.StreamResponse:
        file_id = self._record(request)
        call = Call("download", {"file": file_id}, self._workspace.clock.time())
        return await self._serve(request, call, lambda: self._answer(request, file_id, call))

    def _record(self, request: web.Request) -> str:
        match = _KEY.search(request.path)
        file_id = match[1] if match else ""
        authorization = request.headers.get("Authorization")
        now = self._workspace.clock.time()
        seen = Download(file_id, request.host, request.path, authorization, now)
        self._workspace.downloads.append(seen)
        return file_id

    def _answer(self, request: web.Request, file_id: str, call: Call) -> web.Response:
        workspace = self._workspace
        workspace.settle()
        file = workspace.files.get(file_id)
        if not self._signed_in(request) or file is None or not (file.deleted or self._may_open(file)):
            return self._refused(request)
        if file.deleted:
            return web.Response(status=404, text=_GONE, content_type="text/html")
        workspace.scopes_used.add("files:read")
        call.executed = True
        return self._next_hop(request, file) or self._bytes_of(request, file)

    def _signed_in(self, request: web.Request) -> bool:
        right = f"Bearer {self._workspace.bot_token}"
        return request.headers.get("Authorization") == right and "files:read" in self._workspace.scopes

    def _may_open(self, file: File) -> bool:
        return file.access in (VISIBLE, CHECK) and self._workspace.sees(file) and "url_private" in file.fields

    def _refused(self, request: web.Request) -> web.Response:
        """Not an error: the login page, or a redirect to it (slack-platform.md §4.2)."""
        if self._workspace.login_redirects:
            return web.Response(status=302, headers={"Location": f"/?redir={quote(request.path)}"})
        return web.Response(text=_LOGIN, content_type="text/html")

    async def _login(self, _request: web.Request) -> web.Response:
        return web.Response(text=_LOGIN, content_type="text/html")

    def _next_hop(self, request: web.Request, file: File) -> web.Response | None:
        """The redirect that comes now, if there is one left."""
        match = _HOP.match(request.match_info["tail"])
        done = int(match[1]) if match else 0
        if done >= len(file.delivery.hops):
            return None
        to = file.delivery.hops[done]
        if not urlsplit(to).path.strip("/"):
            key, name = request.match_info["key"], in_url(str(file.fields["name"]))
            to = f"{to.rstrip('/')}/files-pri/{key}/hop-{done + 1}/{name}"
        return web.Response(status=302, headers={"Location": to})

    def _bytes_of(self, request: web.Request, file: File) -> web.Response:
        delivery = file.delivery
        surface = file.mode in ("quip", "list")  # Slack's own HTML, not the user's file: slack-platform.md §4.1
        usual = "text/html" if surface else str(file.fields.get("mimetype") or "application/octet-stream")
        headers = {"Content-Type": delivery.content_type or usual}
        if delivery.with_length:
            headers["Content-Length"] = str(size_of(file.content))
        name = in_url(str(file.fields.get("name", "")))
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return web.Response(body=self._pieces(request, file), headers=headers)

    async def _pieces(self, request: web.Request, file: File) -> AsyncIterator[bytes]:
        """The bytes at their pace, until they are cut off."""
        delivery, left = file.delivery, file.delivery.cut_after
        for piece in chunks(file.content, delivery.chunk):
            self._workspace.touch()
            if delivery.pace:
                await self._workspace.clock.sleep(delivery.pace)
            if left is not None and len(piece) > left:
                yield piece[:left]
                reset(request.transport)
                return
            left = None if left is None else left - len(piece)
            yield piece

    async def _foreign(self, request: web.Request) -> web.StreamResponse:
        """Anybody gets the bytes; that they were fetched here, and with which token, is on record."""
        file = self._workspace.files.get(self._record(request))
        self._workspace.touch()
        return web.Response(status=404) if file is None else self._bytes_of(request, file)

    # -- uploads

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        """Raw bytes or one part of a form; the address itself is the permission."""
        key = request.match_info["key"]
        path = self._new_path(key)
        await _store(request, path)
        upload = next((each for each in self._workspace.uploads if each.key == key), None)
        call = Call("upload", {"file": upload.file_id if upload else ""}, self._workspace.clock.time())
        authorization = request.headers.get("Authorization")
        return await self._serve(request, call, lambda: self._uploaded(call, upload, path, authorization))

    def _uploaded(self, call: Call, upload: Upload | None, path: Path, authorization: str | None) -> web.Response:
        size = size_of(path)
        if upload is None or upload.completed:
            return web.Response(status=404, text="Not Found")
        upload.authorization = authorization
        if size != upload.length:  # "length must match"; a non-200 answer indicates a failure
            return web.Response(status=400, text=f"size mismatch - {size}")
        upload.content, call.executed = path, True
        return web.Response(text=f"OK - {size}")

    def _new_path(self, key: str) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="emulated-slack-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder / in_url(f"{key}-{self._workspace.new_id('P')}")


async def _store(request: web.Request, path: Path) -> None:
    """Write what is uploaded to that path, a piece at a time."""
    target = _open(path)
    try:
        if request.content_type != "multipart/form-data":
            async for piece in request.content.iter_chunked(CHUNK):
                target.write(piece)
            return
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.filename:
                while piece := await part.read_chunk(CHUNK):
                    target.write(piece)
    finally:
        target.close()


def _open(path: Path) -> BinaryIO:
    return path.open("wb")
