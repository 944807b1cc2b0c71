"""A person as people see him: what all his cards say together, computed anew each time.

Nothing is copied when cards are joined, so that parting them gives back each one exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from people.consent import effective
from people.shown import FieldOf, display_name, shown_fields
from store import consents, fields, merges
from store import person as stored
from store.consents import Receipt
from store.contacts import RELEASED
from store.engine import Connection
from store.merges import Merge
from store.person import AddressRow, Card, Claim, FileOf, LeadOf, Membership, Note, Tag

__all__ = ["AddressOf", "Consent", "FieldOf", "Owner", "Person", "TagOf", "person", "persons"]


@dataclass(frozen=True, slots=True)
class AddressOf:
    """One address of the person."""

    id: UUID
    card: UUID
    kind: str
    value: str
    proved: bool
    shared: bool | None
    """Whether several people have it, as far as anybody has said."""
    was: bool
    """It was his once, and has passed to somebody else."""
    claims: tuple[Claim, ...]
    """Who said so, from where, how and when."""


@dataclass(frozen=True, slots=True)
class TagOf:
    """A tag, and where it was put first."""

    tag: str
    source: str
    at: datetime
    cards: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Consent:
    """What holds for a purpose and a channel ("" for all)."""

    purpose: str
    channel: str
    granted: bool


@dataclass(frozen=True, slots=True)
class Owner:
    """The member of staff who is responsible."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Joined:
    """A merge that holds."""

    id: UUID
    at: datetime
    one: UUID
    other: UUID
    rule: str
    actor: str
    choices: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Person:
    """Everything about one person."""

    id: UUID
    """The card that leads."""
    name: str
    """`people.shown.display_name`."""
    names: tuple[str, ...]
    """All that he was ever called, the shown one first."""
    cards: tuple[UUID, ...]
    """All of them, the leading one first: each of these ids finds the person."""
    created_at: datetime
    owner: Owner | None
    addresses: tuple[AddressOf, ...]
    fields: Mapping[str, FieldOf]
    tags: tuple[TagOf, ...]
    companies: tuple[Membership, ...]
    consents: tuple[Consent, ...]
    receipts: tuple[Receipt, ...]
    leads: tuple[LeadOf, ...]
    merges: tuple[Joined, ...]
    notes: tuple[Note, ...]
    files: tuple[FileOf, ...]


async def person(connection: Connection, card: UUID) -> Person | None:
    """The person to whom this card belongs, or None when there is no such card."""
    return next(iter((await persons(connection, [card])).values()), None)


async def persons(connection: Connection, cards: Iterable[UUID]) -> dict[UUID, Person]:
    """Leading card -> the person, for all these cards: in as many statements as for one."""
    found: dict[UUID, list[Card]] = defaultdict(list)
    for card in await stored.cards(connection, list(cards)):
        found[card.person].append(card)
    if not found:
        return {}
    known = await _read(connection, found)
    return {leader: known.of(leader, mine) for leader, mine in found.items()}


async def _read(connection: Connection, found: Mapping[UUID, Sequence[Card]]) -> _Known:
    leaders, cards = list(found), [card.id for mine in found.values() for card in mine]
    addresses = await stored.addresses(connection, leaders)
    leads = await stored.leads(connection, leaders)
    held = await fields.held(connection, cards)
    owners = {UUID(value.value) for value in held if value.field == "owner" and value.value}
    return _Known(
        addresses=_by(addresses, "person"),
        claims=_by(await stored.claims(connection, [a.id for a in addresses]), "identity"),
        values=_by(held, "card"),
        archived={kind.name for kind in await fields.kinds(connection) if kind.archived},
        tags=_by(await stored.tags(connection, cards), "card"),
        companies=_by(await stored.memberships(connection, cards), "card"),
        notes=_by(await stored.notes(connection, cards), "card"),
        files=_by(await stored.files(connection, cards), "card"),
        receipts=_by(await consents.of(connection, cards), "card"),
        leads=_by(leads, "person"),
        merges=_by(await merges.listed(connection, cards=cards, limit=10 * len(cards)), "one"),
        staff=await stored.staff_names(connection, list(owners)),
    )


