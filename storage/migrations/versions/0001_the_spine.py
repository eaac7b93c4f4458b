"""Threads, messages, runs with their responses, replies and steps, feedback, and answers asked for anew.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ACTIVE = sa.text("status IN ('queued', 'in_progress', 'requires_action')")
WAITING = sa.text("state = 'waiting'")
TO_WITHDRAW = sa.text("withdraw_at IS NOT NULL")


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "threads",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("team", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("thread_ts", sa.String, nullable=False),
        sa.Column("memory", sa.String),
        sa.Column("tail_item_id", sa.String),
        sa.Column("following", sa.String),
        sa.Column("assistant", sa.String),
        sa.Column("additional_instructions", sa.Text),
        sa.Column("last_seen_ts", sa.String),
        sa.Column("last_message_ts", sa.String),
        sa.UniqueConstraint("team", "channel", "thread_ts", name="one_thread_per_place"),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("thread_id", sa.Integer, sa.ForeignKey("threads.id", name="run_of_thread"), nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("assistant", sa.JSON),
        sa.Column("stop_requested_by", sa.String),
        sa.Column("stop_requested_at", sa.Float),
        sa.Column("restart_requested", sa.Boolean, nullable=False),
        sa.Column("withdraw_at", sa.Float),
        sa.Column("tail_before", sa.String),
        sa.Column("seen_before", sa.String),
        sa.Column("tail_after", sa.String),
        sa.Column("lease_owner", sa.String),
        sa.Column("lease_until", sa.Float),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("lapses", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("input_tokens", sa.Integer),
        sa.Column("cached_tokens", sa.Integer),
        sa.Column("output_tokens", sa.Integer),
        sa.Column("reasoning_tokens", sa.Integer),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("first_text_at", sa.Float),
        sa.Column("finished_at", sa.Float),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("thread_id", sa.Integer, sa.ForeignKey("threads.id", name="message_of_thread"), nullable=False),
        sa.Column("team", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("ts", sa.String, nullable=False),
        sa.Column("user", sa.String, nullable=False),
        sa.Column("author_team", sa.String),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("state_since", sa.Float, nullable=False),
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.id", name="message_of_run")),
        sa.UniqueConstraint("team", "channel", "ts", name="one_message_per_ts"),
    )
    op.create_table(
        "responses",
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.id", name="response_of_run"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("response_id", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("item_ids", sa.JSON, nullable=False),
        sa.UniqueConstraint("run_id", "response_id", name="one_response_per_id"),
    )
    op.create_table(
        "replies",
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.id", name="reply_of_run"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("ts", sa.String),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("from_char", sa.Integer, nullable=False),
    )
    op.create_table(
        "run_steps",
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.id", name="step_of_run"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("started_at", sa.Float),
        sa.Column("finished_at", sa.Float),
        sa.Column("item_id", sa.String),
    )
    op.create_table(
        "feedback",
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.id", name="feedback_of_run"), primary_key=True),
        sa.Column("user", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("given_at", sa.Float, nullable=False),
    )
    op.create_table(
        "regenerations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.id", name="regeneration_of_run"), nullable=False),
        sa.Column("user", sa.String, nullable=False),
        sa.Column("asked_at", sa.Float, nullable=False),
    )
    op.create_index(
        "one_active_run_per_thread",
        "runs",
        ["thread_id"],
        unique=True,
        sqlite_where=ACTIVE,
        postgresql_where=ACTIVE,
    )
    op.create_index("runs_by_thread", "runs", ["thread_id"])
    op.create_index("runs_by_time", "runs", ["created_at"])
    op.create_index(
        "runs_to_withdraw", "runs", ["withdraw_at"], sqlite_where=TO_WITHDRAW, postgresql_where=TO_WITHDRAW
    )
    op.create_index("waiting_messages", "messages", ["ts", "thread_id"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.create_index("messages_by_thread", "messages", ["thread_id"])
    op.create_index("messages_by_run", "messages", ["run_id"])
    op.create_index("replies_by_ts", "replies", ["ts"])
    op.create_index("regenerations_by_time", "regenerations", ["asked_at"])
