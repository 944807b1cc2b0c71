"""Learns from the installation's own cards what agreement and difference weigh (`people.learn`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import NamedTuple
from uuid import UUID

from domain.ids import new_id
from domain.messages import utcnow
from people import model as models
from people.compare import Levels, compare
from people.learn import learn, rarity, with_shares
from people.model import Model
from people.prepared import Prepared, prepare
from people.traits import from_json
from store import traits
from store.engine import Database

SAMPLE = 20_000
"""Cards that are looked at; of more, the weights would hardly move."""
LEAST = 500
"""From fewer cards there is nothing to learn."""
_AT_ONCE = 500
_STRANGERS = 30_000


class Learned(NamedTuple):
    """What came of it."""

    cards: int
    pairs: int
    """Pairs that share a key."""
    due: int
    """Cards that are compared anew now."""


class TooFew(Exception):
    """There is nothing to learn from yet."""


async def learn_weights(database: Database, actor: str) -> Learned:
    """Learn, remember, and have every card compared anew. Raises TooFew."""
    async with database.begin() as connection:
        before = await models.read(connection)
        facts = await traits.sample(connection, SAMPLE)
        total = await traits.count(connection)
    sample = {(known := from_json(one)).id: prepare(known, before.kinds) for one in facts}
    if len(sample) < LEAST:
        raise TooFew(f"{len(sample)} cards are too few to learn from: {LEAST} are needed")
    shared = await _shared(database, sample, before)
    cards = list(sample.values())
    pairs = len(cards) * (total - 1) - len(cards) * (len(cards) - 1) // 2
    learned = learn(shared, _strangers(cards), max(pairs, 1), before.weights)
    after = Model(weights=with_shares(learned, cards), rarity=rarity(cards))
    async with database.begin() as connection:
        await traits.remember_model(connection, (new_id(), utcnow(), models.document(after), actor))
        due = await traits.all_due(connection)
    return Learned(len(cards), sum(shared.values()), due)


async def _shared(database: Database, sample: Mapping[UUID, Prepared], model: Model) -> Counter[Levels]:
    """How the cards of the sample agree with all others that share a key with them; each pair once."""
    counted, seen, ids = Counter[Levels](), set[tuple[UUID, UUID]](), list(sample)
    others = dict(sample)
    for at in range(0, len(ids), _AT_ONCE):
        async with database.begin() as connection:
            found = await traits.candidates(connection, ids[at : at + _AT_ONCE])
        for card, other, facts in found:
            pair = (min(card, other), max(card, other))
            if pair not in seen:
                seen.add(pair)
                if other not in others:
                    others[other] = prepare(from_json(facts), model.kinds)
                counted[compare(others[card], others[other])] += 1
    return counted


def _strangers(cards: Sequence[Prepared]) -> Counter[Levels]:
    """How cards agree that have nothing to do with each other: the same draw each time."""
    dice = Random(1)  # noqa: S311  # a sample, not a secret
    return Counter(compare(*dice.sample(cards, 2)) for _ in range(_STRANGERS))
