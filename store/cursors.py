"""Where listeners stand in sources that do not remember it for them."""

from __future__ import annotations

from sqlalchemy import text

from domain.messages import ChannelName
from store.engine import Database


class StoredCursors:
    """`domain.ports.Cursors` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, channel: ChannelName, place: str) -> str | None:
        """What was saved last, or None."""
        async with self._database.begin() as connection:
            value: str | None = await connection.scalar(_LOAD, {"channel": channel, "place": place})
        return value

    async def save(self, channel: ChannelName, place: str, value: str) -> None:
        """Remember it."""
        async with self._database.begin() as connection:
            await connection.execute(_SAVE, {"channel": channel, "place": place, "value": value})


_LOAD = text("SELECT value FROM cursors WHERE channel = :channel AND place = :place")
_SAVE = text(
    """INSERT INTO cursors (channel, place, value) VALUES (:channel, :place, :value)
       ON CONFLICT (channel, place) DO UPDATE SET value = excluded.value, saved_at = now()"""
)
