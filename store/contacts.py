"""People's cards, the identities on them, and who claimed what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk, direct
from store.bulk import Lost, Row
from store.tables import claims, contacts, identities

Pair = tuple[str, str]
"""(kind, value) of an address."""
Key = tuple[str, str, str]
"""(kind, value, variant): an address, and at a shared one whose it is."""

CONTACT = ("id", "created_at")
IDENTITY = ("id", "kind", "value", "variant", "contact_id", "home_id", "proved", "name", "created_at")
CLAIM = ("identity_id", "contact_id", "proof", "source", "name", "message_id", "at")
RELEASED = "~"
"""A variant that begins so was somebody's address once and is nobody's key any more."""


class KnownIdentity(NamedTuple):
    """An address that somebody has."""

    id: UUID
    contact: UUID
    """The card that leads the person now."""
    home: UUID
    """The card that it is on."""
    proved: bool
    other_proof: bool
    """The same card has another identity that is proved."""
    name: str = ""
    active_at: datetime | None = None
    """When the person was heard of last; of phones only, since numbers change hands."""


class Known(NamedTuple):
    """What is known of some addresses."""

    identities: dict[Key, KnownIdentity]
    shared: dict[Pair, bool]
    """Addresses that evidence or a person has spoken of: whether they are several people's."""
    stopped: frozenset[Pair] = frozenset()
    """(channel, address) that take nothing more, of the channels that were asked about."""


async def known(connection: AsyncConnection, pairs: Sequence[Pair], channels: Iterable[str] = ()) -> Known:
    """Those of the addresses that somebody has, in all their variants but released ones.

    With `channels` also which of the addresses these channels may not write to.
    """
    found, stopped = Known({}, {}), set()
    if not pairs:
        return found
    rows = await direct.fetch(connection, _KNOWN, [k for k, _ in pairs], [v for _, v in pairs], list(channels))
    for kind, value, channel, shared, variant, *rest in rows:
        if channel is not None:
            stopped.add((channel, value))
        if shared is not None:
            found.shared[kind, value] = shared
        if variant is not None:
            found.identities[kind, value, variant] = KnownIdentity._make(rest)
    return found._replace(stopped=frozenset(stopped))


_KNOWN = """SELECT a.kind, a.value, n.channel, s.shared, i.variant, i.id, i.contact_id, i.home_id, i.proved,
       CASE WHEN i.proved THEN false ELSE EXISTS (SELECT FROM identities o
           WHERE o.contact_id = i.contact_id AND o.home_id = i.home_id AND o.proved AND o.id <> i.id) END,
       coalesce(i.name, ''),
       CASE WHEN a.kind = 'phone' THEN
           coalesce((SELECT max(l.active_at) FROM leads l WHERE l.contact_id = i.contact_id), i.created_at) END
       FROM unnest((SELECT CAST($1 AS text[])), (SELECT CAST($2 AS text[]))) AS a(kind, value)
       LEFT JOIN identities i ON i.kind = a.kind AND i.value = a.value AND i.variant NOT LIKE '~%'
       LEFT JOIN shared_addresses s ON s.kind = a.kind AND s.value = a.value
       LEFT JOIN suppressions n ON n.channel = ANY((SELECT CAST($3 AS text[]))::text[]) AND n.address = a.value
       WHERE i.id IS NOT NULL OR s.shared IS NOT NULL OR n.channel IS NOT NULL"""


async def add(connection: AsyncConnection, people: Sequence[Row], addresses: Sequence[Row]) -> None:
    """Write new cards and identities (Lost when another process was first)."""
    await bulk.copy(connection, contacts, CONTACT, people)
    rows = sorted(addresses, key=lambda row: row[1:4])
    try:
        await bulk.copy(connection, identities, IDENTITY, rows)
    except asyncpg.UniqueViolationError as error:
        raise Lost("identities") from error


async def claim(connection: AsyncConnection, fresh: Sequence[Row], further: Iterable[Row]) -> None:
    """Write down claims: `fresh` ones of identities that were made in this transaction, and others, once each."""
    await bulk.copy(connection, claims, CLAIM, fresh)
    await bulk.insert_new(connection, claims, CLAIM, sorted(further, key=lambda row: row[:5]))


async def prove(connection: AsyncConnection, proved: Iterable[UUID]) -> None:
    """Somebody has vouched for these identities, which were only claimed so far."""
    if ids := sorted(proved):
        await connection.execute(_PROVE, {"ids": ids})


_PROVE = text("UPDATE identities SET proved = true WHERE id = ANY(CAST(:ids AS uuid[])) AND NOT proved")


async def call(connection: AsyncConnection, names: Mapping[UUID, str]) -> None:
    """Write what people call themselves under these identities."""
    if names:
        await connection.execute(_CALL, bulk.arrays(sorted(names.items())))


_CALL = text(
    """UPDATE identities i SET name = n.name FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS text[])) AS n(id, name)
       WHERE i.id = n.id"""
)


async def release(connection: AsyncConnection, identities: Iterable[UUID]) -> None:
    """These addresses have passed to somebody else: they stay on their cards as history, and are keys no more.

    Raises Lost when another process was first.
    """
    if ids := sorted(identities):
        released = await connection.execute(_RELEASE, {"ids": ids})
        if released.rowcount != len(ids):
            raise Lost("identities")


_RELEASE = text(
    """UPDATE identities SET variant = '~' || id WHERE id = ANY(CAST(:ids AS uuid[])) AND variant NOT LIKE '~%'"""
)


async def split(connection: AsyncConnection, moves: Mapping[UUID, tuple[UUID, bool]], at: datetime) -> None:
    """Give identities to cards of their own, which are made here; with the leads they opened, if they are proved.

    `moves`: identity -> (new card, whether it is proved now). What was claimed for somebody may be somebody else, and
    so they come without the name that he told.
    """
    if not moves:
        return
    await bulk.insert(connection, contacts, CONTACT, [(contact, at) for contact, _ in moves.values()])
    rows = [(identity, contact, proved) for identity, (contact, proved) in sorted(moves.items())]
    for statement in (_MOVE_IDENTITIES, _MOVE_LEADS):
        await connection.execute(statement, bulk.arrays(rows))


_MOVED = "unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS uuid[]), CAST(:c2 AS boolean[])) AS m(identity, contact, proved)"
_MOVE_IDENTITIES = text(
    f"""UPDATE identities i SET contact_id = m.contact, home_id = m.contact, proved = i.proved OR m.proved, name = NULL
        FROM {_MOVED} WHERE i.id = m.identity"""
)
_MOVE_LEADS = text(
    f"""UPDATE leads l SET contact_id = m.contact, home_id = m.contact FROM {_MOVED}
        WHERE l.opened_by = m.identity AND m.proved"""
)


async def look_again(connection: AsyncConnection, cards: Iterable[UUID]) -> None:
    """Have these cards compared with the others once more: something about them is new."""
    if ids := sorted(set(cards)):
        await direct.execute(connection, _LOOK_AGAIN, ids)


_LOOK_AGAIN = "UPDATE contacts SET match_due = true WHERE id = ANY(CAST($1 AS uuid[])) AND NOT match_due"
