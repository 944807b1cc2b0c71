"""What a lead's card shows, read fresh each time that one is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection


class Line(NamedTuple):
    """One message of the talk."""

    id: UUID
    direction: str
    channel: str
    author: str | None
    """The member of staff who wrote it; None for the customer."""
    subject: str | None
    text: str
    facts: Mapping[str, Any]
    at: datetime
    state: str | None
    """What became of our answer (domain.messages.DeliveryState); None for the customer's messages."""
    reason: str | None


class CardView(NamedTuple):
    """All that a card needs."""

    lead: UUID
    number: int
    pipeline: str
    state: str
    channel: str
    opened_at: datetime
    owner_id: UUID | None
    owner: str | None
    taken_at: datetime | None
    name: str | None
    addresses: list[Mapping[str, Any]]
    """{"kind", "value", "proved"}, the proved first."""
    lines: list[Line]
    """The first message of the lead and the last few, oldest first."""
    total: int
    """How many messages there are in all."""


async def view(connection: AsyncConnection, lead: UUID, last: int = 5) -> CardView | None:
    """The card of this lead, or None when there is no such lead."""
    head = (await connection.execute(_HEAD, {"lead": lead})).first()
    if head is None:
        return None
    lines = [Line(*r) for r in await connection.execute(_LINES, {"lead": lead, "last": last})]
    *facts, total = head
    return CardView._make([*facts, lines, total])


_HEAD = text(
    """SELECT l.id, l.number, l.pipeline, l.state, l.channel, l.opened_at, l.owner_id, s.name, l.taken_at,
       coalesce(o.name, (SELECT i.name FROM identities i WHERE i.contact_id = l.contact_id AND i.name <> '' LIMIT 1)),
       (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', i.kind, 'value', i.value, 'proved', i.proved)
          ORDER BY i.proved DESC, i.created_at), '[]') FROM identities i
        WHERE i.contact_id = l.contact_id AND i.kind <> 'unreadable') AS addresses,
       (SELECT count(*) FROM messages m WHERE m.lead_id = l.id) AS total
       FROM leads l JOIN identities o ON o.id = l.opened_by LEFT JOIN staff s ON s.id = l.owner_id
       WHERE l.id = :lead"""
).columns(addresses=JSONB)
_LINES = text(
    """WITH numbered AS (
         SELECT m.*, row_number() OVER (ORDER BY received_at, id) AS first,
           row_number() OVER (ORDER BY received_at DESC, id DESC) AS back
         FROM messages m WHERE m.lead_id = :lead)
       SELECT m.id, m.direction, m.channel, s.name, m.subject, m.text, m.facts, m.received_at, d.state, d.reason
       FROM numbered m LEFT JOIN staff s ON s.id = m.staff_id
       LEFT JOIN LATERAL (SELECT state, reason FROM deliveries d WHERE d.message_id = m.id AND d.purpose = 'reply'
         ORDER BY created_at DESC LIMIT 1) AS d ON true
       WHERE m.first = 1 OR m.back <= :last ORDER BY m.received_at, m.id"""
).columns(facts=JSONB)
