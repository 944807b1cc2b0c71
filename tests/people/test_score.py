"""Comparing two cards, and weighing what was found."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from people import traits as cards
from people.compare import CUSTOM, LEVELS, compare
from people.prepared import prepare
from people.score import DEFAULTS, Band, Odds, Weights, band, from_json, score, to_json, weigh, with_custom
from people.traits import Kind, Traits
from tests.people.cards import KINDS, card, traits

WEIGHTS = with_custom(DEFAULTS, KINDS)
BORN = date(1980, 2, 13)
PHONE, MAIL = ("+79161234567",), ("ivan.petrov@mail.ru",)


@given(traits())
def test_a_card_survives_json(one: Traits) -> None:
    text = json.dumps(cards.to_json(one))
    assert cards.from_json(json.loads(text)) == one


def test_a_card_of_nobody_is_refused() -> None:
    with pytest.raises(KeyError):
        cards.from_json({})
    with pytest.raises(ValueError, match="UUID"):
        cards.from_json({"id": "1"})


@given(traits(), traits())
def test_both_sides_say_the_same(one: Traits, other: Traits) -> None:
    a, b = prepare(one, KINDS), prepare(other, KINDS)
    assert compare(a, b) == compare(b, a)
    assert score(a, b, WEIGHTS) == score(b, a, WEIGHTS)


@given(traits())
def test_the_order_within_a_card_decides_nothing(one: Traits) -> None:
    turned = replace(one, names=one.names[::-1], phones=one.phones[::-1], emails=one.emails[::-1])
    assert prepare(turned, KINDS) == prepare(one, KINDS)


@given(
    traits(), traits(), st.sampled_from(["names", "emails", "phones", "telegrams", "city", "company", "born", "custom"])
)
def test_what_one_of_them_does_not_have_weighs_nothing(one: Traits, other: Traits, field: str) -> None:
    poorer = replace(one, **{field: getattr(Traits(id=one.id), field)})
    richer, less = (score(prepare(who, KINDS), prepare(other, KINDS), WEIGHTS) for who in (one, poorer))
    name = {"names": "name", "emails": "email", "phones": "phone", "telegrams": "telegram"}.get(field, field)
    mine = [r for r in richer.reasons if r.field.partition(".")[0] == name]
    assert set(less.reasons) == set(richer.reasons) - set(mine)
    assert less.bits == pytest.approx(richer.bits - sum(r.bits for r in mine), abs=0.01)


@given(traits(), traits())
def test_the_sum_is_the_reasons_and_the_prior(one: Traits, other: Traits) -> None:
    scored = score(prepare(one, KINDS), prepare(other, KINDS), WEIGHTS)
    assert scored.bits == pytest.approx(WEIGHTS.prior + sum(r.bits for r in scored.reasons), abs=0.01)
    assert 0 <= scored.probability <= 1
    assert [abs(r.bits) for r in scored.reasons] == sorted((abs(r.bits) for r in scored.reasons), reverse=True)


@pytest.mark.parametrize(
    ("field", "one", "other", "level"),
    [
        ("phone", card(phones=PHONE), card(phones=PHONE), "same"),
        ("phone", card(phones=PHONE), card(phones=("+449161234567",)), "last 10"),
        ("phone", card(phones=PHONE), card(phones=("+74951234567",)), "last 7"),
        ("phone", card(phones=PHONE), card(phones=("+79161234576",)), "near"),
        ("phone", card(phones=("+74951234567;ext=1",)), card(phones=("+74951234567;ext=2",)), "differs"),
        ("phone", card(phones=("+74951234567;ext=1",)), card(phones=("+74951234567",)), "last 10"),
        ("phone", card(phones=PHONE), card(phones=("+74950000000", *PHONE)), "same"),
        ("email", card(emails=MAIL), card(emails=("ivanpetrov+shop@mail.ru",)), "same"),
        ("email", card(emails=("a.b@gmail.com",)), card(emails=("ab@googlemail.com",)), "same"),
        ("email", card(emails=MAIL), card(emails=("ivanpetrov@gmail.com",)), "local part"),
        ("email", card(emails=MAIL), card(emails=("ivan.petrv@mail.ru",)), "near"),
        ("email", card(emails=("office@a.example",)), card(emails=("office@b.example",)), "differs"),
        ("email", card(emails=("ann@a.example",)), card(emails=("ann@b.example",)), "differs"),
        ("telegram", card(telegrams=("7", "8")), card(telegrams=("8",)), "same"),
        ("telegram", card(telegrams=("7",)), card(telegrams=("8",)), "differs"),
        ("city", card(city="г. Москва"), card(city="Moscow"), "same"),
        ("city", card(city="СПб"), card(city="Санкт-Петербург"), "same"),
        ("city", card(city="Новосибирск"), card(city="Новосибриск"), "near"),
        ("city", card(city="Пермь"), card(city="Омск"), "differs"),
        ("company", card(company="ООО «Ромашка»"), card(company="Ромашка"), "same"),
        ("company", card(company="Acme Ltd."), card(company="ACME GmbH"), "same"),
        ("company", card(company="Ромашка"), card(company="ИП Ромашка Трейд"), "near"),
        ("company", card(company="Ромашка"), card(company="Acme"), "differs"),
        ("born", card(born=BORN), card(born=BORN), "same"),
        ("born", card(born=date(1980, 2, 3)), card(born=date(1980, 3, 2)), "swapped"),
        ("born", card(born=BORN), card(born=date(1980, 2, 18)), "near"),
        ("born", card(born=BORN), card(born=date(1908, 2, 13)), "near"),
        ("born", card(born=BORN), card(born=date(1969, 2, 13)), "day and month"),
        ("born", card(born=BORN), card(born=date(1980, 11, 30)), "year"),
        ("born", card(born=BORN), card(born=date(1975, 11, 30)), "differs"),
        (
            "custom.came by",
            card(custom={"came by": "Яндекс  Директ"}),
            card(custom={"came by": "yandeks direkt"}),
            "same",
        ),
        (
            "custom.came by",
            card(custom={"came by": "12 High Street"}),
            card(custom={"came by": "high street 12"}),
            "near",
        ),
        (
            "custom.came by",
            card(custom={"came by": "wallaby place"}),
            card(custom={"came by": "wallabi plaza"}),
            "near",
        ),
        (
            "custom.came by",
            card(custom={"came by": "wallaby place"}),
            card(custom={"came by": "walby plce 1"}),
            "alike",
        ),
        ("custom.came by", card(custom={"came by": "search"}), card(custom={"came by": "friends"}), "differs"),
        ("custom.passport", card(custom={"passport": "4509 123-456"}), card(custom={"passport": "4509123456"}), "same"),
        ("custom.passport", card(custom={"passport": "4509123456"}), card(custom={"passport": "4509123465"}), "near"),
        ("custom.passport", card(custom={"passport": "4509123456"}), card(custom={"passport": "4509123400"}), "alike"),
        ("custom.contract", card(custom={"contract": "7"}), card(custom={"contract": "8"}), "differs"),
        ("custom.since", card(custom={"since": "03.02.2020"}), card(custom={"since": "2020-02-03"}), "same"),
        ("custom.since", card(custom={"since": "2020-02-03"}), card(custom={"since": "2020-03-02"}), "swapped"),
    ],
)
def test_levels(field: str, one: Traits, other: Traits, level: str) -> None:
    assert dict(compare(prepare(one, KINDS), prepare(other, KINDS))) == {field: level}


def test_an_undeclared_field_is_not_compared() -> None:
    both = prepare(card(custom={"undeclared": "1"}), KINDS)
    assert compare(both, both) == ()


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        (card("Иван Петров", phones=PHONE), card("Petrov Ivan", phones=PHONE), Band.CERTAIN),
        (card(phones=PHONE, emails=MAIL), card("Иван", phones=PHONE, emails=MAIL), Band.CERTAIN),
        (card("Иван", phones=PHONE), card("Иван Петров", phones=PHONE), Band.LIKELY),
        (card("Мария Иванова", phones=PHONE), card("Маша Петрова", phones=PHONE), Band.LIKELY),
        (card("Саша Щербаков", emails=MAIL), card("Alexander Shcherbakov", emails=MAIL), Band.LIKELY),
        (card("Иван Щербаков", emails=MAIL), card("Щербаков", emails=("ivanpetrov@gmail.com",)), Band.UNLIKELY),
        (card("Иван Щербаков", emails=MAIL), card("Иван Щербаков", emails=("ivanpetrov@gmail.com",)), Band.LIKELY),
        (card("Иван Щербаков", born=BORN), card("Щербаков Иван", born=BORN), Band.LIKELY),
        (card("Иван Щербаков", phones=PHONE), card("Щербаков Иван", phones=("+79161234576",)), Band.LIKELY),
        (card("Иван Щербаков", company="Ромашка"), card("Щербаков Иван", company="ООО Ромашка"), Band.LIKELY),
        # a family
        (card("Иван Петров", phones=PHONE), card("Мария Петрова", phones=PHONE), Band.UNLIKELY),
        (card("Иван Петров", phones=PHONE, emails=MAIL), card("Пётр Петров", phones=PHONE, emails=MAIL), Band.LIKELY),
        (
            card("Иван", born=BORN, phones=PHONE, emails=MAIL),
            card(born=date(2010, 5, 5), phones=PHONE, emails=MAIL),
            Band.LIKELY,
        ),
        # an office
        (card("Иван Петров", phones=PHONE), card("Olga Smith", phones=PHONE), Band.UNLIKELY),
        # namesakes
        (card("Иван Щербаков", city="Пермь"), card("Иван Щербаков", city="Пермь"), Band.UNLIKELY),
        (card("Иван Щербаков"), card("Иван Щербаков"), Band.UNLIKELY),
        (card(), card(), Band.UNLIKELY),
    ],
)
def test_everyday_pairs(one: Traits, other: Traits, what: Band) -> None:
    assert band(score(prepare(one), prepare(other), DEFAULTS), DEFAULTS) is what


def test_a_number_of_one_person_alone_outweighs_another_name() -> None:
    """Somebody changed the name altogether: the passport's number is enough, a contract's number is not."""
    one, other = card("Мария Иванова", phones=PHONE), card("Юлия Иванова", phones=PHONE)
    for number, what in (("passport", Band.CERTAIN), ("contract", Band.LIKELY)):
        custom = {number: "4509 123456"}
        a, b = (prepare(replace(who, custom=custom, emails=MAIL), KINDS) for who in (one, other))
        assert band(score(a, b, WEIGHTS), WEIGHTS) is what


def test_a_common_value_says_less() -> None:
    weights = replace(WEIGHTS, shares={"city": {"moskva": 0.5}, "name": {"aleksandr ivanov": 0.001}})
    ivanov = prepare(card("Александр Иванов", city="Москва"), KINDS)
    rare = prepare(card("Глеб Щербаков", city="Пермь"), KINDS)
    plain, known = score(ivanov, ivanov, WEIGHTS), score(ivanov, ivanov, weights)
    assert {r.field: r.bits for r in known.reasons}["city"] == pytest.approx(0.678, abs=0.01)
    assert known.bits < plain.bits - 5
    assert score(rare, rare, weights) == score(rare, rare, WEIGHTS)


@pytest.mark.parametrize("weights", [DEFAULTS, WEIGHTS, replace(WEIGHTS, likely=3.5, shares={"city": {"moskva": 0.5}})])
def test_weights_survive_json(weights: Weights) -> None:
    assert from_json(json.loads(json.dumps(to_json(weights)))) == weights


def test_weights_from_before_a_field_was_known_have_its_default() -> None:
    known = to_json(DEFAULTS)
    del known["fields"]["telegram"]
    assert from_json(known).bits == DEFAULTS.bits


def test_the_defaults_are_shares_and_the_better_the_heavier() -> None:
    for name, levels in DEFAULTS.fields.items():
        assert tuple(levels) == LEVELS[name]
        assert sum(odds.m for odds in levels.values()) == pytest.approx(1, abs=0.02)
        assert sum(odds.u for odds in levels.values()) == pytest.approx(1, abs=0.02)
        assert max(levels, key=lambda level: DEFAULTS.bits[name, level].bits) in (LEVELS[name][0], "full")
        assert DEFAULTS.bits[name, LEVELS[name][-1]].bits < 0


@pytest.mark.parametrize("odds", [Odds(0, 0.5), Odds(0.5, 0), Odds(1.5, 0.5)])
def test_what_is_no_share_is_refused(odds: Odds) -> None:
    with pytest.raises(ValueError, match="city"):
        Weights(prior=0, fields={"city": {"same": odds}})


def test_a_new_set_of_fields_keeps_what_was_learned() -> None:
    own = {"same": Odds(0.5, 0.25), "near": Odds(0.1, 0.1), "alike": Odds(0.1, 0.1), "differs": Odds(0.3, 0.6)}
    learned = replace(WEIGHTS, fields={**WEIGHTS.fields, "custom.contract": own})
    assert with_custom(learned, {"contract": Kind.IDENTIFIER}).bits["custom.contract", "same"].bits == 1
    assert with_custom(learned, {"contract": Kind.PERSONAL}).bits["custom.contract", "same"].bits > 20
    assert "custom.contract" not in with_custom(learned, {}).fields


def test_a_level_alone_can_be_weighed() -> None:
    assert weigh((("phone", "same"),), DEFAULTS).bits == pytest.approx(1.895)
    assert weigh((), DEFAULTS).bits == DEFAULTS.prior
    assert weigh(((CUSTOM + "came by", "same"),), WEIGHTS).reasons[0].bits > 0


def test_a_card_that_collected_a_thousand_numbers_costs_no_more() -> None:
    crowd = card(
        phones=tuple(f"+7916{n:07}" for n in range(1000)), emails=tuple(f"a{n}@a.example" for n in range(1000))
    )
    assert len(prepare(crowd).phones) < 10
    assert len(prepare(crowd).emails) < 10
    assert prepare(crowd).id == UUID(int=1)
