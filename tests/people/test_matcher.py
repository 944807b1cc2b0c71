"""Duplicates among cards that came by the router, on a real database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from people import merging
from people.learning import LEAST, TooFew, learn_weights
from people.matcher import Matcher
from router.route import Router
from store.engine import Database
from tests.router.conftest import Ask
from tests.router.people import INBOX, SMS, filled, mail, message, phone

PETR = "Иванов Пётр"


async def look(database: Database, **more: Any) -> None:
    matcher = Matcher(database, **more)
    while await matcher.look():
        pass


async def suggested(ask: Ask) -> set[frozenset[str]]:
    sql = """SELECT a.value, b.value FROM suggestions s JOIN identities a ON a.home_id = s.one
             JOIN identities b ON b.home_id = s.other WHERE s.state = 'open'"""
    return {frozenset(row) for row in await ask(sql)}


async def test_one_name_in_two_alphabets_and_one_number(router: Router, ask: Ask, database: Database) -> None:
    await router.route([filled(mail("petr.ivanov@example.org"), phone("+79161234567"), name=PETR)])
    await router.route(
        [message(INBOX, mail("pivanov@example.com"), phone("+79161234567", proved=False), name="Petr Ivanov")]
    )
    await look(database)
    found = await suggested(ask)
    assert {frozenset({"petr.ivanov@example.org", "pivanov@example.com"})} <= found
    [reasons] = await ask("SELECT reasons FROM suggestions")
    assert {field for field, _, bits in reasons if bits > 0} >= {"name", "phone"}


async def test_strangers_are_not_suggested(router: Router, ask: Ask, database: Database) -> None:
    await router.route(
        [message(INBOX, mail("anna@example.org"), name="Anna Smith"), message(SMS, phone("+79160000001"))]
    )
    await look(database)
    assert await suggested(ask) == set()
    assert await ask("SELECT count(*) FROM contacts WHERE match_due") == [0]


async def test_what_was_decided_is_not_asked_again(router: Router, ask: Ask, database: Database) -> None:
    await test_one_name_in_two_alphabets_and_one_number(router, ask, database)
    await ask("UPDATE suggestions SET state = 'different' RETURNING 1")
    await ask("UPDATE contacts SET match_due = true RETURNING 1")
    await look(database)
    assert await ask("SELECT state FROM suggestions") == ["different"]


async def test_what_speaks_no_more_for_it_is_gone(router: Router, ask: Ask, database: Database) -> None:
    await test_one_name_in_two_alphabets_and_one_number(router, ask, database)
    await ask("INSERT INTO shared_addresses VALUES ('phone', '+79161234567', true, 'staff:1', now()) RETURNING 1")
    await ask("UPDATE claims SET name = 'Sergey Kuznetsov' WHERE name = 'Petr Ivanov' RETURNING 1")
    await ask("UPDATE contacts SET match_due = true RETURNING 1")
    await look(database)
    assert await ask("SELECT state FROM suggestions") == ["gone"]


async def test_certain_pairs_are_joined_only_if_the_owner_allows_it(
    router: Router, ask: Ask, database: Database
) -> None:
    same = {"name": "Пётр Сергеевич Иванов", "text": "hello"}
    await router.route([message(SMS, phone("+79161234567"), **same), message(INBOX, mail("p@example.net"), **same)])
    for card in await ask("SELECT id FROM contacts"):
        born = "VALUES (gen_random_uuid(), :card, 'born', '1980-12-31', 'staff:1', now())"
        await ask(f"INSERT INTO field_values {born} RETURNING 1", card=card)
    await look(database)
    assert await ask("SELECT band FROM suggestions") == ["certain"]
    assert await ask("SELECT count(*) FROM merges") == [0]
    await ask("UPDATE contacts SET match_due = true RETURNING 1")
    await look(database, joins=True)
    assert await ask("SELECT rule FROM merges") == ["certain"]
    assert await ask("SELECT state FROM suggestions") == ["same"]


async def test_what_anybody_may_have_typed_joins_nobody(router: Router, ask: Ask, database: Database) -> None:
    """With her name and her addresses, and his own mail, he would come to read what is answered to her."""
    hers = {"name": "Мария Сергеевна Петрова"}
    await router.route([message(INBOX, mail("maria@example.org"), phone("+79161234567"), **hers)])
    await router.route([filled(mail("eve@example.net"), name=hers["name"])])
    await router.route([filled(mail("eve@example.net"), phone("+79161234567"), mail("maria@example.org"), **hers)])
    await look(database, joins=True)
    assert await ask("SELECT count(*) FROM merges") == [0]
    assert await ask("SELECT state FROM suggestions") == ["open"]


async def test_a_number_of_three_people_is_shared_from_then_on(router: Router, ask: Ask, database: Database) -> None:
    office = phone("+74951234567")
    for name in ("Anna Smith", "Пётр Иванов", "Olga Sidorova"):
        await router.route([filled(office, name=name)])
    await look(database)
    assert await ask("SELECT value, reason FROM shared_addresses") == [("+74951234567", "names")]
    leads = [
        (await router.route([filled(office, name=name)]))[0].lead for name in ("Max Weber", "Lena Mut", "Max Weber")
    ]
    assert leads[0] != leads[1] and leads[0] == leads[2], "the name tells who it is"


async def test_family_members_at_one_mailbox(router: Router, ask: Ask) -> None:
    await ask("INSERT INTO shared_addresses VALUES ('email', 'family@example.org', true, 'staff:1', now()) RETURNING 1")
    family = mail("family@example.org")
    [ivan] = await router.route([message(INBOX, family, name="Ivan Petrov")])
    [maria] = await router.route([message(INBOX, family, name="Maria Petrova")])
    [again] = await router.route([message(INBOX, family, name="Petrov, Ivan")])
    assert ivan.lead == again.lead != maria.lead


async def test_who_wrote_without_a_name_to_a_shared_address(router: Router) -> None:
    """info@ is nobody's by its name; the same nobody writes on in the same lead."""
    info = mail("info@example.org")
    first, second = await router.route([message(INBOX, info), message(INBOX, info)])
    [anna] = await router.route([message(INBOX, info, name="Anna Smith")])
    assert first.lead == second.lead != anna.lead


