"""The database and Python answer every condition alike: one property over towns, conditions and moments."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from domain.conditions import HOUSE, Facts, Logic, Subject, Test, Type, Vocabulary, matches, parse, plan, unparse
from domain.conditions.vocabulary import OPERATORS, Shape
from people.person import Person, persons
from people.segments import facts_of_all, vocabulary
from store import mailing, merges, segments
from store.condition_sql import select_ids
from store.engine import Connection, Database
from tests.people.segment_world import (
    BROADCASTS,
    CHANNELS,
    CITIES,
    CURRENCIES,
    FIELDS,
    LISTS,
    NAMES,
    NOW,
    PARTED,
    STAFF,
    SUMS,
    TAGS,
    settle,
)

ZONES = (ZoneInfo("UTC"), ZoneInfo("Asia/Vladivostok"), ZoneInfo("America/Los_Angeles"))
WORDS = {
    "tag": TAGS,
    "company_name": ("Alpha", "Beta"),
    "segment": tuple(map(str, LISTS)),
    "owner": tuple(map(str, STAFF)),
    "city": (*CITIES, "перм", "орел", "ПЕРМЬ", "%", "_", "ё"),
}
HARD = ("clicked", "lead_won", "leads", "owner", "unopened", "consent", "name")
"""Subjects with more to go wrong than others: drawn more often."""
DAYS = ("2025-01-15", "2026-01-30", "2026-02-28", "2026-03-01", "2026-03-09")
TIMES = (*DAYS, "2026-03-01T12:00:00Z", "2026-01-30T12:00:00Z", "2026-02-22T15:00:01+03:00")
PARAMS = {
    "channel": (*CHANNELS, "email"),
    "broadcast": tuple(map(str, BROADCASTS)),
    "purpose": ("marketing", "service", "unheard-of"),
    "state": ("any", "open", "won", "lost"),
    "link": (0, 1),
    "over": (0, *map(str, SUMS)),
    "up_to": (50000, *map(str, SUMS)),
    "currency": CURRENCIES,
}


def scalars(subject: Subject) -> st.SearchStrategy[Any]:
    """A value that the subject may be compared with, often one that stands in the town."""
    if subject.type in (Type.DATE, Type.TIME, Type.EVENT):
        return st.sampled_from(DAYS if subject.type is Type.DATE else TIMES)
    if subject.type in (Type.FLAG, Type.YES):
        return st.booleans()
    if subject.type is Type.NUMBER:
        return st.one_of(st.sampled_from((5, "-3.5", 50000, 0, 12.25)), st.integers(-10, 10))
    if subject.type is Type.COUNT:
        return st.integers(0, 4)
    known = subject.choices or WORDS.get(subject.name) or FIELDS.get(subject.field, ("Person 1", "x"))
    if subject.type is Type.TEXT:
        return st.one_of(st.sampled_from(known), st.text("пермьPMo%_\\ёЁ", min_size=1, max_size=3).filter(str.strip))
    return st.sampled_from(known)


@st.composite
def leaves(draw: st.DrawFn, vocabulary: Vocabulary) -> dict[str, Any]:
    """One test, as JSON."""
    subject = vocabulary[draw(st.sampled_from((*sorted(vocabulary), *4 * HARD)))]
    op, shape = draw(st.sampled_from(sorted(OPERATORS[subject.type].items())))
    made: dict[str, Any] = {"field": subject.name, "op": op}
    if shape in (Shape.ONE, Shape.MANY, Shape.PAIR):
        number = {Shape.ONE: 1, Shape.PAIR: 2}.get(shape) or draw(st.integers(1, 3))
        values = [draw(scalars(subject)) for _ in range(number)]
        made["value"] = values[0] if shape is Shape.ONE else sorted(values, key=_age) if number == 2 else values
    days = draw(st.sampled_from((1, 7, 30, 366)))
    if shape is Shape.DAYS:
        made["value"] = days
    if shape is Shape.TIMES:
        made["value"] = {"times": draw(st.integers(1, 3)), "days": days}
    for param in subject.params:
        if param.name == "link" and "broadcast" not in made:
            continue
        if param.required or param.name == "link" or draw(st.booleans()):
            made[param.name] = draw(st.sampled_from(PARAMS[param.name]))
    return made


def _age(value: Any) -> Any:
    return (float(value), "") if not isinstance(value, str) or value == "-3.5" else (0.0, value)


def conditions(vocabulary: Vocabulary) -> st.SearchStrategy[dict[str, Any]]:
    """Any condition, as JSON."""
    return st.recursive(
        leaves(vocabulary),
        lambda inner: st.one_of(
            st.builds(lambda key, parts: {key: parts}, st.sampled_from(("all", "any")), st.lists(inner, min_size=1)),
            st.builds(lambda part: {"not": part}, inner),
        ),
        max_leaves=5,
    )


async def _town(connection: Connection, seed: int) -> tuple[Vocabulary, dict[UUID, Facts]]:
    await settle(connection, seed)
    found = await segments.ids(connection, plan(_ALL, HOUSE, NOW, ZONES[0]))
    joined = len(await merges.cards_of(connection, found)) - len(found)
    under = (await connection.execute(text("SELECT count(*) FROM leads WHERE under_id IS NOT NULL"))).scalar_one()
    assert len(found) > 10 and joined > 5 and under > 2
    return await vocabulary(connection), await facts_of_all(connection, found)


_ALL = Test("created_at", "after", NOW - timedelta(days=5000))


@pytest.mark.parametrize("seed", [1, 2])
def test_both_say_the_same(database_url: str, seed: int, thorough: bool) -> None:
    database = Database(database_url)
    with asyncio.Runner() as runner:

        async def town() -> tuple[Vocabulary, dict[UUID, Facts]]:
            async with database.begin() as connection:
                return await _town(connection, seed)

        words, facts = runner.run(town())
        seen: set[bool] = set()

        @settings(max_examples=300 if thorough else 60)
        @given(rule=st.one_of(leaves(words), conditions(words)), zone=st.sampled_from(ZONES))
        def agree(rule: dict[str, Any], zone: ZoneInfo) -> None:
            condition = parse(rule, words)
            assert parse(unparse(condition), words) == condition
            asked = plan(condition, words, NOW, zone, {str(id_): None for id_ in LISTS})
            here = {id_ for id_, one in facts.items() if matches(asked, one)}
            assert runner.run(_there(database, asked)) == here
            seen.add(bool(here) and len(here) < len(facts))

        agree()
        assert seen == {True, False}
        runner.run(database.aclose())


async def _shown(connection: Connection, seed: int) -> dict[UUID, Person]:
    """Everybody of a town as cards show him, of all the ways in which a name may stand."""
    await settle(connection, seed, 60)
    shown = await persons(connection, await segments.ids(connection, plan(_ALL, HOUSE, NOW, ZONES[0])))
    beside = [p for p in shown.values() if p.name and not {"name", *PARTED} & set(p.fields)]
    assert {len(p.cards) > 1 for p in beside} == {True, False}
    assert any("name" not in p.fields and {*PARTED} & set(p.fields) for p in shown.values())
    assert {bool(p.name) for p in shown.values()} == {True, False}
    return shown


@pytest.mark.parametrize("seed", [1, 2])
async def test_mailings_say_what_cards_show(database_url: str, seed: int) -> None:
    database = Database(database_url)
    async with database.begin() as connection:
        shown = await _shown(connection, seed)
        said = await mailing.values(connection, list(shown), ["name", *sorted(FIELDS)])
        assert {id_: said.get(id_, {}) for id_ in shown} == {
            id_: {name: one.value for name, one in person.fields.items()}
            | ({"name": person.name} if person.name else {})
            for id_, person in shown.items()
        }
        assert not any("name" in one for one in (await mailing.values(connection, list(shown), ["city"])).values())
    await database.aclose()


@pytest.mark.parametrize("seed", [1, 2])
async def test_each_is_found_by_the_name_that_his_card_shows(database_url: str, seed: int) -> None:
    database = Database(database_url)
    async with database.begin() as connection:
        shown = await _shown(connection, seed)
        words = await vocabulary(connection)
    for name in {*NAMES, *(person.name for person in shown.values() if person.name)}:
        asked = plan(parse({"field": "name", "op": "is", "value": name}, words), words, NOW, ZONES[0])
        assert await _there(database, asked) == {id_ for id_, person in shown.items() if person.name == name}
    await database.aclose()


@pytest.mark.parametrize(("over", "found"), [(SUMS[-2], True), (SUMS[-1], False)])
async def test_the_largest_sums_are_compared_to_the_cent(database_url: str, over: Decimal, found: bool) -> None:
    """A float has no room for them."""
    database = Database(database_url)
    async with database.begin() as connection:
        await settle(connection, 1)
        await connection.execute(
            text("UPDATE leads SET state = 'won', closed_at = now(), amount = :most, currency = 'RUB'"),
            {"most": SUMS[-1]},
        )
    asked = plan(parse({"field": "lead_won", "over": str(over), "op": "known"}, HOUSE), HOUSE, NOW, ZONES[0])
    there = await _there(database, asked)
    assert bool(there) is found
    async with database.begin() as connection:
        everybody = await facts_of_all(connection, await segments.ids(connection, plan(_ALL, HOUSE, NOW, ZONES[0])))
    assert {id_ for id_, one in everybody.items() if matches(asked, one)} == there
    await database.aclose()


async def _there(database: Database, asked: Logic) -> set[UUID]:
    """Those whom the database finds, at once and in portions alike."""
    sql, values = select_ids(asked)
    async with database.begin() as connection:
        found = list((await connection.execute(text(sql), values)).scalars())
        portions = await segments.ids(connection, asked, limit=9)
        portions += await segments.ids(connection, asked, after=portions[-1]) if portions else []
        assert await segments.count(connection, asked) == len(found)
    assert sorted(found) == portions
    assert len(set(found)) == len(found)
    return set(found)
