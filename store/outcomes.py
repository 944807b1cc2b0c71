"""What became of each recipient of a broadcast. Every figure is a query over the deliveries, never a counter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class Outcome(StrEnum):
    """What became of a recipient; the first that is true of any of his rows, in this order."""

    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    ANSWERED = "answered"
    CLICKED = "clicked"
    OPENED = "opened"
    DELIVERED = "delivered"
    SENT = "sent"
    UNKNOWN = "unknown"  # the wire was cut between sending and settling: a person decides
    PLANNED = "planned"
    BOUNCED_SOFT = "bounced_soft"
    BOUNCED_HARD = "bounced_hard"
    FAILED = "failed"
    SKIPPED = "skipped"


_OUTCOME = """CASE
    WHEN d.complained_at IS NOT NULL THEN 'complained'
    WHEN d.left_at IS NOT NULL THEN 'unsubscribed'
    WHEN d.answered_at IS NOT NULL THEN 'answered'
    WHEN d.clicked_at IS NOT NULL THEN 'clicked'
    WHEN d.opened_at IS NOT NULL OR d.state = 'read' THEN 'opened'
    WHEN d.state = 'failed' AND d.code = 'hard' THEN 'bounced_hard'
    WHEN d.state = 'failed' AND d.code = 'soft' THEN 'bounced_soft'
    WHEN d.state IN ('pending', 'sending') THEN 'planned'
    ELSE d.state END"""
_RANK = "array_position(CAST(:order AS text[]), CAST(o.outcome AS text))"
_ORDER = [outcome.value for outcome in Outcome]
_BEST = f"""SELECT DISTINCT ON (o.contact_id) o.contact_id, o.outcome, o.code, o.channel FROM (
      SELECT d.contact_id, d.channel, d.code, d.step, {_OUTCOME} AS outcome FROM deliveries d WHERE d.broadcast_id = :id
    ) AS o ORDER BY o.contact_id, {_RANK}, o.step"""


class Total(NamedTuple):
    """How many recipients have this outcome."""

    channel: str
    outcome: str
    code: str
    """Why, of skipped and failed ones; else empty."""
    people: int


async def totals(connection: AsyncConnection, broadcast: UUID, *, steps: int = 1) -> list[Total]:
    """Recipients by outcome; with several steps the best of a person's rows counts. They add up to all recipients."""
    statement = _TOTALS if steps == 1 else _TOTALS_OF_CASCADE
    values = {"id": broadcast} if steps == 1 else {"id": broadcast, "order": _ORDER}
    return [Total(r.channel, r.outcome, r.code, r.n) for r in await connection.execute(statement, values)]


_CODE = "CASE WHEN o.outcome IN ('skipped', 'failed', 'planned') THEN coalesce(o.code, '') ELSE '' END"
_TOTALS = text(
    f"""SELECT o.channel, o.outcome, {_CODE} AS code, count(*) AS n FROM (
          SELECT d.channel, d.code, {_OUTCOME} AS outcome FROM deliveries d WHERE d.broadcast_id = :id) AS o
        GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 2, 3"""
)
_TOTALS_OF_CASCADE = text(
    f"""SELECT o.channel, o.outcome, {_CODE} AS code, count(*) AS n FROM ({_BEST}) AS o
        GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 2, 3"""
)


class Recipient(NamedTuple):
    """One row of the ledger."""

    delivery: UUID
    contact: UUID
    step: int
    channel: str
    address: str
    outcome: str
    state: str
    code: str | None
    reason: str | None
    due_at: datetime
    sent_at: datetime | None
    reported_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    answered_at: datetime | None
    left_at: datetime | None
    complained_at: datetime | None


async def recipients(
    connection: AsyncConnection,
    broadcast: UUID,
    *,
    outcome: str | None = None,
    code: str | None = None,
    after: UUID | None = None,
    limit: int = 100,
) -> list[Recipient]:
    """A page of rows in the order of people; `after`: behind this contact."""
    values = {"id": broadcast, "outcome": outcome, "code": code, "after": after, "limit": limit}
    return [Recipient(*row) for row in await connection.execute(_RECIPIENTS, values)]


_RECIPIENTS = text(
    f"""SELECT * FROM (
          SELECT d.id, d.contact_id, d.step, d.channel, d.address, {_OUTCOME} AS outcome, d.state, d.code, d.reason,
            d.due_at, d.sent_at, d.reported_at, d.opened_at, d.clicked_at, d.answered_at, d.left_at, d.complained_at
          FROM deliveries d WHERE d.broadcast_id = :id
            AND (CAST(:after AS uuid) IS NULL OR d.contact_id > CAST(:after AS uuid))) AS r
        WHERE (CAST(:outcome AS text) IS NULL OR r.outcome = :outcome)
          AND (CAST(:code AS text) IS NULL OR r.code = :code)
        ORDER BY r.contact_id, r.step LIMIT :limit"""
)


class Pulse(NamedTuple):
    """How it goes just now."""

    sent: int
    """Rows that went out in the last minute."""
    waiting: int
    """Rows that are due now."""
    later: int
    """Rows that are due later: quiet hours, retries, other zones."""
    next_at: datetime | None
    """When the first of these is due."""
    last_at: datetime | None
    """When the last of these is due."""


async def pulse(connection: AsyncConnection, broadcast: UUID, now: datetime) -> Pulse:
    """The rate of the last minute, and what is still to be sent."""
    return Pulse(*(await connection.execute(_PULSE, {"id": broadcast, "now": now})).one())


_PULSE = text(
    """SELECT (SELECT count(*) FROM deliveries
           WHERE broadcast_id = :id AND sent_at > CAST(:now AS timestamptz) - interval '1 minute'),
         count(*) FILTER (WHERE due_at <= :now), count(*) FILTER (WHERE due_at > :now),
         min(due_at) FILTER (WHERE due_at > :now), max(due_at) FILTER (WHERE due_at > :now)
       FROM deliveries WHERE broadcast_id = :id AND state = 'pending'"""
)


async def waiting_by_provider(
    connection: AsyncConnection, broadcast: UUID, now: datetime
) -> Mapping[tuple[str, str], int]:
    """(channel, provider) -> how many due rows wait for it."""
    rows = await connection.execute(_BY_PROVIDER, {"id": broadcast, "now": now})
    return {(r.channel, r.provider): r.n for r in rows}


_BY_PROVIDER = text(
    """SELECT channel, provider, count(*) AS n FROM deliveries
       WHERE broadcast_id = :id AND state = 'pending' AND due_at <= :now GROUP BY 1, 2"""
)
