"""Merges of cards: the edges, and what is derived from them on contacts, identities, leads and messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row
from store.tables import merges

MERGE = ("id", "at", "one", "other", "rule", "actor", "choices")
LOCK = 0x1EAD_0001
"""Advisory lock of who is who: routers share it for a batch, whoever joins or parts people has it alone. One call for
a batch; locks on rows would write their pages."""

_SHARE = text(f"SELECT pg_advisory_xact_lock_shared({LOCK})")
_ALONE = text(f"SELECT pg_advisory_xact_lock({LOCK})")


async def share(connection: AsyncConnection) -> None:
    """Until the end of this transaction nobody is joined or parted."""
    await connection.execute(_SHARE)


async def alone(connection: AsyncConnection) -> None:
    """Until the end of this transaction nobody else reads or writes whose an address is."""
    await connection.execute(_ALONE)


async def persons(connection: AsyncConnection, cards: Iterable[UUID]) -> dict[UUID, UUID]:
    """Card -> the card that leads its person now: old ids go on resolving. Unknown ones are left out."""
    rows = await connection.execute(_PERSONS, {"ids": list(cards)})
    return {row[0]: row[1] for row in rows}


_PERSONS = text("SELECT id, coalesce(leader_id, id) FROM contacts WHERE id = ANY(CAST(:ids AS uuid[]))")


async def cards_of(connection: AsyncConnection, leaders: Iterable[UUID]) -> dict[UUID, UUID]:
    """Every card of these persons -> the card that leads it."""
    rows = await connection.execute(_CARDS, {"ids": sorted(set(leaders))})
    return {row[0]: row[1] for row in rows}


_CARDS = text(
    """SELECT id, coalesce(leader_id, id) FROM contacts
       WHERE (id = ANY(CAST(:ids AS uuid[])) AND leader_id IS NULL) OR leader_id = ANY(CAST(:ids AS uuid[]))"""
)


async def edges(connection: AsyncConnection, cards: Iterable[UUID]) -> list[tuple[UUID, UUID, UUID]]:
    """(id, one, other) of the merges among these cards that hold, in the order in which they were made."""
    rows = await connection.execute(_EDGES, {"ids": list(cards)})
    return [(r.id, r.one, r.other) for r in rows]


_EDGES = text(
    """SELECT id, one, other FROM merges WHERE undone_at IS NULL AND one = ANY(CAST(:ids AS uuid[])) ORDER BY at, id"""
)


async def lead_to(connection: AsyncConnection, cards: Iterable[UUID], others: Iterable[UUID]) -> bool:
    """Whether merges lead from one of these cards to one of the others, those that were taken back included.

    Cards of two persons are connected only through a merge that somebody took back, wherever on the way it lies: who
    were one through a third card were parted by that as well.
    """
    return bool(await connection.scalar(_LEAD_TO, {"ours": list(cards), "theirs": list(others)}))


_LEAD_TO = text(
    """WITH RECURSIVE met(card) AS (
         SELECT unnest(CAST(:ours AS uuid[]))
         UNION SELECT next.card FROM met CROSS JOIN LATERAL (
           SELECT other AS card FROM merges WHERE one = met.card
           UNION ALL SELECT one FROM merges WHERE other = met.card) AS next)
       SELECT EXISTS (SELECT FROM met WHERE card = ANY(CAST(:theirs AS uuid[])))"""
)


async def add(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Write merges, each in the order of MERGE; `choices` is JSON text."""
    await bulk.copy(connection, merges, MERGE, rows)


async def undo(connection: AsyncConnection, ids: Sequence[UUID], actor: str, at: datetime) -> list[tuple[UUID, UUID]]:
    """Take merges back; (one, other) of those that held until now."""
    rows = await connection.execute(_UNDO, {"ids": list(ids), "actor": actor, "at": at})
    return [(r.one, r.other) for r in rows]


