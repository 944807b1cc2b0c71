"""By which name a person is known on his card, in mailings and in conditions: his own, wherever it stands."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from domain.conditions import parse, plan
from domain.messages import Address, Inbound, utcnow
from people import editing, fields, merging
from people.fields import Value
from people.merging import HAND, Wish
from people.person import person
from people.segments import vocabulary
from people.shown import NAME_PARTS
from router.route import Router
from store import mailing, segments
from store.condition_names import PARTS
from store.engine import Connection, Database
from tests.people.making import BY_STAFF, card
from tests.people.making import mail as written
from tests.router.conftest import Ask
from tests.router.people import BOT, INBOX, SMS, chat, filled, mail, message, phone

ANNA, PHONE = mail("anna@example.org"), phone("+79160000001")


async def called(connection: Connection, one: UUID) -> str:
    """By what card, mailing and condition agree to know him."""
    found = await person(connection, one)
    assert found
    assert (await mailing.values(connection, [found.id], ["name"])).get(found.id, {}).get("name", "") == found.name
    value = {"op": "is", "value": found.name} if found.name else {"op": "empty"}
    asked = plan(
        parse({"field": "name", **value}, await vocabulary(connection)),
        await vocabulary(connection),
        utcnow(),
        ZoneInfo("UTC"),
    )
    assert found.id in await segments.ids(connection, asked)
    return found.name


async def holder(ask: Ask, address: Address) -> UUID:
    [contact] = await ask("SELECT contact_id FROM identities WHERE value = :value", value=address.value)
    assert isinstance(contact, UUID)
    return contact


@pytest.mark.parametrize(
    "made", [filled(ANNA, name="Вася"), message(BOT, chat("7"), name="Вася")], ids=["form", "chat"]
)
async def test_who_came_by_himself_is_known_by_the_name_that_he_told(
    router: Router, ask: Ask, database: Database, made: Inbound
) -> None:
    await router.route([made])
    [contact] = await ask("SELECT id FROM contacts")
    async with database.begin() as connection:
        assert await called(connection, contact) == "Вася"
        assert await mailing.values(connection, [contact], ["city"]) == {}
        await fields.put(connection, [Value(contact, "given_name", "Василий")], source="staff:1", country="RU")
        assert await called(connection, contact) == "Василий"
        await fields.put(connection, [Value(contact, "name", "Василий Котов")], source="staff:1", country="RU")
        assert await called(connection, contact) == "Василий Котов"
        for field in ("name", "given_name"):
            await fields.put(connection, [Value(contact, field, "")], source="staff:1", country="RU")
        assert await called(connection, contact) == "Вася"


async def test_what_was_proved_names_before_what_is_older(database: Database) -> None:
    async with database.begin() as connection:
        one = await card(connection)
        for value, proved, age, kind in (
            ("Typed", False, 9, "phone"), ("Later", True, 1, "vk"), ("First", True, 2, "telegram"),
            ("", True, 5, "external"), ("Nobody's", True, 9, "unreadable"),
        ):  # fmt: skip
            row = {"id": one, "kind": kind, "name": value, "proved": proved, "at": utcnow() - timedelta(age)}
            await connection.execute(_IDENTITY, row)
        assert await called(connection, one) == "First"


_IDENTITY = text(
    """INSERT INTO identities (id, kind, value, contact_id, home_id, proved, name, created_at)
       VALUES (gen_random_uuid(), :kind, 'x', :id, :id, :proved, :name, :at)"""
)


async def test_the_parts_of_a_name_may_have_several_words(database: Database) -> None:
    async with database.begin() as connection:
        one = await card(connection, surname="De Souza", given_name="Ana Maria")
        assert await called(connection, one) == "De Souza Ana Maria"


async def test_of_joined_cards_what_somebody_chose_names_them(router: Router, ask: Ask, database: Database) -> None:
    await router.route([message(INBOX, ANNA, name="Anna"), message(SMS, PHONE, name="Anya")])
    anna, anya = await holder(ask, ANNA), await holder(ask, PHONE)
    async with database.begin() as connection:
        await fields.put(connection, [Value(anya, "name", "Anya S")], source="staff:1", country="RU")
        await fields.put(connection, [Value(anna, "name", "Anna S")], source="staff:1", country="RU")
        choice = {"name": str(anya)}
        merge = await merging.join(connection, Wish(one=anna, other=anya, rule=HAND, actor="staff:1", choices=choice))
        assert await called(connection, anna) == "Anya S"
        await merging.part(connection, [merge], "staff:1")
        assert [await called(connection, one) for one in (anna, anya)] == ["Anna S", "Anya S"]


async def test_nobody_is_called_as_another_who_claims_his_address(database: Database) -> None:
    async with database.begin() as connection:
        anna = await card(connection, "", written("anna@example.org"))
        petr = await card(connection, "Petr")
        await editing.add_addresses(connection, petr, [written("anna@example.org")], BY_STAFF, name="Petr")
        found = await person(connection, anna)
        assert found and found.names == ()
        assert [await called(connection, one) for one in (anna, petr)] == ["", "Petr"]


async def test_who_takes_a_number_over_takes_no_name(router: Router, ask: Ask, database: Database) -> None:
    await router.route([message(SMS, PHONE, name="Ivan Petrov")])
    await ask("UPDATE leads SET active_at = now() - interval '2 years' RETURNING 1")
    await router.route([message(SMS, PHONE)])
    ivan, other = await ask("SELECT contact_id FROM identities ORDER BY name NULLS LAST")
    async with database.begin() as connection:
        assert [await called(connection, one) for one in (ivan, other)] == ["Ivan Petrov", ""]


@pytest.mark.parametrize("name", ["Boris Orlov", ""])
async def test_who_was_typed_by_another_has_not_his_name(
    router: Router, ask: Ask, database: Database, name: str
) -> None:
    """Anna typed a colleague's number beside her own address; then he wrote himself."""
    await router.route([filled(ANNA, PHONE, name="Anna Serova")])
    await router.route([message(INBOX, ANNA, name="Anna Serova")])
    await router.route([message(SMS, PHONE, name=name)])
    async with database.begin() as connection:
        assert await called(connection, await holder(ask, PHONE)) == name
        assert await called(connection, await holder(ask, ANNA)) == "Anna Serova"


@pytest.mark.parametrize(
    ("name", "shown"), [("Victoria Orlova", "Victoria Orlova"), ("Anna", "Anna Serova"), ("", "Anna Serova")]
)
async def test_who_proves_an_address_is_called_by_his_own_word(
    router: Router, ask: Ask, database: Database, name: str, shown: str
) -> None:
    """Somebody typed it in a form; whoever writes from it may be another."""
    await router.route([filled(ANNA, name="Anna Serova")])
    await router.route([message(INBOX, ANNA, name=name)])
    async with database.begin() as connection:
        assert await called(connection, await holder(ask, ANNA)) == shown


def test_the_parts_of_a_name_are_the_same_in_the_database() -> None:
    assert ",".join(NAME_PARTS) in PARTS
