"""The conversation in which a delivery stands."""

from __future__ import annotations

from uuid import UUID

from notifications.verdict import Skip
from store import messages
from store.deliveries import Delivery
from store.engine import Connection
from store.messages import Message


async def message_of(connection: Connection, delivery: Delivery) -> Message:
    """The message that it is about. Raises Skip when that is gone."""
    message = await messages.get(connection, delivery.message) if delivery.message else None
    if message is None:
        raise Skip("the message is gone")
    return message


def answered_id(message: Message) -> UUID | None:
    """The message that a member of staff answered, as the desk wrote it down."""
    try:
        return UUID(str(message.facts.get("answers")))
    except ValueError:
        return None


async def refs(connection: Connection, delivery: Delivery, message: Message, answered: UUID | None) -> list[str]:
    """The answered message's ref first, then those of the thread, the newest first."""
    asked = await messages.get(connection, answered) if answered else None
    first = [asked.ref] if asked and asked.ref and asked.channel == delivery.channel else []
    if message.lead is None:
        return first
    return first + await messages.refs_of_thread(connection, message.lead, message.thread)
