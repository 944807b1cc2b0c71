"""Fields: what is taken, in which form it is kept, and what it was before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import new_id
from domain.messages import utcnow
from people import fields
from people.fields import BUILT_IN, Field, Type, Value, Wrong, normal
from store.engine import Connection, Database
from tests.people.making import card
from tests.router.conftest import Ask, Hire

COLOURS = ("Red", "Blue")


def kind(type_: Type, **more: Any) -> Field:
    given: dict[str, Any] = {"name": "it", "type": type_, "labels": {"en": "It"}} | more
    return Field(**given)


@pytest.mark.parametrize(
    ("field", "written", "kept"),
    [
        (kind(Type.TEXT), "  two\twords\n", "two words"),
        (kind(Type.TEXT), "e\u0301", "é"),
        (kind(Type.TEXT), "\x00 \n", ""),
        (kind(Type.NUMBER), "1 250,50", "1250.5"),
        (kind(Type.NUMBER), "1\u00a0000", "1000"),
        (kind(Type.NUMBER), "-0,0", "0"),
        (kind(Type.NUMBER), "1e3", "1000"),
        (kind(Type.DATE), "31.12.1980", "1980-12-31"),
        (kind(Type.DATE), "1/2/1980", "1980-02-01"),
        (kind(Type.DATE), "12/31/1980", "1980-12-31"),
        (kind(Type.DATE), "1980-12-31T00:00:00", "1980-12-31"),
        (kind(Type.PHONE), "8 (916) 123-45-67", "+79161234567"),
        (kind(Type.EMAIL), "Anna@Example.org", "anna@example.org"),
        (kind(Type.CHOICE, choices=COLOURS), "red", "Red"),
        (kind(Type.FLAG), "Да", "true"),
        (kind(Type.FLAG), "no", "false"),
        (BUILT_IN["born"], "01.02.1980", "1980-02-01"),
        (BUILT_IN["gender"], "Ж", "female"),
        (BUILT_IN["gender"], "male", "male"),
        (BUILT_IN["language"], "en_US", "en-us"),
    ],
)
def test_a_value_has_one_form(field: Field, written: str, kept: str) -> None:
    assert normal(field, written, "RU") == kept


@pytest.mark.parametrize(
    ("field", "written", "key"),
    [
        (kind(Type.TEXT), "x" * 501, "long"),
        (kind(Type.NUMBER), "many", "number"),
        (kind(Type.NUMBER), "NaN", "number"),
        (kind(Type.NUMBER), "1e999999", "number"),
        (kind(Type.DATE), "31.02.1980", "date"),
        (kind(Type.DATE), "13/13/1980", "date"),
        (kind(Type.PHONE), "call me", "phone"),
        (kind(Type.EMAIL), "anna", "email"),
        (kind(Type.CHOICE, choices=COLOURS), "green", "choice"),
        (kind(Type.FLAG), "perhaps", "flag"),
        (BUILT_IN["born"], "01.01.2999", "born"),
        (BUILT_IN["born"], "01.01.1700", "born"),
        (BUILT_IN["language"], "по-русски", "language"),
        (BUILT_IN["owner"], "Anna", "staff"),
    ],
)
def test_a_wrong_value_is_said_in_both_languages(field: Field, written: str, key: str) -> None:
    with pytest.raises(Wrong) as caught:
        normal(field, written, "RU")
    assert caught.value.key == key
    english, russian = caught.value.words("en"), caught.value.words("ru")
    assert english != russian
    assert all(words.startswith(field.name) for words in (english, russian))


KINDS = [*BUILT_IN.values(), *(kind(t, choices=COLOURS if t is Type.CHOICE else ()) for t in fields.CUSTOM_TYPES)]


@given(st.sampled_from(KINDS), st.text(max_size=60))
def test_the_form_of_a_form_is_itself(field: Field, written: str) -> None:
    try:
        kept = normal(field, written, "RU")
    except Wrong:
        return
    assert normal(field, kept, "RU") == kept


async def put(connection: Connection, *values: Value, source: str = "staff:1", **more: Any) -> int:
    return await fields.put(connection, values, source=source, country="RU", **more)


async def test_the_latest_value_holds_and_the_others_are_history(database: Database, ask: Ask) -> None:
    async with database.begin() as connection:
        anna, now = await card(connection), utcnow()
        for minutes, city in enumerate(("Perm", "Perm", "Kazan", "")):
            await put(connection, Value(anna, "city", city), at=now + timedelta(minutes=minutes))
        found = await fields.history(connection, [anna], "city")
    assert [held.value for held in found] == ["", "Kazan", "Perm"], "what says nothing new is not written"


async def test_a_new_value_makes_the_card_due(database: Database, ask: Ask) -> None:
    async with database.begin() as connection:
        anna, petr = await card(connection), await card(connection)
        await put(connection, Value(petr, "city", "Perm"))
    await ask("UPDATE contacts SET match_due = false RETURNING 1")
    async with database.begin() as connection:
        assert await put(connection, Value(anna, "city", "Perm"), Value(petr, "city", "Perm")) == 1
    assert await ask("SELECT id FROM contacts WHERE match_due") == [anna]


async def test_of_two_values_in_one_call_the_last_holds(database: Database) -> None:
    async with database.begin() as connection:
        anna = await card(connection)
        await put(connection, Value(anna, "city", "Perm"), Value(anna, "city", "Omsk"))
        assert [held.value for held in await fields.history(connection, [anna], "city")] == ["Omsk"]


@pytest.mark.parametrize("field", ["shoe", "owner"])
async def test_nothing_is_written_when_one_value_is_wrong(database: Database, ask: Ask, field: str) -> None:
    async with database.begin() as connection:
        anna = await card(connection)
        with pytest.raises(Wrong):
            await put(connection, Value(anna, "city", "Perm"), Value(anna, field, str(new_id())))
    assert await ask("SELECT count(*) FROM field_values") == [0]


async def test_an_owner_works_here(database: Database, hire: Hire) -> None:
    olga = await hire("Olga", "71")
    async with database.begin() as connection:
        assert await put(connection, Value(await card(connection), "owner", str(olga.id))) == 1


async def test_a_custom_field_is_defined_changed_and_put_away(database: Database) -> None:
    async with database.begin() as connection:
        anna = await card(connection)
        await fields.define(connection, kind(Type.CHOICE, name="colour", choices=COLOURS, matching="text"))
        await put(connection, Value(anna, "colour", "BLUE"))
        changed = await fields.change(connection, "colour", choices=["Green"], labels={"ru": "Цвет"})
        assert (changed.choices, changed.labels, changed.matching) == (("Green",), {"ru": "Цвет"}, "text")
        assert [h.value for h in await fields.history(connection, [anna], "colour")] == ["Blue"]
        await fields.archive(connection, "colour")
        with pytest.raises(Wrong, match="archived"):
            await put(connection, Value(anna, "colour", "Green"))
        await fields.archive(connection, "colour", back=True)
        assert await put(connection, Value(anna, "colour", "Green")) == 1


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"name": "Shoe"}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"name": "city"}, "taken"),
        ({"name": "there"}, "taken"),
        ({"type": Type.STAFF}, "type"),
        ({"labels": {}}, "label"),
        ({"labels": {"de": "Schuh"}}, "label"),
        ({"labels": {"en": "x" * 101}}, "label"),
        ({"choices": ("Red",)}, "choices"),
        ({"type": Type.CHOICE}, "choices"),
        ({"type": Type.CHOICE, "choices": ("Red", "red")}, "choices"),
        ({"matching": "magic"}, "matching"),
    ],
)
async def test_a_wrong_definition_is_refused(database: Database, changes: dict[str, Any], key: str) -> None:
    async with database.begin() as connection:
        await fields.define(connection, kind(Type.TEXT, name="there"))
        with pytest.raises(Wrong) as caught:
            await fields.define(
                connection, Field(**({"name": "it", "type": Type.TEXT, "labels": {"en": "It"}} | changes))
            )
    assert caught.value.key == key


@pytest.mark.parametrize("name", ["city", "shoe"])
async def test_what_is_not_ones_own_is_not_changed(database: Database, name: str) -> None:
    async with database.begin() as connection:
        with pytest.raises(Wrong, match="no field"):
            await fields.change(connection, name, labels={"en": "It"})
        with pytest.raises(Wrong, match="no field"):
            await fields.archive(connection, name)
