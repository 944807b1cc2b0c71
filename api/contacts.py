"""Contacts: found, shown, made and changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.access import Reader, Writer
from api.problems import Problem
from api.shapes import ContactIn, ContactPatch, Limit, MadeOut, NoteIn, Text, Time, moment
from api.subjects import author, leading, normalised, shown
from api.writing import Made, write
from people import editing, fields, search, timeline
from people.editing import Draft
from people.person import Owner, Person
from people.search import Query as Looked
from store import merges
from store.engine import Connection
from store.fields import Held
from store.timeline import Cursor, Entry

router = APIRouter(prefix="/contacts", tags=["contacts"])


@dataclass(frozen=True, slots=True)
class Brief:
    """A contact in a list."""

    id: UUID
    name: str
    cards: tuple[UUID, ...]
    addresses: tuple[tuple[str, str], ...]
    """(kind, value)."""
    tags: tuple[str, ...]
    owner: Owner | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Contacts:
    """A page; `next` is the next one's `after`, null when there is none."""

    items: list[Brief]
    next: UUID | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page; `next` is the next one's `before`, null when there is none."""

    items: list[Entry]
    next: str | None


@router.get("")
async def find(
    caller: Reader,
    name: Text = "",
    address: Text = "",
    tag: Text = "",
    field: Text = "",
    value: Text = "",
    owner: UUID | None = None,
    company: UUID | None = None,
    since: Time | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> Contacts:
    """Contacts for which everything holds that is given: part of a name, a whole address, a tag, field and value, the
    member of staff who is responsible, a company, made since."""
    query = Looked(
        name=name, address=address, tag=tag, field=field, value=value, owner=owner, company=company, since=since
    )
    async with caller.database.begin() as connection:
        found = await search.find(connection, query, country=caller.country, after=after, limit=limit)
    return Contacts([_brief(one) for one in found], found[-1].id if len(found) == limit else None)


def _brief(found: Person) -> Brief:
    addresses = tuple((a.kind, a.value) for a in found.addresses if not a.was)
    tags = tuple(tag.tag for tag in found.tags)
    return Brief(found.id, found.name, found.cards, addresses, tags, found.owner, found.created_at)


@router.post("", status_code=201)
async def create(caller: Writer, given: ContactIn, response: Response) -> Person:
    """Make a contact. 409 when another one has an address of it: `contact` in the answer names that one."""
    draft = Draft(
        name=given.name,
        addresses=normalised(given.addresses, caller.country),
        fields=given.fields,
        tags=given.tags,
    )

    async def act(connection: Connection) -> Made:
        card = await editing.create(connection, draft, author(caller), even_if_known=given.even_if_known)
        if given.note:
            await editing.note(connection, card, given.note, caller.actor)
        return Made(card, card)

    made = await write(caller, "contact.created", act)
    assert made.id
    response.headers["Location"] = f"/api/contacts/{made.id}"
    return await shown(caller, made.id)


@router.get("/{contact}")
async def get(caller: Reader, contact: UUID) -> Person:
    """Everything about one contact, by the id of any of its cards."""
    return await shown(caller, contact)


@router.patch("/{contact}")
async def change(caller: Writer, contact: UUID, given: ContactPatch) -> Person:
    """Write fields (names are fields, too) and tags."""

    async def act(connection: Connection) -> Made:
        person_id = await leading(connection, contact)
        card = given.card or person_id
        if card not in await merges.cards_of(connection, [person_id]):
            raise Problem(422, "not-his-card")
        values = [fields.Value(card, name, value) for name, value in given.fields.items()]
        await fields.put(connection, values, source=caller.actor, country=caller.country)
        await editing.untag(connection, person_id, given.remove_tags)
        await editing.tag(connection, card, given.add_tags, caller.actor)
        facts = {"fields": sorted(given.fields), "tagged": given.add_tags, "untagged": given.remove_tags}
        return Made(card, card, facts)

    await write(caller, "contact.changed", act)
    return await shown(caller, contact)


@router.get("/{contact}/fields/{field}")
async def history(caller: Reader, contact: UUID, field: Text) -> Sequence[Held]:
    """What a field was on all cards of the contact, the latest first."""
    async with caller.database.begin() as connection:
        cards = await merges.cards_of(connection, [await leading(connection, contact)])
        return await fields.history(connection, list(cards), field)


@router.post("/{contact}/notes", status_code=201)
async def note(caller: Writer, contact: UUID, given: NoteIn) -> MadeOut:
    """Write a note."""

    async def act(connection: Connection) -> Made:
        card = await leading(connection, contact)
        return Made(await editing.note(connection, card, given.text, caller.actor), card)

    return MadeOut(id=(await write(caller, "contact.changed", act)).id)


@router.get("/{contact}/timeline")
async def events(
    caller: Reader, contact: UUID, before: Annotated[str, Query(max_length=100)] = "", limit: Limit = 50
) -> Timeline:
    """What happened, whatever the channel: messages, leads, merges, fields, notes, consents, tags; the latest first."""
    async with caller.database.begin() as connection:
        found = await timeline.page(connection, contact, before=_cursor(before), limit=limit)
    if found is None:
        raise Problem(404, "unknown-contact")
    last = f"{found[-1].at:%Y-%m-%dT%H:%M:%S.%fZ}_{found[-1].id}" if len(found) == limit else None
    return Timeline(found, last)


def _cursor(text: str) -> Cursor | None:
    if not text:
        return None
    at, _, id_ = text.partition("_")
    try:
        return moment(datetime.fromisoformat(at)), UUID(id_)
    except ValueError:
        raise Problem(422, "unreadable", more={"errors": [{"at": ["query", "before"]}]}) from None
