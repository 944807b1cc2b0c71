"""Learn an installation's weights from its own cards, without anybody telling which pairs are one person. Pure.

Expectation maximisation (A. Dempster, N. Laird and D. Rubin, 1977) over the model of `people.score`: guess with the
weights how probable each pair is, count the levels with these probabilities, and guess again. It is fed with two heaps
of pairs: those that share a key, in which nearly all duplicates are, and some taken at random, which show what
strangers look like. Equal pairs are counted, so that a round costs as much as there are different ones.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import log2

from people.compare import CUSTOM, LEVELS, Levels
from people.prepared import Prepared
from people.score import Odds, Weights, values, weigh

Counted = Mapping[Levels, int]
"""How many pairs agree in this way."""
_ROUNDS = 50
_ENOUGH_CARDS = 1000
"""Fewer say little about how rare a value is."""
_MOST_SHARES = 1000
"""Of each field: the weights travel as one document."""
_FEW = 10
"""So many cards with one value may be the duplicates of one person."""
_SETTLED = 0.01
"""Bits. When no weight moves further than this in a round, it is over."""
_FAITH = 20.0
"""The m to start from counts as this many pairs of one person: what was never seen is not impossible."""


def learn(shared: Counted, strangers: Counted, pairs: int, start: Weights) -> Weights:
    """The weights that explain the base best. Deterministic; a better level never weighs less than a worse one.

    `shared`: pairs that share a key, each pair once. `strangers`: pairs taken at random. `pairs`: how many there are in
    the base, n * (n - 1) / 2. The thresholds of `start` are kept.
    """
    weights = _spelled_out(start)
    for _ in range(_ROUNDS):
        learned = _round(shared, strangers, pairs, weights, start)
        if _moved(weights, learned) < _SETTLED:
            return learned
        weights = learned
    return weights


def _spelled_out(start: Weights) -> Weights:
    """Each custom field with a table of its own, at first that of its kind."""
    own = {CUSTOM + name: start.fields[kind] for name, kind in start.kinds.items()}
    return replace(start, fields=own | dict(start.fields))


def _round(shared: Counted, strangers: Counted, pairs: int, weights: Weights, start: Weights) -> Weights:
    same = {levels: count * weigh(levels, weights).probability for levels, count in shared.items()}
    other = {levels: count * (1 - weigh(levels, weights).probability) for levels, count in strangers.items()}
    m, u = _counts(same), _counts(other)
    first = _spelled_out(start).fields
    fields = {name: _table(name, levels, m.get(name, {}), u.get(name, {}), start) for name, levels in first.items()}
    pairs = max(pairs, 2)
    matches = min(max(sum(same.values()), 0.5), pairs / 2)
    return replace(weights, fields=fields, prior=round(log2(matches / (pairs - matches)), 3))


def _counts(weighted: Mapping[Levels, float]) -> dict[str, dict[str, float]]:
    counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for levels, weight in weighted.items():
        for field, level in levels:
            counts[field][level] += weight
    return counts


def _table(
    name: str, first: Mapping[str, Odds], m: Mapping[str, float], u: Mapping[str, float], start: Weights
) -> dict[str, Odds]:
    seen_m, seen_u = sum(m.values()) + _FAITH, sum(u.values())
    rare = {level: _rare(u.get(level, 0.0), seen_u, odds.u) for level, odds in first.items()}
    table = {
        level: Odds((m.get(level, 0.0) + _FAITH * odds.m) / seen_m, rare[level] / max(sum(rare.values()), 1.0))
        for level, odds in first.items()
    }
    kind = start.kinds.get(name.removeprefix(CUSTOM))
    return _in_order(table, LEVELS[kind if name.startswith(CUSTOM) and kind else name])


def _rare(seen: float, of: float, first: float) -> float:
    """A share, of which a guess is known: the guess counts as one sighting, after as many pairs as that takes.

    Strangers with one passport are one in ten million, and thirty thousand pairs do not show them. The guess must hold
    there, and give way where much was seen.
    """
    return (seen + 1) / (of + 1 / first)


def _in_order(table: Mapping[str, Odds], levels: tuple[str, ...]) -> dict[str, Odds]:
    """Where a better level would weigh less than a worse one, they get one weight: pool adjacent violators."""
    pools: list[tuple[list[str], float, float]] = []
    for level in levels:
        pools.append(([level], table[level].m, table[level].u))
        while len(pools) > 1 and pools[-2][1] / pools[-2][2] < pools[-1][1] / pools[-1][2]:
            worse, better = pools.pop(), pools.pop()
            pools.append((better[0] + worse[0], better[1] + worse[1], better[2] + worse[2]))
    return {level: Odds(table[level].m, min(table[level].m * u / m, 1.0)) for pool, m, u in pools for level in pool}


def _moved(before: Weights, after: Weights) -> float:
    moves = (abs(after.bits[of].bits - reason.bits) for of, reason in before.bits.items())
    return max(abs(before.prior - after.prior), *moves)


def rarity(cards: Iterable[Prepared]) -> dict[str, float]:
    """How much each custom field tells at the least, for `people.keys.keys`: by the share of its most common value."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for card in cards:
        for name, (_, value) in card.custom.items():
            counts[name][value] += 1
    return {name: round(_least_bits(count), 1) for name, count in counts.items() if count.total() >= _ENOUGH_CARDS}


def _least_bits(counts: Counter[str]) -> float:
    """The most common value was met once more than chance had it, so that a small base does not promise too much."""
    return -log2((counts.most_common(1)[0][1] + 1) / (counts.total() + 1))


def with_shares(weights: Weights, cards: Iterable[Prepared]) -> Weights:
    """The weights, knowing which values are common in this base: twice as common as two cards agree by accident."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    of = 0
    fields = ("name", "city", "company", *(CUSTOM + name for name in weights.kinds))
    for card in cards:
        of += 1
        for field in fields:
            counts[field].update(values(field, card))
    return replace(weights, shares={f: _common(counts[f], of, weights.table(f)["same"].u) for f in fields if of})


def _common(counts: Counter[str], of: int, usual: float) -> dict[str, float]:
    found = sorted(counts.most_common(_MOST_SHARES), key=lambda one: (-one[1], one[0]))
    return {value: count / of for value, count in found if count > _FEW and count / of > 2 * usual}
