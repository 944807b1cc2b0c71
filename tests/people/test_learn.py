"""Weights learned from pairs of which nobody says what they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from people.compare import LEVELS, Levels
from people.learn import learn, rarity, with_shares
from people.prepared import prepare
from people.score import DEFAULTS, Odds, Weights, score, weigh, with_custom
from people.traits import Kind, Traits
from tests.people.cards import KINDS, card

SHOWN = ("name", "phone", "email", "city", "born")
START = with_custom(DEFAULTS, {"contract": Kind.IDENTIFIER})
TRUTH: Mapping[str, Mapping[str, Odds]] = {
    "name": {
        "same": Odds(0.5, 0.001),
        "near": Odds(0.3, 0.004),
        "surname": Odds(0.1, 0.02),
        "differs": Odds(0.1, 0.975),
    },
    "phone": {"same": Odds(0.6, 0.0002), "differs": Odds(0.4, 0.9998)},
    "city": {"same": Odds(0.9, 0.3), "differs": Odds(0.1, 0.7)},
    "born": {"same": Odds(0.9, 0.0005), "near": Odds(0.05, 0.002), "differs": Odds(0.05, 0.9975)},
}


def drawn(dice: Random, of: str, count: int) -> Counter[Levels]:
    """Pairs as TRUTH has them, of one person ("m") or of two ("u")."""
    tables = {f: (list(levels), [getattr(o, of) for o in levels.values()]) for f, levels in TRUTH.items()}
    return Counter(
        tuple((f, dice.choices(levels, shares)[0]) for f, (levels, shares) in tables.items()) for _ in range(count)
    )


@pytest.fixture(scope="module")
def learned() -> Weights:
    dice = Random(7)
    strangers = drawn(dice, "u", 20_000)
    sharing = Counter({levels: n for levels, n in drawn(dice, "u", 200_000).items() if dict(levels)["phone"] == "same"})
    return learn(drawn(dice, "m", 3000) + sharing, strangers, 4_500_000, START)


@pytest.mark.parametrize(
    ("field", "level"),
    [(f, level) for f, levels in TRUTH.items() for level, odds in levels.items() if odds.u > 0.001 and f != "name"],
)
def test_the_truth_is_found_again(learned: Weights, field: str, level: str) -> None:
    found, true = learned.fields[field][level], TRUTH[field][level]
    assert found.m == pytest.approx(true.m, abs=0.06)  # some have no evidence but the prior
    assert found.u == pytest.approx(true.u, rel=0.25, abs=0.002)


def test_the_prior_is_the_share_of_duplicates(learned: Weights) -> None:
    assert learned.prior == pytest.approx(-10.87, abs=0.1)  # of 3000, those 2400 that have no other name


def test_a_family_is_not_taken_for_one_person() -> None:
    """Every tenth phone is shared by people of one surname: they were taken for duplicates, and so were the next."""
    family: Levels = (("name", "surname"), ("phone", "same"), ("city", "same"))
    dice = Random(7)
    learned = learn(drawn(dice, "m", 1000) + Counter({family: 1500}), drawn(dice, "u", 20_000), 4_500_000, START)
    assert weigh(family, learned).bits < 0
    assert weigh((("name", "same"), ("phone", "same")), learned).bits > 5


def test_a_number_of_one_person_alone_teaches_other_names() -> None:
    start = with_custom(DEFAULTS, {"passport": Kind.PERSONAL})
    married: Levels = (("name", "surname"), ("phone", "same"), ("custom.passport", "same"))
    learned = learn(Counter({married: 1000}), drawn(Random(7), "u", 20_000), 4_500_000, start)
    assert learned.prior == pytest.approx(-12.1, abs=0.2)  # 1000 of 4.5 million


def test_what_never_was_seen_keeps_its_place(learned: Weights) -> None:
    """No pair had an e-mail; none of the strangers had a phone in common by the guess of one in millions."""
    assert learned.bits["email", "same"].bits == pytest.approx(START.bits["email", "same"].bits, abs=0.01)
    assert learned.bits["custom.contract", "same"].bits > 10
    assert 5 < learned.bits["phone", "same"].bits < START.bits["phone", "same"].bits


def test_the_same_pairs_teach_the_same() -> None:
    dice = Random(1)
    pairs, strangers = drawn(dice, "m", 500), drawn(dice, "u", 5000)
    turned = Counter(dict(reversed(pairs.items())))
    one, other = (learn(p, strangers, 100_000, START) for p in (pairs, turned))
    assert {of: r.bits for of, r in one.bits.items()} == pytest.approx({of: r.bits for of, r in other.bits.items()})


def test_learning_again_changes_nothing() -> None:
    """It did: what was never seen grew rarer each time."""
    dice = Random(7)
    pairs, strangers = drawn(dice, "m", 1000), drawn(dice, "u", 10_000)
    once = learn(pairs, strangers, 500_000, START)
    again = learn(pairs, strangers, 500_000, once)
    assert max(abs(once.bits[of].bits - r.bits) for of, r in again.bits.items()) < 0.05


def test_duplicates_among_the_strangers_do_not_spoil_them(learned: Weights) -> None:
    """In a small base, pairs taken at random are duplicates now and then."""
    dice = Random(7)
    mixed = drawn(dice, "u", 20_000) + drawn(dice, "m", 200)
    spoilt = learn(drawn(dice, "m", 3000), mixed, 450_000, START)
    assert spoilt.fields["born"]["same"].u < 0.002  # 0.01 when they are counted in


def test_a_base_without_duplicates_teaches_none() -> None:
    strangers = drawn(Random(5), "u", 20_000)
    learned = learn(Counter(), strangers, 2_000_000, START)
    assert learned.prior < -20
    assert sum(n * weigh(levels, learned).probability for levels, n in strangers.items()) < 1


_vectors = st.lists(
    st.sampled_from(SHOWN).flatmap(lambda field: st.tuples(st.just(field), st.sampled_from(LEVELS[field]))),
    max_size=5,
    unique_by=lambda one: one[0],
).map(lambda found: tuple((f, str(level)) for f, level in sorted(found)))
_counted = st.dictionaries(_vectors, st.integers(1, 100_000), max_size=12)


@given(_counted, _counted, st.integers(0, 10**12))
def test_whatever_it_is_fed_the_better_level_weighs_more(
    shared: dict[Levels, int], strangers: dict[Levels, int], pairs: int
) -> None:
    learned = learn(shared, strangers, pairs, START)
    for name, levels in LEVELS.items():
        bits = [learned.bits[name, level].bits for level in levels]
        assert all(better >= worse - 0.002 for better, worse in pairwise(bits))
    assert (learned.likely, learned.certain, learned.kinds) == (START.likely, START.certain, START.kinds)


def test_common_values_are_noted_and_few_ones_not() -> None:
    crowd = [
        card(
            f"Глеб {'бгдл'[n % 4]}а{'клмнпрст'[n // 4 % 8]}овец",
            city="Москва" if n % 2 else chr(1072 + n // 4) * 2 + "град",
        )
        for n in range(100)
    ]
    cards = [prepare(replace(one, id=UUID(int=n)), KINDS) for n, one in enumerate(crowd)]
    weights = with_shares(with_custom(DEFAULTS, KINDS), cards)
    assert weights.shares["city"] == {"moskva": 0.5}, "two of one town are no crowd"
    assert weights.shares["name"] == {}
    assert with_shares(DEFAULTS, []).shares == {}
    moscow = prepare(card(city="Москва"), KINDS)
    assert score(moscow, moscow, weights).bits < score(moscow, moscow, DEFAULTS).bits


def test_how_much_a_field_tells() -> None:
    """Two managers tell a bit, a thousand contracts nearly ten; of a field that hardly anybody has nobody knows."""
    crowd = [
        Traits(
            id=UUID(int=n),
            custom={"manager": "Ольга" if n % 2 else "Глеб", "contract": str(n)} | ({"passport": "1"} if n < 9 else {}),
        )
        for n in range(2000)
    ]
    found = rarity(prepare(one, KINDS) for one in crowd)
    assert found == {"manager": 1.0, "contract": pytest.approx(10, abs=0.2)}
