"""Leaving mailings by words, buttons, mails, blocks and complaints: at once, and answers go on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from domain.messages import COMPLAINT, Address, Automatic, Report, ReportKind, utcnow
from people import signed
from people.signed import Kind
from router.route import Router
from router.screen import Screened, Voice, screen
from store.engine import Database
from store.staff import Member
from tests.people.law import NEWS, agreed, proved, queued
from tests.portal.law import key_of
from tests.router.conftest import Ask
from tests.router.people import BOT, INBOX, SMS, chat, mail, message, phone

ANNA, IVAN, PETR = mail("anna@example.org"), chat("80"), phone("+79161234567")
OLGA = Member(UUID(int=1), "Olga", "sales", "en", True, BOT, "71")
TOKEN = "A" * 44


def left(said: str) -> Screened:
    return Screened(Voice.IGNORED, f"unsubscribe: {said}")


@pytest.mark.parametrize(
    ("sender", "more", "expected"),
    [
        (ANNA, {"text": "ОТПИСКА"}, left("отписка")),
        (ANNA, {"text": " Unsubscribe. "}, left("unsubscribe")),
        (ANNA, {"text": "stop"}, left("stop")),
        (ANNA, {"text": "Отпишите меня!"}, left("отпишите меня")),
        (ANNA, {"text": "", "subject": "Unsubscribe"}, left("unsubscribe")),
        (ANNA, {"text": "How do I unsubscribe?", "subject": "Unsubscribe"}, Screened(Voice.CUSTOMER)),
        (ANNA, {"text": "Stop by the shop"}, Screened(Voice.CUSTOMER)),
        (mail("a@b.example", proved=False), {"text": "stop"}, Screened(Voice.CUSTOMER)),
        (ANNA, {"text": "stop", "automatic": Automatic.REPLY}, Screened(Voice.IGNORED, "machine: auto-reply")),
        (mail("a@b.example", proved=False), {"text": "", "subject": f"unsubscribe {TOKEN}"}, left("link")),
        (ANNA, {"text": "", "subject": f" UNSUBSCRIBE {TOKEN} ", "automatic": Automatic.REPLY}, left("link")),
        (ANNA, {"subject": f"Re: unsubscribe {TOKEN}"}, Screened(Voice.CUSTOMER)),
        (IVAN, {"text": "отписаться"}, left("отписаться")),
        (IVAN, {"text": "", "button": "unsubscribe"}, left("button")),
        (chat("71"), {"text": "стоп"}, Screened(Voice.STAFF)),
        (IVAN, {"text": "стоп", "chat": "-5"}, Screened(Voice.IGNORED, "a group, not from staff")),
        (PETR, {"text": "stop"}, Screened(Voice.CUSTOMER)),
    ],
)
def test_which_words_end_mailings(sender: Address, more: dict[str, Any], expected: Screened) -> None:
    assert screen(message(INBOX, sender, **more), {"71": OLGA}, opt_out=False) == expected


async def waiting(database: Database, address: Address, channel: str) -> tuple[UUID, UUID]:
    """(card, delivery) of somebody who has agreed, with a letter about news in the queue."""
    async with database.begin() as connection:
        card = await proved(connection, (address.kind.value, address.value))
        await agreed(connection, card)
        return card, await queued(connection, card, address.value, channel=channel, purpose=NEWS)


async def outcome(ask: Ask) -> list[Any]:
    """What the address was told, what the receipt says, what became of the queue."""
    told = await ask("SELECT kind, purpose, reason FROM opt_outs")
    receipts = await ask("SELECT purpose, channel, source FROM consents WHERE NOT granted")
    return [*told, *receipts, *await ask("SELECT state FROM deliveries WHERE broadcast_id IS NOT NULL")]


async def test_by_a_mail_that_a_program_wrote(database: Database, router: Router, ask: Ask) -> None:
    """The token says who it is, whoever sent the mail; a forged one nothing."""
    _, delivery = await waiting(database, ANNA, "inbox")
    stranger, key = mail("list@elsewhere.example", proved=False), await key_of(database)
    for token in (TOKEN, signed.token(key, Kind.OPEN, delivery)):
        await router.route([message(INBOX, stranger, text="", subject=f"unsubscribe {token}")])
        assert await outcome(ask) == ["pending"]
    good = signed.unsubscribe_mail("news@shop.example", key, delivery).rpartition("%20")[2]
    await router.route([message(INBOX, stranger, text="", subject=f"unsubscribe {good}")])
    assert await outcome(ask) == [("email", NEWS, "mailto"), (NEWS, "*", "mailto"), "skipped"]
    assert await ask("SELECT count(*) FROM leads") == [0]


@pytest.mark.parametrize(
    ("sender", "channel", "text", "expected"),
    [
        (ANNA, INBOX, "Отписка", [("email", "marketing", "word"), ("marketing", "*", "word"), "skipped"]),
        (IVAN, BOT, "unsubscribe", [("telegram", "marketing", "word"), ("marketing", "*", "word"), "skipped"]),
        (PETR, SMS, "STOP", [("phone", "", "word"), ("marketing", "sms", "word"), "skipped"]),
    ],
)
async def test_by_a_word(
    database: Database, router: Router, ask: Ask, sender: Address, channel: Any, text: str, expected: list[Any]
) -> None:
    await waiting(database, sender, channel)
    await router.route([message(channel, sender, text=text)])
    assert await outcome(ask) == expected
    answers = await ask("SELECT facts ->> 'key' FROM deliveries WHERE broadcast_id IS NULL")
    assert answers == (["unsubscribed"] if sender is IVAN else [])


async def test_a_stop_counts_for_the_last_mailing_that_went_there(database: Database, router: Router, ask: Ask) -> None:
    """A number answers nothing: without that the broadcast would not be told that it drove somebody away."""
    _, delivery = await waiting(database, PETR, "sms")
    await ask("UPDATE deliveries SET state = 'sent', sent_at = now() - interval '1 day' RETURNING 1")
    await router.route([message(SMS, PETR, text="STOP")])
    assert await ask("SELECT id FROM deliveries WHERE left_at IS NOT NULL") == [delivery]


async def test_a_stop_of_old_counts_for_nothing(database: Database, router: Router, ask: Ask) -> None:
    await waiting(database, PETR, "sms")
    await ask("UPDATE deliveries SET state = 'sent', sent_at = now() - interval '100 days' RETURNING 1")
    await router.route([message(SMS, PETR, text="STOP")])
    assert await ask("SELECT count(*) FROM deliveries WHERE left_at IS NOT NULL") == [0]


async def test_writing_again_brings_no_mailings_back(database: Database, router: Router, ask: Ask) -> None:
    """Who writes is answered; a suppression ends by that, a refusal does not."""
    await waiting(database, ANNA, "inbox")
    await router.route([message(INBOX, ANNA, text="stop")])
    await router.route([message(INBOX, ANNA, text="How much is it?")])
    assert await ask("SELECT purpose FROM opt_outs") == ["marketing"]
    assert await ask("SELECT count(*) FROM leads") == [1]


async def test_start_takes_back_what_stop_forbade_beside_mailings(database: Database, router: Router, ask: Ask) -> None:
    await waiting(database, PETR, "sms")
    await router.route([message(SMS, PETR, text="STOP")])
    await router.route([message(SMS, PETR, text="START")])
    assert await ask("SELECT count(*) FROM opt_outs") == [0]
    assert await ask("SELECT granted FROM consents ORDER BY at DESC LIMIT 1") == [False]


async def test_by_the_button_under_a_mailing(database: Database, router: Router, ask: Ask) -> None:
    _, delivery = await waiting(database, IVAN, "bot")
    await ask("UPDATE deliveries SET external_id = '80:7', state = 'sent' RETURNING 1")
    press = message(BOT, IVAN, text="", button="unsubscribe", button_id="p1", refers_to=("80:7",))
    await router.route([press, message(BOT, chat("81"), text="", button="unsubscribe", refers_to=("80:7",))])
    assert await ask("SELECT value, purpose, reason FROM opt_outs ORDER BY value") == [
        ("80", NEWS, "button"), ("81", "marketing", "button"),
    ]  # fmt: skip
    assert await ask("SELECT id FROM deliveries WHERE left_at IS NOT NULL") == [delivery]
    [toast, _] = await ask("SELECT facts FROM deliveries WHERE purpose = 'toast' ORDER BY address")
    assert toast["press"] == "p1"


def report(channel: Any, external_id: str = "", address: Address | None = None, reason: str = "") -> Report:
    return Report(
        channel=channel, external_id=external_id, kind=ReportKind.STOPPED, at=utcnow(), address=address, reason=reason
    )


async def test_by_a_complaint(database: Database, router: Router, ask: Ask) -> None:
    await waiting(database, ANNA, "inbox")
    sent = (await waiting(database, mail("b@example.org"), "inbox"))[1]
    await ask("UPDATE deliveries SET external_id = '<1@us>', state = 'sent' WHERE id = :id RETURNING 1", id=sent)
    await router.settle([report(INBOX, "<1@us>", reason=COMPLAINT)])
    assert await ask("SELECT value, purpose, reason FROM opt_outs") == [("b@example.org", "marketing", "complaint")]
    assert await ask("SELECT id, state FROM deliveries WHERE complained_at IS NOT NULL") == [(sent, "delivered")]
    assert await ask("SELECT address FROM suppressions") == ["b@example.org"]
    assert await ask("SELECT address FROM deliveries WHERE state = 'pending'") == [ANNA.value]


async def test_by_a_complaint_that_bears_our_token(database: Database, router: Router, ask: Ask) -> None:
    """The Message-ID was blacked out; a forged token, or one of another kind, is nobody's."""
    _, delivery = await waiting(database, ANNA, "inbox")
    await ask("UPDATE deliveries SET external_id = '<1@us>', state = 'sent' RETURNING 1")
    key = await key_of(database)
    for token in ("A" * 44, signed.token(key, Kind.OPEN, delivery)):
        await router.settle([report(INBOX, token, reason=COMPLAINT)])
        assert await ask("SELECT count(*) FROM opt_outs") == [0]
    token = signed.token(key, Kind.UNSUBSCRIBE, delivery)
    await router.settle([report(INBOX, token, reason=COMPLAINT)])
    assert await ask("SELECT value, purpose, reason FROM opt_outs") == [(ANNA.value, "marketing", "complaint")]
    assert await ask("SELECT id FROM deliveries WHERE complained_at IS NOT NULL") == [delivery]
    assert await ask("SELECT address FROM suppressions") == [ANNA.value]


