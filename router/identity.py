"""Which person is this? Pure.

A proved address is its owner's word. A claimed one (typed into a form) may lead a message to the person whose
address it is, since the answer goes to that address alone; it never brings a second address with it, and it never
joins two people. When a claimed address speaks for itself and its contact is already proved by another address, it
was somebody else's: it leaves, with the leads that it opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from domain.messages import Address
from store.contacts import Key, KnownIdentity


class Resolution(NamedTuple):
    """Whose message it is."""

    contact: UUID | None
    """None: somebody new."""
    sender: Address
    """The address that the message hangs on."""
    attach: tuple[Address, ...] = ()
    """Addresses that nobody has yet and that become this contact's."""
    proves: UUID | None = None
    """An identity that was only claimed, and is proved by this message."""
    splits: UUID | None = None
    """An identity that must leave its contact for one of its own."""
    others: tuple[UUID, ...] = ()
    """Other contacts that this message names: suggestions to merge."""


def resolve(addresses: Sequence[Address], known: Mapping[Key, KnownIdentity]) -> Resolution:
    """Decide for one message with at least one address."""
    proved = [a for a in addresses if a.proved]
    return _by_proof(proved, addresses, known) if proved else _by_claim(addresses, known)


def _by_proof(
    proved: Sequence[Address], addresses: Sequence[Address], known: Mapping[Key, KnownIdentity]
) -> Resolution:
    sender = next((a for a in proved if _of(a, known)), proved[0])
    identity = _of(sender, known)
    attach = tuple(a for a in addresses if not _of(a, known))
    others = _others(addresses, known, identity.contact if identity else None)
    if identity is None:
        return Resolution(None, sender, attach, others=others)
    if identity.proved:
        return Resolution(identity.contact, sender, attach, others=others)
    if identity.other_proof:
        return Resolution(None, sender, attach, splits=identity.id, others=(identity.contact, *others))
    return Resolution(identity.contact, sender, attach, proves=identity.id, others=others)


def _by_claim(addresses: Sequence[Address], known: Mapping[Key, KnownIdentity]) -> Resolution:
    found = [(a, identity) for a in addresses if (identity := _of(a, known))]
    if not found:
        return Resolution(None, addresses[0], tuple(addresses))
    own = next(((a, i) for a, i in found if i.proved or not i.other_proof), None)
    if own is None:  # somebody once typed it beside an address that he has proved since: this may be another person
        address, identity = found[0]
        return Resolution(None, address, splits=identity.id, others=_others(addresses, known, None))
    address, identity = own
    return Resolution(identity.contact, address, others=_others(addresses, known, identity.contact))


def _of(address: Address, known: Mapping[Key, KnownIdentity]) -> KnownIdentity | None:
    return known.get((address.kind, address.value))


def _others(addresses: Sequence[Address], known: Mapping[Key, KnownIdentity], but: UUID | None) -> tuple[UUID, ...]:
    found = {identity.contact for a in addresses if (identity := _of(a, known))}
    return tuple(sorted(found - {but})) if found else ()
