"""Carries contacts out: asked for, told to the operators, vetoed or written; every step of it is on record.

A file that leaves has what people see of a person: a row for each person over all his cards, in the form that our own
import reads back equal. It never has keys of files, secrets, or where on a disk something came from.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.ids import new_id
from domain.messages import Address, AddressKind, utcnow
from people.consent import ALL, Standing
from people.draft import Draft
from people.files.write import COLUMNS, write_csv, write_vcards
from people.filing import CONSENT_TO
from people.mapping import CHANNELS
from people.person import Person, persons
from store import deliveries, events, exports
from store.deliveries import Lane, Purpose
from store.engine import Connection, Database
from store.exports import Export, Filter

FORMATS = ("csv", "vcard")
PAGE = 500
"""Persons that are in memory at a time."""
VALID = timedelta(days=7)
"""So long an export that nobody forbade may be written; then the operators are asked anew."""
_FIELDS = ("given_name", "surname", "patronymic", "position", "city", "born", "language", "telegram")


class Unexportable(Exception):
    """It is not exported, in words."""


class TooEarly(Unexportable):
    """The operators may still forbid it."""

    def __init__(self, due_at: datetime) -> None:
        super().__init__(f"the operators may forbid this export until {due_at:%Y-%m-%d %H:%M} UTC: come back then")
        self.due_at = due_at


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is to be carried out."""

    format: str = "csv"
    columns: tuple[str, ...] = ()
    """Of a CSV, targets of `people.mapping`; every one that the installation has when empty."""
    filter: Filter = field(default_factory=Filter)

    def as_json(self) -> dict[str, Any]:
        """As it stands in the database: what is not asked for is left out."""
        found = {name: value for name, value in asdict(self.filter).items() if value}
        plain: dict[str, Any] = msgspec.to_builtins({"format": self.format, "columns": self.columns, "filter": found})
        return plain


def from_json(value: Mapping[str, Any]) -> Wanted:
    """Of what `as_json` gave."""
    return msgspec.convert(value, Wanted)


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """How this installation lets contacts out."""

    delay: timedelta = timedelta()
    operators: Sequence[tuple[str, str]] = ()
    """(channel, address) of the chats that are told of an export that waits."""
    language: str = "en"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


async def columns(connection: Connection) -> tuple[str, ...]:
    """Every column that this installation has something for."""
    return (*COLUMNS, "field:gender", *await exports.further_columns(connection, CONSENT_TO, CHANNELS))


async def ask(connection: Connection, wanted: Wanted, actor: str, house: House) -> Export:
    """Write down that somebody wants this; with a delay the operators are told. Raises Unexportable.

    Asked for again by the same, what waits already is that one: nobody is told twice.
    """
    await _check(connection, wanted)
    asked, now = wanted.as_json(), utcnow()
    if house.delay and (waiting := await exports.waiting(connection, actor, _json(asked), now - VALID)):
        return waiting
    made = Export(new_id(), actor, asked, "waiting", None, now, now + house.delay, None, None)
    await exports.add(connection, made, _json(asked))
    await events.record(connection, "export.asked", at=now, actor=actor, export=str(made.id), wanted=asked)
    if house.delay:
        await _tell(connection, made, house)
    return made


async def _check(connection: Connection, wanted: Wanted) -> None:
    if wanted.format not in FORMATS:
        raise Unexportable(f"there is no format {wanted.format}: {' or '.join(FORMATS)}")
    known = await columns(connection)
    if strange := [column for column in wanted.columns if column not in known]:
        raise Unexportable(f"there is no column {', '.join(strange)}; there are {', '.join(known)}")


async def _tell(connection: Connection, made: Export, house: House) -> None:
    due = made.due_at.astimezone(house.zone)
    facts = {
        "key": "export_asked",
        "language": house.language,
        "who": await exports.called(connection, made.actor),
        "what": in_words(from_json(made.wanted), house.language),
        "when": f"{due:%d.%m.%Y %H:%M}",
        "command": f"leadwire contacts veto {made.id.hex[-8:]}",
        "veto": made.id.hex,
    }
    rows = [
        deliveries.row(
            Purpose.NOTICE, Lane.NOTICE, channel=channel, address=address, at=made.created_at, facts=_json(facts)
        )
        for channel, address in house.operators
    ]
    await deliveries.add(connection, rows)


_WORDS = {
    "tag": ("tag", "тег"),
    "owner": ("responsible", "ответственный"),
    "company": ("company", "компания"),
    "city": ("city", "город"),
    "since": ("made since", "созданы с"),
    "import_id": ("import", "импорт"),
}


def in_words(wanted: Wanted, language: str = "en") -> str:
    """ "CSV, all contacts", "vCard, tag: vip, city: Omsk". Pure."""
    russian = language == "ru"
    shown = [f"{_WORDS[name][russian]}: {_shown(value)}" for name, value in asdict(wanted.filter).items() if value]
    everybody = "все контакты" if russian else "all contacts"
    return ", ".join(["vCard" if wanted.format == "vcard" else "CSV", *(shown or [everybody])])


