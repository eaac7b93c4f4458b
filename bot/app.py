"""The composition root: everything is opened here, wired here, and closed in order."""

import asyncio
import logging
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.anew import Anew
from bot.approvals import Approvals
from bot.asking import Library
from bot.assistant.engine import Engine
from bot.assistant.files import FileShelf
from bot.assistants_open import open_assistants
from bot.assistants_watch import AssistantsNow
from bot.attachments.changes import FileChanges
from bot.attachments.channel_stores import ChannelStores
from bot.attachments.ingest import Attachments
from bot.attachments.intake import Intake
from bot.attachments.library import Librarian
from bot.attachments.produced import Produced
from bot.attachments.removal import Removal
from bot.attachments.sweep import Sweep
from bot.borders import Borders
from bot.choice import Choice
from bot.clock import Clock, SystemClock
from bot.command import Command
from bot.connection import Connection
from bot.desk import FrontDesk
from bot.fencing import traced
from bot.files.download import Downloads
from bot.files.folder import Folder
from bot.files.kinds import Policy
from bot.files.upload import Uploads
from bot.files_window import FilesWindow
from bot.functions.calling import Caller
from bot.functions.declared import importable_from
from bot.functions.offered import Functions
from bot.health import Health, Organs
from bot.inbox import Inbox
from bot.logs import unhandled
from bot.metrics import Metrics
from bot.opinions import Opinions
from bot.options_window import OptionsWindow
from bot.pacing import Budget
from bot.people import People
from bot.preferences import Setter
from bot.pressed import Questions
from bot.quiet import Quiet
from bot.runs import Desk, answer
from bot.settings import Settings, traces_wanted, variable
from bot.slack import Slack
from bot.step_details import StepDetails
from bot.surfaces import Surfaces
from bot.tracing import SILENCE, Tracer, opened
from bot.worker import Terms, Worker
from bot.workspaces import Workspace, Workspaces
from handlers import SUBSCRIPTIONS, register
from storage.store import Store

log = logging.getLogger(__name__)

CONNECTIONS = 100  # to Slack at once, shared by all answers: each new one costs a TLS handshake
CONNECT_WITHIN = 10.0  # seconds
ARRIVES = (*SUBSCRIPTIONS, "interactive", "slash_commands")
"""What Slack sends, by type: events, and the envelopes of what people press and type."""


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
        health: Health,
        assistants: AssistantsNow,
    ) -> None:
        self.store = store
        self.worker = worker
        self._connection = connection
        self.removal = removal
        self._sweep = sweep
        self._librarian = librarian
        self._grace = grace
        self.health = health
        self.assistants = assistants
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, clock: Clock, tracer: Tracer = SILENCE) -> AsyncIterator["Bot"]:
        """Open everything; nothing is answered before `start`."""
        async with AsyncExitStack() as stack:
            metrics = Metrics(ARRIVES)
            health = await stack.enter_async_context(_health(settings, metrics, clock))
            assistants = open_assistants(settings, clock)
            store = await stack.enter_async_context(Store.open(settings.database_url))
            choice = Choice(assistants, store.channels)
            session = await stack.enter_async_context(_session())
            client = _web_client(settings, session, settings.slack_bot_token.get_secret_value())
            home = await _workspace(client, clock, settings.slack_budget_share, metrics)
            workspaces = Workspaces({home.team: home})
            key = settings.openai_api_key.get_secret_value()
            engine = Engine.connect(key, settings.openai_base_url, clock, failed=metrics.openai_error)
            stack.push_async_callback(engine.close)
            folder = stack.enter_context(Folder.open())
            library = _library(settings, store, workspaces, engine, session, folder, choice, clock)
            borders = Borders(store, workspaces, clock, allow_external=settings.allow_external)
            functions = stack.enter_context(_functions(settings, clock))
            desk = _desk(settings, store, workspaces, engine, library, functions, borders, choice, clock, metrics)
            lease = settings.lease_seconds
            terms = Terms(settings.max_concurrent_runs, lease)
            worker = Worker(store, partial(answer, desk), clock, terms, metrics, tracer)
            app = _bolt(settings, home)
            inbox = Inbox(
                store,
                workspaces,
                clock,
                worker.wake,
                follow=settings.follow_threads,
                allow_external=settings.allow_external,
                runs_per_person_hour=settings.max_runs_per_person_hour,
                tracer=tracer,
            )
            removal = Removal(store, library.shelf, engine, workspaces, clock, lease_seconds=lease)
            changes = FileChanges(store, workspaces, library.attachments, removal, worker.wake)
            librarian = _librarian(lease, store, workspaces, library, desk, borders, clock)
            register(app, _front(settings, desk, inbox, changes, librarian, removal, worker))
            connection = Connection(app, settings.slack_app_token.get_secret_value(), clock, metrics.event)
            health.watch(Organs(store, worker, connection, workspaces))
            idle, retention = settings.file_idle_days, settings.retention_days
            sweep = Sweep(store, removal, clock, idle_days=idle, retention_days=retention, lease_seconds=lease)
            yield cls(
                store, worker, connection, removal, sweep, librarian, settings.shutdown_grace, health, assistants
            )

    async def start(self) -> None:
        """Begin to answer; returns when events can arrive."""
        works = (self.worker.run(), self.removal.run(), self._sweep.run(), self._librarian.run())
        for work in (*works, self.assistants.watch()):
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
    loop.set_exception_handler(unhandled)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    async with opened(traces_wanted()) as tracer, Bot.open(settings, SystemClock(), tracer) as bot:
        await bot.start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await told_to_stop.wait()
        log.info("stopping", extra={"busy": bot.worker.busy})
        await bot.stop()


