"""Forgetting: nothing names the person any more, and nobody writes to him again, by whatever door he comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.ids import new_id
from people import erasure, importing, opting
from people.consent import may_write
from people.editing import Author, Draft, create
from people.erasure import Nobody, erase
from people.importing import Source
from people.merging import HAND, Wish, join
from people.opting import Subject, Way
from router.route import Router
from store import merges, tombstones
from store.engine import Connection, Database
from store.permission import MARKETING, SERVICE, Aim, Code
from tests.people.law import NEWS, agreed, proved, queued
from tests.people.making import mail
from tests.router.conftest import Ask
from tests.router.people import INBOX, message
from tests.router.people import mail as letter_from

MAIL, PHONE, NAME = "anna@example.org", "+79161234567", "Anna Karenina"
WORDS = "My secret words"


async def somebody(connection: Connection) -> UUID:
    """A person with everything that a card can have."""
    card = await proved(connection, ("email", MAIL), ("phone", PHONE), name=NAME)
    await agreed(connection, card)
    identity = (await connection.execute(text("SELECT id FROM identities WHERE value = :v"), {"v": MAIL})).scalar_one()
    values = {"card": card, "identity": identity, "lead": new_id(), "words": WORDS, "name": NAME, "key": "ab" * 32}
    for statement in _EVERYTHING:
        given = {name: value for name, value in values.items() if f":{name}" in statement}
        await connection.execute(text(statement), given)
    await queued(connection, card, MAIL, purpose=NEWS)
    return card


_EVERYTHING = (
    "INSERT INTO field_values (id, contact_id, field, value, source, at) "
    "VALUES (gen_random_uuid(), :card, 'name', :name, 'staff:1', now())",
    "INSERT INTO contact_tags (contact_id, tag, source, at) VALUES (:card, 'vip', 'staff:1', now())",
    "INSERT INTO notes (id, contact_id, text, source, at) VALUES (gen_random_uuid(), :card, :words, 'staff:1', now())",
    "INSERT INTO contact_files (id, contact_id, key, name, type, size, source, at) "
    "VALUES (gen_random_uuid(), :card, :key, :name, 'text/plain', 1, 'staff:1', now())",
    "INSERT INTO claims (identity_id, contact_id, proof, source, name, at) "
    "VALUES (:identity, :card, 'channel', 'inbox', :name, now())",
    "INSERT INTO leads (id, contact_id, home_id, opened_by, pipeline, state, channel, opened_at, active_at) "
    "VALUES (:lead, :card, :card, :identity, 'sales', 'open', 'inbox', now(), now())",
    "INSERT INTO messages (id, channel, external_id, direction, identity_id, lead_id, ref, thread, subject, text, "
    "facts, received_at, created_at) VALUES (gen_random_uuid(), 'inbox', 'm@anna', 'in', :identity, :lead, '<m@anna>', "
    "'<m@anna>', :name, :words, jsonb_build_object('raw', jsonb_build_object('key', CAST(:key AS text))), "
    "now(), now())",
    "INSERT INTO events (id, at, kind, actor, contact_id, data) "
    "VALUES (gen_random_uuid(), now(), 'contact.changed', 'staff:1', :card, "
    "jsonb_build_object('n', CAST(:name AS text)))",
    "INSERT INTO traits (contact_id, name, facts, keys) VALUES (:card, :name, '{}', ARRAY['k'])",
    "INSERT INTO deliveries (id, channel, address, purpose, facts, state, priority, due_at, contact_id, lead_id, "
    "created_at) VALUES (gen_random_uuid(), 'inbox', 'anna@example.org', 'greeting', '{}', 'sent', 2, now(), :card, "
    ":lead, now())",
)


async def everything(connection: Connection) -> str:
    """Every row of every table, as text."""
    tables = await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
    rows: list[str] = []
    for table in list(tables.scalars()):
        rows += (await connection.execute(text(f"SELECT CAST(t AS text) FROM {table} t"))).scalars()
    return "\n".join(rows)


async def why(connection: Connection, kind: str = "email", address: str = MAIL, purpose: str = MARKETING) -> Any:
    aim = Aim(None, kind, address)
    barred = (await may_write(connection, [aim], purpose))[aim]
    return barred and barred.code


async def test_nothing_names_the_person_any_more(database: Database) -> None:
    async with database.begin() as connection:
        card = await somebody(connection)
        before = await everything(connection)
        assert all(secret in before for secret in (MAIL, PHONE, NAME, WORDS))
        done = await erase(connection, card, actor="staff:7")
        after = await everything(connection)
    for secret in (MAIL, PHONE, NAME, WORDS, "anna", "I agree", "vip"):
        assert secret not in after, secret
    assert done.files == ("ab" * 32,)
    assert done.rows["messages"] == 1


async def test_what_other_programs_had_sent_goes_too(database: Database) -> None:
    """A message's attachments; but not those that somebody else got as well."""
    own, same = "cd" * 32, "ef" * 32
    async with database.begin() as connection:
        card = await somebody(connection)
        for whose, key in ((card, own), (card, same), (None, same)):
            await connection.execute(text(_SENT), {"card": whose, "key": key})
        done = await erase(connection, card, actor="staff:7")
    assert set(done.files) == {"ab" * 32, own}


