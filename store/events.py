"""The append-only log. The timeline, the audit and the trace are readings of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import new_id
from domain.messages import utcnow
from store import bulk
from store.bulk import Row
from store.tables import events

EVENT = ("id", "at", "kind", "actor", "lead_id", "message_id", "data")
OF_CONTACT = (*EVENT, "contact_id")
SYSTEM = "leadwire"


async def add(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Append rows in the order of EVENT; `data` is JSON text."""
    await bulk.copy(connection, events, EVENT, rows)


async def record(
    connection: AsyncConnection,
    kind: str,
    *,
    at: datetime,
    actor: str = SYSTEM,
    lead: UUID | None = None,
    message: UUID | None = None,
    **data: Any,
) -> None:
    """Append one event."""
    await add(connection, [(new_id(), at, kind, actor, lead, message, msgspec.json.encode(data).decode())])


async def of_contacts(connection: AsyncConnection, kind: str, cards: Iterable[tuple[UUID, str]], actor: str) -> None:
    """Append an event for each (card, JSON text)."""
    at = utcnow()
    rows = [(new_id(), at, kind, actor, None, None, data, card) for card, data in cards]
    await bulk.copy(connection, events, OF_CONTACT, rows)


def by_staff(member: UUID) -> str:
    """The actor's name of a member of staff."""
    return f"staff:{member}"
