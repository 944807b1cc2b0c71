"""What somebody agreed to. Receipts are only ever added; of a person made of several cards the strictest holds.

So joining people can forbid and never permit, and parting them gives each card its own word back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.ids import new_id
from domain.messages import utcnow
from store import consents, permission, tombstones
from store.bulk import Row
from store.consents import Receipt
from store.engine import Connection
from store.permission import EVERYWHERE, MARKETING, OPT_IN, OWN, Aim, Barred, Code

ALL = ""
"""The channel of a receipt that speaks of every channel."""
_PURPOSE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_CHANNEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}|\*|")


class NoReceipt(ValueError):
    """This is no receipt. `field`: "purpose", "channel" or "text"."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"{field} is empty, too long, or has other signs than small Latin letters, digits, - and _")


Standing = Mapping[tuple[str, str], bool]
"""(purpose, channel) -> whether it is granted. What nobody has spoken of is missing: nothing was agreed to."""


def effective(receipts: Iterable[Receipt]) -> dict[tuple[str, str], bool]:
    """What holds for the person to whom these receipts belong. Pure.

    The latest of a card, purpose and channel is that card's word. Withdrawn on any card is withdrawn; and what is
    withdrawn for all channels is withdrawn for each, until it is granted for all again. What the person has left
    himself, everywhere, only he takes back (`store.permission.EVERYWHERE`).
    """
    found: dict[tuple[str, str], bool] = {}
    for (purpose, channel, _), receipt in _latest(receipts).items():
        if channel != EVERYWHERE:
            found[purpose, channel] = found.get((purpose, channel), True) and receipt.granted
        elif not receipt.granted:
            found[purpose, ALL] = False
    return {key: granted and found.get((key[0], ALL), True) for key, granted in found.items()}


def _latest(receipts: Iterable[Receipt]) -> dict[tuple[str, str, UUID], Receipt]:
    """(purpose, channel, card) -> the last word."""
    return {(r.purpose, r.channel, r.card): r for r in sorted(receipts, key=lambda r: (r.at, r.id))}


def words_on(receipts: Iterable[Receipt], topic: str, channel: str) -> list[Receipt]:
    """The words that decide about this topic on this channel: a single no among them is a no, none at all too. Pure.

    The same as `store.permission.JUDGED` says it. Leaving all mailings is no word on a topic which the person himself
    has asked for since, on the same card and channel.
    """
    words = [
        r for r in _latest(receipts).values()
        if r.purpose in {MARKETING, topic} and r.channel in {ALL, EVERYWHERE, channel}
        and not (r.granted and r.channel == EVERYWHERE)
    ]  # fmt: skip
    own = [r for r in words if r.granted and r.purpose != MARKETING and r.channel == channel and r.source in OWN]
    back = {r.card: r.at for r in own}
    return [r for r in words if r.granted or r.purpose != MARKETING or r.at >= back.get(r.card, r.at)]


def may(standing: Standing, purpose: str, channel: str) -> bool:
    """Whether this channel may be used for this purpose. Pure. Silence is a no."""
    return standing.get((purpose, channel), standing.get((purpose, ALL), False))


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """What a card's person said."""

    card: UUID
    purpose: str
    """"marketing", "service": small Latin letters."""
    channel: str = ALL
    text: str
    """Word for word what was agreed to, or with what it was withdrawn."""
    identity: UUID | None = None
    """The address that it was given from, where that is known."""
    granted: bool = True
    version: str = ""
    """Of the text, as its author counts."""
    address: str = ""
    """The address or chat as it is now: the identity may pass to somebody else."""


async def grant(
    connection: Connection, words: Iterable[Word], *, source: str, actor: str = "", at: datetime | None = None
) -> list[UUID]:
    """Write down what was agreed to, or (`granted` false) withdrawn; the receipts' ids. Raises NoReceipt.

    `source`: by what it came: a channel's name, "link", "page", "staff:ID". `actor`: who wrote it down, where that is
    somebody else than the source.
    """
    now = at or utcnow()
    rows = [_row(word, source, actor, now) for word in words]
    await consents.add(connection, rows)
    return [row[0] for row in rows]


