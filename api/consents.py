"""What contacts agreed to, with the receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from api.access import Reader, Writer
from api.guard import Caller
from api.problems import Problem, unknown
from api.shapes import ConsentIn
from api.subjects import leading, shown
from api.writing import Made, write
from domain.messages import utcnow
from people import consent, opting, person
from people import proof as proofs
from people.consent import Word
from people.person import Consent, Person
from store import consents
from store.consents import Receipt, Request
from store.engine import Connection
from store.permission import MARKETING

router = APIRouter(prefix="/contacts/{contact}/consents", tags=["consents"])


@dataclass(frozen=True, slots=True)
class Asked:
    """A tick in a form whose address nobody has proved."""

    purpose: str
    channel: str
    address: str
    text: str
    version: str
    source: str
    asked_at: datetime
    confirmed_at: datetime | None
    lapsed: bool
    """Refused meanwhile."""


@dataclass(frozen=True, slots=True)
class Consents:
    """What holds, and what it stands on."""

    consents: tuple[Consent, ...]
    receipts: tuple[Receipt, ...]
    requests: tuple[Asked, ...]
    """What somebody was asked by a link: no consent before `confirmed_at`."""


@router.get("")
async def find(caller: Reader, contact: UUID) -> Consents:
    """What holds: of several cards the strictest. And every receipt and request, the latest first."""
    return await _out(caller, await shown(caller, contact))


async def _out(caller: Caller, found: Person) -> Consents:
    async with caller.database.begin() as connection:
        asked = await consents.requests(connection, found.cards)
    return Consents(found.consents, found.receipts, tuple(_asked(one) for one in asked))


def _asked(one: Request) -> Asked:
    times = (one.asked_at, one.confirmed_at, one.lapsed)
    return Asked(one.purpose, one.channel, one.value, one.text, one.version, one.source, *times)


@router.post("", status_code=201)
async def say(caller: Writer, contact: UUID, given: ConsentIn) -> Consents:
    """Add a receipt: somebody agreed (`granted`), or took it back.

    A yes brings nobody back who has left himself, everywhere or at this address: only he does that, by a link of his.
    """
    _check_channel(given.channel)

    async def act(connection: Connection) -> Made:
        card = await leading(connection, contact)
        await _check_purpose(connection, caller, card, given)
        address = await _address(connection, card, given.identity) if given.identity else ""
        if address is None:
            raise unknown("identity")
        word = Word(
            card=card,
            purpose=given.purpose,
            channel=given.channel,
            text=given.text,
            identity=given.identity,
            granted=given.granted,
            version=given.version,
            address=address,
        )
        [receipt] = await consent.grant(connection, [word], source=caller.actor, actor=caller.key.name)
        if not given.granted:
            await opting.drop_all(connection, card, given.purpose, given.channel)
        return Made(receipt, card)

    await write(caller, "contact.changed", act)
    return await _out(caller, await shown(caller, contact))


def _check_channel(channel: str) -> None:
    if channel not in (known := ("", *opting.CHANNELS)):
        raise _not_known("channel", channel, known)


async def _check_purpose(connection: Connection, caller: Caller, card: UUID, given: ConsentIn) -> None:
    """A topic that has gone from the configuration may still be taken back by who once agreed to it."""
    known = {MARKETING, *caller.office.topics}
    if given.purpose not in known and not given.granted:
        known |= {receipt.purpose for receipt in await consents.of(connection, [card])}
    if given.purpose not in known:
        raise _not_known("purpose", given.purpose, sorted(known))


def _not_known(field: str, said: str, known: Sequence[str]) -> Problem:
    names = ", ".join(name or '""' for name in known)
    return Problem(
        422, "not-known", more={"field": field, "allowed": list(known)}, field=field, said=said[:60], names=names
    )


async def _address(connection: Connection, card: UUID, identity: UUID) -> str | None:
    """The address of this identity, or None when it is not the contact's."""
    found = await person.person(connection, card)
    addresses = found.addresses if found else ()
    return next((address.value for address in addresses if address.id == identity), None)


@router.get("/proof", response_class=HTMLResponse)
async def proof(caller: Reader, contact: UUID) -> HTMLResponse:
    """Every receipt with its text, hash, time and source, as a page to be printed."""
    house = caller.house
    async with caller.database.begin() as connection:
        page = await proofs.page(
            connection, contact, company="", language=caller.language, zone=house.zone, now=utcnow()
        )
    if page is None:
        raise Problem(404, "unknown-contact")
    return HTMLResponse(page, headers=_HEADERS)


_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
"""The style stands in the page, so that it can be kept as one file; there is nothing else in it."""
