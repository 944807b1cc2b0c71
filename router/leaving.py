"""Who wants no mailings any more, and says so by a message, a button, or through his provider: it holds at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from domain.messages import COMPLAINT, Address, AddressKind, Inbound, Report, ReportKind
from people import opting, signed
from people.opting import Subject, Way
from people.signed import Kind
from router import complaints
from router.complaints import LATELY
from router.screen import STOP, language_of, token_of
from store import addressees, deliveries, opt_outs, permission, secrets
from store.addressees import Addressee
from store.bulk import Row
from store.deliveries import Lane, Purpose
from store.engine import Connection
from store.permission import MARKETING


async def leave(connection: Connection, left: Sequence[tuple[Inbound, str]], language: str, now: datetime) -> list[Row]:
    """Obey each (message, with what it was said); the answers to be sent. `language`: where nothing tells his own."""
    rows: list[Row] = []
    for message, said in left:
        if said == "link":
            await _by_mail(connection, message)
        else:
            rows += await _by_word(connection, message, said, language, now)
    return rows


async def _by_mail(connection: Connection, message: Inbound) -> None:
    """The mailto of List-Unsubscribe: the token says who, whoever sent it."""
    key = await secrets.key(connection, secrets.LINKS)
    link = signed.read(key, token_of(message), Kind.UNSUBSCRIBE)
    found = await addressees.of(connection, link.id) if link else None
    if found:
        await opting.opt_out(connection, _subject(found), found.purpose, Way.MAILTO, text=message.subject or "")


async def _by_word(connection: Connection, message: Inbound, said: str, language: str, now: datetime) -> list[Row]:
    names = [(message.channel, ref) for ref in message.refers_to]
    letter = next(iter((await addressees.named(connection, names)).values()), None)
    way = Way.BUTTON if said == "button" else Way.WORD
    for address in _own(message):
        is_his = letter is not None and letter.address == address.value
        subject = Subject(
            kind=address.kind.value,
            value=address.value,
            card=letter.card if letter and is_his else None,
            delivery=letter.delivery if letter and is_his else None,
        )
        purpose = opting.ALL if said == STOP and address.kind is AddressKind.PHONE else MARKETING
        if way is Way.BUTTON and letter and is_his:
            purpose = letter.purpose
        await opting.opt_out(connection, subject, purpose, way, text=message.text)
        if subject.delivery is None:  # a number and a chat answer nothing: it was the last mailing that he had
            await _left_last(connection, message.channel, address.value, now)
    return _answer(message, way, language, now)


async def _left_last(connection: Connection, channel: str, address: str, at: datetime) -> None:
    """Without that the broadcast would not be told that it drove somebody away."""
    last = await addressees.last_mailing(connection, channel, address, at - LATELY)
    if last:
        await addressees.left(connection, last.delivery, at)


def _own(message: Inbound) -> Iterable[Address]:
    """The address that it was said from. A press and a number are vouched for by their channel."""
    return message.addresses[:1]


def _answer(message: Inbound, way: Way, language: str, now: datetime) -> list[Row]:
    """In a chat the person sees that it worked. To STOP by SMS the carrier answers, once; a mail wants no other."""
    address = next(iter(message.addresses), None)
    if address is None or address.kind is not AddressKind.TELEGRAM:
        return []
    facts = {"key": "unsubscribed", "language": language_of(message, language)}
    if way is Way.BUTTON:
        facts |= {"key": "toast_unsubscribed", "press": message.button_id}
    return [
        deliveries.row(
            Purpose.TOAST if way is Way.BUTTON else Purpose.GREETING,
            Lane.ANSWER,
            channel=message.channel,
            address=address.value,
            at=now,
            facts=msgspec.json.encode(facts).decode(),
        )
    ]


async def come_back(connection: Connection, returned: Iterable[Inbound]) -> None:
    """START: what STOP has forbidden beside mailings is allowed again. Mailings need a new consent."""
    for message in returned:
        for address in _own(message):
            await opt_outs.lift(connection, (address.kind.value, address.value), [opting.ALL])


async def reported(connection: Connection, reports: Sequence[Report], stopped: Iterable[tuple[str, str]]) -> None:
    """What providers tell: a complaint and a block end mailings for good, a dead address only what waits for it.

    `stopped`: the (channel, address) that `router.route` has found the reports to be about.
    """
    told = [r for r in reports if r.kind is ReportKind.STOPPED]
    for found, at in await _complained(connection, told):
        await opting.opt_out(connection, _subject(found), MARKETING, Way.COMPLAINT)
        await addressees.complained(connection, found.delivery, at)
    await permission.drop_unreachable(connection, stopped, "the address takes nothing")
    for r in told:
        if not r.external_id and r.address and r.reason != COMPLAINT:
            subject = Subject(kind=r.address.kind.value, value=r.address.value)
            await opting.opt_out(connection, subject, MARKETING, Way.BLOCK, text=r.reason)
            await _left_last(connection, r.channel, r.address.value, r.at)


async def _complained(connection: Connection, told: Sequence[Report]) -> list[tuple[Addressee, datetime]]:
    """Which mailings were called spam, and when."""
    named = [r for r in told if r.external_id and r.reason == COMPLAINT]
    sent = await addressees.named(connection, [(r.channel, r.external_id) for r in named])
    found = [(letter, r.at) for r in named if (letter := sent.get((r.channel, r.external_id)))]
    nameless = [(await complaints.mailing(connection, r), r.at) for r in told if complaints.is_of_address(r)]
    return found + [(letter, at) for letter, at in nameless if letter]


def _subject(found: Addressee) -> Subject:
    kind = opting.kind_of(found.address)
    return Subject(kind=kind, value=found.address, card=found.card, delivery=found.delivery)
