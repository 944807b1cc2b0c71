"""People with addresses, receipts and queued mailings, for the tests of consent."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from domain.ids import new_id
from domain.messages import utcnow
from people import consent
from people.consent import Word
from store import contacts
from store.engine import Connection

NEWS = "news"


async def proved(connection: Connection, *addresses: tuple[str, str], name: str = "Anna") -> UUID:
    """A card with these (kind, value), as if the person had written from each of them."""
    card, now = new_id(), utcnow()
    rows = [(new_id(), kind, value, "", card, card, True, name, now) for kind, value in addresses]
    await contacts.add(connection, [(card, now)], rows)
    return card


async def agreed(connection: Connection, card: UUID, purpose: str = "marketing", channel: str = "") -> None:
    """The person has said yes."""
    word = Word(card=card, purpose=purpose, channel=channel, text="I agree", version="1")
    await consent.grant(connection, [word], source="site")


async def queued(
    connection: Connection, card: UUID, address: str, *, channel: str = "news", purpose: str = "marketing"
) -> UUID:
    """A recipient of a running broadcast, waiting; the delivery's id."""
    broadcast, delivery = new_id(), new_id()
    await connection.execute(
        text(
            """INSERT INTO broadcasts (id, name, state, plan, content, created_at, created_by)
               VALUES (:id, 'Autumn', 'running', jsonb_build_object('purpose', CAST(:purpose AS text)), '{}', now(),
                 'staff:1')"""
        ),
        {"id": broadcast, "purpose": purpose},
    )
    await connection.execute(
        text(
            """INSERT INTO deliveries (id, channel, address, purpose, facts, priority, due_at, contact_id,
                 broadcast_id, created_at)
               VALUES (:id, :channel, :address, 'broadcast', '{}', 3, now(), :card, :broadcast, now())"""
        ),
        {"id": delivery, "channel": channel, "address": address, "card": card, "broadcast": broadcast},
    )
    return delivery
