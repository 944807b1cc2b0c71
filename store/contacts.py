"""People and the identities that they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row
from store.tables import contacts, identities, merge_suggestions

Key = tuple[str, str]
"""(kind, value) of an address."""

CONTACT = ("id", "created_at")
IDENTITY = ("id", "kind", "value", "contact_id", "proved", "name", "created_at")
SUGGESTION = ("one", "other", "because")


class KnownIdentity(NamedTuple):
    """An address that somebody has."""

    id: UUID
    contact: UUID
    proved: bool
    other_proof: bool
    """The same contact has another identity that is proved."""


async def known(connection: AsyncConnection, keys: Sequence[Key]) -> dict[Key, KnownIdentity]:
    """Those of the addresses that somebody has."""
    if not keys:
        return {}
    rows = await connection.execute(_KNOWN, {"kinds": [k for k, _ in keys], "values": [v for _, v in keys]})
    return {(kind, value): KnownIdentity(*rest) for kind, value, *rest in rows}


_KNOWN = text(
    """SELECT i.kind, i.value, i.id, i.contact_id, i.proved,
       CASE WHEN i.proved THEN false ELSE EXISTS (
           SELECT FROM identities o WHERE o.contact_id = i.contact_id AND o.proved AND o.id <> i.id) END AS other_proof
       FROM unnest(CAST(:kinds AS text[]), CAST(:values AS text[])) AS a(kind, value)
       JOIN identities i USING (kind, value)"""
)


async def add(connection: AsyncConnection, people: Sequence[Row], claims: Sequence[Row], pairs: Iterable[Row]) -> None:
    """Write new contacts, their identities (Lost when another process was first) and suggestions to merge."""
    await bulk.copy(connection, contacts, CONTACT, people)
    await bulk.insert(
        connection, identities, IDENTITY, sorted(claims, key=lambda row: (row[1], row[2])), contended=True
    )
    await bulk.insert_new(connection, merge_suggestions, SUGGESTION, sorted(pairs))


async def prove(connection: AsyncConnection, proved: Iterable[UUID]) -> None:
    """The channel has vouched for these identities, which were only claimed so far."""
    if ids := sorted(proved):
        await connection.execute(_PROVE, {"ids": ids})


_PROVE = text("UPDATE identities SET proved = true WHERE id = ANY(CAST(:ids AS uuid[])) AND NOT proved")


async def split(connection: AsyncConnection, moves: Mapping[UUID, tuple[UUID, bool]], at: datetime) -> None:
    """Give identities to contacts of their own, which are made here; with the leads they opened, if they are proved.

    `moves`: identity -> (new contact, whether it is proved now). What was claimed for somebody may be somebody else.
    """
    if not moves:
        return
    await bulk.insert(connection, contacts, CONTACT, [(contact, at) for contact, _ in moves.values()])
    rows = [(identity, contact, proved) for identity, (contact, proved) in sorted(moves.items())]
    for statement in (_MOVE_IDENTITIES, _MOVE_LEADS):
        await connection.execute(statement, bulk.arrays(rows))


_MOVED = "unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS uuid[]), CAST(:c2 AS boolean[])) AS m(identity, contact, proved)"
_MOVE_IDENTITIES = text(
    f"""UPDATE identities i SET contact_id = m.contact, proved = i.proved OR m.proved
        FROM {_MOVED} WHERE i.id = m.identity"""
)
_MOVE_LEADS = text(
    f"UPDATE leads l SET contact_id = m.contact FROM {_MOVED} WHERE l.opened_by = m.identity AND m.proved"
)
