"""Which cards are one person, and who leads. Pure.

A person is what merges connect. Nothing is ever moved for good: cards keep what they have, a merge is an edge between
two of them, and who is one person with whom is computed anew from the edges that hold. So a merge that is taken back
leaves no trace, whatever was joined or parted in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Edge(NamedTuple):
    """A merge that holds. The order of edges is the order in which they were made."""

    id: UUID
    one: UUID
    """A card of the person who leads."""
    other: UUID


def leaders(cards: Iterable[UUID], edges: Sequence[Edge]) -> dict[UUID, UUID]:
    """Card -> the card that leads its person. `edges`: in order; of unknown cards they are skipped."""
    parent = {card: card for card in cards}
    for edge in edges:
        if edge.one in parent and edge.other in parent:
            one, other = _root(parent, edge.one), _root(parent, edge.other)
            parent[other] = one
    return {card: _root(parent, card) for card in parent}


def _root(parent: dict[UUID, UUID], card: UUID) -> UUID:
    while parent[card] != card:
        parent[card] = parent[parent[card]]
        card = parent[card]
    return card


class Open(NamedTuple):
    """An open lead, and whose it is now."""

    id: UUID
    person: UUID
    pipeline: str
    taken_at: datetime | None
    opened_at: datetime


def mains(leads: Iterable[Open]) -> dict[UUID, UUID | None]:
    """Lead -> the lead of the same person and pipeline under which it goes on, or None for the one that leads.

    The one that somebody has taken leads, then the older one.
    """
    groups: dict[tuple[UUID, str], list[Open]] = {}
    for lead in leads:
        groups.setdefault((lead.person, lead.pipeline), []).append(lead)
    under: dict[UUID, UUID | None] = {}
    for group in groups.values():
        main = min(group, key=_rank)
        under |= {lead.id: None if lead is main else main.id for lead in group}
    return under


def _rank(lead: Open) -> tuple[bool, datetime, UUID]:
    return lead.taken_at is None, lead.opened_at, lead.id


class Proofs(NamedTuple):
    """The proved addresses of one person."""

    emails: frozenset[str]
    phones: frozenset[str]


def are_apart(one: Proofs, other: Proofs) -> bool:
    """Whether these are two identified people: no rule may join them, only a person.

    Each has proved an e-mail and a phone, and they have none in common.
    """
    full = one.emails and one.phones and other.emails and other.phones
    return bool(full) and not (one.emails & other.emails or one.phones & other.phones)


def moved(before: Mapping[UUID, UUID], after: Mapping[UUID, UUID]) -> list[tuple[UUID, UUID, UUID]]:
    """(card, who led it, who leads it now) of each card that changes hands."""
    return sorted((card, before[card], lead) for card, lead in after.items() if before[card] != lead)