@pytest.mark.parametrize(
    ("sent", "channel", "counts"),
    [
        ("now()", "inbox", True),
        ("now()", "other", False),
        ("now() - interval '91 days'", "inbox", False),
        (None, "inbox", False),
    ],
)
async def test_by_a_complaint_about_an_address(
    database: Database, router: Router, ask: Ask, sent: str | None, channel: str, counts: bool
) -> None:
    """Anybody can write one: it ends mailings where one went there lately, and no answers."""
    _, delivery = await waiting(database, ANNA, channel)
    if sent:
        await ask(f"UPDATE deliveries SET external_id = '<1@us>', state = 'sent', sent_at = {sent} RETURNING 1")
    await router.settle([report(INBOX, address=mail(ANNA.value, proved=False), reason=COMPLAINT)])
    assert await ask("SELECT purpose, reason FROM opt_outs") == ([("marketing", "complaint")] if counts else [])
    assert await ask("SELECT id FROM deliveries WHERE complained_at IS NOT NULL") == ([delivery] if counts else [])
    assert await ask("SELECT channel FROM consents WHERE NOT granted") == (["*"] if counts else [])
    assert await ask("SELECT count(*) FROM suppressions") == [0]


async def test_by_blocking_the_bot(database: Database, router: Router, ask: Ask) -> None:
    await waiting(database, IVAN, "bot")
    await router.settle([report(BOT, address=IVAN, reason="the user lets the bot write no more")])
    found = await outcome(ask)
    assert found == [("telegram", "marketing", "block"), ("marketing", "telegram", "block"), "skipped"]


