"""A condition at a moment, as plain questions joined by and, or, not: what is relative becomes absolute. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast
from zoneinfo import ZoneInfo

from domain.conditions.atoms import (
    And,
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
from domain.conditions.problems import Unreadable
from domain.conditions.tree import All, AnyOf, Condition, Not, Test
from domain.conditions.vocabulary import Subject, Type, Vocabulary
from domain.messages import require_aware

MOST_ATOMS = 500
"""With segments put in their places: a statement of thousands of parts takes longer to plan than to run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Where and when a condition is asked."""

    vocabulary: Vocabulary
    now: datetime
    zone: ZoneInfo
    segments: Mapping[str, Condition | None]
    """Id -> the rule; None: a static list."""

    def __post_init__(self) -> None:
        require_aware(self.now)

    @property
    def today(self) -> date:
        """In the installation's zone."""
        return self.now.astimezone(self.zone).date()

    def begins(self, at: date, days: int = 0) -> datetime:
        """When a day begins, or the one so many days later; a moment is itself."""
        if isinstance(at, datetime):
            return at
        day = at + timedelta(days)
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)


def plan(
    condition: Condition,
    vocabulary: Vocabulary,
    now: datetime,
    zone: ZoneInfo,
    segments: Mapping[str, Condition | None] | None = None,
) -> Logic:
    """What the condition asks at this moment. Raises Unreadable for a field or segment that is gone since, or a circle.

    `segments`: the rules of all those that it refers to, whatever lies between; None for a static list.
    """
    setting = Setting(vocabulary=vocabulary, now=now, zone=zone, segments=segments or {})
    made = _logic(condition, setting, ())
    if _size(made) > MOST_ATOMS:
        raise Unreadable("", "many", most=f"{MOST_ATOMS}")
    return made


def _size(logic: Logic) -> int:
    if isinstance(logic, And | Or):
        return sum(_size(part) for part in logic.parts)
    return _size(logic.part) if isinstance(logic, Flip) else 1


def _logic(condition: Condition, setting: Setting, within: tuple[str, ...]) -> Logic:
    match condition:
        case All(parts):
            return And(tuple(_logic(part, setting, within) for part in parts))
        case AnyOf(parts):
            return Or(tuple(_logic(part, setting, within) for part in parts))
        case Not(part):
            return Flip(_logic(part, setting, within))
        case Test():
            return _test(condition, setting, within)


def _test(test: Test, setting: Setting, within: tuple[str, ...]) -> Logic:
    subject = setting.vocabulary.get(test.subject)
    if subject is None:
        raise Unreadable("", "subject", given=test.subject)
    if subject.name == "segment":
        return _set(test, lambda found: _segments(found, setting, within))
    return _BY_TYPE[subject.type](test, subject, setting)


def _segments(ids: tuple[str, ...], setting: Setting, within: tuple[str, ...]) -> Logic:
    """The rules in place of their names."""
    if not ids:
        return Has("list")
    parts: list[Logic] = []
    for id_ in ids:
        if id_ not in setting.segments or id_ in within or len(within) > 20:
            raise Unreadable("", "segment", given=id_)
        rule = setting.segments[id_]
        parts.append(Has("list", (id_,)) if rule is None else _logic(rule, setting, (*within, id_)))
    return Or(tuple(parts))


def _set(test: Test, has: Callable[[tuple[str, ...]], Logic]) -> Logic:
    values = cast("tuple[str, ...]", test.value or ())
    if test.op == "has_all":
        return And(tuple(has((value,)) for value in values))
    return Flip(has(values)) if test.op in ("has_none", "empty") else has(values)


def _field(test: Test, subject: Subject, setting: Setting) -> Logic:
    """Negative operators are what the positive ones leave over."""
    field = subject.field or subject.name
    check = check_of(test, subject.type, setting)
    asked: Logic = FieldIs(field, check)
    if subject.name == "owner":  # as the card shows it: who is set, else who has the latest open lead
        asked = Or((asked, And((LedBy(check.values), Flip(FieldIs(field, Check("any")))))))
    return Flip(asked) if test.op in ("is_not", "empty", "not_in_last_days") else asked


def check_of(test: Test, type_: Type, setting: Setting) -> Check:
    """What the value must be like, without the negation."""
    if test.op in ("known", "empty"):
        return Check("any")
    if type_ is Type.DATE:
        return _dates(test, setting)
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    if type_ is Type.NUMBER:
        return Check("number", bounds=_bounds(test.op, [f"{cast('Decimal', value):f}" for value in values]))
    if type_ is Type.FLAG:
        return Check("in", (str(test.value).lower(),))
    texts = cast("tuple[str, ...]", values)
    if test.op in ("contains", "starts_with"):
        return Check({"contains": "contains", "starts_with": "starts"}[test.op], (fold(texts[0]),))
    found = [way for text in texts for way in (spellings(text) if type_ is Type.TEXT else (text,))]
    return Check("in", tuple(dict.fromkeys(found)))


