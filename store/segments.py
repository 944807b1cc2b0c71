"""Segments: their definitions with all versions, the members of lists, and who belongs to one now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.conditions import Logic
from store import bulk
from store.bulk import Row
from store.condition_rows import REACHABLE, addresses
from store.condition_sql import select_count, select_ids, select_portion
from store.tables import segment_members, segment_versions, segments

SEGMENT = ("id", "name", "kind", "rule", "description", "version", "created_at", "created_by")
VERSION = ("segment_id", "version", "name", "rule", "description", "at", "actor")
RULE, LIST = "rule", "list"


@dataclass(frozen=True, slots=True)
class Segment:
    """A named condition, or a named list of people."""

    id: UUID
    name: str
    kind: str
    """rule or list."""
    rule: dict[str, Any] | None
    """JSON of `domain.conditions`; None: a list."""
    description: str
    version: int
    created_at: datetime
    created_by: str
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class Version:
    """What a segment was from then on."""

    version: int
    name: str
    rule: dict[str, Any] | None
    description: str
    at: datetime
    actor: str


async def add(connection: AsyncConnection, row: Row, version: Row) -> bool:
    """Write a new one, in the order of SEGMENT and VERSION with the rule as JSON text. False: the name is taken."""
    if not await bulk.insert_new(connection, segments, SEGMENT, [row]):
        return False
    await bulk.insert(connection, segment_versions, VERSION, [version])
    return True


async def change(connection: AsyncConnection, version: Row) -> None:
    """Make this the present version, in the order of VERSION. A taken name is an integrity error."""
    await connection.execute(_CHANGE, dict(zip(VERSION, version, strict=True)))
    await bulk.insert(connection, segment_versions, VERSION, [version])


_CHANGE = text(
    """UPDATE segments SET version = :version, name = :name, rule = CAST(:rule AS jsonb), description = :description
       WHERE id = :segment_id"""
)


async def archive(connection: AsyncConnection, segment: UUID, at: datetime) -> bool:
    """Put it away: its name is free again. False when it was, or there is none."""
    return bool((await connection.execute(_ARCHIVE, {"id": segment, "at": at})).rowcount)


_ARCHIVE = text("UPDATE segments SET archived_at = :at WHERE id = :id AND archived_at IS NULL")


async def lock(connection: AsyncConnection) -> None:
    """Until the end of this transaction nobody else changes segments: two changes could make a circle together."""
    await connection.execute(_LOCK)


_LOCK = text("SELECT pg_advisory_xact_lock(512557059)")
_COLUMNS = "id, name, kind, rule, description, version, created_at, created_by, archived_at"


async def get(connection: AsyncConnection, segment: UUID) -> Segment | None:
    """One, an archived one too, or None."""
    row = (await connection.execute(_GET, {"id": segment})).first()
    return Segment(*row) if row else None


_GET = text(f"SELECT {_COLUMNS} FROM segments WHERE id = :id").columns(rule=JSONB)


async def named(connection: AsyncConnection, name: str) -> Segment | None:
    """The one that is called so now."""
    row = (await connection.execute(_NAMED, {"name": name})).first()
    return Segment(*row) if row else None


_NAMED = text(f"SELECT {_COLUMNS} FROM segments WHERE name = :name AND archived_at IS NULL").columns(rule=JSONB)


async def listed(connection: AsyncConnection, *, archived: bool = False) -> list[Segment]:
    """Every one by name; `archived`: those that were put away, too."""
    return [Segment(*row) for row in await connection.execute(_LISTED, {"archived": archived})]


_LISTED = text(
    f"SELECT {_COLUMNS} FROM segments WHERE archived_at IS NULL OR :archived ORDER BY name, created_at"
).columns(rule=JSONB)


async def versions(connection: AsyncConnection, segment: UUID) -> list[Version]:
    """All that it was, the latest first."""
    return [Version(*row) for row in await connection.execute(_VERSIONS, {"id": segment})]


_VERSIONS = text(
    """SELECT version, name, rule, description, at, actor FROM segment_versions WHERE segment_id = :id
       ORDER BY version DESC"""
).columns(rule=JSONB)


async def called(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, str]:
    """Id -> the name of the segment, broadcast or member of staff that has it."""
    rows = await connection.execute(_CALLED, {"ids": sorted(ids)})
    return {str(row.id): row.name for row in rows}


_CALLED = text(
    " UNION ALL ".join(
        f"SELECT id, name FROM {table} WHERE id = ANY(CAST(CAST(:ids AS text[]) AS uuid[]))"
        for table in ("segments", "broadcasts", "staff")
    )
)


async def mailings_with(connection: AsyncConnection, segment: UUID) -> list[tuple[UUID, str, str]]:
    """(id, name, state) of the broadcasts that are not over and name it anywhere in their plan."""
    found = await connection.execute(_MAILINGS, {"id": str(segment)})
    return [tuple(row) for row in found]


_MAILINGS = text(
    """SELECT id, name, state FROM broadcasts WHERE state IN ('draft', 'scheduled', 'running', 'paused')
       AND strpos(CAST(plan AS text), :id) > 0 ORDER BY created_at"""
)


async def add_members(
    connection: AsyncConnection, segment: UUID, cards: Iterable[UUID], *, source: str, at: datetime
) -> int:
    """Put cards into a list; how many were not in it. Unknown ids are left out."""
    row = {"segment": segment, "cards": sorted(set(cards)), "source": source, "at": at}
    return (await connection.execute(_ADD_MEMBERS, row)).rowcount


_ADD_MEMBERS = text(
    f"""INSERT INTO {segment_members.name} (contact_id, segment_id, source, added_at)
        SELECT c.id, :segment, :source, :at FROM contacts c WHERE c.id = ANY(CAST(:cards AS uuid[]))
        ORDER BY c.id ON CONFLICT DO NOTHING"""
)


async def remove_members(connection: AsyncConnection, segment: UUID, cards: Iterable[UUID]) -> int:
    """Take cards out of a list, with the other cards of their persons; how many were in it."""
    return (await connection.execute(_REMOVE_MEMBERS, {"segment": segment, "cards": list(cards)})).rowcount


_REMOVE_MEMBERS = text(
    """WITH persons AS (
         SELECT DISTINCT coalesce(leader_id, id) AS id FROM contacts WHERE id = ANY(CAST(:cards AS uuid[])))
       DELETE FROM segment_members WHERE segment_id = :segment AND contact_id IN (
         SELECT id FROM persons UNION ALL SELECT c.id FROM contacts c JOIN persons p ON c.leader_id = p.id)"""
)


async def lists_of(connection: AsyncConnection, cards: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """(card, list) of these cards."""
    rows = await connection.execute(_LISTS_OF, {"ids": list(cards)})
    return [(row[0], row[1]) for row in rows]


_LISTS_OF = text("SELECT contact_id, segment_id FROM segment_members WHERE contact_id = ANY(CAST(:ids AS uuid[]))")

_MEMORY = text("SET LOCAL work_mem = '128MB'")
"""Of this transaction's joins: a million ids are 60 MB in a hash table, and spill to the disk else."""


