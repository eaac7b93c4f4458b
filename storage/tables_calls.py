"""The tables of function calls, and of what people set: see `storage.tables`."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.tables import metadata

function_calls = Table(
    "function_calls",
    metadata,
    Column("run_id", ForeignKey("runs.id", name="call_of_run"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("call_id", String, nullable=False),
    Column("response_id", String, nullable=False),  # the response that asked for it
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("arguments", Text, nullable=False),  # the very text that is shown, and executed
    Column("approval", Boolean, nullable=False),  # people are asked before
    Column("approvers", JSON, nullable=False),  # Slack's user ids; none: whoever asked
    Column("state", String, nullable=False),
    Column("decided_by", String),
    Column("decided_at", Float),
    Column("approved", Boolean),
    Column("output", Text),
    Column("started_at", Float),
    Column("finished_at", Float),
    UniqueConstraint("run_id", "call_id", name="one_row_per_call"),
)

settings_changes = Table(
    "settings_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("team", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("thread_ts", String),  # None: it holds for the channel
    Column("user", String, nullable=False),
    Column("setting", String, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("changed_at", Float, nullable=False),
)

Index("settings_changes_by_channel", settings_changes.c.team, settings_changes.c.channel)
