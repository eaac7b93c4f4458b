"""The inspector over HTTP: what is only told when somebody looks at it."""

from aiohttp import web

from bot.playground.inspector.inspector import Inspector


def inspection(inspector: Inspector) -> list[web.RouteDef]:
    """Where the details of an entry, the newest runs, and what is behind a message are told."""

    async def entry(request: web.Request) -> web.Response:
        try:
            return web.json_response(inspector.trail.details(int(request.match_info["number"])))
        except LookupError as error:
            raise web.HTTPNotFound(reason=str(error)) from None

    async def runs(_request: web.Request) -> web.Response:
        return web.json_response(await inspector.runs())

    async def behind(request: web.Request) -> web.Response:
        channel, ts = request.query.get("channel", ""), request.query.get("ts", "")
        return web.json_response(await inspector.behind(channel, ts, whole="whole" in request.query))

    return [
        web.get(r"/inspect/entry/{number:\d{1,9}}", entry),
        web.get("/inspect/runs", runs),
        web.get("/inspect/behind", behind),
    ]
