"""The emulated API over HTTP: authorisation, faults, server-sent events, broken connections."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from aiohttp import web

from bot.clock import Clock
from bot.playground.faults import Fault, FaultKind, Faults
from bot.playground.loopback import programs_only
from bot.playground.openai import files, routes, transcription
from bot.playground.openai.api import Api
from bot.playground.openai.calls import Call, Content
from bot.playground.openai.disk import Disk
from bot.playground.openai.errors import ApiError, invalid, no_api_key, server_error, wrong_api_key
from bot.playground.openai.ids import Ids
from bot.playground.openai.items import view
from bot.playground.openai.run import Frame, Replay, Run
from bot.playground.openai.script import Break, Cut, Json, Malformed, Reset
from bot.playground.openai.stream import encoded, padded
from bot.playground.openai.uploads import Upload, read_form

MAX_BODY = 100 * 1024 * 1024  # bytes; room for the largest inline file (reference/openai-platform.md §6)
BROKEN = b'event: response.output_text.delta\ndata: {"type":"response.output_text.del\n\n'
LARGEST = {
    "POST /audio/transcriptions": transcription.MAX_BYTES
}  # bytes of the file in a form, where not as usual
UNEXECUTED = (FaultKind.REFUSE, FaultKind.RESET_BEFORE)
UNANSWERED = (FaultKind.HOLD, FaultKind.RESET_AFTER)


@dataclass(slots=True)
class Request:
    """A call that arrived; the path is without `/v1`. Of a file in a form the body says name, size and type.

    `status` 0 means that it is not answered, or not yet. `run` is the response that it began.
    """

    method: str
    path: str
    body: Json
    at: float
    status: int = 0
    answer: bytes = b""  # as it was sent, where it is JSON
    run: Run | None = None
    peer: str = ""  # the address it came from
    query: Mapping[str, str] = field(default_factory=dict)


RECORD = web.RequestKey("record", Request)  # of a request that is being answered


@dataclass(slots=True)
class Server:
    """Takes calls over HTTP and has them answered, unless a fault says otherwise."""

    api: Api
    disk: Disk
    faults: Faults
    clock: Clock
    key: str
    changed: Callable[[], None]
    max_file_bytes: int = files.MAX_BYTES
    requests: list[Request] = field(default_factory=list)
    _ids: Ids = field(default_factory=Ids)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[str]:
        """Serve there, at a free port if it is 0; yields the base URL. Ends at once, whatever is held."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[programs_only])
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            yield f"http://{host}:{runner.addresses[0][1]}{routes.PREFIX}"
        finally:
            for task in self._tasks:
                task.cancel()
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a handler runs in a task
        self._tasks.add(task)
        try:
            return _noted(request, await self._answer(request))
        except ApiError as error:
            return _noted(request, self._json(error.body(), error.status, error.headers))
        finally:
            self._tasks.discard(task)
            self.changed()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        call = await self._read(request)
        self.changed()
        try:
            return await self._answer_call(request, call)
        finally:
            if call.upload is not None:
                call.upload.path.unlink(missing_ok=True)  # unless it was moved away to be kept

    async def _answer_call(self, request: web.Request, call: Call) -> web.StreamResponse:
        fault = self.faults.take(call.name)
        if fault is not None and fault.kind in UNEXECUTED:
            return self._refused(request, fault) or await self._reset(request)
        answer = self._executed(call)
        run = answer if isinstance(answer, Run) else None
        request[RECORD].run = run
        try:
            if fault is not None:
                await self._suffer(request, fault, run)
            if isinstance(answer, Run):
                return await self._deliver(request, answer)
            if isinstance(answer, Replay):
                return await self._tell_again(request, answer)
            return answer if isinstance(answer, web.StreamResponse) else self._plain(answer)
        finally:
            if run is not None:
                run.abandon()

    async def _read(self, request: web.Request) -> Call:
        """The call taken apart; it is recorded before anything about it is refused."""
        arrived = self.clock.time()
        upload = None
        try:
            name, ids = routes.find(request.method, request.path)
            body, upload = await self._body(request, name)
        except ApiError:
            self._record(request, {}, arrived)
            self._authorise(request.headers.get("Authorization", ""))
            raise
        self._record(request, body if upload is None else {**body, "file": upload.about()}, arrived)
        self._authorise(request.headers.get("Authorization", ""))
        if not isinstance(body, dict):
            raise invalid("We could not parse the JSON body of your request.", None)
        return Call(name, ids, body, tuple(request.query.items()), upload)

    def _record(self, request: web.Request, body: Any, arrived: float) -> None:
        path = request.path.removeprefix(routes.PREFIX)
        peer, query = request.remote or "", dict(request.query)
        request[RECORD] = Request(request.method, path, body, arrived, peer=peer, query=query)
        self.requests.append(request[RECORD])

    async def _body(self, request: web.Request, name: str) -> tuple[Any, Upload | None]:
        if request.content_type == "multipart/form-data":
            return await read_form(request, self.disk, LARGEST.get(name, self.max_file_bytes))
        raw = await request.read()
        try:
            return json.loads(raw or b"{}"), None
        except ValueError:
            return None, None

    def _authorise(self, header: str) -> None:
        scheme, _, key = header.partition(" ")
        if scheme != "Bearer" or not key:
            raise no_api_key()
        if key != self.key:
            raise wrong_api_key(key)

    def _executed(self, call: Call) -> Json | Run | Replay | Content | web.Response:
        """What the call answers; a refusal is an answer too, which a fault may withhold."""
        try:
            return routes.ROUTES[call.name](self.api, call)
        except ApiError as error:
            return self._json(error.body(), error.status, error.headers)

    def _plain(self, answer: Json | Content) -> web.StreamResponse:
        if isinstance(answer, dict):
            return self._json(answer)
        headers = self._headers() | {"Content-Type": answer.content_type}
        if isinstance(answer.data, bytes):
            return web.Response(body=answer.data, headers=headers)
        return web.FileResponse(answer.data, headers=headers)

    def _json(self, body: Json, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
        return web.json_response(body, status=status, headers=self._headers() | (headers or {}))

    def _headers(self) -> dict[str, str]:
        return {"x-request-id": self._ids.new("req")}

    # Faults

    def _refused(self, request: web.Request, fault: Fault) -> web.Response | None:
        fault.reached.set()
        if fault.kind is FaultKind.RESET_BEFORE:
            return None
        headers = self._headers() | dict(fault.headers)
        if isinstance(fault.body, str) and fault.body:
            return web.Response(text=fault.body, status=fault.status, headers=headers)
        body = fault.body or server_error(fault.status).body()
        return web.json_response(body, status=fault.status, headers=headers)

    async def _suffer(self, request: web.Request, fault: Fault, run: Run | None) -> None:
        """The call was executed; what happens to its answer. A response in the background goes on meanwhile."""
        if run is not None and fault.kind in UNANSWERED and not run.background:
            run.detached = True
            await run.finished.wait()
        fault.reached.set()
        self.changed()
        match fault.kind:
            case FaultKind.HOLD:
                await fault.released.wait()
            case FaultKind.RESET_AFTER:
                await self._reset(request)
            case FaultKind.DELAY:
                await self.clock.sleep(fault.seconds)

    async def _reset(self, request: web.Request) -> NoReturn:
        """Close the connection with a TCP reset; the handler is cancelled by that."""
        transport = request.transport
        if transport is not None:
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        await asyncio.get_running_loop().create_future()
        raise AssertionError("a reset connection ends its handler")

    # Responses

    async def _deliver(self, request: web.Request, run: Run) -> web.StreamResponse:
        if run.turn.body.get("stream"):
            return await self._stream(request, run.frames)
        if run.background:
            return self._json(view(run.response, run.turn.body.get("include") or ()))
        while (frame := await run.frames.get()) is not None:
            if isinstance(frame, Break):
                return await self._broken(request, frame)
        if run.error is not None:
            raise ApiError(500, run.error.message, code=run.error.code, type="server_error")
        return self._json(view(run.response, run.turn.body.get("include") or ()))

    async def _broken(self, request: web.Request, frame: Break) -> web.Response:
        """An answer that is no stream, broken: no part of it arrives, or no sense."""
        if isinstance(frame, Malformed):
            return web.Response(text='{"id": "resp_', content_type="application/json")
        if isinstance(frame, Cut) and request.transport is not None:
            request.transport.close()
        if isinstance(frame, Reset):
            await self._reset(request)
        await asyncio.get_running_loop().create_future()
        raise AssertionError("a stalled call ends when its client goes")

    async def _tell_again(self, request: web.Request, replay: Replay) -> web.StreamResponse:
        frames = replay.run.listen(replay.after)
        try:
            return await self._stream(request, frames, obfuscate=replay.obfuscate)
        finally:
            replay.run.leave(frames)

    async def _stream(
        self, request: web.Request, frames: asyncio.Queue[Frame], *, obfuscate: bool | None = None
    ) -> web.StreamResponse:
        headers = self._headers() | {"Cache-Control": "no-cache"}
        reply = web.StreamResponse(headers=headers)
        reply.content_type = "text/event-stream"
        reply.charset = "utf-8"
        await reply.prepare(request)
        request[RECORD].status = reply.status
        while (frame := await frames.get()) is not None:
            if not isinstance(frame, Break):
                await reply.write(encoded(frame if obfuscate is None else padded(frame, obfuscate=obfuscate)))
                continue
            if isinstance(frame, Cut):
                break
            if isinstance(frame, Reset):
                await self._reset(request)
            if isinstance(frame, Malformed):
                await reply.write(BROKEN)
            await asyncio.get_running_loop().create_future()  # stalled until the client goes
        await reply.write_eof()
        return reply


def _noted(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    """The answer, after what was sent is remembered with the call."""
    if (record := request.get(RECORD)) is not None:
        record.status = answer.status
        if isinstance(answer, web.Response) and isinstance(answer.body, bytes):
            record.answer = answer.body if answer.content_type == "application/json" else b""
    return answer
