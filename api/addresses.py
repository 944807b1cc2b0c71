"""Addresses: added to a contact, looked up, and marked as several people's."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.access import Reader, Writer
from api.shapes import AddressesIn, SharedIn
from api.subjects import author, leading, normalised, shown
from api.writing import Made, write
from people import editing, search
from people.person import Person
from store.engine import Connection
from store.search import Holder

router = APIRouter(tags=["addresses"])


@router.post("/contacts/{contact}/addresses")
async def add(caller: Writer, contact: UUID, given: AddressesIn) -> Person:
    """Write addresses on a contact. One that somebody else has stays his, and is kept as a claim: it joins nobody."""
    wanted = normalised(given.addresses, caller.country)

    async def act(connection: Connection) -> Made:
        card = await leading(connection, contact)
        by = author(caller)
        elsewhere = await editing.add_addresses(connection, card, wanted, by, name=given.name)
        return Made(card, card, {"added": len(wanted), "elsewhere": sorted(map(str, set(elsewhere.values())))})

    await write(caller, "contact.addresses", act)
    return await shown(caller, contact)


@router.get("/identities")
async def holders(caller: Reader, address: Annotated[str, Query(min_length=1, max_length=500)]) -> list[Holder]:
    """Who has this e-mail, phone, Telegram or VK id, or "system:id", and who had it before (`was`)."""
    async with caller.database.begin() as connection:
        return await search.holders(connection, address.replace("\x00", ""), caller.country)


@router.put("/identities/shared")
async def share(caller: Writer, given: SharedIn) -> list[Holder]:
    """Say that several people have an address, so that it is no key to one of them; or that it is one person's."""
    [address] = normalised([given], caller.country)

    async def act(connection: Connection) -> Made:
        await editing.mark(connection, address, given.shared, caller.actor)
        return Made(None, None, {"kind": address.kind.value, "shared": given.shared})

    await write(caller, "address.shared", act)
    async with caller.database.begin() as connection:
        return await search.holders(connection, given.value, caller.country)
