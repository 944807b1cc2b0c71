"""Whether a condition holds for one person, from the facts about him. Pure."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.conditions.atoms import (
    BOUNDS,
    And,
    Atom,
    Check,
    Consented,
    Counted,
    FieldIs,
    Flip,
    Happened,
    Has,
    LedBy,
    Logic,
    MadeBefore,
    Or,
    fold,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """Something that happened."""

    event: str
    at: datetime
    of: Mapping[str, str] = field(default_factory=dict)
    """channel, broadcast, link, amount, currency: what a test may narrow it by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of one person, over all his cards."""

    created_at: datetime
    """Of the first card."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Field -> the value that shows; empty ones are missing."""
    sets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """tag, company_name, company_kind, reach, list."""
    led_by: str = ""
    """Who has the latest open lead."""
    leads: Mapping[str, int] = field(default_factory=dict)
    """State -> how many; "any": all but spam."""
    unopened: int = 0
    """How many of the latest broadcasts, in a row, were not opened."""
    consents: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    """(purpose, channel) -> what holds; channel "" for all."""
    happened: tuple[Happening, ...] = ()


def matches(logic: Logic, facts: Facts) -> bool:
    """Whether the condition, as `plan` made it, holds."""
    match logic:
        case And(parts):
            return all(matches(part, facts) for part in parts)
        case Or(parts):
            return any(matches(part, facts) for part in parts)
        case Flip(part):
            return not matches(part, facts)
        case _:
            return _atom(logic, facts)


def _atom(atom: Atom, facts: Facts) -> bool:
    match atom:
        case FieldIs(name, check):
            value = facts.fields.get(name, "")
            return bool(value) and holds(check, value)
        case Has(what, values):
            mine = facts.sets.get(what, frozenset())
            return not mine.isdisjoint(values) if values else bool(mine)
        case LedBy(staff):
            return bool(facts.led_by) and (not staff or facts.led_by in staff)
        case Happened():
            return sum(_fits(one, atom) for one in facts.happened) >= atom.least
        case Counted(what, of, least, most):
            number = facts.unopened if what == "unopened" else facts.leads.get(dict(of)["state"], 0)
            return least <= number and (most is None or number <= most)
        case Consented(purpose, channel):
            said = facts.consents
            return said.get((purpose, channel), said.get((purpose, ""), False))
        case MadeBefore(until):
            return facts.created_at < until


def _fits(one: Happening, wanted: Happened) -> bool:
    return (
        one.event == wanted.event
        and (wanted.since is None or one.at >= wanted.since)
        and (wanted.until is None or one.at < wanted.until)
        and all(_narrows(one.of, name, value) for name, value in wanted.of)
        and ("link" in dict(wanted.of) or "link" not in one.of)
    )


def _narrows(of: Mapping[str, str], name: str, value: str) -> bool:
    if name not in BOUNDS:
        return of.get(name) == value
    bounded, sign = BOUNDS[name]
    return bounded in of and _SIGNS[sign](Decimal(of[bounded]), Decimal(value))


_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq,
}  # fmt: skip


def holds(check: Check, value: str) -> bool:
    """Whether a value that is there is like that."""
    match check.kind:
        case "in":
            return value in check.values
        case "contains":
            return check.values[0] in fold(value)
        case "starts":
            return fold(value).startswith(check.values[0])
        case "days":
            return value[5:10] in check.values
        case "number":
            number = Decimal(value) if _NUMBER.fullmatch(value) else None
            return number is not None and all(_SIGNS[sign](number, Decimal(than)) for sign, than in check.bounds)
        case "text":
            return all(_SIGNS[sign](value, than) for sign, than in check.bounds)
    return True
