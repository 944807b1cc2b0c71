"""Who leaves by a link leaves the topic, wherever it would have come: one opinion, and it is the gate's."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.ids import new_id
from domain.messages import utcnow
from people import consent, opting, reopening
from people.consent import Word, may_write
from people.erasure import erase
from people.merging import HAND, Wish, join
from people.opting import ALL, Subject, Way
from store import addressees, consents, contacts, opt_outs, permission
from store.engine import Connection, Database
from store.permission import MARKETING, SOFT, Aim, Code
from tests.people.law import NEWS, agreed, proved, queued

MAIL, SECOND, PHONE, CHAT = "anna@example.org", "a@work.example", "+79161234567", "80"
SALES = "sales"
AIMS = {"email": MAIL, "sms": PHONE, "telegram": CHAT}


async def anna(connection: Connection, *, channel: str = "", purpose: str = MARKETING) -> UUID:
    """Somebody with an address on each channel, who has agreed."""
    card = await proved(connection, ("email", MAIL), ("phone", PHONE), ("telegram", CHAT))
    await agreed(connection, card, purpose, channel)
    return card


def subject(card: UUID | None, delivery: UUID | None = None) -> Subject:
    return Subject(kind="email", value=MAIL, card=card, delivery=delivery)


async def open_for(connection: Connection, card: UUID, purpose: str = NEWS, marketing: str = "opt-in") -> list[str]:
    """The channels by which this may come."""
    aims = {Aim(card, kind, address): kind for kind, address in AIMS.items()}
    barred = await may_write(connection, aims, purpose, marketing=marketing)
    return [kind for aim, kind in aims.items() if barred[aim] is None]


@pytest.mark.parametrize("way", list(Way))
async def test_what_is_said_of_the_topic_holds_everywhere(database: Database, way: Way) -> None:
    """The ways that are about one address are listed here by name."""
    here = {Way.PAGE, Way.BLOCK}
    async with database.begin() as connection:
        card = await anna(connection)
        mail = await queued(connection, card, MAIL, purpose=NEWS)
        sms = await queued(connection, card, PHONE, channel="sms", purpose=NEWS)
        sale = await queued(connection, card, PHONE, channel="sms", purpose=SALES)
        dropped = await opting.opt_out(connection, subject(card, mail), NEWS, way)
        states = {r.id: r.state for r in await connection.execute(text("SELECT id, state FROM deliveries"))}
        left = ["sms", "telegram"] if way in here else []
        assert await open_for(connection, card) == left
        assert await open_for(connection, card, SALES) == ["email", "sms", "telegram"]
    assert (dropped, states[mail], states[sale]) == (1 if way in here else 2, "skipped", "pending")
    assert states[sms] == ("pending" if way in here else "skipped")


async def test_stop_by_sms_is_about_the_number(database: Database) -> None:
    """The carriers' word; in a letter or a chat the same word is about the person."""
    async with database.begin() as connection:
        card = await anna(connection)
        phone = Subject(kind="phone", value=PHONE, card=card)
        await opting.opt_out(connection, phone, ALL, Way.WORD)
        assert await open_for(connection, card) == ["email", "telegram"]
        assert await open_for(connection, card, permission.SERVICE) == ["email", "telegram"]
        await opting.opt_out(connection, Subject(kind="telegram", value=CHAT), MARKETING, Way.WORD)
        assert await open_for(connection, card) == []


async def test_at_an_address_of_several_people_a_word_is_about_the_address(database: Database) -> None:
    async with database.begin() as connection:
        one, other = [await proved(connection, ("phone", f"+7916000000{n}")) for n in (1, 2)]
        for card, name in ((one, "Anna"), (other, "Petr")):
            await agreed(connection, card)
            row = (new_id(), "email", MAIL, name, card, card, True, name, utcnow())
            await contacts.add(connection, [], [row])
        await opting.opt_out(connection, subject(None), MARKETING, Way.WORD)
        for card in (one, other):
            aims = [Aim(card, "email", MAIL), Aim(card, "sms", PHONE)]
            barred = await may_write(connection, aims, MARKETING)
            assert [why and why.code for why in barred.values()] == [Code.WITHDRAWN, None]


