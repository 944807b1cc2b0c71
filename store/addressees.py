"""Who is behind an address that we wrote to: of a delivery, of an identity, of its card."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.messages import ChannelName
from store import bulk
from store.permission import TOPIC


class Addressee(NamedTuple):
    """Whom a delivery went to."""

    delivery: UUID
    channel: str
    address: str
    card: UUID | None
    purpose: str
    """The topic of its broadcast, or "marketing"."""
    left_at: datetime | None = None
    """When he first unsubscribed by it, where that is asked for."""


async def of(connection: AsyncConnection, delivery: UUID) -> Addressee | None:
    """The addressee of a delivery, or None when there is no such delivery."""
    row = (await connection.execute(_OF, {"id": delivery})).first()
    return Addressee(*row) if row else None


_OF = text(
    f"""SELECT d.id, d.channel, d.address, d.contact_id, {TOPIC}, d.left_at FROM deliveries d
        LEFT JOIN broadcasts b ON b.id = d.broadcast_id WHERE d.id = :id"""
)


async def named(connection: AsyncConnection, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Addressee]:
    """(channel, external id) -> the addressee of the mailing's delivery that is called so there."""
    pairs = sorted(set(names))
    rows = await connection.execute(_NAMED, bulk.arrays(pairs)) if pairs else ()
    return {(row.channel, row.external_id): Addressee(*row[:5]) for row in rows}


_NAMED = text(
    f"""SELECT d.id, d.channel, d.address, d.contact_id, {TOPIC}, d.external_id FROM deliveries d
        JOIN unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[])) AS n(channel, external_id) USING (channel, external_id)
        LEFT JOIN broadcasts b ON b.id = d.broadcast_id"""
)


async def name_of(connection: AsyncConnection, delivery: UUID) -> tuple[ChannelName, str] | None:
    """(channel, external id) of a delivery that has gone out."""
    row = (await connection.execute(_NAME_OF, {"id": delivery})).first()
    return (ChannelName(row.channel), row.external_id) if row else None


_NAME_OF = text("SELECT channel, external_id FROM deliveries WHERE id = :id AND external_id IS NOT NULL")


async def last_mailing(connection: AsyncConnection, channel: str, address: str, since: datetime) -> Addressee | None:
    """The addressee of the last mailing that went to this address by this account since then."""
    row = (await connection.execute(_LAST, {"channel": channel, "address": address, "since": since})).first()
    return Addressee(*row) if row else None


_LAST = text(
    f"""SELECT d.id, d.channel, d.address, d.contact_id, {TOPIC} FROM broadcasts b
        JOIN deliveries d ON d.broadcast_id = b.id AND d.address = :address
        WHERE d.channel = :channel AND d.sent_at > :since ORDER BY d.sent_at DESC LIMIT 1"""
)
# From the broadcasts, of which there are few: the index on their deliveries begins with them


async def left(connection: AsyncConnection, delivery: UUID, at: datetime) -> None:
    """The person unsubscribed by this delivery: the first time counts."""
    await connection.execute(_LEFT, {"id": delivery, "at": at})


_LEFT = text("""UPDATE deliveries SET left_at = :at WHERE id = :id AND left_at IS NULL AND broadcast_id IS NOT NULL""")


async def came_back(connection: AsyncConnection, delivery: UUID) -> None:
    """He has taken it back."""
    await connection.execute(text("UPDATE deliveries SET left_at = NULL WHERE id = :id"), {"id": delivery})


async def complained(connection: AsyncConnection, delivery: UUID, at: datetime) -> None:
    """The person marked it as spam: the first time counts."""
    await connection.execute(_COMPLAINED, {"id": delivery, "at": at})


_COMPLAINED = text("UPDATE deliveries SET complained_at = :at WHERE id = :id AND complained_at IS NULL")


async def cards(connection: AsyncConnection, kind: str, value: str) -> list[UUID]:
    """The persons (their leading cards) who have this address now; of a shared one all of them."""
    rows = await connection.execute(_CARDS, {"kind": kind, "value": value})
    return list(rows.scalars())


_CARDS = text(
    """SELECT DISTINCT contact_id FROM identities
       WHERE kind = :kind AND value = :value AND variant NOT LIKE '~%' ORDER BY contact_id"""
)


async def addresses(connection: AsyncConnection, person: UUID) -> list[tuple[str, str]]:
    """(kind, value) of every address of the person whom this card leads."""
    rows = await connection.execute(_ADDRESSES, {"person": person})
    return [(row.kind, row.value) for row in rows]


_ADDRESSES = text("SELECT DISTINCT kind, value FROM identities WHERE contact_id = :person ORDER BY kind, value")


class Standing(NamedTuple):
    """What an address proves of its holder."""

    identity: UUID
    home: UUID
    """The card that it is on."""
    person: UUID
    """The card that leads the person."""
    proved: bool
    shared: bool
    """Several people have it: it proves nothing of any of them."""


async def standing(connection: AsyncConnection, kind: str, value: str) -> Standing | None:
    """The one identity of this address, or None when nobody has it, or several do under names of their own."""
    rows = (await connection.execute(_STANDING, {"kind": kind, "value": value})).all()
    return Standing(*rows[0]) if len(rows) == 1 else None


_STANDING = text(
    """SELECT i.id, i.home_id, i.contact_id, i.proved, coalesce(s.shared, false) FROM identities i
       LEFT JOIN shared_addresses s ON s.kind = i.kind AND s.value = i.value
       WHERE i.kind = :kind AND i.value = :value AND i.variant NOT LIKE '~%'"""
)


async def beside(connection: AsyncConnection, identity: UUID, home: UUID) -> list[tuple[str, str]]:
    """(kind, value) of the other proved addresses on the same card that are nobody else's."""
    rows = await connection.execute(_BESIDE, {"identity": identity, "home": home})
    return [(row.kind, row.value) for row in rows]


_BESIDE = text(
    """SELECT i.kind, i.value FROM identities i LEFT JOIN shared_addresses s ON s.kind = i.kind AND s.value = i.value
       WHERE i.home_id = :home AND i.id <> :identity AND i.proved AND i.variant = '' AND NOT coalesce(s.shared, false)
       ORDER BY i.kind, i.value"""
)
