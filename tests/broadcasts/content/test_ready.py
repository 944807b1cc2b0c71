"""The ready contents greet whoever has a name, and nobody by what is none."""

from __future__ import annotations

import pytest

from broadcasts.content.blocks import Content
from broadcasts.content.compiled import Filled
from broadcasts.content.ready import LANGUAGES, NAMES, ready
from tests.broadcasts.content.making import PLAIN, compiled, content, text

GREETED: list[tuple[dict[str, str], str]] = [
    ({"given_name": "Ольга", "name": "Петрова Анна"}, "Ольга"),
    ({"name": "Петрова Анна Сергеевна"}, "Анна"),
    ({"given_name": "", "name": "Anna Kotova"}, "Anna"),
]
CARDS: list[dict[str, str]] = [{}, {"name": "4711"}, {"name": "Anna"}]
NOBODY: list[dict[str, str]] = [{}, {"name": "ООО Ромашка"}]


def filled(given: Content, card: dict[str, str]) -> Filled:
    return compiled(given).fill(card, PLAIN)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("card", "called"), GREETED)
def test_they_greet_by_the_given_name_or_the_one_in_the_name(
    name: str, language: str, card: dict[str, str], called: str
) -> None:
    found = filled(ready(name, language), card)
    assert called in found.text + found.subject
    assert called in found.html
    assert "Петрова" not in found.text + found.html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_firm_is_greeted_as_nobody_in_particular(name: str, language: str) -> None:
    nobody, firm = (filled(ready(name, language), card) for card in NOBODY)
    assert (firm.text, firm.subject, firm.html) == (nobody.text, nobody.subject, nobody.html)


def test_an_own_default_stands_where_no_name_does() -> None:
    own = content(text("Dear {{ given_name | default('friend') }}"))
    assert [filled(own, card).text for card in CARDS] == [
        "Dear friend", "Dear friend", "Dear Anna",
    ]  # fmt: skip
