"""Leads: one open lead per person and pipeline, one owner at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import Money
from store import bulk, direct
from store.bulk import Lost, Row
from store.tables import assignments, leads

LEAD = (
    "id", "contact_id", "home_id", "opened_by", "pipeline", "state", "channel", "owner_id", "opened_at", "active_at",
)  # fmt: skip
ASSIGNMENT = ("lead_id", "assigned_at", "staff_id", "reason")


class OpenLead(NamedTuple):
    """As much of an open lead as the router needs."""

    id: UUID
    owner: UUID | None
    opened_by: UUID
    """The identity that opened it."""


class Lead(NamedTuple):
    """One lead as the desk sees it."""

    id: UUID
    number: int
    contact: UUID
    pipeline: str
    state: str
    owner: UUID | None
    taken_at: datetime | None
    opened_at: datetime
    active_at: datetime
    under: UUID | None = None
    """While its person is joined with another one: the lead where the talk goes on."""
    amount: Decimal | None = None
    """For how much."""


async def open_of(connection: AsyncConnection, contacts: Iterable[UUID]) -> dict[tuple[UUID, str], OpenLead]:
    """The open leads of these contacts by (contact, pipeline).

    Not locked: `touch` notices whoever closed one, or gave it to another, in between. (A lock writes the row's page
    once more, and with a million contacts each page is another one.)
    """
    ids = list(contacts)
    if not ids:
        return {}
    rows = await direct.fetch(connection, _OPEN, ids)
    return {(contact, pipeline): OpenLead._make(rest) for contact, pipeline, *rest in rows}


_OPEN = """SELECT contact_id, pipeline, id, owner_id, opened_by FROM leads
       WHERE contact_id = ANY((SELECT CAST($1 AS uuid[]))::uuid[]) AND state = 'open' AND under_id IS NULL"""


async def add(connection: AsyncConnection, rows: Sequence[Row], assigned: Sequence[Row]) -> None:
    """Open leads and say whose they are. `is_lost_race` knows the error when another process opened one meanwhile."""
    await bulk.copy(connection, leads, LEAD, sorted(rows, key=lambda row: row[1]))
    await bulk.copy(connection, assignments, ASSIGNMENT, assigned)


async def touch(connection: AsyncConnection, active: Mapping[UUID, tuple[datetime, UUID | None]]) -> None:
    """The customers wrote again: lead -> when, and who owned it when it was read.

    Lost when one of the leads was closed, or went to another owner, meanwhile.
    """
    if not active:
        return
    rows = [(lead, at, owner) for lead, (at, owner) in sorted(active.items())]
    if await direct.execute(connection, _TOUCH, *zip(*rows, strict=True)) != len(rows):
        raise Lost("leads")


_TOUCH = """UPDATE leads l SET active_at = greatest(l.active_at, t.at)
       FROM unnest(CAST($1 AS uuid[]), CAST($2 AS timestamptz[]), CAST($3 AS uuid[])) AS t(id, at, owner)
       WHERE l.id = t.id AND l.state = 'open' AND l.owner_id IS NOT DISTINCT FROM t.owner"""


async def reserve_turns(connection: AsyncConnection, wanted: Mapping[str, int]) -> dict[str, int]:
    """Take `wanted` turns per team; the first one of each.

    On a connection that commits at once: turns are handed out while the router's transaction is still open, so that
    routers do not wait for each other. A turn lost with a rolled back transaction costs nothing but fairness by one.
    """
    rows = await connection.execute(_TURNS, bulk.arrays(sorted(wanted.items())))
    return {r.team: r.turn - wanted[r.team] for r in rows}


_TURNS = text(
    """INSERT INTO rotations AS r (team, turn) SELECT * FROM unnest(CAST(:c0 AS text[]), CAST(:c1 AS bigint[]))
       ON CONFLICT (team) DO UPDATE SET turn = r.turn + excluded.turn RETURNING team, turn"""
)


async def get(connection: AsyncConnection, lead: UUID, *, lock: bool = False) -> Lead | None:
    """One lead, or None."""
    row = (await connection.execute(_GET_LOCKED if lock else _GET, {"id": lead})).first()
    return Lead(*row) if row else None


_COLUMNS = "id, number, contact_id, pipeline, state, owner_id, taken_at, opened_at, active_at, under_id, amount"
_GET = text(f"SELECT {_COLUMNS} FROM leads WHERE id = :id")
_GET_LOCKED = text(f"SELECT {_COLUMNS} FROM leads WHERE id = :id FOR NO KEY UPDATE")


async def take(connection: AsyncConnection, lead: UUID, staff: UUID, at: datetime) -> bool:
    """Make `staff` the owner who said yes. False when somebody else already did, or the lead is closed.

    Whoever it is offered to may take it, and so may anybody of the team while nobody has.
    """
    taken = await connection.execute(_TAKE, {"id": lead, "staff": staff, "at": at})
    if not taken.rowcount:
        return False
    await connection.execute(_TOOK, {"id": lead, "staff": staff, "at": at})
    return True


_TAKE = text(
    """UPDATE leads SET owner_id = :staff, taken_at = :at
       WHERE id = :id AND state = 'open' AND taken_at IS NULL AND (owner_id IS NULL OR owner_id = :staff)"""
)
_TOOK = text(
    """INSERT INTO assignments (lead_id, assigned_at, staff_id, reason)
       SELECT :id, :at, :staff, 'took' WHERE NOT EXISTS (
           SELECT FROM assignments WHERE lead_id = :id AND staff_id = :staff
           AND assigned_at = (SELECT max(assigned_at) FROM assignments WHERE lead_id = :id))
       ON CONFLICT DO NOTHING"""
)


async def hand_over(connection: AsyncConnection, lead: UUID, to: UUID | None, reason: str, at: datetime) -> None:
    """Offer the lead to `to`, or to nobody: then it waits for whoever of the team takes it."""
    await connection.execute(_HAND_OVER, {"id": lead, "to": to})
    if to is not None:
        await bulk.insert_new(connection, assignments, ASSIGNMENT, [(lead, at, to, reason)])


_HAND_OVER = text("UPDATE leads SET owner_id = CAST(:to AS uuid), taken_at = NULL WHERE id = :id")


async def offered_to(connection: AsyncConnection, lead: UUID) -> set[UUID]:
    """Everybody to whom the lead has been offered so far."""
    return set((await connection.execute(_OFFERED, {"id": lead})).scalars())


_OFFERED = text("SELECT DISTINCT staff_id FROM assignments WHERE lead_id = :id")


async def close(connection: AsyncConnection, lead: UUID, state: str, at: datetime) -> bool:
    """Close an open lead as "won", "lost" or "spam", with those under it. False when it was not open."""
    return bool((await connection.execute(_CLOSE, {"id": lead, "state": state, "at": at})).rowcount)


_CLOSE = text("UPDATE leads SET state = :state, closed_at = :at WHERE (id = :id OR under_id = :id) AND state = 'open'")


async def reopen(connection: AsyncConnection, lead: UUID, owner: UUID) -> bool:
    """Open a closed lead again as `owner`'s. False when it is open, or the person has another open one by now."""
    return bool((await connection.execute(_REOPEN, {"id": lead, "owner": owner})).rowcount)


