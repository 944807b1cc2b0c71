"""Who is looked at as a probable duplicate: under keys always, by the name alone in a small base."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from domain.messages import Address, AddressKind
from people.candidates import asked, by_spelling
from people.keys import WHOLE
from people.model import Model
from people.prepared import prepare
from people.score import DEFAULTS
from people.traits import Traits
from store import traits
from store.engine import Database
from tests.people.cards import card
from tests.people.febrl import trigrams
from tests.people.making import card as made
from tests.people.making import mail
from tests.people.test_matcher import look, suggested
from tests.router.conftest import Ask

THOUSAND, TEN_THOUSAND, MILLION = -10.7, -14.0, -20.7
IVAN = card("Иван Иванов")
OTHER = Address(kind=AddressKind.PHONE, value="+79161234567")
WHERE = card("Иван Иванов", city="Тверь", company="Ромашка")


@pytest.mark.parametrize(
    ("one", "prior", "by_name", "spelled"),
    [
        (IVAN, THOUSAND, True, True),
        (IVAN, TEN_THOUSAND, False, False),
        (card("Иван Иванов", city="Тверь"), TEN_THOUSAND, True, False),
        (IVAN, MILLION, False, False),
        (WHERE, MILLION, True, True),
        (card(phones=("+79161234567",)), THOUSAND, False, False),
    ],
)
def test_a_name_alone_is_enough_where_it_may_reach_a_review(
    one: Traits, prior: float, by_name: bool, spelled: bool
) -> None:
    model = Model(weights=replace(DEFAULTS, prior=prior), rarity={})
    assert any(key.startswith(WHOLE) for key in asked(prepare(one), model)) == by_name
    assert by_spelling(prepare(one), model) == spelled


def test_a_name_that_many_have_is_never_enough() -> None:
    weights = replace(DEFAULTS, prior=THOUSAND, shares={"name": {"ivan ivanov": 0.01}})
    model = Model(weights=weights, rarity={})
    assert not any(key.startswith(WHOLE) for key in asked(prepare(IVAN), model))
    assert not by_spelling(prepare(IVAN), model)


async def two(database: Database, one: str, other: str, **fields: str) -> set[frozenset[str]]:
    async with database.begin() as connection:
        await made(connection, one, mail("one@a.example"), **fields)
        await made(connection, other, OTHER, **fields)
    return {frozenset({"one@a.example", OTHER.value})}


@pytest.mark.parametrize(
    ("one", "other"),
    [("Иван Петров", "Иван Летров"), ("Anna Kotova", "Botova Anna"), ("Глеб Щербаков", "Глеб Чербаков")],
)
async def test_a_slip_in_the_first_letter(database: Database, ask: Ask, one: str, other: str) -> None:
    pair = await two(database, one, other)
    await look(database)
    assert await suggested(ask) == pair


@pytest.mark.parametrize(
    ("one", "other"), [("Иван Иванов", "Иванов Иван"), ("Саша Иванов", "Ivanov Aleksandr"), ("Li Kim", "Kim Li")]
)
async def test_a_common_name_alone(database: Database, ask: Ask, one: str, other: str) -> None:
    pair = await two(database, one, other)
    await look(database)
    assert await suggested(ask) == pair


@pytest.mark.parametrize(
    ("one", "other", "fields"),
    [
        ("Иван Петров", "Иван Летров", {"city": "Тверь", "company": "Ромашка"}),
        ("Иван Иванов", "Ваня Иванов", {"city": "Тверь", "company": "Ромашка"}),
        ("Иван Иванов", "Иванов Иван", {"company": "Ромашка"}),
    ],
)
async def test_in_a_large_base_keys_are_enough(
    database: Database, ask: Ask, monkeypatch: pytest.MonkeyPatch, one: str, other: str, fields: dict[str, str]
) -> None:
    monkeypatch.setattr(traits, "MOST_NAMES", -2)
    monkeypatch.setattr("people.candidates.WHOLE", "")  # nothing is asked by a name alone
    pair = await two(database, one, other, **fields)
    await look(database)
    assert await suggested(ask) == pair


async def test_the_tests_in_memory_reckon_as_the_database_does(database: Database, ask: Ask) -> None:
    names = ["ivan petrov", "ivan letrov", "anna kotov", "anna", "li kim", "aleksandr sherbakov"]
    sql = "SELECT similarity(:a, :b)"
    for a, b in pairwise(names):
        one, other = trigrams(a), trigrams(b)
        assert await ask(sql, a=a, b=b) == [pytest.approx(len(one & other) / len(one | other))]


async def test_those_known_to_be_one_person_are_no_candidates(database: Database, ask: Ask) -> None:
    await two(database, "Иван Петров", "Иван Летров")
    await look(database)
    one, other = await ask("SELECT id FROM contacts ORDER BY id")
    await ask("UPDATE contacts SET leader_id = :one WHERE id = :other RETURNING 1", one=one, other=other)
    async with database.begin() as connection:
        assert await traits.alike(connection, [one, other]) == []
        assert await traits.candidates(connection, {one: ["nothing"], other: []}) == []