_UNDO = text(
    """UPDATE merges SET undone_at = :at, undone_by = :actor
       WHERE id = ANY(CAST(:ids AS uuid[])) AND undone_at IS NULL RETURNING one, other"""
)


class Merge(NamedTuple):
    """A merge as people see it."""

    id: UUID
    at: datetime
    one: UUID
    other: UUID
    rule: str
    actor: str
    choices: dict[str, str]
    undone_at: datetime | None
    undone_by: str | None


_COLUMNS = "id, at, one, other, rule, actor, choices, undone_at, undone_by"


async def listed(
    connection: AsyncConnection,
    *,
    rule: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cards: Sequence[UUID] | None = None,
    holding: bool = True,
    limit: int = 100,
) -> list[Merge]:
    """Merges, the latest first; `holding`: only those that are not taken back."""
    wanted: dict[str, Any] = {"rule": rule, "since": since, "until": until, "limit": limit, "holding": holding}
    rows = await connection.execute(_LISTED, wanted | {"cards": list(cards) if cards is not None else None})
    return [Merge(*row) for row in rows]


_LISTED = text(
    f"""SELECT {_COLUMNS} FROM merges
        WHERE (CAST(:rule AS text) IS NULL OR rule = :rule)
          AND (CAST(:since AS timestamptz) IS NULL OR at >= :since)
          AND (CAST(:until AS timestamptz) IS NULL OR at < :until)
          AND (CAST(:cards AS uuid[]) IS NULL OR one = ANY(:cards) OR other = ANY(:cards))
          AND (undone_at IS NULL OR NOT :holding)
        ORDER BY at DESC, id DESC LIMIT :limit"""
).columns(choices=JSONB)


Move = tuple[UUID, UUID, UUID]
"""(card, who led it, who leads it now)."""


async def move(connection: AsyncConnection, moves: Sequence[Move]) -> None:
    """Write who leads these cards now, on the cards and on their identities and leads."""
    if moves:
        values = bulk.arrays(moves)
        for statement in (_MOVE_CARDS, _MOVE_IDENTITIES):
            await connection.execute(statement, values)


_MOVED = "unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS uuid[]), CAST(:c2 AS uuid[])) AS m(card, was, now)"
_MOVE_CARDS = text(f"UPDATE contacts c SET leader_id = nullif(m.now, c.id) FROM {_MOVED} WHERE c.id = m.card")
_MOVE_IDENTITIES = text(
    f"""UPDATE identities i SET contact_id = m.now FROM {_MOVED} WHERE i.contact_id = m.was AND i.home_id = m.card"""
)


class LeadNow(NamedTuple):
    """A lead whose place may change: whose it is now, by its card."""

    id: UUID
    home: UUID
    pipeline: str
    state: str
    taken_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    under: UUID | None


async def leads_of(connection: AsyncConnection, leaders: Iterable[UUID]) -> list[LeadNow]:
    """Every lead of these persons, locked, the older ones first."""
    return [LeadNow(*r) for r in await connection.execute(_LEADS, {"ids": sorted(set(leaders))})]


_LEADS = text(
    """SELECT id, home_id, pipeline, state, taken_at, opened_at, closed_at, under_id FROM leads
       WHERE contact_id = ANY(CAST(:ids AS uuid[])) ORDER BY opened_at, id FOR NO KEY UPDATE"""
)


async def place(connection: AsyncConnection, places: Sequence[tuple[UUID, UUID, UUID | None]]) -> None:
    """Write (lead, its person, the lead that it is under). In two steps: one open lead may take another's place."""
    if places:
        values = bulk.arrays(sorted(places))
        for statement in (_SET_ASIDE, _PLACE):
            await connection.execute(statement, values)


_PLACED = "unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS uuid[]), CAST(:c2 AS uuid[])) AS p(id, person, under)"
_SET_ASIDE = text(f"UPDATE leads l SET under_id = l.id FROM {_PLACED} WHERE l.id = p.id AND l.state = 'open'")
_PLACE = text(f"UPDATE leads l SET contact_id = p.person, under_id = p.under FROM {_PLACED} WHERE l.id = p.id")