_REOPEN = text(
    """UPDATE leads l SET state = 'open', closed_at = NULL, under_id = NULL, owner_id = :owner,
         taken_at = coalesce(taken_at, now())
       WHERE id = :id AND state <> 'open' AND NOT EXISTS (SELECT FROM leads o
         WHERE o.contact_id = l.contact_id AND o.pipeline = l.pipeline AND o.state = 'open' AND o.under_id IS NULL)"""
)


async def set_amount(connection: AsyncConnection, lead: UUID, sum_: Money) -> None:
    """For how much it is, or was won."""
    await connection.execute(_SET_AMOUNT, {"id": lead, "amount": sum_.amount, "currency": sum_.currency})


_SET_AMOUNT = text("UPDATE leads SET amount = :amount, currency = :currency WHERE id = :id")


async def just_won(connection: AsyncConnection, staff: UUID, actor: str, since: datetime) -> UUID | None:
    """The lead that this member won since then, when nobody said for how much and it is the last thing that he did."""
    row = (await connection.execute(_JUST_WON, {"staff": staff, "actor": actor, "since": since})).first()
    return row.lead_id if row and row.kind == "lead.won" and row.amount is None else None


_JUST_WON = text(
    """SELECT e.lead_id, e.kind, l.amount FROM leads l JOIN events e ON e.lead_id = l.id
       WHERE l.owner_id = :staff AND (l.state = 'open' OR l.state = 'won' AND l.closed_at > :since)
         AND e.at > :since AND e.actor = :actor
       ORDER BY e.at DESC, (e.kind = 'lead.won') DESC LIMIT 1"""
)


