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
from people.names import Likeness
from people.prepared import Prepared
from people.score import DEFAULTS, Odds, Weights, is_vouched, values, weigh, with_custom

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
_OTHER_NAMES = (Likeness.SURNAME, Likeness.DIFFERS)
"""Their weights are the defaults: see `_probability`."""
_FAITH = 20.0
"""The default m counts as this many pairs of one person: what was never seen is not impossible."""


def learn(shared: Counted, strangers: Counted, pairs: int, start: Weights) -> Weights:
    """The weights that explain the base best. Deterministic; a better level never weighs less than a worse one.

    `shared`: pairs that share a key, each pair once. `strangers`: pairs taken at random. `pairs`: how many there are in
    the base, n * (n - 1) / 2. The kinds and thresholds of `start` are kept. What the pairs do not show is taken from
    the defaults, not from `start`: learning twice would count the same pairs twice.
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
    pairs = max(pairs, 2)
    same, met = _parted(shared, weights)
    _, drawn = _parted(strangers, weights)
    m, often, least = _counts(same), _counts(drawn), _counts(met)
    first = _spelled_out(with_custom(DEFAULTS, start.kinds)).fields
    fields = {}
    for name, levels in first.items():
        compared = pairs * (sum(often[name].values()) + 1) / (sum(drawn.values()) + 1)
        u = {lv: max(_rare(often[name], lv, odds.u), least[name][lv] / compared) for lv, odds in levels.items()}
        fields[name] = _table(name, levels, m[name], u, start)
    matches = min(max(sum(same.values()), 0.5), pairs / 2)
    return replace(weights, fields=fields, prior=round(log2(matches / (pairs - matches)), 3))


def _parted(counted: Counted, weights: Weights) -> tuple[dict[Levels, float], dict[Levels, float]]:
    """How many of the pairs are one person, and how many two."""
    same = {levels: count * _probability(levels, weights) for levels, count in counted.items()}
    return same, {levels: count - same[levels] for levels, count in counted.items()}


def _probability(levels: Levels, weights: Weights) -> float:
    """Families agree in all but the given name: to who counts agreements alone, they look like one person.

    So, while learning, another name makes another person, unless a number is the same that one person alone has.
    """
    scored = weigh(levels, weights)
    is_other = any(field == "name" and level in _OTHER_NAMES for field, level in levels)
    return 0.0 if is_other and not is_vouched(scored, weights) else scored.probability


def _counts(weighted: Mapping[Levels, float]) -> dict[str, dict[str, float]]:
    counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for levels, weight in weighted.items():
        for field, level in levels:
            counts[field][level] += weight
    return counts


def _table(
    name: str, first: Mapping[str, Odds], m: Mapping[str, float], u: Mapping[str, float], start: Weights
) -> dict[str, Odds]:
    seen, most = sum(m.values()) + _FAITH, max(sum(u.values()), 1.0)
    table = {lv: Odds((m.get(lv, 0.0) + _FAITH * odds.m) / seen, u[lv] / most) for lv, odds in first.items()}
    if name == "name":
        table |= {lv: first[lv] for lv in _OTHER_NAMES}
    kind = start.kinds.get(name.removeprefix(CUSTOM))
    return _in_order(table, LEVELS[kind if name.startswith(CUSTOM) and kind else name])


def _rare(seen: Mapping[str, float], level: str, guess: float) -> float:
    """A share, of which a guess is known: the guess counts as one sighting, after as many pairs as that takes.

    Strangers with one passport are one in ten million, and thirty thousand pairs do not show them. The guess must hold
    there, and give way where much was seen.
    """
    return (seen.get(level, 0.0) + 1) / (sum(seen.values()) + 1 / guess)


def _in_order(table: Mapping[str, Odds], levels: tuple[str, ...]) -> dict[str, Odds]:
    """Where a better level would weigh less than a worse one, they get one weight: pool adjacent violators."""
    pools: list[tuple[list[str], float, float]] = []
    for level in levels:
        pools.append(([level], table[level].m, table[level].u))
        while len(pools) > 1 and pools[-2][1] / pools[-2][2] < pools[-1][1] / pools[-1][2]:
            worse, better = pools.pop(), pools.pop()
            pools.append((better[0] + worse[0], better[1] + worse[1], better[2] + worse[2]))
    return {level: _with_ratio(table[level].m, m / u) for pool, m, u in pools for level in pool}


def _with_ratio(m: float, ratio: float) -> Odds:
    u = m / ratio
    return Odds(m, u) if u <= 1 else Odds(ratio, 1.0)


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
