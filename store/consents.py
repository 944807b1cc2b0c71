"""Receipts of consent: append-only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk
from store.bulk import Row
from store.tables import consents

RECEIPT = (
    "id", "contact_id", "identity_id", "purpose", "channel", "granted", "text", "text_hash", "source", "at",
)  # fmt: skip
PROOF = (*RECEIPT, "version", "actor", "address")
"""The same with what a proof needs besides."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Somebody agreed, or took it back."""

    id: UUID
    card: UUID
    identity: UUID | None
    """The address that it was given from."""
    purpose: str
    channel: str
    """"" for all; `store.permission.EVERYWHERE`: the person has left on all, or takes that back."""
    granted: bool
    text: str
    """Word for word what was agreed to."""
    text_hash: str
    """SHA-256 of it, in hex."""
    source: str
    at: datetime
    version: str = ""
    """Of the text, as its author counts."""
    actor: str = ""
    """Who wrote it down; empty: the source did."""
    address: str = ""
    """The address or chat, as it was then."""


async def add(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Append receipts in the order of RECEIPT, or all of them in that of PROOF."""
    columns = PROOF if rows and len(rows[0]) == len(PROOF) else RECEIPT
    await bulk.copy(connection, consents, columns, rows)


async def rewriting(connection: AsyncConnection) -> None:
    """Until the end of the transaction receipts may be changed: for an erasure, and for an import that is undone."""
    await connection.execute(text("SELECT set_config('leadwire.rewrites_consents', 'on', true)"))


async def blank(connection: AsyncConnection, cards: Iterable[UUID], hashes: Sequence[tuple[str, bytes]]) -> int:
    """Leave of these cards' receipts only what proves and names nobody; how many. `hashes`: (address, keyed hash)."""
    await rewriting(connection)
    values = {"cards": list(cards), "addresses": [a for a, _ in hashes], "hashes": [h for _, h in hashes]}
    return (await connection.execute(_BLANK, values)).rowcount


_BLANK = text(
    """UPDATE consents k SET text = '', address = '', identity_id = NULL, address_hash = coalesce((
         SELECT h.hash FROM unnest(CAST(:addresses AS text[]), CAST(:hashes AS bytea[])) AS h(address, hash)
         WHERE h.address = k.address LIMIT 1), k.address_hash)
       WHERE k.contact_id = ANY(CAST(:cards AS uuid[]))"""
)


async def of(connection: AsyncConnection, cards: Iterable[UUID]) -> list[Receipt]:
    """Every receipt of these cards, the latest first."""
    return [Receipt(*row) for row in await connection.execute(_OF, {"ids": list(cards)})]


_OF = text(
    """SELECT id, contact_id, identity_id, purpose, channel, granted, text, encode(text_hash, 'hex'), source, at,
         version, actor, address
       FROM consents WHERE contact_id = ANY(CAST(:ids AS uuid[])) ORDER BY at DESC, id DESC"""
)


async def left_everywhere(
    connection: AsyncConnection, cards: Iterable[UUID], purposes: Iterable[str]
) -> list[tuple[UUID, str]]:
    """(card, purpose) of these that the person has left on every channel and not come back to."""
    rows = await connection.execute(_LEFT, {"cards": list(cards), "purposes": list(purposes)})
    return [(row.contact_id, row.purpose) for row in rows]


_LEFT = text(
    """SELECT contact_id, purpose FROM (
         SELECT DISTINCT ON (contact_id, purpose) contact_id, purpose, granted FROM consents
         WHERE contact_id = ANY(CAST(:cards AS uuid[])) AND channel = '*'
           AND purpose = ANY(CAST(:purposes AS text[]))
         ORDER BY contact_id, purpose, at DESC, id DESC) AS l
       WHERE NOT granted ORDER BY 1, 2"""
)


class Request(NamedTuple):
    """Somebody was asked for his consent, by a link that only his address got."""

    id: UUID
    contact: UUID
    kind: str
    value: str
    purpose: str
    channel: str
    text: str
    version: str
    source: str
    actor: str
    asked_at: datetime
    confirmed_at: datetime | None
    lapsed: bool


_REQUEST = """id, contact_id, kind, value, purpose, channel, text, version, source, actor, asked_at, confirmed_at,
    lapsed"""


async def ask(connection: AsyncConnection, request: Request) -> None:
    """Write down that somebody is asked."""
    await connection.execute(_ASK, request._asdict())


_ASK = text(
    f"""INSERT INTO consent_requests ({_REQUEST}) VALUES (:id, :contact, :kind, :value, :purpose, :channel, :text,
          :version, :source, :actor, :asked_at, :confirmed_at, :lapsed)"""
)


async def request(connection: AsyncConnection, id_: UUID, *, lock: bool = False) -> Request | None:
    """What was asked; with `lock` it is ours until the end of the transaction."""
    row = (await connection.execute(_LOCKED if lock else _ASKED, {"id": id_})).first()
    return Request(*row) if row else None


_ASKED = text(f"SELECT {_REQUEST} FROM consent_requests WHERE id = :id")
_LOCKED = text(f"SELECT {_REQUEST} FROM consent_requests WHERE id = :id FOR UPDATE")


async def asked_lately(connection: AsyncConnection, address: str, purpose: str, within: timedelta) -> bool:
    """Whether a letter that asks this address for this purpose is younger, and waits for its answer."""
    return bool(await connection.scalar(_LATELY, {"address": address, "purpose": purpose, "within": within}))


_LATELY = text(
    """SELECT EXISTS (SELECT FROM deliveries d
         CROSS JOIN LATERAL jsonb_array_elements_text(d.facts -> 'requests') AS q(id)
         JOIN consent_requests r ON r.id = CAST(q.id AS uuid)
         WHERE d.purpose = 'greeting' AND d.address = :address AND d.created_at > now() - CAST(:within AS interval)
           AND r.purpose = :purpose AND r.confirmed_at IS NULL AND NOT r.lapsed)"""
)
# By the index on greetings: there is none on the addresses of requests


async def requests(connection: AsyncConnection, cards: Iterable[UUID]) -> list[Request]:
    """What was asked of these cards, the latest first."""
    return [Request(*row) for row in await connection.execute(_REQUESTS, {"cards": list(cards)})]


_REQUESTS = text(
    f"""SELECT {_REQUEST} FROM consent_requests WHERE contact_id = ANY(CAST(:cards AS uuid[]))
        ORDER BY asked_at DESC, id DESC"""
)


async def confirm(connection: AsyncConnection, id_: UUID, at: datetime) -> None:
    """He said yes."""
    await connection.execute(
        text("UPDATE consent_requests SET confirmed_at = :at WHERE id = :id"), {"id": id_, "at": at}
    )


async def lapse(connection: AsyncConnection, kind: str, value: str, cards: Iterable[UUID]) -> None:
    """What this address was asked, and has not answered, is off."""
    values = {"kind": kind, "value": value, "cards": list(cards)}
    await connection.execute(_LAPSE, values)


_LAPSE = text(
    """UPDATE consent_requests SET lapsed = true WHERE contact_id = ANY(CAST(:cards AS uuid[]))
       AND kind = :kind AND value = :value AND confirmed_at IS NULL AND NOT lapsed"""
)
