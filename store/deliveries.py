"""The ledger and queue of everything that we send. The row is the truth; the doorbell only saves a wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import new_id
from domain.messages import DeliveryState
from store import bulk, direct, reports
from store.bulk import Row
from store.tables import deliveries, delivery_parts


class Purpose(StrEnum):
    """What a delivery is for, and so how it is rendered."""

    CARD = "card"  # a lead's card in a seller's or a team's chat; facts: {}
    REFRESH = "refresh"  # edits the card of `lead_id` in that chat to what is true now; facts: {}
    RETIRE = "retire"  # takes the buttons off an older card, when a newer one is in the chat; facts: {"card"}, its id
    RELAY = (
        "relay"  # the customer's message `message_id` in the owner's chat, under the card; facts: {"plain", "reason"}
    )
    REPLY = "reply"  # the message `message_id` of a member of staff, to the customer
    GREETING = "greeting"  # the automatic first answer to the message `message_id`; facts: {"language", "template"}
    NOTICE = "notice"  # a line for staff; facts: {"key", ...}: a text of notifications/templates
    REVIEW = "review"  # whether two cards are one person; facts: {"suggestion"}, and {"card"}, its id, to edit it
    TOAST = "toast"  # the answer to a button press; facts: {"press", "key", ...}
    BROADCAST = "broadcast"
    TEST = "test"  # a broadcast as one person would get it; facts: {"broadcast", "values", "files"}
    MESSAGE = "message"  # another program's; facts: {"content", "values"} or {"subject", "text", "html"}; {"files"}


class Lane(IntEnum):
    """A lower lane always goes first: an answer never waits behind a mailing."""

    ANSWER = 0
    CARD = 1
    NOTICE = 2
    MAILING = 3


DELIVERY = (
    "id", "channel", "address", "purpose", "facts", "priority", "due_at", "lead_id", "message_id", "contact_id",
    "staff_id", "created_at",
)  # fmt: skip


class Delivery(NamedTuple):
    """One claimed delivery."""

    id: UUID
    channel: str
    address: str
    purpose: str
    facts: Mapping[str, Any]
    attempts: int
    """This one included."""
    lead: UUID | None
    message: UUID | None
    contact: UUID | None
    staff: UUID | None
    created_at: datetime
    suppressed: str | None
    """Why this address takes nothing any more; None when it may be written to."""
    broadcast: UUID | None = None
    step: int = 0
    """Of the broadcast's cascade."""
    provider: str = ""
    """Who receives it (broadcasts.accounts)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What became of one claimed delivery."""

    id: UUID
    state: DeliveryState
    reason: str = ""
    external_id: str | None = None
    others: tuple[str, ...] = ()
    retry_at: datetime | None = None
    """With PENDING: when to try again."""
    counted: bool = True
    """False when the provider was not asked at all, so that waiting for a limit costs no attempt."""
    code: str = ""
    """Of a mailing's recipient: the reason as a word (store.outcomes)."""
    next_at: datetime | None = None
    """When the cascade looks whether the next channel is to be tried."""