_SIGNS: Mapping[str, tuple[str, ...]] = {
    "is": ("=",), "is_not": ("=",), "less": ("<",), "before": ("<",), "more": (">",), "after": (">",),
    "between": (">=", "<="),
}  # fmt: skip


def _bounds(op: str, values: list[str]) -> tuple[tuple[str, str], ...]:
    return tuple(zip(_SIGNS[op], values, strict=True))


def _dates(test: Test, setting: Setting) -> Check:
    """Dates are written so that their order is that of their letters."""
    if isinstance(test.value, int):
        days, today = timedelta(test.value), setting.today
        if test.op == "anniversary_in_days":
            return Check("days", month_days(today, test.value))
        first, last = (today, today + days) if test.op == "in_next_days" else (today - days, today)
        return Check("text", bounds=((">=", first.isoformat()), ("<=", last.isoformat())))
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    return Check("text", bounds=_bounds(test.op, [cast("date", value).isoformat() for value in values]))


def month_days(today: date, days: int) -> tuple[str, ...]:
    """ "MM-DD" of today and the next days. Who was born on 29 February has his day on the 28th in a common year."""
    found = {f"{today + timedelta(n):%m-%d}": None for n in range(min(days, 366) + 1)}
    if "02-28" in found:
        year = next(d.year for n in range(367) if (d := today + timedelta(n)).strftime("%m-%d") == "02-28")
        if not _is_leap(year):
            found["02-29"] = None
    return tuple(found)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def spellings(text: str) -> tuple[str, ...]:
    """How else people write it: an index finds each of these, and no index finds "any case"."""
    return tuple(dict.fromkeys((text, text.lower(), text.upper(), text.capitalize(), text.title())))


def _event(test: Test, subject: Subject, setting: Setting) -> Logic:
    def within(since: datetime | None = None, until: datetime | None = None, least: int = 1) -> Happened:
        return Happened(subject.name, test.of, since, until, least)

    match test.op, test.value:
        case "at_least", (times, days):
            return within(setting.now - timedelta(cast("int", days)), least=cast("int", times))
        case ("in_last_days" | "not_in_last_days") as op, int(days):
            made = within(setting.now - timedelta(days))
            return made if op == "in_last_days" else Flip(made)
        case "before", date() as at:
            return within(until=setting.begins(at))
        case "after", date() as at:
            return within(setting.begins(at, 1))
        case "between", (date() as low, date() as high):
            return within(setting.begins(low), setting.begins(high, 1))
    return within() if test.op == "known" else Flip(within())


def _time(test: Test, subject: Subject, setting: Setting) -> Logic:
    """When the person became known: everybody has it."""
    match test.op, test.value:
        case ("in_last_days" | "not_in_last_days") as op, int(days):
            made = MadeBefore(setting.now - timedelta(days))
            return Flip(made) if op == "in_last_days" else made
        case "before", date() as at:
            return MadeBefore(setting.begins(at))
        case "between", (date() as low, date() as high):
            return And((Flip(MadeBefore(setting.begins(low))), MadeBefore(setting.begins(high, 1))))
    return Flip(MadeBefore(setting.begins(cast("date", test.value), 1)))


def _count(test: Test, subject: Subject, setting: Setting) -> Logic:
    defaults = tuple((param.name, param.default) for param in subject.params if param.default)
    of = test.of or defaults
    if isinstance(test.value, tuple):
        low, high = cast("tuple[int, int]", test.value)
        return _range(subject.name, of, low, high)
    value = cast("int", test.value)
    match test.op:
        case "less":
            return _range(subject.name, of, 0, value - 1)
        case "more":
            return Counted(subject.name, of, value + 1)
    made = _range(subject.name, of, value, value)
    return Flip(made) if test.op == "is_not" else made


def _range(what: str, of: tuple[tuple[str, str], ...], low: int, high: int) -> Logic:
    """Who has none is in no table: a range with 0 is what more than the range leaves over."""
    if high < low:
        return Or(())
    return Counted(what, of, low, high) if low else Flip(Counted(what, of, high + 1))


def _yes(test: Test, subject: Subject, setting: Setting) -> Logic:
    of = dict(test.of)
    made = Consented(of["purpose"], of.get("channel", ""))
    return made if test.value else Flip(made)


_BY_TYPE: Mapping[Type, Callable[[Test, Subject, Setting], Logic]] = {
    Type.TEXT: _field,
    Type.NUMBER: _field,
    Type.DATE: _field,
    Type.FLAG: _field,
    Type.CHOICE: _field,
    Type.SET: lambda test, subject, setting: _set(test, lambda values: Has(subject.name, values)),
    Type.EVENT: _event,
    Type.TIME: _time,
    Type.COUNT: _count,
    Type.YES: _yes,
}
