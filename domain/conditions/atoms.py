"""The plain questions that a condition is made of, once it is asked at a moment: nothing in them is relative any more.

Both evaluations, the store's and `matching`, answer the same few atoms, so there is little on which they could differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯё"
LOWER = "abcdefghijklmnopqrstuvwxyzабвгдеежзийклмнопрстуфхцчшщъыьэюяе"
"""The letters that are folded: named, since PostgreSQL's lower() says something else under each locale."""
_FOLD = str.maketrans(UPPER, LOWER)


def fold(text: str) -> str:
    """Small letters, ё as е: "Орёл" as "орел". Latin and Russian letters; others stay."""
    return text.translate(_FOLD)


BOUNDS: Mapping[str, tuple[str, str]] = {"over": ("amount", ">"), "up_to": ("amount", "<=")}
"""What narrows an event by a bound -> (what it bounds, sign). Anything else that narrows is equal."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a value that is there must be like."""

    kind: str
    """any; in (one of `values`); contains, starts (`values[0]`, both folded); days ("MM-DD", one of `values`); number,
    text (each of `bounds` holds)."""
    values: tuple[str, ...] = ()
    bounds: tuple[tuple[str, str], ...] = ()
    """(sign, value): <, <=, >, >= or =."""


@dataclass(frozen=True, slots=True)
class FieldIs:
    """The value that shows in this field is like that. An empty one is like nothing."""

    field: str
    check: Check


@dataclass(frozen=True, slots=True)
class Has:
    """Of this set the person has one of the values; any at all when none is named."""

    what: str
    """tag, company_name, company_kind, reach, list (a static segment)."""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LedBy:
    """The latest open lead that somebody has is one of theirs."""

    staff: tuple[str, ...] = ()
    """Anybody's when empty."""


@dataclass(frozen=True, slots=True)
class Happened:
    """It happened at least so often, from `since` on and before `until`."""

    event: str
    of: tuple[tuple[str, str], ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    least: int = 1


@dataclass(frozen=True, slots=True)
class Counted:
    """There are at least so many (1 or more) and at most so many."""

    what: str
    of: tuple[tuple[str, str], ...]
    least: int
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Consented:
    """What was said last, on each card, allows it."""

    purpose: str
    channel: str


@dataclass(frozen=True, slots=True)
class MadeBefore:
    """The person's first card was made before."""

    until: datetime


Atom = FieldIs | Has | LedBy | Happened | Counted | Consented | MadeBefore


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold; no parts: holds."""

    parts: tuple[Logic, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One part holds; no parts: does not."""

    parts: tuple[Logic, ...]


@dataclass(frozen=True, slots=True)
class Flip:
    """The part does not hold."""

    part: Logic


Logic = And | Or | Flip | Atom
