"""What one writes first: one message, one transaction, an ORM session, a query for each question.

The same rows as the router; kept to show what its batches are worth.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import registry

from domain.ids import new_id
from domain.messages import Inbound, utcnow
from store import tables


class _Row:
    """A mapped row: takes its columns by name."""

    def __init__(self, **columns: Any) -> None:
        for name, value in columns.items():
            setattr(self, name, value)


class Contact(_Row):
    """contacts"""

    id: Any


class Identity(_Row):
    """identities"""

    id: Any
    kind: Any
    value: Any
    contact_id: Any


class Lead(_Row):
    """leads"""

    id: Any
    contact_id: Any
    pipeline: Any
    state: Any
    owner_id: Any
    active_at: Any


class Message(_Row):
    """messages"""

    id: Any
    channel: Any
    external_id: Any


class Assignment(_Row):
    """assignments"""


class Delivery(_Row):
    """deliveries"""


class Event(_Row):
    """events"""


class Member(_Row):
    """staff"""

    id: Any
    channel: Any
    address: Any
    at_work: Any


_mapper = registry(metadata=tables.metadata)
for _cls, _table in (
    (Contact, tables.contacts),
    (Identity, tables.identities),
    (Lead, tables.leads),
    (Message, tables.messages),
    (Assignment, tables.assignments),
    (Delivery, tables.deliveries),
    (Event, tables.events),
    (Member, tables.staff),
):
    _mapper.map_imperatively(_cls, _table)


async def handle(session: AsyncSession, inbound: Inbound, turn: int) -> None:
    """Route one message."""
    now = utcnow()
    async with session.begin():
        same = (Message.channel == inbound.channel, Message.external_id == inbound.external_id)
        if await session.scalar(select(Message.id).where(*same)):
            return
        sender, contact = await _who(session, inbound)
        found = (Lead.contact_id == contact, Lead.pipeline == "sales", Lead.state == "open")
        lead = await session.scalar(select(Lead).where(*found).with_for_update(key_share=True))
        opened = lead is None
        if lead is None:
            lead = await _open(session, inbound, sender, contact, turn)
        else:
            lead.active_at = inbound.received_at
        message = Message(
            id=new_id(), channel=inbound.channel, external_id=inbound.external_id, direction="in", identity_id=sender,
            lead_id=lead.id, ref=inbound.ref, thread=inbound.ref, subject=inbound.subject, text=inbound.text,
            facts={"name": inbound.name}, received_at=inbound.received_at, created_at=now,
        )  # fmt: skip
        session.add(message)
        await session.flush()
        if not opened:
            await _relay(session, lead, message)
        kind = "lead.opened" if opened else "lead.message"
        session.add(
            Event(
                id=new_id(), at=now, kind=kind, actor=inbound.channel, lead_id=lead.id, message_id=message.id, data={}
            )
        )


async def _who(session: AsyncSession, inbound: Inbound) -> tuple[Any, Any]:
    keys = [(a.kind.value, a.value) for a in inbound.addresses]
    rows = await session.scalars(select(Identity).where(tuple_(Identity.kind, Identity.value).in_(keys)))
    known = {(i.kind, i.value): i for i in rows}
    contact = next((known[key].contact_id for key in keys if key in known), None)
    if contact is None:
        contact = new_id()
        session.add(Contact(id=contact, created_at=utcnow()))
        await session.flush()
    for a, key in zip(inbound.addresses, keys, strict=True):
        if key not in known:
            known[key] = Identity(
                id=new_id(), kind=key[0], value=key[1], contact_id=contact, home_id=contact, variant="",
                proved=a.proved, name=inbound.name,
                created_at=utcnow(),
            )  # fmt: skip
            session.add(known[key])
    await session.flush()
    return known[keys[0]].id, contact


async def _open(session: AsyncSession, inbound: Inbound, sender: Any, contact: Any, turn: int) -> Lead:
    now = utcnow()
    members = list(await session.scalars(select(Member).where(Member.at_work).order_by(Member.id)))
    owner = members[turn % len(members)]
    lead = Lead(
        id=new_id(), contact_id=contact, home_id=contact, opened_by=sender, pipeline="sales", state="open",
        channel=inbound.channel, owner_id=owner.id, opened_at=now, active_at=now,
    )  # fmt: skip
    session.add(lead)
    await session.flush()
    session.add(Assignment(lead_id=lead.id, assigned_at=now, staff_id=owner.id, reason="turn"))
    session.add(
        Delivery(
            id=new_id(),
            channel=owner.channel,
            address=owner.address,
            purpose="card",
            facts={},
            state="pending",
            priority=1,
            due_at=now,
            lead_id=lead.id,
            staff_id=owner.id,
            created_at=now,
        )
    )
    return lead


async def _relay(session: AsyncSession, lead: Lead, message: Message) -> None:
    owner = await session.get(Member, lead.owner_id) if lead.owner_id else None
    if owner:
        now = utcnow()
        session.add(
            Delivery(
                id=new_id(),
                channel=owner.channel,
                address=owner.address,
                purpose="relay",
                facts={},
                state="pending",
                priority=1,
                due_at=now,
                lead_id=lead.id,
                message_id=message.id,
                staff_id=owner.id,
                created_at=now,
            )
        )
