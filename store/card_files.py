"""Files on cards. What is in them lies in the file store, under its digest; here is whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

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


async def remove(connection: AsyncConnection, file: UUID) -> bool:
    """Take it off its card; its content stays, others may have the same. False when it was gone already."""
    return bool((await connection.execute(_REMOVE, {"id": file})).rowcount)


_REMOVE = text("DELETE FROM contact_files WHERE id = :id")
