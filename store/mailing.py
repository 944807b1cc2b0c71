"""Claims a broadcast's due rows: provider by provider, as many as each takes now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import direct
from store.condition_names import NAMES, NAMES_SHOWN, made_up, shown_values
from store.deliveries import Delivery, Purpose


class Share(NamedTuple):
    """How many rows of a broadcast a provider takes now."""

    broadcast: UUID
    provider: str
    most: int


async def waiting(
    connection: AsyncConnection, channel: str, broadcasts: Collection[UUID], providers: Collection[str]
) -> list[Share]:
    """Which of them have due rows on this channel, by provider; of each one row is wanted."""
    values = {"channel": channel, "broadcasts": list(broadcasts), "providers": list(providers)}
    return [Share(r.broadcast, r.provider, 1) for r in await connection.execute(_WAITING, values)]


_WAITING = text(
    """SELECT b AS broadcast, p AS provider FROM unnest(CAST(:broadcasts AS uuid[])) AS b
         CROSS JOIN unnest(CAST(:providers AS text[])) AS p
       WHERE EXISTS (SELECT FROM deliveries d WHERE d.state = 'pending' AND d.broadcast_id = b
         AND d.channel = :channel AND d.provider = p AND d.due_at <= now())"""
)


async def claim(connection: AsyncConnection, channel: str, shares: Iterable[Share], lease: timedelta) -> list[Delivery]:
    """Due rows, oldest due first, at most as many of each share as it says. They are ours until the lease is over.

    Whether their addresses are suppressed is left to the gate, which asks that for all of them at once.
    """
    columns = list(zip(*shares, strict=True))
    if not columns:
        return []
    rows = await direct.fetch(connection, _CLAIM, *map(list, columns), channel, lease)
    rows.sort(key=lambda r: (r["due_at"], r["id"]))
    return [_claimed(channel, *row) for row in rows]


_MAILING = Purpose.BROADCAST.value
_NO_FACTS: Mapping[str, str] = {}


def _claimed(
    channel: str,
    id_: UUID,
    address: str,
    attempts: int,
    contact: UUID | None,
    created_at: datetime,
    broadcast: UUID,
    step: int,
    provider: str,
    due_at: datetime,
) -> Delivery:
    return Delivery(
        id=id_,
        channel=channel,
        address=address,
        purpose=_MAILING,
        facts=_NO_FACTS,
        attempts=attempts,
        lead=None,
        message=None,
        contact=contact,
        staff=None,
        created_at=created_at,
        suppressed=None,
        broadcast=broadcast,
        step=step,
        provider=provider,
    )


_CLAIM = """WITH due AS (
         SELECT d.id FROM unnest(CAST($1 AS uuid[]), CAST($2 AS text[]), CAST($3 AS integer[]))
           AS w(broadcast, provider, room)
         CROSS JOIN LATERAL (
           SELECT id FROM deliveries WHERE state = 'pending' AND broadcast_id = w.broadcast AND channel = $4
             AND provider = w.provider AND due_at <= now()
           ORDER BY due_at LIMIT w.room FOR UPDATE SKIP LOCKED) AS d)
       UPDATE deliveries d SET state = 'sending', lease_until = now() + CAST($5 AS interval),
         attempts = attempts + 1, offered_at = NULL
       FROM due WHERE d.id = due.id AND NOT EXISTS (
         SELECT FROM pauses p WHERE p.channel = $4 AND (p.until IS NULL OR p.until > now()))
       RETURNING d.id, d.address, d.attempts, d.contact_id, d.created_at, d.broadcast_id, d.step, d.provider,
         d.due_at"""


async def offer(connection: AsyncConnection, rows: Sequence[Delivery]) -> set[UUID]:
    """Write down that these claimed rows go on the wire now; those that may.

    A sender that dies leaves only them in doubt. Rows of a broadcast that was paused meanwhile wait again, those of one
    that was cancelled are left out; and those that another process has claimed since are its own.
    """
    ids, attempts = [row.id for row in rows], [row.attempts for row in rows]
    return {id_ for (id_,) in await direct.fetch(connection, _OFFER, ids, attempts)}


_OFFER = """WITH mine AS (
         SELECT d.id, b.state AS now FROM unnest(CAST($1 AS uuid[]), CAST($2 AS integer[])) AS m(id, attempts)
         JOIN deliveries d ON d.id = m.id AND d.attempts = m.attempts AND d.state = 'sending'
         JOIN broadcasts b ON b.id = d.broadcast_id ORDER BY d.id FOR NO KEY UPDATE OF d),
       back AS (
         UPDATE deliveries d SET state = CASE now WHEN 'cancelled' THEN 'skipped' ELSE 'pending' END,
           code = CASE now WHEN 'cancelled' THEN now END, reason = CASE now WHEN 'cancelled' THEN now END,
           lease_until = NULL, attempts = attempts - 1
         FROM mine WHERE d.id = mine.id AND now <> 'running')
       UPDATE deliveries d SET offered_at = now() FROM mine WHERE d.id = mine.id AND now = 'running' RETURNING d.id"""


async def lock(connection: AsyncConnection, people: Collection[UUID]) -> None:
    """Have these people to oneself until the end of the transaction: two processes must not count past each other."""
    await connection.execute(_LOCK, {"people": sorted(people)})


_LOCK = text("SELECT id FROM contacts WHERE id = ANY(CAST(:people AS uuid[])) ORDER BY id FOR NO KEY UPDATE")


async def had(
    connection: AsyncConnection, people: Collection[UUID], since: datetime, but: Collection[UUID]
) -> dict[UUID, int]:
    """How many mailings each of these people was sent since then, over all broadcasts; `but`: the rows in hand."""
    values = {"people": list(people), "since": since, "but": list(but)}
    return {r.contact_id: r.sent for r in await connection.execute(_HAD, values)}


_HAD = text(
    """SELECT contact_id, count(*) AS sent FROM deliveries
       WHERE contact_id = ANY(CAST(:people AS uuid[])) AND broadcast_id IS NOT NULL AND id <> ALL(CAST(:but AS uuid[]))
         AND (state = 'sending' OR (sent_at > :since AND state IN ('sent', 'delivered', 'read', 'failed'))
           OR (state = 'unknown' AND coalesce(offered_at, due_at) > :since))
       GROUP BY contact_id"""
)


async def values(
    connection: AsyncConnection, people: Sequence[UUID], fields: Sequence[str]
) -> dict[UUID, dict[str, str]]:
    """What the cards of these people (leading ones) show for these fields, empty ones left out; `name` is what they
    are called, wherever that stands (`people.shown`).
    """
    if not fields:
        return {}
    found: dict[UUID, dict[str, str]] = {}
    for person, field, value in await direct.fetch(connection, _VALUES, list(people), list(fields)):
        found.setdefault(person, {})[field] = value
    unnamed = [one for one in people if "name" not in found.get(one, {})] if "name" in fields else []
    for person, name in await direct.fetch(connection, _NAMES, unnamed) if unnamed else ():
        if name:
            found.setdefault(person, {})["name"] = name
    return found


_VALUES = f"""WITH joined AS (
         SELECT c.leader_id AS person, c.id AS card
         FROM unnest(CAST($1 AS uuid[])) AS p JOIN contacts c ON c.leader_id = p),
       cards AS (SELECT person, card FROM joined UNION ALL SELECT DISTINCT person, person FROM joined),
       {shown_values("CAST($2 AS text[])")}
       SELECT person, field, value FROM shown WHERE value <> ''
       UNION ALL
       SELECT person, field, value FROM (
         SELECT DISTINCT ON (f.contact_id, f.field) f.contact_id AS person, f.field, f.value
         FROM unnest(CAST($1 AS uuid[])) AS p
         JOIN field_values f ON f.contact_id = p AND f.field = ANY(CAST($2 AS text[]))
         WHERE p NOT IN (SELECT person FROM joined)
         ORDER BY f.contact_id, f.field, f.at DESC, f.id DESC) AS single
       WHERE value <> ''"""
"""Hardly anybody has several cards, and a single one says its latest values."""
_NAMES = f"""WITH asked AS (
         SELECT a AS id, coalesce(c.leader_id, a) AS person
         FROM unnest(CAST($1 AS uuid[])) AS a LEFT JOIN contacts c ON c.id = a),
       cards AS (
         SELECT person, person AS card FROM asked
         UNION ALL
         SELECT a.person, c.id FROM asked a JOIN contacts c ON c.leader_id = a.person),
       {shown_values(NAMES)}
       SELECT a.id, coalesce(p.whole, {made_up("a.person")})
       FROM asked a LEFT JOIN {NAMES_SHOWN} ON p.person = a.person"""
"""Addresses move to the card that leads, and somebody may have been joined to another since the mailing began."""


async def skip_all(connection: AsyncConnection, broadcast: UUID, code: str) -> int:
    """What has not gone out yet never will; how many rows."""
    return (await connection.execute(_SKIP_ALL, {"id": broadcast, "code": code})).rowcount


_SKIP_ALL = text(
    """UPDATE deliveries SET state = 'skipped', reason = :code, code = :code, next_at = NULL
       WHERE broadcast_id = :id AND state = 'pending'"""
)


async def is_under_way(connection: AsyncConnection, broadcast: UUID) -> bool:
    """Whether any row of it is still to be sent, being sent, or to be followed by the next channel."""
    return bool((await connection.execute(_UNDER_WAY, {"id": broadcast})).scalar())


_UNDER_WAY = text(
    """SELECT EXISTS (SELECT FROM deliveries WHERE broadcast_id = :id AND state = 'pending')
         OR EXISTS (SELECT FROM deliveries WHERE broadcast_id = :id AND state = 'sending' AND lease_until IS NOT NULL)
         OR EXISTS (SELECT FROM deliveries WHERE broadcast_id = :id AND next_at IS NOT NULL)"""
)


async def again(
    connection: AsyncConnection, broadcast: UUID, states: Collection[str], codes: Mapping[str, bool], at: datetime
) -> int:
    """Have rows in these states sent once more, of `failed` ones those with these codes; how many.

    Nobody gets a second copy: whom another channel of the same broadcast has reached, or may reach yet, is passed over,
    and of several that failed the first one is tried.
    """
    wanted = {
        "id": broadcast,
        "states": list(states),
        "codes": [code for code, takes in codes.items() if takes],
        "at": at,
    }
    return (await connection.execute(_AGAIN, wanted)).rowcount


_WANTED = """({0}.state = ANY(CAST(:states AS text[]))
           AND ({0}.state <> 'failed' OR coalesce({0}.code, '') = ANY(CAST(:codes AS text[]))))"""
_AGAIN = text(
    f"""UPDATE deliveries d SET state = 'pending', due_at = :at, attempts = 0, reason = NULL, code = NULL
       WHERE d.broadcast_id = :id AND {_WANTED.format("d")}
         AND NOT EXISTS (SELECT FROM deliveries o WHERE o.contact_id = d.contact_id AND o.broadcast_id = d.broadcast_id
           AND o.id <> d.id
           AND (o.state NOT IN ('failed', 'skipped') OR (o.step < d.step AND {_WANTED.format("o")})))"""
)