_SENT = """INSERT INTO deliveries
      (id, channel, address, purpose, facts, state, priority, due_at, contact_id, created_at)
    VALUES (gen_random_uuid(), 'inbox', 'x@example.org', 'message', jsonb_build_object('files', jsonb_build_array(
      jsonb_build_object('name', 'a.pdf', 'key', CAST(:key AS text)))), 'sent', 0, now(), :card, now())"""


async def test_what_counts_and_proves_stays(database: Database, ask: Ask) -> None:
    async with database.begin() as connection:
        card = await somebody(connection)
        await erase(connection, card, actor="staff:7")
    assert await ask("SELECT state FROM leads") == ["lost"]
    assert await ask("SELECT granted, length(text_hash), text FROM consents") == [(True, 32, "")]
    assert await ask("SELECT actor, contact_id FROM events WHERE kind = 'contact.erased'") == [("staff:7", card)]
    assert sorted(await ask("SELECT state FROM deliveries")) == ["sent", "skipped"]
    assert await ask("SELECT scope, reason FROM tombstones") == [("", "erased")] * 2


async def test_a_receipt_still_proves_who_gave_it(database: Database, ask: Ask) -> None:
    """Whoever shows the address can be shown its receipt: the hash is the same, and only we can make it."""
    async with database.begin() as connection:
        card = await proved(connection, ("email", MAIL))
        subject = Subject(kind="email", value=MAIL, card=card)
        await opting.opt_in(connection, subject, [NEWS], Way.PAGE, text="News, please")
        await erase(connection, card, actor="staff:7")
    [(hash_, address)] = await ask("SELECT address_hash, address FROM consents")
    [key] = await ask("SELECT value FROM secrets WHERE name = 'tombstones'")
    assert (bytes(hash_), address) == (tombstones.hashed(bytes(key), ("email", MAIL)), "")


async def test_an_erased_address_comes_back_barred(database: Database, router: Router, tmp_path: Path) -> None:
    """By an import that says he agreed, by a colleague, by himself."""
    async with database.begin() as connection:
        await erase(connection, await somebody(connection), actor="staff:7")
    file = tmp_path / "again.csv"
    file.write_text(f"name;email;yes\nAnna;{MAIL};yes\n")
    mapping = {"name": "name", "email": "email", "yes": "consent:email"}
    source = Source(path=file, mapping=mapping, country="RU")
    await importing.run(database, await importing.begin(database, source, "staff:1"))
    await router.route([message(INBOX, letter_from("new@example.org"), text="Hello")])
    async with database.begin() as connection:
        draft = Draft(name="Anna", addresses=(mail("other@example.org"),))
        await create(connection, draft, Author(source="staff:1", country="RU"))
        person = (
            await connection.execute(text("SELECT contact_id FROM identities WHERE value = :v"), {"v": MAIL})
        ).scalar_one()
        aim = Aim(person, "email", MAIL)
        for purpose in (MARKETING, NEWS, SERVICE):
            barred = (await may_write(connection, [aim], purpose))[aim]
            assert barred and barred.code is Code.ERASED
        told = (await connection.execute(text("SELECT value, purpose, reason FROM opt_outs"))).all()
        assert [tuple(row) for row in told] == [(MAIL, "", "erased")]