async def test_too_few_to_learn_from(database: Database) -> None:
    with pytest.raises(TooFew, match=str(LEAST)):
        await learn_weights(database, "staff:1")


async def test_the_old_owner_of_a_number_keeps_his_past(router: Router, ask: Ask, database: Database) -> None:
    number = phone("+79161234567")
    [his] = await router.route([message(SMS, number, name="Ivan Petrov")])
    await ask(
        "UPDATE leads SET active_at = now() - interval '100 days', opened_at = now() - interval '100 days' RETURNING 1"
    )
    [hers] = await router.route([message(SMS, number, name="Anna Smith")])
    assert hers.lead != his.lead
    [again] = await router.route([message(SMS, number)])
    assert again.lead == hers.lead
    reach = await ask("SELECT count(*) FROM identities WHERE value = '+79161234567' AND variant NOT LIKE '~%'")
    assert reach == [1]


async def test_a_typed_number_takes_nothing_from_its_owner(router: Router, ask: Ask) -> None:
    number = phone("+79161234567")
    [his] = await router.route([message(SMS, number, name="Ivan Petrov")])
    await ask("UPDATE leads SET active_at = now() - interval '100 days' RETURNING 1")
    [typed] = await router.route([filled(number, name="Anna Smith")])
    [again] = await router.route([message(SMS, number, name="Ivan Petrov")])
    assert typed.lead != his.lead == again.lead


async def test_a_silent_number_without_a_name_begins_anew(router: Router, ask: Ask) -> None:
    number = phone("+79161234567")
    [old] = await router.route([message(SMS, number)])
    await ask("UPDATE leads SET active_at = now() - interval '399 days' RETURNING 1")
    [same] = await router.route([message(SMS, number)])
    assert same.lead == old.lead
    await ask("UPDATE leads SET active_at = now() - interval '401 days' RETURNING 1")
    [new] = await router.route([message(SMS, number)])
    assert new.lead != old.lead


async def test_answering_our_letter_proves_the_address(router: Router, ask: Ask) -> None:
    await ask(
        """INSERT INTO deliveries
             (id, channel, address, purpose, facts, state, priority, due_at, external_id, created_at)
           VALUES (gen_random_uuid(), 'inbox', 'anna@example.org', 'reply', '{}', 'sent', 0, now(), '<ours@us>', now())
           RETURNING 1"""
    )
    claimed = mail("anna@example.org", proved=False)
    await router.route([message(INBOX, claimed)])
    assert await ask("SELECT proved FROM identities") == [False]
    await router.route([message(INBOX, mail("eve@example.org", proved=False), refers_to=("<ours@us>",))])
    assert await ask("SELECT count(*) FROM identities WHERE proved") == [0]
    await router.route([message(INBOX, claimed, refers_to=("<ours@us>",))])
    assert await ask("SELECT value FROM identities WHERE proved") == ["anna@example.org"]
    assert await ask("SELECT count(*) FROM claims WHERE proof = 'answered'") == [1]


async def test_parted_people_are_suggested_again_and_not_asked(router: Router, ask: Ask, database: Database) -> None:
    await test_one_name_in_two_alphabets_and_one_number(router, ask, database)
    [(one, other)] = await ask("SELECT one, other FROM suggestions")
    async with database.begin() as connection:
        wish = merging.Wish(one=one, other=other, rule=merging.HAND, actor="staff:1")
        merge: UUID = await merging.join(connection, wish)
    assert await ask("SELECT state FROM suggestions") == ["same"]
    async with database.begin() as connection:
        await merging.part(connection, [merge], "staff:1")
    assert await ask("SELECT state FROM suggestions") == ["open"]
