"""Takes a whole import back, a piece at a time; nobody goes on with it meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from domain.messages import utcnow
from people.importing import Refused, Running
from store import events, import_undo, imports, merges
from store.engine import Database
from store.locks import exclusive

UNDO_WITHIN = timedelta(days=30)
UNWRITTEN = ("draft", "checking", "checked")
"""States in which an import has written no card."""
_AT_ONCE = 2000
Told = Callable[[int, int], None]


async def undo(database: Database, import_id: UUID, actor: str, told: Told | None = None) -> tuple[int, int]:
    """Take a whole import back; (cards removed, cards that stay since something came to them). Raises Refused, Running.

    It may be stopped and begun again: what is gone is gone already. `told`: (removed, kept) so far.
    """
    async with exclusive(database, f"import:{import_id}") as held:
        if held is None:
            raise Running
        await _check(database, import_id)
        removed, kept = await _undone(database, import_id, told)
        now = utcnow()
        async with database.begin() as connection:
            await imports.end(connection, import_id, "undone", now, actor)
            await events.record(connection, "import.undone", at=now, actor=actor, import_id=str(import_id))
    return removed, kept


async def _check(database: Database, import_id: UUID) -> None:
    async with database.begin() as connection:
        found = await imports.get(connection, import_id)
    if found is None:
        raise Refused(f"there is no import {import_id}")
    if found.state == "undone":
        raise Refused("this import is undone already")
    if found.state in UNWRITTEN:
        raise Refused("this import has written nothing yet")
    if utcnow() - found.created_at > UNDO_WITHIN:
        raise Refused(
            f"an import can be undone within {UNDO_WITHIN.days} days; this one is of {found.created_at:%d.%m.%Y}"
        )


async def _undone(database: Database, import_id: UUID, told: Told | None) -> tuple[int, int]:
    removed = kept = 0
    before: int | None = None
    while True:
        async with database.begin() as connection:
            await merges.alone(connection)
            piece = await import_undo.undo(connection, import_id, before, _AT_ONCE)
        if piece is None:
            break
        before, removed, kept = piece.first, removed + piece.removed, kept + piece.kept
        if told:
            told(removed, kept)
    return removed, kept