async def count(connection: AsyncConnection, logic: Logic) -> int:
    """How many persons it holds for."""
    sql, values = select_count(logic)
    await connection.execute(_MEMORY)
    return int(await connection.scalar(text(sql), values) or 0)


async def ids(
    connection: AsyncConnection, logic: Logic, *, after: UUID | None = None, limit: int | None = None
) -> list[UUID]:
    """The leading cards of those it holds for, in the order of ids; `after`: behind this one."""
    sql, values = select_portion(logic)
    bound = values | {"after": after, "upto": None, "limit": limit}
    return list((await connection.execute(text(f"{sql} ORDER BY p.id LIMIT :limit"), bound)).scalars())


async def samples(connection: AsyncConnection, logic: Logic, number: int = 5) -> list[UUID]:
    """Some of them, as if by chance, and the same ones each time."""
    sql, values = select_ids(logic)
    await connection.execute(_MEMORY)
    found = text(f"SELECT f.id FROM ({sql}) AS f ORDER BY md5(CAST(f.id AS text)) LIMIT :number")
    return list((await connection.execute(found, values | {"number": number})).scalars())


async def reach(connection: AsyncConnection, logic: Logic, whatsapp: Collection[str] = ()) -> dict[str, int]:
    """Channel -> how many of them have an address there that is not stopped.

    `whatsapp`: the accounts of WhatsApp, where there are any. They go to phones, as SMS do, and what stops the one does
    not stop the other.
    """
    sql, values = select_ids(logic)
    await connection.execute(_MEMORY)
    accounts = values | {"whatsapp": list(whatsapp)}
    asked = [("s.channel <> ALL(CAST(:whatsapp AS text[]))", REACHABLE)]
    asked += [("s.channel = ANY(CAST(:whatsapp AS text[]))", {"whatsapp": "phone"})] if whatsapp else []
    found: dict[str, int] = {}
    for by, kinds in asked:
        rows = await connection.execute(text(_REACH.format(ids=sql, addresses=addresses(by))), accounts)
        counts: dict[str, int] = {row.kind: row.people for row in rows}
        found |= {channel: counts.get(kind, 0) for channel, kind in kinds.items()}
    return found


_REACH = """SELECT i.kind, count(DISTINCT i.contact_id) AS people FROM ({ids}) AS f
    JOIN (SELECT i.contact_id, i.kind FROM {addresses}) AS i ON i.contact_id = f.id GROUP BY i.kind"""


BUCKET = "CAST(CAST('x' || substr(md5(:salt || ':' || CAST({id} AS text)), 1, 8) AS bit(32)) AS bigint) % 10000"
"""In which of 10,000 parts this id falls (`{id}`), by a :salt: the same as `domain.shares.bucket`."""
