"""Asking staff whether two cards are one person: where it is asked, and what the question shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection


class Question(NamedTuple):
    """A pair to ask about, and who works for one of both."""

    id: UUID
    pipeline: str
    owner: UUID | None
    channel: str | None
    address: str | None
    """The owner's own chat; None where nobody has the lead, or he has none."""


async def to_ask(connection: AsyncConnection, limit: int) -> list[Question]:
    """The strongest open and due pairs of which one has an open lead: they count as asked from now on.

    Other pairs wait in the list: a chat is for what somebody works on.
    """
    return [Question(*row) for row in await connection.execute(_ASK, {"limit": limit})]


_ASK = text(
    """WITH due AS (
         SELECT s.id, s.score, l.pipeline, l.owner_id FROM suggestions s
         JOIN contacts a ON a.id = s.one JOIN contacts b ON b.id = s.other
         JOIN LATERAL (SELECT pipeline, owner_id FROM leads l
           WHERE l.contact_id IN (coalesce(a.leader_id, a.id), coalesce(b.leader_id, b.id)) AND l.state = 'open'
             AND l.under_id IS NULL ORDER BY l.taken_at NULLS LAST, l.opened_at LIMIT 1) AS l ON true
         WHERE s.state = 'open' AND s.asked_at IS NULL AND s.due_at <= now()
           AND coalesce(a.leader_id, a.id) <> coalesce(b.leader_id, b.id)
         ORDER BY s.score DESC LIMIT :limit FOR UPDATE OF s SKIP LOCKED),
       asked AS (UPDATE suggestions s SET asked_at = now() FROM due WHERE s.id = due.id)
       SELECT due.id, due.pipeline, due.owner_id, m.channel, m.address FROM due
       LEFT JOIN staff m ON m.id = due.owner_id AND m.left_at IS NULL ORDER BY due.score DESC"""
)


class Side(NamedTuple):
    """One of both, as far as it helps to tell."""

    card: UUID
    created_at: datetime
    names: Sequence[str]
    addresses: Sequence[Mapping[str, Any]]
    """{"kind", "value", "proved"}"""
    fields: Mapping[str, str]
    leads: Sequence[int]
    """Numbers, the latest first."""
    last_at: datetime | None
    """When it was heard of last. What was written is shown to nobody here: another may work for that customer."""


async def sides(connection: AsyncConnection, cards: Sequence[UUID]) -> dict[UUID, Side]:
    """Of each of these cards, without what is joined with it."""
    return {row[0]: Side(*row) for row in await connection.execute(_SIDES, {"ids": list(cards)})}


_SIDES = text(
    """SELECT c.id, c.created_at,
       ARRAY(SELECT name FROM claims WHERE contact_id = c.id AND name <> '' GROUP BY name ORDER BY min(at) LIMIT 3),
       (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', i.kind, 'value', i.value, 'proved', i.proved)
          ORDER BY i.proved DESC, i.created_at), '[]') FROM identities i
        WHERE i.home_id = c.id AND i.contact_id = coalesce(c.leader_id, c.id) AND i.kind <> 'unreadable'
          AND i.variant NOT LIKE '~%') AS addresses,
       (SELECT coalesce(jsonb_object_agg(f.field, f.value), '{}') FROM (
          SELECT DISTINCT ON (field) field, value FROM field_values
          WHERE contact_id = c.id ORDER BY field, at DESC, id DESC) AS f WHERE f.value <> '') AS fields,
       ARRAY(SELECT number FROM leads l WHERE l.contact_id = coalesce(c.leader_id, c.id) AND l.home_id = c.id
             ORDER BY opened_at DESC LIMIT 3),
       m.received_at
       FROM contacts c LEFT JOIN LATERAL (SELECT m.received_at FROM leads l JOIN messages m ON m.lead_id = l.id
         WHERE l.contact_id = coalesce(c.leader_id, c.id) AND l.home_id = c.id AND m.direction = 'in'
         ORDER BY m.received_at DESC LIMIT 1) AS m ON true
       WHERE c.id = ANY(CAST(:ids AS uuid[]))"""
).columns(addresses=JSONB, fields=JSONB)
