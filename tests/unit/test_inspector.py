"""The inspector's pure parts: what is hidden, what belongs to whom, what is armed, time that is put forward."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.playground.clock import START, ShiftedClock, SteppedClock
from bot.playground.faults import Fault, FaultKind, Faults
from bot.playground.inspector.marks import Marks, of_call, of_delivery, of_request
from bot.playground.inspector.rows import Database, Story
from bot.playground.inspector.told import details, line
from bot.playground.inspector.trail import KEPT, Entry, Trace, Trail, of_message, of_run, of_thread
from bot.playground.inspector.trouble import ANY, Trouble, broken
from bot.playground.inspector.veil import HIDDEN, LONGEST, Veil
from bot.playground.openai import EmulatedOpenAI
from bot.playground.openai.script import Error, FileSearch, Script, Text
from bot.playground.openai.server import Request
from bot.playground.slack import EmulatedSlack
from bot.playground.slack.records import Call
from bot.playground.slack.socket_mode import Envelope
from storage.tables import metadata

# -- what is hidden


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("key hunter2, twice hunter2", f"key {HIDDEN}, twice {HIDDEN}"),
        ({"a": ["xoxb-1-other", 7, None, True]}, {"a": [HIDDEN, 7, None, True]}),
        ({"token": "deprecated", "input_tokens": 3}, {"token": HIDDEN, "input_tokens": 3}),
        ("ws://127.0.0.1/link?ticket=abc&app_id=A1", f"ws://127.0.0.1/link?ticket={HIDDEN}&app_id=A1"),
        ("http://127.0.0.1/actions/T1-001", f"http://127.0.0.1/actions/{HIDDEN}"),
        ("a task-runner, risk-averse", "a task-runner, risk-averse"),
    ],
)
def test_secrets_and_what_looks_like_them_are_hidden(value: object, shown: object) -> None:
    assert Veil(["hunter2", ""]).over(value) == shown


def test_endless_text_is_cut() -> None:
    assert Veil([]).text("x" * (LONGEST + 5)).endswith("(5 more characters)")


# -- what traffic is about


@pytest.mark.parametrize(
    ("marks", "wanted"),
    [
        (
            of_delivery({"event": {"type": "message", "channel": "C1", "ts": "1.2", "thread_ts": "1.1"}}),
            Marks("C1", "1.1", frozenset({"1.2"})),
        ),
        (
            of_delivery({"event": {"channel": "C1", "ts": "9.9", "message": {"ts": "1.2", "thread_ts": "1.1"}}}),
            Marks("C1", "1.1", frozenset({"1.2", "9.9"})),
        ),
        (
            of_delivery({"channel": {"id": "C1"}, "container": {"message_ts": "1.2"}, "trigger_id": "t1"}),
            Marks("C1", "", frozenset({"1.2"}), frozenset({"t1"})),
        ),
        (
            of_call("chat.startStream", {"channel": "C1", "thread_ts": "1.1"}, {"ts": "1.3"}),
            Marks("C1", "1.1", frozenset({"1.3"})),
        ),
        (of_call("conversations.replies", {"channel": "C1", "ts": "1.1"}, {}), Marks("C1", "1.1")),
        (
            of_call("views.open", {"trigger_id": "t1"}, {"view": {"id": "V1"}}),
            Marks(names=frozenset({"t1", "V1"})),
        ),
        (
            of_request("/responses", {"conversation": "conv_1", "metadata": {"run": "r1"}}, {"id": "resp_1"}),
            Marks(names=frozenset({"conv_1", "r1", "resp_1"})),
        ),
        (
            of_request("/vector_stores/vs_1/files", {"file_id": "file-1"}, {}),
            Marks(names=frozenset({"vs_1", "file-1"})),
        ),
    ],
)
def test_traffic_is_about_a_thread_messages_and_names(marks: Marks, wanted: Marks) -> None:
    assert marks == wanted


def delivery(**more: Any) -> Envelope:
    event = {"type": "message", "channel": "C1", "ts": "1.1", "text": "hello"}
    return Envelope("e1", "events_api", {"event": event}, at=10, **more)


@pytest.mark.parametrize(
    ("envelope", "state", "mood"),
    [
        (delivery(), "not sent yet: no socket", "busy"),
        (delivery(sent=2), "sent 2 times, waiting", "busy"),
        (delivery(sent=1, acked=True, acked_at=10.02), "acknowledged after 20 ms", ""),
        (delivery(sent=3, acked=True, acked_at=74), "sent 3 times, acknowledged after 64.0 s", ""),
    ],
)
def test_a_delivery_says_how_often_it_was_sent_and_whether_it_arrived(
    envelope: Envelope, state: str, mood: str
) -> None:
    told = line(envelope, {"e1"})
    assert (told.title, told.note, told.state, told.mood) == ("message", "hello", state, mood)


def test_a_delivery_that_nobody_waits_for_any_more_was_given_up() -> None:
    assert line(delivery(sent=4)).state == "sent 4 times, given up"


def test_calls_and_requests_say_how_they_were_answered() -> None:
    limited = Call("chat.update", {"text": "x"}, 1, status=429, error="ratelimited")
    lost = Call("chat.update", {"chunks": '[{"text": "a"}, {"title": "Step"}]'}, 1, executed=True)
    refused = Request("POST", "/responses", {}, 1, 429, b'{"error": {"code": "rate_limit_exceeded"}}')
    upload = Request("POST", "/files", {"file": {"filename": "a.txt"}}, 1, 200, b'{"id": "file-1"}')
    told = [line(one) for one in (limited, lost, refused, upload)]
    assert [(one.note, one.state, one.mood) for one in told] == [
        ("x", "429 ratelimited", "bad"),
        ("a · Step", "executed, not answered", "busy"),
        ("", "429 rate_limit_exceeded", "bad"),
        ("a.txt", "200", ""),
    ]
    assert "file-1" in told[-1].marks.names
    assert details(upload)["answer"] == {"id": "file-1"}


# -- what is behind a message


def entries(*marks: Marks) -> list[Entry]:
    call = Call("x", {}, 0)
    return [Entry(number, 0, call, line(call), one, number) for number, one in enumerate(marks, start=1)]


def test_an_answer_has_what_names_it_and_what_was_done_in_its_thread_meanwhile() -> None:
    def thread(*messages: str) -> Marks:
        return Marks("C1", "1.1", frozenset(messages))

    all_of_it = entries(
        thread(),  # before
        thread("1.1"),  # its question
        thread(),  # a status
        Marks(channel="C1", thread="7.7"),  # another thread
        Marks(names=frozenset({"conv_1"})),  # its memory
        Marks(names=frozenset({"resp_1", "cntr_1"})),
        Marks(names=frozenset({"cntr_1"})),  # what its code made
        thread("1.4"),  # the next question
        thread(),  # the next status
        thread("1.2"),  # its answer, when somebody pressed a button there
    )
    first = Trace(frozenset({"r1", "resp_1"}), frozenset({"1.1"}), frozenset({"1.2"}))
    runs = [first, Trace(frozenset({"r2"}), frozenset({"1.4"}))]
    place = ("C1", "1.1")
    assert of_run(all_of_it, place, "conv_1", runs, 0) == [2, 3, 5, 6, 7, 10]
    assert of_run(all_of_it, place, "conv_1", runs, 1) == [8, 9]
    assert of_thread(all_of_it, place, "conv_1", runs) == [1, 2, 3, 5, 6, 8, 9, 10]
    assert of_message(all_of_it, "C1", "1.4") == [8]


def test_a_question_that_is_tried_again_is_behind_both_of_its_answers() -> None:
    def thread(*messages: str) -> Marks:
        return Marks("C1", "1.1", frozenset(messages))

    all_of_it = entries(
        thread("1.1"),  # the question, whose row names the second run by now
        thread(),  # a status
        Marks(names=frozenset({"r1"})),
        thread("1.2"),  # an answer that failed, and the press on its button
        thread(),
        Marks(names=frozenset({"r2"})),
        thread("1.3"),
        thread(),
    )
    failed = Trace(frozenset({"r1"}), written=frozenset({"1.2"}))
    again = Trace(frozenset({"r2"}), frozenset({"1.1"}), frozenset({"1.3"}))
    assert of_run(all_of_it, ("C1", "1.1"), None, [failed, again], 0) == [1, 2, 3, 4, 5]
    assert of_run(all_of_it, ("C1", "1.1"), None, [failed, again], 1) == [1, 6, 7, 8]


def test_the_trail_tells_only_what_is_new_or_has_changed_and_keeps_the_newest() -> None:
    slack = EmulatedSlack(SteppedClock())
    channel = slack.add_channel("general")
    trail = Trail(slack, None, Veil([slack.bot_token]))
    call = Call("chat.postMessage", {"channel": channel, "text": f"my {slack.bot_token}"}, 1)
    slack.calls.append(call)
    trail.refresh()
    [shown] = trail.since(0)
    assert (shown["note"], shown["state"]) == (f"my {HIDDEN}", "not answered")
    seen = trail.version
    trail.refresh()
    assert trail.since(seen) == []
    call.status, call.answer = 200, {"ok": True, "ts": "1.5"}
    trail.refresh()
    assert [one["state"] for one in trail.since(seen)] == ["ok"]
    assert trail.details(shown["n"])["arguments"]["text"] == f"my {HIDDEN}"
    slack.calls.extend(Call("auth.test", {}, 2, status=200) for _ in range(2 * KEPT))
    trail.refresh()
    assert len(trail.entries()) == KEPT
    with pytest.raises(LookupError):
        trail.details(shown["n"])


def test_a_modal_is_about_the_message_whose_button_opened_it() -> None:
    slack = EmulatedSlack(SteppedClock())
    press = {"channel": {"id": "C1"}, "container": {"message_ts": "1.2", "thread_ts": "1.1"}, "trigger_id": "t"}
    slack.calls.append(Call("views.open", {"trigger_id": "t"}, 2, 200, answer={"view": {"id": "V1"}}))
    slack._sockets.journal.append(Envelope("e1", "interactive", press, at=1))
    slack._sockets.journal.append(Envelope("e2", "interactive", {"view": {"id": "V1"}}, at=3))
    trail = Trail(slack, None, Veil([]))
    trail.refresh()
    assert of_message(trail.entries(), "C1", "1.2") == [1, 2, 3]


# -- rows


def write(file: Path, statements: list[tuple[str, tuple[object, ...]]]) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for table in metadata.tables.values():
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            connection.execute(f"CREATE TABLE {table.name} ({columns})")
        for statement, values in statements:
            connection.execute(statement, values)
        connection.commit()


async def test_the_rows_of_a_message_are_those_of_the_run_that_answers_or_wrote_it(tmp_path: Path) -> None:
    file = tmp_path / "a database.db"
    write(
        file,
        [
            ("INSERT INTO threads (id, channel, thread_ts, memory) VALUES (1, 'C1', '1.1', 'conv_1')", ()),
            ("INSERT INTO runs (id, thread_id, status, created_at) VALUES ('r1', 1, 'completed', 1.0)", ()),
            ("INSERT INTO runs (id, thread_id, status, created_at) VALUES ('r2', 1, 'running', 2.0)", ()),
            ("INSERT INTO messages (thread_id, channel, ts, run_id) VALUES (1, 'C1', '1.1', 'r1')", ()),
            ("INSERT INTO messages (thread_id, channel, ts, run_id) VALUES (1, 'C1', '1.4', 'r2')", ()),
            ("INSERT INTO messages (thread_id, channel, ts) VALUES (1, 'C1', '1.6')", ()),
            ("INSERT INTO replies (run_id, position, ts) VALUES ('r1', 0, '1.2')", ()),
            ("INSERT INTO responses (run_id, position, response_id) VALUES ('r1', 0, 'resp_1')", ()),
            ("INSERT INTO files (id, openai_file_id) VALUES (5, 'file-1')", ()),
            ("INSERT INTO file_places (file_id, channel, message_ts) VALUES (5, 'C1', '1.1')", ()),
        ],
    )
    database = Database(file)
    assert [(run["id"], run["message_ts"]) for run in await database.runs()] == [("r2", "1.4"), ("r1", "1.1")]
    answer = await database.story("C1", "1.2")
    assert (answer.run, answer.thread_ts, answer.memory) == ("r1", "1.1", "conv_1")
    assert list(answer.traces) == ["r1", "r2"]
    assert answer.traces["r1"] == Trace(
        frozenset({"r1", "resp_1", "file-1"}), frozenset({"1.1"}), frozenset({"1.2"})
    )
    assert list(answer.tables) == ["threads", "runs", "messages", "responses", "replies"]
    waiting = await database.story("C1", "1.6")
    assert (waiting.run, list(waiting.tables)) == (None, ["threads", "messages"])
    assert await database.story("C1", "8.8") == Story()


async def test_without_a_database_there_are_no_rows_and_none_is_made(tmp_path: Path) -> None:
    database = Database(tmp_path / "none.db")
    assert (await database.runs(), await database.story("C1", "1.1")) == ([], Story())
    assert not (tmp_path / "none.db").exists()


# -- faults


def test_one_of_several_calls_meets_a_fault_once_and_a_fault_can_be_taken_back() -> None:
    faults, fault, queued = Faults(), Fault(FaultKind.HOLD), Fault(FaultKind.HOLD)
    faults.add("b", queued)
    faults.either(["a", "b"], fault)
    assert [faults.take(name) for name in ("c", "b", "b", "a")] == [None, queued, fault, None]
    faults.either(["a"], fault)
    faults.add("a", queued)
    faults.take_back(fault)
    faults.take_back(queued)
    assert faults.take("a") is None


@pytest.mark.parametrize("name", ["slack-429", "slack-lost", "openai-500", "openai-limit", "openai-silent"])
async def test_what_is_armed_is_said_and_can_be_disarmed(name: str) -> None:
    slack, openai = EmulatedSlack(SteppedClock()), EmulatedOpenAI(SteppedClock())
    trouble = Trouble(slack, openai)

    def state() -> object:
        return next(one["state"] for one in trouble.listed() if one["name"] == name)

    assert state() == ""
    await trouble.arm(name, ANY)
    assert state() == "armed"
    trouble.disarm(name)
    assert state() == ""
    assert slack.faults.take("chat.update") is None
    assert openai.faults.take("POST /responses") is None
    await trouble.arm(name, ANY)
    await trouble.arm(name, ANY)  # again, not twice
    faults, call = (
        (slack.faults, "chat.update") if name.startswith("slack") else (openai.faults, "POST /responses")
    )
    fault = faults.take(call)
    assert fault is not None
    assert faults.take(call) is None
    fault.reached.set()
    assert state() in ("met", "on")


async def test_sockets_are_refused_until_they_are_allowed_and_openai_is_left_alone_where_it_is_real() -> None:
    slack = EmulatedSlack(SteppedClock())
    trouble = Trouble(slack, None)
    await trouble.arm("refuse")
    assert slack.refuse_sockets
    trouble.disarm("refuse")
    assert not slack.refuse_sockets
    assert [one["name"] for one in trouble.listed()] == ["drop", "refuse", "slack-429", "slack-lost"]
    for name, method in (("openai-500", ""), ("slack-429", "no.method"), ("", "")):
        with pytest.raises(LookupError):
            await trouble.arm(name, method)


def test_an_answer_breaks_off_half_way_through_its_text() -> None:
    script = broken(Script(FileSearch(["x"]), Text("one two three four"), Text("never")))
    search, text, ending = script.parts
    assert isinstance(search, FileSearch)
    assert isinstance(text, Text)
    assert isinstance(ending, Error)
    assert text.whole() == "one two "
    assert isinstance(broken(Script()).parts[-1], Error)


# -- time


async def woken(wait: Callable[[ShiftedClock], Awaitable[object]], *moves: float) -> list[bool]:
    """Whether that wait is over after each move of the clock that is shifted."""
    clock = ShiftedClock(SteppedClock())
    task = asyncio.ensure_future(wait(clock))
    over: list[bool] = []
    for seconds in moves:
        await asyncio.sleep(0)
        clock.put_forward(seconds)
        for _ in range(10):
            await asyncio.sleep(0)
        over.append(task.done())
    if not task.done():
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return over


async def test_whoever_waits_for_a_moment_that_was_skipped_wakes() -> None:
    async def in_time(clock: ShiftedClock) -> None:
        with pytest.raises(TimeoutError):
            async with clock.timeout(60):
                await asyncio.Event().wait()

    assert await woken(lambda clock: clock.sleep(60), 59, 1) == [False, True]
    assert await woken(in_time, 59, 1) == [False, True]
    assert await woken(lambda clock: clock.sleep(60), 3600) == [True]


async def test_the_shifted_clock_goes_as_the_other_one_goes() -> None:
    stepped = SteppedClock()
    clock = ShiftedClock(stepped)
    clock.put_forward(100)
    waiting = asyncio.ensure_future(clock.sleep(5))
    await asyncio.sleep(0)
    await stepped.advance(5)
    await asyncio.wait_for(waiting, 5)
    assert (clock.time(), clock.monotonic(), clock.ahead) == (START + 105, 105, 100)
    async with clock.timeout(5):
        pass
    for seconds in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="forward"):
            clock.put_forward(seconds)
