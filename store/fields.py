"""Custom fields, and the values of all fields with their history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row
from store.tables import field_kinds

KIND = ("name", "type", "labels", "choices", "matching", "created_at")


class KindRow(NamedTuple):
    """A custom field."""

    name: str
    type: str
    labels: dict[str, str]
    choices: list[str]
    matching: str
    archived: bool


async def kinds(connection: AsyncConnection) -> list[KindRow]:
    """Every custom field, archived ones too, by name."""
    return [KindRow(*row) for row in await connection.execute(_KINDS)]


_KINDS = text(
    "SELECT name, type, labels, choices, matching, archived_at IS NOT NULL FROM field_kinds ORDER BY name"
).columns(labels=JSONB, choices=JSONB)


async def add_kind(connection: AsyncConnection, row: Row) -> bool:
    """Define one, in the order of KIND with JSON as text. False when there is one of this name."""
    return bool(await bulk.insert_new(connection, field_kinds, KIND, [row]))


async def change_kind(connection: AsyncConnection, name: str, labels: str, choices: str, matching: str) -> None:
    """Write other labels and choices (JSON text), and how duplicates are found by it."""
    row = {"name": name, "labels": labels, "choices": choices, "matching": matching}
    await connection.execute(_CHANGE, row)


_CHANGE = text(
    """UPDATE field_kinds SET labels = CAST(:labels AS jsonb), choices = CAST(:choices AS jsonb), matching = :matching
       WHERE name = :name"""
)


async def archive_kind(connection: AsyncConnection, name: str, at: datetime | None) -> None:
    """Put it away, or with None back: its values stay."""
    await connection.execute(_ARCHIVE, {"name": name, "at": at})


_ARCHIVE = text("UPDATE field_kinds SET archived_at = CAST(:at AS timestamptz) WHERE name = :name")


async def put(connection: AsyncConnection, rows: Sequence[Row]) -> list[UUID]:
    """Append values, (id, card, field, value, source, at) each, of which one per card and field.

    What is there already is not written again. The cards of which something changed.
    """
    if not rows:
        return []
    return list((await connection.execute(_PUT, bulk.arrays(sorted(rows, key=lambda row: row[1:3])))).scalars())


_PUT = text(
    """WITH given AS (
         SELECT * FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS uuid[]), CAST(:c2 AS text[]), CAST(:c3 AS text[]),
           CAST(:c4 AS text[]), CAST(:c5 AS timestamptz[])) AS g(id, contact_id, field, value, source, at)),
       put AS (
         INSERT INTO field_values (id, contact_id, field, value, source, at)
         SELECT g.* FROM given g LEFT JOIN LATERAL (
           SELECT value FROM field_values v WHERE v.contact_id = g.contact_id AND v.field = g.field
           ORDER BY v.at DESC, v.id DESC LIMIT 1) AS held ON true
         WHERE coalesce(held.value, '') <> g.value
         RETURNING contact_id)
       SELECT DISTINCT contact_id FROM put"""
)


@dataclass(frozen=True, slots=True)
class Held:
    """A value, and who wrote it when."""

    card: UUID
    field: str
    value: str
    source: str
    at: datetime


async def held(connection: AsyncConnection, cards: Iterable[UUID]) -> list[Held]:
    """The latest value of each field of each of these cards, cleared ones ("") too."""
    return [Held(*row) for row in await connection.execute(_HELD, {"ids": list(cards)})]


_HELD = text(
    """SELECT DISTINCT ON (contact_id, field) contact_id, field, value, source, at FROM field_values
       WHERE contact_id = ANY(CAST(:ids AS uuid[])) ORDER BY contact_id, field, at DESC, id DESC"""
)


async def history(connection: AsyncConnection, cards: Iterable[UUID], field: str, limit: int = 100) -> list[Held]:
    """What a field of these cards was, the latest first."""
    rows = await connection.execute(_HISTORY, {"ids": list(cards), "field": field, "limit": limit})
    return [Held(*row) for row in rows]


_HISTORY = text(
    """SELECT contact_id, field, value, source, at FROM field_values
       WHERE contact_id = ANY(CAST(:ids AS uuid[])) AND field = :field ORDER BY at DESC, id DESC LIMIT :limit"""
)


async def staff_among(connection: AsyncConnection, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the ids that somebody who works here has."""
    return set((await connection.execute(_STAFF, {"ids": list(ids)})).scalars())


_STAFF = text("SELECT id FROM staff WHERE id = ANY(CAST(:ids AS uuid[])) AND left_at IS NULL")
