"""For how much a lead was won: its seller says it in his own words, behind Won, under the card, or by a command."""

from __future__ import annotations

from uuid import UUID

from desk import ownership
from desk.act import Act
from desk.closing import close
from domain import money
from domain.money import Money
from notifications.words import sum_of
from store import chats, leads
from store.leads import Lead


async def told(act: Act, lead: UUID) -> bool:
    """Whether he answers to a lead that he won: with the sum, then, and nothing of it goes to the customer."""
    found = await leads.get(act.connection, lead, lock=True)
    if found is None or found.state != "won" or found.owner != act.seller.id or act.message.files:
        return False
    if sum_ := _read(act, act.message.text):
        await _note(act, found, sum_)
    else:
        await act.notice("not_sent_won", lead=lead, number=found.number)
    return True


async def told_after_press(act: Act) -> bool:
    """The same without pointing at anything, just after Won: only what is a sum."""
    sum_, lead = _read(act, act.message.text), await _just_won(act)
    if sum_ and lead:
        await _note(act, lead, sum_)
    return bool(sum_ and lead)


async def won(act: Act) -> None:
    """/won, /won 50 000: close the lead that it answers to; with a sum, also one that is won already."""
    if (lead := await _meant(act)) is None:
        await act.notice("sum_of_which")
    elif _said(act) and not _read(act, _said(act)):
        await act.notice("not_a_sum", lead=lead.id, number=lead.number)
    elif await _win(act, lead):
        if sum_ := _read(act, _said(act)):
            await _note(act, lead, sum_)
        else:
            await act.notice("how_much", lead=lead.id, number=lead.number)


async def amount(act: Act) -> None:
    """/amount 50 000: of his lead, open or won, that it answers to."""
    if (lead := await _meant(act)) is None:
        await act.notice("sum_of_which")
    elif lead.owner != act.seller.id or lead.state not in ("open", "won"):
        await act.notice("not_changed", lead=lead.id, number=lead.number)
    elif sum_ := _read(act, _said(act)):
        await _note(act, lead, sum_)
    else:
        await act.notice("not_a_sum", lead=lead.id, number=lead.number)


async def _win(act: Act, lead: Lead) -> bool:
    """Whether it is won and his now."""
    if lead.state == "won" and lead.owner == act.seller.id:
        return True
    if await ownership.claim(act, lead, bring=False):
        await act.notice("not_changed", lead=lead.id, number=lead.number)
        return False
    await close(act, lead, "won")
    return True


async def _meant(act: Act) -> Lead | None:
    """The lead that he points at, else the one that he has just won; locked."""
    if act.topic:
        await ownership.turn_to(act, act.topic.lead)
        return await leads.get(act.connection, act.topic.lead, lock=True)
    return await _just_won(act)


async def _just_won(act: Act) -> Lead | None:
    since = act.now - ownership.ANSWER_AWAITED
    lead = await leads.just_won(act.connection, act.seller.id, act.actor, since)
    return await leads.get(act.connection, lead, lock=True) if lead else None


async def _note(act: Act, lead: Lead, sum_: Money) -> None:
    await leads.set_amount(act.connection, lead.id, sum_)
    await act.record("lead.amount", lead=lead.id, amount=f"{sum_.amount}", currency=sum_.currency)
    await chats.refresh(act.connection, [lead.id], act.now)
    await act.notice("sum_noted", lead=lead.id, number=lead.number, sum=sum_of(sum_, act.language))


def _said(act: Act) -> str:
    """What stands behind the command."""
    return act.message.text.partition(" ")[2].strip()


def _read(act: Act, text: str) -> Money | None:
    return money.read(text, act.house.currency)