def check(word: Word) -> None:
    """Raises NoReceipt when this cannot be one. Pure."""
    if not _PURPOSE.fullmatch(word.purpose):
        raise NoReceipt("purpose")
    if not _CHANNEL.fullmatch(word.channel):
        raise NoReceipt("channel")
    if not (_storable(word.text).strip() or not word.granted) or len(word.text) > 20_000:
        raise NoReceipt("text")


def _storable(text: str) -> str:
    return text.replace("\x00", "")


def _row(word: Word, source: str, actor: str, at: datetime) -> Row:
    check(word)
    text = _storable(word.text)
    digest = hashlib.sha256(text.encode()).digest()
    return (
        new_id(), word.card, word.identity, word.purpose, word.channel, word.granted, text, digest, source, at,
        _storable(word.version)[:100], actor, word.address,
    )  # fmt: skip


async def withdraw(
    connection: Connection, card: UUID, purpose: str, channel: str = ALL, *, text: str = "", source: str
) -> UUID:
    """Write down that the person takes it back; the receipt's id. Raises NoReceipt.

    What waits for him already is another matter: `people.opting.opt_out` does both.
    """
    word = Word(card=card, purpose=purpose, channel=channel, text=text, granted=False)
    return (await grant(connection, [word], source=source))[0]


async def may_write(
    connection: Connection, contacts: Iterable[Aim], purpose: str, *, marketing: str = OPT_IN
) -> dict[Aim, Barred | None]:
    """Whether each of (contact, kind of channel, address, account) may be written to for this purpose, and why not.

    None: it may. `purpose`: "marketing", a topic, or "service", which needs no consent. Answers are not asked about
    here: who writes to us is answered, unless the account cannot reach him. `marketing`: the setting
    `[consent] marketing`. One statement for all; in an INSERT ... SELECT use `store.permission.JUDGED`.
    """
    found = await permission.judge(connection, contacts, purpose, marketing)
    covers = permission.binds(purpose)["covers"]
    buried = await tombstones.of(connection, {_pair(aim) for aim in found})
    for aim, barred in found.items():
        reasons = {reason for scope, reason in buried.get(_pair(aim), {}).items() if scope in covers}
        if tombstones.ERASED in reasons:
            found[aim] = Barred(Code.ERASED)
        elif reasons and (barred is None or barred.code is Code.NO_CONSENT):
            found[aim] = Barred(Code.WITHDRAWN)
    return found


def _pair(aim: Aim) -> tuple[str, str]:
    return permission.address_kind(aim.kind), aim.address


async def barred_now(
    connection: Connection, deliveries: Iterable[UUID], kinds: Mapping[str, str], *, marketing: str = OPT_IN
) -> dict[UUID, Barred]:
    """Those of these deliveries of mailings that may not go out after all: the gate's look right before the send.

    `kinds`: account -> its kind of channel.
    """
    by_purpose: dict[str, dict[UUID, Aim]] = {}
    for one in await permission.recipients(connection, deliveries):
        aim = Aim(one.contact, kinds.get(one.channel, ""), one.address, one.channel)
        by_purpose.setdefault(one.purpose, {})[one.id] = aim
    barred: dict[UUID, Barred] = {}
    for purpose, aims in by_purpose.items():
        found = await may_write(connection, aims.values(), purpose, marketing=marketing)
        barred |= {id_: why for id_, aim in aims.items() if (why := found[aim])}
    return barred


_REASONS: Mapping[Code, tuple[str, str]] = {
    Code.ERASED: ("erased: the person wanted to be forgotten", "данные удалены по просьбе человека"),
    Code.SUPPRESSED: ("suppressed: this address takes nothing more", "адрес больше не принимает сообщения"),
    Code.WITHDRAWN: ("withdrawn: the person has unsubscribed", "согласие отозвано: человек отписался"),
    Code.PAUSED: ("paused by the person until {until}", "человек поставил рассылки на паузу до {until}"),
    Code.NO_CONSENT: ("no consent to this purpose", "нет согласия на эту цель"),
}


def say(barred: Barred, language: str = "en") -> str:
    """Why somebody may not be written to, for people. Pure."""
    text = _REASONS[barred.code][language == "ru"]
    form = "%d.%m.%Y" if language == "ru" else "%Y-%m-%d"
    return text.format(until=f"{barred.until:{form}}" if barred.until else "…")
