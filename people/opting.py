"""Out and in again: what a person says of mailings takes effect at once, by whatever way he says it.

out      a receipt that it is withdrawn, the address is told to be left alone, and what waits for it is dropped
pause    the address is left alone for a while
back in  a receipt with the words that were read, and nothing stands against the address any more
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.ids import new_id
from domain.messages import utcnow
from people import consent
from people.consent import Word
from store import addressees, consents, events, opt_outs, permission, tombstones
from store.consents import Request
from store.engine import Connection
from store.permission import MARKETING, Code

ALL = ""
"""The purpose of who wants nothing but answers."""
PAUSE = timedelta(days=30)
ASKED_FOR = timedelta(days=30)
"""How long an unanswered request holds."""


class Way(StrEnum):
    """How somebody said it. The value stands in the database."""

    LINK = "link"
    ONE_CLICK = "one-click"  # the mail program's own button (RFC 8058)
    PAGE = "page"
    MAILTO = "mailto"
    WORD = "word"
    BUTTON = "button"
    BLOCK = "block"
    COMPLAINT = "complaint"
    STAFF = "staff"


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """Whom it is about: an address, and the person whose it is, as far as that is known."""

    kind: str
    """Of the address (`domain.messages.AddressKind`)."""
    value: str
    card: UUID | None = None
    delivery: UUID | None = None
    """The one whose link it was."""

    @property
    def channel(self) -> str:
        """The kind of channel that writes to such an address."""
        return {"phone": "sms"}.get(self.kind, self.kind)


def kind_of(address: str) -> str:
    """The kind of an address in normal form that mailings go to: each has a form of its own. Pure."""
    return "email" if "@" in address else "phone" if address.startswith("+") else "telegram"


async def opt_out(
    connection: Connection, subject: Subject, purpose: str, way: Way, *, actor: str = "", text: str = ""
) -> int:
    """This address wants no more of this purpose (ALL: nothing but answers); how much of the queue was dropped.

    Twice is fine: each time is a receipt, as it was said each time. `actor`: who wrote it down, if not the person.
    """
    now = utcnow()
    cards = await _cards(connection, subject)
    said = purpose or MARKETING
    words = [_word(subject, card, said, granted=False, text=text) for card in cards]
    await consent.grant(connection, words, source=way.value, actor=actor, at=now)
    await opt_outs.add(connection, [(subject.kind, subject.value, purpose, way.value, now, None)])
    await consents.lapse(connection, subject.kind, subject.value, cards)
    contact = cards[0] if cards else None
    dropped = await permission.drop_pending(
        connection, contact, subject.value, purpose, f"unsubscribed ({way.value})", Code.WITHDRAWN
    )
    if subject.delivery:
        await addressees.left(connection, subject.delivery, now)
    data = f'{{"purpose":"{said}","channel":"{subject.channel}","way":"{way.value}","dropped":{dropped}}}'
    await events.of_contacts(connection, "consent.withdrawn", [(card, data) for card in cards], actor or way.value)
    return dropped


def _word(subject: Subject, card: UUID, purpose: str, *, granted: bool, text: str, version: str = "") -> Word:
    return Word(
        card=card,
        purpose=purpose,
        channel=subject.channel,
        text=text,
        granted=granted,
        address=subject.value,
        version=version,
    )


async def drop_all(connection: Connection, card: UUID, purpose: str, channel: str = "") -> int:
    """Nothing that waits for this person in this purpose goes out: somebody wrote down that it is withdrawn."""
    dropped = 0
    for kind, value in await addressees.addresses(connection, card):
        if channel in ("", Subject(kind=kind, value=value).channel):
            dropped += await permission.drop_pending(connection, card, value, purpose, "consent was withdrawn")
    return dropped


async def _cards(connection: Connection, subject: Subject) -> Sequence[UUID]:
    """The cards on which it is written down: the one that was written to, else the one that has this address."""
    if subject.card is not None:
        return [subject.card]
    return await addressees.cards(connection, subject.kind, subject.value)


async def pause(
    connection: Connection, subject: Subject, until: datetime | None = None, purpose: str = MARKETING
) -> None:
    """Leave this address alone until then, or for PAUSE; what waits for it is dropped, as it would come too late."""
    now = utcnow()
    end = until or now + PAUSE
    row = (subject.kind, subject.value, purpose, Way.PAGE.value, now, end)
    await opt_outs.add(connection, [row])
    contact = subject.card
    await permission.drop_pending(
        connection, contact, subject.value, purpose, f"paused by the person until {end:%Y-%m-%d}", Code.PAUSED
    )


async def resume(connection: Connection, subject: Subject) -> None:
    """The pause is over."""
    await opt_outs.lift(connection, (subject.kind, subject.value), [MARKETING, ALL], pauses=True)


async def opt_in(
    connection: Connection,
    subject: Subject,
    purposes: Iterable[str],
    way: Way,
    *,
    text: str,
    version: str = "",
) -> None:
    """The person himself, by this very address, wants these again. Raises NoReceipt.

    Nobody else may say it for him: an import or a colleague adds receipts, and lifts nothing.
    """
    now, wanted = utcnow(), list(purposes)
    cards = await _cards(connection, subject)
    words = [
        _word(subject, card, purpose, granted=True, text=text, version=version) for card in cards for purpose in wanted
    ]
    await consent.grant(connection, words, source=way.value, at=now)
    pair = (subject.kind, subject.value)
    for lift in (opt_outs.lift, tombstones.lift):
        await lift(connection, pair, [ALL, MARKETING, *wanted])
    data = f'{{"channel":"{subject.channel}","way":"{way.value}"}}'
    await events.of_contacts(connection, "consent.granted", [(card, data) for card in cards], way.value)


async def ask(
    connection: Connection, subject: Subject, purpose: str, *, text: str, version: str = "", source: str, actor: str
) -> UUID:
    """Double opt-in: somebody gave us this address, and its holder is asked. The request, for `signed.confirm_url`.

    Nothing is granted before the button behind that link is pressed. `subject.card` must be known. Raises NoReceipt.
    """
    assert subject.card is not None, "who is asked must be somebody"
    made = Request(
        new_id(), subject.card, subject.kind, subject.value, purpose, subject.channel, text, version, source, actor,
        utcnow(), None, False,
    )  # fmt: skip
    consent.check(_word(subject, subject.card, purpose, granted=True, text=text))
    await consents.ask(connection, made)
    return made.id


async def asked(connection: Connection, request: UUID, *, lock: bool = False) -> Request | None:
    """What somebody was asked; None when there is no such request, it has lapsed, or is older than ASKED_FOR."""
    found = await consents.request(connection, request, lock=lock)
    if found is None or found.lapsed or (found.confirmed_at is None and utcnow() - found.asked_at > ASKED_FOR):
        return None
    return found


async def confirm(connection: Connection, request: Request) -> None:
    """The holder of the address has pressed the button: that is a receipt, with the link as its proof."""
    subject = Subject(kind=request.kind, value=request.value, card=request.contact)
    await opt_in(connection, subject, [request.purpose], Way.LINK, text=request.text, version=request.version)
    await consents.confirm(connection, request.id, utcnow())
