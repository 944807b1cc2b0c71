"""The way into PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

AWAY: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    OperationalError,
    InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.TooManyConnectionsError,
)
"""What it looks like when PostgreSQL is away, starting or going: try again, nothing is wrong with the data."""


def is_away(error: BaseException) -> bool:
    """Whether this error says that PostgreSQL is away, not that a statement was wrong."""
    if isinstance(error, DBAPIError) and not isinstance(error, AWAY):
        return error.connection_invalidated or isinstance(getattr(error.orig, "__cause__", None), AWAY)
    return isinstance(error, AWAY)


Connection = AsyncConnection
"""An open connection in a transaction: what every query of this room takes first."""


def is_lost_race(error: BaseException) -> bool:
    """A unique key that another process took first, or a deadlock (PostgreSQL, appendix A: 23505, 40001, 40P01)."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", "") in ("23505", "40001", "40P01")


class Database:
    """A pool of connections. Nothing connects before the first use."""

    def __init__(self, url: str, *, pool: int = 10) -> None:
        self._engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool,
            max_overflow=pool,
            pool_timeout=10,
            pool_pre_ping=False,
            connect_args={
                "timeout": 5,
                "command_timeout": 60,
                "server_settings": {"application_name": "leadwire", "jit": "off"},
            },
        )

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        async with self._engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A connection that commits each statement by itself: for locks that outlive a transaction, and for turns."""
        async with self._engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    async def durability(self) -> list[str]:
        """What of PostgreSQL's settings could lose what was accepted, each with the line that mends it."""
        async with self.connect() as connection:
            found = {row.name: row.setting for row in await connection.execute(text(_SETTINGS))}
        return [
            f"PostgreSQL has {name} = off: set {name} = on, or a crash loses leads"
            for name in found
            if found[name] == "off"
        ]

    async def aclose(self) -> None:
        """Close the pool. Twice is fine."""
        await self._engine.dispose()


_SETTINGS = "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')"
