"""Staff: who sells, who is at work, and how they are reached in their chat."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import new_id

LINK_PREFIX = "staff-"
"""The payload of a member's deep link begins with it; what follows is the token."""


class Member(NamedTuple):
    """A member of staff."""

    id: UUID
    name: str
    team: str
    language: str
    at_work: bool
    channel: str | None
    address: str | None


_COLUMNS = "id, name, team, language, at_work, channel, address"


async def roster(connection: AsyncConnection) -> list[Member]:
    """Everybody who works here, in a stable order."""
    return [Member(*row) for row in await connection.execute(_ROSTER)]


_ROSTER = text(f"SELECT {_COLUMNS} FROM staff WHERE left_at IS NULL ORDER BY id")


async def by_address(connection: AsyncConnection, address: str) -> Member | None:
    """The member who works from this Telegram id, or None."""
    row = (await connection.execute(_BY_ADDRESS, {"address": address})).first()
    return Member(*row) if row else None


_BY_ADDRESS = text(f"SELECT {_COLUMNS} FROM staff WHERE address = :address AND left_at IS NULL")


async def name_of(connection: AsyncConnection, member: UUID) -> str:
    """What this member is called, also when he works here no more; empty when there never was such a one."""
    return await connection.scalar(text("SELECT name FROM staff WHERE id = :id"), {"id": member}) or ""


async def add(connection: AsyncConnection, name: str, team: str, language: str, at: datetime) -> Member:
    """A new member, not linked to a chat yet."""
    member = new_id()
    row = {"id": member, "name": name, "team": team, "language": language, "at": at}
    await connection.execute(_ADD, row)
    return Member(member, name, team, language, False, None, None)


_ADD = text("""INSERT INTO staff (id, name, team, language, created_at) VALUES (:id, :name, :team, :language, :at)""")


async def issue_link(connection: AsyncConnection, member: UUID, now: datetime, valid: timedelta) -> str:
    """A fresh one-time deep link payload; earlier ones of this member stop working. Only its hash is kept."""
    token = secrets.token_urlsafe(24)
    row = {"id": member, "hash": _hash(token), "expires": now + valid}
    await connection.execute(_ISSUE, row)
    return LINK_PREFIX + token


_ISSUE = text("UPDATE staff SET link_hash = :hash, link_expires_at = :expires WHERE id = :id AND left_at IS NULL")


async def redeem_link(
    connection: AsyncConnection, payload: str, channel: str, address: str, now: datetime
) -> Member | None:
    """Link the member whose payload this is to his chat and put him to work; None when it is used up or unknown."""
    if address.startswith("-"):  # a group's anonymous administrator: the link would be everybody's
        return None
    token = payload.removeprefix(LINK_PREFIX)
    row = {"hash": _hash(token), "channel": channel, "address": address, "now": now}
    await connection.execute(_UNLINK, row)
    found = (await connection.execute(_REDEEM, row)).first()
    return Member(*found) if found else None


_VALID = "link_hash = :hash AND link_expires_at > :now AND left_at IS NULL"
_UNLINK = text(
    f"""UPDATE staff SET channel = NULL, address = NULL, at_work = false
        WHERE address = :address AND left_at IS NULL AND EXISTS (SELECT FROM staff WHERE {_VALID})"""
)
_REDEEM = text(
    f"""UPDATE staff SET channel = :channel, address = :address, at_work = true,
            link_hash = NULL, link_expires_at = NULL
        WHERE {_VALID} RETURNING {_COLUMNS}"""
)


async def set_at_work(connection: AsyncConnection, member: UUID, at_work: bool) -> None:
    """Begin or end taking turns."""
    await connection.execute(_AT_WORK, {"id": member, "at_work": at_work})


_AT_WORK = text("UPDATE staff SET at_work = :at_work WHERE id = :id")


async def leave(connection: AsyncConnection, member: UUID, at: datetime) -> None:
    """The member works here no more and has no chat here; his Telegram id is kept, see `former`."""
    await connection.execute(_LEAVE, {"id": member, "at": at})


_LEAVE = text(
    """UPDATE staff SET left_at = :at, at_work = false, channel = NULL, link_hash = NULL
       WHERE id = :id AND left_at IS NULL"""
)


async def everybody(connection: AsyncConnection, lock: int) -> tuple[list[Member], frozenset[str]]:
    """Who works here, in a stable order, and the Telegram ids of those who left within 30 days: out of habit they may
    still write here, as no customers.

    In the same round trip the transaction shares the advisory lock `lock` (store.merges): each batch needs both.
    """
    rows = (await connection.execute(_EVERYBODY, {"lock": lock})).all()
    here = [Member(*row[:7]) for row in rows if row.id and not row.has_left]
    return here, frozenset(row.address for row in rows if row.has_left)


_EVERYBODY = text(
    f"""SELECT {_COLUMNS}, left_at IS NOT NULL AS has_left
        FROM (SELECT pg_advisory_xact_lock_shared(CAST(:lock AS bigint))) AS l
        LEFT JOIN staff ON left_at IS NULL OR (left_at > now() - interval '30 days' AND address IS NOT NULL)
        ORDER BY id"""
)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
