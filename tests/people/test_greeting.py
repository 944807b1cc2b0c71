"""By what name somebody is greeted of whom only a whole name is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from people.greeting import called

CALLED = [
    ("Анна", "Анна"),
    ("анна", "Анна"),
    ("АННА КОТОВА", "Анна"),
    ("Котова Анна Петровна", "Анна"),
    ("Смирнова, Ольга", "Ольга"),
    ("ИП Иванов Пётр", "Пётр"),
    ("Аня (VIP)", "Аня"),
    ("Мария-Луиза Петрова", "Мария-Луиза"),
    ("John Smith", "John"),
    ("O'Neil Jane", "Jane"),
    ("Гюльчатай Ибрагимова", "Гюльчатай Ибрагимова"),
    ("А. Котова", "А. Котова"),
    ("Котова", ""),
    ("Thorbjorn", ""),
    ("Acme Logistics", ""),
    ("ООО Анна", ""),
    ("«Анна»", ""),
    ("user 4711", ""),
    ("anna@example.org", ""),
    ("клиент", ""),
    ("Анна и её дочь Ольга пишут", ""),
    ("", ""),
]


@pytest.mark.parametrize(("name", "expected"), CALLED)
def test_a_person_is_greeted_and_a_firm_is_not(name: str, expected: str) -> None:
    assert called(name) == expected


@given(st.text(max_size=60))
def test_only_what_stands_in_the_name_is_said(name: str) -> None:
    said = called(name)
    assert said.casefold() in " ".join(name.split()).casefold()
