"""WhatsApp by Twilio: a request and its answer, and mailings within and outside of the 24 hours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.mailing import rules_of
from app.servers import Urls
from broadcasts import lifecycle
from domain.ids import new_id
from domain.messages import utcnow
from people import consent
from people.consent import Word
from simulator.stage import Stage
from simulator.telegram.model import Chat
from simulator.twilio.messages import Message
from store import contacts, fields
from tests.counterparts.counterparts import free_ports
from tests.e2e.conftest import run_wire
from tests.e2e.wire import Wire, document, eventually, until

SHOP, ANNA = "whatsapp:+15005550010", "whatsapp:+79161234567"
TEMPLATE, BACK = "HX" + "a" * 32, "HX" + "b" * 32
CONTENT: dict[str, Any] = {
    "subject": "Apples",
    "blocks": [{"type": "text", "text": "unused"}, {"type": "footer", "text": "unused"}],
    "variants": {"sms": {"text": "Apples are ripe."}},
}
TEMPLATED: dict[str, Any] = {
    **CONTENT,
    "variants": {**CONTENT["variants"], "whatsapp": {"template": TEMPLATE, "values": {"1": "{{ name }}"}}},
    "variables": {"name": "friend"},
}


@pytest.fixture
async def shop(
    stage: Stage, database_url: str, redis_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Wire]:
    """The wire with a number of WhatsApp beside its number for SMS. Its parameter: the template for late answers."""
    [port] = free_ports(1)
    table, late = document(stage, tmp_path, port), {"late_template": getattr(request, "param", "")}
    table["channels"]["wa"] = {**table["channels"]["sms"], "number": SHOP, "intake": {"greet": False}, **late}
    stage.exchange.add_number(SHOP, f"http://127.0.0.1:{port}/in/wa/message")
    stage.exchange.add_phone(ANNA, "Anna K.")
    stage.exchange.templates |= {TEMPLATE: "Dear {{1}}, apples are ripe.", BACK: "We have an answer. Write to us!"}
    async for opened in run_wire(stage, table, Urls(database_url, redis_url)):
        yield opened


def got(shop: Wire, part: str) -> list[Message]:
    return [m for m in shop.stage.exchange.messages(ANNA) if m.to == ANNA and part in m.body]


async def test_a_request_and_its_answer(shop: Wire) -> None:
    await shop.hire()
    await shop.stage.exchange.phone_says(ANNA, SHOP, "How much is a table?")
    card = await shop.card("How much is a table?")
    assert "Anna K." in card.text
    assert "WhatsApp" in card.text
    shop.reply(card, "600.")
    [answer] = await until(lambda: got(shop, "600."), "the answer in WhatsApp")
    assert (answer.sender, answer.to) == (SHOP, ANNA)
    await shop.shown(card, "👁")


async def test_an_answer_that_is_too_late_says_so(shop: Wire) -> None:
    await shop.hire()
    await shop.stage.exchange.phone_says(ANNA, SHOP, "How much is a table?")
    card = await shop.card("How much is a table?")
    shop.stage.exchange.let_window_close(ANNA, SHOP)
    shop.reply(card, "600.")
    chat = shop.stage.sellers[0].chat
    await until(lambda: shop.said(chat, "did not arrive"), "the notice to the seller")
    await shop.shown(card, "24 hours")


@pytest.mark.parametrize("shop", [BACK], indirect=True)
async def test_where_there_is_a_template_the_customer_is_asked_to_write_back(shop: Wire) -> None:
    """Once, however many answers come too late; and what he is asked for opens the window again."""
    await shop.hire()
    await shop.stage.exchange.phone_says(ANNA, SHOP, "How much is a table?")
    card = await shop.card("How much is a table?")
    shop.stage.exchange.let_window_close(ANNA, SHOP)
    chat = shop.stage.sellers[0].chat
    for number, text_ in enumerate(("600.", "Still there?"), 1):
        shop.reply(card, text_)
        await until(partial(_is_told, shop, chat, number), "the notice to the seller")
    [asked] = await until(lambda: got(shop, "Write to us"), "the template")
    assert asked.template == BACK
    await shop.stage.exchange.phone_says(ANNA, SHOP, "Well?")
    await until(lambda: shop.said(chat, "Well?"), "what the customer writes back")
    shop.reply(card, "600, as I said.")
    await until(lambda: got(shop, "600, as I said."), "the answer in WhatsApp")
    assert len(got(shop, "Write to us")) == 1


def _is_told(shop: Wire, chat: Chat, times: int) -> bool:
    said = [m for m in shop.stage.world.messages(chat) if "has been asked to write back" in m.text]
    return len(said) == times


async def test_stop_ends_mailings_there(shop: Wire) -> None:
    await _anna(shop)
    await shop.stage.exchange.phone_says(ANNA, SHOP, "STOP")
    await eventually(lambda: shop.ask("SELECT 1 FROM opt_outs"), "the opt-out")
    broadcast = await _send(shop, CONTENT)
    assert await _became(shop, broadcast) == [("skipped", "suppressed")]


async def test_a_mailing_within_the_24_hours(shop: Wire) -> None:
    await shop.stage.exchange.phone_says(ANNA, SHOP, "Hello!")
    await eventually(lambda: shop.ask("SELECT 1 FROM leads"), "the lead")
    await _agreed(shop, await shop.ask("SELECT id FROM contacts"))
    broadcast = await _send(shop, CONTENT)
    [message] = await until(lambda: got(shop, "Apples are ripe."), "the mailing")
    assert message.template == ""
    await eventually(lambda: _is(shop, broadcast, "read"), "that it was read")


async def test_a_mailing_outside_of_them_needs_a_template(shop: Wire) -> None:
    await _anna(shop)
    broadcast = await _send(shop, CONTENT)
    await eventually(lambda: _is(shop, broadcast, "failed"), "Twilio's refusal")
    [reason] = await shop.ask("SELECT reason FROM deliveries WHERE broadcast_id = :id", id=broadcast)
    assert reason == "outside of WhatsApp's 24 hours only approved templates may be sent (63016)"


async def test_a_template_goes_at_any_time(shop: Wire) -> None:
    await _anna(shop)
    broadcast = await _send(shop, TEMPLATED)
    [message] = await until(lambda: got(shop, "apples are ripe."), "the template")
    assert (message.body, message.template) == ("Dear Anna, apples are ripe.", TEMPLATE)
    await eventually(lambda: _is(shop, broadcast, "read"), "that it was read")


async def test_consent_to_sms_is_none_to_whatsapp(shop: Wire) -> None:
    await _anna(shop, channel="sms")
    assert await _became(shop, await _send(shop, CONTENT)) == [("skipped", "no_consent")]


async def _anna(shop: Wire, channel: str = "") -> None:
    """Somebody who has never written."""
    now, card = utcnow(), new_id()
    async with shop.built.database.begin() as connection:
        phone = (new_id(), "phone", ANNA.removeprefix("whatsapp:"), "", card, card, True, "Anna", now)
        await contacts.add(connection, [(card, now)], [phone])
        await fields.put(connection, [(new_id(), card, "name", "Anna", "test", now)])
        word = Word(card=card, purpose="marketing", text="Yes", channel=channel)
        await consent.grant(connection, [word], source="test")


async def _agreed(shop: Wire, cards: list[UUID]) -> None:
    async with shop.built.database.begin() as connection:
        words = [Word(card=card, purpose="marketing", text="Yes", channel="whatsapp") for card in cards]
        await consent.grant(connection, words, source="test")


async def _send(shop: Wire, content: dict[str, Any]) -> UUID:
    plan: dict[str, Any] = {"audience": {"all": []}, "steps": [{"channel": "wa", "until": "sent"}], "quiet": None}
    rules = rules_of(shop.built.settings)
    async with shop.built.database.begin() as connection:
        made = await lifecycle.create(connection, rules, name="Apples", plan=plan, content=content, actor="staff:1")
        await lifecycle.schedule(connection, rules, made.id, None, actor="staff:1")
    await eventually(lambda: _finished(shop, made.id), "the end of the mailing")
    return made.id


async def _finished(shop: Wire, broadcast: UUID) -> bool:
    return await shop.ask("SELECT state FROM broadcasts WHERE id = :id", id=broadcast) == ["finished"]


async def _is(shop: Wire, broadcast: UUID, state: str) -> bool:
    return await shop.ask("SELECT state FROM deliveries WHERE broadcast_id = :id", id=broadcast) == [state]


async def _became(shop: Wire, broadcast: UUID) -> list[Any]:
    return await shop.ask("SELECT state, code FROM deliveries WHERE broadcast_id = :id", id=broadcast)
