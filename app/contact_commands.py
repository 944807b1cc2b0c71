"""Looking at contacts from the terminal, joining and parting them, and what a person says of addresses and fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import typer

from app.card_words import Reader, card, line, source
from app.installed import ACTOR, Unclear, at, card_of, connected, id_of, installed, many, moment, no, table
from app.progress import Bar
from app.settings import Settings
from domain.messages import AddressKind, utcnow
from people import editing, fields, merging, search, timeline, undoing
from people.fields import Field, Type
from people.merging import HAND, Wish
from people.person import Person, person
from people.search import Query
from people.undoing import Which
from store import events, merges, trace
from store import undoing as parted
from store.engine import Connection
from store.tails import short

LATELY = 10
"""Entries of the timeline that a card shows."""


async def _reader(connection: Connection, settings: Settings) -> Reader:
    names = {str(key): name for key, name in await trace.staff_names(connection)}
    return Reader(zone=settings.company.zone, staff=names)


async def show(settings: Settings, said: str) -> int:
    """Print the whole card. Raises Unclear."""
    async with connected(settings) as connection:
        found = await _person(connection, await card_of(connection, said, settings.company.country))
        entries = await timeline.page(connection, found.id, limit=LATELY) or []
        reader = await _reader(connection, settings)
    _say(card(found, entries, reader))
    return 0


async def _person(connection: Connection, card_id: UUID) -> Person:
    found = await person(connection, card_id)
    if found is None:
        raise Unclear(f"there is no contact {card_id}")
    return found


def _say(lines: Iterable[str]) -> None:
    for one in lines:
        typer.echo(one)


async def find(settings: Settings, said: str, limit: int) -> int:
    """Print a line for each person who has this name or address."""
    country = settings.company.country
    async with connected(settings) as connection:
        found = await search.find(connection, Query(address=said), country=country, limit=limit)
        ids = {one.id for one in found}
        named = await search.find(connection, Query(name=said), country=country, limit=limit)
    found += [one for one in named if one.id not in ids]
    if not found:
        return no(f"nobody has the name or address {said}. Names that came just now are found once the router has run")
    _say(table([line(one) for one in found[:limit]]))
    if len(found) >= limit:
        typer.echo(f"The first {limit}; for more: --limit")
    return 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Join:
    """What somebody has typed."""

    one: str
    other: str
    fields: Sequence[str] = ()
    """ "city=other" each: whose value shows."""
    even_if_different: bool = False


async def merge(settings: Settings, wish: Join) -> int:
    """Make two contacts one person. Raises Unclear, Unjoinable."""
    async with connected(settings) as connection:
        cards = [await card_of(connection, said, settings.company.country) for said in (wish.one, wish.other)]
        sides = [await _person(connection, one) for one in cards]
        choices = dict(_choice(said, sides, cards) for said in wish.fields)
        made = await merging.join(
            connection,
            Wish(
                one=cards[0],
                other=cards[1],
                rule=HAND,
                actor=ACTOR,
                choices=choices,
                even_if_different=wish.even_if_different,
            ),
        )
        now = await _person(connection, cards[0])
    typer.echo(f"{_called(sides[0])} and {_called(sides[1])} are one person now: {now.id}")
    typer.echo(f"To take it back: leadwire contacts unmerge {short(made)}")
    return 0


def _called(side: Person) -> str:
    return side.name or next((a.value for a in side.addresses), str(side.id))


def _choice(said: str, sides: Sequence[Person], cards: Sequence[UUID]) -> tuple[str, str]:
    """ "city=other" -> the field, and the card of the other's whose value it is."""
    name, _, whose = said.partition("=")
    place = {"one": 0, "1": 0, str(cards[0]): 0, "other": 1, "2": 1, str(cards[1]): 1}.get(whose.strip())
    if place is None:
        raise Unclear(f'"{said}" chooses nothing: write --field city=one or --field city=other')
    shown = sides[place].fields.get(name.strip())
    if shown is None:
        has = ", ".join(sides[place].fields) or "no field"
        raise Unclear(f"{_called(sides[place])} has no {name.strip()}: there is {has}")
    return name.strip(), str(shown.card)


