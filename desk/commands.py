"""Commands, and text that means nothing to us."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from desk import ownership, sums
from desk.act import Act
from domain.messages import Inbound
from store import leads, staff

SHOWN_AT_ONCE = 10
"""Open leads that /leads shows: a chat takes one message a second."""

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@\w{1,64})?(?:\s|$)")
_BARE = frozenset({"on", "off"})


def word_of(message: Inbound) -> str | None:
    """ "/On@our_bot now" -> "on"; None when it is no command. https://core.telegram.org/bots/features#commands

    A lone "on" or "off" to the bot is one too: the slash is easily forgotten. Under a card it is an answer.
    """
    if message.button is not None:
        return None
    bare = message.text.strip().lower()
    if bare in _BARE and not (message.chat or message.refers_to or message.files):
        return bare
    match = _COMMAND.match(message.text)
    return match[1].lower() if match else None


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
    if not await offer(act):
        await act.notice("at_work")


async def offer(act: Act) -> int:
    """Offer what waits for the seller's team, after saying how much that is. How many leads."""
    found, more = await ownership.waiting(act)
    if found and more:
        await act.notice("offered_more", count=len(found))
    elif found:
        await act.notice("offered", count=len(found))
    await ownership.offer(act, found)
    return len(found)


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


async def _id(act: Act) -> None:
    await act.notice("chat_id", chat=act.chat)


_COMMANDS: Mapping[str, Callable[[Act], Awaitable[None]]] = {
    "start": _help,
    "help": _help,
    "on": come,
    "off": _go,
    "leads": _leads,
    "won": sums.won,
    "amount": sums.amount,
    "id": _id,
}