class Stray(NamedTuple):
    """A message in a lead of somebody who is another person now."""

    message: UUID
    lead: UUID
    identity: UUID
    home: UUID
    at: datetime


async def strays(connection: AsyncConnection, moves: Sequence[Move], leads: Sequence[UUID]) -> list[Stray]:
    """The messages in these leads whose identity's card and whose lead's card were one person and are two now."""
    if not (moves and leads):
        return []
    rows = await connection.execute(_STRAYS, {"leads": list(leads), "cards": [card for card, *_ in moves]})
    return [Stray(*row) for row in rows]


_STRAYS = text(
    """SELECT m.id, l.id, i.id, i.home_id, m.received_at
       FROM leads l JOIN messages m ON m.lead_id = l.id JOIN identities i ON i.id = m.identity_id
       WHERE l.id = ANY(CAST(:leads AS uuid[])) AND i.home_id <> l.home_id
         AND (i.home_id = ANY(CAST(:cards AS uuid[])) OR l.home_id = ANY(CAST(:cards AS uuid[])))
       ORDER BY m.received_at, m.id"""
)


async def open_beside(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Open leads for what was written in another's: (id, of which lead a copy, person, card, opened by, at).

    They have its owner and state. They are set under themselves until `place` finds their place.
    """
    if rows:
        await connection.execute(_BESIDE, bulk.arrays(rows))


_BESIDE = text(
    """INSERT INTO leads (id, contact_id, home_id, opened_by, pipeline, state, channel, owner_id, taken_at, opened_at,
         active_at, closed_at, under_id)
       SELECT b.id, b.person, b.card, b.identity, l.pipeline, l.state, l.channel, l.owner_id, l.taken_at, b.at, b.at,
         l.closed_at, b.id
       FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS uuid[]), CAST(:c2 AS uuid[]), CAST(:c3 AS uuid[]),
         CAST(:c4 AS uuid[]), CAST(:c5 AS timestamptz[]))
         AS b(id, lead, person, card, identity, at) JOIN leads l ON l.id = b.lead"""
)


async def carry(connection: AsyncConnection, rows: Sequence[tuple[UUID, UUID]]) -> None:
    """Put messages, with their answers' deliveries, into other leads: (message, lead)."""
    if rows:
        values = bulk.arrays(sorted(rows))
        for statement in (_CARRY, _CARRY_DELIVERIES):
            await connection.execute(statement, values)


_CARRIED = "unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS uuid[])) AS c(message, lead)"
_CARRY = text(f"UPDATE messages m SET lead_id = c.lead FROM {_CARRIED} WHERE m.id = c.message")
_CARRY_DELIVERIES = text(
    f"""UPDATE deliveries d SET lead_id = c.lead FROM {_CARRIED}
        WHERE d.message_id = c.message AND d.purpose IN ('reply', 'greeting')"""
)


async def have_typed(connection: AsyncConnection, cards: Iterable[UUID]) -> bool:
    """Whether one of these cards claims an address that was only typed somewhere: a stranger may have typed it."""
    return bool(await connection.scalar(_TYPED, {"ids": list(cards)}))


_TYPED = text("SELECT EXISTS (SELECT FROM claims WHERE contact_id = ANY(CAST(:ids AS uuid[])) AND proof = 'typed')")


async def proofs(connection: AsyncConnection, leaders: Iterable[UUID]) -> dict[UUID, dict[str, set[str]]]:
    """Person -> kind -> the proved addresses."""
    found: dict[UUID, dict[str, set[str]]] = {}
    for person, kind, value in await connection.execute(_PROOFS, {"ids": list(leaders)}):
        found.setdefault(person, {}).setdefault(kind, set()).add(value)
    return found


_PROOFS = text(
    """SELECT contact_id, kind, value FROM identities
       WHERE contact_id = ANY(CAST(:ids AS uuid[])) AND proved AND variant NOT LIKE '~%'"""
)
