"""A small installation on a real database: the router makes the leads, the desk acts, a stand-in for the sender
only writes down that things went out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from desk import Desk, TeamChat
from domain.messages import Address, AddressKind, ChannelName, DeliveryState, File, Inbound, utcnow
from notifications.texts import LANGUAGES, say
from router.route import Router
from router.rules import Chat, Intake, Rules
from store import deliveries, leads, staff
from store.deliveries import Verdict
from store.engine import Database
from store.leads import Lead
from store.staff import Member

BOT, MAIL, SITE, SMS = (ChannelName(n) for n in ("bot", "mail", "site", "sms"))
KINDS = {BOT: "telegram", MAIL: "email", SITE: "form", SMS: "sms"}
GROUP = "-100200"


class Row(NamedTuple):
    """One delivery."""

    id: UUID
    purpose: str
    channel: str
    address: str
    facts: Mapping[str, Any]
    lead: UUID | None
    message: UUID | None
    staff: UUID | None
    state: str

    @property
    def key(self) -> str:
        return str(self.facts.get("key", ""))


class World:
    """What the tests do and see."""

    def __init__(
        self, database: Database, *, team_chat: bool = True, routes: Sequence[ChannelName] = (SMS, MAIL)
    ) -> None:
        self.database = database
        teams = {"sales": TeamChat(channel=BOT, address=GROUP)} if team_chat else {}
        self.desk = Desk(
            database,
            company="Romashka & Co",
            default_language="ru",
            teams=teams,
            reply_routes={SITE: routes},
            kinds=KINDS,
        )
        chats = {name: Chat(chat.channel, chat.address) for name, chat in teams.items()}
        self.router = Router(
            database, Rules(intakes={ChannelName("support-mail"): Intake(pipeline="support")}, team_chats=chats)
        )
        self._ids = count(1)
        self._seen: set[UUID] = set()

    async def link(self, name: str, *, team: str = "sales", language: str = "en") -> tuple[Member, str]:
        """A member of staff and his one-time link."""
        async with self.database.begin() as connection:
            member = await staff.add(connection, name, team, language, utcnow())
            return member, await staff.issue_link(connection, member.id, utcnow(), timedelta(days=1))

    async def hire(self, name: str, *, at_work: bool = True, team: str = "sales", language: str = "en") -> Member:
        """A member of staff who is linked to the chat "1001", "1002", ..."""
        _, payload = await self.link(name, team=team, language=language)
        async with self.database.begin() as connection:
            address = str(1000 + next(self._ids))
            member = await staff.redeem_link(connection, payload, BOT, address, utcnow())
            assert member
            await staff.set_at_work(connection, member.id, at_work)
        return member._replace(at_work=at_work)

    async def customer(
        self, *addresses: Address, channel: ChannelName = MAIL, words: str = "How much?", **more: Any
    ) -> UUID:
        """A customer's message, routed; its lead. The cards that it brings are out."""
        inbound = Inbound(
            channel=channel,
            external_id=f"in-{next(self._ids)}",
            addresses=addresses or (Address(kind=AddressKind.EMAIL, value="peter@example.com", proved=True),),
            received_at=utcnow(),
            text=words,
            **more,
        )
        (outcome,) = await self.router.route([inbound])
        assert outcome.lead
        await self.send_all()
        return outcome.lead

    async def waiting(self, number: int) -> list[UUID]:
        """So many leads, each of another customer."""
        customers = [Address(kind=AddressKind.EMAIL, value=f"c{n}@example.com", proved=True) for n in range(number)]
        return [await self.customer(customer) for customer in customers]

    def message(self, sender: Member | str, words: str = "", **more: Any) -> Inbound:
        """Something that a person writes to the bot."""
        number = next(self._ids)
        address = sender if isinstance(sender, str) else sender.address or ""
        return Inbound(**{
            "channel": BOT,
            "external_id": f"update-{number}",
            "ref": f"{more.get('chat') or address}:{number}",
            "addresses": (Address(kind=AddressKind.TELEGRAM, value=address, proved=True),),
            "received_at": utcnow(),
            "text": words,
            **more,
        })  # fmt: skip

    async def press(self, sender: Member | str, button: str, lead: UUID | str, **more: Any) -> list[Row]:
        """Press a button; what that leads to."""
        data = f"{button}:{lead.hex if isinstance(lead, UUID) else lead}"
        return await self.act(self.message(sender, button=data, button_id="press-1", **more))

    async def say(self, sender: Member | str, words: str = "", **more: Any) -> list[Row]:
        """Write something; what that leads to."""
        return await self.act(self.message(sender, words, **more))

    async def act(self, message: Inbound) -> list[Row]:
        """The desk acts twice on each message, as a bus may have it; the deliveries that are new."""
        await self.desk.act(message)
        new = await self.new()
        await self.desk.act(message)
        assert await self.new() == []
        return new

    async def new(self) -> list[Row]:
        """The deliveries since the last call, in the order in which they would go out; all texts can be said."""
        async with self.database.begin() as connection:
            found = await connection.execute(_ALL)
            rows = [Row(*r) for r in found if r.id not in self._seen]
        self._seen.update(row.id for row in rows)
        for row in rows:
            assert not row.key or all(say(row.key, language, **row.facts) for language in LANGUAGES)
        return rows

    async def send_all(self) -> None:
        """Whatever is pending goes out, each under the external id "ADDRESS:ID"."""
        async with self.database.begin() as connection:
            claimed = await deliveries.claim(connection, KINDS, 1000, timedelta(minutes=1))
            verdicts = [
                Verdict(id=d.id, state=DeliveryState.SENT, external_id=f"{d.address}:{d.id.hex}") for d in claimed
            ]
            await deliveries.settle(connection, verdicts, utcnow())
        await self.new()

    async def card(self, lead: UUID, address: str | None) -> str:
        """The external id of the lead's card in that chat."""
        return await self.shown(lead, address, "card")

    async def shown(self, lead: UUID, address: str | None, purpose: str) -> str:
        """The external id of the last such delivery in that chat."""
        async with self.database.begin() as connection:
            values = {"lead": lead, "address": address, "purpose": purpose}
            return str(await connection.scalar(_SHOWN, values))

    async def lead(self, lead: UUID) -> Lead:
        async with self.database.begin() as connection:
            found = await leads.get(connection, lead)
        assert found
        return found

    async def give(self, lead: UUID, to: Member | None) -> None:
        """Make it offered to him."""
        async with self.database.begin() as connection:
            await leads.hand_over(connection, lead, to.id if to else None, "turn", utcnow())

    async def rows(self, query: str, **values: Any) -> list[Any]:
        """Look at the tables themselves."""
        async with self.database.begin() as connection:
            return list(await connection.execute(text(query), values))

    async def events(self, lead: UUID | None = None) -> list[str]:
        """The kinds of what staff did."""
        found = await self.rows(
            """SELECT kind FROM events WHERE actor LIKE 'staff:%' AND kind <> 'staff.message'
               AND lead_id IS NOT DISTINCT FROM :lead ORDER BY at, id""",
            lead=lead,
        )
        return [row.kind for row in found]


def gist(rows: Sequence[Row]) -> set[tuple[str, str, str]]:
    """(purpose, address, key) of each."""
    return {(row.purpose, row.address, row.key) for row in rows}


def telegram(value: str) -> Address:
    return Address(kind=AddressKind.TELEGRAM, value=value, proved=True)


def claimed(kind: AddressKind, value: str) -> Address:
    return Address(kind=kind, value=value)


FILE = File(name="price.pdf", type="application/pdf", size=9, key="ab" * 32)

_ALL = text(
    """SELECT id, purpose, channel, address, facts, lead_id, message_id, staff_id, state FROM deliveries
       ORDER BY priority, due_at, id"""
)
_SHOWN = text(
    """SELECT external_id FROM deliveries WHERE lead_id = :lead AND address = :address AND purpose = :purpose
       ORDER BY created_at DESC LIMIT 1"""
)
