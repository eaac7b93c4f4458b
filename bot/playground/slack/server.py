"""The Web API over HTTP: token, rate, scope, arguments, then the method; with faults before and after."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from bot.playground.faults import Fault, FaultKind
from bot.playground.loopback import programs_only
from bot.playground.slack import (
    methods_chat,
    methods_conversations,
    methods_files,
    methods_other,
    methods_stream,
    methods_views,
    response_urls,
)
from bot.playground.slack.arguments import Method
from bot.playground.slack.file_server import FileServer
from bot.playground.slack.records import Args, Call, CallRefusedError, Json
from bot.playground.slack.socket_mode import SocketMode, reset
from bot.playground.slack.state import Workspace

APP_SCOPES = "connections:write"


class WebApi:
    """Serves the methods of one workspace under `/api/`, its websockets, and its response_urls under `/actions/`.

    Calls to a response_url are recorded, and meet faults, under the name `response_url`.
    """

    def __init__(self, workspace: Workspace, sockets: SocketMode) -> None:
        self._workspace = workspace
        self._sockets = sockets
        self._closing = asyncio.Event()
        self._origin = ""
        self._files = FileServer(workspace, self._serve)
        self._runners: list[web.AppRunner] = []
        self._methods: Mapping[str, Method] = {
            **methods_chat.METHODS,
            **methods_stream.METHODS,
            **methods_conversations.METHODS,
            **methods_files.METHODS,
            **methods_other.METHODS,
            **methods_views.METHODS,
            "apps.connections.open": Method(self._connections_open, app_token=True),
        }

    async def start(self, host: str, port: int) -> str:
        """Listen; answers with the base URL of the Web API."""
        app = web.Application(client_max_size=8 * 1024 * 1024, middlewares=[programs_only])
        app.router.add_route("*", "/api/{method}", self._handle)
        app.router.add_post("/actions/{key}", self._handle_response_url)
        app.router.add_get("/link", self._sockets.link)
        app.router.add_routes(self._files.routes())
        self._closing.clear()
        self._origin = await self._listen(app, host, port)
        self._workspace.origin, self._workspace.sockets_at = f"http://{self._origin}", self._origin
        self._workspace.foreign_origin = f"http://{await self._listen(self._files.foreign_app(), host, 0)}"
        self._workspace.hooks_url = f"http://{self._origin}/actions/"
        return f"http://{self._origin}/api/"

    async def _listen(self, app: web.Application, host: str, port: int) -> str:
        runner = web.AppRunner(app, shutdown_timeout=1.0)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        return f"{host}:{runner.addresses[0][1]}"

    def stop_holding(self) -> None:
        """Let every held answer go: the server closes."""
        self._closing.set()

    async def close(self) -> None:
        """Listen no more."""
        while self._runners:
            await self._runners.pop().cleanup()

    def _connections_open(self, workspace: Workspace, _args: Args) -> Json:
        ticket = self._sockets.new_ticket()
        return {"url": f"ws://{workspace.sockets_at}/link?ticket={ticket}&app_id={workspace.app_id}"}

    # -- one call

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        token, params, broken = await _read(request)
        call = Call(request.match_info["method"], params, self._workspace.clock.time())
        return await self._serve(request, call, lambda: self._execute(call, token, broken))

    async def _handle_response_url(self, request: web.Request) -> web.StreamResponse:
        _, params, broken = await _read(request)
        call = Call("response_url", params, self._workspace.clock.time())
        key = request.match_info["key"]
        return await self._serve(request, call, lambda: self._respond(call, key, broken))

    async def _serve(
        self, request: web.Request, call: Call, execute: Callable[[], web.Response]
    ) -> web.StreamResponse:
        call.peer = request.remote or ""
        self._workspace.calls.append(call)
        fault = self._workspace.faults.take(call.method)
        try:
            if fault is not None and fault.kind in (FaultKind.REFUSE, FaultKind.RESET_BEFORE):
                return self._not_executed(request, call, fault)
            response = execute()
            if fault is not None:
                return await self._after(request, call, fault, response)
            call.status = response.status
            return response
        finally:
            self._workspace.touch()

    def _not_executed(self, request: web.Request, call: Call, fault: Fault) -> web.Response:
        fault.reached.set()
        if fault.kind is FaultKind.RESET_BEFORE:
            reset(request.transport)
            return web.Response()
        call.status = fault.status
        call.answer = {"body": fault.body} if isinstance(fault.body, str) else dict(fault.body)
        if isinstance(fault.body, str):
            return web.Response(status=fault.status, text=fault.body, headers=fault.headers)
        call.error = fault.body.get("error")
        return web.json_response(dict(fault.body), status=fault.status, headers=fault.headers)

    async def _after(self, request: web.Request, call: Call, fault: Fault, response: web.Response) -> web.Response:
        """The call was executed; now its answer is lost, held or delayed."""
        fault.reached.set()
        self._workspace.touch()
        if fault.kind is FaultKind.RESET_AFTER:
            reset(request.transport)
            return web.Response()
        if fault.kind is FaultKind.HOLD and not await self._released(fault):
            reset(request.transport)
            return web.Response()
        if fault.kind is FaultKind.DELAY:
            await self._workspace.clock.sleep(fault.seconds)
        call.status = response.status
        return response

    async def _released(self, fault: Fault) -> bool:
        """Wait until the answer may go; False when the server closes first."""
        waits = [asyncio.ensure_future(event.wait()) for event in (fault.released, self._closing)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return fault.released.is_set()

    def _execute(self, call: Call, token: str | None, broken: str | None) -> web.Response:
        """Everything between the request and its answer happens at one moment, nothing in between."""
        workspace = self._workspace
        workspace.settle()
        headers: dict[str, str] = {}
        try:
            method = self._method(call.method)
            headers["x-oauth-scopes"] = self._authenticate(method, token)
            workspace.methods_used.add(call.method)
            if (wait := workspace.rates.retry_after(call.method, call.params.get("channel"))) is not None:
                call.error = "ratelimited"
                headers["Retry-After"] = str(wait)
                return _answer(call, {"ok": False, "error": "ratelimited"}, headers, status=429)
            result = self._run(method, call.params, broken)
        except CallRefusedError as refusal:
            call.error = refusal.error
            return _answer(call, {"ok": False, "error": refusal.error, **refusal.more}, headers)
        call.executed = True
        return _answer(call, {"ok": True, **result}, headers)

    def _respond(self, call: Call, key: str, broken: str | None) -> web.Response:
        """A response_url takes no token: whoever has it may use it."""
        self._workspace.settle()
        try:
            result = self._run(response_urls.METHOD, {**call.params, "key": key}, broken)
        except CallRefusedError as refusal:
            call.error = refusal.error
            gone = refusal.error in response_urls.GONE
            body = {"ok": False, "error": refusal.error, **refusal.more}
            return _answer(call, body, {}, status=404 if gone else 200)
        call.executed = True
        return _answer(call, {"ok": True, **result}, {})

    def _run(self, method: Method, params: Args, broken: str | None) -> Json:
        if method.scope is not None:
            self._workspace.need_scope(method.scope)
        if broken is not None:
            raise CallRefusedError(broken)
        return method.run(self._workspace, method.read(params))

    def _method(self, name: str) -> Method:
        if name not in self._methods:
            raise CallRefusedError("unknown_method", req_method=name)
        return self._methods[name]

    def _authenticate(self, method: Method, token: str | None) -> str:
        """The scopes of the token, if it is one of ours and of the kind the method takes (methods/auth.test)."""
        workspace = self._workspace
        if token is None:
            raise CallRefusedError("not_authed")
        if token not in (workspace.bot_token, workspace.app_token):
            raise CallRefusedError("invalid_auth")
        if (token == workspace.app_token) is not method.app_token:
            raise CallRefusedError("not_allowed_token_type")
        return APP_SCOPES if method.app_token else ",".join(sorted(workspace.scopes))


def _answer(call: Call, body: Json, headers: Mapping[str, str], *, status: int = 200) -> web.Response:
    call.answer = body
    return web.json_response(body, status=status, headers=headers)


async def _read(request: web.Request) -> tuple[str | None, dict[str, Any], str | None]:
    """Token, parameters, and what is wrong with the body, if anything."""
    params: dict[str, Any] = dict(request.query)
    broken = None
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except json.JSONDecodeError:
            body = None
        if isinstance(body, dict):
            params |= body
        else:
            broken = "invalid_json"
    else:
        params |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = params.pop("token", None)
    return (token if scheme == "Bearer" else given), params, broken