async def test_nobody_else_lifts_it(database: Database) -> None:
    """Neither an import nor a colleague, nor an address or a card that comes later."""
    async with database.begin() as connection:
        card = await anna(connection)
        await opting.opt_out(connection, subject(card), NEWS, Way.ONE_CLICK)
        for channel in ("", "email", "sms"):
            await agreed(connection, card, NEWS, channel)
            await agreed(connection, card, MARKETING, channel)
        assert await open_for(connection, card) == []
        await contacts.add(connection, [], [(new_id(), "email", SECOND, "", card, card, False, "", utcnow())])
        other = await proved(connection, ("email", "late@example.org"))
        await agreed(connection, other)
        await join(connection, Wish(one=card, other=other, rule=HAND, actor="staff:1"))
        for value in (SECOND, "late@example.org"):
            [barred] = (await may_write(connection, [Aim(other, "email", value)], NEWS)).values()
            assert barred and barred.code is Code.WITHDRAWN


async def left_at(connection: Connection, delivery: UUID) -> datetime | None:
    found = await addressees.of(connection, delivery)
    return found.left_at if found else None


async def undo(connection: Connection, card: UUID, delivery: UUID) -> list[str]:
    since = await left_at(connection, delivery)
    assert since
    return list(await reopening.undo(connection, subject(card, delivery), since, text="I changed my mind"))


@pytest.mark.parametrize(
    ("channel", "purpose", "expected"),
    [
        ("", MARKETING, ["email", "sms", "telegram"]),
        ("email", NEWS, ["email"]),
        ("sms", MARKETING, ["sms"]),
        ("email", SALES, []),
    ],
)
async def test_second_thoughts_make_no_consent(
    database: Database, channel: str, purpose: str, expected: list[str]
) -> None:
    async with database.begin() as connection:
        card = await anna(connection, channel=channel, purpose=purpose)
        assert await open_for(connection, card) == expected
        delivery = await queued(connection, card, MAIL, purpose=NEWS)
        for way in (Way.ONE_CLICK, Way.LINK):  # twice is once
            await opting.opt_out(connection, subject(card, delivery), NEWS, way)
        await opting.opt_out(connection, subject(card, delivery), MARKETING, Way.LINK)
        assert await undo(connection, card, delivery) == [MARKETING, NEWS]
        assert await open_for(connection, card) == expected
        assert await left_at(connection, delivery) is None
        granted = [r for r in await consents.of(connection, [card]) if r.granted and r.channel != "*"]
    assert len(granted) == 1


async def test_second_thoughts_of_who_never_agreed_and_bought(database: Database) -> None:
    """Where the law is soft nothing was granted: that must not become a consent either."""
    async with database.begin() as connection:
        card = await proved(connection, ("email", MAIL))
        await connection.execute(
            text(
                """INSERT INTO leads (id, contact_id, home_id, opened_by, pipeline, state, channel, opened_at,
                     active_at)
                   VALUES (gen_random_uuid(), :card, :card, gen_random_uuid(), 'sales', 'won', 'inbox', now(), now())"""
            ),
            {"card": card},
        )
        delivery = await queued(connection, card, MAIL, purpose=NEWS)
        await opting.opt_out(connection, subject(card, delivery), NEWS, Way.LINK)
        assert await open_for(connection, card, marketing=SOFT) == []
        await undo(connection, card, delivery)
        assert "email" in await open_for(connection, card, marketing=SOFT)
        assert await open_for(connection, card) == []


@pytest.mark.parametrize("way", [Way.STAFF, Way.COMPLAINT, Way.LEAVE])
@pytest.mark.parametrize("late", [False, True])
async def test_second_thoughts_take_back_this_link_alone(database: Database, way: Way, late: bool) -> None:
    """What was said before, or by another word since, goes on."""
    async with database.begin() as connection:
        card = await anna(connection)
        delivery = await queued(connection, card, MAIL, purpose=NEWS)
        ways = [Way.LINK, way] if late else [way, Way.LINK]
        for one in ways:
            about = subject(card, delivery if one is Way.LINK else None)
            await opting.opt_out(connection, about, NEWS, one)
        assert await undo(connection, card, delivery) == []
        assert await open_for(connection, card) == []


async def test_coming_back_by_one_address_opens_that_one(database: Database) -> None:
    async with database.begin() as connection:
        card = await anna(connection)
        await contacts.add(connection, [], [(new_id(), "email", SECOND, "", card, card, True, "", utcnow())])
        await opting.opt_out(connection, subject(card), NEWS, Way.LINK)
        await opting.opt_in(connection, subject(card), [NEWS], Way.PAGE, text="News, please")
        assert await open_for(connection, card) == ["email"]
        assert await open_for(connection, card, SALES) == ["email", "sms", "telegram"]
        [barred] = (await may_write(connection, [Aim(card, "email", SECOND)], NEWS)).values()
        assert barred and barred.code is Code.WITHDRAWN


