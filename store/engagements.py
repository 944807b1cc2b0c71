"""Opens, clicks and answers of mailings: what people and what machines did with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import new_id
from store import bulk


class Mailed(NamedTuple):
    """A delivery of a broadcast, as a link in it finds it."""

    id: UUID
    broadcast: UUID
    channel: str
    contact: UUID | None
    sent_at: datetime | None
    content: Any
    plan: Any
    state: str


async def mailed(connection: AsyncConnection, delivery: UUID) -> Mailed | None:
    """The delivery and its broadcast; None for one that is none, or is gone."""
    row = (await connection.execute(_MAILED, {"id": delivery})).first()
    return Mailed(*row) if row else None


_MAILED = text(
    """SELECT d.id, d.broadcast_id, d.channel, d.contact_id, d.sent_at, b.content, b.plan, d.state FROM deliveries d
       JOIN broadcasts b ON b.id = d.broadcast_id WHERE d.id = :id"""
).columns(content=JSONB, plan=JSONB)


async def seen(
    connection: AsyncConnection, delivery: UUID, kind: str, *, at: datetime, machine: bool, link: int | None = None
) -> None:
    """Write down an "open" or a "click"; by a person, the first of its kind shows on the delivery."""
    values = {"id": new_id(), "delivery": delivery, "kind": kind, "link": link, "machine": machine, "at": at}
    await connection.execute(_SEEN, values)
    if not machine:
        await connection.execute(_OPENED if kind == "open" else _CLICKED, {"id": delivery, "at": at})


_SEEN = text(
    """INSERT INTO engagements (id, delivery_id, kind, link, machine, at)
       SELECT :id, :delivery, :kind, :link, :machine, :at
       WHERE (SELECT count(*) FROM engagements WHERE delivery_id = :delivery AND kind = :kind) < 100"""
)
_OPENED = text("UPDATE deliveries SET opened_at = :at WHERE id = :id AND opened_at IS NULL")
_CLICKED = text(
    """UPDATE deliveries SET clicked_at = coalesce(clicked_at, :at), opened_at = coalesce(opened_at, :at)
       WHERE id = :id AND clicked_at IS NULL"""
)


class Counted(NamedTuple):
    """How often a link was followed."""

    channel: str
    link: int | None
    people: int
    machines: int


async def counted(connection: AsyncConnection, broadcast: UUID, kind: str) -> list[Counted]:
    """By channel and link: people (each once), and machines."""
    return [Counted(*row) for row in await connection.execute(_COUNTED, {"id": broadcast, "kind": kind})]


_COUNTED = text(
    """SELECT d.channel, e.link, count(DISTINCT d.contact_id) FILTER (WHERE NOT e.machine),
         count(*) FILTER (WHERE e.machine)
       FROM deliveries d JOIN engagements e ON e.delivery_id = d.id
       WHERE d.broadcast_id = :id AND e.kind = :kind GROUP BY 1, 2 ORDER BY 1, 2"""
)

ANSWER_WITHIN = timedelta(days=14)
"""A message in the same chat, or to the same address, so long after a mailing is taken for an answer to it."""


class Answer(NamedTuple):
    """A message that answers a mailing."""

    message: UUID
    lead: UUID | None
    delivery: UUID
    broadcast: UUID
    name: str
    """The broadcast's."""


async def answers(connection: AsyncConnection, after: UUID, limit: int) -> tuple[list[Answer], UUID]:
    """Messages after this one that answer a mailing: they point at it, or came by the same way soon after it.

    The deliveries are marked; the second value is the last message that was looked at.
    """
    rows = (await connection.execute(_NEW, {"after": after, "limit": limit})).all()
    if not rows:
        return [], after
    last: UUID = rows[-1].id
    found = await connection.execute(_ANSWERS, {"ids": [r.id for r in rows], "within": ANSWER_WITHIN})
    return [Answer(*row) for row in found], last


