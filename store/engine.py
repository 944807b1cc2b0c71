"""The way into PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine


class Away(ConnectionError):
    """PostgreSQL is away, starting or going: nothing is wrong with the data, try again."""


AWAY: tuple[type[BaseException], ...] = (Away,)
"""What to try again after, for those who take a tuple of types."""

_STATES = ("08", "28", "3D000", "57P", "53300", "58000")
"""SQLSTATE: connection exceptions, a refused login, no such database, shutdowns, too many connections, a system error
(PostgreSQL, appendix A). A login or a database that is not there yet is mended outside, too."""


def is_away(error: BaseException) -> bool:
    """Whether this error says that PostgreSQL is away, not that a statement was wrong."""
    if isinstance(error, DBAPIError) and (error.connection_invalidated or isinstance(error, InterfaceError)):
        return True
    cause = error.orig if isinstance(error, DBAPIError) else error
    if (getattr(cause, "sqlstate", None) or "").startswith(_STATES):
        return True
    return isinstance(error, Away | ConnectionError | TimeoutError | PoolTimeout | asyncpg.InterfaceError)


Connection = AsyncConnection
"""An open connection in a transaction: what every query of this room takes first."""


def is_lost_race(error: BaseException) -> bool:
    """A unique key that another process took first, or a deadlock (PostgreSQL, appendix A: 23505, 40001, 40P01)."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", "") in ("23505", "40001", "40P01")


class Database:
    """A pool of connections. Nothing connects before the first use."""

    def __init__(self, url: str, *, pool: int = 10) -> None:
        self._engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool,
            max_overflow=pool,
            pool_timeout=10,
            hide_parameters=True,  # what customers wrote has no place in a log
            connect_args=_connect(),
        )

        self._careless: AsyncEngine = create_async_engine(
            url,
            pool_size=2,
            max_overflow=pool,
            pool_timeout=10,
            hide_parameters=True,
            isolation_level="AUTOCOMMIT",
            connect_args=_connect(synchronous_commit="off"),
        )

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed when the block ends, rolled back when it raises. Raises Away."""
        with translated():
            async with self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A connection that commits each statement by itself and does not wait for the disk.

        For locks that outlive a transaction and for turns of the rotation: nothing that a crash may not take back.
        """
        with translated():
            async with self._careless.connect() as connection:
                yield connection

    async def durability(self) -> list[str]:
        """What of PostgreSQL's settings could lose what was accepted, each with the line that mends it."""
        async with self.begin() as connection:
            found = {row.name: row.setting for row in await connection.execute(text(_SETTINGS))}
        return [
            f"PostgreSQL has {name} = off: set {name} = on, or a crash loses leads"
            for name in found
            if found[name] == "off"
        ]

    async def aclose(self) -> None:
        """Close the pool. Twice is fine."""
        await self._engine.dispose()
        await self._careless.dispose()


def _connect(**settings: str) -> dict[str, Any]:
    """asyncpg's arguments: seconds, and what the session is set to."""
    session = {"application_name": "leadwire", "jit": "off", **settings}
    return {"timeout": 5, "command_timeout": 60, "server_settings": session}


@contextmanager
def translated() -> Iterator[None]:
    """The one place where the driver's ways to be away become ours. Raises Away."""
    try:
        yield
    except Away:
        raise
    except Exception as error:
        if is_away(error) or (isinstance(error, OSError) and not error.filename):
            raise Away(f"PostgreSQL is away: {_said(error)}. Is it running, and is DATABASE_URL right?") from error
        raise


def _said(error: BaseException) -> str:
    """What PostgreSQL or the network said, in one line: not the statement, which has nothing to do with it."""
    cause = (error.orig and error.orig.__cause__) or error.orig if isinstance(error, DBAPIError) else error
    return (str(cause) or type(cause).__name__).partition("\n")[0].rstrip(".")


_SETTINGS = "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')"
