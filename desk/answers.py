"""A seller's answer: from a reply in his chat to the customer, on the customer's own channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from desk import ownership
from desk.act import Act, Topic
from desk.ownership import Refusal
from desk.routes import Way, way_to
from domain.ids import new_id
from domain.messages import AddressKind, File
from store import chats, deliveries, leads, messages, suppressions
from store.bulk import Row
from store.deliveries import Lane, Purpose
from store.leads import Lead, Reach
from store.messages import Message


async def answer(act: Act, topic: Topic) -> bool:
    """Send it, or say why it was not sent. A free lead is taken by answering it. Whether it is on its way."""
    lead = await leads.get(act.connection, topic.lead, lock=True)
    await ownership.turn_to(act, topic.lead)
    if lead is None:
        await act.notice("not_sent_gone")
    elif refused := ownership.refusal(lead, act.seller):
        await _refuse(act, lead, refused)
    elif await _is_sendable(act, lead):
        return await _route(act, lead, topic)
    return False


async def answer_after_press(act: Act, lead: UUID) -> None:
    """The same without pointing at anything, so a line says to whom it goes."""
    if await answer(act, Topic(lead, None)) and (found := await leads.get(act.connection, lead)):
        await act.notice("answer_accepted", lead=lead, number=found.number)


async def _is_sendable(act: Act, lead: Lead) -> bool:
    """A file that we could not fetch holds the text back, too: half an answer would mislead."""
    if reason := act.message.fields.get("file_error"):
        await act.notice("not_sent_file", lead=lead.id, number=lead.number, reason=reason)
    elif not (act.message.text.strip() or act.message.files):
        await act.notice("not_sent_empty", lead=lead.id, number=lead.number)
    else:
        return True
    return False


async def _route(act: Act, lead: Lead, topic: Topic) -> bool:
    answered = await _answered(act, topic)
    known = await leads.addresses(act.connection, lead.id)
    stopped = await suppressions.among(act.connection, act.house.kinds, [r.value for r in known])
    routes, kinds = act.house.reply_routes, act.house.kinds
    way = way_to(answered, known, routes, kinds, stopped) if answered else None
    if answered and way:
        return await _send(act, lead, answered, way)
    if answered and way_to(answered, known, routes, kinds):
        await _all_stopped(act, lead, known)
    else:
        await _no_way(act, lead, known)
    return False


async def _answered(act: Act, topic: Topic) -> Message | None:
    """The customer's message that was pointed at; under a card or anything else of ours, the latest one."""
    pointed = await messages.get(act.connection, topic.message) if topic.message else None
    if pointed and pointed.direction == "in":
        return pointed
    return await messages.last_from_customer(act.connection, topic.lead)


async def _send(act: Act, lead: Lead, answered: Message, way: Way) -> bool:
    message = new_id()
    if not await messages.add_new(act.connection, _row(act, message, lead, answered, way)):
        return False
    await ownership.claim(act, lead)
    await deliveries.add(act.connection, [_reply(act, message, lead, way)])
    await act.record("lead.answered", lead=lead.id, message=message, channel=way.channel)
    await chats.refresh(act.connection, [lead.id], act.now)
    return True


def _row(act: Act, message: UUID, lead: Lead, answered: Message, way: Way) -> Row:
    """The row of `messages`: its key is the seller's own message, so that it goes out once."""
    facts: dict[str, Any] = {"answers": str(answered.id)}
    if act.message.files:
        facts["files"] = [_stored(f) for f in act.message.files]
    return (
        message, act.message.channel, act.message.external_id, "out", way.identity, act.seller.id, lead.id,
        act.message.ref, answered.thread, answered.subject, act.message.text,
        msgspec.json.encode(facts).decode(), act.message.received_at, act.now,
    )  # fmt: skip


def _stored(file: File) -> dict[str, Any]:
    """A file as messages keep it: a reference."""
    return {"key": file.key, "name": file.name, "type": file.type, "size": file.size, "content_id": file.content_id}


def _reply(act: Act, message: UUID, lead: Lead, way: Way) -> Row:
    return deliveries.row(
        Purpose.REPLY,
        Lane.ANSWER,
        channel=way.channel,
        address=way.address,
        at=act.now,
        lead=lead.id,
        message=message,
        contact=lead.contact,
    )


async def _refuse(act: Act, lead: Lead, refused: Refusal) -> None:
    name, other = await ownership.owner_name(act, lead), await ownership.other_number(act, lead)
    await act.notice(REFUSED[refused], lead=lead.id, number=lead.number, name=name, other=other)


async def _all_stopped(act: Act, lead: Lead, known: Sequence[Reach]) -> None:
    """There would be ways, but the customer wants nothing by any of them."""
    phones = [r.value for r in known if r.kind == AddressKind.PHONE]
    if phones:
        await act.notice("no_route_stopped_call", lead=lead.id, number=lead.number, phone=", ".join(phones))
    else:
        addresses = [r.value for r in known]
        await act.notice("no_route_stopped", lead=lead.id, number=lead.number, addresses=addresses)


async def _no_way(act: Act, lead: Lead, known: Sequence[Reach]) -> None:
    values = [r.value for r in known]
    if not known:
        await act.notice("no_route_nothing", lead=lead.id, number=lead.number)
    elif all(r.kind == AddressKind.PHONE for r in known):
        await act.notice("no_route_phone", lead=lead.id, number=lead.number, phone=", ".join(values))
    else:
        await act.notice("no_route", lead=lead.id, number=lead.number, addresses=values)


REFUSED: Mapping[Refusal, str] = {
    Refusal.CLOSED: "not_sent_closed",
    Refusal.UNDER: "not_sent_under",
    Refusal.OTHER_TEAM: "not_sent_team",
    Refusal.TAKEN: "not_sent_taken",
    Refusal.OFFERED: "not_sent_offered",
}
