"""How probable is it that two cards are one person? A sum of evidence, with its reasons. Pure.

I. Fellegi and A. Sunter, "A Theory for Record Linkage" (JASA 64, 1969): for each level of agreement of each field, m is
how often it is seen among pairs of cards of one person, u how often among pairs of two. log2(m / u) is its weight in
bits; with the prior log-odds in front, the sum is the log-odds that both are one.

The outcome depends on the two cards and the weights alone, so not on which one came first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from math import log2
from typing import Any, NamedTuple

from people.compare import CUSTOM, LEVELS, Levels, compare
from people.prepared import Prepared
from people.traits import Kind


class Odds(NamedTuple):
    """How often a level is seen."""

    m: float
    """Among pairs of one person, 0 to 1."""
    u: float
    """Among pairs of two persons, 0 to 1."""


Table = Mapping[str, Mapping[str, Odds]]
"""By field and level."""


class Band(StrEnum):
    """What to do about a pair."""

    CERTAIN = "certain"  # a rule may join it, if the owner allowed that
    LIKELY = "likely"  # a person looks
    UNLIKELY = "unlikely"


DOUBTS = frozenset(
    [("name", level) for level in ("initials", "given", "surname", "differs")]
    + [("born", level) for level in ("day and month", "year", "differs")]
)
"""A father and his son share the surname, the phone and the mailbox: no rule joins them, whatever the sum.

Nor П. Иванов with Пётр, who may be his brother. Unless a number is the same that one person alone has: `Kind.PERSONAL`.
"""


class Reason(NamedTuple):
    """One field's word. Above zero it speaks for one person, below against."""

    field: str
    level: str
    bits: float


class Scored(NamedTuple):
    """What the evidence amounts to."""

    bits: float
    """Log-odds to the base 2, rounded to a thousandth, the prior included: 0 is even, 10 is a thousand to one."""
    reasons: tuple[Reason, ...]
    """The strongest first."""

    @property
    def probability(self) -> float:
        """0 to 1."""
        return float(1 / (1 + 2.0 ** min(-self.bits, 1000)))


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What an installation knows about its people."""

    prior: float
    """Log-odds in bits that two cards taken at random are one person."""
    fields: Table
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """The custom fields that are compared."""
    likely: float = 0.0
    """Bits from which on a person is asked."""
    certain: float = 12.0
    """Bits from which on a rule may join."""
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """By field: which share of the cards has a value that is more common than the others (Москва; Александр Иванов)."""

    def __post_init__(self) -> None:
        for name, levels in self.fields.items():
            if not all(0 < odds.m <= 1 and 0 < odds.u <= 1 for odds in levels.values()):
                raise ValueError(f"{name}: m and u are shares above 0 and at most 1")

    @cached_property
    def bits(self) -> Mapping[tuple[str, str], Reason]:
        """The weight of each level of each field. What a custom field has none for, its kind has."""
        names = [*self.fields, *(CUSTOM + name for name in self.kinds)]
        return {
            (name, level): Reason(name, str(level), round(log2(odds.m / odds.u), 3))
            for name in names
            for level, odds in self.table(name).items()
        }

    def table(self, name: str) -> Mapping[str, Odds]:
        """A field's levels. Raises KeyError for a custom field of no declared kind."""
        return self.fields.get(name) or self.fields[self.kinds[name.removeprefix(CUSTOM)]]


def score(a: Prepared, b: Prepared, weights: Weights) -> Scored:
    """Weigh two cards, prepared with the weights' kinds. score(a, b, w) == score(b, a, w)."""
    levels = compare(a, b)
    reasons = [weights.bits[level] for level in levels]
    if weights.shares:
        reasons = [_by_share(reason, a, b, weights) for reason in reasons]
    return _sum(reasons, weights)


def weigh(levels: Levels, weights: Weights) -> Scored:
    """Weigh how far two cards agree, whatever the values are."""
    return _sum([weights.bits[level] for level in levels], weights)


def _sum(reasons: list[Reason], weights: Weights) -> Scored:
    reasons.sort(key=_by_strength)
    return Scored(round(weights.prior + sum([reason.bits for reason in reasons]), 3), tuple(reasons))


def _by_share(reason: Reason, a: Prepared, b: Prepared, weights: Weights) -> Reason:
    """A value that many have says less: for it, u is the share of the cards that have it."""
    shares = weights.shares.get(reason.field)
    if not shares or reason.bits <= 0:
        return reason
    both = values(reason.field, a) & values(reason.field, b)
    share = min((shares.get(value, 0.0) for value in both), default=0.0)  # the rarest of them says the most
    if not share:
        return reason
    bits = round(log2(weights.table(reason.field)[reason.level].m / share), 3)
    return reason._replace(bits=min(reason.bits, bits))


def reach(card: Prepared, level: str, weights: Weights) -> float:
    """The bits that this card may come to with another one whose name agrees so far, and no address.

    What else may agree makes a key by itself (`people.keys`), but for the city and the company.
    """
    bits = weights.prior + max((_named(name.key, level, weights) for name in card.names), default=-weights.certain)
    return bits + sum(weights.bits[of, "same"].bits for of in ("city", "company") if getattr(card, of))


