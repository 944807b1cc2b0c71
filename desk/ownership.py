"""Whose a lead is: offer it, take it, pass it on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
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

ANSWER_AWAITED = timedelta(minutes=10)
"""How long after he pressed Reply a seller's text is taken for the answer."""


class Refusal(Enum):
    """Why a lead is not this member's to act on."""

    CLOSED = auto()
    UNDER = auto()
    OTHER_TEAM = auto()
    TAKEN = auto()
    OFFERED = auto()


def refusal(lead: Lead, member: Member) -> Refusal | None:
    """None when the lead is his, or free for him to take. Pure."""
    if lead.state != "open":
        return Refusal.CLOSED
    if lead.under:
        return Refusal.UNDER
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


async def other_number(act: Act, lead: Lead) -> int | None:
    """The number of the lead under which this one goes on; None when there is none."""
    other = await leads.get(act.connection, lead.under) if lead.under else None
    return other.number if other else None


async def works_here(act: Act, member: UUID | None) -> bool:
    """False also for nobody."""
    return any(m.id == member for m in await staff.roster(act.connection))


async def claim(act: Act, lead: Lead, *, bring: bool = True) -> Refusal | None:
    """Make the lead, which is locked, the seller's unless it is already; or say why not.

    `bring`: its card comes to his own chat, where he will go on with it. One that is there stays, unless he took the
    lead in the team's chat: then it may be far above by now.
    """
    refused = refusal(lead, act.seller)
    if refused or is_taken_by(lead, act.seller):
        return refused
    await leads.take(act.connection, lead.id, act.seller.id, act.now)
    await act.record("lead.taken", lead=lead.id)
    if bring:
        await _bring(act, lead)
    await chats.refresh(act.connection, [lead.id], act.now)
    return None


async def _bring(act: Act, lead: Lead) -> None:
    seller = act.seller
    shown = await chats.card_in(act.connection, lead.id, seller.channel or "", seller.address or "")
    is_there = shown is not None and shown[0] not in ("failed", "skipped")
    if act.in_group or not is_there:
        await show(act, lead.id, seller, whole=not is_there)


async def turn_to(act: Act, lead: UUID) -> None:
    """The seller is at this lead now: what he writes is no longer the answer to another one."""
    if (before := await awaited(act)) and before != lead:
        await act.record("lead.reply_dropped", lead=before)


async def awaited(act: Act) -> UUID | None:
    """The lead under which the seller has just pressed Reply, if he turned to no other since."""
    since = act.now - ANSWER_AWAITED
    return await leads.asked_to_write(act.connection, act.seller.id, act.actor, since)


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


async def waiting(act: Act) -> tuple[Sequence[Lead], bool]:
    """The leads to offer to the seller now, the oldest first, locked; and whether more are waiting."""
    found = await leads.waiting(act.connection, act.seller.team, OFFERED_AT_ONCE + 1)
    return found[:OFFERED_AT_ONCE], len(found) > OFFERED_AT_ONCE


async def offer(act: Act, found: Sequence[Lead]) -> None:
    """Offer these leads, which are locked, to the seller."""
    for lead in found:
        await leads.hand_over(act.connection, lead.id, act.seller.id, "waited", act.now)
        await act.record("lead.offered", lead=lead.id, to=str(act.seller.id))
        await show(act, lead.id, act.seller)
    await chats.refresh(act.connection, [lead.id for lead in found], act.now)


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
        await act.tell(to, "passed_to_you", number=lead.number, name=act.seller.name)
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
