"""The composition root: everything is opened here, wired here, and closed in order."""

import asyncio
import logging
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.anew import Anew
from bot.asking import Library
from bot.assistant.engine import Engine
from bot.assistant.files import FileShelf
from bot.attachments.changes import FileChanges
from bot.attachments.channel_stores import ChannelStores
from bot.attachments.ingest import Attachments
from bot.attachments.intake import Intake
from bot.attachments.library import Librarian
from bot.attachments.produced import Produced
from bot.attachments.removal import Removal
from bot.attachments.sweep import Sweep
from bot.borders import Borders
from bot.clock import Clock, SystemClock
from bot.connection import Connection
from bot.desk import FrontDesk
from bot.files.download import Downloads
from bot.files.folder import Folder
from bot.files.kinds import Policy
from bot.files.upload import Uploads
from bot.files_window import FilesWindow
from bot.inbox import Inbox
from bot.opinions import Opinions
from bot.pacing import Budget
from bot.people import People
from bot.pressed import Questions
from bot.runs import Desk, answer
from bot.settings import Settings
from bot.slack import Slack
from bot.step_details import StepDetails
from bot.surfaces import Surfaces
from bot.worker import Terms, Worker
from bot.workspaces import Workspace, Workspaces
from handlers import register
from storage.store import Store

log = logging.getLogger(__name__)

CONNECTIONS = 100  # to Slack at once, shared by all answers: each new one costs a TLS handshake
CONNECT_WITHIN = 10.0  # seconds


class Bot:
    """The running program."""

    def __init__(
        self,
        store: Store,
        worker: Worker,
        connection: Connection,
        removal: Removal,
        sweep: Sweep,
        librarian: Librarian,
        grace: float,
    ) -> None:
        self.store = store
        self.worker = worker
        self._connection = connection
        self.removal = removal
        self._sweep = sweep
        self._librarian = librarian
        self._grace = grace
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, clock: Clock) -> AsyncIterator["Bot"]:
        """Open everything; nothing is answered before `start`."""
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(Store.open(settings.database_url))
            session = await stack.enter_async_context(_session())
            client = _web_client(settings, session, settings.slack_bot_token.get_secret_value())
            workspaces = Workspaces({(home := await _workspace(client, clock)).team: home})
            engine = Engine.connect(settings.openai_api_key.get_secret_value(), settings.openai_base_url, clock)
            stack.push_async_callback(engine.close)
            folder = stack.enter_context(Folder.open())
            library = _library(settings, store, workspaces, engine, session, folder, clock)
            borders = Borders(store, workspaces, clock, allow_external=settings.allow_external)
            desk = _desk(settings, store, workspaces, engine, library, borders, clock)
            terms = Terms(settings.max_concurrent_runs, settings.lease_seconds)
            worker = Worker(store, partial(answer, desk), clock, terms)
            app = _bolt(settings, home)
            inbox = Inbox(
                store,
                workspaces,
                clock,
                worker.wake,
                follow=settings.follow_threads,
                allow_external=settings.allow_external,
                runs_per_person_hour=settings.max_runs_per_person_hour,
            )
            details = StepDetails(engine, store, workspaces, clock)
            removal = Removal(store, library.shelf, engine, workspaces, clock)
            changes = FileChanges(store, workspaces, library.attachments, removal, worker.wake)
            opinions, anew = Opinions(store, workspaces), Anew(inbox, store, workspaces)
            questions = Questions(inbox, store)
            librarian = Librarian(
                store, library.stores, library.attachments, workspaces, desk.people, borders, clock
            )
            files = FilesWindow(store, workspaces, desk.people, borders, removal.leave, settings.admins)
            register(
                app,
                FrontDesk(
                    inbox,
                    store,
                    workspaces,
                    details,
                    opinions,
                    anew,
                    questions,
                    changes,
                    librarian,
                    files,
                    borders,
                ),
            )
            connection = Connection(app, settings.slack_app_token.get_secret_value(), clock)
            idle, retention = settings.file_idle_days, settings.retention_days
            sweep = Sweep(store, removal, clock, idle_days=idle, retention_days=retention)
            yield cls(store, worker, connection, removal, sweep, librarian, settings.shutdown_grace)

    async def start(self) -> None:
        """Begin to answer; returns when events can arrive."""
        for work in (self.worker.run(), self.removal.run(), self._sweep.run(), self._librarian.run()):
            self._tasks.append(asyncio.create_task(work))
        await self._connection.open()
        self._tasks.append(asyncio.create_task(self._connection.watch()))

    async def stop(self) -> None:
        """End in the order of design §5, "Shutdown": nothing is lost, and what was cut is continued later."""
        await self.worker.drain(self._grace)
        await self._connection.close()
        await self.worker.let_go()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def run(settings: Settings) -> None:
    """Answer in Slack until SIGTERM or SIGINT; a second signal does not wait for answers under way."""
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    async with Bot.open(settings, SystemClock()) as bot:
        await bot.start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await told_to_stop.wait()
        log.info("stopping", extra={"busy": bot.worker.busy})
        await bot.stop()


