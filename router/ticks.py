"""What somebody ticked in a form.

The tick under the policy is a receipt. One under a mailing is a request: whoever typed the address may be anybody, so
its holder is asked by a link, and only the button behind that makes it a receipt (double opt-in), whatever the law of
the house is. Nobody is asked who gets it already, who is not to be written to at all, or who was asked within a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from domain.messages import AddressKind, ChannelName, Inbound, Ticked
from people import consent, opting
from people.consent import Word
from people.opting import Subject
from router.rules import Rules
from router.screen import language_of
from store import addressees, consents, deliveries
from store.bulk import Row
from store.deliveries import Lane, Purpose
from store.engine import Connection
from store.permission import SERVICE, Aim

AGAIN = timedelta(days=1)
"""So long an unanswered letter is not sent again: else a stranger could have us fill somebody's mailbox."""
_KINDS = (AddressKind.EMAIL, AddressKind.PHONE)
"""Who is asked where, the best first. To a chat nobody may write who was not written to from it."""


class Place(NamedTuple):
    """Where somebody is asked."""

    channel: ChannelName
    kind: AddressKind
    address: str


async def write_down(connection: Connection, ticked: Sequence[tuple[UUID, UUID, Inbound]], rules: Rules) -> list[Row]:
    """Receipts and requests of these (message, card, what came); the letters that ask."""
    rows, done = [], set[tuple[str, str]]()
    for message, card, inbound in ticked:
        source = f"form:{inbound.channel}"
        words = [_receipt(card, one, inbound) for one in inbound.ticked if one.purpose == SERVICE]
        await consent.grant(connection, words, source=source, at=inbound.received_at)
        place = _place(inbound, rules)
        if place is None:
            continue
        wanted = [t for t in inbound.ticked if t.purpose != SERVICE and (place.address, t.purpose) not in done]
        done |= {(place.address, one.purpose) for one in wanted}
        if asked := await _ask(connection, place, card, wanted, source):
            rows.append(_letter(place, message, asked, inbound, rules))
    return rows


def _receipt(card: UUID, one: Ticked, inbound: Inbound) -> Word:
    address = next((a.value for a in inbound.addresses), "")
    return Word(card=card, purpose=SERVICE, text=one.text, version=one.version, address=address)


def _place(inbound: Inbound, rules: Rules) -> Place | None:
    ways = rules.intake(inbound.channel).answer_by
    found = (
        Place(ways[kind], kind, a.value)
        for kind in _KINDS
        for a in inbound.addresses
        if a.kind is kind and kind in ways and ";" not in a.value
    )
    return next(found, None)


async def _ask(connection: Connection, place: Place, card: UUID, wanted: Sequence[Ticked], source: str) -> list[UUID]:
    """The requests that are new."""
    cards = await addressees.cards(connection, place.kind.value, place.address)
    subject = Subject(kind=place.kind.value, value=place.address, card=cards[0] if len(cards) == 1 else card)
    aim = Aim(subject.card, subject.channel, subject.value, place.channel)
    if not wanted or (await consent.may_write(connection, [aim], SERVICE))[aim]:
        return []
    made = []
    for one in wanted:
        barred = (await consent.may_write(connection, [aim], one.purpose))[aim]
        lately = await consents.asked_lately(connection, subject.value, one.purpose, AGAIN)
        if barred and not lately:
            made.append(
                await opting.ask(
                    connection, subject, one.purpose, text=one.text, version=one.version, source=source, actor=""
                )
            )
    return made


def _letter(place: Place, message: UUID, asked: Sequence[UUID], inbound: Inbound, rules: Rules) -> Row:
    facts = {
        "key": _words(place, rules),
        "language": language_of(inbound, rules.language),
        "requests": [str(id_) for id_ in asked],
        "company": rules.company,
    }
    return deliveries.row(
        Purpose.GREETING,
        Lane.NOTICE,
        channel=place.channel,
        address=place.address,
        at=inbound.received_at,
        facts=msgspec.json.encode(facts).decode(),
        message=message,
    )


def _words(place: Place, rules: Rules) -> str:
    """A mail says by itself who writes. An SMS comes from a number that nobody knows, and each part of it costs."""
    if place.kind is not AddressKind.PHONE:
        return "confirm_subscription"
    return "confirm_to_company" if rules.company else "confirm_by_sms"