# Ids are made before they are committed: those of the last seconds may still get a smaller one beside them
_NEW = text(
    """SELECT id FROM messages WHERE id > :after AND direction = 'in' AND created_at < now() - interval '3 seconds'
       ORDER BY id LIMIT :limit"""
)
# What nobody had to read is no answer: an out-of-office mail, STOP, /start
_ANSWERS = text(
    """WITH new AS (
         SELECT m.id, m.lead_id, m.created_at, m.channel, i.contact_id, i.value AS address
         FROM messages m JOIN identities i ON i.id = m.identity_id
         WHERE m.id = ANY(CAST(:ids AS uuid[])) AND m.lead_id IS NOT NULL AND NOT EXISTS (SELECT FROM events e
           WHERE e.lead_id = m.lead_id AND e.message_id = m.id AND e.kind = 'message.ignored')),
       found AS (
         SELECT DISTINCT ON (n.id) n.id AS message, n.lead_id, d.id AS delivery, d.broadcast_id, n.created_at AS at
         FROM new n JOIN deliveries d ON d.contact_id = n.contact_id AND d.broadcast_id IS NOT NULL
           AND d.channel = n.channel AND d.address = n.address
           AND d.sent_at BETWEEN n.created_at - CAST(:within AS interval) AND n.created_at
         WHERE NOT EXISTS (SELECT FROM deliveries r WHERE r.contact_id = n.contact_id AND r.purpose = 'reply'
           AND r.sent_at BETWEEN d.sent_at AND n.created_at)
         ORDER BY n.id, d.sent_at DESC),
       marked AS (
         UPDATE deliveries d SET answered_at = coalesce(d.answered_at, f.at), opened_at = coalesce(d.opened_at, f.at)
         FROM found f WHERE d.id = f.delivery RETURNING d.id)
       SELECT f.message, f.lead_id, f.delivery, f.broadcast_id, b.name FROM found f
       JOIN broadcasts b ON b.id = f.broadcast_id WHERE f.delivery IN (SELECT id FROM marked)"""
)


async def place(connection: AsyncConnection) -> UUID:
    """The last message that was looked at, locked; at the very first look, the newest one."""
    await connection.execute(_BEGIN)
    return UUID(await connection.scalar(_PLACE))


_BEGIN = text(
    """INSERT INTO cursors (channel, place, value)
       SELECT 'leadwire', 'answers', coalesce((SELECT CAST(id AS text) FROM messages ORDER BY id DESC LIMIT 1),
         '00000000-0000-0000-0000-000000000000') ON CONFLICT DO NOTHING"""
)
_PLACE = text("SELECT value FROM cursors WHERE channel = 'leadwire' AND place = 'answers' FOR UPDATE")


async def go_on(connection: AsyncConnection, last: UUID) -> None:
    """Everything up to this message has been looked at."""
    await connection.execute(_GO_ON, {"last": str(last)})


_GO_ON = text(
    """UPDATE cursors SET value = :last, saved_at = now()
       WHERE channel = 'leadwire' AND place = 'answers' AND value <> :last"""
)


async def name_source(connection: AsyncConnection, pairs: Sequence[tuple[UUID, str]]) -> None:
    """(message, broadcast's name): where the request came from, unless the message itself says so."""
    if pairs:
        await connection.execute(_NAME_SOURCE, bulk.arrays(sorted(pairs)))


_NAME_SOURCE = text(
    """UPDATE messages m SET facts = jsonb_set(m.facts, '{source}',
         jsonb_build_object('campaign', a.name) || coalesce(m.facts->'source', '{}'))
       FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS text[])) AS a(id, name) WHERE m.id = a.id"""
)


async def mark_left(connection: AsyncConnection, deliveries: Sequence[UUID], at: datetime, *, complained: bool) -> None:
    """Their people unsubscribed by these, or called them spam."""
    await connection.execute(_COMPLAINED if complained else _LEFT, {"ids": list(deliveries), "at": at})


_LEFT = text("UPDATE deliveries SET left_at = coalesce(left_at, :at) WHERE id = ANY(CAST(:ids AS uuid[]))")
_COMPLAINED = text(
    "UPDATE deliveries SET complained_at = coalesce(complained_at, :at) WHERE id = ANY(CAST(:ids AS uuid[]))"
)
