"""Functions: calls with their decisions, what one run is asked to do otherwise, and what channels and threads set.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create two tables, and columns for overrides and settings."""
    op.add_column("threads", sa.Column("muted", sa.Boolean))
    op.add_column("messages", sa.Column("overrides", sa.JSON(none_as_null=True)))
    op.add_column("runs", sa.Column("overrides", sa.JSON(none_as_null=True)))
    op.add_column("runs", sa.Column("action_until", sa.Float))
    op.add_column("channels", sa.Column("assistant", sa.String))
    op.add_column("channels", sa.Column("additional_instructions", sa.Text))
    op.add_column("channels", sa.Column("muted", sa.Boolean))
    op.create_table(
        "function_calls",
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.id", name="call_of_run"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("call_id", sa.String, nullable=False),
        sa.Column("response_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("arguments", sa.Text, nullable=False),
        sa.Column("approval", sa.Boolean, nullable=False),
        sa.Column("approvers", sa.JSON, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("decided_by", sa.String),
        sa.Column("decided_at", sa.Float),
        sa.Column("approved", sa.Boolean),
        sa.Column("output", sa.Text),
        sa.Column("started_at", sa.Float),
        sa.Column("finished_at", sa.Float),
        sa.UniqueConstraint("run_id", "call_id", name="one_row_per_call"),
    )
    op.create_table(
        "settings_changes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("team", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("thread_ts", sa.String),
        sa.Column("user", sa.String, nullable=False),
        sa.Column("setting", sa.String, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.Column("changed_at", sa.Float, nullable=False),
    )
    op.create_index("settings_changes_by_channel", "settings_changes", ["team", "channel"])
