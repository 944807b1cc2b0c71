"""What staff see in their chats: the cards that are shown there, and what somebody points at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.deliveries import DELIVERY, Lane, Purpose, row
from store.tables import deliveries


async def refresh(connection: AsyncConnection, leads: Iterable[UUID], at: datetime) -> None:
    """Have the living card of these leads in each chat edited to what is true now.

    The latest card is the living one; while it waits to be sent it needs no edit. One waiting edit per card is enough.
    """
    if ids := sorted(set(leads)):
        shown = await connection.execute(_SHOWN, {"leads": ids})
        rows = [
            row(
                Purpose.REFRESH,
                Lane.CARD,
                channel=r.channel,
                address=r.address,
                at=at,
                lead=r.lead_id,
                staff=r.staff_id,
            )
            for r in shown
        ]
        await bulk.insert_new(connection, deliveries, DELIVERY, rows)


_SHOWN = text(
    """SELECT lead_id, channel, address, staff_id FROM (
         SELECT DISTINCT ON (lead_id, channel, address) lead_id, channel, address, staff_id, state FROM deliveries
         WHERE lead_id = ANY(CAST(:leads AS uuid[])) AND purpose = 'card' AND state NOT IN ('failed', 'skipped')
           AND NOT EXISTS (SELECT FROM staff s WHERE s.id = staff_id AND s.left_at IS NOT NULL)
         ORDER BY lead_id, channel, address, created_at DESC, id DESC) AS latest
       WHERE state <> 'pending'"""
)


async def retire(connection: AsyncConnection, sent: Sequence[UUID], at: datetime) -> None:
    """These cards have just been sent: each older one of the same lead in the same chat loses its buttons, once."""
    if sent:
        older = await connection.execute(_OLDER, {"sent": list(sent)})
        rows = [
            row(
                Purpose.RETIRE,
                Lane.NOTICE,
                channel=r.channel,
                address=r.address,
                at=at,
                facts=r.facts,
                lead=r.lead_id,
                staff=r.staff_id,
            )
            for r in older
        ]
        await bulk.insert(connection, deliveries, DELIVERY, rows)


_OLDER = text(
    """WITH ranked AS (
         SELECT lead_id, channel, address, staff_id, external_id,
           rank() OVER (PARTITION BY lead_id, channel, address ORDER BY created_at DESC, id DESC) AS age
         FROM deliveries d
         WHERE purpose = 'card' AND external_id IS NOT NULL AND EXISTS (
           SELECT FROM deliveries s WHERE s.id = ANY(CAST(:sent AS uuid[])) AND s.lead_id = d.lead_id
             AND s.channel = d.channel AND s.address = d.address)
           AND lead_id IN (SELECT lead_id FROM deliveries WHERE id = ANY(CAST(:sent AS uuid[]))))
       SELECT lead_id, channel, address, staff_id, CAST(jsonb_build_object('card', external_id) AS text) AS facts
       FROM ranked r WHERE age > 1 AND NOT EXISTS (
         SELECT FROM deliveries o WHERE o.lead_id = r.lead_id AND o.purpose = 'retire' AND o.channel = r.channel
           AND o.address = r.address AND o.facts ->> 'card' = r.external_id)"""
)


class Shown(NamedTuple):
    """A message of ours that somebody points at."""

    delivery: UUID
    purpose: str
    lead: UUID | None
    message: UUID | None


async def pointed_at(connection: AsyncConnection, channel: str, refs: Sequence[str]) -> Shown | None:
    """The delivery that the first known one of these refs (external ids) names."""
    row = (await connection.execute(_POINTED, {"channel": channel, "refs": list(refs)})).first()
    return Shown(*row) if row else None


_POINTED = text(
    """SELECT d.id, d.purpose, d.lead_id, d.message_id
       FROM unnest(CAST(:refs AS text[])) WITH ORDINALITY AS r(ref, n)
       JOIN LATERAL (
         SELECT * FROM deliveries WHERE channel = :channel AND external_id = r.ref
         UNION ALL
         SELECT d.* FROM delivery_parts p JOIN deliveries d ON d.id = p.delivery_id
         WHERE p.channel = :channel AND p.external_id = r.ref) AS d ON true
       ORDER BY r.n, (d.purpose IN ('refresh', 'retire')), d.created_at LIMIT 1"""
)


async def are_under_way(connection: AsyncConnection, channel: str, address: str) -> bool:
    """Whether something is just being sent to this chat: it may be seen there before its id is written down here."""
    return bool(await connection.scalar(_UNDER_WAY, {"channel": channel, "address": address}))


_UNDER_WAY = text(
    """SELECT EXISTS (SELECT FROM deliveries WHERE state = 'sending' AND channel = :channel AND address = :address)"""
)


async def card_in(connection: AsyncConnection, lead: UUID, channel: str, address: str) -> tuple[str, str | None] | None:
    """(state, external id) of the lead's latest card in that chat; one that failed for want of another; or None."""
    row = (await connection.execute(_CARD_IN, {"lead": lead, "channel": channel, "address": address})).first()
    return (row.state, row.external_id) if row else None


_CARD_IN = text(
    """SELECT state, external_id FROM deliveries WHERE lead_id = :lead AND purpose = 'card' AND channel = :channel
       AND address = :address ORDER BY state IN ('failed', 'skipped'), created_at DESC, id DESC LIMIT 1"""
)
