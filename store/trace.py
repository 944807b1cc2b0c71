"""The whole way of one message or lead, step by step, with times: a reading of the tables for `leadwire trace`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB

from store.engine import Connection


class Step(NamedTuple):
    """One thing that happened."""

    at: datetime
    kind: str
    what: str
    """The channel, the actor, or the address that it concerns."""
    state: str
    reason: str | None
    text: str
    """The beginning of the message."""
    data: Mapping[str, Any]


async def find(connection: Connection, wanted: str, channels: Sequence[str]) -> tuple[UUID | None, UUID | None]:
    """(lead, message) for a lead's number or id, a message's id, its Message-ID, or a provider's id.

    A receipt is found however it is typed.
    """
    number, ids = wanted.removeprefix("#"), [wanted, wanted.upper(), f"<{wanted.strip('<>')}>"]
    values = {
        "number": int(number) if number.isdecimal() and len(number) < 18 else None,
        "id": _uuid(wanted),
        "ids": ids,
        "channels": list(channels),
    }
    row = (await connection.execute(_FIND, values)).first()
    return (row.lead_id, row.message_id) if row else (None, None)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


_FIND = text(
    """SELECT lead_id, message_id FROM (
         SELECT 1 AS n, id AS lead_id, CAST(NULL AS uuid) AS message_id FROM leads
         WHERE number = CAST(:number AS bigint) OR id = CAST(:id AS uuid)
         UNION ALL
         SELECT 2, lead_id, id FROM messages WHERE id = CAST(:id AS uuid)
           OR (channel = ANY(CAST(:channels AS text[])) AND external_id = ANY(CAST(:ids AS text[])))
           OR (channel = ANY(CAST(:channels AS text[])) AND ref = ANY(CAST(:ids AS text[])) AND ref <> '')
         UNION ALL
         SELECT 3, lead_id, message_id FROM deliveries WHERE id = CAST(:id AS uuid)
           OR (channel = ANY(CAST(:channels AS text[])) AND external_id = ANY(CAST(:ids AS text[])))
       ) AS f ORDER BY n LIMIT 1"""
)


async def steps(connection: Connection, lead: UUID | None, message: UUID | None) -> list[Step]:
    """Everything about a lead, or about a message that led to none, in the order of time."""
    rows = await connection.execute(_STEPS, {"lead": lead, "message": message})
    return [Step(*row) for row in rows]


_STEPS = text(
    """SELECT at, kind, what, state, reason, text, data FROM (
         SELECT 0 AS rank, received_at AS at, 'message ' || direction AS kind, channel AS what, '' AS state,
           CAST(NULL AS text) AS reason, left(text, 80) AS text, CAST('{}' AS jsonb) AS data
         FROM messages WHERE lead_id = CAST(:lead AS uuid) OR id = CAST(:message AS uuid)
         UNION ALL
         SELECT 1, created_at, 'stored', channel, '', NULL, external_id, '{}'
         FROM messages WHERE lead_id = CAST(:lead AS uuid) OR id = CAST(:message AS uuid)
         UNION ALL
         SELECT 2, at, kind, actor, '', NULL, '', data FROM events
         WHERE lead_id = CAST(:lead AS uuid) OR (lead_id IS NULL AND message_id = CAST(:message AS uuid))
         UNION ALL
         SELECT 3, created_at, 'queued ' || purpose, channel || ' ' || address, state, reason, '',
           jsonb_build_object('delivery', id, 'attempts', attempts)
         FROM deliveries WHERE lead_id = CAST(:lead AS uuid)
         UNION ALL
         SELECT 4, sent_at, 'sent ' || purpose, channel || ' ' || address, state, NULL, coalesce(external_id, ''), '{}'
         FROM deliveries WHERE lead_id = CAST(:lead AS uuid) AND sent_at IS NOT NULL
         UNION ALL
         SELECT 5, reported_at, 'reported ' || purpose, channel || ' ' || address, state, reason, '', '{}'
         FROM deliveries WHERE lead_id = CAST(:lead AS uuid) AND reported_at IS NOT NULL
       ) AS s ORDER BY at, rank, kind"""
).columns(data=JSONB)


class Head(NamedTuple):
    """What a lead is, in a line."""

    number: int
    who: str
    """The customer's name, else an address; empty when neither is known."""
    state: str
    owner: str | None


async def head(connection: Connection, lead: UUID | None) -> Head | None:
    """Of one lead; None when there is none."""
    row = (await connection.execute(_HEAD, {"lead": lead})).first()
    return Head(*row) if row else None


_HEAD = text(
    """SELECT l.number, coalesce(nullif(i.name, ''), i.value, ''), l.state, s.name
       FROM leads l LEFT JOIN identities i ON i.id = l.opened_by LEFT JOIN staff s ON s.id = l.owner_id
       WHERE l.id = CAST(:lead AS uuid)"""
)


async def staff_names(connection: Connection) -> list[tuple[UUID, str]]:
    """Everybody who works or worked here."""
    return [(row.id, row.name) for row in await connection.execute(text("SELECT id, name FROM staff"))]


class Hop(NamedTuple):
    """How long one hop took, in seconds."""

    hop: str
    p50: float
    p99: float


async def hops(connection: Connection) -> list[Hop]:
    """From the channel to the store, and from there to the seller's chat, over all leads."""
    return [Hop(*row) for row in await connection.execute(_HOPS)]


_HOPS = text(
    """WITH took AS (
         SELECT 'received to stored' AS hop, extract(epoch FROM created_at - received_at) AS s
         FROM messages WHERE direction = 'in' AND lead_id IS NOT NULL
         UNION ALL
         SELECT 'stored to sent (' || purpose || ')', extract(epoch FROM sent_at - created_at) FROM deliveries
         WHERE sent_at IS NOT NULL)
       SELECT hop, CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY s) AS float),
         CAST(percentile_cont(0.99) WITHIN GROUP (ORDER BY s) AS float) FROM took GROUP BY hop ORDER BY hop"""
)
