"""From an SMS to Telegram, by the link in the automatic answer; and the page that the answer leads to."""

from __future__ import annotations

import re

import httpx2

from tests.e2e.wire import Wire, eventually, until


async def test_a_customer_goes_on_in_telegram_and_is_one_person_with_one_lead(wire: Wire) -> None:
    await wire.hire()
    stage, petr = wire.stage, wire.stage.customers[0]
    await until(wire.built.bot, "the bot's name")
    await stage.exchange.phone_says(petr.phone, stage.number, "How much is a table?")
    card = await wire.card("How much is a table?")
    greeting = await until(
        lambda: next((m.body for m in stage.exchange.messages(petr.phone) if "/t/" in m.body), ""), "the greeting"
    )
    page, chat = re.findall(r"https?://\S+", greeting)
    assert chat.startswith(f"https://t.me/{wire.built.bot()}?start=")
    async with httpx2.AsyncClient() as browser:
        before = await browser.get(page)
        assert (before.status_code, "<strong>Received</strong>" in before.text) == (200, True)
        wire.press(card, "Take")
        await wire.shown(card, ", taken")
        assert "<strong>In work</strong>" in (await browser.get(page)).text
        stage.world.say(petr.chat, petr.user, f"/start {chat.partition('=')[2]}")
        await eventually(lambda: wire.ask("SELECT 1 FROM messages WHERE channel = 'bot'"), "the message in Telegram")
        assert await wire.ask("SELECT count(DISTINCT contact_id), count(*) FROM identities") == [(1, 2)]
        assert await wire.ask("SELECT count(*) FROM leads") == [1]
        assert page.rpartition("/")[2] not in str(await wire.ask("SELECT text, CAST(facts AS text) FROM messages"))
        await until(lambda: wire.said(card.chat, "/start #1"), "the further message under the card")
