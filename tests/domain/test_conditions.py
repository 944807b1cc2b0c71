"""Conditions are read strictly, written back the same, and said in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.conditions import (
    HOUSE,
    Facts,
    Happening,
    Not,
    Subject,
    Test,
    Type,
    Unreadable,
    explain,
    matches,
    parse,
    plan,
    unparse,
)
from domain.conditions.planning import month_days

NOW = datetime(2026, 2, 28, 22, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
WORDS = dict(HOUSE) | {
    name: Subject(name=name, type=type_, labels={"en": name.title(), "ru": ru}, field=name, choices=choices)
    for name, type_, ru, choices in (
        ("city", Type.TEXT, "Город", ()),
        ("deal", Type.NUMBER, "Сделка", ()),
        ("born", Type.DATE, "Рождён", ()),
        ("loud", Type.FLAG, "Громкий", ()),
        ("size", Type.CHOICE, "Размер", ("S", "L")),
    )
}
ID = "00000000-0000-0000-0000-000000000001"
CITY = {"field": "city", "op": "is", "value": "Perm"}


def deep(levels: int) -> Any:
    return CITY if levels == 0 else {"not": deep(levels - 1)}


WRONG: list[tuple[Any, str, str, str]] = [
    ([], "", "shape", "a condition is"),
    ({}, "", "shape", "a condition is"),
    ({"all": [CITY], "any": [CITY]}, "", "shape", "a condition is"),
    ({"all": CITY}, "", "shape", "a condition is"),
    ({"all": []}, "all", "empty", "at least one"),
    (
        {"all": [CITY, {"any": [{"field": "citty", "op": "is", "value": "x"}]}]},
        "all.1.any.0",
        "subject",
        "all.1.any.0: field 'citty' is unknown; did you mean 'city'?",
    ),
    ({"field": 5, "op": "is"}, "", "subject", "allowed: answered, born"),
    ({"field": "city", "op": "iss", "value": "x"}, "", "op", "'iss' does not go with city; did you mean 'is'?"),
    ({"field": "deal", "op": "contains", "value": "x"}, "", "op", "does not go with deal"),
    ({"field": "lead_won", "op": "more", "value": 5}, "", "op", "does not go with lead_won; allowed: after, at_least"),
    ({"field": "city", "op": ["is"], "value": "x"}, "", "op", "does not go with city"),
    ({**CITY, "valeu": 1}, "", "key", "did you mean 'value'?"),
    ({"not": {"field": "city", "op": "is"}}, "not.value", "value", "a text of 1 to 500"),
    ({"field": "city", "op": "is", "value": "a\x00"}, "value", "value", "a text"),
    ({"field": "city", "op": "is", "value": "\ud800"}, "value", "value", "a text"),
    ({"field": "city", "op": "known", "value": "x"}, "value", "no-value", "takes no value"),
    ({"field": "city", "op": "one_of", "value": []}, "value", "value", "a list of 1 to"),
    ({"field": "city", "op": "one_of", "value": ["x", 5]}, "value.1", "value", "a text"),
    ({"field": "deal", "op": "more", "value": True}, "value", "value", "a number"),
    ({"field": "deal", "op": "more", "value": "1e999"}, "value", "value", "a number"),
    ({"field": "deal", "op": "more", "value": float("nan")}, "value", "value", "a number"),
    ({"field": "deal", "op": "between", "value": [5, 1]}, "value", "order", "greater"),
    ({"field": "deal", "op": "between", "value": [5]}, "value", "value", "two values"),
    ({"field": "born", "op": "is", "value": "2026-02-30"}, "value", "value", "a date"),
    ({"field": "born", "op": "in_last_days", "value": 0}, "value", "value", "from 1 to 3,660"),
    ({"field": "created_at", "op": "before", "value": "2026-02-03T10:00"}, "value", "value", "2026-12-31T12:00:00Z"),
    ({"field": "created_at", "op": "before", "value": "0001-01-01"}, "value", "value", "a day like"),
    ({"field": "loud", "op": "is", "value": "true"}, "value", "value", "true or false"),
    ({"field": "size", "op": "is", "value": "XL"}, "value", "choice", "'XL' is not one of them"),
    ({"field": "reach", "op": "has_any", "value": ["fax"]}, "value.0", "choice", "allowed: email, sms, telegram"),
    ({"field": "segment", "op": "has_any", "value": ["vip"]}, "value.0", "value", "an id"),
    ({"field": "wrote", "op": "at_least", "value": 3}, "value", "value", '{"times": 3, "days": 30}'),
    ({"field": "wrote", "op": "at_least", "value": {"times": 0, "days": 1}}, "value.times", "value", "whole number"),
    ({"field": "consent", "op": "is", "value": True}, "", "param", "say which purpose"),
    ({"field": "consent", "purpose": "A b", "op": "is", "value": True}, "purpose", "value", "small Latin"),
    ({"field": "leads", "state": "gone", "op": "is", "value": 1}, "state", "choice", "allowed: any, lost, open, won"),
    ({"field": "clicked", "link": 1, "op": "known"}, "", "param", "say which broadcast"),
    ({"field": "lead_won", "over": "many", "op": "known"}, "over", "value", "a number"),
    ({"field": "lead_won", "over": -1, "op": "known"}, "over", "value", "a sum, like 50000 or 12.50"),
    ({"field": "lead_won", "up_to": "0.001", "op": "known"}, "up_to", "value", "a sum"),
    ({"field": "lead_won", "currency": "rub", "op": "known"}, "currency", "value", "a currency, like RUB or EUR"),
    ({"field": "wrote", "over": 5, "op": "known"}, "", "key", "'over' is not known here"),
    (deep(9), "not." * 7 + "not", "deep", "at most 8 deep"),
    ({"all": [CITY] * 101}, "all.100", "many", "at most 100 tests"),
]


@pytest.mark.parametrize(("given", "path", "key", "words"), WRONG, ids=[f"{w[2]}-{n}" for n, w in enumerate(WRONG)])
def test_what_is_wrong_is_said_with_its_place(given: Any, path: str, key: str, words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(given, WORDS)
    assert (caught.value.path, caught.value.key) == (path, key)
    assert words in str(caught.value)
    assert caught.value.words("ru") != caught.value.words("en")


def test_the_deepest_and_the_longest_that_are_allowed() -> None:
    assert parse(deep(8), WORDS)
    assert parse({"all": [CITY] * 100}, WORDS)


SAID: list[tuple[Any, str, str]] = [
    (CITY, "City is “Perm”", "Город — «Perm»"),
    (
        {"all": [CITY, {"any": [{"field": "deal", "op": "more", "value": 50000}, {"field": "born", "op": "known"}]}]},
        "City is “Perm” and (Deal is more than 50,000 or Born is known)",
        "Город — «Perm» и (Сделка больше 50 000 или Рождён есть)",
    ),
    (
        {"field": "lead_won", "over": 50000, "up_to": "99999.5", "currency": "RUB", "op": "in_last_days", "value": 365},
        "Lead won (over 50,000, up to 99,999.5, RUB) in the last 365 days",
        "Заявка выиграна (больше 50 000, не больше 99 999,5, RUB) за последние 365 дн.",
    ),
    (
        {"not": {"all": [CITY, {"field": "loud", "op": "is", "value": True}]}},
        "not (City is “Perm” and Loud is yes)",
        "не (Город — «Perm» и Громкий — да)",
    ),
    (
        {"field": "wrote", "channel": "inbox", "op": "in_last_days", "value": 30},
        "Wrote to us (inbox) in the last 30 days",
        "Писал нам (inbox) за последние 30 дн.",
    ),
    ({"field": "opened", "op": "empty"}, "Opened a broadcast never", "Открыл рассылку никогда"),
    ({"field": "wrote", "op": "at_least", "value": {"times": 3, "days": 30}},
     "Wrote to us at least 3 times in 30 days", "Писал нам не меньше 3 раз за 30 дн."),
    ({"field": "got", "broadcast": ID, "op": "known"}, "Got a broadcast (May) at some time",
     "Получил рассылку (May) когда-нибудь"),
    ({"field": "tag", "op": "has_any", "value": [*"abcdefg"]}, "Tag has “a”, “b”, “c”, “d”, “e”, +2",
     "Метка есть «a», «b», «c», «d», «e», +2"),
    ({"field": "created_at", "op": "before", "value": "2026-02-03"}, "Known since is before 2026-02-03",
     "Известен с раньше 03.02.2026"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "en", "ru"), SAID)
def test_a_condition_is_said_in_one_line(given: Any, en: str, ru: str) -> None:
    condition = parse(given, WORDS)
    assert unparse(condition) == given
    assert explain(condition, WORDS, "en", {ID: "May"}) == en
    assert explain(condition, WORDS, "ru", {ID: "May"}) == ru


def hold(given: Any, **facts: Any) -> bool:
    made = Facts(**{"created_at": NOW - timedelta(days=10)} | facts)
    return matches(plan(parse(given, WORDS), WORDS, NOW, MOSCOW), made)


OVER = {"field": "lead_won", "over": 50000, "currency": "RUB", "op": "in_last_days", "value": 365}
"""Won over 50,000 in the last year."""


def won(amount: str, *, days: int = 1, currency: str = "RUB") -> Happening:
    return Happening(event="lead_won", at=NOW - timedelta(days), of={"amount": amount, "currency": currency})


HOLDS: list[tuple[Any, dict[str, Any], bool]] = [
    ({"field": "city", "op": "is", "value": "пермь"}, {"fields": {"city": "Пермь"}}, True),
    ({"field": "city", "op": "is", "value": "Пермь"}, {"fields": {"city": "пермь"}}, True),
    ({"field": "city", "op": "is_not", "value": "Perm"}, {}, True),
    ({"field": "city", "op": "contains", "value": "ОРЕЛ"}, {"fields": {"city": "г. Орёл"}}, True),
    ({"field": "deal", "op": "between", "value": ["12.5", 13]}, {"fields": {"deal": "12.50"}}, True),
    ({"field": "deal", "op": "more", "value": 9}, {"fields": {"deal": "10"}}, True),
    ({"field": "deal", "op": "less", "value": 9}, {"fields": {"deal": "a lot"}}, False),
    # In Moscow it is 1 March already
    ({"field": "born", "op": "anniversary_in_days", "value": 0}, {"fields": {"born": "1990-03-01"}}, True),
    ({"field": "born", "op": "anniversary_in_days", "value": 0}, {"fields": {"born": "1990-02-28"}}, False),
    ({"field": "wrote", "op": "after", "value": "2026-02-20"},
     {"happened": (Happening(event="wrote", at=datetime(2026, 2, 20, 20, 59, tzinfo=UTC)),)}, False),
    ({"field": "wrote", "op": "after", "value": "2026-02-20"},
     {"happened": (Happening(event="wrote", at=datetime(2026, 2, 20, 21, tzinfo=UTC)),)}, True),
    ({"field": "leads", "op": "is", "value": 0}, {}, True),
    ({"field": "leads", "op": "less", "value": 0}, {}, False),
    ({"field": "consent", "purpose": "news", "channel": "email", "op": "is", "value": True},
     {"consents": {("news", ""): True}}, True),
    (OVER, {"happened": (won("50000.00"),)}, False),
    (OVER, {"happened": (won("50000.01"),)}, True),
    (OVER, {"happened": (won("9000.00"), won("100000.00", days=366))}, False),
    (OVER, {"happened": (won("60000.00", currency="EUR"),)}, False),
    (OVER, {"happened": (Happening(event="lead_won", at=NOW - timedelta(1)),)}, False),
    ({**OVER, "over": 0, "up_to": 50000}, {"happened": (won("50000.00"),)}, True),
    ({**OVER, "over": 0, "up_to": 50000}, {"happened": (won("50000.01"),)}, False),
    ({**OVER, "op": "at_least", "value": {"times": 2, "days": 30}}, {"happened": (won("9e4"), won("8e4"))}, True),
    ({**OVER, "op": "at_least", "value": {"times": 2, "days": 30}}, {"happened": (won("9e4"), won("8e3"))}, False),
    ({"field": "consent", "purpose": "news", "channel": "email", "op": "is", "value": True}, {}, False),
]  # fmt: skip


@pytest.mark.parametrize(("given", "facts", "expected"), HOLDS)
def test_what_holds(given: Any, facts: dict[str, Any], expected: bool) -> None:
    assert hold(given, **facts) is expected


@pytest.mark.parametrize(
    ("today", "days", "found"),
    [
        (date(2026, 2, 27), 1, {"02-27", "02-28", "02-29"}),
        (date(2028, 2, 27), 1, {"02-27", "02-28"}),
        (date(2028, 2, 28), 1, {"02-28", "02-29"}),
        (date(2025, 12, 31), 1, {"12-31", "01-01"}),
    ],
)
def test_birthdays_of_leap_years(today: date, days: int, found: set[str]) -> None:
    assert set(month_days(today, days)) == found


def test_a_whole_year_of_birthdays_is_everybody() -> None:
    assert len(month_days(date(2026, 5, 5), 3660)) == 366


def test_a_field_that_is_gone_since_is_said() -> None:
    condition = parse(CITY, WORDS)
    with pytest.raises(Unreadable, match="city"):
        plan(condition, HOUSE, NOW, MOSCOW)


def test_segments_are_put_in_their_places_and_never_in_themselves() -> None:
    inner = Test("segment", "has_any", (ID,))
    rule = Test("city", "is", "Perm")
    facts = Facts(created_at=NOW, fields={"city": "Perm"})
    assert matches(plan(inner, WORDS, NOW, MOSCOW, {ID: rule}), facts)
    assert not matches(plan(Not(inner), WORDS, NOW, MOSCOW, {ID: rule}), facts)
    for rules in ({}, {ID: inner}, {ID: Not(inner)}):
        with pytest.raises(Unreadable, match="refers to itself"):
            plan(inner, WORDS, NOW, MOSCOW, rules)


def test_a_moment_has_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        plan(parse(CITY, WORDS), WORDS, datetime(2026, 1, 1), MOSCOW)  # noqa: DTZ001 - that is the point


def test_numbers_come_back_as_they_were() -> None:
    for value in (5, "12.5", "100000000000000000000.1"):
        given = {"field": "deal", "op": "more", "value": value}
        condition = parse(given, WORDS)
        assert isinstance(condition, Test)
        assert condition.value == Decimal(str(value))
        assert unparse(condition) == given