async def add(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Queue deliveries, each in the order of DELIVERY; `facts` is JSON text."""
    await bulk.copy(connection, deliveries, DELIVERY, rows)


def row(
    purpose: Purpose,
    lane: Lane,
    *,
    channel: str,
    address: str,
    at: datetime,
    facts: str = "{}",
    due_at: datetime | None = None,
    lead: UUID | None = None,
    message: UUID | None = None,
    contact: UUID | None = None,
    staff: UUID | None = None,
) -> Row:
    """One row for `add`."""
    return (
        new_id(), channel, address, purpose.value, facts, lane.value, due_at or at, lead, message, contact, staff, at,
    )  # fmt: skip


async def claim(connection: AsyncConnection, channels: Iterable[str], limit: int, lease: timedelta) -> list[Delivery]:
    """Up to `limit` due deliveries of these channels that are not paused, lowest lane first, oldest due first.

    They are ours until the lease is over; what is not settled by then is swept.
    """
    wanted = {"channels": list(channels), "lanes": [lane.value for lane in Lane], "limit": limit, "lease": lease}
    rows = (await connection.execute(_CLAIM, wanted)).all()
    ordered = sorted(rows, key=lambda r: (r.priority, r.due_at, r.id))
    return [Delivery(*r[:12]) for r in ordered]


_CLAIM = text(
    """WITH open AS (
         SELECT c AS channel FROM unnest(CAST(:channels AS text[])) AS c
         WHERE NOT EXISTS (SELECT FROM pauses p WHERE p.channel = c AND (p.until IS NULL OR p.until > now()))),
       due AS (
         SELECT d.id FROM open CROSS JOIN unnest(CAST(:lanes AS smallint[])) AS lane CROSS JOIN LATERAL (
           SELECT id, due_at FROM deliveries
           WHERE state = 'pending' AND broadcast_id IS NULL AND channel = open.channel AND priority = lane
             AND due_at <= now()
           ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED) AS d
         ORDER BY lane, d.due_at LIMIT :limit)
       UPDATE deliveries d SET state = 'sending', lease_until = now() + CAST(:lease AS interval),
         attempts = attempts + 1
       FROM due WHERE d.id = due.id
       RETURNING d.id, d.channel, d.address, d.purpose, d.facts, d.attempts, d.lead_id, d.message_id, d.contact_id,
         d.staff_id, d.created_at,
         (SELECT s.reason FROM suppressions s WHERE s.channel = d.channel AND s.address = d.address) AS suppressed,
         d.priority, d.due_at"""
).columns(facts=JSONB)


async def renew(connection: AsyncConnection, ids: Iterable[UUID], lease: timedelta) -> None:
    """Keep what we have claimed and not settled yet. Waits for nobody: a row that is locked is just being settled."""
    await connection.execute(_RENEW, {"ids": sorted(ids), "lease": lease})


_RENEW = text(
    """UPDATE deliveries d SET lease_until = now() + CAST(:lease AS interval)
       FROM (SELECT id FROM deliveries WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 'sending'
         FOR NO KEY UPDATE SKIP LOCKED) AS r WHERE d.id = r.id"""
)


async def settle(
    connection: AsyncConnection, verdicts: Sequence[Verdict], at: datetime, claims: Mapping[UUID, int] | None = None
) -> set[UUID]:
    """Write down what became of claimed deliveries; those of them that were still ours.

    `claims` (delivery -> attempts) says which claim they were: a lapsed lease may have given a row to another one.
    """
    if not verdicts:
        return set()
    claims = claims or {}
    rows = [_written(v, claims.get(v.id)) for v in sorted(verdicts, key=lambda v: v.id)]
    settled = await direct.fetch(connection, _SETTLE, *map(list, zip(*rows, strict=True)), at)
    ours: dict[UUID, str] = {id_: channel for id_, channel, _ in settled}
    parts = [(ours[v.id], other, v.id) for v in verdicts if v.others and v.id in ours for other in v.others]
    await bulk.insert_new(connection, delivery_parts, ("channel", "external_id", "delivery_id"), parts)
    if settled and settled[0]["early"]:
        await reports.catch_up(
            connection, [(ours[v.id], v.external_id) for v in verdicts if v.id in ours and v.external_id]
        )
    return set(ours)


def _written(v: Verdict, attempts: int | None) -> Row:
    uncounted = 0 if v.counted else 1
    return (
        v.id,
        v.state.value,
        v.reason or None,
        v.external_id,
        v.retry_at,
        uncounted,
        v.code or None,
        v.next_at,
        attempts,
    )


_SETTLE = """UPDATE deliveries d SET state = v.state, reason = v.reason,
         external_id = coalesce(v.external_id, d.external_id),
         due_at = coalesce(v.retry_at, d.due_at), attempts = d.attempts - v.uncounted, lease_until = NULL,
         sent_at = CASE WHEN v.state = 'sent' THEN CAST($10 AS timestamptz) ELSE d.sent_at END,
         code = v.code, next_at = v.next_at
       FROM unnest(CAST($1 AS uuid[]), CAST($2 AS text[]), CAST($3 AS text[]), CAST($4 AS text[]),
         CAST($5 AS timestamptz[]), CAST($6 AS integer[]), CAST($7 AS text[]), CAST($8 AS timestamptz[]),
         CAST($9 AS integer[])) AS v(id, state, reason, external_id, retry_at, uncounted, code, next_at, attempts)
       WHERE d.id = v.id AND d.state = 'sending' AND d.attempts = coalesce(v.attempts, d.attempts)
       RETURNING d.id, d.channel, EXISTS (SELECT FROM early_reports) AS early"""


async def sweep(connection: AsyncConnection) -> int:
    """Take back what a dead sender had claimed; how many.

    A card goes back into the queue (better twice than never), and so does a mailing's row that was never put on the
    wire. One that was becomes unknown, and a person decides (better never than twice).
    """
    return (await connection.execute(_SWEEP)).rowcount


_SWEEP = text(
    """UPDATE deliveries SET lease_until = NULL,
         state = CASE WHEN purpose = 'broadcast' AND (offered_at IS NOT NULL OR broadcast_id IS NULL) THEN 'unknown'
           ELSE 'pending' END,
         reason = 'the sender went away while sending'
       WHERE state = 'sending' AND lease_until < now()"""
)


async def greeted(
    connection: AsyncConnection, addresses: Iterable[str], since: datetime, key: str | None = None
) -> set[str]:
    """Those of the addresses that got an automatic answer since then. `key`: this one of them (its facts' "key")."""
    values = {"addresses": list(addresses), "since": since, "key": key}
    found = await connection.execute(_GREETED, values)
    return set(found.scalars())


_GREETED = text(
    """SELECT DISTINCT address FROM deliveries
       WHERE purpose = 'greeting' AND address = ANY(CAST(:addresses AS text[])) AND created_at > :since
         AND (CAST(:key AS text) IS NULL OR facts ->> 'key' = :key)"""
)
