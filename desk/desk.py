"""The entry: one message of staff in, everything that it leads to in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from desk import act as acts
from desk import answers, buttons, commands, groups, links, ownership, reviews, sums, vetoes
from desk.act import Act
from desk.house import House, TeamChat
from domain.messages import ChannelName, Inbound
from store import chats, messages
from store.engine import Connection, Database

Do = Callable[[Act], Awaitable[None]]
A_MOMENT, TRIES = 0.1, 20
"""Seconds, and how often so long: for what is just being written down."""


class Desk:
    """What sales do in their chat. The router has recognised who speaks; nothing else is taken on trust."""

    def __init__(
        self,
        database: Database,
        *,
        company: str,
        default_language: str,
        teams: Mapping[str, TeamChat],
        reply_routes: Mapping[ChannelName, Sequence[ChannelName]],
        kinds: Mapping[ChannelName, str],
        currency: str = "RUB",
        operators: Collection[tuple[str, str]] = (),
    ) -> None:
        self._database = database
        self._house = House(
            company=company,
            default_language=default_language,
            teams=teams,
            reply_routes=reply_routes,
            kinds=kinds,
            currency=currency,
            operators=operators,
        )

    async def act(self, message: Inbound) -> None:
        """Act on one staff message. The same message again changes nothing and says nothing.

        Raises what the database raises: nothing has happened then, and the message may be brought again.
        """
        for _ in range(TRIES):
            if await self._act(message, patient=True):
                return
            await asyncio.sleep(A_MOMENT)
        await self._act(message, patient=False)

    async def _act(self, message: Inbound, *, patient: bool) -> bool:
        """Act on it; False, and nothing has happened, when what he points at may only now be written down."""
        async with self._database.begin() as connection:
            unwritten = patient and await _is_something_unwritten(connection, message)
            act = await acts.begin(connection, self._house, message)
            if unwritten and act and not act.topic:
                return False
            do = what_to_do(act) if act else None
            if act and do and await messages.note_once(connection, _key(message), act.actor, message.received_at):
                await do(act)
            return True


async def _is_something_unwritten(connection: Connection, message: Inbound) -> bool:
    """Whether he may be faster than our ledger: a card is in his chat, and its id is just being written down.

    To be asked before it is looked for what he points at: it may be written in between.
    """
    if not message.refers_to:
        return False
    places = [message.chat] if message.chat else [a.value for a in message.addresses]
    return any([await chats.are_under_way(connection, message.channel, place) for place in places])


def _key(message: Inbound) -> tuple[str, str]:
    """A message that is edited five times is answered once."""
    again = f"edited {message.ref}" if "edited" in message.fields and message.ref else message.external_id
    return message.channel, again


def what_to_do(act: Act) -> Do | None:
    """The first line of the table that holds; None: it is nobody's business here. Pure."""
    return next((do for holds, do in (_STAFF if act.member else _STRANGERS) if holds(act)), None)


def _opens_link(act: Act) -> bool:
    """In a group the link would be everybody's."""
    return bool(links.payload_of(act.message)) and not act.in_group


def _presses(act: Act) -> bool:
    return act.message.button is not None


def _is_talk(act: Act) -> bool:
    """In a group people also talk to each other, and command other bots."""
    return act.in_group and not act.topic and not commands.is_known(commands.word_of(act.message))


def _is_edit(act: Act) -> bool:
    return "edited" in act.message.fields


def _commands(act: Act) -> bool:
    return commands.word_of(act.message) is not None


def _answers(act: Act) -> bool:
    return act.topic is not None


def _speaks(act: Act) -> bool:
    return True


def _asks_in_group(act: Act) -> bool:
    return act.in_group and not _is_talk(act)


async def _say_edited(act: Act) -> None:
    await act.notice("edited")


async def _answer(act: Act) -> None:
    if act.topic and not await sums.told(act, act.topic.lead):
        await answers.answer(act, act.topic)


async def _answer_or_explain(act: Act) -> None:
    """After Reply he may simply write."""
    if lead := await ownership.awaited(act):
        await answers.answer_after_press(act, lead)
    elif not await sums.told_after_press(act):
        await commands.explain(act)


async def _turn_away(act: Act) -> None:
    await act.notice("not_staff", name=act.message.name)


_Table = Sequence[tuple[Callable[[Act], bool], Do | None]]

_STAFF: _Table = (
    (groups.moves, groups.note_move),
    (_opens_link, links.redeem),
    (vetoes.presses, vetoes.press),
    (reviews.presses, reviews.press),
    (_presses, buttons.press),
    (_is_talk, None),
    (_is_edit, _say_edited),
    (_commands, commands.obey),
    (_answers, _answer),
    (_speaks, _answer_or_explain),
)
_STRANGERS: _Table = (
    (groups.moves, groups.note_move),
    (_opens_link, links.redeem),
    (vetoes.presses, vetoes.press),
    (_presses, buttons.refuse),
    (_asks_in_group, _turn_away),
)
