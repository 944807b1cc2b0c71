"""The one gate: who may be written to, for what, by which way. In Python and inside a statement alike."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from domain.ids import new_id
from domain.messages import utcnow
from people import consent, opting
from people.consent import Word, effective, may, may_write, say
from people.merging import HAND, Wish, join
from people.opting import Subject, Way
from store import consents, opt_outs, permission, suppressions
from store.engine import Connection, Database
from store.permission import JUDGED, MARKETING, SERVICE, SOFT, Aim, Barred, Code, binds
from tests.people.law import NEWS, agreed, proved, queued

MAIL = "anna@example.org"
PHONE = "+79161234567"


async def why(connection: Connection, aim: Aim, purpose: str = MARKETING, **how: Any) -> Code | None:
    barred = (await may_write(connection, [aim], purpose, **how))[aim]
    return barred.code if barred else None


@pytest.mark.parametrize(
    ("said", "purpose", "expected"),
    [
        ([], MARKETING, Code.NO_CONSENT),
        ([], SERVICE, None),
        ([(MARKETING, "", True)], MARKETING, None),
        ([(MARKETING, "", True)], NEWS, None),
        ([(NEWS, "", True)], MARKETING, Code.NO_CONSENT),
        ([(NEWS, "email", True)], NEWS, None),
        ([(NEWS, "sms", True)], NEWS, Code.NO_CONSENT),
        ([(MARKETING, "", True), (NEWS, "email", False)], NEWS, Code.WITHDRAWN),
        ([(MARKETING, "", True), (NEWS, "email", False)], MARKETING, None),
        ([(NEWS, "", True), (MARKETING, "email", False)], NEWS, Code.WITHDRAWN),
        ([(MARKETING, "", False), (MARKETING, "email", True)], MARKETING, Code.WITHDRAWN),
        ([(MARKETING, "", False), (MARKETING, "", True)], MARKETING, None),
        ([(MARKETING, "", False)], SERVICE, None),
    ],
)
async def test_what_was_said_decides(
    database: Database, said: list[tuple[str, str, bool]], purpose: str, expected: Code | None
) -> None:
    async with database.begin() as connection:
        card, now = await proved(connection, ("email", MAIL)), utcnow()
        for minute, (about, channel, granted) in enumerate(said):
            word = Word(card=card, purpose=about, channel=channel, text="x", granted=granted)
            await consent.grant(connection, [word], source="site", at=now + timedelta(minutes=minute))
        assert await why(connection, Aim(card, "email", MAIL), purpose) is expected


async def test_an_address_that_was_told_to_be_left_alone(database: Database) -> None:
    async with database.begin() as connection:
        card, now = await proved(connection, ("email", MAIL), ("phone", PHONE)), utcnow()
        await agreed(connection, card)
        mail, sms = Aim(card, "email", MAIL, "inbox"), Aim(card, "sms", PHONE, "twilio")
        await suppressions.stop(connection, [("twilio", PHONE, "STOP", now)])
        assert (await why(connection, mail), await why(connection, sms)) == (None, Code.SUPPRESSED)
        assert await why(connection, sms, SERVICE) is Code.SUPPRESSED
        until = now + timedelta(days=30)
        await opt_outs.add(connection, [("email", MAIL, MARKETING, "page", now, until)])
        assert (await may_write(connection, [mail], NEWS))[mail] == Barred(Code.PAUSED, until)
        assert await why(connection, mail, SERVICE) is None
        await opt_outs.add(connection, [("email", MAIL, NEWS, "link", now, None)])
        assert (await why(connection, mail, NEWS), await why(connection, mail)) == (Code.WITHDRAWN, Code.PAUSED)
        await opt_outs.add(connection, [("email", MAIL, "", "word", now, None)])
        assert await why(connection, mail, SERVICE) is Code.WITHDRAWN


async def test_a_pause_ends_and_shortens_nothing(database: Database) -> None:
    async with database.begin() as connection:
        card, now = await proved(connection, ("email", MAIL)), utcnow()
        await agreed(connection, card)
        aim, before = Aim(card, "email", MAIL), now - timedelta(hours=1)
        await opt_outs.add(connection, [("email", MAIL, MARKETING, "page", before, before)])
        assert await why(connection, aim) is None
        await opt_outs.add(connection, [("email", MAIL, MARKETING, "link", now, None)])
        await opt_outs.add(connection, [("email", MAIL, MARKETING, "page", now, now + timedelta(days=30))])
        assert await why(connection, aim) is Code.WITHDRAWN


async def test_who_has_bought_may_be_written_to_where_the_law_is_soft(database: Database) -> None:
    async with database.begin() as connection:
        card = await proved(connection, ("email", MAIL))
        aim = Aim(card, "email", MAIL)
        assert await why(connection, aim, marketing=SOFT) is Code.NO_CONSENT
        await connection.execute(
            text(
                """INSERT INTO leads (id, contact_id, home_id, opened_by, pipeline, state, channel, opened_at,
                     active_at)
                   VALUES (gen_random_uuid(), :card, :card, gen_random_uuid(), 'sales', 'won', 'inbox', now(), now())"""
            ),
            {"card": card},
        )
        assert (await why(connection, aim, marketing=SOFT), await why(connection, aim)) == (None, Code.NO_CONSENT)
        await consent.withdraw(connection, card, MARKETING, "email", source="staff:1")
        assert await why(connection, aim, marketing=SOFT) is Code.WITHDRAWN


async def test_of_joined_cards_the_strictest_holds(database: Database) -> None:
    async with database.begin() as connection:
        one, other = [await proved(connection, ("email", value)) for value in (MAIL, "a@example.com")]
        await agreed(connection, one)
        await consent.withdraw(connection, other, MARKETING, source="staff:1")
        assert await why(connection, Aim(one, "email", MAIL)) is None
        await join(connection, Wish(one=one, other=other, rule=HAND, actor="staff:1"))
        for card in (one, other):
            assert await why(connection, Aim(card, "email", MAIL)) is Code.WITHDRAWN


async def test_the_gate_looks_again_before_the_send(database: Database) -> None:
    async with database.begin() as connection:
        card = await proved(connection, ("email", MAIL))
        first, second = [await queued(connection, card, MAIL, purpose=p) for p in (NEWS, "sales")]
        await agreed(connection, card, NEWS)
        barred = await consent.barred_now(connection, [first, second], {"news": "email"})
    assert barred == {second: Barred(Code.NO_CONSENT)}


async def test_inside_a_statement_it_is_the_same(database: Database) -> None:
    async with database.begin() as connection:
        people = [await proved(connection, ("email", f"{n}@example.org")) for n in range(4)]
        await agreed(connection, people[0])
        await agreed(connection, people[1])
        await opting.opt_out(connection, Subject(kind="email", value="1@example.org"), MARKETING, Way.LINK)
        expanded = await connection.execute(
            text(
                f"""WITH aimed AS (SELECT contact_id, 'inbox' AS channel, 'email' AS kind, value FROM identities),
                      {JUDGED}
                    SELECT value, code FROM judged ORDER BY value"""
            ),
            binds(MARKETING),
        )
        found = [row.code for row in expanded]
    assert found == [None, Code.WITHDRAWN, Code.NO_CONSENT, Code.NO_CONSENT]


_RECEIPTS = st.lists(
    st.tuples(
        st.integers(0, 2), st.sampled_from((MARKETING, NEWS)), st.sampled_from(("", "*", "email", "sms")), st.booleans()
    ),
    max_size=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=_RECEIPTS, order=st.randoms(use_true_random=False))
async def test_the_statement_agrees_with_the_pure_rule(database: Database, said: Any, order: Any) -> None:
    """Any receipts on the three cards of one person, written in any order."""
    async with database.begin() as connection:
        cards, now = [new_id() for _ in range(3)], utcnow()
        for card in cards:
            await connection.execute(
                text("INSERT INTO contacts (id, created_at, leader_id) VALUES (:id, now(), :leader)"),
                {"id": card, "leader": None if card == cards[0] else cards[0]},
            )
        words = [
            (now + timedelta(minutes=n), Word(card=cards[card], purpose=p, channel=c, text="x", granted=granted))
            for n, (card, p, c, granted) in enumerate(said)
        ]
        order.shuffle(words)
        for at, word in words:
            await consent.grant(connection, [word], source="site", at=at)
        standing = effective(await consents.of(connection, cards))
        for kind in ("email", "sms"):
            aim = Aim(cards[1], kind, f"{cards[0]}")
            code = await why(connection, aim)
            assert (code is None) == may(standing, MARKETING, kind)
            spoken = (MARKETING, kind) in standing or (MARKETING, "") in standing
            assert (code is Code.NO_CONSENT) == (not spoken)


_TOPICS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from((MARKETING, NEWS)),
        st.sampled_from(("", "*", "email", "sms")),
        st.booleans(),
        st.sampled_from(("link", "page", "site")),
        st.integers(0, 3),
    ),
    max_size=8,
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=_TOPICS)
async def test_of_a_topic_the_statement_agrees_with_the_words_that_count(database: Database, said: Any) -> None:
    """Any receipts of any sources on the three cards of one person, some of them of the same moment."""
    async with database.begin() as connection:
        cards, now = [new_id() for _ in range(3)], utcnow()
        for card in cards:
            await connection.execute(
                text("INSERT INTO contacts (id, created_at, leader_id) VALUES (:id, now(), :leader)"),
                {"id": card, "leader": None if card == cards[0] else cards[0]},
            )
        for card, purpose, channel, granted, source, minute in said:
            word = Word(card=cards[card], purpose=purpose, channel=channel, text="x", granted=granted)
            await consent.grant(connection, [word], source=source, at=now + timedelta(minutes=minute))
        receipts = await consents.of(connection, cards)
        for kind in ("email", "sms"):
            words = consent.words_on(receipts, NEWS, kind)
            expected = Code.WITHDRAWN if not all(r.granted for r in words) else None if words else Code.NO_CONSENT
            assert await why(connection, Aim(cards[1], kind, f"{cards[0]}"), NEWS) is expected


@pytest.mark.parametrize(
    ("source", "topic", "channel", "expected"),
    [
        ("link", NEWS, "email", None),
        ("page", NEWS, "email", None),
        ("staff:1", NEWS, "email", Code.WITHDRAWN),
        ("import:1", NEWS, "email", Code.WITHDRAWN),
        ("link", NEWS, "sms", Code.WITHDRAWN),
        ("link", "sales", "email", Code.WITHDRAWN),
    ],
)
async def test_a_topic_asked_for_after_leaving_all_is_the_newer_word(
    database: Database, source: str, topic: str, channel: str, expected: Code | None
) -> None:
    """His own alone, for that topic and channel alone; and leaving all once more is newer still."""
    async with database.begin() as connection:
        card, now = await proved(connection, ("email", MAIL)), utcnow()
        for minute, purpose, where, granted, by in (
            (0, MARKETING, "", True, "site"), (1, MARKETING, "*", False, "link"), (2, topic, channel, True, source),
            (3, MARKETING, "*", False, "link"),
        ):  # fmt: skip
            word = Word(card=card, purpose=purpose, channel=where, text="x", granted=granted)
            if minute == 3:
                aim = Aim(card, "email", MAIL)
                assert await why(connection, aim, NEWS) is expected
                assert await why(connection, aim) is Code.WITHDRAWN
            await consent.grant(connection, [word], source=by, at=now + timedelta(minutes=minute))
        assert await why(connection, Aim(card, "email", MAIL), NEWS) is Code.WITHDRAWN


def test_reasons_are_words_in_both_languages() -> None:
    for code in Code:
        english, russian = (say(Barred(code, utcnow()), language) for language in ("en", "ru"))
        assert english.isascii() and any("а" <= letter <= "я" for letter in russian)
        assert "{" not in english + russian


async def test_nothing_that_waits_goes_out_after_a_refusal(database: Database) -> None:
    async with database.begin() as connection:
        card = await proved(connection, ("email", MAIL))
        stranger = await proved(connection, ("email", "b@example.org"))
        news, sale = [await queued(connection, card, MAIL, purpose=p) for p in (NEWS, "sales")]
        theirs = await queued(connection, stranger, "b@example.org", purpose=NEWS)
        unnamed = await queued(connection, new_id(), MAIL, purpose=NEWS)
        subject = Subject(kind="email", value=MAIL, card=card, delivery=news)
        assert await opting.opt_out(connection, subject, NEWS, Way.ONE_CLICK) == 2
        states = await _states(connection)
        assert (states[news], states[unnamed]) == ("skipped", "skipped")
        assert (states[sale], states[theirs]) == ("pending", "pending")
        assert await opting.opt_out(connection, subject, MARKETING, Way.LINK) == 1
        [left] = (await connection.execute(text("SELECT id FROM deliveries WHERE left_at IS NOT NULL"))).scalars()
        assert left == news
        kept = await consents.of(connection, [card])
    assert [(r.purpose, r.channel, r.granted, r.source, r.address) for r in kept] == [
        (MARKETING, "*", False, "link", MAIL), (NEWS, "*", False, "one-click", MAIL),
    ]  # fmt: skip


async def _states(connection: Connection) -> dict[Any, str]:
    return {row.id: row.state for row in await connection.execute(text("SELECT id, state FROM deliveries"))}


async def test_only_the_person_comes_back_in(database: Database) -> None:
    async with database.begin() as connection:
        card = await proved(connection, ("email", MAIL))
        subject, aim = Subject(kind="email", value=MAIL, card=card), Aim(card, "email", MAIL)
        await agreed(connection, card)
        await opting.opt_out(connection, subject, MARKETING, Way.LINK)
        await agreed(connection, card)
        await agreed(connection, card, channel="email")
        assert await why(connection, aim) is Code.WITHDRAWN
        await opting.opt_in(connection, subject, [MARKETING], Way.PAGE, text="News, please")
        assert await why(connection, aim) is None


async def test_what_was_agreed_cannot_be_rewritten(database: Database) -> None:
    async with database.begin() as connection:
        await agreed(connection, await proved(connection))
    for statement in ("UPDATE consents SET granted = true", "DELETE FROM consents"):
        with pytest.raises(Exception, match="only ever added"):
            async with database.begin() as connection:
                await connection.execute(text(statement))


def test_a_service_message_needs_no_receipt() -> None:
    assert permission.binds(SERVICE)["wants"] == "none"
