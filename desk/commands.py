"""Commands, and text that means nothing to us."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from desk import ownership
from desk.act import Act
from domain.messages import Inbound
from store import leads, staff

SHOWN_AT_ONCE = 10
"""Open leads that /leads shows: a chat takes one message a second."""

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@\w{1,64})?(?:\s|$)")


def word_of(message: Inbound) -> str | None:
    """ "/On@our_bot now" -> "on"; None when it is no command. https://core.telegram.org/bots/features#commands"""
    match = _COMMAND.match(message.text)
    return match[1].lower() if match and message.button is None else None


def is_known(word: str | None) -> bool:
    """Whether it is one of ours."""
    return word in _COMMANDS


async def obey(act: Act) -> None:
    """Do what the command says; the help for one that we do not have."""
    await _COMMANDS.get(word_of(act.message) or "", _unknown)(act)


async def explain(act: Act) -> None:
    """Text that answers nothing is never guessed at: it might reach the wrong customer."""
    mine = await leads.of_owner(act.connection, act.seller.id, SHOWN_AT_ONCE)
    if not mine:
        await act.notice("how_to_answer_none")
        return
    names = await leads.names(act.connection, [lead.id for lead in mine])
    await act.notice("how_to_answer", leads=[f"#{lead.number} {names[lead.id]}".strip() for lead in mine])


async def _help(act: Act) -> None:
    await act.notice("help")


async def _unknown(act: Act) -> None:
    await act.notice("unknown_command")


async def come(act: Act) -> None:
    """At work: take turns, and get what waits."""
    await staff.set_at_work(act.connection, act.seller.id, True)
    await act.record("staff.on")
    await offer(act)


async def offer(act: Act) -> None:
    """Offer what waits for the seller's team, and say how much that is."""
    count, more = await ownership.offer_waiting(act)
    if not count:
        await act.notice("at_work")
    elif more:
        await act.notice("offered_more", count=count)
    else:
        await act.notice("offered", count=count)


async def _go(act: Act) -> None:
    await staff.set_at_work(act.connection, act.seller.id, False)
    await act.record("staff.off")
    passed = await ownership.pass_on_untaken(act)
    if passed:
        await act.notice("away_passed", count=passed)
    else:
        await act.notice("away")


async def _leads(act: Act) -> None:
    mine = await leads.of_owner(act.connection, act.seller.id, SHOWN_AT_ONCE + 1)
    shown = mine[:SHOWN_AT_ONCE]
    if not mine:
        await act.notice("no_leads", aside=True)
    elif len(mine) > SHOWN_AT_ONCE:
        await act.notice("your_latest_leads", count=len(shown), aside=True)
    else:
        await act.notice("your_leads", count=len(shown), aside=True)
    for lead in shown:
        await ownership.show(act, lead.id, act.seller, whole=False)


_COMMANDS: Mapping[str, Callable[[Act], Awaitable[None]]] = {
    "start": _help,
    "help": _help,
    "on": come,
    "off": _go,
    "leads": _leads,
}
