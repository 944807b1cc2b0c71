"""Everything that hangs on the cards of some persons: one statement for each kind of thing, however many they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

NOTES = 50
"""Notes and files of a card that its view shows, the latest ones; the timeline has them all."""
Ids = Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Card:
    """One card, and the card that leads its person."""

    id: UUID
    person: UUID
    created_at: datetime


async def cards(connection: AsyncConnection, any_ids: Ids) -> list[Card]:
    """Every card of the persons to whom these cards belong, the oldest first."""
    return [Card(*row) for row in await connection.execute(_CARDS, {"ids": list(any_ids)})]


_CARDS = text(
    """WITH p AS (SELECT DISTINCT coalesce(leader_id, id) AS id FROM contacts WHERE id = ANY(CAST(:ids AS uuid[])))
       SELECT c.id, p.id, c.created_at FROM p JOIN contacts c ON c.id = p.id
       UNION ALL
       SELECT c.id, p.id, c.created_at FROM p JOIN contacts c ON c.leader_id = p.id ORDER BY 3, 1"""
)


@dataclass(frozen=True, slots=True)
class AddressRow:
    """An address on a card."""

    id: UUID
    person: UUID
    card: UUID
    kind: str
    value: str
    variant: str
    proved: bool
    name: str
    created_at: datetime
    shared: bool | None
    """What was said of it; None: nothing."""


async def addresses(connection: AsyncConnection, persons: Ids) -> list[AddressRow]:
    """All addresses of these persons, former ones too: the proved first, then the older."""
    return [AddressRow(*row) for row in await connection.execute(_ADDRESSES, {"ids": list(persons)})]


_ADDRESSES = text(
    """SELECT i.id, i.contact_id, i.home_id, i.kind, i.value, i.variant, i.proved, coalesce(i.name, ''), i.created_at,
         s.shared
       FROM identities i LEFT JOIN shared_addresses s ON s.kind = i.kind AND s.value = i.value
       WHERE i.contact_id = ANY(CAST(:ids AS uuid[])) AND i.kind <> 'unreadable'
       ORDER BY i.proved DESC, i.created_at, i.id"""
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody said of an address that it is this card's."""

    identity: UUID
    card: UUID
    proof: str
    source: str
    name: str
    message: UUID | None
    at: datetime


async def claims(connection: AsyncConnection, identities: Ids) -> list[Claim]:
    """Who claimed these identities, the first first."""
    return [Claim(*row) for row in await connection.execute(_CLAIMS, {"ids": list(identities)})]


_CLAIMS = text(
    """SELECT identity_id, contact_id, proof, source, name, message_id, at FROM claims
       WHERE identity_id = ANY(CAST(:ids AS uuid[])) ORDER BY at, proof"""
)


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag on a card, and who put it there when."""

    card: UUID
    tag: str
    source: str
    at: datetime


async def tags(connection: AsyncConnection, cards: Ids) -> list[Tag]:
    """In alphabetical order."""
    return [Tag(*row) for row in await connection.execute(_TAGS, {"ids": list(cards)})]


_TAGS = text(
    """SELECT contact_id, tag, source, at FROM contact_tags WHERE contact_id = ANY(CAST(:ids AS uuid[]))
       ORDER BY tag, at"""
)


@dataclass(frozen=True, slots=True)
class Membership:
    """A card's place in a company."""

    card: UUID
    company: UUID
    name: str
    kind: str
    position: str
    source: str
    at: datetime


async def memberships(connection: AsyncConnection, cards: Ids) -> list[Membership]:
    """The companies that these cards belong to, the latest first."""
    return [Membership(*row) for row in await connection.execute(_MEMBERSHIPS, {"ids": list(cards)})]


_MEMBERSHIPS = text(
    """SELECT m.contact_id, c.id, c.name, c.kind, m.position, m.source, m.at
       FROM company_members m JOIN companies c ON c.id = m.company_id
       WHERE m.contact_id = ANY(CAST(:ids AS uuid[])) ORDER BY m.at DESC, c.id"""
)


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote about the person."""

    id: UUID
    card: UUID
    text: str
    source: str
    at: datetime


async def notes(connection: AsyncConnection, cards: Ids) -> list[Note]:
    """The latest NOTES of each card, the latest first."""
    return [Note(*row) for row in await connection.execute(_NOTES, {"ids": list(cards), "most": NOTES})]


_EACH = "unnest(CAST(:ids AS uuid[])) AS c(id) CROSS JOIN LATERAL"
_NOTES = text(
    f"""SELECT n.id, n.contact_id, n.text, n.source, n.at FROM {_EACH} (
          SELECT * FROM notes WHERE contact_id = c.id ORDER BY at DESC, id DESC LIMIT :most) AS n
        ORDER BY n.at DESC, n.id DESC"""
)


@dataclass(frozen=True, slots=True)
class FileOf:
    """A file on a card. `key` finds it in the file store."""

    id: UUID
    card: UUID
    key: str
    name: str
    type: str
    size: int
    source: str
    at: datetime


async def files(connection: AsyncConnection, cards: Ids) -> list[FileOf]:
    """The latest NOTES of each card, the latest first."""
    return [FileOf(*row) for row in await connection.execute(_FILES, {"ids": list(cards), "most": NOTES})]


_FILES = text(
    f"""SELECT f.id, f.contact_id, f.key, f.name, f.type, f.size, f.source, f.at FROM {_EACH} (
          SELECT * FROM contact_files WHERE contact_id = c.id ORDER BY at DESC, id DESC LIMIT :most) AS f
        ORDER BY f.at DESC, f.id DESC"""
)


@dataclass(frozen=True, slots=True)
class LeadOf:
    """A lead of the person."""

    id: UUID
    person: UUID
    card: UUID
    number: int
    pipeline: str
    state: str
    owner: UUID | None
    owner_name: str
    taken: bool
    """Whether the owner said yes."""
    opened_at: datetime
    active_at: datetime
    closed_at: datetime | None
    under: int | None
    """The number of the person's other lead where the talk goes on."""
    amount: Decimal | None = None
    """For how much it is, or was won; in `currency` (ISO 4217)."""
    currency: str | None = None


async def leads(connection: AsyncConnection, persons: Ids) -> list[LeadOf]:
    """All leads of these persons, the latest first."""
    return [LeadOf(*row) for row in await connection.execute(_LEADS, {"ids": list(persons)})]


_LEADS = text(
    """SELECT l.id, l.contact_id, l.home_id, l.number, l.pipeline, l.state, l.owner_id, coalesce(s.name, ''),
         l.taken_at IS NOT NULL, l.opened_at, l.active_at, l.closed_at,
         CASE l.state WHEN 'open' THEN (SELECT u.number FROM leads u WHERE u.id = l.under_id) END,
         l.amount, l.currency
       FROM leads l LEFT JOIN staff s ON s.id = l.owner_id
       WHERE l.contact_id = ANY(CAST(:ids AS uuid[])) ORDER BY l.opened_at DESC, l.id DESC"""
)


async def staff_names(connection: AsyncConnection, ids: Ids) -> dict[UUID, str]:
    """What these members of staff are called, former ones too."""
    return {row.id: row.name for row in await connection.execute(_STAFF, {"ids": list(ids)})}


_STAFF = text("SELECT id, name FROM staff WHERE id = ANY(CAST(:ids AS uuid[]))")
