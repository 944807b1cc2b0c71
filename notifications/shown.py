"""The cards that stand in chats: the one to edit, the one to hang a message under; and what a question shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from domain.messages import DeliveryState
from notifications.review import Asked
from notifications.verdict import Later, Skip
from store import chats, reviews, staff, suggestions
from store.deliveries import Delivery
from store.engine import Connection

_MOMENT = timedelta(seconds=1)
_IN_FLIGHT = (DeliveryState.PENDING, DeliveryState.SENDING)


async def card_to_edit(connection: Connection, delivery: Delivery) -> str:
    """The provider's id of the lead's card in this chat. Raises Later while it is on its way, Skip without one."""
    if delivery.lead is None:
        raise Skip("the lead is gone")
    shown = await chats.card_in(connection, delivery.lead, delivery.channel, delivery.address)
    state, external_id = shown or ("", None)
    if state in _IN_FLIGHT:
        raise Later("its card is still on the way", _MOMENT)
    if state in (DeliveryState.FAILED, DeliveryState.SKIPPED) or not external_id:
        raise Skip("there is no card to edit")
    return external_id


async def card_ref(connection: Connection, delivery: Delivery, *, wait: bool) -> str | None:
    """The lead's card in this chat, to hang a message under. With `wait` Later while it is on its way."""
    if delivery.lead is None:
        return None
    shown = await chats.card_in(connection, delivery.lead, delivery.channel, delivery.address)
    state, external_id = shown or ("", None)
    if wait and state in _IN_FLIGHT and not external_id:
        raise Later("its card is still on the way", _MOMENT)
    return external_id


async def asked(connection: Connection, delivery: Delivery, now: datetime) -> Asked:
    """The question that this delivery shows, as it stands now. Raises Skip when there is nothing left to ask."""
    found = await suggestions.get(connection, UUID(str(delivery.facts["suggestion"])))
    sides = await reviews.sides(connection, (found.one, found.other)) if found else {}
    if found is None or len(sides) < 2:
        raise Skip("the suggestion is gone")
    if found.state != "open" and "card" not in delivery.facts:
        raise Skip("it was decided before it was asked")
    who = await _who(connection, found.decided_by or "")
    put_off = found.state == "open" and found.due_at > now
    return Asked(suggestion=found, one=sides[found.one], other=sides[found.other], decided_by=who, is_put_off=put_off)


async def _who(connection: Connection, actor: str) -> str:
    kind, _, who = actor.partition(":")
    return await staff.name_of(connection, UUID(who)) if kind == "staff" else actor
