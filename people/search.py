"""Finds persons as people look for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import addresses
from domain.messages import Address
from people import fields
from people.names import name_key
from people.person import Person, persons
from store import search
from store.engine import Connection
from store.search import Holder, Wanted

MOST = 100
_WORDS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What is looked for, as a person writes it; all that is given holds."""

    name: str = ""
    address: str = ""
    """An e-mail, a phone, a Telegram or VK id, "system:id": whatever it may be."""
    tag: str = ""
    field: str = ""
    value: str = ""
    owner: UUID | None = None
    company: UUID | None = None
    since: datetime | None = None


async def find(
    connection: Connection, query: Query, *, country: str, after: UUID | None = None, limit: int = 50
) -> list[Person]:
    """At most `limit` (100) persons who fit, the same order each time; `after`: the id of the last one of a page.

    Raises people.fields.Wrong for a field or a value that is none.
    """
    wanted = await _wanted(connection, query, country)
    if wanted is None:
        return []
    ids = await search.page(connection, wanted, after=after, limit=min(limit, MOST))
    found = await persons(connection, ids)
    return [found[id_] for id_ in ids]


async def _wanted(connection: Connection, query: Query, country: str) -> Wanted | None:
    """None when nobody can fit."""
    words = tuple(name_key(query.name).split())[:_WORDS]
    pairs = tuple((a.kind.value, a.value) for a in addresses_in(query.address, country))
    if (query.name.strip() and not words) or (query.address.strip() and not pairs):
        return None
    return Wanted(
        words=words,
        spelled=tuple(query.name.split())[:_WORDS],
        addresses=pairs,
        tag=plain_tag(query.tag),
        field=await _field(connection, query, country) if query.field else None,
        owner=query.owner,
        company=query.company,
        since=query.since,
    )


async def _field(connection: Connection, query: Query, country: str) -> tuple[str, str]:
    kind = (await fields.known(connection)).get(query.field)
    if kind is None:
        raise fields.Wrong("unknown", query.field)
    return kind.name, fields.normal(kind, query.value, country)


def addresses_in(text: str, country: str) -> list[Address]:
    """Everything that this text may be an address of, in normal form. Pure."""
    found = [
        addresses.email(text),
        addresses.phone(text, country),
        addresses.telegram(text),
        addresses.vk(text),
        addresses.external(*text.split(":", 1)) if ":" in text else None,
    ]
    return [address for address in found if address]


def plain_tag(text: str) -> str:
    """A tag in normal form: small letters, single spaces, at most 60 characters. Pure."""
    return " ".join(text.replace("\x00", "").lower().split())[:60].strip()


async def holders(connection: Connection, text: str, country: str) -> list[Holder]:
    """Everybody who has what this text may be an address of, or had it once."""
    pairs = [(a.kind.value, a.value) for a in addresses_in(text, country)]
    return await search.holders(connection, pairs) if pairs else []
