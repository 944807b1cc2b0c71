"""A mailing on its whole way: sent over three channels, read, followed, answered, and left."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import httpx2

from app.mailing import rules_of
from broadcasts import lifecycle
from domain.ids import new_id
from domain.messages import utcnow
from people import consent
from people.consent import Word
from simulator.mail.letters import Letter
from store import contacts
from tests.e2e.test_channels import _letters
from tests.e2e.wire import Wire, eventually, until

READER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
CONTENT: dict[str, Any] = {
    "subject": "Apples are ripe",
    "blocks": [
        {"type": "text", "text": "Come and pick **apples**."},
        {"type": "button", "text": "The orchard", "url": "https://orchard.example/pick"},
        {"type": "footer", "text": "You asked for our news."},
    ],
    "variants": {"sms": {"text": "Come and pick apples. STOP ends this."}},
}


async def _people(wire: Wire) -> None:
    """One reads mail, one Telegram, one SMS; all agreed to news. Nobody knows that the last two are one."""
    emma, petr = wire.stage.customers[:2]
    now, cards = utcnow(), [new_id() for _ in range(3)]
    addresses = [("email", emma.address), ("telegram", str(petr.user.id)), ("phone", petr.phone)]
    rows = [(new_id(), *address, "", c, c, True, None, now) for c, address in zip(cards, addresses, strict=True)]
    async with wire.built.database.begin() as connection:
        await contacts.add(connection, [(card, now) for card in cards], rows)
        await consent.grant(connection, [Word(card=c, purpose="marketing", text="Yes") for c in cards], source="test")


async def _send(wire: Wire) -> UUID:
    plan: dict[str, Any] = {
        "audience": {"all": []},
        "steps": [{"channel": name, "until": "sent"} for name in ("inbox", "bot", "sms")],
        "quiet": None,
    }
    rules = rules_of(wire.built.settings)
    async with wire.built.database.begin() as connection:
        made = await lifecycle.create(connection, rules, name="Apples", plan=plan, content=CONTENT, actor="staff:1")
        await lifecycle.schedule(connection, rules, made.id, None, actor="staff:1")
    await eventually(lambda: _finished(wire, made.id), "the end of the mailing")
    return made.id


async def _finished(wire: Wire, broadcast: UUID) -> bool:
    return await wire.ask("SELECT state FROM broadcasts WHERE id = :id", id=broadcast) == ["finished"]


async def _mails(wire: Wire, count: int) -> list[Letter]:
    emma = wire.stage.customers[0]

    async def there() -> list[Letter] | None:
        found = await _letters(wire.stage, emma.address, "apples")
        return found if len(found) >= count else None

    return await eventually(there, f"{count} letters")


async def test_a_mailing_is_sent_followed_answered_and_left(wire: Wire) -> None:
    await wire.hire()
    await _people(wire)
    emma, petr = wire.stage.customers[:2]
    await _send(wire)
    [letter] = await _mails(wire, 1)
    await until(lambda: wire.said(petr.chat, "apples"), "the mailing in Telegram")
    texts = [message.body for message in wire.stage.exchange.messages(petr.phone)]
    assert texts == ["Come and pick apples. STOP ends this."]

    await wire.ask(
        "UPDATE deliveries SET sent_at = sent_at - interval '1 minute' WHERE broadcast_id IS NOT NULL RETURNING 1"
    )
    [click] = set(re.findall(r"http://\S+/c/[\w-]+", letter.text))
    [leave] = set(re.findall(r"http://\S+/u/[\w-]+", letter.text))
    async with httpx2.AsyncClient(headers=READER) as browser:
        followed = await browser.get(click)
        assert followed.headers["location"] == "https://orchard.example/pick"
        await eventually(lambda: _clicked(wire), "the click in the ledger")

        await wire.stage.office.write(
            emma.address, wire.stage.mail.address, "Re: x", "How much a kilo?", answers=letter
        )
        card = await wire.card("How much a kilo?")
        await wire.shown(card, "Apples")

        assert (await browser.get(leave)).status_code == 200
        assert await wire.ask("SELECT count(*) FROM opt_outs") == [0]
        left = await browser.post(leave, data={"List-Unsubscribe": "One-Click"})
        assert left.status_code == 200
    again = await _send(wire)
    rows = await wire.ask("SELECT address, state, code FROM deliveries WHERE broadcast_id = :id", id=again)
    assert (emma.address, "skipped", "withdrawn") in rows
    assert len(await _mails(wire, 1)) == 1


async def _clicked(wire: Wire) -> bool:
    return await wire.ask("SELECT count(*) FROM deliveries WHERE clicked_at IS NOT NULL") == [1]
