"""What people set in Slack for a channel or a thread, and who changed it when: every change has a row."""

from typing import Unpack

from sqlalchemy import RowMapping, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, insert, now
from storage.messages import new_thread
from storage.muting import is_muted
from storage.preference_records import Preferences, SettingChange, Wanted
from storage.records import Place
from storage.rows import all_rows, thread_at
from storage.tables import is_active, runs, threads
from storage.tables_calls import settings_changes
from storage.tables_files import channels


class PreferenceBook:
    """What people have set."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_channel(self, team: str, channel: str) -> Preferences:
        """Return what is set for a channel."""
        return await self._database.read(lambda connection: _of_channel(connection, team, channel))

    async def of_thread(self, place: Place) -> Preferences:
        """Return what is set for a thread, its channel's settings left aside."""
        return await self._database.read(lambda connection: _of_thread(connection, place))

    async def is_muted(self, place: Place) -> bool:
        """Return whether nothing is answered in a thread: because of its own setting, or of its channel's."""
        return await self._database.read(lambda connection: is_muted(connection, place))

    async def set_channel(
        self, team: str, channel: str, user: str, **wanted: Unpack[Wanted]
    ) -> tuple[SettingChange, ...]:
        """Set some of a channel's `Preferences`, by their names; return what has changed by that."""
        return await self._database.write(lambda it: _set_channel(it, team, channel, user, wanted))

    async def set_thread(self, place: Place, user: str, **wanted: Unpack[Wanted]) -> tuple[SettingChange, ...]:
        """Set some of a thread's `Preferences`, likewise; a thread that we were never in is known from now on."""
        return await self._database.write(lambda it: _set_thread(it, place, user, wanted))

    async def changes(self, team: str, channel: str) -> tuple[SettingChange, ...]:
        """Return every change of a channel's settings and its threads', the oldest first."""
        here = and_(settings_changes.c.team == team, settings_changes.c.channel == channel)
        query = select(settings_changes).where(here).order_by(settings_changes.c.id)
        rows = await self._database.read(lambda connection: all_rows(connection, query))
        return tuple(SettingChange(**{key: row[key] for key in SettingChange.__slots__}) for row in rows)

    async def under_way(self, team: str, channel: str) -> int:
        """Return how many runs of a channel have not ended."""
        here = and_(threads.c.team == team, threads.c.channel == channel)
        query = select(func.count()).select_from(runs.join(threads)).where(here, is_active())
        return await self._database.read(lambda connection: connection.scalar(query)) or 0


async def forget_changes(connection: AsyncConnection, place: Place) -> None:
    """Delete every row about a thread's settings."""
    channel = settings_changes.c.team == place.team, settings_changes.c.channel == place.channel
    here = and_(*channel, settings_changes.c.thread_ts == place.thread_ts)
    await connection.execute(delete(settings_changes).where(here))


async def _of_channel(connection: AsyncConnection, team: str, channel: str, *, lock: bool = False) -> Preferences:
    query = select(channels).where(channels.c.team == team, channels.c.channel == channel)
    rows = await all_rows(connection, query.with_for_update(key_share=True) if lock else query)
    return _preferences(rows[0]) if rows else Preferences()


async def _of_thread(connection: AsyncConnection, place: Place) -> Preferences:
    thread = await thread_at(connection, place)
    if thread is None:
        return Preferences()
    return Preferences(thread.assistant, thread.additional_instructions, thread.muted)


def _preferences(row: RowMapping) -> Preferences:
    return Preferences(row["assistant"], row["additional_instructions"], bool(row["muted"]))


async def _set_channel(
    connection: AsyncConnection, team: str, channel: str, user: str, wanted: Wanted
) -> tuple[SettingChange, ...]:
    known = insert(connection, channels).values(team=team, channel=channel, shared=False)
    await connection.execute(known.on_conflict_do_nothing())
    before = await _of_channel(connection, team, channel, lock=True)
    here = and_(channels.c.team == team, channels.c.channel == channel)
    await connection.execute(update(channels).where(here).values(**wanted))
    return await _note(connection, (team, channel, None), user, before, wanted)


async def _set_thread(
    connection: AsyncConnection, place: Place, user: str, wanted: Wanted
) -> tuple[SettingChange, ...]:
    thread = await thread_at(connection, place, lock=True) or await new_thread(connection, place)
    before = Preferences(thread.assistant, thread.additional_instructions, thread.muted)
    await connection.execute(update(threads).where(threads.c.id == thread.id).values(**wanted))
    return await _note(connection, (place.team, place.channel, place.thread_ts), user, before, wanted)


async def _note(
    connection: AsyncConnection,
    where: tuple[str, str, str | None],
    user: str,
    before: Preferences,
    wanted: Wanted,
) -> tuple[SettingChange, ...]:
    """Store what has changed, a row for each setting."""
    old, new = before.values(), Preferences(**wanted).values()
    changed = [setting for setting in wanted if old[setting] != new[setting]]
    return tuple([await _noted(connection, where, user, one, old[one], new[one]) for one in changed])


async def _noted(
    connection: AsyncConnection,
    where: tuple[str, str, str | None],
    user: str,
    setting: str,
    before: str | None,
    after: str | None,
) -> SettingChange:
    team, channel, thread_ts = where
    values = {"team": team, "channel": channel, "thread_ts": thread_ts, "user": user, "setting": setting}
    row = insert(connection, settings_changes).values(**values, before=before, after=after, changed_at=now())
    at = (await connection.execute(row.returning(settings_changes.c.changed_at))).scalar_one()
    return SettingChange(team, channel, thread_ts, user, setting, before, after, at)
