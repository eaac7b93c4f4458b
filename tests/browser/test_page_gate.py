"""Who is let in to the page: this start's token, this machine's name, the page itself; no browser is needed."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.clock import SystemClock
from bot.playground.page.server import PageServer, PortTakenError
from bot.playground.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Both emulators; the bot does not run."""
    async with World.open(SystemClock(), tmp_path, {}) as opened:
        yield opened


@pytest.fixture
async def url(world: World) -> AsyncIterator[str]:
    """The printed address of the page."""
    async with PageServer(world).serving("127.0.0.1", 0) as address:
        yield address


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


def origin(url: str) -> str:
    return url.partition("/?")[0]


async def test_nothing_is_served_without_the_token_of_this_start(url: str, browser: aiohttp.ClientSession) -> None:
    here = origin(url)
    for path in ("/", "/?token=guess", "/static/main.js", "/files/F1", "/live"):
        async with browser.get(here + path, headers={"Origin": here}) as answer:
            assert answer.status == 403, path
    async with browser.post(f"{here}/act/post", json={}, headers={"Origin": here}) as answer:
        assert answer.status == 403


async def test_the_token_becomes_a_cookie_and_leaves_the_address(url: str, browser: aiohttp.ClientSession) -> None:
    async with browser.get(url) as answer:
        assert (answer.status, str(answer.url)) == (200, f"{origin(url)}/")
        assert "Threadmate playground" in await answer.text()
    [cookie] = browser.cookie_jar
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie.value not in url


async def test_another_host_name_is_refused_even_with_the_token(url: str, browser: aiohttp.ClientSession) -> None:
    async with browser.get(url, headers={"Host": "playground.example"}) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("stranger", [None, "null", "http://playground.example", "http://127.0.0.1:1"])
async def test_another_page_can_neither_act_nor_listen(
    url: str, browser: aiohttp.ClientSession, stranger: str | None
) -> None:
    headers = {} if stranger is None else {"Origin": stranger}
    async with browser.get(url) as answer:
        assert answer.status == 200
    async with browser.post(f"{origin(url)}/act/post", json={}, headers=headers) as answer:
        assert answer.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.ws_connect(f"{origin(url)}/live", headers=headers)
    assert refused.value.status == 403


@pytest.mark.parametrize("path", ["/", "/static/page.css", "/files/none", "/nowhere"])
async def test_every_answer_forbids_frames_scripts_of_others_and_guessing(
    url: str, browser: aiohttp.ClientSession, path: str
) -> None:
    async with browser.get(url), browser.get(origin(url) + path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("dance", {}),
        ("post", {"me": "U0", "channel": "C0", "text": "hello"}),
        ("post", {"text": "hello", "channel": "C0000000000"}),
        ("post", {"channel": 7, "text": ["hello"]}),
        ("press", {"channel": "C0000001001", "ts": "1.1", "action": "stop"}),
        ("upload", {"name": "x"}),
    ],
)
async def test_what_cannot_be_done_is_answered_with_a_sentence(
    url: str, browser: aiohttp.ClientSession, name: str, given: dict[str, object]
) -> None:
    here = origin(url)
    async with browser.get(url), browser.ws_connect(f"{here}/live", headers={"Origin": here}) as live:
        me = (await live.receive_json())["hello"]["people"][0]["id"]
        said = {"me": me, **given}
        async with browser.post(f"{here}/act/{name}", json=said, headers={"Origin": here}) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"]


@pytest.mark.parametrize(
    "told",
    [
        {"Origin": "http://playground.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},  # a picture, a form or a link of another page has no Origin
        {"Host": "playground.example"},  # a name that was pointed at this machine
    ],
)
async def test_no_page_in_a_browser_reaches_the_emulators(
    world: World, browser: aiohttp.ClientSession, told: dict[str, str]
) -> None:
    slack, openai = world.slack, world.openai
    assert openai is not None
    file = slack.add_file("secret.txt", b"secret", world.people[0])
    hook = slack.new_response_url(next(iter(slack.channels)), "", world.people[0])
    urls = [slack.origin, f"{slack.api_url}auth.test", file["url_private"], f"{slack.foreign_origin}/{file['id']}"]
    for address in (
        *urls,
        hook,
        f"{slack.origin}/upload/v1/x",
        f"{slack.origin}/link",
        f"{openai.base_url}/models",
    ):
        for method in ("GET", "POST"):
            async with browser.request(method, address, headers=told) as answer:
                assert (answer.status, await answer.text()) == (403, "This is for programs on this machine."), (
                    address
                )
    assert slack.calls == []


async def test_the_emulators_want_their_tokens_and_give_no_address_away(
    world: World, browser: aiohttp.ClientSession
) -> None:
    assert world.openai is not None
    async with browser.post(f"{world.slack.api_url}auth.test") as answer:
        assert (await answer.json())["error"] == "not_authed"
    async with browser.get(f"{world.openai.base_url}/models") as answer:
        assert answer.status == 401
    channel, ann = next(iter(world.slack.channels)), world.people[0]
    one, other = (world.slack.new_response_url(channel, "", ann).rpartition("-")[2] for _ in range(2))
    assert one != other
    assert len(one) == 24


async def test_a_port_in_use_is_told(url: str, tmp_path: Path) -> None:
    port = int(origin(url).rpartition(":")[2])
    async with World.open(SystemClock(), tmp_path, {}) as world:
        with pytest.raises(PortTakenError, match=f"Port {port} is in use"):
            async with PageServer(world).serving("127.0.0.1", port):
                pass