def _shown(value: object) -> str:
    return (
        f"{value:%d.%m.%Y}"
        if isinstance(value, datetime)
        else value.hex[-8:]
        if isinstance(value, UUID)
        else f"{value}"
    )


async def veto(connection: Connection, export: UUID, actor: str) -> None:
    """It is never written. Raises Unexportable."""
    now = utcnow()
    if not await exports.end(connection, export, "vetoed", now, by=actor):
        raise Unexportable(_closed(await exports.get(connection, export), export))
    await events.record(connection, "export.vetoed", at=now, actor=actor, export=str(export))


def _closed(found: Export | None, export: UUID) -> str:
    if found is None:
        return f"there is no export {export}"
    return "this export is written already" if found.state == "done" else "this export was vetoed"


async def text(database: Database, export: UUID, actor: str) -> AsyncIterator[str]:
    """The file, piece by piece, in constant memory: everybody as he was at one moment. UTF-8, line ends as they are.

    Raises TooEarly, Unexportable before the first piece. It counts as done behind the last one; broken off, it may be
    begun anew.
    """
    wanted = await _begun(database, export, actor)
    rows = 0
    async with database.begin() as connection:
        await exports.freeze(connection)
        head, render = _renderer(wanted.format, wanted.columns or await columns(connection))
        yield head
        async for page in _pages(connection, wanted.filter):
            rows += len(page)
            yield render(page)
    await _done(database, export, actor, rows)


async def _begun(database: Database, export: UUID, actor: str) -> Wanted:
    now = utcnow()
    async with database.begin() as connection:
        found = await exports.get(connection, export)
        if found is None or found.state != "waiting":
            raise Unexportable(_closed(found, export))
        if now < found.due_at:
            raise TooEarly(found.due_at)
        if now > found.due_at + VALID:
            raise Unexportable(f"this export was not written within {VALID.days} days: ask for it anew")
        await events.record(connection, "export.begun", at=now, actor=actor, export=str(export))
    return from_json(found.wanted)


async def _done(database: Database, export: UUID, actor: str, rows: int) -> None:
    now = utcnow()
    async with database.begin() as connection:
        await exports.end(connection, export, "done", now, rows=rows)
        await events.record(connection, "export.done", at=now, actor=actor, export=str(export), rows=rows)


async def _pages(connection: Connection, filter_: Filter) -> AsyncIterator[list[Draft]]:
    after: UUID | None = None
    while ids := await exports.page(connection, filter_, after, PAGE):
        found = await persons(connection, ids)
        yield [drafted(found[person]) for person in ids]
        after = ids[-1]


class _Csv:
    """Pages of a CSV. The writer puts the headers before each: they are cut off again."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self.head = self._whole(())

    def __call__(self, people: Sequence[Draft]) -> str:
        return self._whole(people)[len(self.head) :]

    def _whole(self, people: Sequence[Draft]) -> str:
        out = io.StringIO(newline="")
        write_csv(out, people, self._columns)
        return out.getvalue()


def _vcards(people: Sequence[Draft]) -> str:
    out = io.StringIO(newline="")
    write_vcards(out, people)
    return out.getvalue()


def _renderer(format_: str, columns: Sequence[str]) -> tuple[str, Any]:
    csv = _Csv(columns)
    return ("", _vcards) if format_ == "vcard" else (csv.head, csv)


def drafted(person: Person) -> Draft:
    """What a file says of this person: what shows of him, and the addresses that are his now. Pure."""
    shown = {name: field.value for name, field in person.fields.items()}
    kept = {name: shown[name] for name in _FIELDS if name in shown}
    own = {f"field:{n}": v for n, v in shown.items() if n not in (*_FIELDS, "name", "company", "owner")}
    mine = [a for a in person.addresses if not a.was]
    return Draft(
        row=0,
        name=person.name,
        addresses=tuple(Address(kind=AddressKind(a.kind), value=a.value) for a in mine if a.kind in _PLAIN),
        external=tuple(_external(a.kind, a.value) for a in mine if a.kind in _ELSEWHERE),
        fields=kept | own,
        tags=tuple(tag.tag for tag in person.tags),
        company=shown.get("company") or next((c.name for c in person.companies), ""),
        notes=tuple(note.text for note in reversed(person.notes)),
        owner=person.owner.name if person.owner else "",
        consents=_consents({(c.purpose, c.channel): c.granted for c in person.consents}),
    )


_PLAIN = (AddressKind.EMAIL, AddressKind.PHONE, AddressKind.TELEGRAM)


_ELSEWHERE = (AddressKind.VK, AddressKind.EXTERNAL)


def _external(kind: str, value: str) -> tuple[str, str]:
    if kind == AddressKind.VK:
        return "vk", f"id{value}"
    system, _, id_ = value.partition(":")
    return system, id_


def _consents(standing: Standing) -> dict[str, bool]:
    """What was said of every channel stands for each of them."""
    said = {channel: standing.get((CONSENT_TO, channel), standing.get((CONSENT_TO, ALL))) for channel in CHANNELS}
    return {channel: granted for channel, granted in said.items() if granted is not None}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
