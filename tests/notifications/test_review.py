"""The question about two cards, as a seller reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from notifications.review import LEVELS, WORDS, Asked, buttons, review
from people.compare import LEVELS as COMPARED
from store.reviews import Side
from store.suggestions import Suggestion

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PHONE = {"kind": "phone", "value": "+79161234567", "proved": True}


def side(number: int, *names: str, **fields: str) -> Side:
    return Side(UUID(int=number), NOW, names, [PHONE], fields, [number], NOW if number == 1 else None)


def asked(state: str = "open", *, by: str = "", put_off: bool = False) -> Asked:
    reasons = [["phone", "same", 9.1], ["name", "near", 5.0], ["city", "differs", -2.0], ["born", "year", 0.1]]
    found = Suggestion(UUID(int=9), UUID(int=1), UUID(int=2), 8.0, "likely", reasons, state, NOW, NOW, None)
    one, other = side(1, "<b>Пётр</b> Иванов", born="1980-12-31"), side(2)
    return Asked(suggestion=found, one=one, other=other, decided_by=by, is_put_off=put_off)


def test_it_says_what_speaks_for_it_and_against_it() -> None:
    html = review(asked(), "en", ZoneInfo("UTC"), NOW)
    assert "Is this one person?" in html
    assert "For it: phone the same; name nearly the same" in html
    assert "Against it: city different" in html
    assert "&lt;b&gt;Пётр" in html and "<b>Пётр" not in html
    assert "(not verified)" not in html
    assert "1980-12-31" in html and "#1" in html and "No name given" in html


def test_what_was_only_typed_says_so() -> None:
    question = asked()
    typed = question.one._replace(addresses=[{**PHONE, "proved": False}])
    html = review(replace(question, one=typed), "en", ZoneInfo("UTC"), NOW)
    assert "+79161234567 <i>(not verified)</i>" in html


def test_in_russian() -> None:
    html = review(asked(), "ru", ZoneInfo("UTC"), NOW)
    assert "Это один человек?" in html and "За: телефон совпадает" in html


@pytest.mark.parametrize(
    ("question", "verbs"),
    [
        (asked(), ["same", "different", "later"]),
        (asked("same", by="Anna"), ["undo"]),
        (asked("different", by="Anna"), ["undo"]),
        (asked("gone"), []),
        (asked(put_off=True), []),
    ],
)
def test_what_can_be_said_now(question: Asked, verbs: list[str]) -> None:
    found = [b for row in buttons(question, "en") for b in row]
    assert [b.data.partition(":")[0] for b in found] == verbs
    assert all(len(b.data.encode()) <= 64 for b in found)


def test_who_said_it_is_shown() -> None:
    assert "One person, said Anna" in review(asked("same", by="Anna"), "en", ZoneInfo("UTC"), NOW)


def test_every_level_has_words_in_both_languages() -> None:
    levels = {str(level) for levels in COMPARED.values() for level in levels}
    for language, words in WORDS.items():
        assert levels <= LEVELS[language].keys()
        assert words.keys() == WORDS["en"].keys()
