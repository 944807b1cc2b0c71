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
from store import consents
from store.bulk import Row
from store.consents import Receipt
from store.engine import Connection

ALL = ""
"""The channel of a receipt that speaks of every channel."""
_PURPOSE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_CHANNEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}|")


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
    withdrawn for all channels is withdrawn for each, until it is granted for all again.
    """
    words: dict[tuple[str, str, UUID], Receipt] = {}
    for receipt in sorted(receipts, key=lambda r: (r.at, r.id)):
        words[receipt.purpose, receipt.channel, receipt.card] = receipt
    found: dict[tuple[str, str], bool] = {}
    for (purpose, channel, _), receipt in words.items():
        found[purpose, channel] = found.get((purpose, channel), True) and receipt.granted
    return {key: granted and found.get((key[0], ALL), True) for key, granted in found.items()}


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


async def grant(
    connection: Connection, words: Iterable[Word], *, source: str, at: datetime | None = None
) -> list[UUID]:
    """Write down what was agreed to, or (`granted` false) withdrawn; the receipts' ids. Raises NoReceipt."""
    now = at or utcnow()
    rows = [_row(word, source, now) for word in words]
    await consents.add(connection, rows)
    return [row[0] for row in rows]


def _row(word: Word, source: str, at: datetime) -> Row:
    if not _PURPOSE.fullmatch(word.purpose):
        raise NoReceipt("purpose")
    if not _CHANNEL.fullmatch(word.channel):
        raise NoReceipt("channel")
    text = word.text.replace("\x00", "")
    if not (text.strip() or not word.granted) or len(text) > 20_000:
        raise NoReceipt("text")
    digest = hashlib.sha256(text.encode()).digest()
    return (
        new_id(), word.card, word.identity, word.purpose, word.channel, word.granted, text, digest, source, at,
    )  # fmt: skip


async def withdraw(
    connection: Connection, card: UUID, purpose: str, channel: str = ALL, *, text: str = "", source: str
) -> UUID:
    """Write down that the person takes it back; the receipt's id. Raises NoReceipt."""
    word = Word(card=card, purpose=purpose, channel=channel, text=text, granted=False)
    return (await grant(connection, [word], source=source))[0]
