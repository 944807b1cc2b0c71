"""Keys of this installation: made once, kept in the database with what they protect, in no export and no log."""

from __future__ import annotations

import secrets as random

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

LINKS = "links"
"""Signs the links in mailings (`people.signed`)."""
TOMBSTONES = "tombstones"
"""Hashes the addresses of those who were erased (`store.tombstones`)."""
_SIZE = 32


async def key(connection: AsyncConnection, name: str) -> bytes:
    """The key of this name: 32 random bytes, the same for all processes and for ever."""
    found = await connection.scalar(_READ, {"name": name})
    if found is None:
        await connection.execute(_MAKE, {"name": name, "value": random.token_bytes(_SIZE)})
        found = await connection.scalar(_READ, {"name": name})
    return bytes(found)


_READ = text("SELECT value FROM secrets WHERE name = :name")
_MAKE = text("INSERT INTO secrets (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING")
