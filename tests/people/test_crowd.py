"""How well people are told apart and found again, as they write to a Russian and an English business."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from itertools import combinations
from typing import NamedTuple
from uuid import UUID

import pytest

from router.route import Router
from store.engine import Database
from tests.people.crowd import Crowd
from tests.people.test_matcher import look
from tests.router.conftest import RULES, Ask


class Figures(NamedTuple):
    """Of the pairs of cards that are one person."""

    precision: float
    recall: float


def figures(found: Iterable[frozenset[object]], truth: Set[frozenset[object]]) -> Figures:
    said = set(found)
    right = len(said & truth)
    return Figures(right / max(len(said), 1), right / max(len(truth), 1))


def pairs(groups: Mapping[object, set[UUID]]) -> set[frozenset[UUID]]:
    return {frozenset(pair) for cards in groups.values() for pair in combinations(sorted(cards), 2)}


def in_common(one: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> bool:
    """Whether anything at all could tell: an address, or a whole name on both. An SMS alone has no name."""
    shared = any(set(one.get(k, ())) & set(other.get(k, ())) for k in ("emails", "phones", "telegrams"))
    named = (any("." not in name for name in card.get("names", ())) for card in (one, other))
    return shared or all(named)


@pytest.mark.parametrize("seed", [1, 2, 4])
async def test_a_crowd(database: Database, ask: Ask, seed: int) -> None:
    """Nobody is mixed up with somebody else by himself, and a person is asked about most who belong together."""
    router, crowd = Router(database, RULES), Crowd(seed)
    written = list(crowd.messages(each=6))
    for each in written:  # one at a time, as they come
        await router.route([each.inbound])
    await look(database, joins=True)
    sql = "SELECT m.external_id, i.home_id FROM messages m JOIN identities i ON i.id = m.identity_id"
    homes, told = dict(await ask(sql)), dict(await ask("SELECT contact_id, facts FROM traits"))
    wrote: dict[UUID, set[int]] = defaultdict(set)
    cards: dict[object, set[UUID]] = defaultdict(set)
    for each in written:
        wrote[homes[each.inbound.external_id]].add(each.human)
        cards[each.human].add(homes[each.inbound.external_id])
    assert [people for people in wrote.values() if len(people) > 1] == [], "a card with two people's letters"
    truth = {pair for pair in pairs(cards) if in_common(*(told[card] for card in pair))}
    joined = {frozenset(pair) for pair in await ask("SELECT one, other FROM merges")}
    assert joined <= pairs(cards), "a rule has joined two people"
    asked = {frozenset(pair) for pair in await ask("SELECT one, other FROM suggestions WHERE state <> 'gone'")}
    of = figures(asked | joined, truth)
    print(f"seed {seed}: {len(written)} letters, {len(wrote)} cards, {len(cards)} people, {len(joined)} joined, {of}")
    assert of.precision >= 0.93
    assert of.recall >= 0.93
