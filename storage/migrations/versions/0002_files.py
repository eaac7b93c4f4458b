"""Files: what lies at OpenAI, where it was posted, channels with their stores, and what answers drew on and made.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LIVE = sa.text("state != 'leaving'")
LEAVING = sa.text("state = 'leaving'")
DELETING = sa.text("state = 'deleting'")


def upgrade() -> None:
    """Create the six tables, and columns for what messages and runs have to do with files."""
    op.add_column("messages", sa.Column("transcripts", sa.JSON(none_as_null=True)))
    op.add_column("messages", sa.Column("pressed", sa.String))
    op.create_index("one_question_per_button", "messages", ["team", "channel", "pressed"], unique=True)
    op.add_column("runs", sa.Column("parts_left", sa.Boolean))
    op.create_table(
        "files",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("team", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("copy", sa.Integer, nullable=False),
        sa.Column("openai_file_id", sa.String),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("expires_after", sa.Integer),
        sa.Column("expires_at", sa.Float),
        sa.Column("upload_owner", sa.String),
        sa.Column("upload_until", sa.Float),
        sa.UniqueConstraint("team", "sha256", "name", "copy", name="one_file_per_copy"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "file_places",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("file_id", sa.Integer, sa.ForeignKey("files.id", name="place_of_file"), nullable=False),
        sa.Column("team", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("thread_ts", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("message_ts", sa.String, nullable=False),
        sa.Column("slack_file_id", sa.String, nullable=False),
        sa.Column("uploader", sa.String, nullable=False),
        sa.Column("use", sa.String, nullable=False),
        sa.Column("shown", sa.Text, nullable=False),
        sa.Column("permalink", sa.Text, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("used_at", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "channels",
        sa.Column("team", sa.String, primary_key=True),
        sa.Column("channel", sa.String, primary_key=True),
        sa.Column("vector_store_id", sa.String),
        sa.Column("shared", sa.Boolean, nullable=False),
    )
    op.create_table(
        "run_files",
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.id", name="file_of_run"), primary_key=True),
        sa.Column("openai_file_id", sa.String, primary_key=True),
    )
    op.create_table(
        "made_files",
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.id", name="made_by_run"), primary_key=True),
        sa.Column("container_file_id", sa.String, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("slack_file_id", sa.String),
        sa.Column("ts", sa.String),
        sa.Column("state", sa.String, nullable=False),
    )
    op.create_table(
        "library_changes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("team", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("thread_ts", sa.String, nullable=False),
        sa.Column("message_ts", sa.String, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("user", sa.String, nullable=False),
        sa.Column("adds", sa.Boolean, nullable=False),
        sa.Column("slack_files", sa.JSON, nullable=False),
        sa.Column("named", sa.JSON, nullable=False),
        sa.Column("affected", sa.JSON, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_owner", sa.String),
        sa.Column("lease_until", sa.Float),
        sa.Column("created_at", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    place = ["team", "channel", "thread_ts", "message_ts", "slack_file_id", "use"]
    op.create_index(
        "one_place_per_use", "file_places", place, unique=True, sqlite_where=LIVE, postgresql_where=LIVE
    )
    op.create_index("places_by_file", "file_places", ["file_id"])
    op.create_index("places_by_slack_file", "file_places", ["team", "slack_file_id"])
    op.create_index("leaving_places", "file_places", ["id"], sqlite_where=LEAVING, postgresql_where=LEAVING)
    op.create_index("deleting_files", "files", ["id"], sqlite_where=DELETING, postgresql_where=DELETING)
    op.create_index("files_by_openai_id", "files", ["openai_file_id"])
    op.create_index("files_by_name", "files", ["name", "size"])
    op.create_index("runs_by_file", "run_files", ["openai_file_id"])
