"""Tags, notes and files on cards."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row
from store.tables import contact_files, contact_tags, notes

TAG = ("contact_id", "tag", "source", "at")
NOTE = ("id", "contact_id", "text", "source", "at")
FILE = ("id", "contact_id", "key", "name", "type", "size", "source", "at")


async def tag(connection: AsyncConnection, rows: Sequence[Row]) -> int:
    """Put tags on cards, in the order of TAG; how many were new."""
    return await bulk.insert_new(connection, contact_tags, TAG, sorted(rows, key=lambda row: row[:2]))


async def untag(connection: AsyncConnection, cards: Sequence[UUID], tags: Sequence[str]) -> int:
    """Take these tags off these cards; how many there were."""
    return (await connection.execute(_UNTAG, {"cards": list(cards), "tags": list(tags)})).rowcount


_UNTAG = text(
    """DELETE FROM contact_tags WHERE contact_id = ANY(CAST(:cards AS uuid[])) AND tag = ANY(CAST(:tags AS text[]))"""
)


async def note(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Append notes, in the order of NOTE."""
    await bulk.insert(connection, notes, NOTE, rows)


async def attach(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Append files that are in the file store, in the order of FILE."""
    await bulk.insert(connection, contact_files, FILE, rows)