async def test_who_left_all_and_confirms_a_topic_gets_that_one_there(database: Database) -> None:
    async with database.begin() as connection:
        card = await anna(connection)
        await contacts.add(connection, [], [(new_id(), "email", SECOND, "", card, card, True, "", utcnow())])
        await opting.opt_out(connection, subject(card), MARKETING, Way.LINK)
        request = await opting.ask(connection, subject(card), NEWS, text="News", source="form:site", actor="")
        asked = await opting.asked(connection, request)
        assert asked
        await opting.confirm(connection, asked)
        assert await open_for(connection, card) == ["email"]
        assert await open_for(connection, card, SALES) == await open_for(connection, card, MARKETING) == []
        [barred] = (await may_write(connection, [Aim(card, "email", SECOND)], NEWS)).values()
        assert barred and barred.code is Code.WITHDRAWN
        assert await reopening.left_since(connection, subject(card), NEWS) is None
        assert await reopening.left_since(connection, subject(card), SALES) is not None
        await opting.opt_out(connection, subject(card), NEWS, Way.ONE_CLICK)
        assert await open_for(connection, card) == []


async def test_a_pause_is_the_persons(database: Database) -> None:
    async with database.begin() as connection:
        card = await anna(connection)
        other = await proved(connection, ("email", SECOND))
        await agreed(connection, other)
        waits = [await queued(connection, card, PHONE, channel="sms", purpose=p) for p in (NEWS, SALES)]
        await opting.pause(connection, subject(card))
        codes = (await connection.execute(text("SELECT code FROM deliveries"))).scalars().all()
        assert codes == ["paused"] * len(waits)
        assert await open_for(connection, card) == []
        assert await open_for(connection, card, permission.SERVICE) == ["email", "sms", "telegram"]
        await join(connection, Wish(one=card, other=other, rule=HAND, actor="staff:1"))
        aim = Aim(other, "email", SECOND)
        barred = (await may_write(connection, [aim], NEWS))[aim]
        assert barred and barred.code is Code.PAUSED and barred.until
        assert await opting.pauses(connection, Subject(kind="email", value=SECOND)) == barred.until
        await opting.resume(connection, Subject(kind="email", value=SECOND))
        assert await open_for(connection, card) == ["email", "sms", "telegram"]


async def test_since_when_somebody_is_out(database: Database) -> None:
    async with database.begin() as connection:
        card, before = await anna(connection), utcnow()
        assert await reopening.left_since(connection, subject(card), NEWS) is None
        await opting.opt_out(connection, Subject(kind="phone", value=PHONE, card=card), NEWS, Way.BUTTON)
        since = await reopening.left_since(connection, subject(card), NEWS)
        assert since and before <= since <= utcnow()
        assert await reopening.left_since(connection, subject(card), SALES) is None
        later = utcnow() + timedelta(seconds=1)
        word = Word(card=card, purpose=SALES, channel="email", text="", granted=False)
        await consent.grant(connection, [word], source="page", at=later)
        assert await reopening.left_since(connection, subject(card), SALES) == later


async def test_an_erased_person_leaves_no_pause_behind(database: Database) -> None:
    async with database.begin() as connection:
        card = await anna(connection)
        await opting.pause(connection, subject(card))
        await erase(connection, card, actor="staff:1")
        assert await opt_outs.of(connection, [(permission.PERSON, str(card))], utcnow()) == []


async def test_a_dead_address_waits_for_nothing_more(database: Database) -> None:
    """By the account that found it dead; what has ended already is left alone."""
    async with database.begin() as connection:
        card = await anna(connection)
        here = await queued(connection, card, MAIL)
        other_account = await queued(connection, card, MAIL, channel="second")
        elsewhere = await queued(connection, card, SECOND)
        assert await permission.drop_unreachable(connection, [], "gone") == 0
        assert await permission.drop_unreachable(connection, [("news", MAIL), ("news", "x@y.example")], "gone") == 1
        assert await permission.drop_unreachable(connection, [("news", MAIL)], "gone") == 0
        rows = {
            r.id: (r.state, r.code) for r in await connection.execute(text("SELECT id, state, code FROM deliveries"))
        }
    assert rows[here] == ("skipped", "suppressed")
    assert {rows[other_account], rows[elsewhere]} == {("pending", None)}
