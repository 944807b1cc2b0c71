"""Takes many merges back, a few at a time: others work in between, and what is done stays done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from people.merging import part
from store import undoing
from store.engine import Database
from store.undoing import Which

__all__ = ["AT_ONCE", "Progress", "Which", "undo"]

AT_ONCE = 500
"""Merges in one transaction, which keeps routers waiting as long as it takes."""


class Progress(NamedTuple):
    """How far it is."""

    undone: int
    total: int
    """How many held when it began."""


async def undo(database: Database, which: Which, actor: str, *, at_once: int = AT_ONCE) -> AsyncIterator[Progress]:
    """Take these merges back; after each transaction, how far it is. Begin again after a crash: it goes on."""
    async with database.begin() as connection:
        total = await undoing.left(connection, which)
    undone = 0
    yield Progress(undone, total)
    while True:
        async with database.begin() as connection:
            ids = await undoing.following(connection, which, at_once)
            undone += await part(connection, ids, actor) if ids else 0
        if not ids:
            return
        yield Progress(undone, max(total, undone))
