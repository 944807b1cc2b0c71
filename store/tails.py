"""Finds rows by the end of their id, as people copy it from a list: its beginning is the time, alike for neighbours."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import api_keys, broadcasts, contacts, exports, imports, merges, segments, suggestions

SHORT = 8
"""Characters that are shown."""
TABLES: dict[str, Table] = {
    "contact": contacts,
    "import": imports,
    "export": exports,
    "merge": merges,
    "suggestion": suggestions,
    "key": api_keys,
    "segment": segments,
    "broadcast": broadcasts,
}
_END = re.compile(rf"[0-9a-f]{{{SHORT},31}}")


async def find(connection: AsyncConnection, kind: str, end: str) -> list[UUID]:
    """The ids that end so, at most ten; none for a text that is no end of an id. Reads the whole table."""
    wanted = end.strip().lower()
    if not _END.fullmatch(wanted):
        return []
    sql = f"SELECT id FROM {TABLES[kind].name} WHERE replace(CAST(id AS text), '-', '') LIKE :end LIMIT 10"
    return list((await connection.execute(text(sql), {"end": f"%{wanted}"})).scalars())


def short(id_: UUID) -> str:
    """What people see of it."""
    return id_.hex[-SHORT:]


_LEAD = text("SELECT contact_id FROM leads WHERE number = :number")


async def of_lead(connection: AsyncConnection, number: int) -> UUID | None:
    """The person to whom the lead of this number belongs."""
    row = (await connection.execute(_LEAD, {"number": number})).first()
    return row.contact_id if row else None
