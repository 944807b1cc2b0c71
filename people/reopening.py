"""Second thoughts about leaving: since when somebody is out, and "I changed my mind"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from domain.messages import utcnow
from people import consent
from people.opting import ALL, BY_LINK, Subject, Way, cards_of, word
from store import addressees, consents, events, opt_outs
from store.consents import Receipt
from store.engine import Connection
from store.permission import EVERYWHERE, MARKETING


async def ended(connection: Connection, subject: Subject, since: datetime) -> Sequence[str]:
    """The purposes that are closed by the links of this address alone, since then: what `undo` would open again."""
    receipts = await consents.of(connection, [subject.card] if subject.card else [])
    return [p for p in sorted({r.purpose for r in receipts}) if _ended_by(receipts, p, subject, since)]


async def undo(connection: Connection, subject: Subject, since: datetime, *, text: str) -> Sequence[str]:
    """He presses "I changed my mind": what this link has ended since then holds as before; the purposes.

    `since`: when it was used first (`deliveries.left_at`); `text`: what the button says. No consent is made: what had
    ended before, or by another word of his meanwhile, stays so, and what was dropped from the queue is gone.
    """
    if subject.card is None or not (purposes := await ended(connection, subject, since)):
        return ()
    words = [word(subject, subject.card, p, channel=EVERYWHERE, granted=True, text=text) for p in purposes]
    await consent.grant(connection, words, source=Way.LINK.value)
    await opt_outs.undo(connection, (subject.kind, subject.value), since, [way.value for way in BY_LINK])
    if subject.delivery:
        await addressees.came_back(connection, subject.delivery)
    about = [(subject.card, f'{{"purpose":"{purpose}","way":"undo"}}') for purpose in purposes]
    await events.of_contacts(connection, "consent.undone", about, Way.LINK.value)
    return purposes


def _ended_by(receipts: Iterable[Receipt], purpose: str, subject: Subject, since: datetime) -> bool:
    """Whether the purpose was open before, and nothing but links at this address has closed it. Latest first. Pure."""
    words = [r for r in receipts if r.purpose == purpose and r.channel == EVERYWHERE]
    now, before = [r for r in words if r.at >= since], [r for r in words if r.at < since]
    theirs = all(not r.granted and r.source in BY_LINK and r.address == subject.value for r in now)
    return bool(now) and theirs and (not before or before[0].granted)


async def left_since(connection: Connection, subject: Subject, purpose: str) -> datetime | None:
    """Since when he is out of this purpose by his own word; None: he is not, or not by that."""
    covers = {ALL, MARKETING, purpose}
    told = await opt_outs.of(connection, [(subject.kind, subject.value)], utcnow())
    times = [o.at for o in told if o.until is None and o.purpose in covers]
    receipts = await consents.of(connection, await cards_of(connection, subject))
    times += [r.at for r in consent.words_on(receipts, purpose, subject.channel) if not r.granted]
    return min(times, default=None)
