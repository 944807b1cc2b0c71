"""What stays of an address that was erased: a keyed hash, by which its refusals find it when it comes back.

A trigger on `identities` (migration 0007) turns it into an opt-out again, by whatever door it comes.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk, secrets
from store.opt_outs import Pair
from store.tables import tombstones

ERASED, WITHDRAWN = "erased", "withdrawn"
TOMBSTONE = ("hash", "scope", "reason", "at")


class Tombstone(NamedTuple):
    """One of them."""

    hash: bytes
    scope: str
    """A purpose; "" for everything but answers."""
    reason: str
    at: datetime


def hashed(key: bytes, pair: Pair) -> bytes:
    """HMAC-SHA-256 (RFC 2104) of an address. Without the key nobody can try addresses out. Pure."""
    return hmac.digest(key, f"{pair[0]}:{pair[1]}".encode(), "sha256")


async def add(connection: AsyncConnection, rows: Sequence[Tombstone]) -> None:
    """Set these up; one that stands stays as it is."""
    await bulk.insert_new(connection, tombstones, TOMBSTONE, sorted(set(rows)))


async def of(connection: AsyncConnection, pairs: Iterable[Pair]) -> dict[Pair, dict[str, str]]:
    """Those of the addresses that have some: scope -> reason."""
    key = await secrets.key(connection, secrets.TOMBSTONES)
    by_hash = {hashed(key, pair): pair for pair in pairs}
    found: dict[Pair, dict[str, str]] = {}
    for row in await connection.execute(_OF, {"hashes": list(by_hash)}):
        found.setdefault(by_hash[bytes(row.hash)], {})[row.scope] = row.reason
    return found


_OF = text("SELECT hash, scope, reason FROM tombstones WHERE hash = ANY(CAST(:hashes AS bytea[]))")


async def lift(connection: AsyncConnection, pair: Pair, purposes: Iterable[str]) -> None:
    """The person has come back and said yes himself."""
    key = await secrets.key(connection, secrets.TOMBSTONES)
    await connection.execute(_LIFT, {"hash": hashed(key, pair), "purposes": list(purposes)})


_LIFT = text("DELETE FROM tombstones WHERE hash = :hash AND scope = ANY(CAST(:purposes AS text[]))")


async def every(connection: AsyncConnection) -> list[Tombstone]:
    """All of them, to be kept beside the backups."""
    rows = await connection.execute(text("SELECT hash, scope, reason, at FROM tombstones ORDER BY at, hash, scope"))
    return [Tombstone(bytes(row.hash), row.scope, row.reason, row.at) for row in rows]


async def risen(connection: AsyncConnection, after: UUID, limit: int) -> list[tuple[UUID, Pair, UUID]]:
    """(identity, address, card) of a page of addresses that were there before some erasure: a backup was restored.

    Which of them were erased, `people.erasure` looks up by their hashes.
    """
    rows = await connection.execute(_OLDER, {"after": after, "limit": limit})
    return [(row.id, (row.kind, row.value), row.home_id) for row in rows]


_OLDER = text(
    """SELECT id, kind, value, home_id FROM identities WHERE id > CAST(:after AS uuid)
       AND created_at < (SELECT max(at) FROM tombstones WHERE reason = 'erased') ORDER BY id LIMIT :limit"""
)
