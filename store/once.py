"""Requests of the API that made something, in the log of events: the same one sent twice makes it once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row
from store.events import OF_CONTACT
from store.tables import events


async def remembered(connection: AsyncConnection, event: UUID) -> dict[str, Any] | None:
    """What was written down of this request, or None: it is new."""
    found: dict[str, Any] | None = await connection.scalar(_REMEMBERED, {"id": event})
    return found


_REMEMBERED = text("SELECT data FROM events WHERE id = :id").columns(data=JSONB)


async def remember(connection: AsyncConnection, row: Row) -> None:
    """Append an event of a request, in the order of OF_CONTACT. Raises Lost when the same request was first."""
    await bulk.insert(connection, events, OF_CONTACT, [row], contended=True)
