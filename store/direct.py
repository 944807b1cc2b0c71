"""Statements of every batch, handed to the driver itself.

SQLAlchemy adds about 0.25 ms to a statement and as much to two hundred rows of an answer: for the router's five
that is a twentieth of a batch's time. The driver prepares each text once per connection. Everything else of this room
goes through SQLAlchemy, whose parameters have names. Raises the driver's own errors, which `store.engine` knows.
"""

from __future__ import annotations

from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_BEGIN = text("SELECT 1")


async def driver_of(connection: AsyncConnection) -> asyncpg.Connection:
    """The driver's connection, in the transaction: SQLAlchemy begins with the first statement that it sees itself."""
    pooled = connection.sync_connection.connection  # type: ignore[union-attr]  # it is open
    driver: asyncpg.Connection = pooled.driver_connection  # type: ignore[assignment]  # the engine is asyncpg's
    if not driver.is_in_transaction():
        await connection.execute(_BEGIN)
    return driver


async def fetch(connection: AsyncConnection, sql: str, *values: Any) -> list[asyncpg.Record]:
    """The rows of a statement with $1, $2, ..."""
    return await (await driver_of(connection)).fetch(sql, *values)


async def execute(connection: AsyncConnection, sql: str, *values: Any) -> int:
    """How many rows a statement with $1, $2, ... has written."""
    status: str = await (await driver_of(connection)).execute(sql, *values)
    return int(status.rpartition(" ")[2])
