"""The tables, their keys and indexes: order and exclusion are constraints here, not locks in memory."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from storage.records import ACTIVE, MessageState

metadata = MetaData()

threads = Table(
    "threads",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("team", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("thread_ts", String, nullable=False),
    Column("memory", String),
    Column("tail_item_id", String),
    Column("following", String),
    Column("assistant", String),
    Column("additional_instructions", Text),
    Column("last_seen_ts", String),
    Column("last_message_ts", String),
    Column("muted", Boolean),
    UniqueConstraint("team", "channel", "thread_ts", name="one_thread_per_place"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("thread_id", ForeignKey("threads.id", name="run_of_thread"), nullable=False),
    Column("status", String, nullable=False),
    Column("assistant", JSON(none_as_null=True)),
    Column("overrides", JSON(none_as_null=True)),  # what this run is asked to do otherwise
    Column("action_until", Float),  # how long it waits for people to decide
    Column("stop_requested_by", String),
    Column("stop_requested_at", Float),
    Column("restart_requested", Boolean, nullable=False),
    Column("withdraw_at", Float),  # from then on its answer is to be withdrawn
    Column("tail_before", String),  # these three since it ended last: where the thread stood before it,
    Column("seen_before", String),
    Column("tail_after", String),  # and behind it
    Column("lease_owner", String),
    Column("lease_until", Float),  # seconds since the epoch, by the database's clock, as all times here
    Column("attempt", Integer, nullable=False),
    Column("lapses", Integer, nullable=False),
    Column("error", Text),
    Column("parts_left", Boolean),  # documents that its turn was given are to be taken out of the memory yet
    Column("input_tokens", Integer),  # the four are known together, or not at all
    Column("cached_tokens", Integer),
    Column("output_tokens", Integer),
    Column("reasoning_tokens", Integer),
    Column("created_at", Float, nullable=False),
    Column("first_text_at", Float),
    Column("finished_at", Float),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("thread_id", ForeignKey("threads.id", name="message_of_thread"), nullable=False),
    Column("team", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("ts", String, nullable=False),
    Column("user", String, nullable=False),
    Column("author_team", String),
    Column("shared", Boolean, nullable=False),
    Column("text", Text),  # null once erased
    Column("files", JSON, nullable=False),
    Column("transcripts", JSON(none_as_null=True)),  # of its recordings: Slack's file id -> what was heard
    Column("state", String, nullable=False),
    Column("state_since", Float, nullable=False),
    Column("run_id", ForeignKey("runs.id", name="message_of_run")),
    Column("overrides", JSON(none_as_null=True)),  # what its run shall do otherwise
    Column("pressed", String),  # the button that asked it, by its message's ts and its number
    UniqueConstraint("team", "channel", "ts", name="one_message_per_ts"),
)

responses = Table(
    "responses",
    metadata,
    Column("run_id", ForeignKey("runs.id", name="response_of_run"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("response_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("item_ids", JSON, nullable=False),
    UniqueConstraint("run_id", "response_id", name="one_response_per_id"),
)

replies = Table(
    "replies",
    metadata,
    Column("run_id", ForeignKey("runs.id", name="reply_of_run"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("ts", String),
    Column("state", String, nullable=False),
    Column("from_char", Integer, nullable=False),
)

run_steps = Table(
    "run_steps",
    metadata,
    Column("run_id", ForeignKey("runs.id", name="step_of_run"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("type", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", String, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
    Column("item_id", String),
)

feedback = Table(
    "feedback",
    metadata,
    Column("run_id", ForeignKey("runs.id", name="feedback_of_run"), primary_key=True),
    Column("user", String, primary_key=True),
    Column("value", String, nullable=False),
    Column("reason", Text),
    Column("given_at", Float, nullable=False),
)

regenerations = Table(
    "regenerations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", ForeignKey("runs.id", name="regeneration_of_run"), nullable=False),
    Column("user", String, nullable=False),
    Column("asked_at", Float, nullable=False),
)

chores = Table(
    "chores",
    metadata,
    Column("name", String, primary_key=True),
    Column("owner", String),  # who does it at the moment, and for how long nobody else begins to
    Column("until", Float),
    Column("done_by", String),  # whoever has done it last
    Column("done_at", Float),
)


def is_waiting() -> ColumnElement[bool]:
    """The message has no run yet. Written out, not bound, so that the partial index is used."""
    return messages.c.state == literal_column(f"'{MessageState.WAITING}'")


def is_active(run: FromClause = runs) -> ColumnElement[bool]:
    """The run has not ended. Written out, not bound, so that the partial index is used."""
    return run.c.status.in_([literal_column(f"'{status}'") for status in ACTIVE])


Index(
    "one_active_run_per_thread",
    runs.c.thread_id,
    unique=True,
    sqlite_where=is_active(),
    postgresql_where=is_active(),
)
Index("runs_by_thread", runs.c.thread_id)
Index(
    "runs_to_withdraw",
    runs.c.withdraw_at,
    sqlite_where=runs.c.withdraw_at.is_not(None),
    postgresql_where=runs.c.withdraw_at.is_not(None),
)
Index("runs_by_time", runs.c.created_at)
Index(
    "waiting_messages",
    messages.c.ts,
    messages.c.thread_id,
    sqlite_where=is_waiting(),
    postgresql_where=is_waiting(),
)
Index("one_question_per_button", messages.c.team, messages.c.channel, messages.c.pressed, unique=True)
Index("messages_by_thread", messages.c.thread_id)
Index("messages_by_run", messages.c.run_id)
Index("replies_by_ts", replies.c.ts)
Index("regenerations_by_time", regenerations.c.asked_at)
