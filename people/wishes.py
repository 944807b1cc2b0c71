"""What somebody who holds an address wants of mailings, as his page of preferences shows it and takes it.

The page is opened by a link in a letter. So it shows of the person only what that very address proves: the
person's other addresses, and his data, only where it is proved and nobody else's; at a shared one preferences alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from people.opting import Subject, Way, opt_in, opt_out, pauses
from store import addressees, permission
from store.addressees import Standing
from store.engine import Connection
from store.permission import MARKETING, OPT_IN, Aim, Barred, Code

WRITTEN_BY = ("email", "phone", "telegram")
"""Kinds of addresses that mailings go to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """What the installation has decided."""

    topics: Mapping[str, Mapping[str, str]]
    """Topic -> language -> what people read. Without any there is "marketing" as a whole."""
    marketing: str = OPT_IN

    @property
    def purposes(self) -> Sequence[str]:
        """What the page offers."""
        return list(self.topics) or [MARKETING]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What holds now."""

    subject: Subject
    topics: Mapping[str, bool]
    """Whether this address gets it."""
    others: tuple[tuple[Subject, bool], ...]
    """The other addresses of the same card, and whether mailings go there."""
    paused_until: datetime | None
    card: UUID | None
    """The card whose data this address may see and have erased; None: none."""


async def read(connection: Connection, subject: Subject, house: House) -> Wishes:
    """What holds for this address."""
    standing = await addressees.standing(connection, subject.kind, subject.value)
    own = standing is not None and standing.proved and not standing.shared
    topics = {p: await _gets(connection, subject, p, house) for p in house.purposes}
    until = await pauses(connection, subject)
    others = await _others(connection, subject, standing, house) if own and standing else ()
    card = standing.home if own and standing else None
    return Wishes(subject=subject, topics=topics, others=others, paused_until=until, card=card)


async def _gets(connection: Connection, subject: Subject, purpose: str, house: House) -> bool:
    return await _why(connection, subject, purpose, house) is None


async def _why(connection: Connection, subject: Subject, purpose: str, house: House) -> Code | None:
    """Why this does not go to this address, a pause aside."""
    card = subject.card or next(iter(await addressees.cards(connection, subject.kind, subject.value)), None)
    aim = Aim(card, subject.channel, subject.value)
    barred = (await permission.judge(connection, [aim], purpose, house.marketing, pauses=False))[aim]
    return barred.code if barred else None


async def hindrance(
    connection: Connection, subject: Subject, purpose: str, accounts: Collection[str], house: House
) -> Barred | None:
    """Why nothing of this goes to this address by any of these accounts; None: it goes."""
    aims = [Aim(subject.card, subject.channel, subject.value, account) for account in accounts or [""]]
    judged = await permission.judge(connection, aims, purpose, house.marketing)
    return None if None in judged.values() else judged[aims[0]]


async def _others(
    connection: Connection, subject: Subject, standing: Standing, house: House
) -> tuple[tuple[Subject, bool], ...]:
    found = []
    for kind, value in await addressees.beside(connection, standing.identity, standing.home):
        if kind in WRITTEN_BY:
            other = Subject(kind=kind, value=value, card=subject.card)
            found.append((other, await _gets(connection, other, MARKETING, house)))
    return tuple(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What somebody has ticked."""

    topics: Collection[str]
    others: Collection[str]
    """Values of the other addresses that mailings may go to."""
    words: str
    """What stood on the page beside it: the text of the receipt."""


async def write(connection: Connection, now: Wishes, wanted: Wanted, house: House) -> None:
    """Make what holds what was ticked; what is so already is left alone."""
    subject, on = now.subject, [p for p in house.purposes if p in wanted.topics]
    fresh = [p for p in on if not now.topics[p]]
    left = [p for p in house.purposes if p not in on and now.topics[p]]
    if fresh:
        left += await _open_again(connection, subject, on, fresh, wanted.words, house)
    for purpose in dict.fromkeys([MARKETING, *left] if left and not on else left):
        await opt_out(connection, subject, purpose, Way.PAGE)
    for other, gets in now.others:
        if gets and other.value not in wanted.others:
            await opt_out(connection, other, MARKETING, Way.PAGE)
        elif not gets and other.value in wanted.others:
            await opt_in(connection, other, dict.fromkeys([MARKETING, *on]), Way.PAGE, text=wanted.words)


async def _open_again(
    connection: Connection, subject: Subject, on: Sequence[str], fresh: Sequence[str], words: str, house: House
) -> list[str]:
    """Say yes to these. Who had left all mailings leaves those topics, one by one, that he has not ticked; which."""
    why = await _why(connection, subject, MARKETING, house)
    if why in (None, Code.NO_CONSENT):
        await opt_in(connection, subject, fresh, Way.PAGE, text=words)
        return []
    await opt_in(connection, subject, [MARKETING, *fresh], Way.PAGE, text=words)
    return [p for p in house.purposes if p not in on]
