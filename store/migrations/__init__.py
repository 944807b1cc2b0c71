"""Schema migrations by Alembic, run from code: no alembic.ini, no working directory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from store.engine import translated

_LOCK = 0x1EAD_0000
"""Advisory lock: two processes that start together migrate one after the other."""


def config() -> Config:
    """Alembic's configuration for this folder."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent))
    settings.set_main_option("path_separator", "os")
    return settings


async def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring the database to `revision`. Safe to call from several processes at once. Raises Away."""
    with translated():
        await asyncio.to_thread(asyncio.run, _run(database_url, lambda c: command.upgrade(c, revision)))


async def current(database_url: str) -> tuple[str | None, str | None]:
    """The revision that the database is at, and the one that this code wants. Raises Away."""
    engine = create_async_engine(database_url, poolclass=NullPool)
    try:
        with translated():
            there = await _revision(engine)
    finally:
        await engine.dispose()
    return there, ScriptDirectory.from_config(config()).get_current_head()


async def _revision(engine: AsyncEngine) -> str | None:
    async with engine.connect() as connection:
        return await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision())


async def _run(database_url: str, do: Callable[[Config], None]) -> None:
    engine = create_async_engine(database_url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.run_sync(_with, do)
    finally:
        await engine.dispose()


def _with(connection: Connection, do: Callable[[Config], None]) -> None:
    settings = config()
    settings.attributes["connection"] = connection
    do(settings)
