"""Messages in both directions between customers and staff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk, direct
from store.bulk import Row
from store.events import EVENT
from store.tables import events, messages

Key = tuple[str, str]
"""(channel, external_id) or (channel, ref)."""

MESSAGE = (
    "id", "channel", "external_id", "direction", "identity_id", "staff_id", "lead_id", "ref", "thread", "subject",
    "text", "facts", "received_at", "created_at",
)  # fmt: skip


class Message(NamedTuple):
    """One message as it is answered or relayed."""

    id: UUID
    channel: str
    direction: str
    identity: UUID | None
    kind: str | None
    address: str | None
    name: str | None
    staff: UUID | None
    lead: UUID | None
    ref: str
    thread: str
    subject: str | None
    text: str
    facts: Mapping[str, Any]
    received_at: datetime


async def known(connection: AsyncConnection, keys: Iterable[Key]) -> dict[Key, tuple[UUID, UUID | None]]:
    """(message, lead) of those that were routed before."""
    pairs = list(keys)
    rows = await direct.fetch(connection, _KNOWN, [c for c, _ in pairs], [e for _, e in pairs])
    return {(channel, external_id): (message, lead) for channel, external_id, message, lead in rows}


_KNOWN = """SELECT m.channel, m.external_id, m.id, m.lead_id
       FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS text[]))) AS a(channel, external_id)
       JOIN messages m USING (channel, external_id)"""


async def threads(connection: AsyncConnection, refs: Iterable[Key]) -> dict[Key, str]:
    """The thread of each message that is referred to: the customers' by their ref, ours by what was sent."""
    pairs = list(refs)
    if not pairs:
        return {}
    rows = await connection.execute(_THREADS, {"channels": [c for c, _ in pairs], "refs": [r for _, r in pairs]})
    return {(r.channel, r.ref): r.thread for r in rows}


_THREADS = text(
    """WITH a AS MATERIALIZED (
         SELECT channel, ref FROM unnest(CAST(:channels AS text[]), CAST(:refs AS text[])) AS a(channel, ref))
       SELECT a.channel, a.ref, m.thread FROM a
       JOIN messages m ON m.channel = a.channel AND m.ref = a.ref AND m.ref <> ''
       UNION ALL
       SELECT a.channel, a.ref, m.thread FROM a JOIN deliveries d ON d.channel = a.channel AND d.external_id = a.ref
       JOIN messages m ON m.id = d.message_id"""
)


async def add(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Write messages; `store.engine.is_lost_race` knows the error when another process has routed one meanwhile."""
    await bulk.copy(connection, messages, MESSAGE, sorted(rows, key=lambda row: (row[1], row[2])))


async def add_new(connection: AsyncConnection, row: Row) -> bool:
    """Write one message unless it is there already."""
    return bool(await bulk.insert_new(connection, messages, MESSAGE, [row]))


async def note_once(connection: AsyncConnection, key: Key, actor: str, at: datetime) -> bool:
    """Write down that this staff message (channel, external_id) is acted on; False when it was before.

    The event's id is made of the key, so that of two transactions with one message the second waits and then loses.
    """
    row = (uuid5(NAMESPACE_URL, "\n".join(key)), at, "staff.message", actor, None, None, "{}")
    return bool(await bulk.insert_new(connection, events, EVENT, [row]))


async def answered_by(connection: AsyncConnection, channel: str, refs: Sequence[str]) -> tuple[UUID, UUID] | None:
    """(message, lead) of our own answer that the first known one of these refs names."""
    row = (await connection.execute(_ANSWERED_BY, {"channel": channel, "refs": list(refs)})).first()
    return (row.id, row.lead_id) if row else None


_ANSWERED_BY = text(
    """SELECT m.id, m.lead_id FROM unnest(CAST(:refs AS text[])) WITH ORDINALITY AS r(ref, n)
       JOIN messages m ON m.channel = :channel AND m.ref = r.ref AND m.ref <> ''
       WHERE m.direction = 'out' AND m.lead_id IS NOT NULL ORDER BY r.n LIMIT 1"""
)


async def get(connection: AsyncConnection, message: UUID) -> Message | None:
    """One message with the address it came from, or goes to."""
    row = (await connection.execute(_GET, {"id": message})).first()
    return Message(*row) if row else None


async def last_from_customer(connection: AsyncConnection, lead: UUID) -> Message | None:
    """What the customer wrote last: the message that an answer to the lead answers."""
    row = (await connection.execute(_LAST, {"lead": lead})).first()
    return Message(*row) if row else None


async def too_much_for_card(connection: AsyncConnection, lead: UUID, longer_than: int, limit: int = 5) -> list[UUID]:
    """The customer's latest messages that have files or more characters than a card shows, oldest first."""
    found = await connection.execute(_TOO_MUCH, {"lead": lead, "longer": longer_than, "limit": limit})
    return list(found.scalars())[::-1]


_TOO_MUCH = text(
    """SELECT id FROM messages WHERE lead_id = :lead AND direction = 'in'
       AND (facts ? 'files' OR length(text) > :longer) ORDER BY received_at DESC, id DESC LIMIT :limit"""
)


async def refs_of_thread(connection: AsyncConnection, lead: UUID, thread: str, limit: int = 20) -> list[str]:
    """The refs of a conversation within a lead, the newest first: what In-Reply-To and References are made of."""
    rows = await connection.execute(_REFS, {"lead": lead, "thread": thread, "limit": limit})
    return list(rows.scalars())


_SELECT = """SELECT m.id, m.channel, m.direction, m.identity_id, i.kind, i.value, i.name, m.staff_id, m.lead_id, m.ref,
       m.thread, m.subject, m.text, m.facts, m.received_at
       FROM messages m LEFT JOIN identities i ON i.id = m.identity_id"""
_GET = text(f"{_SELECT} WHERE m.id = :id").columns(facts=JSONB)
_LAST = text(f"{_SELECT} WHERE m.lead_id = :lead AND m.direction = 'in' ORDER BY m.received_at DESC, m.id DESC LIMIT 1")
_REFS = text(
    """SELECT ref FROM (
         SELECT m.ref, m.received_at FROM messages m
         WHERE m.lead_id = :lead AND m.thread = :thread AND m.direction = 'in' AND m.ref <> ''
         UNION ALL
         SELECT d.external_id, d.sent_at FROM messages m
         JOIN deliveries d ON d.message_id = m.id AND d.purpose = 'reply'
         WHERE m.lead_id = :lead AND m.thread = :thread AND m.direction = 'out' AND d.external_id IS NOT NULL
       ) AS r ORDER BY received_at DESC LIMIT :limit"""
)
