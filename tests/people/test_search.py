"""Persons are found by what any of their cards says; and what happened with them stands in one order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from domain.ids import new_id
from domain.messages import utcnow
from people import companies, editing, fields, merging, search, timeline
from people.companies import key_of
from people.matcher import Matcher
from people.merging import HAND, Wish
from people.search import Query, find
from router.route import Router
from store.engine import Connection, Database
from store.timeline import Cursor, Entry
from tests.people.making import BY_STAFF, card, mail
from tests.router.conftest import Ask, Hire
from tests.router.people import INBOX, SMS, message, phone
from tests.router.people import mail as proved_mail


async def ids(connection: Connection, after: UUID | None = None, limit: int = 50, **query: Any) -> list[UUID]:
    return [one.id for one in await find(connection, Query(**query), country="RU", after=after, limit=limit)]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("Пётр", {"petr"}),
        ("petr", {"petr"}),
        ("ИВАНОВ", {"petr", "olga"}),
        ("Иванова", {"petr", "olga"}),
        ("Olga Ivanova", {"olga"}),
        ("иванова ольга", {"olga"}),
        ("Ива", {"petr", "olga"}),
        ("Sidorov", set()),
        ("%", set()),
        ("_", set()),
    ],
)
async def test_a_name_is_found_however_it_is_written(database: Database, written: str, found: set[str]) -> None:
    async with database.begin() as connection:
        people = {await card(connection, "Пётр Иванов"): "petr", await card(connection, "Olga Ivanova"): "olga"}
    while await Matcher(database).look():
        pass
    async with database.begin() as connection:
        assert {people[one] for one in await ids(connection, name=written)} == found


async def test_who_was_not_compared_yet_is_found_as_he_is_written(database: Database) -> None:
    async with database.begin() as connection:
        petr = await card(connection, "Пётр Иванов", mail("p@example.org"))
        for written in ("петр", "Петр"):
            assert await ids(connection, name=written) == []
        for written in ("пётр", "ПЁТР ив", "иванов"):
            assert await ids(connection, name=written) == [petr]


async def test_each_condition_is_about_the_person(database: Database, hire: Hire) -> None:
    olga = await hire("Olga", "71")
    async with database.begin() as connection:
        anna, anya = (
            await card(connection, "Anna", mail("anna@example.org")),
            await card(connection, "Anya", city="Perm"),
        )
        [firm] = (await companies.put(connection, ["Ромашка"])).values()
        await companies.join(connection, [companies.Member(anya, firm)], source="staff:1")
        await editing.tag(connection, anna, ["vip"], "staff:1")
        owner = fields.Value(anya, "owner", str(olga.id))
        await fields.put(connection, [owner], source="staff:1", country="RU")
        every: dict[str, Any] = {
            "address": "anna@example.org", "tag": "vip", "field": "city", "value": "Perm",
            "company": firm, "owner": olga.id, "name": "ann",
        }  # fmt: skip
        assert await ids(connection, **every) == []
        await merging.join(connection, Wish(one=anna, other=anya, rule=HAND, actor="staff:1"))
        assert await ids(connection, **every) == [anna]
        for name, value in every.items():
            if name not in {"field", "value"}:
                assert await ids(connection, **{name: value}) == [anna]
                wrong = new_id() if isinstance(value, UUID) else "nobody"
                assert await ids(connection, **(every | {name: wrong})) == []


async def test_only_what_a_field_is_now_finds(database: Database) -> None:
    async with database.begin() as connection:
        anna = await card(connection, city="Perm")
        await fields.put(connection, [fields.Value(anna, "city", "Omsk")], source="staff:1", country="RU")
        assert await ids(connection, field="city", value="Perm") == []
        assert await ids(connection, field="city", value=" Omsk ") == [anna]
        with pytest.raises(fields.Wrong):
            await ids(connection, field="shoe", value="38")


async def test_the_owner_of_an_open_lead_finds(router: Router, ask: Ask, database: Database, hire: Hire) -> None:
    olga = await hire("Olga", "71")
    await router.route([message(INBOX, proved_mail("anna@example.org"), name="Anna")])
    async with database.begin() as connection:
        assert await ids(connection, owner=olga.id) == await ask("SELECT id FROM contacts")
    await ask("UPDATE leads SET state = 'won' RETURNING 1")
    async with database.begin() as connection:
        assert await ids(connection, owner=olga.id) == []


async def test_pages_have_everybody_once(database: Database) -> None:
    async with database.begin() as connection:
        made = [await card(connection, f"P{n}") for n in range(7)]
        await merging.join(connection, Wish(one=made[0], other=made[1], rule=HAND, actor="staff:1"))
        seen: list[UUID] = []
        while page := await ids(connection, after=seen[-1] if seen else None, limit=2):
            seen += page
    assert seen == sorted(seen, reverse=True)
    assert set(seen) == set(made) - {made[1]}


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("a.nna+x@gmail.com", [("email", "anna@gmail.com")]),
        ("8 916 123-45-67", [("phone", "+79161234567")]),
        ("amoCRM:17", [("external", "amocrm:17")]),
        ("id12345", [("vk", "12345")]),
        ("nothing", []),
        ("", []),
    ],
)
def test_what_an_address_may_be(written: str, found: list[tuple[str, str]]) -> None:
    assert [(a.kind.value, a.value) for a in search.addresses_in(written, "RU")] == found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ООО «Ромашка»", "ромашка"),
        ('"Ромашка", ООО', "РОМАШКА"),
        ("Acme, Inc.", "ACME"),
        ("Ёлка и Ко", "елка и ко"),
        ("ООО", "ооо"),
    ],
)
def test_a_company_is_one_however_it_is_written(one: str, other: str) -> None:
    assert key_of(one) == key_of(other) != ""


@pytest.mark.parametrize(("one", "other"), [("Ромашка", "Ромашка Плюс"), ("«»", "Ромашка")])
def test_other_companies_are_others(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


# What happened


async def whole(connection: Connection, one: UUID, limit: int) -> list[Entry]:
    seen: list[Entry] = []
    before: Cursor | None = None
    while page := await timeline.page(connection, one, before=before, limit=limit):
        seen += page
        before = page[-1].at, page[-1].id
    return seen


async def test_everything_is_in_one_order(router: Router, ask: Ask, database: Database) -> None:
    await router.route([message(INBOX, proved_mail("anna@example.org"), name="Anna", text="by mail", subject="Hi")])
    await router.route([message(SMS, phone("+79161234567"), text="by sms")])
    anna, petr = await ask("SELECT home_id FROM identities ORDER BY kind")
    async with database.begin() as connection:
        wish = Wish(one=anna, other=petr, rule=HAND, actor="staff:1")
        merge = await merging.join(connection, wish)
    for n, one in enumerate((anna, petr)):
        async with database.begin() as connection:
            await fields.put(connection, [fields.Value(one, "city", f"C{n}")], source="staff:1", country="RU")
            await editing.note(connection, one, f"note {n}", "staff:1")
            await editing.tag(connection, one, [f"tag {n}"], "staff:1")
    async with database.begin() as connection:
        pages = {limit: await whole(connection, petr, limit) for limit in (1, 3, 100)}
        assert pages[1] == pages[3] == pages[100]
        assert await timeline.page(connection, new_id()) is None
        entries = pages[100]
        assert [(e.at, e.id) for e in entries] == sorted(((e.at, e.id) for e in entries), reverse=True)
        kinds = [e.kind for e in entries]
        assert {k: kinds.count(k) for k in set(kinds)} == {
            "message": 2, "event": 2, "field": 2, "note": 2, "tag": 2, "merged": 1,
        }  # fmt: skip
        said = {e.text: e for e in entries if e.kind == "message"}
        assert said["by mail"].data["subject"] == "Hi"
        assert (said["by sms"].actor, said["by sms"].card) == (SMS, petr)
        await merging.part(connection, [merge], "staff:2")
        of_petr = await whole(connection, petr, 100)
    assert [(e.kind, e.actor) for e in of_petr][:1] == [("parted", "staff:2")]
    texts = {e.text for e in of_petr}
    assert {"by sms", "note 1", "tag 1"} <= texts
    assert not {"by mail", "note 0", "tag 0"} & texts


async def test_a_note_and_an_address_are_written_where_they_are_told(database: Database) -> None:
    async with database.begin() as connection:
        anna, now = await card(connection, "Anna"), utcnow()
        await editing.note(connection, anna, "a\x00b", "staff:1", at=now)
        with pytest.raises(LookupError):
            await editing.add_addresses(connection, new_id(), [mail("x@example.org")], BY_STAFF)
        [entry] = [e for e in await whole(connection, anna, 9) if e.kind == "note"]
    assert (entry.text, entry.at) == ("ab", now)