async def merges_(settings: Settings, rule: str, said: str, limit: int, *, undone: bool) -> int:
    """Print a line for each merge. Raises Unclear."""
    async with connected(settings) as connection:
        cards = None
        if said:
            whose = await _person(connection, await card_of(connection, said, settings.company.country))
            cards = list(whose.cards)
        found = await merges.listed(connection, rule=rule or None, cards=cards, holding=not undone, limit=limit)
        reader = await _reader(connection, settings)
    rows = [
        (
            short(m.id), at(m.at, reader.zone), m.rule, source(m.actor, reader), f"{m.one} + {m.other}",
            f"taken back {at(m.undone_at, reader.zone)}" if m.undone_at else "",
        )
        for m in found
    ]  # fmt: skip
    _say(table(rows) if rows else ["No merges."])
    return 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What somebody has typed."""

    merges: Sequence[str] = ()
    rule: str = ""
    since: str = ""
    until: str = ""
    yes: bool = False


async def unmerge(settings: Settings, wish: Part) -> int:
    """Take merges back: these, or all that a rule did in a span of time. Raises Unclear."""
    zone = settings.company.zone
    span = {"since": moment(wish.since, zone), "until": moment(wish.until, zone)}
    if bool(wish.merges) == bool(wish.rule or any(span.values())):
        return no("say which merges: either their ids, or --rule, --since, --until. See: leadwire contacts merges")
    async with installed(settings) as built:
        async with built.database.begin() as connection:
            ids = [await id_of(connection, "merge", said) for said in wish.merges] if wish.merges else None
            which = Which(ids=ids, rule=wish.rule or None, **span)
            total = await parted.left(connection, which)
        if not total:
            return no("none of these merges holds: there is nothing to take back")
        if not wish.merges and not wish.yes and not typer.confirm(f"Take {many(total, 'merge')} back?"):
            typer.echo("Nothing was taken back.")
            return 1
        bar, undone = Bar("Parting", "merges"), 0
        async for progress in undoing.undo(built.database, which, ACTOR):
            undone = progress.undone
            bar.told(undone, undone / max(progress.total, 1))
        bar.end()
    typer.echo(f"Taken back: {many(undone, 'merge')}.")
    return 0


async def share(settings: Settings, said: str, *, shared: bool) -> int:
    """Mark an address as several people's, or as one's. Raises Unclear."""
    async with connected(settings) as connection:
        found = search.addresses_in(said, settings.company.country)
        known = {(one.kind, one.value) for one in await search.holders(connection, said, settings.company.country)}
        usual = [a for a in found if (a.kind.value, a.value) in known] or [a for a in found if a.kind in _SHARED]
        if not usual:
            raise Unclear(f"this is no address: {said}. Give an e-mail or a phone")
        await editing.mark(connection, usual[0], shared, ACTOR)
        said = usual[0].value
        await events.record(connection, "address.marked", at=utcnow(), actor=ACTOR, address=said, shared=shared)
    what = "several people's: it joins nobody from now on" if shared else "one person's"
    typer.echo(f"{usual[0].value} is {what}.")
    return 0


_SHARED = (AddressKind.EMAIL, AddressKind.PHONE)


async def fields_list(settings: Settings) -> int:
    """Print a line for each field."""
    async with connected(settings) as connection:
        known = (await fields.known(connection)).values()
    rows = [(f.name, f.type.value, f.labels.get("en") or f.labels.get("ru", ""), _further(f)) for f in known]
    _say(table([("NAME", "TYPE", "LABEL", ""), *rows]))
    return 0


def _further(field: Field) -> str:
    told = [
        *(["custom"] * field.custom),
        *(["archived"] * field.archived),
        *([", ".join(field.choices)] * bool(field.choices)),
    ]
    return "; ".join([*told, *([f"duplicates: {field.matching}"] * (field.matching != "none"))])


async def fields_add(settings: Settings, field: Field) -> int:
    """Make a custom field. Raises Wrong."""
    async with connected(settings) as connection:
        made = await fields.define(connection, field)
        await events.record(connection, "field.defined", at=utcnow(), actor=ACTOR, field=made.name)
    typer.echo(f'There is a field {made.name}. In an import: --map "Column=field:{made.name}"')
    return 0


def drafted_field(name: str, kind: str, english: str, russian: str, choices: Sequence[str], matching: str) -> Field:
    """A field as it was typed. Raises Unclear for a type that is none. Pure."""
    if kind not in (types := [one.value for one in fields.CUSTOM_TYPES]):
        raise Unclear(f"there is no type {kind}: {', '.join(types)}")
    labels = {language: label for language, label in (("en", english), ("ru", russian)) if label}
    labels = labels or {"en": name.replace("_", " ").capitalize()}
    return Field(name=name, type=Type(kind), labels=labels, choices=tuple(choices), matching=matching)


async def fields_archive(settings: Settings, name: str, *, back: bool) -> int:
    """Put a custom field away, or back. Raises Wrong."""
    async with connected(settings) as connection:
        await fields.archive(connection, name, back=back)
        kind = "field.restored" if back else "field.archived"
        await events.record(connection, kind, at=utcnow(), actor=ACTOR, field=name)
    typer.echo(f"{name} is {'back' if back else 'put away; its values stay'}.")
    return 0
