"""One process per job: session-level advisory locks."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Database


class Held:
    """A lock that this process holds as long as its connection lives."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def confirm(self) -> None:
        """Ask the server; raises one of `store.engine.AWAY` when the connection, and so the lock, is gone."""
        await self._connection.execute(text("SELECT 1"))


@asynccontextmanager
async def exclusive(database: Database, name: str) -> AsyncIterator[Held | None]:
    """Hold the lock of this name for the block; None when another process has it."""
    key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
    async with database.connect() as connection:
        if await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}):
            try:
                yield Held(connection)
            finally:
                await connection.invalidate()  # closing the connection frees the lock, whatever state it is in
        else:
            yield None
