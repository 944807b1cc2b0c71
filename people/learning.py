"""Learns from the installation's own cards what agreement and difference weigh (`people.learn`)."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from domain.ids import new_id
from domain.messages import utcnow
from people import candidates
from people import model as models
from people.compare import Levels, compare
from people.learn import learn, rarity, with_shares
from people.model import Model
from people.prepared import Prepared, prepare
from people.traits import from_json
from store import traits
from store.engine import AWAY, Database
from store.locks import exclusive
from store.traits import Candidate, Lesson

log = logging.getLogger(__name__)
Pair = tuple[UUID, UUID]
SAMPLE = 20_000
"""Cards that are looked at; of more, the weights would hardly move."""
LEAST = 500
"""From fewer cards there is nothing to learn."""
FROM_ITSELF = 1000
"""So many there must be before anything is learned without being asked for."""
_PART = 5
"""A fifth more cards than the last time make it worth learning anew; a fifth that waits is worth waiting for."""
AT_MOST_EVERY = timedelta(days=1)
LOOK = 3600.0
"""Seconds between two looks whether it is time: to count a million cards takes a while."""
_AT_ONCE = 500
_DUE_AT_ONCE = 10_000
"""Cards that are marked in one transaction: the router waits for it when one of them writes."""
_STRANGERS = 30_000


class Learned(NamedTuple):
    """What came of it."""

    cards: int
    pairs: int
    """Pairs that share a key, or whose names are spelled alike."""
    due: int
    """Cards that are compared anew now."""


class TooFew(Exception):
    """There is nothing to learn from yet."""


class Learning:
    """The job: learns by itself when the base has outgrown its weights, in one process of all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Until cancelled. Raises nothing that another try may mend."""
        while True:
            with suppress(*AWAY):
                await self.look()
            await asyncio.sleep(LOOK)

    async def look(self) -> Learned | None:
        """Learn if it is time; what came of it."""
        async with exclusive(self._database, "learning") as held:
            if held is None:
                return None
            async with self._database.begin() as connection:
                cards, last = await traits.count(connection), await traits.last_lesson(connection)
                waiting = await traits.waiting(connection, cards)
            if not is_time(cards, waiting, last, utcnow()):
                return None
            learned = await learn_weights(self._database, "leadwire")
        log.info("Learned from %s cards what agreement weighs; %s are compared anew.", learned.cards, learned.due)
        return learned


def is_time(cards: int, waiting: int, last: Lesson | None, now: datetime) -> bool:
    """Whether weights are to be learned anew. Pure.

    Not while a large import `waiting` to be compared comes in: a thousandth of a million would teach that names are
    rare and duplicates many.
    """
    if cards < FROM_ITSELF or waiting * _PART > cards:
        return False
    return last is None or (now - last.at >= AT_MOST_EVERY and (cards - last.cards) * _PART >= last.cards)


async def learn_weights(database: Database, actor: str) -> Learned:
    """Learn, remember, and have every card compared anew. Raises TooFew.

    What takes seconds runs in a thread, so that the process goes on routing meanwhile. Cards are marked in portions:
    after a crash among them, the others are compared anew with the next lesson, or when something about them is new.
    """
    async with database.begin() as connection:
        before = await models.read(connection)
        facts = await traits.sample(connection, SAMPLE)
        total = await traits.count(connection)
    sample = await asyncio.to_thread(_prepared, facts, before)
    if len(sample) < LEAST:
        raise TooFew(f"{len(sample)} cards are too few to learn from: {LEAST} are needed")
    shared = await _shared(database, sample, before)
    after = await asyncio.to_thread(_taught, list(sample.values()), shared, total, before)
    async with database.begin() as connection:
        await traits.remember_model(connection, (new_id(), utcnow(), models.document(after, total), actor))
    return Learned(len(sample), sum(shared.values()), await _all_due(database))


def _prepared(facts: Sequence[Mapping[str, Any]], model: Model) -> dict[UUID, Prepared]:
    return {(known := from_json(one)).id: prepare(known, model.kinds) for one in facts}


def _taught(cards: Sequence[Prepared], shared: Counter[Levels], total: int, before: Model) -> Model:
    pairs = len(cards) * (total - 1) - len(cards) * (len(cards) - 1) // 2
    learned = learn(shared, _strangers(cards), max(pairs, 1), before.weights)
    return Model(weights=with_shares(learned, cards), rarity=rarity(cards))


async def _all_due(database: Database) -> int:
    marked, after = 0, UUID(int=0)
    while True:
        async with database.begin() as connection:
            found = await traits.due_behind(connection, after, _DUE_AT_ONCE)
        if not found:
            return marked
        marked, after = marked + len(found), max(found)


async def _shared(database: Database, sample: Mapping[UUID, Prepared], model: Model) -> Counter[Levels]:
    """How the cards of the sample agree with all others that may be found for them; each pair once."""
    counted, seen, ids = Counter[Levels](), set[Pair](), list(sample)
    others = dict(sample)
    for at in range(0, len(ids), _AT_ONCE):
        async with database.begin() as connection:
            found = await candidates.find(connection, {id_: sample[id_] for id_ in ids[at : at + _AT_ONCE]}, model)
        counted += await asyncio.to_thread(_counted, found, seen, others, model)
    return counted


def _counted(
    found: Sequence[Candidate], seen: set[Pair], others: dict[UUID, Prepared], model: Model
) -> Counter[Levels]:
    counted = Counter[Levels]()
    for card, other, facts in found:
        pair = min(card, other), max(card, other)
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
