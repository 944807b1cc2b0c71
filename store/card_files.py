"""Files on cards. What is in them lies in the file store, under its digest; here is whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.messages import File
from store.person import FileOf

_COLUMNS = "id, contact_id, key, name, type, size, source, at"


async def listed(connection: AsyncConnection, cards: Sequence[UUID], limit: int = 1000) -> list[FileOf]:
    """Those of these cards, the latest first."""
    rows = await connection.execute(_LISTED, {"cards": list(cards), "limit": limit})
    return [FileOf(*row) for row in rows]


_LISTED = text(
    f"""SELECT {_COLUMNS} FROM contact_files WHERE contact_id = ANY(CAST(:cards AS uuid[]))
        ORDER BY at DESC, id DESC LIMIT :limit"""
)


async def get(connection: AsyncConnection, cards: Sequence[UUID], file: UUID) -> FileOf | None:
    """One on these cards, or None."""
    row = (await connection.execute(_GET, {"cards": list(cards), "id": file})).first()
    return FileOf(*row) if row else None


_GET = text(f"SELECT {_COLUMNS} FROM contact_files WHERE id = :id AND contact_id = ANY(CAST(:cards AS uuid[]))")


class Wanted(NamedTuple):
    """A file of this name is looked for on a person's cards."""

    person: UUID
    """The card that leads."""
    slot: int
    """Which of several that are looked for."""
    like: str
    """The name in small letters, as LIKE reads it."""


async def newest(connection: AsyncConnection, wanted: Sequence[Wanted]) -> dict[tuple[UUID, int], File]:
    """(person, slot) -> the latest file of such a name on any of the person's cards, as a reference to its content."""
    if not wanted:
        return {}
    people, slots, likes = map(list, zip(*wanted, strict=True))
    rows = await connection.execute(_NEWEST, {"people": people, "slots": slots, "likes": likes})
    return {(r.person, r.slot): File(name=r.name, type=r.type, size=r.size, key=r.key) for r in rows}


_NEWEST = text(
    """WITH w AS MATERIALIZED (
         SELECT * FROM unnest(CAST(:people AS uuid[]), CAST(:slots AS int[]), CAST(:likes AS text[]))
           AS w(person, slot, name_like)),
       cards AS (
         SELECT person, person AS card FROM (SELECT DISTINCT person FROM w) AS p
         UNION ALL
         SELECT p.person, c.id FROM (SELECT DISTINCT person FROM w) AS p JOIN contacts c ON c.leader_id = p.person)
       SELECT DISTINCT ON (w.person, w.slot) w.person, w.slot, f.key, f.name, f.type, f.size
       FROM w JOIN cards ON cards.person = w.person JOIN contact_files f ON f.contact_id = cards.card
       WHERE lower(f.name) LIKE w.name_like
       ORDER BY w.person, w.slot, f.at DESC, f.id DESC"""
)


async def remove(connection: AsyncConnection, file: UUID) -> bool:
    """Take it off its card; its content stays, others may have the same. False when it was gone already."""
    return bool((await connection.execute(_REMOVE, {"id": file})).rowcount)


_REMOVE = text("DELETE FROM contact_files WHERE id = :id")
