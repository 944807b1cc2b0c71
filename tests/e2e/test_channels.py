"""For each channel: the customer writes, a seller has the card, answers there, and the customer has the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from pathlib import Path

import aiosmtplib
import httpx2
import pytest

from app.servers import Urls
from simulator.mail.letters import Letter
from simulator.stage import Stage
from simulator.telegram.model import Upload
from tests.counterparts.counterparts import Dovecot, MailboxUser, Postfix, free_ports
from tests.e2e.conftest import run_wire
from tests.e2e.wire import Wire, document, eventually, secret, until


async def test_telegram(wire: Wire) -> None:
    await wire.hire()
    world, anna = wire.stage.world, wire.stage.customers[0]
    world.say(anna.chat, anna.user, "How much is an oak kitchen?")
    card = await wire.card("oak kitchen")
    assert anna.user.first_name in card.text
    wire.press(card, "Take")
    await wire.shown(card, ", taken")
    wire.reply(card, "From 2,900. Shall we measure?")
    await until(lambda: wire.said(anna.chat, "Shall we measure?"), "the answer in Telegram")
    await wire.shown(card, "Shall we measure?")
    await wire.shown(card, "✓")
    world.say(anna.chat, anna.user, "Yes, on Friday.")
    await wire.shown(card, "on Friday")
    relayed = await until(
        lambda: next((m for m in world.messages(card.chat) if m.reply_to and "on Friday" in m.text), None),
        "the further message under the card",
    )
    assert relayed.reply_to and relayed.reply_to.id == card.id
    wire.reply(relayed, "Friday at ten it is.")
    await until(lambda: wire.said(anna.chat, "at ten"), "the second answer")
    assert await wire.ask("SELECT count(*) FROM leads") == [1]


async def test_photos_go_both_ways(wire: Wire) -> None:
    await wire.hire()
    world, anna = wire.stage.world, wire.stage.customers[0]
    png = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de")
    world.say(anna.chat, anna.user, "This corner", photo=Upload(data=png, name="corner.png"))
    card = await wire.card("This corner")
    relayed = await until(
        lambda: next((m for m in world.messages(card.chat) if m.content.media), None), "the photo in the seller's chat"
    )
    wire.reply(relayed, "Like this", document=Upload(data=b"%PDF-1.4 plan", name="plan.pdf"))
    got = await until(
        lambda: next((m for m in world.messages(anna.chat) if m.sender.is_bot and m.content.media), None),
        "the plan at the customer's",
    )
    assert got.content.media


async def test_sms(wire: Wire) -> None:
    await wire.hire()
    stage, petr = wire.stage, wire.stage.customers[1]
    await stage.exchange.phone_says(petr.phone, stage.number, "Сколько стоит стол?")
    card = await wire.card("Сколько стоит стол?")
    assert "900 000" in card.text or petr.phone in card.text
    wire.reply(card, "Стол стоит 30 000 рублей.")
    await until(lambda: [m for m in stage.exchange.messages(petr.phone) if "30 000" in m.body], "the answer by SMS")
    await wire.shown(card, "✓✓")


async def test_the_form_and_the_answer_by_mail(wire: Wire) -> None:
    await wire.hire()
    emma = wire.stage.customers[0]
    fields = {"name": "Emma", "email": emma.address, "message": "A wardrobe, please", "utm_source": "ad"}
    async with httpx2.AsyncClient() as browser:
        answer = await browser.post(f"{wire.url}/in/site", json=fields, headers={"Idempotency-Key": "k-1"})
        again = await browser.post(f"{wire.url}/in/site", json=fields, headers={"Idempotency-Key": "k-1"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["receipt"] == again.json()["receipt"]
    card = await wire.card("A wardrobe")
    wire.reply(card, "Which size?")
    letters = await eventually(lambda: _letters(wire.stage, emma.address, "Which size?"), "the answer by mail")
    assert letters
    assert await wire.ask("SELECT count(*) FROM messages WHERE direction = 'in'") == [1]
    assert await wire.ask("SELECT external_id FROM messages WHERE direction = 'in'") == [answer.json()["receipt"]]


async def test_mail_in_the_simulator(wire: Wire) -> None:
    await wire.hire()
    emma, stage = wire.stage.customers[0], wire.stage
    await stage.office.write(emma.address, to=stage.mail.address, subject="Oak table", text="What does it cost?")
    card = await wire.card("What does it cost?")
    wire.reply(card, "600, delivered.")
    [letter] = await eventually(lambda: _letters(stage, emma.address, "600, delivered"), "the answer by mail")
    assert letter.subject == "Re: Oak table"
    assert letter.references


async def _letters(stage: Stage, address: str, part: str) -> list[Letter]:
    return [letter for letter in await stage.office.messages(address) if part in letter.text]


Posted = tuple[Wire, MailboxUser]


@pytest.fixture
async def posted(
    stage: Stage, database_url: str, redis_url: str, tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> AsyncIterator[Posted]:
    """The wire with Dovecot and Postfix for its mail."""
    [port] = free_ports(1)
    box = dovecot.mailbox("sales")
    box.deliver()
    login = {"user": box.user, "password": secret(tmp_path, "mail", box.password), "ca_file": str(dovecot.ca)}
    mail = {
        "kind": "email",
        "address": box.user,
        "imap": {"host": "localhost", "port": dovecot.imaps_port, "file_to": "Done", **login},
        "smtp": {"host": "localhost", "port": postfix.submission_port, "security": "starttls", **login},
    }
    async for opened in run_wire(stage, document(stage, tmp_path, port, mail), Urls(database_url, redis_url)):
        yield opened, box


async def test_mail_by_dovecot_and_postfix(posted: Posted, dovecot: Dovecot, postfix: Postfix) -> None:
    wire, shop = posted
    await wire.hire()
    customer = dovecot.mailbox("anna")
    letter = (
        f"From: =?utf-8?b?0JDQvdC90LA=?= <{customer.user}>\r\nTo: {shop.user}\r\nSubject: =?koi8-r?b?89TPzA==?=\r\n"
        "Message-ID: <first@client.test>\r\nContent-Type: text/plain; charset=koi8-r\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
    ).encode() + "Сколько стоит стол?".encode("koi8-r")
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=postfix.smtp_port, start_tls=False) as client:
        await client.sendmail(customer.user, [shop.user], letter)
    card = await wire.card("Сколько стоит стол?")
    assert "Анна" in card.text
    wire.press(card, "Take")
    await wire.shown(card, ", taken")
    wire.reply(card, "Тридцать тысяч.")
    await until(lambda: len(customer.mails()) == 2, "the greeting and the answer in the customer's mailbox")
    got = [message_from_bytes(raw, policy=policy.default) for raw in customer.mails()]
    greeting, parsed = sorted(got, key=lambda mail: "Auto-Submitted" not in mail)
    assert greeting["Auto-Submitted"] == "auto-replied"
    assert "Auto-Submitted" not in parsed
    assert parsed["In-Reply-To"] == "<first@client.test>"
    assert parsed["Subject"] == "Re: Стол"
    body = parsed.get_body(("plain",))
    assert body and "Тридцать тысяч." in body.get_content()
    assert await asyncio.to_thread(lambda: shop.mails("Done"))