def _by(rows: Iterable[Any], key: str) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """What was read of all these persons, by person or by card."""

    addresses: Mapping[UUID, list[AddressRow]]
    claims: Mapping[UUID, list[Claim]]
    values: Mapping[UUID, list[fields.Held]]
    archived: set[str]
    tags: Mapping[UUID, list[Tag]]
    companies: Mapping[UUID, list[Membership]]
    notes: Mapping[UUID, list[Note]]
    files: Mapping[UUID, list[FileOf]]
    receipts: Mapping[UUID, list[Receipt]]
    leads: Mapping[UUID, list[LeadOf]]
    merges: Mapping[UUID, list[Merge]]
    staff: Mapping[UUID, str]

    def of(self, leader: UUID, mine: Sequence[Card]) -> Person:
        ids = [leader, *(card.id for card in mine if card.id != leader)]
        joined = sorted(self._all(self.merges, ids), key=lambda merge: (merge.at, merge.id))
        values = [v for v in self._all(self.values, ids) if v.field not in self.archived]
        shown = shown_fields(values, leader, joined)
        addresses = self.addresses.get(leader, [])
        name = display_name(shown, [a.name for a in addresses])
        leads = self.leads.get(leader, [])
        receipts = _latest_first(self._all(self.receipts, ids))
        return Person(
            id=leader,
            name=name,
            names=self._names(name, shown, addresses, ids),
            cards=tuple(ids),
            created_at=min(card.created_at for card in mine),
            owner=self._owner(shown, leads),
            addresses=tuple(self._address(a) for a in addresses),
            fields=shown,
            tags=_tags(self._all(self.tags, ids)),
            companies=tuple(_latest_first(self._all(self.companies, ids))),
            consents=tuple(Consent(*key, granted) for key, granted in sorted(effective(receipts).items())),
            receipts=tuple(receipts),
            leads=tuple(leads),
            merges=tuple(Joined(m.id, m.at, m.one, m.other, m.rule, m.actor, m.choices) for m in joined),
            notes=tuple(_latest_first(self._all(self.notes, ids))),
            files=tuple(_latest_first(self._all(self.files, ids))),
        )

    @staticmethod
    def _all(known: Mapping[UUID, list[Any]], cards: Iterable[UUID]) -> list[Any]:
        return [row for card in cards for row in known.get(card, ())]

    def _address(self, row: AddressRow) -> AddressOf:
        was = row.variant.startswith(RELEASED)
        claims = tuple(self.claims.get(row.id, ()))
        return AddressOf(row.id, row.card, row.kind, row.value, row.proved, row.shared, was, claims)

    def _names(
        self, name: str, shown: Mapping[str, FieldOf], addresses: Sequence[AddressRow], cards: Sequence[UUID]
    ) -> tuple[str, ...]:
        """Without what others are called who claimed one of his addresses."""
        own = [c.name for a in addresses for c in self.claims.get(a.id, ()) if c.card in cards]
        others = [o.value for o in shown["name"].others] if "name" in shown else []
        return tuple(dict.fromkeys(filter(None, (name, *(a.name for a in addresses), *own, *others))))

    def _owner(self, shown: Mapping[str, FieldOf], leads: Sequence[LeadOf]) -> Owner | None:
        if "owner" in shown and shown["owner"].value:
            owner = UUID(shown["owner"].value)
            return Owner(owner, self.staff.get(owner, ""))
        lead = next((one for one in leads if one.state == "open" and one.owner and one.under is None), None)
        return Owner(lead.owner, lead.owner_name) if lead and lead.owner else None


def _latest_first(rows: list[Any]) -> list[Any]:
    return sorted(rows, key=attrgetter("at"), reverse=True)


def _tags(rows: Iterable[Tag]) -> tuple[TagOf, ...]:
    ordered = sorted(rows, key=lambda row: (row.tag, row.at))
    grouped = [(tag, list(group)) for tag, group in groupby(ordered, key=lambda row: row.tag)]
    return tuple(TagOf(tag, mine[0].source, mine[0].at, tuple(row.card for row in mine)) for tag, mine in grouped)
