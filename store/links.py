"""Links to a request: issued to whoever sent it, looked up by the digest of their token, used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB

from domain.messages import Address, AddressKind
from store import bulk
from store.bulk import Lost
from store.engine import Connection

VALID = timedelta(days=30)


class Kind(StrEnum):
    """Who was given the link, and so what it proves."""

    FORM = "form"  # whoever sent the form saw it: proves nothing about the addresses that he typed
    ADDRESS = "address"  # one address alone was sent it: who has it reads there


class Link(NamedTuple):
    """A link that holds."""

    hash: str
    """The digest of its token, in hex."""
    kind: Kind
    message: UUID
    number: int | None
    """Of the lead that the request opened; None when it joined one, which may be somebody else's."""
    name: str
    """What the request's sender calls himself."""
    address: Address | None
    """Of kind address: to which it was sent. Not proved here."""
    given: tuple[Address, ...]
    """Of kind form: the addresses that were typed. Not proved."""


class State(StrEnum):
    """How a request stands."""

    RECEIVED = "received"
    TAKEN = "taken"
    ANSWERED = "answered"
    CLOSED = "closed"


class Tracked(NamedTuple):
    """What the page of a link may show: nothing of the person, no words, nothing from before the request came."""

    kind: Kind
    channel: str
    received_at: datetime
    state: State
    confirmed: bool
    used: bool


async def issue(connection: Connection, rows: Iterable[tuple[str, UUID]], at: datetime) -> None:
    """Links of kind form: (digest, message). Those that are there already stay as they are."""
    await _add(connection, [(hash_, message, Kind.FORM, None, None) for hash_, message in rows], at)


async def issue_to(connection: Connection, hash_: str, message: UUID, address: Address, at: datetime) -> None:
    """A link that is about to be sent to this address alone."""
    await _add(connection, [(hash_, message, Kind.ADDRESS, address.kind.value, address.value)], at)


Issued = tuple[str, UUID, Kind, str | None, str | None]


async def _add(connection: Connection, links: Sequence[Issued], at: datetime) -> None:
    """Each new link sweeps two dead ones away: the table needs no other broom."""
    if links:
        rows = [(bytes.fromhex(hash_), message, kind.value, *to) for hash_, message, kind, *to in links]
        values = bulk.arrays(rows) | {"at": at, "expires": at + VALID, "broom": 2 * len(rows)}
        await connection.execute(_ADD, values)


_ADD = text(
    """WITH dead AS (SELECT hash FROM links WHERE expires_at < :at ORDER BY expires_at LIMIT :broom
                     FOR UPDATE SKIP LOCKED),
            gone AS (DELETE FROM links l USING dead WHERE l.hash = dead.hash)
       INSERT INTO links (hash, message_id, kind, address_kind, address, created_at, expires_at)
       SELECT n.*, CAST(:at AS timestamptz), CAST(:expires AS timestamptz)
       FROM unnest(CAST(:c0 AS bytea[]), CAST(:c1 AS uuid[]), CAST(:c2 AS text[]), CAST(:c3 AS text[]),
         CAST(:c4 AS text[])) AS n ON CONFLICT DO NOTHING"""
)


async def valid(connection: Connection, hashes: Iterable[str], now: datetime) -> dict[str, Link]:
    """Those that hold, by digest: neither expired nor, of kind address, used."""
    wanted = sorted({bytes.fromhex(hash_) for hash_ in hashes})
    if not wanted:
        return {}
    rows = await connection.execute(_VALID, {"hashes": wanted, "now": now})
    return {link.hash: link for row in rows if (link := _link(*row))}


def _link(
    hash_: bytes,
    kind: str,
    message: UUID,
    number: int | None,
    name: str,
    to: str | None,
    address: str | None,
    given: Sequence[Sequence[str]] | None,
) -> Link:
    sent_to = Address(kind=AddressKind(to), value=address) if to and address else None
    typed = tuple(Address(kind=AddressKind(kind), value=value) for kind, value, *_ in given or ())
    return Link(hash_.hex(), Kind(kind), message, number, name, sent_to, typed)


_SELECT = """SELECT l.hash, l.kind, l.message_id, d.number, coalesce(m.facts ->> 'name', ''), l.address_kind, l.address,
       CASE l.kind WHEN 'form' THEN m.facts -> 'from' END AS given
       FROM links l JOIN messages m ON m.id = l.message_id LEFT JOIN leads d
       ON d.id = m.lead_id AND d.opened_by = m.identity_id AND d.opened_at = m.received_at"""
_VALID = text(
    f"{_SELECT} WHERE l.hash = ANY(CAST(:hashes AS bytea[])) AND l.expires_at > :now AND l.used_at IS NULL"
).columns(given=JSONB)


async def use(connection: Connection, hashes: Iterable[str], at: datetime) -> None:
    """These of kind address have opened a bot. Raises Lost when another process was first with one."""
    if used := sorted(bytes.fromhex(hash_) for hash_ in hashes):
        done = await connection.execute(_USE, {"hashes": used, "at": at})
        if done.rowcount != len(used):
            raise Lost("links")


_USE = text(
    """UPDATE links SET used_at = :at WHERE hash = ANY(CAST(:hashes AS bytea[])) AND kind = 'address'
       AND used_at IS NULL"""
)


async def confirm(connection: Connection, hash_: str, now: datetime) -> Link | None:
    """Take the word of whoever pressed the button: once, of kind address, while the link holds. None: nothing to do."""
    values = {"hash": bytes.fromhex(hash_), "now": now}
    if (await connection.execute(_CONFIRM, values)).rowcount != 1:
        return None
    row = (await connection.execute(_ONE, values)).first()
    return _link(*row) if row else None


_CONFIRM = text(
    """UPDATE links SET confirmed_at = :now WHERE hash = :hash AND kind = 'address' AND expires_at > :now
       AND confirmed_at IS NULL"""
)
_ONE = text(f"{_SELECT} WHERE l.hash = :hash").columns(given=JSONB)


async def tracked(connection: Connection, hash_: str, now: datetime) -> Tracked | None:
    """How the request of this link stands; None when there is no such link, or no more.

    A form may have joined the open lead of somebody whose address was typed into it. So a request is answered by an
    answer to itself alone, and its lead counts only for what was done after the request came.
    """
    row = (await connection.execute(_TRACKED, {"hash": bytes.fromhex(hash_), "now": now})).first()
    if row is None:
        return None
    kind, channel, received_at, state, confirmed, used = row
    return Tracked(Kind(kind), channel, received_at, State(state), confirmed, used)


_TRACKED = text(
    """SELECT l.kind, m.channel, m.received_at,
         CASE WHEN d.state <> 'open' AND d.closed_at >= m.created_at THEN 'closed'
              WHEN EXISTS (SELECT FROM messages a JOIN deliveries s ON s.message_id = a.id AND s.purpose = 'reply'
                  WHERE a.lead_id = m.lead_id AND a.direction = 'out' AND a.facts ->> 'answers' = CAST(m.id AS text)
                  AND s.state IN ('sent', 'delivered', 'read')) THEN 'answered'
              WHEN d.taken_at >= m.created_at THEN 'taken' ELSE 'received' END,
         l.confirmed_at IS NOT NULL, l.used_at IS NOT NULL
       FROM links l JOIN messages m ON m.id = l.message_id LEFT JOIN leads d ON d.id = m.lead_id
       WHERE l.hash = :hash AND l.expires_at > :now"""
)
