"""What a lead's card shows, read fresh each time that one is rendered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row
from store.chats import refresh
from store.deliveries import DELIVERY
from store.tables import deliveries

EXCERPT = 600
"""Characters of a message that a card always has room for; what is longer, or has files, is relayed whole under it."""


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
    external_id: str = ""
    """In the channel's words: of a form the receipt's number."""


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
    under: int | None = None
    """The number of the person's other lead where the talk goes on, while both are known to be one person's."""
    also: Sequence[int] = ()
    """The numbers of the leads that go on in this one."""
    amount: Decimal | None = None
    """For how much it is, or was won."""
    currency: str | None = None


async def view(connection: AsyncConnection, lead: UUID, last: int = 5) -> CardView | None:
    """The card of this lead, or None when there is no such lead."""
    head = (await connection.execute(_HEAD, {"lead": lead})).first()
    if head is None:
        return None
    lines = [Line(*r) for r in await connection.execute(_LINES, {"lead": lead, "last": last})]
    *facts, total, under, also, amount, currency = head
    return CardView._make([*facts, lines, total, under, also, amount, currency])


_HEAD = text(
    """SELECT l.id, l.number, l.pipeline, l.state, l.channel, l.opened_at, l.owner_id, s.name, l.taken_at,
       coalesce(nullif(o.name, ''),
         (SELECT i.name FROM identities i WHERE i.contact_id = l.contact_id AND i.name <> ''
            ORDER BY i.created_at LIMIT 1),
         (SELECT m.facts ->> 'name' FROM messages m WHERE m.lead_id = l.id AND m.direction = 'in'
            AND m.facts ->> 'name' <> '' ORDER BY m.received_at LIMIT 1)),
       (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', i.kind, 'value', i.value, 'proved', i.proved)
          ORDER BY i.proved DESC, i.created_at), '[]') FROM identities i
        WHERE i.contact_id = l.contact_id AND i.kind <> 'unreadable' AND i.variant NOT LIKE '~%') AS addresses,
       (SELECT count(*) FROM messages m WHERE m.lead_id = l.id) AS total,
       (SELECT u.number FROM leads u WHERE u.id = l.under_id AND l.state = 'open') AS under,
       (SELECT coalesce(array_agg(u.number ORDER BY u.number), '{}') FROM leads u
        WHERE u.under_id = l.id AND u.state = 'open') AS also, l.amount, l.currency
       FROM leads l JOIN identities o ON o.id = l.opened_by LEFT JOIN staff s ON s.id = l.owner_id
       WHERE l.id = :lead"""
).columns(addresses=JSONB)
_LINES = text(
    """WITH numbered AS (
         SELECT m.*, row_number() OVER (ORDER BY received_at, id) AS first,
           row_number() OVER (ORDER BY received_at DESC, id DESC) AS back
         FROM messages m WHERE m.lead_id = :lead)
       SELECT m.id, m.direction, m.channel, s.name, m.subject, m.text, m.facts, m.received_at, d.state, d.reason,
         m.external_id
       FROM numbered m LEFT JOIN staff s ON s.id = m.staff_id
       LEFT JOIN LATERAL (SELECT state, reason FROM deliveries d WHERE d.message_id = m.id AND d.purpose = 'reply'
         ORDER BY created_at DESC LIMIT 1) AS d ON true
       WHERE m.first = 1 OR m.back <= :last ORDER BY m.received_at, m.id"""
).columns(facts=JSONB)


async def is_first(connection: AsyncConnection, message: UUID) -> bool:
    """Whether it is the lead's first message, which its card shows above all others."""
    return bool(await connection.scalar(_IS_FIRST, {"id": message}))


_IS_FIRST = text(
    """SELECT NOT EXISTS (SELECT FROM messages e WHERE e.lead_id = m.lead_id
         AND (e.received_at, e.id) < (m.received_at, m.id))
       FROM messages m WHERE m.id = :id"""
)


class Author(NamedTuple):
    """Who of us wrote an answer, and where he is told that it did not arrive."""

    message: UUID
    staff: UUID
    channel: str
    address: str


async def authors(connection: AsyncConnection, messages: Sequence[UUID]) -> list[Author]:
    """The writers of these answers who still work here and have a chat."""
    return [Author(*r) for r in await connection.execute(_AUTHORS, {"ids": list(messages)})]


_AUTHORS = text(
    """SELECT m.id, s.id, s.channel, s.address FROM messages m JOIN staff s ON s.id = m.staff_id
       WHERE m.id = ANY(CAST(:ids AS uuid[])) AND s.left_at IS NULL
       AND s.channel IS NOT NULL AND s.address IS NOT NULL"""
)


async def language_of(connection: AsyncConnection, member: UUID) -> str | None:
    """The language that this member of staff reads."""
    language: str | None = await connection.scalar(_LANGUAGE, {"id": member})
    return language


_LANGUAGE = text("SELECT language FROM staff WHERE id = :id")


async def put_off(connection: AsyncConnection, edits: Sequence[Row]) -> None:
    """Queue edits of cards once more (rows of `store.deliveries.DELIVERY`), each unless its card has one waiting.

    A claimed edit may not simply become pending again: meanwhile another one for the same card may have.
    """
    await bulk.insert_new(connection, deliveries, DELIVERY, edits)


async def take_back(connection: AsyncConnection, at: datetime) -> int:
    """Replace the edits that a dead sender had claimed, as `put_off` does; how many.

    Call it before `store.deliveries.sweep` in the same transaction.
    """
    leads = list((await connection.execute(_TAKE_BACK)).scalars())
    await refresh(connection, leads, at)
    return len(leads)


_TAKE_BACK = text(
    """UPDATE deliveries SET state = 'skipped', lease_until = NULL,
         reason = 'the sender went away while sending; a new edit follows'
       WHERE purpose = 'refresh' AND state = 'sending' AND lease_until < now() RETURNING lead_id"""
)
