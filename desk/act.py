"""One act of one person at the desk: what he sent, who he is, what it is about, and how he is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from desk.house import House
from domain.messages import AddressKind, ChannelName, Inbound, utcnow
from notifications.texts import LANGUAGES
from store import chats, deliveries, events, messages, staff
from store.deliveries import Lane, Purpose
from store.engine import Connection
from store.staff import Member


class Topic(NamedTuple):
    """What the message that somebody points at is about."""

    lead: UUID
    message: UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One staff message within one transaction. Whatever is said or shown becomes a row in `deliveries`."""

    connection: Connection
    house: House
    message: Inbound
    sender: str
    """The Telegram id of the person."""
    member: Member | None
    """None for somebody who is not staff."""
    topic: Topic | None
    """The lead that the message answers to, if any."""
    now: datetime

    @property
    def seller(self) -> Member:
        """The member who acts. For acts that only staff come to (desk.desk)."""
        assert self.member is not None
        return self.member

    @property
    def chat(self) -> str:
        """Where he wrote, and so where he is answered."""
        return self.message.chat or self.sender

    @property
    def in_group(self) -> bool:
        """Others read along."""
        return bool(self.message.chat)

    @property
    def language(self) -> str:
        """In which he reads."""
        if self.member:
            return self.member.language
        return self.message.language if self.message.language in LANGUAGES else self.house.default_language

    @property
    def actor(self) -> str:
        """Who he is in the events."""
        return events.by_staff(self.member.id) if self.member else self.message.channel

    async def notice(self, key: str, *, lead: UUID | None = None, aside: bool = False, **facts: Any) -> None:
        """Say a line where he wrote, or `aside`, in his own chat.

        It goes with the cards, so that both come in the order in which they were asked for.
        """
        channel, chat = self.message.channel, self.chat
        if aside and self.member and self.member.channel and self.member.address:
            channel, chat = ChannelName(self.member.channel), self.member.address
        await self._add(Purpose.NOTICE, Lane.CARD, (channel, chat), {"key": key, **facts}, lead, self._reader)

    async def tell(self, member: Member, key: str, **facts: Any) -> None:
        """Say a line to a colleague in his own chat, in his language."""
        if member.channel and member.address:
            to, shown = (member.channel, member.address), {"key": key, "language": member.language, **facts}
            await self._add(Purpose.NOTICE, Lane.CARD, to, shown, None, member.id)

    async def toast(self, key: str, **facts: Any) -> None:
        """Answer his button press. Telegram waits for that only seconds, so it goes first."""
        shown = {"press": self.message.button_id, "key": key, **facts}
        await self._add(Purpose.TOAST, Lane.ANSWER, (self.message.channel, self.sender), shown, None, self._reader)

    @property
    def _reader(self) -> UUID | None:
        return self.member.id if self.member else None

    async def _add(
        self,
        purpose: Purpose,
        lane: Lane,
        to: tuple[str, str],
        facts: dict[str, Any],
        lead: UUID | None,
        reader: UUID | None,
    ) -> None:
        row = deliveries.row(
            purpose,
            lane,
            channel=to[0],
            address=to[1],
            at=self.now,
            facts=msgspec.json.encode({"language": self.language, **facts}).decode(),
            lead=lead,
            staff=reader,
        )
        await deliveries.add(self.connection, [row])

    async def record(self, kind: str, *, lead: UUID | None = None, message: UUID | None = None, **data: Any) -> None:
        """Write down what he did."""
        await events.record(self.connection, kind, at=self.now, actor=self.actor, lead=lead, message=message, **data)


async def begin(connection: Connection, house: House, message: Inbound) -> Act | None:
    """Find out who sent it and what it is about. None when the channel does not vouch for a Telegram id."""
    vouched = (a.value for a in message.addresses if a.kind is AddressKind.TELEGRAM and a.proved)
    sender = next(vouched, None)
    if sender is None:
        return None
    return Act(
        connection=connection,
        house=house,
        message=message,
        sender=sender,
        member=await staff.by_address(connection, sender),
        topic=await _topic(connection, message),
        now=utcnow(),
    )


async def _topic(connection: Connection, message: Inbound) -> Topic | None:
    """Something that we sent about a lead, or one of the seller's own answers."""
    if not message.refers_to:
        return None
    shown = await chats.pointed_at(connection, message.channel, message.refers_to)
    if shown and shown.lead:
        return Topic(shown.lead, shown.message)
    answer = await messages.answered_by(connection, message.channel, message.refers_to)
    return Topic(answer[1], answer[0]) if answer else None