async def test_before_it_comes_back_the_gate_knows_it_too(database: Database) -> None:
    async with database.begin() as connection:
        card = await somebody(connection)
        await opting.opt_out(connection, Subject(kind="phone", value=PHONE, card=card), NEWS, Way.WORD)
        await erase(connection, card, actor="staff:7")
        assert await why(connection, purpose=SERVICE) is Code.ERASED
        assert await why(connection, "sms", PHONE, NEWS) is Code.ERASED
        assert await why(connection, "email", "b@example.org", SERVICE) is None


async def test_all_cards_of_the_person_or_one(database: Database, ask: Ask) -> None:
    async with database.begin() as connection:
        one, other = [await proved(connection, ("email", f"{n}@example.org")) for n in (1, 2)]
        await join(connection, Wish(one=one, other=other, rule=HAND, actor="staff:1"))
        done = await erase(connection, other, actor="link:1", whole=False)
        assert done.cards == (other,)
        assert (await merges.persons(connection, [other]))[other] == one
        assert len((await erase(connection, other, actor="staff:7")).cards) == 2
    assert await ask("SELECT count(*) FROM identities WHERE kind = 'email'") == [0]


async def test_others_at_a_shared_address_go_on(database: Database) -> None:
    async with database.begin() as connection:
        card, other = await proved(connection, ("email", MAIL)), new_id()
        await connection.execute(
            text(
                """INSERT INTO identities (id, kind, value, variant, contact_id, home_id, proved, created_at)
                   VALUES (gen_random_uuid(), 'email', :v, 'petr', :other, :other, true, now())"""
            ),
            {"v": MAIL, "other": other},
        )
        await erase(connection, card, actor="staff:7")
        assert await why(connection, purpose=SERVICE) is None


async def test_after_a_backup_was_restored(database: Database) -> None:
    """The backup is of before the erasure; the tombstones were kept beside it."""
    async with database.begin() as connection:
        card = await somebody(connection)
        await erase(connection, card, actor="staff:7")
        kept = await tombstones.every(connection)
        await connection.execute(text("DELETE FROM tombstones"))
        back = await proved(connection, ("email", MAIL), name=NAME)
        await connection.execute(text("UPDATE identities SET created_at = now() - interval '1 day'"))
        await tombstones.add(connection, kept)
        late = await proved(connection, ("phone", PHONE))
        [done] = await erasure.again(connection, actor="cli")
        assert done.cards == (back,)
        assert NAME not in await everything(connection)
        there = text("SELECT count(*) FROM identities WHERE home_id = :card")
        assert (await connection.execute(there, {"card": late})).scalar() == 1
        assert await erasure.again(connection, actor="cli") == []


async def test_who_says_yes_himself_is_back(database: Database) -> None:
    async with database.begin() as connection:
        await erase(connection, await somebody(connection), actor="staff:7")
        card = await proved(connection, ("email", MAIL))
        subject = Subject(kind="email", value=MAIL, card=card)
        request = await opting.ask(connection, subject, MARKETING, text="News", source="site", actor="")
        asked = await opting.asked(connection, request)
        assert asked
        await opting.confirm(connection, asked)
        aim = Aim(card, "email", MAIL)
        assert (await may_write(connection, [aim], MARKETING))[aim] is None


async def test_nobody_is_nobody(database: Database) -> None:
    async with database.begin() as connection:
        with pytest.raises(Nobody):
            await erase(connection, new_id(), actor="staff:7")


async def test_a_file_that_others_sent_too_stays(database: Database) -> None:
    async with database.begin() as connection:
        card = await somebody(connection)
        await connection.execute(
            text(
                """INSERT INTO messages (id, channel, external_id, direction, identity_id, ref, thread, text, facts,
                     received_at, created_at)
                   SELECT gen_random_uuid(), 'inbox', 'other', 'in', gen_random_uuid(), '', '', '', facts, now(), now()
                   FROM messages LIMIT 1"""
            )
        )
        assert (await erase(connection, card, actor="staff:7")).files == ()
