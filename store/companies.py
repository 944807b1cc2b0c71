"""Companies, and who belongs to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row


@dataclass(frozen=True, slots=True)
class Company:
    """A firm that people work for."""

    id: UUID
    name: str
    kind: str
    """client or partner."""
    created_at: datetime
    members: int
    """Persons, not cards."""


async def put(connection: AsyncConnection, rows: Sequence[Row]) -> dict[str, UUID]:
    """Find or make companies: (id, name, key, kind, at), one for each key. Key -> the company."""
    if not rows:
        return {}
    values = bulk.arrays(sorted(rows, key=lambda row: row[2]))
    await connection.execute(_PUT, values)
    return {r.key: r.id for r in await connection.execute(_BY_KEY, {"keys": values["c2"]})}


_PUT = text(
    """INSERT INTO companies (id, name, key, kind, created_at)
       SELECT * FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS text[]), CAST(:c2 AS text[]), CAST(:c3 AS text[]),
         CAST(:c4 AS timestamptz[])) ON CONFLICT (key) DO NOTHING"""
)
_BY_KEY = text("SELECT key, id FROM companies WHERE key = ANY(CAST(:keys AS text[]))")


async def change(connection: AsyncConnection, company: UUID, *, name: str, key: str, kind: str) -> bool:
    """Give it another name or kind. False: there is no such company, or another one is called so."""
    row = {"id": company, "name": name, "key": key, "kind": kind}
    return bool((await connection.execute(_CHANGE, row)).rowcount)


_CHANGE = text(
    """UPDATE companies SET name = :name, key = :key, kind = :kind
       WHERE id = :id AND NOT EXISTS (SELECT FROM companies o WHERE o.key = :key AND o.id <> :id)"""
)


async def get(connection: AsyncConnection, company: UUID) -> Company | None:
    """One, or None."""
    row = (await connection.execute(_GET, {"id": company})).first()
    return Company(*row) if row else None


async def page(
    connection: AsyncConnection, *, key: str = "", after: str | None = None, limit: int = 50
) -> list[Company]:
    """Companies by key; `key`: those whose key begins so; `after`: the key of the last one of the page before."""
    rows = await connection.execute(_PAGE, {"key": key, "after": after, "limit": limit})
    return [Company(*row) for row in rows]


_COLUMNS = """c.id, c.name, c.kind, c.created_at, (SELECT count(DISTINCT coalesce(x.leader_id, x.id))
    FROM company_members m JOIN contacts x ON x.id = m.contact_id WHERE m.company_id = c.id)"""
_GET = text(f"SELECT {_COLUMNS} FROM companies c WHERE c.id = :id")
_PAGE = text(
    f"""SELECT {_COLUMNS} FROM companies c WHERE starts_with(c.key, :key)
          AND (CAST(:after AS text) IS NULL OR c.key > :after)
        ORDER BY c.key LIMIT :limit"""
)


async def join(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Write (card, company, position, source, at); a member's new position replaces the old one."""
    if rows:
        await connection.execute(_JOIN, bulk.arrays(sorted(rows, key=lambda row: row[:2])))


_JOIN = text(
    """INSERT INTO company_members AS m (contact_id, company_id, position, source, at)
       SELECT * FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS uuid[]), CAST(:c2 AS text[]), CAST(:c3 AS text[]),
         CAST(:c4 AS timestamptz[]))
       ON CONFLICT (contact_id, company_id) DO UPDATE SET position = excluded.position, source = excluded.source,
         at = excluded.at WHERE m.position <> excluded.position"""
)


async def leave(connection: AsyncConnection, cards: Sequence[UUID], company: UUID) -> int:
    """These cards belong to it no more; of how many that was news."""
    return (await connection.execute(_LEAVE, {"cards": list(cards), "company": company})).rowcount


_LEAVE = text("DELETE FROM company_members WHERE company_id = :company AND contact_id = ANY(CAST(:cards AS uuid[]))")
