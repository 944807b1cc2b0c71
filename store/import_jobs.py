"""Imports that wait for a process: uploaded, looked at, begun, stopped; whichever process is free takes them up.

States: draft (uploaded), checking, checked (a dry run has been), running, stopped, and those of `store.imports`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row
from store.imports import LEDGER
from store.tables import import_rows


async def waiting(connection: AsyncConnection) -> list[tuple[UUID, str]]:
    """(import, "checking" or "running") of those whose file is in the file store, the oldest first."""
    return [(row.id, row.state) for row in await connection.execute(_WAITING)]


_WAITING = text(
    """SELECT id, state FROM imports WHERE state IN ('checking', 'running') AND file ~ '^[0-9a-f]{64}$'
       ORDER BY created_at, id"""
)


async def move(connection: AsyncConnection, import_id: UUID, to: str, *, out_of: Sequence[str]) -> bool:
    """Put it into another state; False when it is in none of those by now."""
    values = {"id": import_id, "to": to, "from": list(out_of)}
    return bool((await connection.execute(_MOVE, values)).rowcount)


_MOVE = text("UPDATE imports SET state = :to WHERE id = :id AND state = ANY(CAST(:from AS text[]))")


async def forget(connection: AsyncConnection, import_id: UUID) -> None:
    """Let go of what a dry run has said: nothing is written yet."""
    for statement in _FORGET:
        await connection.execute(statement, {"id": import_id})


_FORGET = (
    text("DELETE FROM import_rows WHERE import_id = :id"),
    text("UPDATE imports SET done = 0, counts = '{}', options = options - 'progress' WHERE id = :id"),
)


async def remap(connection: AsyncConnection, import_id: UUID, mapping: str, options: str) -> None:
    """Change what its columns become; JSON as text, `options` beside those that stay."""
    await connection.execute(_REMAP, {"id": import_id, "mapping": mapping, "options": options})


_REMAP = text(
    """UPDATE imports SET mapping = CAST(:mapping AS jsonb), options = options || CAST(:options AS jsonb)
       WHERE id = :id"""
)


async def note(connection: AsyncConnection, import_id: UUID, state: str, done: int, options: str) -> bool:
    """How far it is, JSON as text; False when it is in another state by now."""
    values = {"id": import_id, "state": state, "done": done, "options": options}
    return bool((await connection.execute(_NOTE, values)).rowcount)


_NOTE = text(
    "UPDATE imports SET done = :done, options = options || CAST(:options AS jsonb) WHERE id = :id AND state = :state"
)


async def looked(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """What a dry run says of rows, in the order of imports.LEDGER."""
    await bulk.copy(connection, import_rows, LEDGER, rows)


async def checked(connection: AsyncConnection, import_id: UUID, done: int, counts: str, options: str) -> bool:
    """The dry run is over; JSON as text. False when it was stopped."""
    values = {"id": import_id, "done": done, "counts": counts, "options": options}
    return bool((await connection.execute(_CHECKED, values)).rowcount)


_CHECKED = text(
    """UPDATE imports SET state = 'checked', done = :done, counts = CAST(:counts AS jsonb),
         options = options || CAST(:options AS jsonb) WHERE id = :id AND state = 'checking'"""
)


async def fail(connection: AsyncConnection, import_id: UUID, options: str, at: datetime) -> None:
    """It cannot go on; `options` says why, JSON as text."""
    await connection.execute(_FAIL, {"id": import_id, "options": options, "at": at})


_FAIL = text(
    """UPDATE imports SET state = 'failed', options = options || CAST(:options AS jsonb), finished_at = :at
       WHERE id = :id AND state IN ('checking', 'running')"""
)
