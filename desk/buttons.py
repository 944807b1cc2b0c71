"""The buttons under a card. What they carry is never trusted: anybody can send any data."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from desk import closing, ownership
from desk.act import Act
from desk.ownership import Refusal
from store import chats, leads
from store.leads import Lead

_DATA = re.compile(r"(take|pass|reply|won|lost|spam|reopen):([0-9a-f]{32})")


class Press(NamedTuple):
    """A button that we made."""

    verb: str
    lead: UUID


def parse(data: str) -> Press | None:
    """ "verb:lead", the lead in 32 lower-case hex digits; None for everything else."""
    match = _DATA.fullmatch(data)
    return Press(match[1], UUID(hex=match[2])) if match else None


async def press(act: Act) -> None:
    """Do what the button says, if it is a real one on a lead of his. A toast answers in each case."""
    wanted = parse(act.message.button or "")
    lead = await leads.get(act.connection, wanted.lead, lock=True) if wanted else None
    if wanted is None or lead is None:
        await act.toast("toast_unknown")
    else:
        await ownership.turn_to(act, lead.id)
        await _VERBS[wanted.verb](act, lead)


async def refuse(act: Act) -> None:
    """Somebody who is not staff pressed."""
    await act.toast("toast_not_staff")


async def _take(act: Act, lead: Lead) -> None:
    if ownership.is_taken_by(lead, act.seller) and lead.state == "open":
        await act.toast("toast_yours", number=lead.number)
    elif await _claimed(act, lead):
        await act.toast("toast_taken", number=lead.number)


async def _reply(act: Act, lead: Lead) -> None:
    if not await _claimed(act, lead):
        return
    await act.record("lead.reply", lead=lead.id)
    if act.in_group:
        await act.toast("toast_write_group", number=lead.number)
    else:
        await act.toast("toast_write", number=lead.number)


async def _pass(act: Act, lead: Lead) -> None:
    if refused := ownership.refusal(lead, act.seller):
        await _explain(act, lead, refused)
    elif lead.owner is None:
        await act.toast("toast_nobodys", number=lead.number)
    elif to := await ownership.pass_on(act, lead):
        await act.toast("toast_passed", number=lead.number, name=to.name)
    elif lead.pipeline in act.house.teams:
        await act.toast("toast_passed_team", number=lead.number)
    else:
        await act.toast("toast_passed_nobody", number=lead.number)


def _closing(state: str, key: str) -> Callable[[Act, Lead], Awaitable[None]]:
    """Closing a free lead takes it first: whoever decides its fate is the one who had it."""

    async def close(act: Act, lead: Lead) -> None:
        if not await _claimed(act, lead, bring=False):
            return
        await closing.close(act, lead, state)
        await act.toast(key, number=lead.number)

    return close


async def _reopen(act: Act, lead: Lead) -> None:
    """Whoever had it has it again; a colleague's, only when that one works here no more."""
    if lead.state == "open":
        await act.toast("toast_is_open", number=lead.number)
    elif lead.owner != act.seller.id and lead.pipeline != act.seller.team:
        await act.toast("toast_other_team")
    elif lead.owner != act.seller.id and await ownership.works_here(act, lead.owner):
        await act.toast("toast_closed_by", number=lead.number, name=await ownership.owner_name(act, lead))
    elif await leads.reopen(act.connection, lead.id, act.seller.id):
        await act.record("lead.reopened", lead=lead.id)
        await chats.refresh(act.connection, [lead.id], act.now)
        await act.toast("toast_reopened", number=lead.number)
    else:
        other = await leads.open_number(act.connection, lead.contact, lead.pipeline)
        await act.toast("toast_other_open", number=lead.number, other=other or "")


async def _claimed(act: Act, lead: Lead, *, bring: bool = True) -> bool:
    """Make it his; a toast says why when that cannot be."""
    refused = await ownership.claim(act, lead, bring=bring)
    if refused:
        await _explain(act, lead, refused)
    return refused is None


async def _explain(act: Act, lead: Lead, refused: Refusal) -> None:
    name, other = await ownership.owner_name(act, lead), await ownership.other_number(act, lead)
    await act.toast(REFUSED[refused], number=lead.number, name=name, other=other)


REFUSED: Mapping[Refusal, str] = {
    Refusal.CLOSED: "toast_closed",
    Refusal.UNDER: "toast_under",
    Refusal.OTHER_TEAM: "toast_other_team",
    Refusal.TAKEN: "toast_was_first",
    Refusal.OFFERED: "toast_offered",
}

_VERBS: Mapping[str, Callable[[Act, Lead], Awaitable[None]]] = {
    "take": _take,
    "pass": _pass,
    "reply": _reply,
    "won": _closing("won", "toast_won"),
    "lost": _closing("lost", "toast_lost"),
    "spam": _closing("spam", "toast_spam"),
    "reopen": _reopen,
}
