"""Out and in again: what a person says of mailings takes effect at once, by whatever way he says it.

out      a receipt that it is withdrawn, and what waits is dropped
pause    the person is left alone for a while, at all his addresses
back in  a receipt with the words that were read, and nothing stands against this address any more

Who leaves by the link, the header or the button of a mailing means the topic, not the wire that brought it: he leaves
it everywhere (`store.permission.EVERYWHERE`). So does who writes it in a letter or a chat, and who complains: whoever
calls a letter spam is not to get the same by SMS. STOP by SMS is the carriers' word for that number, a block the bot's,
and a tick on the page of preferences one address's choice: these hold for the address alone. Where several people share
an address, and nobody knows which of them wrote, it is about the address as well.
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
from store import addressees, consents, events, merges, opt_outs, permission, tombstones
from store.consents import Request
from store.engine import Connection
from store.permission import EVERYWHERE, MARKETING, PERSON, Code

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
    LEAVE = "page-all"  # the page's button for nothing at all
    MAILTO = "mailto"
    WORD = "word"
    BUTTON = "button"
    BLOCK = "block"
    COMPLAINT = "complaint"
    STAFF = "staff"


BY_LINK = frozenset((Way.LINK, Way.ONE_CLICK, Way.MAILTO, Way.BUTTON))
"""What `undo` takes back."""
_OF_THE_PERSON = BY_LINK | {Way.LEAVE, Way.WORD, Way.COMPLAINT, Way.STAFF}
CHANNELS = ("email", "sms", "telegram", "whatsapp")
"""Kinds of channels that mailings go by."""


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
    """Nothing more of this purpose (ALL: nothing but answers), for the person or for the address, as the way means it.

    How much of the queue was dropped. Twice is fine: each time is a receipt, as it was said each time. `actor`: who
    wrote it down, if not the person.
    """
    now, said = utcnow(), purpose or MARKETING
    cards = await cards_of(connection, subject)
    channel = EVERYWHERE if _is_of_the_person(subject, purpose, way, cards) else subject.channel
    words = [word(subject, card, said, channel=channel, granted=False, text=text) for card in cards]
    await consent.grant(connection, words, source=way.value, actor=actor, at=now)
    await opt_outs.add(connection, [(subject.kind, subject.value, purpose, way.value, now, None)])
    await consents.lapse(connection, subject.kind, subject.value, cards)
    dropped = await _drop(connection, subject, cards, purpose, channel, way)
    if subject.delivery:
        await addressees.left(connection, subject.delivery, now)
    data = f'{{"purpose":"{said}","channel":"{channel}","way":"{way.value}","dropped":{dropped}}}'
    await events.of_contacts(connection, "consent.withdrawn", [(card, data) for card in cards], actor or way.value)
    return dropped


def _is_of_the_person(subject: Subject, purpose: str, way: Way, cards: Sequence[UUID]) -> bool:
    if way not in _OF_THE_PERSON or purpose == ALL or len(cards) != 1:
        return False
    return not (way is Way.WORD and subject.kind == "phone")


async def _drop(
    connection: Connection, subject: Subject, cards: Sequence[UUID], purpose: str, channel: str, way: Way
) -> int:
    why, first = f"unsubscribed ({way.value})", next(iter(cards), None)
    dropped = await permission.drop_pending(connection, first, subject.value, purpose, why)
    if channel == EVERYWHERE and first:
        dropped += await permission.drop_of_person(connection, first, purpose, why)
    return dropped


def word(
    subject: Subject, card: UUID, purpose: str, *, granted: bool, text: str = "", channel: str = "", version: str = ""
) -> Word:
    """What this person says, at this address. `channel`: the address's own when left out. Pure."""
    return Word(
        card=card,
        purpose=purpose,
        channel=channel or subject.channel,
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


async def cards_of(connection: Connection, subject: Subject) -> Sequence[UUID]:
    """The cards on which it is written down: the one that was written to, else the one that has this address."""
    if subject.card is not None:
        return [subject.card]
    return await addressees.cards(connection, subject.kind, subject.value)


async def pause(
    connection: Connection, subject: Subject, until: datetime | None = None, purpose: str = MARKETING
) -> None:
    """Leave this person alone until then, or for PAUSE; what waits for him is dropped, as it would come too late."""
    now = utcnow()
    end = until or now + PAUSE
    cards = await cards_of(connection, subject)
    pairs = [(PERSON, str(card)) for card in cards] or [(subject.kind, subject.value)]
    await opt_outs.add(connection, [(*pair, purpose, Way.PAGE.value, now, end) for pair in pairs])
    why = f"paused by the person until {end:%Y-%m-%d}"
    await permission.drop_pending(connection, subject.card, subject.value, purpose, why, Code.PAUSED)
    for card in cards:
        await permission.drop_of_person(connection, card, purpose, why, Code.PAUSED)


async def pauses(connection: Connection, subject: Subject) -> datetime | None:
    """When the last pause of this person, or of this address, ends; None: there is none."""
    found = await opt_outs.of(connection, await _paused_pairs(connection, subject), utcnow())
    return max((o.until for o in found if o.until), default=None)


async def resume(connection: Connection, subject: Subject) -> None:
    """The pause is over."""
    for pair in await _paused_pairs(connection, subject):
        await opt_outs.lift(connection, pair, [MARKETING, ALL], pauses=True)


async def _paused_pairs(connection: Connection, subject: Subject) -> list[opt_outs.Pair]:
    """Where a pause may stand: at the address, and on every card of the person."""
    leading = (await merges.persons(connection, await cards_of(connection, subject))).values()
    cards = await merges.cards_of(connection, list(leading))
    return [(subject.kind, subject.value), *((PERSON, str(card)) for card in sorted(cards))]


async def opt_in(
    connection: Connection,
    subject: Subject,
    purposes: Iterable[str],
    way: Way,
    *,
    text: str,
    version: str = "",
    actor: str = "",
) -> None:
    """The person himself, by this very address, wants these again, at this address. Raises NoReceipt.

    Nobody else may say it for him: an import or a colleague adds receipts, and lifts nothing. What he had left
    everywhere stays closed at his other addresses.
    """
    now, wanted = utcnow(), list(purposes)
    cards = await cards_of(connection, subject)
    words = [
        word(subject, card, purpose, granted=True, text=text, version=version) for card in cards for purpose in wanted
    ]
    await _only_here(connection, subject, cards, wanted, way, text)
    await consent.grant(connection, words, source=way.value, actor=actor, at=now)
    pair = (subject.kind, subject.value)
    for lift in (opt_outs.lift, tombstones.lift):
        await lift(connection, pair, [ALL, MARKETING, *wanted])
    data = f'{{"channel":"{subject.channel}","way":"{way.value}"}}'
    await events.of_contacts(connection, "consent.granted", [(card, data) for card in cards], way.value)


async def _only_here(
    connection: Connection, subject: Subject, cards: Sequence[UUID], wanted: Sequence[str], way: Way, text: str
) -> None:
    """What was left everywhere is from now on left at each other address and on each other channel, one by one.

    Who has left all mailings everywhere and wants a topic opens that one alone, and here alone.
    """
    now, pair, topics = utcnow(), (subject.kind, subject.value), [p for p in wanted if p != MARKETING]
    for card, purpose in await consents.left_everywhere(connection, cards, {MARKETING, *wanted}):
        if purpose in wanted:
            others = [channel for channel in CHANNELS if channel != subject.channel]
            words = [word(subject, card, purpose, channel=channel, granted=False) for channel in others]
            words.append(word(subject, card, purpose, channel=EVERYWHERE, granted=True, text=text))
            await consent.grant(connection, words, source=way.value, at=now)
        for closed in [purpose] if purpose in wanted else topics:
            await opt_outs.close_others(connection, card, pair, closed, way.value, now)


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
    consent.check(word(subject, subject.card, purpose, granted=True, text=text))
    await consents.ask(connection, made)
    return made.id


async def asked(connection: Connection, request: UUID, *, lock: bool = False) -> Request | None:
    """What somebody was asked; None when there is no such request, it has lapsed, or is older than ASKED_FOR."""
    found = await consents.request(connection, request, lock=lock)
    if found is None or found.lapsed or (found.confirmed_at is None and utcnow() - found.asked_at > ASKED_FOR):
        return None
    return found


async def holder(connection: Connection, request: Request) -> Subject:
    """Who was asked, on the card that has the address now: cards are joined and parted, and a form may have named
    somebody else.
    """
    holders = await addressees.cards(connection, request.kind, request.value)
    card = holders[0] if len(holders) == 1 else request.contact
    return Subject(kind=request.kind, value=request.value, card=card)


async def confirm(connection: Connection, request: Request) -> None:
    """The holder of the address has pressed the button: that is a receipt, with the link as its proof."""
    subject = await holder(connection, request)
    told = request.actor or request.source
    await opt_in(
        connection, subject, [request.purpose], Way.LINK, text=request.text, version=request.version, actor=told
    )
    await consents.confirm(connection, request.id, utcnow())
