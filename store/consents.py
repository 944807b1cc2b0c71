"""Receipts of consent: append-only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row
from store.tables import consents

RECEIPT = (
    "id", "contact_id", "identity_id", "purpose", "channel", "granted", "text", "text_hash", "source", "at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Receipt:
    """Somebody agreed, or took it back."""

    id: UUID
    card: UUID
    identity: UUID | None
    """The address that it was given from."""
    purpose: str
    channel: str
    """"" for all."""
    granted: bool
    text: str
    """Word for word what was agreed to."""
    text_hash: str
    """SHA-256 of it, in hex."""
    source: str
    at: datetime


async def add(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Append receipts in the order of RECEIPT."""
    await bulk.copy(connection, consents, RECEIPT, rows)


async def of(connection: AsyncConnection, cards: Iterable[UUID]) -> list[Receipt]:
    """Every receipt of these cards, the latest first."""
    return [Receipt(*row) for row in await connection.execute(_OF, {"ids": list(cards)})]


_OF = text(
    """SELECT id, contact_id, identity_id, purpose, channel, granted, text, encode(text_hash, 'hex'), source, at
       FROM consents WHERE contact_id = ANY(CAST(:ids AS uuid[])) ORDER BY at DESC, id DESC"""
)