async def test_a_block_counts_for_the_last_mailing_that_went_there(
    database: Database, router: Router, ask: Ask
) -> None:
    _, delivery = await waiting(database, IVAN, BOT)
    await ask("UPDATE deliveries SET state = 'sent', sent_at = now() - interval '1 day' RETURNING 1")
    await router.settle([report(BOT, address=IVAN, reason="the user lets the bot write no more")])
    assert await ask("SELECT id FROM deliveries WHERE left_at IS NOT NULL") == [delivery]


async def test_a_dead_address_refuses_nothing(database: Database, router: Router, ask: Ask) -> None:
    """A bounce drops what waits, but is no word of the person."""
    await waiting(database, ANNA, "inbox")
    sent = (await waiting(database, IVAN, "inbox"))[1]
    await ask(
        "UPDATE deliveries SET external_id = '<2@us>', state = 'sent', address = :a WHERE id = :id RETURNING 1",
        id=sent, a=ANNA.value,
    )  # fmt: skip
    await router.settle([report(INBOX, "<2@us>", reason="5.1.1 no such user")])
    assert await outcome(ask) == ["skipped", "failed"] or await outcome(ask) == ["failed", "skipped"]
    assert await ask("SELECT code FROM deliveries WHERE state = 'skipped'") == ["suppressed"]