@asynccontextmanager
async def _health(settings: Settings, metrics: Metrics, clock: Clock) -> AsyncIterator[Health]:
    """What tells how the program is, told from now on where a port is set."""
    health = Health(metrics, clock)
    if settings.health_port is None:
        yield health
        return
    async with health.served(settings.health_host, settings.health_port):
        yield health


def _session() -> aiohttp.ClientSession:
    """One session for all Slack calls; the client's own `timeout` is not used with it (reference §9.5)."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_WITHIN)
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    return aiohttp.ClientSession(timeout=timeout, connector=connector, trace_configs=[traced()])


def _web_client(settings: Settings, session: aiohttp.ClientSession | None, token: str | None) -> AsyncWebClient:
    """No retry handlers: the default one executes chat.startStream twice after a reset (reference trap 22)."""
    return AsyncWebClient(token, base_url=settings.slack_api_url, session=session, retry_handlers=[])


async def _workspace(client: AsyncWebClient, clock: Clock, share: float, metrics: Metrics) -> Workspace:
    slack = Slack(client, clock, Budget(clock, share), metrics.slack_call)
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
    choice: Choice,
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
        any("code_interpreter" in one.tools for one in choice.assistants.by_key.values()),
    )
    intake = Intake(
        store,
        shelf,
        stores,
        folder,
        clock,
        policy,
        owner,
        settings.transcription_model,
        lease_seconds=settings.lease_seconds,
    )
    attachments = Attachments(store, intake, stores, downloads, clock, settings.max_files_per_thread)
    uploads = {team: Uploads(workspaces.of(team).slack, session, clock) for team in workspaces.teams}
    produced = Produced(store, shelf, uploads, folder, clock)
    return Library(attachments, shelf, stores, produced, settings.web_search_with_files, variable)


@contextmanager
def _functions(settings: Settings, clock: Clock) -> Iterator[Functions]:
    caller = Caller(clock)
    importable_from(Path.cwd())
    rounds, timeout = settings.max_function_rounds, settings.approval_timeout
    with closing(caller):
        yield Functions(caller, max_rounds=rounds, approval_timeout=timeout)


def _desk(
    settings: Settings,
    store: Store,
    workspaces: Workspaces,
    engine: Engine,
    library: Library,
    functions: Functions,
    borders: Borders,
    choice: Choice,
    clock: Clock,
    metrics: Metrics,
) -> Desk:
    return Desk(
        workspaces=workspaces,
        people={team: People(workspaces.of(team).slack, clock) for team in workspaces.teams},
        store=store,
        engine=engine,
        choice=choice,
        functions=functions,
        library=library,
        clock=clock,
        run_timeout=settings.run_timeout,
        runs_per_person_hour=settings.max_runs_per_person_hour,
        catch_up_messages=settings.catch_up_messages,
        borders=borders,
        metrics=metrics,
    )


def _front(
    settings: Settings,
    desk: Desk,
    inbox: Inbox,
    changes: FileChanges,
    librarian: Librarian,
    removal: Removal,
    worker: Worker,
) -> FrontDesk:
    store, workspaces, people = desk.store, desk.workspaces, desk.people
    borders, choice, clock = desk.borders, desk.choice, desk.clock
    setter = Setter(store, workspaces, people, borders)
    models = settings.allowed_models
    return FrontDesk(
        inbox=inbox,
        store=store,
        workspaces=workspaces,
        details=StepDetails(desk.engine, store, workspaces, choice, clock),
        opinions=Opinions(store, workspaces),
        anew=Anew(inbox, store, workspaces),
        questions=Questions(inbox, store),
        changes=changes,
        librarian=librarian,
        files=FilesWindow(store, workspaces, people, borders, removal.leave, settings.admins),
        borders=borders,
        choice=choice,
        approvals=Approvals(store, workspaces, people, worker.wake),
        command=Command(store, setter, choice),
        options=OptionsWindow(inbox, store, workspaces, people, setter, choice, clock, models),
        quiet=Quiet(store, clock),
    )


def _librarian(
    lease: float,
    store: Store,
    workspaces: Workspaces,
    library: Library,
    desk: Desk,
    borders: Borders,
    clock: Clock,
) -> Librarian:
    stores, attachments, people = library.stores, library.attachments, desk.people
    return Librarian(store, stores, attachments, workspaces, people, borders, clock, lease_seconds=lease)


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
        attaching_conversation_kwargs_enabled=False,  # Bolt cannot copy them for lazy listeners
    )
