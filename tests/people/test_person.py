"""A person is what his cards say together, and each of them again when they are parted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.event import listen

from domain.ids import new_id
from domain.messages import utcnow
from people import companies, consent, editing, fields, merging, search
from people.consent import Word
from people.fields import Value
from people.merging import HAND, Wish
from people.person import Person, person, persons
from people.shown import shown_fields
from router.route import Router
from store.engine import Connection, Database
from store.fields import Held
from store.merges import Merge
from tests.people.making import BY_STAFF, card, mail
from tests.router.conftest import Ask, Hire
from tests.router.people import INBOX, SMS, message, phone
from tests.router.people import mail as proved_mail

NOW = utcnow()
ONE, OTHER, THIRD = new_id(), new_id(), new_id()


async def joined(connection: Connection, one: UUID, other: UUID, **choices: UUID) -> UUID:
    chosen = {field: str(card) for field, card in choices.items()}
    return await merging.join(connection, Wish(one=one, other=other, rule=HAND, actor="staff:1", choices=chosen))


async def seen(connection: Connection, card: UUID) -> Person:
    found = await person(connection, card)
    assert found
    return found


async def full_card(connection: Connection, name: str, value: str, city: str) -> UUID:
    made = await card(connection, name, mail(value), city=city)
    await editing.tag(connection, made, ["Vip", city], "staff:1")
    await editing.note(connection, made, f"about {name}", "staff:1")
    firms = await companies.put(connection, [f"ООО «{name}»"])
    await companies.join(
        connection, [companies.Member(made, firm, "head") for firm in firms.values()], source="staff:1"
    )
    word = Word(card=made, purpose="marketing", channel="email", text="I agree", granted=city == "Perm")
    await consent.grant(connection, [word], source="staff:1")
    return made


async def test_a_person_is_all_his_cards(database: Database) -> None:
    async with database.begin() as connection:
        anna = await full_card(connection, "Anna", "anna@example.org", "Perm")
        anya = await full_card(connection, "Anya", "anya@example.org", "Omsk")
        merge = await joined(connection, anna, anya)
        whole = await seen(connection, anya)
    assert (whole.id, whole.cards, whole.name) == (anna, (anna, anya), "Anna")
    assert set(whole.names) == {"Anna", "Anya"}
    assert [a.value for a in whole.addresses] == ["anna@example.org", "anya@example.org"]
    assert [(c.card, c.proof, c.source) for a in whole.addresses for c in a.claims] == [
        (anna, "staff", "staff:1"),
        (anya, "staff", "staff:1"),
    ]
    assert (whole.fields["city"].value, [o.value for o in whole.fields["city"].others]) == ("Perm", ["Omsk"])
    assert [(t.tag, set(t.cards)) for t in whole.tags] == [("omsk", {anya}), ("perm", {anna}), ("vip", {anna, anya})]
    assert {n.text for n in whole.notes} == {"about Anna", "about Anya"}
    assert {c.name for c in whole.companies} == {"ООО «Anna»", "ООО «Anya»"}
    assert [(c.purpose, c.channel, c.granted) for c in whole.consents] == [("marketing", "email", False)]
    assert len(whole.receipts) == 2
    assert [m.id for m in whole.merges] == [merge]


async def test_parting_gives_each_card_back(database: Database) -> None:
    async with database.begin() as connection:
        anna = await full_card(connection, "Anna", "anna@example.org", "Perm")
        anya = await full_card(connection, "Anya", "anya@example.org", "Omsk")
        before = [await seen(connection, anna), await seen(connection, anya)]
        merge = await joined(connection, anna, anya, city=anya)
        await merging.part(connection, [merge], "staff:1")
        assert [await seen(connection, anna), await seen(connection, anya)] == before


async def test_of_no_card_there_is_no_person(database: Database) -> None:
    async with database.begin() as connection:
        assert await person(connection, new_id()) is None
        assert await persons(connection, []) == {}


async def test_many_persons_take_as_many_statements_as_one(database: Database) -> None:
    async with database.begin() as connection:
        cards = [await full_card(connection, f"P{n}", f"p{n}@example.org", "Perm") for n in range(5)]
        statements: list[str] = []
        listen(connection.sync_connection, "before_cursor_execute", lambda *given: statements.append(given[2]))
        assert list(await persons(connection, cards[:1])) == cards[:1]
        for_one = len(statements)
        assert list(await persons(connection, cards)) == cards
    assert len(statements) == 2 * for_one > 0


# Which value shows


def held(card: UUID, value: str, minutes: int) -> Held:
    return Held(card, "city", value, "staff:1", NOW + timedelta(minutes=minutes))


def merge(minutes: int, chosen: UUID | None = None) -> Merge:
    choices = {"city": str(chosen)} if chosen else {}
    return Merge(new_id(), NOW + timedelta(minutes=minutes), ONE, OTHER, HAND, "staff:1", choices, None, None)


@pytest.mark.parametrize(
    ("values", "merges", "shown"),
    [
        ([held(ONE, "Perm", 0), held(OTHER, "Omsk", 1)], [merge(2)], "Perm"),
        ([held(OTHER, "Omsk", 1), held(THIRD, "Ufa", 2)], [merge(2)], "Ufa"),
        ([held(ONE, "Perm", 0), held(OTHER, "Omsk", 1)], [merge(2, OTHER)], "Omsk"),
        ([held(ONE, "Perm", 0), held(OTHER, "Omsk", 1)], [merge(2, OTHER), merge(3, ONE)], "Perm"),
        ([held(ONE, "Perm", 3), held(OTHER, "Omsk", 1)], [merge(2, OTHER)], "Perm"),
        ([held(ONE, "", 3), held(OTHER, "Omsk", 1)], [merge(2, OTHER)], None),
        ([held(ONE, "", 3), held(OTHER, "Omsk", 1)], [merge(2)], None),
        ([held(ONE, "", 3), held(OTHER, "Omsk", 4)], [merge(2)], "Omsk"),
        ([held(ONE, "Perm", 0), held(OTHER, "", 1)], [merge(2, OTHER)], None),
        ([held(ONE, "Perm", 0)], [merge(2, OTHER)], "Perm"),
        ([held(OTHER, "", 0)], [merge(2)], None),
    ],
)
def test_which_value_shows(values: list[Held], merges: list[Merge], shown: str | None) -> None:
    found = shown_fields(values, ONE, merges)
    assert (found["city"].value if "city" in found else None) == shown


_HELD = st.builds(held, st.sampled_from((ONE, OTHER, THIRD)), st.sampled_from(("", "Perm", "Omsk")), st.integers(0, 9))


@given(st.lists(_HELD, unique_by=lambda v: v.card), st.randoms())
def test_what_shows_does_not_depend_on_the_order_of_rows(values: list[Held], random: Any) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)
    assert shown_fields(values, ONE, [merge(5)]) == shown_fields(shuffled, ONE, [merge(5)])


async def test_an_archived_field_shows_no_more(database: Database) -> None:
    async with database.begin() as connection:
        await fields.define(connection, fields.Field(name="shoe", type=fields.Type.NUMBER, labels={"en": "Shoe"}))
        anna = await card(connection, shoe="38")
        assert (await seen(connection, anna)).fields["shoe"].value == "38"
        await fields.archive(connection, "shoe")
        assert "shoe" not in (await seen(connection, anna)).fields


async def test_names_are_made_of_parts(database: Database) -> None:
    async with database.begin() as connection:
        anna = await card(connection, given_name="Anna", surname="Serova")
        assert (await seen(connection, anna)).name == "Serova Anna"


async def test_the_owner_is_the_fields_else_the_open_leads(
    router: Router, ask: Ask, database: Database, hire: Hire
) -> None:
    olga = await hire("Olga", "71")
    await router.route([message(INBOX, proved_mail("anna@example.org"), name="Anna")])
    [anna] = await ask("SELECT id FROM contacts")
    async with database.begin() as connection:
        whole = await seen(connection, anna)
        assert whole.owner and (whole.owner.id, whole.owner.name) == (olga.id, "Olga")
        assert [(lead.state, lead.owner_name, lead.under) for lead in whole.leads] == [("open", "Olga", None)]
    max_ = await hire("Max", "72")
    async with database.begin() as connection:
        await fields.put(connection, [Value(anna, "owner", str(max_.id))], source="staff:1", country="RU")
        whole = await seen(connection, anna)
    assert whole.owner and whole.owner.name == "Max"


async def test_an_address_that_passed_to_another_is_what_he_had(router: Router, ask: Ask, database: Database) -> None:
    await router.route([message(SMS, phone("+79160000001"), name="Ivan Petrov")])
    [ivan] = await ask("SELECT id FROM contacts")
    await ask("UPDATE leads SET active_at = now() - interval '2 years' RETURNING 1")
    await router.route([message(SMS, phone("+79160000001"), name="Olga Sidorova")])
    async with database.begin() as connection:
        whole = await seen(connection, ivan)
        assert [(a.value, a.was) for a in whole.addresses] == [("+79160000001", True)]
        assert {h.was for h in await search.holders(connection, "+79160000001", "RU")} == {True, False}


async def test_a_written_address_of_another_is_a_claim(database: Database) -> None:
    async with database.begin() as connection:
        anna = await card(connection, "Anna", mail("anna@example.org"))
        petr = await card(connection, "Petr")
        elsewhere = await editing.add_addresses(connection, petr, [mail("anna@example.org")], BY_STAFF)
        assert elsewhere == {"anna@example.org": anna}
        assert (await seen(connection, petr)).addresses == ()
        [address] = (await seen(connection, anna)).addresses
    assert [c.card for c in address.claims] == [anna, petr]


async def test_at_a_shared_address_each_has_his_own(database: Database) -> None:
    async with database.begin() as connection:
        await editing.mark(connection, mail("home@example.org"), True, "staff:1")
        anna = await card(connection, "Anna Serova", mail("home@example.org"))
        petr = await card(connection, "Petr Serov", mail("home@example.org"))
        for one in (anna, petr):
            assert [(a.value, a.shared) for a in (await seen(connection, one)).addresses] == [
                ("home@example.org", True)
            ]


async def test_a_known_address_makes_no_second_contact(database: Database) -> None:
    async with database.begin() as connection:
        anna = await card(connection, "Anna", mail("anna@example.org"))
        with pytest.raises(editing.Taken) as taken:
            await card(connection, "Petr", mail("anna@example.org"))
        assert taken.value.person == anna
        draft = editing.Draft(name="Petr", addresses=[mail("anna@example.org")])
        second = await editing.create(connection, draft, BY_STAFF, even_if_known=True)
        assert (await seen(connection, second)).addresses == ()
