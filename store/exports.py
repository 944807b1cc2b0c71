"""Exports: what was asked for and what became of it, and the persons that they have, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.tables import exports


class Export(NamedTuple):
    """One export."""

    id: UUID
    actor: str
    wanted: dict[str, Any]
    """Of people.exporting.Wanted."""
    state: str
    """waiting, vetoed, done."""
    rows: int | None
    created_at: datetime
    due_at: datetime
    """Until then it may be forbidden, and is not written."""
    finished_at: datetime | None
    decided_by: str | None


_COLUMNS = "id, actor, wanted, state, rows, created_at, due_at, finished_at, decided_by"


async def add(connection: AsyncConnection, export: Export, wanted: str) -> None:
    """Write down one that waits; `wanted` as JSON text."""
    columns = ("id", "actor", "wanted", "state", "created_at", "due_at")
    row = (export.id, export.actor, wanted, export.state, export.created_at, export.due_at)
    await bulk.copy(connection, exports, columns, [row])


async def get(connection: AsyncConnection, export: UUID) -> Export | None:
    """One, or None."""
    row = (await connection.execute(_GET, {"id": export})).first()
    return Export(*row) if row else None


_GET = text(f"SELECT {_COLUMNS} FROM exports WHERE id = :id").columns(wanted=JSONB)


async def listed(connection: AsyncConnection, limit: int = 50) -> list[Export]:
    """The latest first."""
    return [Export(*row) for row in await connection.execute(_LISTED, {"limit": limit})]


_LISTED = text(f"SELECT {_COLUMNS} FROM exports ORDER BY created_at DESC, id DESC LIMIT :limit").columns(wanted=JSONB)


async def waiting(connection: AsyncConnection, actor: str, wanted: str, due_after: datetime) -> Export | None:
    """The one of this actor that waits and wants exactly this (JSON text), unless it was due long ago."""
    row = (await connection.execute(_WAITING, {"actor": actor, "wanted": wanted, "due_after": due_after})).first()
    return Export(*row) if row else None


_WAITING = text(
    f"""SELECT {_COLUMNS} FROM exports WHERE state = 'waiting' AND actor = :actor AND wanted = CAST(:wanted AS jsonb)
          AND due_at > :due_after ORDER BY due_at LIMIT 1"""
).columns(wanted=JSONB)


async def end(
    connection: AsyncConnection,
    export: UUID,
    state: str,
    at: datetime,
    *,
    rows: int | None = None,
    by: str | None = None,
) -> bool:
    """done with so many rows, or vetoed by somebody. False when it does not wait any more."""
    values = {"id": export, "state": state, "at": at, "rows": rows, "by": by}
    return bool((await connection.execute(_END, values)).rowcount)


_END = text(
    """UPDATE exports SET state = :state, finished_at = :at, rows = CAST(:rows AS bigint),
         decided_by = CAST(:by AS text) WHERE id = :id AND state = 'waiting'"""
)


async def called(connection: AsyncConnection, actor: str) -> str:
    """The name of an actor, "staff:ID" or "api:ID"; what has no name stays as it is."""
    kind, _, id_ = actor.partition(":")
    if kind not in _CALLED:
        return actor
    return (await connection.scalar(_CALLED[kind], {"id": id_})) or actor


_CALLED = {
    "staff": text("SELECT name FROM staff WHERE CAST(id AS text) = :id"),
    "api": text("SELECT 'API ' || name FROM api_keys WHERE CAST(id AS text) = :id"),
}


async def freeze(connection: AsyncConnection) -> None:
    """First in a transaction: it sees everything as it is now, until it ends, and changes nothing.

    Else whoever is joined while the file is written would stand in it twice, or never.
    """
    await connection.execute(_FREEZE)


_FREEZE = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which persons; all conditions that are given hold. Each is about the person, whichever of his cards has it."""

    tag: str = ""
    owner: UUID | None = None
    company: UUID | None = None
    city: str = ""
    """In any case of letters."""
    since: datetime | None = None
    """Made then or later."""
    import_id: UUID | None = None
    """A card of his came with this import."""


async def page(connection: AsyncConnection, wanted: Filter, after: UUID | None, limit: int) -> list[UUID]:
    """The next leading cards behind `after`, in the order of ids.

    Each condition looks at one person at a time, so that all pages together cost one pass, however rare the fitting
    ones are.
    """
    given = {name: value for name in _CONDITIONS if (value := getattr(wanted, name))}
    where = " AND ".join(["p.leader_id IS NULL", _AFTER, *(_CONDITIONS[name] for name in given)])
    sql = f"SELECT p.id FROM contacts p WHERE {where} ORDER BY p.id LIMIT :limit"
    return list((await connection.execute(text(sql), given | {"after": after, "limit": limit})).scalars())


def _has(rows: str) -> str:
    """One of the person's cards has such a row. Two questions instead of an OR, which no index answers."""
    return f"""(EXISTS (SELECT FROM {rows} x.id = p.id)
        OR EXISTS (SELECT FROM contacts c WHERE c.leader_id = p.id AND EXISTS (SELECT FROM {rows} x.id = c.id)))"""


def _field(name: str, fits: str) -> str:
    """The latest value of this field of a card fits."""
    return f"""contacts x CROSS JOIN LATERAL (SELECT v.value FROM field_values v
        WHERE v.contact_id = x.id AND v.field = '{name}' ORDER BY v.at DESC, v.id DESC LIMIT 1) AS l WHERE {fits} AND"""


_AFTER = "(CAST(:after AS uuid) IS NULL OR p.id > :after)"
_CONDITIONS = {
    "tag": _has("contact_tags t JOIN contacts x ON x.id = t.contact_id WHERE t.tag = :tag AND"),
    "company": _has("company_members m JOIN contacts x ON x.id = m.contact_id WHERE m.company_id = :company AND"),
    "city": _has(_field("city", "lower(l.value) = lower(:city)")),
    "owner": f"""({_has(_field("owner", "l.value = CAST(CAST(:owner AS uuid) AS text)"))}
        OR EXISTS (SELECT FROM leads d WHERE d.contact_id = p.id AND d.owner_id = :owner AND d.state = 'open'))""",
    "since": "p.created_at >= :since",
    "import_id": _has("contacts x WHERE x.import_id = :import_id AND"),
}


async def further_columns(connection: AsyncConnection, purpose: str, channels: Sequence[str]) -> list[str]:
    """Columns beside those that every export has: custom fields, consents, ids of other systems."""
    found = (await connection.execute(_FURTHER, {"purpose": purpose, "channels": list(channels)})).scalars()
    return list(found)


_FURTHER = text(
    """(SELECT 'field:' || name FROM field_kinds WHERE archived_at IS NULL ORDER BY name)
       UNION ALL
       (SELECT 'consent:' || c FROM unnest(CAST(:channels AS text[])) AS c
        WHERE EXISTS (SELECT FROM consents k WHERE k.purpose = :purpose AND k.channel IN (c, '')))
       UNION ALL
       (SELECT DISTINCT 'external:' || split_part(value, ':', 1) FROM identities
        WHERE kind = 'external' AND value NOT LIKE 'vk:%' ORDER BY 1)"""
)