def _named(name: str, level: str, weights: Weights) -> float:
    reason = weights.bits["name", level]
    share = weights.shares.get("name", {}).get(name, 0.0)
    return min(reason.bits, log2(weights.table("name")[level].m / share)) if share else reason.bits


def values(field: str, card: Prepared) -> frozenset[str]:
    """What a card has in a field, in the form in which shares are counted. Of phones and the like nothing."""
    if field == "name":
        return frozenset(name.key for name in card.names)
    value = card.city if field == "city" else card.company if field == "company" else ""
    if field.startswith(CUSTOM) and (custom := card.custom.get(field.removeprefix(CUSTOM))):
        value = custom[1]
    return frozenset([value] if value else [])


def _by_strength(reason: Reason) -> tuple[float, str]:
    return (-abs(reason.bits), reason.field)


def band(scored: Scored, weights: Weights) -> Band:
    """What to do about the pair."""
    if scored.bits < weights.likely:
        return Band.UNLIKELY
    if scored.bits < weights.certain:
        return Band.LIKELY
    doubted = any((reason.field, reason.level) in DOUBTS for reason in scored.reasons)
    return Band.LIKELY if doubted and not is_vouched(scored, weights) else Band.CERTAIN


def is_vouched(scored: Scored, weights: Weights) -> bool:
    """A number that one person alone has is the same on both."""
    return any(
        reason.level == "same" and weights.kinds.get(reason.field.removeprefix(CUSTOM)) is Kind.PERSONAL
        for reason in scored.reasons
        if reason.field.startswith(CUSTOM)
    )


def to_json(weights: Weights) -> dict[str, Any]:
    """As a dict of what JSON knows."""
    return {
        "prior": weights.prior,
        "fields": {n: {str(lv): [o.m, o.u] for lv, o in levels.items()} for n, levels in weights.fields.items()},
        "kinds": {name: kind.value for name, kind in weights.kinds.items()},
        "likely": weights.likely,
        "certain": weights.certain,
        "shares": {name: dict(shares) for name, shares in weights.shares.items()},
    }


def from_json(known: Mapping[str, Any]) -> Weights:
    """The weights of `to_json`. A field or level that has come since then has its default."""
    fields = {n: dict(levels) for n, levels in DEFAULTS.fields.items()}
    for name, levels in known["fields"].items():
        fields.setdefault(name, {}).update({level: Odds(m, u) for level, (m, u) in levels.items()})
    return Weights(
        prior=known["prior"],
        fields=fields,
        kinds={name: Kind(kind) for name, kind in known.get("kinds", {}).items()},
        **{name: known[name] for name in ("likely", "certain", "shares") if name in known},
    )


def with_custom(weights: Weights, kinds: Mapping[str, Kind]) -> Weights:
    """The weights for an installation with these custom fields; what is known of a field of the same kind stays."""
    same = {CUSTOM + name for name, kind in kinds.items() if weights.kinds.get(name) is kind}
    fields = {n: levels for n, levels in weights.fields.items() if not n.startswith(CUSTOM) or n in same}
    return replace(weights, fields=fields, kinds=dict(kinds))


def _levels(of: str, m: tuple[float, ...], u: tuple[float, ...]) -> dict[str, Odds]:
    return {level: Odds(*odds) for level, *odds in zip(LEVELS[of], m, u, strict=True)}


DEFAULTS = Weights(
    prior=-20.0,
    fields={
        # full, same, near, initials, part, given, surname, differs
        "name": _levels(
            "name",
            (0.10, 0.43, 0.19, 0.05, 0.16, 0.05, 0.002, 0.018),
            (1e-6, 3e-5, 1e-4, 4e-4, 0.01, 0.02, 0.01, 0.95),
        ),
        "phone": _levels("phone", (0.78, 0.02, 0.01, 0.02, 0.17), (2e-7, 1e-7, 1e-6, 1e-5, 0.99)),
        "email": _levels("email", (0.65, 0.05, 0.03, 0.27), (3e-7, 1e-5, 1e-4, 0.99)),
        "telegram": _levels("telegram", (0.90, 0.10), (1e-7, 0.99)),
        "city": _levels("city", (0.80, 0.06, 0.14), (0.10, 0.01, 0.89)),
        "company": _levels("company", (0.60, 0.20, 0.20), (0.001, 0.002, 0.997)),
        "born": _levels("born", (0.88, 0.02, 0.05, 0.02, 0.01, 0.02), (5e-5, 1e-5, 6e-4, 0.003, 0.02, 0.975)),
        Kind.TEXT: _levels(Kind.TEXT, (0.70, 0.10, 0.05, 0.15), (0.01, 0.002, 0.01, 0.978)),
        Kind.IDENTIFIER: _levels(Kind.IDENTIFIER, (0.85, 0.08, 0.02, 0.05), (1e-5, 1e-4, 0.001, 0.99)),
        Kind.PERSONAL: _levels(Kind.PERSONAL, (0.85, 0.08, 0.02, 0.05), (3e-7, 1e-5, 0.001, 0.998)),
        Kind.DATE: _levels(Kind.DATE, (0.80, 0.02, 0.05, 0.02, 0.03, 0.08), (3e-4, 1e-5, 0.001, 0.003, 0.05, 0.94)),
    },
)
"""Before there is anything to learn from: a base of a hundred thousand, where every tenth person has two cards."""