def _session() -> aiohttp.ClientSession:
    """One session for all Slack calls; the client's own `timeout` is not used with it (reference §9.5)."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_WITHIN)
    return aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=CONNECTIONS))


def _web_client(settings: Settings, session: aiohttp.ClientSession | None, token: str | None) -> AsyncWebClient:
    """No retry handlers: the default one executes chat.startStream twice after a reset (reference trap 22)."""
    return AsyncWebClient(token, base_url=settings.slack_api_url, session=session, retry_handlers=[])


async def _workspace(client: AsyncWebClient, clock: Clock) -> Workspace:
    slack = Slack(client, clock, Budget(clock))
    me = await slack.call("auth.test")
    return Workspace(
        team=me["team_id"],
        slack=slack,
        bot_user=me["user_id"],
        bot_id=me["bot_id"],
        surfaces=Surfaces(clock),
        enterprise=me.get("enterprise_id"),
    )


def _library(
    settings: Settings,
    store: Store,
    workspaces: Workspaces,
    engine: Engine,
    session: aiohttp.ClientSession,
    folder: Folder,
    clock: Clock,
) -> Library:
    token = settings.slack_bot_token.get_secret_value()
    downloads = {
        team: Downloads(session, workspaces.of(team).slack, token, settings.slack_api_url, folder, clock)
        for team in workspaces.teams
    }
    shelf = FileShelf(engine)
    stores = ChannelStores(store, shelf)
    owner = secrets.token_hex(8)
    policy = Policy(
        settings.max_file_bytes,
        settings.inline_file_max_bytes,
        settings.inline_file_max_pages,
        "code_interpreter" in settings.assistant().tools,
    )
    intake = Intake(store, shelf, stores, folder, clock, policy, owner, settings.transcription_model)
    attachments = Attachments(store, intake, stores, downloads, clock, settings.max_files_per_thread)
    uploads = {team: Uploads(workspaces.of(team).slack, session, clock) for team in workspaces.teams}
    produced = Produced(store, shelf, uploads, folder, clock)
    return Library(attachments, shelf, stores, produced, settings.web_search_with_files)


def _desk(
    settings: Settings,
    store: Store,
    workspaces: Workspaces,
    engine: Engine,
    library: Library,
    borders: Borders,
    clock: Clock,
) -> Desk:
    return Desk(
        workspaces=workspaces,
        people={team: People(workspaces.of(team).slack, clock) for team in workspaces.teams},
        store=store,
        engine=engine,
        assistant=settings.assistant(),
        library=library,
        clock=clock,
        run_timeout=settings.run_timeout,
        runs_per_person_hour=settings.max_runs_per_person_hour,
        catch_up_messages=settings.catch_up_messages,
        borders=borders,
    )


def _bolt(settings: Settings, home: Workspace) -> AsyncApp:
    """Bolt, which acknowledges events after their handler and never calls `auth.test` (reference trap 21)."""
    token = settings.slack_bot_token.get_secret_value()

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=home.enterprise,
            team_id=home.team,
            bot_user_id=home.bot_user,
            bot_id=home.bot_id,
            bot_token=token,
        )

    return AsyncApp(
        name="threadmate",
        client=_web_client(settings, None, None),  # without a session: Bolt copies it for every click
        authorize=authorize,
        process_before_response=True,
        ignoring_self_events_enabled=False,  # ours are ignored by `addressing`, with a logged reason
        request_verification_enabled=False,  # Socket Mode signs nothing
    )
