"""Chores: what one process at a time does for all.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "chores",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("owner", sa.String),
        sa.Column("until", sa.Float),
        sa.Column("done_by", sa.String),
        sa.Column("done_at", sa.Float),
    )
