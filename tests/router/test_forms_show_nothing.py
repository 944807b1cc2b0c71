"""No sequence of forms shows a stranger anything of somebody who is known: whatever goes out is rendered and read.

He also opens the page of each of his requests, opens the bot by its link and by the links that he is sent, and reads
what comes there. The known one reads her mail, but presses nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx2
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from desk import Desk
from domain.links import digest, new_token
from domain.messages import Address, AddressKind, ChannelName, Inbound, Outbound, utcnow
from notifications.handover import HandOver
from notifications.render import Renderer
from notifications.texts import say
from people.matcher import Matcher
from portal import tracking
from portal.routes import portal
from router.route import Router
from router.rules import Intake, Rules
from store import deliveries, staff
from store.deliveries import Delivery
from store.engine import Database
from tests.router.following import started
from tests.router.people import BOT, FORM, INBOX, SMS, filled, mail, message, phone

SECRET = "Zyxwvut"
VICTIM, PHONE = mail("victim@example.org"), phone("+79160000001")
HIS_MAIL, HIS_PHONE, HIS_CHAT = mail("stranger@example.net"), phone("+79990000009"), "666"
HIS = (HIS_MAIL.value, HIS_PHONE.value, HIS_CHAT)
WEB = "https://leads.example.com"
KINDS: Mapping[ChannelName, str] = {BOT: "telegram", INBOX: "email", SMS: "sms", FORM: "form"}
BY = {AddressKind.EMAIL: INBOX, AddressKind.PHONE: SMS}
RULES = Rules(
    intakes={
        INBOX: Intake(greet=True, answer_by={AddressKind.EMAIL: INBOX}),
        SMS: Intake(greet=True, answer_by={AddressKind.PHONE: SMS}),
        FORM: Intake(greet=True, answer_by=BY),
        BOT: Intake(greet=True, answer_by={AddressKind.TELEGRAM: BOT}),
    }
)
_ADDRESSES = st.lists(st.sampled_from([VICTIM, PHONE, HIS_MAIL, HIS_PHONE]), min_size=1, max_size=4, unique=True)
_NAMES = st.sampled_from(["", f"{SECRET} Petrova", "Eve Stranger", "В. Петров"])
_FORMS = st.lists(st.tuples(_ADDRESSES, _NAMES, st.booleans(), st.booleans()), min_size=1, max_size=5)
Form = tuple[list[Address], str, bool, bool]
"""What is typed: addresses and a name; whether the seller answers, and whether the stranger opens the bot."""


class Place:
    """One installation: a victim who has written, and a stranger who fills in forms."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.router = Router(self.database, RULES)
        routes = {FORM: (INBOX, SMS), BOT: (BOT,)}
        self.desk = Desk(
            self.database, company="Orchard", default_language="en", teams={}, reply_routes=routes, kinds=KINDS
        )
        links = HandOver(database=self.database, public_url=WEB, bot=lambda: "orchard_bot")
        self.renderer = Renderer(database=self.database, kinds=KINDS, say=say, read_file=self._no_file, hand_over=links)
        self.place = tracking.Place(database=self.database, kinds=KINDS, zone=ZoneInfo("UTC"))
        self.tokens: list[str] = []
        self.number = 0

    async def _no_file(self, key: str) -> bytes:
        raise FileNotFoundError(key)

    async def play(self, forms: list[Form]) -> None:
        """The victim's letters, then the forms; the seller answers whatever he is told to."""
        await self._empty()
        self.tokens.clear()
        seller = await self._hire()
        words = {"text": f"My {SECRET} order", "name": f"{SECRET} Petrova", "subject": f"{SECRET} 77"}
        known = message(INBOX, VICTIM, PHONE, ref=f"<{SECRET}@example.org>", **words)
        [first] = await self.router.route([known])
        await self._answer(seller, first.lead, f"Dear {SECRET}")
        await self._sent()
        for addresses, name, is_answered, opens in forms:
            self.tokens.append(new_token())
            typed = filled(*addresses, name=name, text="what did I order?", link=digest(self.tokens[-1]))
            [outcome] = await self.router.route([typed])
            if is_answered:
                if outcome.lead != first.lead:
                    await self._answer(seller, outcome.lead, "Thank you for asking")
                await self._answer(seller, first.lead, f"Dear {SECRET}")
            await self._go_on(seller, opens=opens, first=first.lead)

    async def _go_on(self, seller: str, *, opens: bool, first: UUID | None) -> None:
        """He opens the bot by what he has, and asks there; the seller answers him there, and then her."""
        await Matcher(self.database, joins=True).look()
        await self._read()
        for token in self.tokens if opens else ():
            [outcome] = await self.router.route([started(HIS_CHAT, token, name="Eve")])
            assert outcome.lead != first, "he writes in her lead"
            await self._answer(seller, outcome.lead, "Yes?")
        await self._answer(seller, first, f"Dear {SECRET}")
        await self._read()
        await self._look()

    async def _read(self) -> None:
        for delivery in await self._due():
            if delivery.address in HIS:
                shown = _all_of(await self.renderer.render(delivery))
                assert SECRET not in shown, f"{delivery.purpose} to a stranger: {shown}"
                self.tokens += re.findall(rf"{WEB}/t/(\S+)", shown)
        await self._sent()

    async def _look(self) -> None:
        """He opens the pages, and presses what is there."""
        app: Any = portal({}, _nowhere, tracking=tracking.Tracking(self.place))
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=WEB) as browser:
            for token in self.tokens:
                await browser.post(f"/t/{token}")
                page = await browser.get(f"/t/{token}")
                assert page.status_code == 200
                assert not any(word in page.text for word in (SECRET, VICTIM.value, PHONE.value)), page.text

    async def _answer(self, seller: str, lead: UUID | None, words: str) -> None:
        """He replies to the lead's card."""
        self.number += 1
        async with self.database.begin() as connection:
            sql = text(
                """UPDATE deliveries SET external_id = 'card:' || id, state = 'sent'
                   WHERE purpose = 'card' AND lead_id = :lead RETURNING external_id"""
            )
            card = (await connection.execute(sql, {"lead": lead})).scalars().first()
        if card:
            me = Address(kind=AddressKind.TELEGRAM, value=seller, proved=True)
            said = Inbound(
                channel=BOT, external_id=f"say-{self.number}", addresses=(me,), received_at=utcnow(), text=words,
                ref=f"{seller}:{self.number}", refers_to=(card,),
            )  # fmt: skip
            await self.desk.act(said)

    async def _due(self) -> list[Delivery]:
        async with self.database.begin() as connection:
            sql = text("SELECT id FROM deliveries WHERE state = 'pending' AND purpose IN ('greeting', 'reply')")
            ids = set((await connection.execute(sql)).scalars())
            due = await deliveries.claim(connection, KINDS, 1000, utcnow() - utcnow())
        return [delivery for delivery in due if delivery.id in ids]

    async def _sent(self) -> None:
        async with self.database.begin() as connection:
            sql = "UPDATE deliveries SET state = 'sent', external_id = coalesce(external_id, '<x' || id || '@us>')"
            await connection.execute(text(sql))

    async def _hire(self) -> str:
        async with self.database.begin() as connection:
            member = await staff.add(connection, "Olga", "sales", "en", utcnow())
            sql = text("UPDATE staff SET at_work = true, channel = 'bot', address = '71' WHERE id = :id")
            await connection.execute(sql, {"id": member.id})
        return "71"

    async def _empty(self) -> None:
        async with self.database.begin() as connection:
            tables = "contacts, identities, claims, leads, messages, deliveries, events, staff, assignments, traits"
            await connection.execute(text(f"TRUNCATE {tables}, suggestions, merges, shared_addresses, links"))


async def _nowhere(event: object) -> None:
    raise AssertionError(event)


def _all_of(outbound: Outbound) -> str:
    parts: list[Any] = [outbound.text, outbound.html, outbound.subject, *outbound.reply_to]
    return " ".join(str(part) for part in parts if part)


def test_no_sequence_of_forms_shows_a_stranger_anything(database_url: str) -> None:
    with asyncio.Runner() as runner:
        place = Place(database_url)

        @settings(max_examples=25, deadline=None)
        @given(_FORMS)
        def hold(forms: list[Form]) -> None:
            runner.run(place.play(forms))

        try:
            hold()
        finally:
            runner.run(place.database.aclose())
