"""The page over HTTP: its files, the acts of its people, uploads, downloads, and a websocket per tab."""

import errno
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import PurePosixPath
from urllib.parse import quote

from aiohttp import web

from bot.playground.drawing import stylesheet
from bot.playground.inspector.inspector import Inspector
from bot.playground.page.acts import Acts
from bot.playground.page.drawings import RASTER, Drawings
from bot.playground.page.gate import LIVE, Gate
from bot.playground.page.inspection import inspection
from bot.playground.page.live import Live
from bot.playground.page.reads import Reads
from bot.playground.page.screen import Look, Screen, greeting
from bot.playground.slack.files import File, chunks
from bot.playground.world import World

TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
LARGEST = 100 * 1024 * 1024  # bytes of an upload; it is held in memory


class PortTakenError(Exception):
    """Somebody else serves at that port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} is in use. Choose another one with --port, or --port 0 for any that is free."
        )


class PageServer:
    """Serves the page of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._drawings = Drawings(world)
        self._reads = Reads()
        self._dismissed: set[tuple[str, str]] = set()
        self._tabs: set[Live] = set()
        self._inspector = Inspector(world)
        self._acts = Acts(world, self._drawings, self._dismissed, self._inspector)
        for person in world.people:
            self._read_everything(person)

    def _read_everything(self, person: str) -> None:
        """What was there at the beginning is not new to anybody."""
        for channel in self._world.slack.channels.values():
            for thread in ("", *{message.root for message in channel.messages.values()}):
                self._reads.look(person, channel, thread)

    @asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncIterator[str]:
        """The URL that lets one in, good for the length of the block. Raises PortTakenError."""
        listening = _listen(host, port)
        here = int(listening.getsockname()[1])
        gate = Gate(here)
        app = web.Application(client_max_size=LARGEST, middlewares=[gate.middleware])
        app.router.add_routes(self._routes())
        app.on_shutdown.append(self._close_tabs)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            yield f"http://{host}:{here}/?token={gate.token}"
        finally:
            await runner.cleanup()

    def _routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._index),
            web.get("/static/{name}", self._static),
            web.get("/files/{id}", self._download),
            web.get("/pictures/{id}", self._picture),
            *inspection(self._inspector),
            web.post("/act/{name}", self._act),
            web.post("/upload", self._upload),
            web.get(LIVE, self._live),
        ]

    # -- its own files

    async def _index(self, _request: web.Request) -> web.Response:
        return _file("index.html")

    async def _static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name == "slack.css":
            return web.Response(text=stylesheet(), content_type="text/css")
        return _file(name)

    # -- what people have

    async def _download(self, request: web.Request) -> web.Response:
        file = self._existing(request)
        name = quote(str(file.fields.get("name", "file")), safe="")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return web.Response(body=b"".join(chunks(file.content)), headers=headers)

    async def _picture(self, request: web.Request) -> web.Response:
        file = self._existing(request)
        if file.shown.get("mimetype") not in RASTER:
            raise web.HTTPNotFound
        return web.Response(body=b"".join(chunks(file.content)), content_type=str(file.shown["mimetype"]))

    def _existing(self, request: web.Request) -> File:
        file = self._world.slack.files.get(request.match_info["id"])
        if file is None or file.deleted:
            raise web.HTTPNotFound
        return file

    # -- what people do

    async def _act(self, request: web.Request) -> web.Response:
        try:
            given = dict(json.loads(await request.text()))
            me = str(given.pop("me", ""))
            return web.json_response(await self._acts.perform(request.match_info["name"], me, given))
        except (LookupError, ValueError, TypeError) as error:
            return _impossible(error)

    async def _upload(self, request: web.Request) -> web.Response:
        me, name = request.query.get("me", ""), request.query.get("name", "")
        try:
            return web.json_response(await self._acts.upload(me, name, await request.read()))
        except (LookupError, ValueError) as error:
            return _impossible(error)

    # -- what people see

    async def _live(self, request: web.Request) -> web.StreamResponse:
        me = request.query.get("me") or self._world.people[0]
        if me not in self._world.people:
            raise web.HTTPNotFound
        screen = Screen(self._world, self._drawings, self._reads, me, Look(""), self._inspector, self._dismissed)
        live = Live(screen)
        self._tabs.add(live)
        try:
            return await live.serve(request, greeting(self._world, self._drawings))
        finally:
            self._tabs.discard(live)

    async def _close_tabs(self, _app: web.Application) -> None:
        for live in list(self._tabs):
            await live.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortTakenError(port) from None
        raise


def _file(name: str) -> web.Response:
    """A file of the page, by its plain name."""
    kind = TYPES.get(PurePosixPath(name).suffix)
    place = files(__package__) / "static" / name
    if kind is None or "/" in name or not place.is_file():
        raise web.HTTPNotFound
    return web.Response(text=place.read_text(encoding="utf-8"), content_type=kind)


def _impossible(error: Exception) -> web.Response:
    """Why that cannot be done, in a sentence; what pydantic says of arguments is for developers."""
    sentence = str(error.args[0]) if error.args else str(error)
    return web.json_response({"error": sentence}, status=400)