async def open_number(connection: AsyncConnection, contact: UUID, pipeline: str) -> int | None:
    """The number of the person's open lead."""
    number: int | None = await connection.scalar(_NUMBER, {"contact": contact, "pipeline": pipeline})
    return number


_NUMBER = text(
    """SELECT number FROM leads WHERE contact_id = :contact AND pipeline = :pipeline AND state = 'open'
       AND under_id IS NULL"""
)


async def asked_to_write(connection: AsyncConnection, staff: UUID, actor: str, since: datetime) -> UUID | None:
    """The lead under which this member pressed Reply, when that is the last thing that he did to his open leads."""
    row = (await connection.execute(_LAST_ACT, {"staff": staff, "actor": actor, "since": since})).first()
    return row.lead_id if row and row.kind == "lead.reply" else None


_LAST_ACT = text(
    """SELECT e.lead_id, e.kind FROM leads l JOIN events e ON e.lead_id = l.id
       WHERE l.owner_id = :staff AND l.state = 'open' AND e.at > :since AND e.actor = :actor
       ORDER BY e.at DESC, (e.kind = 'lead.reply') DESC LIMIT 1"""
)


async def of_owner(connection: AsyncConnection, staff: UUID, limit: int = 20) -> list[Lead]:
    """The open leads of one member of staff, the one that was written to last first."""
    return [Lead(*r) for r in await connection.execute(_OF_OWNER, {"staff": staff, "limit": limit})]


_OF_OWNER = text(
    f"""SELECT {_COLUMNS} FROM leads WHERE owner_id = :staff AND state = 'open' AND under_id IS NULL
        ORDER BY active_at DESC LIMIT :limit"""
)


async def waiting(connection: AsyncConnection, team: str, limit: int = 100) -> list[Lead]:
    """Open leads that are offered to nobody, the oldest first, locked."""
    return [Lead(*r) for r in await connection.execute(_WAITING, {"team": team, "limit": limit})]


_WAITING = text(
    f"""SELECT {_COLUMNS} FROM leads WHERE owner_id IS NULL AND state = 'open' AND under_id IS NULL AND pipeline = :team
        ORDER BY opened_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED"""
)


class Reach(NamedTuple):
    """One address of the person behind a lead."""

    identity: UUID
    kind: str
    value: str


async def addresses(connection: AsyncConnection, lead: UUID) -> list[Reach]:
    """How the person behind the lead can be reached: the proved addresses first, then the older ones."""
    return [Reach(*r) for r in await connection.execute(_ADDRESSES, {"lead": lead})]


_ADDRESSES = text(
    """SELECT i.id, i.kind, i.value FROM leads l JOIN identities i USING (contact_id)
       WHERE l.id = :lead AND i.kind <> 'unreadable' AND i.variant NOT LIKE '~%'
       ORDER BY i.proved DESC, i.created_at, i.id"""
)


async def names(connection: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, str]:
    """What to call the person behind each of these leads: the name, else the address that opened it."""
    rows = await connection.execute(_NAMES, {"ids": list(ids)})
    return {r.id: r.name for r in rows}


_NAMES = text(
    """SELECT l.id, coalesce(nullif(o.name, ''), (SELECT i.name FROM identities i
           WHERE i.contact_id = l.contact_id AND i.name <> '' ORDER BY i.created_at LIMIT 1),
         CASE o.kind WHEN 'unreadable' THEN '' ELSE o.value END) AS name
       FROM leads l JOIN identities o ON o.id = l.opened_by WHERE l.id = ANY(CAST(:ids AS uuid[]))"""
)
