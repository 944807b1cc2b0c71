"""What happened with a person, whatever the channel and whichever of his cards it is on."""

from __future__ import annotations

from uuid import UUID

from store import merges, timeline
from store.engine import Connection
from store.timeline import Cursor, Entry

__all__ = ["Cursor", "Entry", "page"]


async def page(
    connection: Connection, card: UUID, *, before: Cursor | None = None, limit: int = 50
) -> list[Entry] | None:
    """The latest entries of the person to whom this card belongs, the latest first; None: there is no such card.

    `before`: (at, id) of the last entry of the page before.
    """
    persons = await merges.persons(connection, [card])
    if card not in persons:
        return None
    person = persons[card]
    cards = await merges.cards_of(connection, [person])
    return await timeline.page(connection, person, list(cards), before=before, limit=limit)
