"""Keys of the API. Only the hash of a key is kept: whoever reads the database cannot use it."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import new_id

SCOPES = (
    "contacts:read", "contacts:write", "merges:write", "imports:write", "exports:read", "segments:read",
    "segments:write", "broadcasts:read", "broadcasts:write", "broadcasts:send", "messages:send", "contacts:erase",
    "admin",
)  # fmt: skip
PREFIX = "lw_"
"""So that people and scanners of leaked secrets know what it is."""
_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")


@dataclass(frozen=True, slots=True)
class Key:
    """A key, without itself."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


async def add(connection: AsyncConnection, name: str, scopes: Iterable[str], at: datetime) -> tuple[Key, str]:
    """A new key and its text, which is shown once and never again. Raises ValueError for an unknown scope."""
    wanted = tuple(scope for scope in SCOPES if scope in (given := set(scopes)))
    if not wanted or given - set(wanted):
        raise ValueError(f"scopes are {', '.join(SCOPES)}: give at least one of them and no other")
    key = Key(new_id(), " ".join(name.split())[:100], wanted, at, None, None)
    token = PREFIX + secrets.token_urlsafe(32)
    row = {"id": key.id, "name": key.name, "hash": _hash(token), "scopes": list(wanted), "at": at}
    await connection.execute(_ADD, row)
    return key, token


_ADD = text(
    """INSERT INTO api_keys (id, name, hash, scopes, created_at)
       VALUES (:id, :name, :hash, CAST(:scopes AS text[]), :at)"""
)


async def listed(connection: AsyncConnection) -> list[Key]:
    """Every key, revoked ones too, the latest first."""
    return [_key(row) for row in await connection.execute(_LISTED)]


_COLUMNS = "id, name, scopes, created_at, used_at, revoked_at"
_LISTED = text(f"SELECT {_COLUMNS} FROM api_keys ORDER BY created_at DESC, id DESC")


def _key(row: Iterable[object]) -> Key:
    id_, name, scopes, *times = row
    return Key(id_, name, tuple(scopes), *times)  # type: ignore[arg-type]  # a row of exactly these columns


async def revoke(connection: AsyncConnection, key: UUID, at: datetime) -> bool:
    """It opens nothing from now on. False when there is no such key, or it was revoked before."""
    return bool((await connection.execute(_REVOKE, {"id": key, "at": at})).rowcount)


_REVOKE = text("UPDATE api_keys SET revoked_at = :at WHERE id = :id AND revoked_at IS NULL")


async def by_token(connection: AsyncConnection, token: str) -> Key | None:
    """The key of this text, unless it is revoked; None."""
    if not _FORM.fullmatch(token):
        return None
    found = (await connection.execute(_BY_HASH, {"hash": _hash(token)})).first()
    if found is None or not hmac.compare_digest(bytes(found[0]), _hash(token)):
        return None
    return _key(found[1:])


_BY_HASH = text(f"SELECT hash, {_COLUMNS} FROM api_keys WHERE hash = :hash AND revoked_at IS NULL")


async def touch(connection: AsyncConnection, key: UUID, at: datetime) -> None:
    """Write down that it was used, at most once a minute."""
    await connection.execute(_TOUCH, {"id": key, "at": at})


_TOUCH = text(
    """UPDATE api_keys SET used_at = :at
       WHERE id = :id AND (used_at IS NULL OR used_at < CAST(:at AS timestamptz) - interval '1 minute')"""
)


def _hash(token: str) -> bytes:
    """A key is random: it needs no slow hash, nobody can guess it."""
    return hashlib.sha256(token.encode()).digest()
