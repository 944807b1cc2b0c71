"""What contacts agreed to, with the receipts."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from api.access import Reader, Writer
from api.problems import Problem, unknown
from api.shapes import ConsentIn
from api.subjects import leading, shown
from api.writing import Made, write
from domain.messages import utcnow
from people import consent, opting, person
from people import proof as proofs
from people.consent import Word
from people.person import Consent, Person
from store.consents import Receipt
from store.engine import Connection

router = APIRouter(prefix="/contacts/{contact}/consents", tags=["consents"])


@dataclass(frozen=True, slots=True)
class Consents:
    """What holds, and what it stands on."""

    consents: tuple[Consent, ...]
    receipts: tuple[Receipt, ...]


@router.get("")
async def find(caller: Reader, contact: UUID) -> Consents:
    """What holds: of several cards the strictest. And every receipt, the latest first."""
    return _out(await shown(caller, contact))


def _out(found: Person) -> Consents:
    return Consents(found.consents, found.receipts)


@router.post("", status_code=201)
async def say(caller: Writer, contact: UUID, given: ConsentIn) -> Consents:
    """Add a receipt: somebody agreed (`granted`), or took it back."""

    async def act(connection: Connection) -> Made:
        card = await leading(connection, contact)
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
    return _out(await shown(caller, contact))


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
