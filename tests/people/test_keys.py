"""Keys under which a duplicate is found."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given

from people.keys import MOST, WHOLE, keys
from people.prepared import Kinds, prepare
from people.traits import Kind, Traits
from tests.people.cards import KINDS, card, traits

BORN = date(1980, 2, 3)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (card(phones=("+79161234567",)), card(phones=("+441161234567;ext=5",))),
        (card(emails=("anna.petrova@mail.ru",)), card(emails=("annapetrova+shop@gmail.com",))),
        (card(emails=("info@a.example",)), card("Анна", emails=("info@a.example",))),
        (card(telegrams=("77",)), card("Анна", telegrams=("5", "77"))),
        (card("Иван Щербаков"), card("Shcherbakov Ivan")),
        (card("Ваня Щербаков"), card("Иван Щербаков")),
        (card("Саша Лебедянская"), card("Александра Лебедянская")),
        (card("Александр Сергеевич Иванов"), card("Ivanov Aleksandr Sergeevich")),
        (card("Иван Щербаков", city="Пермь"), card("Иван Щирбаков", city="г. Пермь")),
        (card("Иван Битрович", city="Пермь"), card("Ваня Литрович", city="Пермь")),
        (card("Иван Битрович", company="Ромашка"), card("Иван Литрович", company="ООО Ромашка")),
        (card("Иван Иванов", phones=("+79161234567",)), card("Ваня Иванов", phones=("+79161284567",))),
        (card("Иван Иванов", phones=("+79161234567",)), card("Иванов Иван", phones=("+79161234576",))),
        (card("Иван Иванов", emails=("vanya1980@a.example",)), card("Иван Иванов", emails=("vanja1980@a.example",))),
        (card("Иван Иванов", emails=("vanya1980@a.example",)), card("Иван Иванов", emails=("vanya1981@a.example",))),
        (card("Иван Петрович Щербаков"), card("Щербаков Иван")),
        (card("И. Щербаков", city="Питер"), card("Иван Щербаков", city="Санкт-Петербург")),
        (card("Иван Щербаков", company="ООО «Ромашка»"), card("Щербаков", company="Ромашка")),
        (card("Иван Щербаков", born=BORN), card("Иван Щебраков", born=BORN)),
        (card("Иван Щербаков", born=BORN), card("Анна Щербаков", born=date(1980, 11, 30))),
        (card("Мария Иванова", born=BORN), card("Маша Петрова", born=BORN)),
        (card(city="Пермь", born=BORN), card("Анна", city="Perm", born=BORN)),
        (card(custom={"passport": "4509 123456"}), card("Анна", custom={"passport": "4509123456"})),
        (card(custom={"contract": "AB-1234"}), card("Анна", custom={"contract": "ab 1234"})),
        (
            card(custom={"since": "03.02.2020", "contract": "77123"}),
            card(custom={"since": "20200203", "contract": "77123"}),
        ),
    ],
)
def test_probable_duplicates_share_a_key(one: Traits, other: Traits) -> None:
    assert selective(one) & selective(other)


def selective(one: Traits) -> set[str]:
    """Its keys without those that a crowd may share."""
    return {key for key in keys(prepare(one, KINDS)) if not key.startswith(WHOLE)}


def test_a_common_name_is_a_key_of_its_own_kind() -> None:
    one, other = (keys(prepare(card(name))) for name in ("Саша Иванов", "Иванов Александр"))
    assert {key for key in one & other if key.startswith(WHOLE)} == {"w:aleksandr ivanov"}


@pytest.mark.parametrize(
    "one",
    [
        card("Иван", city="Москва"),
        card(city="Москва", company="Сбер"),
        card("Анна"),
        card("Александр Иванов"),
        card("Иванов"),
        card(born=BORN),
        card(phones=("+70000000000",)),
        card(custom={"came by": "search", "manager": "Ольга"}),
        card("Иван Иванов", custom={"came by": "search"}),
        card(custom={"undeclared": "4509123456"}),
    ],
)
def test_what_thousands_have_is_no_key(one: Traits) -> None:
    assert selective(one) == set()


def test_a_shared_mailbox_is_a_key_with_its_domain_only() -> None:
    assert keys(prepare(card(emails=("info@a.example",)))) == {"e:info@a.example"}


def test_a_measured_field_makes_keys_as_it_deserves() -> None:
    """A text that tells much is a key beside another one; an identifier of which there are three is none."""
    streets = prepare(card("Иван Кот", custom={"came by": "Ленина 5", "manager": "Мира 10"}), KINDS)
    assert {k[:2] for k in keys(streets, {"came by": 9.0, "manager": 7.0})} == {"n:", "s:", "c:"}
    counters = prepare(card(custom={"contract": "12345", "since": "20200101"}), KINDS)
    assert keys(counters)
    assert not keys(counters, {"contract": 1.5, "since": 10.0})


@given(traits())
def test_keys_are_few_short_and_fit_for_a_database(one: Traits) -> None:
    found = keys(prepare(one, KINDS))
    assert len(found) <= MOST
    assert all(0 < len(key) <= 64 and "\0" not in key and key.encode() for key in found)
    assert found == keys(prepare(one, KINDS))


def test_a_card_that_collected_much_has_no_more_keys_than_others() -> None:
    everything = card(
        *("Иван Щербаков", "Zork Blimp Wug", "Anna Maria Petrova"),
        phones=tuple(f"+7916123456{n}" for n in range(9)),
        emails=tuple(f"somebody{n}@a.example" for n in range(9)),
        telegrams=("1", "2", "3"),
        city="Пермь",
        company="Ромашка",
        born=BORN,
        custom={"contract": "12345678", "passport": "4509123456", "since": "2020-02-03", "came by": "search"},
    )
    assert len(keys(prepare(everything, KINDS))) == MOST


@given(traits())
def test_nothing_known_no_key(one: Traits) -> None:
    assert keys(prepare(Traits(id=one.id), KINDS)) == frozenset()


def test_no_key_gathers_a_crowd() -> None:
    """Twenty thousand people with names as common as they are, in few towns: no block grows beyond a thousandth."""
    dice = Random(1)
    kinds: Kinds = {"came by": Kind.TEXT, "house": Kind.IDENTIFIER}
    everybody = (keys(prepare(somebody(number, dice), kinds)) for number in range(20_000))
    counts = Counter(key for found in everybody for key in found if not key.startswith(WHOLE))
    assert counts.most_common(1)[0][1] <= 20, counts.most_common(5)
    assert counts.total() / 20_000 < 12


GIVEN = "Александр Сергей Елена Татьяна Андрей Ольга Дмитрий Наталья Мария Глеб Юлия Роман Антон Вера Нина Пётр".split()
SYLLABLES = "бар вер гол дан жар зим кор лап мор нос пар рог сав тур фом хар".split()


def somebody(number: int, dice: Random) -> Traits:
    """One of a hundred is Иванов, and three of eight live in Moscow."""
    surname = "Иванов" if dice.random() < 0.01 else "".join(dice.choices(SYLLABLES, k=3)) + "ин"
    return Traits(
        id=UUID(int=number),
        names=(f"{dice.choice(GIVEN)} {surname}",),
        phones=(f"+79{dice.randrange(10**9):09}",),
        city=dice.choices(["Москва", "Казань", ""], [3, 1, 4])[0],
        born=date(1950, 1, 1) + timedelta(dice.randrange(20_000)) if dice.random() < 0.5 else None,
        custom={"came by": dice.choice(["search", "friends"]), "house": str(dice.randrange(1, 200))},
    )
