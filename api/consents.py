"""What contacts agreed to, with the receipts."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter

from api.access import Reader, Writer
from api.problems import unknown
from api.shapes import ConsentIn
from api.subjects import leading, shown
from api.writing import Made, write
from people import consent, person
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
        if given.identity and not await _has(connection, card, given.identity):
            raise unknown("identity")
        word = Word(
            card=card,
            purpose=given.purpose,
            channel=given.channel,
            text=given.text,
            identity=given.identity,
            granted=given.granted,
        )
        [receipt] = await consent.grant(connection, [word], source=caller.actor)
        return Made(receipt, card)

    await write(caller, "contact.changed", act)
    return _out(await shown(caller, contact))


async def _has(connection: Connection, card: UUID, identity: UUID) -> bool:
    found = await person.person(connection, card)
    return found is not None and any(address.id == identity for address in found.addresses)
