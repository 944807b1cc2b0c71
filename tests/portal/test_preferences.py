"""The page of preferences: what is ticked holds, and an address shows only what it proves."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from channels.form.settings import Language
from domain.ids import new_id
from domain.messages import utcnow
from people import opting
from people.consent import NoReceipt, may_write
from people.opting import Subject
from people.signed import Kind
from portal.visits import masked
from portal.wish_texts import WISH_TEXTS
from store import opt_outs
from store.engine import Connection, Database
from store.permission import MARKETING, Aim
from tests.people.law import NEWS, agreed, proved, queued
from tests.portal.law import path, visitor
from tests.router.conftest import Ask, ask, database

__all__ = ["ask", "database"]
MAIL, PHONE, SALES = "anna@example.org", "+79161234567", "sales"


async def letter(database: Database, *addresses: tuple[str, str], yes: bool = True) -> tuple[UUID, UUID]:
    """(card, delivery) of somebody who got a letter about news."""
    async with database.begin() as connection:
        card = await proved(connection, *(addresses or (("email", MAIL),)))
        if yes:
            await agreed(connection, card)
        return card, await queued(connection, card, MAIL, purpose=NEWS)


async def gets(database: Database, card: UUID, kind: str = "email", address: str = MAIL) -> list[str]:
    """The purposes for which he may be written to there."""
    async with database.begin() as connection:
        aim = Aim(card, kind, address)
        return [p for p in (NEWS, SALES) if (await may_write(connection, [aim], p))[aim] is None]


async def do(database: Database, delivery: UUID, wish: str, **fields: Any) -> Any:
    async with visitor(database) as http:
        return await http.post(await path(database, Kind.PREFERENCES, delivery), data={"do": wish, **fields})


def ticked(page: str) -> list[str]:
    return re.findall(r'name="(?:topic|other)" value="([^"]+)" checked', page)


async def test_what_is_ticked_holds(database: Database) -> None:
    card, delivery = await letter(database)
    assert await gets(database, card) == [NEWS, SALES]
    answer = await do(database, delivery, "save", topic=[SALES])
    assert answer.status_code == 200
    assert ticked(answer.text) == [SALES]
    assert await gets(database, card) == [SALES]
    await do(database, delivery, "save", topic=[NEWS, SALES])
    assert await gets(database, card) == [NEWS, SALES]
    assert ticked((await do(database, delivery, "save", topic=[])).text) == []
    assert await gets(database, card) == []


async def test_who_left_all_comes_back_to_what_he_ticks_alone(database: Database) -> None:
    card, delivery = await letter(database)
    await do(database, delivery, "leave")
    assert await gets(database, card) == []
    await do(database, delivery, "save", topic=[NEWS])
    assert await gets(database, card) == [NEWS]


async def test_a_yes_keeps_the_words_that_stood_there(database: Database, ask: Ask) -> None:
    _, delivery = await letter(database, yes=False)
    async with visitor(database) as http:
        where = await path(database, Kind.PREFERENCES, delivery)
        await http.post(f"{where}?lang=ru", data={"do": "save", "topic": [NEWS, "no-such-topic"]})
    kept = await ask("SELECT purpose, channel, granted, text, source, address FROM consents")
    assert kept == [(NEWS, "email", True, "Хочу получать: Новости", "page", MAIL)]


async def test_nothing_changes_when_nothing_is_changed(database: Database, ask: Ask) -> None:
    _, delivery = await letter(database)
    await do(database, delivery, "save", topic=[NEWS, SALES])
    assert await ask("SELECT count(*) FROM consents") == [1]
    assert (await do(database, delivery, "nonsense")).status_code == 400


async def test_a_pause_of_thirty_days_and_its_end(database: Database, ask: Ask) -> None:
    card, delivery = await letter(database)
    answer = await do(database, delivery, "pause")
    assert WISH_TEXTS["en"].resume in answer.text
    assert ticked(answer.text) == [NEWS, SALES]
    assert await gets(database, card) == []
    assert await ask("SELECT state, code FROM deliveries") == [("skipped", "paused")]
    await do(database, delivery, "resume")
    assert await gets(database, card) == [NEWS, SALES]


async def test_a_pause_is_for_every_channel(database: Database) -> None:
    card, delivery = await letter(database, ("email", MAIL), ("phone", PHONE))
    await do(database, delivery, "pause")
    assert await gets(database, card, "sms", PHONE) == []
    await do(database, delivery, "resume")
    assert await gets(database, card, "sms", PHONE) == [NEWS, SALES]


async def test_topics_are_chosen_channel_by_channel(database: Database) -> None:
    """A tick is about this address; the button for nothing at all is about the person."""
    card, delivery = await letter(database, ("email", MAIL), ("phone", PHONE))
    await do(database, delivery, "save", topic=[SALES], other=["0"])
    assert (await gets(database, card), await gets(database, card, "sms", PHONE)) == ([SALES], [NEWS, SALES])
    await do(database, delivery, "leave")
    assert (await gets(database, card), await gets(database, card, "sms", PHONE)) == ([], [])
    await do(database, delivery, "save", topic=[NEWS])
    assert (await gets(database, card), await gets(database, card, "sms", PHONE)) == ([NEWS], [])
    await do(database, delivery, "save", topic=[NEWS], other=["0"])
    assert await gets(database, card, "sms", PHONE) == [NEWS, SALES]


async def test_the_end_of_a_pause_ends_nothing_else(database: Database) -> None:
    card, delivery = await letter(database)
    await do(database, delivery, "leave")
    for wish in ("pause", "resume"):
        await do(database, delivery, wish)
    assert await gets(database, card) == []


async def test_other_addresses_of_the_card(database: Database) -> None:
    card, delivery = await letter(database, ("email", MAIL), ("phone", PHONE))
    answer = await do(database, delivery, "save", topic=[NEWS, SALES])
    assert ticked(answer.text) == [NEWS, SALES]
    assert masked(PHONE) in answer.text
    assert PHONE not in answer.text
    assert await gets(database, card, "sms", PHONE) == []
    await do(database, delivery, "save", topic=[NEWS, SALES], other=["0", "7", PHONE])
    assert await gets(database, card, "sms", PHONE) == [NEWS, SALES]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE identities SET proved = false WHERE kind = 'phone'",
        "INSERT INTO shared_addresses VALUES ('phone', '+79161234567', true, 'staff:1', now())",
    ],
)
async def test_addresses_that_nobody_vouched_for_are_not_shown(database: Database, ask: Ask, statement: str) -> None:
    _, delivery = await letter(database, ("email", MAIL), ("phone", PHONE))
    await ask(f"{statement} RETURNING 1")
    assert masked(PHONE) not in (await do(database, delivery, "save", topic=[NEWS])).text


async def _message(connection: Connection, card: UUID, value: str, words: str) -> None:
    identity = (await connection.execute(text("SELECT id FROM identities WHERE value = :v"), {"v": value})).scalar_one()
    lead = new_id()
    values = {"lead": lead, "card": card, "identity": identity, "words": words, "id": new_id()}
    await connection.execute(
        text(
            """INSERT INTO leads (id, contact_id, home_id, opened_by, pipeline, state, channel, opened_at, active_at)
               VALUES (:lead, :card, :card, :identity, 'sales', 'lost', 'news', now(), now())"""
        ),
        values,
    )
    await connection.execute(
        text(
            """INSERT INTO messages (id, channel, external_id, direction, identity_id, lead_id, ref, thread, text,
                 facts, received_at, created_at)
               VALUES (:id, 'news', md5(random()::text), 'in', :identity, :lead, '', '', :words, '{}', now(), now())"""
        ),
        values,
    )


async def test_my_data_is_that_of_this_address(database: Database) -> None:
    """A letter's link opens what that letter's address proves: not what somebody wrote from another one."""
    card, delivery = await letter(database, ("email", MAIL), ("phone", PHONE))
    async with database.begin() as connection:
        await _message(connection, card, MAIL, "by mail")
        await _message(connection, card, PHONE, "by phone")
    answer = await do(database, delivery, "export")
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    data = answer.json()
    assert [m["text"] for m in data["messages"]] == ["by mail"]
    assert [a["value"] for a in data["addresses"]] == [MAIL]
    assert data["consents"][0]["text"] == "I agree"


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO shared_addresses VALUES ('email', 'anna@example.org', true, 'staff:1', now())",
        "UPDATE identities SET proved = false",
        "UPDATE identities SET variant = '~x'",
        """INSERT INTO identities (id, kind, value, variant, contact_id, home_id, proved, name, created_at)
           SELECT gen_random_uuid(), kind, value, 'Petr', gen_random_uuid(), gen_random_uuid(),
           true, 'Petr', now() FROM identities WHERE kind = 'email'""",
    ],
)
async def test_an_address_that_proves_nothing_shows_preferences_alone(
    database: Database, ask: Ask, statement: str
) -> None:
    card, delivery = await letter(database, ("email", MAIL), ("phone", PHONE))
    await ask(f"{statement} RETURNING 1")
    page = (await do(database, delivery, "save", topic=[NEWS])).text
    assert masked(PHONE) not in page
    assert WISH_TEXTS["en"].export not in page
    for wish in ("export", "erase"):
        answer = await do(database, delivery, wish, word="erase")
        assert answer.status_code == 404
    assert await ask("SELECT count(*) FROM identities WHERE kind = 'unreadable'") == [0]
    await do(database, delivery, "save", other=["0"])
    assert await gets(database, card, "sms", PHONE) != []


@pytest.mark.parametrize(("word", "status"), [("", 422), ("yes", 422), ("Erase ", 200), ("“erase”", 200)])
async def test_erasure_wants_a_word(database: Database, ask: Ask, word: str, status: int) -> None:
    card, delivery = await letter(database, ("email", MAIL), ("phone", PHONE))
    answer = await do(database, delivery, "erase", word=word)
    assert answer.status_code == status
    gone = status == 200
    assert (await ask("SELECT count(*) FROM identities WHERE value = :v", v=MAIL)) == [0 if gone else 1]
    assert await ask("SELECT state FROM deliveries") == ["skipped" if gone else "pending"]
    if gone:
        assert await ask("SELECT actor FROM events WHERE kind = 'contact.erased'") == [f"link:{delivery}"]
        assert (await do(database, delivery, "save")).status_code == 404
        assert await gets(database, card) == []


async def test_double_opt_in(database: Database, ask: Ask) -> None:
    card, _ = await letter(database, yes=False)
    subject = Subject(kind="email", value=MAIL, card=card)
    async with database.begin() as connection:
        request = await opting.ask(
            connection, subject, NEWS, text="News once a month", version="3", source="site", actor="staff:1"
        )
    where = await path(database, Kind.CONFIRM, request)
    async with visitor(database) as http:
        for method in ("GET", "HEAD", "GET"):
            assert (await http.request(method, where)).status_code == 200
        assert await gets(database, card) == []
        assert await ask("SELECT count(*) FROM consents") == [0]
        for _ in range(2):
            assert (await http.post(where)).status_code == 200
    assert await gets(database, card) == [NEWS]
    kept = await ask("SELECT purpose, text, version, source, address, granted FROM consents")
    assert kept == [(NEWS, "News once a month", "3", "link", MAIL, True)]


async def confirmed(database: Database, card: UUID, language: Language, *, before: str = "") -> str:
    """The page after the button; `before`: what happens between the letter and the press."""
    subject = Subject(kind="email", value=MAIL, card=card)
    async with database.begin() as connection:
        request = await opting.ask(connection, subject, NEWS, text="News", source="form:site", actor="")
        if before:
            await connection.execute(text(before), {"card": str(card)})
    async with visitor(database) as http:
        where = f"{await path(database, Kind.CONFIRM, request)}?lang={language}"
        page = (await http.post(where)).text
        again = (await http.get(where)).text
    assert page == again
    return page


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_the_last_page_of_a_way_says_who_and_what(database: Database, language: Language) -> None:
    """ "Thank you, it is confirmed": by whom, and what?"""
    card, delivery = await letter(database)
    page = await confirmed(database, card, language)
    assert "Apple Orchard" in page
    assert "<blockquote>News</blockquote>" in page
    async with visitor(database) as http:
        where = f"{await path(database, Kind.UNSUBSCRIBE, delivery)}?lang={language}"
        left = (await http.post(where, data={"List-Unsubscribe": "One-Click", "page": "1"})).text
    assert WISH_TEXTS[language].left in left
    assert "Apple Orchard" in left


async def test_who_left_all_and_confirms_a_topic_gets_it(database: Database) -> None:
    card, delivery = await letter(database)
    await do(database, delivery, "leave")
    assert WISH_TEXTS["en"].confirmed in await confirmed(database, card, "en")
    assert await gets(database, card) == [NEWS]
    async with visitor(database) as http:
        page = (await http.get(await path(database, Kind.UNSUBSCRIBE, delivery))).text
    assert "already" not in page


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    ("before", "says"),
    [
        (
            """INSERT INTO suppressions (channel, address, reason, created_at)
               VALUES ('news', 'anna@example.org', 'no such mailbox', now())""",
            "yes_unreached",
        ),
        (
            """INSERT INTO consents (id, contact_id, purpose, channel, granted, text, text_hash, source, at)
               VALUES (gen_random_uuid(), CAST(:card AS uuid), 'news', '', false, '', '', 'staff:1', now())""",
            "yes_withdrawn",
        ),
        (
            """INSERT INTO opt_outs (kind, value, purpose, reason, at, until)
               VALUES ('person', :card, 'marketing', 'page', now(), '2100-02-03')""",
            "yes_paused",
        ),
    ],
)
async def test_a_yes_that_brings_nothing_says_what_stands_in_the_way(
    database: Database, before: str, says: str, language: Language
) -> None:
    card, _ = await letter(database, yes=False)
    page, t = await confirmed(database, card, language, before=before), WISH_TEXTS[language]
    assert t.yes_noted in page
    assert t.confirmed not in page
    assert getattr(t, says).partition("{}")[0] in page
    assert ("2100" in page) == (says == "yes_paused")


async def test_another_account_that_reaches_him_is_enough(database: Database) -> None:
    card, _ = await letter(database, yes=False)
    before = "INSERT INTO suppressions SELECT 'elsewhere', 'anna@example.org', 'no such mailbox', now()"
    assert WISH_TEXTS["en"].confirmed in await confirmed(database, card, "en", before=before)


async def test_what_was_asked_before_a_refusal_is_off(database: Database, ask: Ask) -> None:
    card, _ = await letter(database, yes=False)
    subject = Subject(kind="email", value=MAIL, card=card)
    async with database.begin() as connection:
        old, late = [
            await opting.ask(connection, subject, NEWS, text="News", source="site", actor="") for _ in range(2)
        ]
        with pytest.raises(NoReceipt):
            await opting.ask(connection, subject, NEWS, text="", source="site", actor="")
    await ask("UPDATE consent_requests SET asked_at = now() - interval '31 days' WHERE id = :id RETURNING 1", id=old)
    async with visitor(database) as http:
        assert (await http.post(await path(database, Kind.CONFIRM, old))).status_code == 404
        async with database.begin() as connection:
            await opting.opt_out(connection, subject, MARKETING, opting.Way.STAFF, actor="staff:1")
        assert (await http.post(await path(database, Kind.CONFIRM, late))).status_code == 404
        assert (await http.post(await path(database, Kind.CONFIRM, new_id()))).status_code == 404
    assert await gets(database, card) == []


@pytest.mark.parametrize(
    ("address", "shown"),
    [(MAIL, "a***@example.org"), (PHONE, "***4567"), ("12345", "***"), ("@", "***@")],
)
def test_addresses_are_shown_to_those_who_know_them(address: str, shown: str) -> None:
    assert masked(address) == shown


async def test_opt_outs_end_by_themselves(database: Database) -> None:
    async with database.begin() as connection:
        now = utcnow()
        await opt_outs.add(connection, [("email", MAIL, MARKETING, "page", now, now)])
        assert await opt_outs.of(connection, [("email", MAIL)], now) == []
