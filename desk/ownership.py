"""Whose a lead is: offer it, take it, pass it on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, auto
from uuid import UUID

from desk.act import Act
from store import chats, deliveries, leads, messages, staff
from store.cards import EXCERPT
from store.deliveries import Lane, Purpose
from store.leads import Lead
from store.staff import Member

OFFERED_AT_ONCE = 5
"""Waiting leads that one member gets when he comes to work: more would only wait in his chat instead."""

PASSED_AT_ONCE = 100


class Refusal(Enum):
    """Why a lead is not this member's to act on."""

    CLOSED = auto()
    OTHER_TEAM = auto()
    TAKEN = auto()
    OFFERED = auto()


def refusal(lead: Lead, member: Member) -> Refusal | None:
    """None when the lead is his, or free for him to take. Pure."""
    if lead.state != "open":
        return Refusal.CLOSED
    if lead.owner == member.id:
        return None
    if lead.pipeline != member.team:
        return Refusal.OTHER_TEAM
    if lead.owner is None:
        return None
    return Refusal.TAKEN if lead.taken_at else Refusal.OFFERED


def is_taken_by(lead: Lead, member: Member) -> bool:
    """He has said yes to it."""
    return lead.owner == member.id and lead.taken_at is not None


async def owner_name(act: Act, lead: Lead) -> str:
    """What the owner is called; empty when there is none."""
    return await staff.name_of(act.connection, lead.owner) if lead.owner else ""


async def claim(act: Act, lead: Lead, *, bring: bool = True) -> Refusal | None:
    """Make the lead, which is locked, the seller's unless it is already; or say why not.

    `bring`: its card comes to his own chat, where he will go on with it, unless it is there.
    """
    refused = refusal(lead, act.seller)
    if refused or is_taken_by(lead, act.seller):
        return refused
    await leads.take(act.connection, lead.id, act.seller.id, act.now)
    await act.record("lead.taken", lead=lead.id)
    if bring:
        await _show_unless_shown(act, lead, act.seller)
    await chats.refresh(act.connection, [lead.id], act.now)
    return None


async def _show_unless_shown(act: Act, lead: Lead, member: Member) -> None:
    shown = await chats.card_in(act.connection, lead.id, member.channel or "", member.address or "")
    if shown is None or shown[0] in ("failed", "skipped"):
        await show(act, lead.id, member)


async def show(act: Act, lead: UUID, member: Member, *, whole: bool = True) -> None:
    """Put the card into the member's own chat; `whole`: with what does not fit on it."""
    if not (member.channel and member.address):
        return
    beyond = await messages.too_much_for_card(act.connection, lead, EXCERPT) if whole else []
    place = (member.channel, member.address, member.id)
    await _post(act, lead, place, beyond)


async def _post(act: Act, lead: UUID, place: tuple[str, str, UUID | None], beyond: Iterable[UUID]) -> None:
    channel, address, member = place
    wanted = [(Purpose.CARD, None), *((Purpose.RELAY, message) for message in beyond)]
    rows = [
        deliveries.row(
            purpose, Lane.CARD, channel=channel, address=address, at=act.now, lead=lead, message=message, staff=member
        )
        for purpose, message in wanted
    ]
    await deliveries.add(act.connection, rows)


async def offer_waiting(act: Act) -> tuple[int, bool]:
    """Offer the leads that wait to the seller, the oldest first. How many, and whether more are waiting."""
    found = await leads.waiting(act.connection, act.seller.team, OFFERED_AT_ONCE + 1)
    for lead in found[:OFFERED_AT_ONCE]:
        await leads.hand_over(act.connection, lead.id, act.seller.id, "waited", act.now)
        await act.record("lead.offered", lead=lead.id, to=str(act.seller.id))
        await show(act, lead.id, act.seller)
    offered = [lead.id for lead in found[:OFFERED_AT_ONCE]]
    await chats.refresh(act.connection, offered, act.now)
    return len(offered), len(found) > OFFERED_AT_ONCE


def next_hand(roster: Sequence[Member], team: str, passer: UUID, offered: set[UUID]) -> Member | None:
    """Who gets a lead that `passer` passes on: the next of the team after him, in the order of the roster, who is
    at work, can be reached, and was not offered it yet. Pure.
    """
    mates = [m for m in roster if m.team == team]
    place = next((n for n, m in enumerate(mates) if m.id == passer), -1) + 1
    fit = (m for m in mates[place:] + mates[:place] if m.at_work and m.address and m.id != passer)
    return next((m for m in fit if m.id not in offered), None)


async def pass_on(act: Act, lead: Lead) -> Member | None:
    """Hand the seller's lead, which is locked, to the next one, else to the team's chat, else it waits."""
    offered = await leads.offered_to(act.connection, lead.id)
    roster = await staff.roster(act.connection)
    to = next_hand(roster, lead.pipeline, act.seller.id, offered)
    await leads.hand_over(act.connection, lead.id, to.id if to else None, "passed", act.now)
    await act.record("lead.passed", lead=lead.id, to=str(to.id) if to else "")
    if to:
        await show(act, lead.id, to)
    elif team := act.house.teams.get(lead.pipeline):
        await _post(act, lead.id, (team.channel, team.address, None), ())
    await chats.refresh(act.connection, [lead.id], act.now)
    return to


async def pass_on_untaken(act: Act) -> int:
    """The seller goes: what he was offered and has not taken goes to the others. How many leads that were."""
    mine = await leads.of_owner(act.connection, act.seller.id, PASSED_AT_ONCE)
    passed = 0
    for each in sorted(mine):
        lead = await leads.get(act.connection, each.id, lock=True) if each.taken_at is None else None
        if lead and lead.state == "open" and lead.owner == act.seller.id and lead.taken_at is None:
            await pass_on(act, lead)
            passed += 1
    return passed
