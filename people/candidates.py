"""Among which cards is a duplicate of this one looked for?

Under its keys, always. By its name alone, when that may be enough to ask a person about: among a thousand cards two of
one name are probably one person, among a million they are not, and there are too many to look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from people.keys import WHOLE, keys
from people.model import Model
from people.names import Likeness
from people.prepared import Prepared
from people.score import reach
from store import traits
from store.engine import Connection
from store.traits import Candidate


def asked(card: Prepared, model: Model) -> frozenset[str]:
    """The keys under which a duplicate of this card is worth looking for. Pure."""
    found = keys(card, model.rarity)
    return found if _suffices(card, Likeness.SAME, model) else frozenset(k for k in found if not k.startswith(WHOLE))


def by_spelling(card: Prepared, model: Model) -> bool:
    """Whether somebody whose name is spelled alike may be the same, if nothing else is known of him. Pure."""
    return _suffices(card, Likeness.NEAR, model)


def _suffices(card: Prepared, likeness: Likeness, model: Model) -> bool:
    return reach(card, likeness, model.weights) >= model.weights.likely


async def find(connection: Connection, cards: Mapping[UUID, Prepared], model: Model) -> list[Candidate]:
    """Who may be the same as one of these cards, whose traits are in the store; a pair may come twice."""
    found = await traits.candidates(connection, {id_: asked(card, model) for id_, card in cards.items()})
    spelled = [id_ for id_, card in cards.items() if by_spelling(card, model)]
    if spelled and await traits.size(connection) <= traits.MOST_NAMES:
        found += await traits.alike(connection, spelled)
    return found
