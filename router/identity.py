"""Which person is this? Pure.

A proved address is its owner's word. A claimed one (typed into a form) may lead a message to the person whose
address it is, since the answer goes to that address alone; it never brings a second address with it, and it never
joins two people. When a claimed address speaks for itself and its card is already proved by another address, it
was somebody else's: it leaves, with the leads that it opened.

Three things make an address no key: several people share it (then the name tells which of them writes); it was typed
by somebody with another name than who has it (a wife, a colleague: they are another person who claims it, too); and a
number that was silent for long may have passed to somebody else (what is known of the former owner stays with him).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from domain.addresses import is_role
from domain.messages import Address, AddressKind, Proof
from people.names import compatible, name_key
from store.contacts import Key, Known, KnownIdentity

RECYCLED = timedelta(days=90)
"""After so long a silence a number that speaks with another name is taken for a new owner's: operators sell numbers
again after some months."""
SILENT = timedelta(days=400)
"""After so long a number that does not tell a name is taken for somebody new: a merge mends it if it was not so."""
_LONGEST_VARIANT = 80


class Claim(NamedTuple):
    """What a message says of one of its sender's addresses."""

    key: Key
    """(kind, value, variant): under which it is kept; the variant says whose it is, at a shared address."""
    proof: Proof
    proved: bool


class Resolution(NamedTuple):
    """Whose message it is."""

    contact: UUID | None
    """None: somebody new."""
    sender: Claim
    """The address that the message hangs on."""
    attach: tuple[Claim, ...] = ()
    """Addresses that nobody has yet and that become this card's."""
    proves: UUID | None = None
    """An identity that was only claimed, and is proved by this message."""
    splits: UUID | None = None
    """An identity that must leave its card for one of its own."""
    releases: UUID | None = None
    """An identity that has passed to somebody else: the former owner keeps his past, the address begins anew."""
    others: tuple[Claim, ...] = ()
    """Addresses of other people that this message names: written down as claims."""
    joins: tuple[UUID, ...] = ()
    """Cards whose address this message proves beside the sender's: they are one person."""


def claims_of(addresses: Sequence[Address], name: str, known: Known) -> tuple[Claim, ...]:
    """The addresses of one message, each with the variant that it means."""
    return tuple(_claim(a, name, known) for a in addresses)


def _claim(address: Address, name: str, known: Known) -> Claim:
    kind, value, proved = address.kind, address.value, address.proved
    held = known.identities.get((kind, value, ""))
    if _is_shared(address, known) or (held and not proved and _is_other(held, name)):
        return Claim((kind, value, _variant_of(address, name, known)), address.how, proved)
    return Claim((kind, value, ""), address.how, proved)


def _is_shared(address: Address, known: Known) -> bool:
    """A person's word, or evidence, before the list of role mailboxes."""
    said = known.shared.get((address.kind, address.value)) if known.shared else None
    if said is not None:
        return said
    return address.kind is AddressKind.EMAIL and is_role(address.value)


def _variant_of(address: Address, name: str, known: Known) -> str:
    """Which of the people behind this address it is, by the name; a new one when it is like none of them."""
    pair = (address.kind, address.value)
    variants = {v: i for (kind, value, v), i in known.identities.items() if (kind, value) == pair}
    key = name_key(name)[:_LONGEST_VARIANT]
    if not key:
        return next(iter(variants)) if len(variants) == 1 else ""
    if key in variants:
        return key
    alike = [v for v, identity in variants.items() if identity.name and compatible(name, identity.name)]
    return alike[0] if len(alike) == 1 else key


def _is_other(held: KnownIdentity, name: str) -> bool:
    """Whether who types this address calls himself otherwise than who has it: a wife, a colleague, a stranger."""
    return bool(name and held.name) and not compatible(name, held.name)


def _is_strange(held: KnownIdentity, name: str, at: datetime) -> bool:
    """Whether a number that was silent for long speaks with another name."""
    if held.active_at is None or at - held.active_at < RECYCLED:
        return False
    return _is_other(held, name)


def _has_passed_on(held: KnownIdentity, name: str, at: datetime) -> bool:
    if held.active_at is None:
        return False
    is_nameless = not (name and held.name)
    return _is_strange(held, name, at) or (is_nameless and at - held.active_at >= SILENT)


def resolve(claims: Sequence[Claim], known: Mapping[Key, KnownIdentity], name: str, at: datetime) -> Resolution:
    """Decide for one message with at least one address."""
    if len(claims) == 1 and (plain := _known_again(claims[0], known)):
        return plain
    proved = [c for c in claims if c.proved]
    return _by_proof(proved, claims, known, name, at) if proved else _by_claim(claims, known)


def _known_again(claim: Claim, known: Mapping[Key, KnownIdentity]) -> Resolution | None:
    """Most messages: one address, proved now and before, and no number that could have passed on."""
    identity = known.get(claim.key)
    if identity and identity.proved and claim.proved and identity.active_at is None:
        return Resolution(identity.contact, claim)
    return None


def _by_proof(
    proved: Sequence[Claim], claims: Sequence[Claim], known: Mapping[Key, KnownIdentity], name: str, at: datetime
) -> Resolution:
    sender = next((c for c in proved if c.key in known), proved[0])
    identity = known.get(sender.key)
    attach = tuple(c for c in claims if c.key not in known)
    if identity is None:
        return Resolution(None, sender, attach, others=_others(claims, known, None))
    if _has_passed_on(identity, name, at):
        others = tuple(c for c in _others(claims, known, None) if c != sender)
        return Resolution(None, sender, (sender, *attach), releases=identity.id, others=others)
    others = _others(claims, known, identity.contact)
    if identity.proved:
        return Resolution(identity.contact, sender, attach, others=others, joins=_joins(others, known))
    if identity.other_proof:
        return Resolution(None, sender, attach, splits=identity.id, others=others)
    joins = _joins(others, known)
    return Resolution(identity.contact, sender, attach, proves=identity.id, others=others, joins=joins)


def _by_claim(claims: Sequence[Claim], known: Mapping[Key, KnownIdentity]) -> Resolution:
    found = [(c, identity) for c in claims if (identity := known.get(c.key))]
    if not found:
        return Resolution(None, claims[0], tuple(claims))
    own = next(((c, i) for c, i in found if i.proved or not i.other_proof), None)
    if own is None:  # somebody once typed it beside an address that he has proved since: this may be another person
        claim, identity = found[0]
        others = tuple(c for c in _others(claims, known, None) if c != claim)
        return Resolution(None, claim, splits=identity.id, others=others)
    claim, identity = own
    return Resolution(identity.contact, claim, others=_others(claims, known, identity.contact))


def _others(claims: Sequence[Claim], known: Mapping[Key, KnownIdentity], but: UUID | None) -> tuple[Claim, ...]:
    if len(claims) == 1:
        return ()
    return tuple(c for c in claims if (identity := known.get(c.key)) and identity.contact != but)


def _joins(others: Sequence[Claim], known: Mapping[Key, KnownIdentity]) -> tuple[UUID, ...]:
    """What is proved now and was proved before belongs to one person, whoever was thought to have it."""
    return tuple(sorted({known[c.key].home for c in others if c.proved and known[c.key].proved}))
