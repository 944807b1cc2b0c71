"""What people and other programs write on a card: addresses, tags, notes.

An address that is written down proves nothing (`Proof.STAFF`): it becomes the card's when nobody has it, and else is
kept as a claim, joins nobody and shows nobody's letters to anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.addresses import is_role
from domain.ids import new_id
from domain.messages import Address, AddressKind, Proof, utcnow
from people import fields
from people.names import name_key
from people.search import plain_tag
from store import contacts, merges, pinned, search
from store.contacts import Key, Known, KnownIdentity
from store.engine import Connection

LONGEST_NOTE = 20_000
"""Characters."""
_LONGEST_VARIANT = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class Author:
    """Who writes."""

    source: str
    """"api:ID", "staff:ID", "import:ID"."""
    country: str
    """ISO 3166-1 alpha-2: where a national phone number is from."""
    proof: Proof = Proof.STAFF


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A card to be made."""

    name: str = ""
    addresses: Sequence[Address] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()


class Taken(Exception):
    """Somebody has this address already. `person`: who."""

    def __init__(self, person: UUID, value: str) -> None:
        super().__init__(f"{value} is the address of another contact")
        self.person, self.value = person, value


async def create(connection: Connection, draft: Draft, author: Author, *, even_if_known: bool = False) -> UUID:
    """Make a card; its id.

    Raises Taken when somebody has one of the addresses, unless `even_if_known`; Wrong of a field; Lost when another
    process was first.
    """
    await merges.share(connection)
    known = await contacts.known(connection, [(a.kind.value, a.value) for a in draft.addresses])
    for address in () if even_if_known else draft.addresses:
        if held := known.identities.get(_key(address, draft.name, known)):
            raise Taken(held.contact, address.value)
    card, now = new_id(), utcnow()
    await contacts.add(connection, [(card, now)], [])
    await _attach(connection, card, card, draft.name, draft.addresses, known, author)
    written = dict(draft.fields) | ({"name": draft.name} if draft.name.strip() else {})
    await fields.put(
        connection, [fields.Value(card, f, v) for f, v in written.items()], source=author.source, country=author.country
    )
    await tag(connection, card, draft.tags, author.source)
    return card


async def add_addresses(
    connection: Connection, card: UUID, addresses: Sequence[Address], author: Author, *, name: str = ""
) -> dict[str, UUID]:
    """Write addresses on a card. Those that somebody else has are kept as claims: value -> who has it.

    Raises LookupError when there is no such card, Lost when another process was first.
    """
    await merges.share(connection)
    persons = await merges.persons(connection, [card])
    if card not in persons:
        raise LookupError(card)
    known = await contacts.known(connection, [(a.kind.value, a.value) for a in addresses])
    await _attach(connection, card, persons[card], name, addresses, known, author)
    await contacts.look_again(connection, [card])
    held = ((a.value, known.identities.get(_key(a, name, known))) for a in addresses)
    return {value: who.contact for value, who in held if who and who.contact != persons[card]}


def _key(address: Address, name: str, known: Known) -> Key:
    """At a shared address the name says whose it is; a person's word and evidence come before the list of roles."""
    said = known.shared.get((address.kind.value, address.value))
    is_shared = address.kind is AddressKind.EMAIL and is_role(address.value) if said is None else said
    return address.kind.value, address.value, name_key(name)[:_LONGEST_VARIANT] if is_shared else ""


async def _attach(
    connection: Connection, card: UUID, person: UUID, name: str, addresses: Iterable[Address], known: Known, by: Author
) -> None:
    now, fresh, claims, further = utcnow(), [], [], []
    for key, identity in _identities(addresses, name, known).items():
        if isinstance(identity, KnownIdentity):
            further.append((identity.id, card, by.proof.value, by.source, name, None, now))
        else:
            fresh.append((identity, *key, person, card, False, name or None, now))
            claims.append((identity, card, by.proof.value, by.source, name, None, now))
    await contacts.add(connection, [], fresh)
    await contacts.claim(connection, claims, further)


def _identities(addresses: Iterable[Address], name: str, known: Known) -> dict[Key, KnownIdentity | UUID]:
    """Each address once: who has it, or the id of a new identity."""
    keys = dict.fromkeys(_key(address, name, known) for address in addresses)
    return {key: known.identities.get(key) or new_id() for key in keys}


async def tag(connection: Connection, card: UUID, tags: Iterable[str], source: str) -> int:
    """Put tags on a card; how many were new."""
    now = utcnow()
    plain = {plain_tag(one) for one in tags} - {""}
    return await pinned.tag(connection, [(card, one, source, now) for one in sorted(plain)])


async def untag(connection: Connection, person: UUID, tags: Iterable[str]) -> int:
    """Take tags off the person: off every card that has them. How many there were."""
    cards = await merges.cards_of(connection, [person])
    return await pinned.untag(connection, list(cards), [plain_tag(one) for one in tags])


async def note(connection: Connection, card: UUID, text: str, source: str, *, at: datetime | None = None) -> UUID:
    """Write a note on a card; its id."""
    made = new_id()
    words = text.replace("\x00", "")[:LONGEST_NOTE]
    await pinned.note(connection, [(made, card, words, source, at or utcnow())])
    return made


async def mark(connection: Connection, address: Address, shared: bool, source: str) -> None:
    """Say of an address that several people have it, or one alone: it stands whatever the evidence is."""
    await search.share(connection, (address.kind.value, address.value, shared, source, utcnow()))
