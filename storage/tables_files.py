"""The tables about files: what lies at OpenAI, where it was posted, what answers drew on and made."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    literal_column,
    or_,
)

from storage.database import now
from storage.file_records import SEARCHED, FileState, PlaceState
from storage.tables import metadata

files = Table(
    "files",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("team", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("copy", Integer, nullable=False),
    Column("openai_file_id", String),
    Column("state", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_after", Integer),
    Column("expires_at", Float),
    Column("upload_owner", String),  # who uploads it, and for how long nobody else begins to
    Column("upload_until", Float),
    UniqueConstraint("team", "sha256", "name", "copy", name="one_file_per_copy"),
    sqlite_autoincrement=True,  # an id that was deleted is never another row's
)

file_places = Table(
    "file_places",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("file_id", ForeignKey("files.id", name="place_of_file"), nullable=False),
    Column("team", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("thread_ts", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("message_ts", String, nullable=False),
    Column("slack_file_id", String, nullable=False),
    Column("uploader", String, nullable=False),
    Column("use", String, nullable=False),
    Column("shown", Text, nullable=False),
    Column("permalink", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("error", Text),
    Column("created_at", Float, nullable=False),
    Column("used_at", Float, nullable=False),
    sqlite_autoincrement=True,
)

channels = Table(
    "channels",
    metadata,
    Column("team", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("vector_store_id", String),
    Column("shared", Boolean, nullable=False),
    Column("assistant", String),  # the key of the one that answers here; these three are people's settings
    Column("additional_instructions", Text),
    Column("muted", Boolean),
)

run_files = Table(
    "run_files",
    metadata,
    Column("run_id", ForeignKey("runs.id", name="file_of_run"), primary_key=True),
    Column("openai_file_id", String, primary_key=True),
)

made_files = Table(
    "made_files",
    metadata,
    Column("run_id", ForeignKey("runs.id", name="made_by_run"), primary_key=True),
    Column("container_file_id", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("slack_file_id", String),
    Column("ts", String),
    Column("state", String, nullable=False),
)

library_changes = Table(
    "library_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("team", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("thread_ts", String, nullable=False),
    Column("message_ts", String, nullable=False),
    Column("author", String, nullable=False),
    Column("user", String, nullable=False),  # who asked for it
    Column("adds", Boolean, nullable=False),
    Column("slack_files", JSON, nullable=False),
    Column("named", JSON, nullable=False),  # ids of places, as far as it has come
    Column("affected", JSON, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_owner", String),
    Column("lease_until", Float),
    Column("created_at", Float, nullable=False),
    sqlite_autoincrement=True,
)


def is_live() -> ColumnElement[bool]:
    """The place is not about to go. Written out, not bound, so that the partial indexes are used."""
    return file_places.c.state != literal_column(f"'{PlaceState.LEAVING}'")


def is_leaving() -> ColumnElement[bool]:
    """The place is to be detached."""
    return file_places.c.state == literal_column(f"'{PlaceState.LEAVING}'")


def is_searched() -> ColumnElement[bool]:
    """The place is about its channel's vector store."""
    return file_places.c.use.in_(SEARCHED)


def is_deleting() -> ColumnElement[bool]:
    """The File is to be deleted."""
    return files.c.state == literal_column(f"'{FileState.DELETING}'")


def is_held() -> ColumnElement[bool]:
    """Somebody is uploading it, as far as the clock tells; else false, never null."""
    return and_(files.c.upload_until.is_not(None), files.c.upload_until >= now())


def in_channel(team: str, channel: str) -> ColumnElement[bool]:
    """The place is in that channel."""
    return and_(file_places.c.team == team, file_places.c.channel == channel)


def lasts(seconds: float) -> ColumnElement[bool]:
    """OpenAI keeps the File for that much longer."""
    return or_(files.c.expires_at.is_(None), files.c.expires_at > now() + seconds)


Index(
    "one_place_per_use",
    file_places.c.team,
    file_places.c.channel,
    file_places.c.thread_ts,
    file_places.c.message_ts,
    file_places.c.slack_file_id,
    file_places.c.use,
    unique=True,
    sqlite_where=is_live(),
    postgresql_where=is_live(),
)
Index("places_by_file", file_places.c.file_id)
Index("places_by_slack_file", file_places.c.team, file_places.c.slack_file_id)
Index("leaving_places", file_places.c.id, sqlite_where=is_leaving(), postgresql_where=is_leaving())
Index("deleting_files", files.c.id, sqlite_where=is_deleting(), postgresql_where=is_deleting())
Index("files_by_openai_id", files.c.openai_file_id)
Index("files_by_name", files.c.name, files.c.size)
Index("runs_by_file", run_files.c.openai_file_id)
