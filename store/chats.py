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
    """Have every card of these leads edited to what is true now. One waiting edit per card is enough."""
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
    """SELECT DISTINCT ON (lead_id, channel, address) lead_id, channel, address, staff_id FROM deliveries
       WHERE lead_id = ANY(CAST(:leads AS uuid[])) AND purpose = 'card'
         AND state NOT IN ('pending', 'failed', 'skipped')
       ORDER BY lead_id, channel, address, created_at DESC"""
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
       ORDER BY r.n, (d.purpose = 'refresh'), d.created_at LIMIT 1"""
)


async def card_in(connection: AsyncConnection, lead: UUID, channel: str, address: str) -> tuple[str, str | None] | None:
    """(state, external id) of the lead's latest card in that chat; None when there is none."""
    row = (await connection.execute(_CARD_IN, {"lead": lead, "channel": channel, "address": address})).first()
    return (row.state, row.external_id) if row else None


_CARD_IN = text(
    """SELECT state, external_id FROM deliveries WHERE lead_id = :lead AND purpose = 'card' AND channel = :channel
       AND address = :address ORDER BY created_at DESC LIMIT 1"""
)
