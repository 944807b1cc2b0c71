"""Companies, and who belongs to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.access import Reader, Writer
from api.guard import Caller
from api.problems import Problem, unknown
from api.shapes import CompanyIn, Limit, MemberIn, Text
from api.subjects import leading, shown
from api.writing import Made, write
from people import companies
from people.companies import Member, key_of
from people.person import Person
from store import companies as stored
from store import merges
from store.companies import Company
from store.engine import Connection

router = APIRouter(tags=["companies"])


@router.get("/companies")
async def find(
    caller: Reader, name: Text = "", after: Annotated[str, Query(max_length=200)] = "", limit: Limit = 50
) -> Sequence[Company]:
    """Companies in alphabetical order, those whose name begins so. `after`: the name of the last one of a page."""
    async with caller.database.begin() as connection:
        return await stored.page(connection, key=key_of(name), after=key_of(after) or None, limit=limit)


@router.post("/companies", status_code=201)
async def create(caller: Writer, given: CompanyIn, response: Response) -> Company:
    """Find or make a company: one that is called so already, however it is written, is that one."""

    async def act(connection: Connection) -> Made:
        made = await companies.put(connection, [given.name], given.kind)
        if not made:
            raise Problem(422, "company-name")
        [company] = made.values()
        return Made(company)

    made = await write(caller, "company.changed", act)
    assert made.id
    response.headers["Location"] = f"/api/companies/{made.id}"
    return await _shown(caller, made.id)


@router.get("/companies/{company}")
async def get(caller: Reader, company: UUID) -> Company:
    """One company."""
    return await _shown(caller, company)


@router.put("/companies/{company}")
async def change(caller: Writer, company: UUID, given: CompanyIn) -> Company:
    """Give it another name or kind."""

    async def act(connection: Connection) -> Made:
        if await stored.get(connection, company) is None:
            raise unknown("company")
        key = key_of(given.name)
        if not key or not await stored.change(connection, company, name=given.name, key=key, kind=given.kind):
            raise Problem(409, "company-name")
        return Made(company)

    await write(caller, "company.changed", act)
    return await _shown(caller, company)


async def _shown(caller: Caller, company: UUID) -> Company:
    async with caller.database.begin() as connection:
        found = await stored.get(connection, company)
    if found is None:
        raise unknown("company")
    return found


@router.put("/contacts/{contact}/companies/{company}")
async def join(caller: Writer, contact: UUID, company: UUID, given: MemberIn) -> Person:
    """Say that the contact belongs to the company, and as what."""

    async def act(connection: Connection) -> Made:
        card = await leading(connection, contact)
        if await stored.get(connection, company) is None:
            raise unknown("company")
        await companies.join(connection, [Member(card, company, given.position)], source=caller.actor)
        return Made(card, card, {"company": str(company)})

    await write(caller, "contact.changed", act)
    return await shown(caller, contact)


@router.delete("/contacts/{contact}/companies/{company}")
async def leave(caller: Writer, contact: UUID, company: UUID) -> Person:
    """Say that the contact belongs to it no more, on whichever card it stood."""

    async def act(connection: Connection) -> Made:
        card = await leading(connection, contact)
        await stored.leave(connection, list(await merges.cards_of(connection, [card])), company)
        return Made(card, card, {"left": str(company)})

    await write(caller, "contact.left_company", act)
    return await shown(caller, contact)
