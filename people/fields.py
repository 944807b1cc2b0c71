"""The fields of cards: built-in ones and those that the owner has defined; the one way to write values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from domain.ids import new_id
from domain.messages import utcnow
from people.traits import Kind
from people.values import Field, Type, Wrong, checked_name, normal
from store import contacts, traits
from store import fields as stored
from store.engine import Connection

__all__ = ["BUILT_IN", "CUSTOM_TYPES", "MATCHINGS", "Field", "Type", "Value", "Wrong", "normal"]

CUSTOM_TYPES = (Type.TEXT, Type.NUMBER, Type.DATE, Type.PHONE, Type.EMAIL, Type.CHOICE, Type.FLAG)
MATCHINGS = ("none", *(kind.value for kind in Kind))
_GENDERS = dict.fromkeys("m муж м мужской мужчина".split(), "male") | dict.fromkeys(
    "f w жен ж женский женщина".split(), "female"
)


def _built_in(name: str, en: str, ru: str, type_: Type = Type.TEXT) -> Field:
    return Field(name=name, type=type_, labels={"en": en, "ru": ru})


BUILT_IN: Mapping[str, Field] = {
    field.name: field
    for field in (
        _built_in("name", "Name", "Имя целиком"),
        _built_in("given_name", "Given name", "Имя"),
        _built_in("surname", "Surname", "Фамилия"),
        _built_in("patronymic", "Patronymic", "Отчество"),
        _built_in("born", "Date of birth", "Дата рождения", Type.BORN),
        _built_in("city", "City", "Город"),
        _built_in("company", "Company", "Компания"),
        _built_in("position", "Position", "Должность"),
        _built_in("language", "Language", "Язык", Type.LANGUAGE),
        _built_in("owner", "Responsible", "Ответственный", Type.STAFF),
        Field(
            name="gender",
            type=Type.CHOICE,
            labels={"en": "Gender", "ru": "Пол"},
            choices=("male", "female"),
            synonyms=_GENDERS,
        ),
    )
}


async def known(connection: Connection) -> dict[str, Field]:
    """Every field by its name: the built-in ones, then the custom ones, archived ones too."""
    return dict(BUILT_IN) | {row.name: _custom(row) for row in await stored.kinds(connection)}


def _custom(row: stored.KindRow) -> Field:
    return Field(
        name=row.name,
        type=Type(row.type),
        labels=row.labels,
        choices=tuple(row.choices),
        matching=row.matching,
        custom=True,
        archived=row.archived,
    )


async def define(connection: Connection, field: Field) -> Field:
    """Make a custom field. Raises Wrong."""
    checked_name(field.name)
    if field.name in BUILT_IN:
        raise Wrong("taken", field.name)
    if field.type not in CUSTOM_TYPES:
        raise Wrong("type", field.name, field.type)
    made = _checked(field)
    row = (made.name, made.type.value, *_as_json(made), made.matching, utcnow())
    if not await stored.add_kind(connection, row):
        raise Wrong("taken", field.name)
    await _look_again(connection, made.matching)
    return made


async def _look_again(connection: Connection, *matching: str) -> None:
    """By which fields cards are compared has changed: all are compared anew, behind the router."""
    if set(matching) != {"none"}:
        await traits.all_due(connection)


def _as_json(field: Field) -> tuple[str, str]:
    encode = msgspec.json.encode
    return encode(dict(field.labels)).decode(), encode(list(field.choices)).decode()


def _checked(field: Field) -> Field:
    labels = {language: " ".join(label.split()) for language, label in field.labels.items() if label.strip()}
    if not labels or not labels.keys() <= {"en", "ru"} or any(len(label) > 100 for label in labels.values()):
        raise Wrong("label", field.name)
    plain = Field(name=field.name, type=Type.TEXT, labels={})
    choices = tuple(dict.fromkeys(normal(plain, choice, "") for choice in field.choices))
    is_choice = field.type is Type.CHOICE
    distinct = len({choice.casefold() for choice in choices}) == len(field.choices)
    if not distinct or "" in choices or is_choice != bool(choices) or len(choices) > 200:
        raise Wrong("choices", field.name)
    if field.matching not in MATCHINGS:
        raise Wrong("matching", field.name, field.matching)
    return Field(name=field.name, type=field.type, labels=labels, choices=choices, matching=field.matching, custom=True)


async def change(
    connection: Connection,
    name: str,
    *,
    labels: Mapping[str, str] | None = None,
    choices: Sequence[str] | None = None,
    matching: str | None = None,
) -> Field:
    """Give a custom field other labels, choices (values that are written already stay) or matching. Raises Wrong."""
    before = await _own(connection, name)
    after = _checked(
        Field(
            name=name,
            type=before.type,
            labels=before.labels if labels is None else labels,
            choices=before.choices if choices is None else tuple(choices),
            matching=before.matching if matching is None else matching,
        )
    )
    await stored.change_kind(connection, name, *_as_json(after), after.matching)
    if after.matching != before.matching:
        await _look_again(connection, before.matching, after.matching)
    return after


async def archive(connection: Connection, name: str, *, back: bool = False) -> None:
    """Put a custom field away: it shows no more, and its values stay. Raises Wrong."""
    field = await _own(connection, name)
    await _look_again(connection, field.matching)
    await stored.archive_kind(connection, name, None if back else utcnow())


async def _own(connection: Connection, name: str) -> Field:
    found = (await known(connection)).get(name)
    if found is None or not found.custom:
        raise Wrong("unknown", name)
    return found


class Value(NamedTuple):
    """What is to stand in a field of a card."""

    card: UUID
    field: str
    value: str
    """As a person wrote it; "" clears."""


async def put(
    connection: Connection, values: Iterable[Value], *, source: str, country: str, at: datetime | None = None
) -> int:
    """Check values, bring them to normal form and append what is new; on how many cards something changed.

    `source`: who says so ("api:ID", "import:ID", "staff:ID"). Raises Wrong: then nothing is written.
    """
    kinds = await known(connection)
    plain = [v._replace(value=normal(_open(kinds, v.field), v.value, country)) for v in values]
    await _check_owners(connection, plain)
    return await put_normal(connection, plain, source=source, at=at)


async def put_normal(
    connection: Connection, values: Iterable[Value], *, source: str, at: datetime | None = None
) -> int:
    """The same for values that `normal` gave already: nothing is checked."""
    now = at or utcnow()
    last = {(v.card, v.field): v.value for v in values}
    changed = await stored.put(connection, [(new_id(), card, f, v, source, now) for (card, f), v in last.items()])
    await contacts.look_again(connection, changed)
    return len(changed)


def _open(kinds: Mapping[str, Field], name: str) -> Field:
    field = kinds.get(name)
    if field is None:
        raise Wrong("unknown", name)
    if field.archived:
        raise Wrong("archived", name)
    return field


async def _check_owners(connection: Connection, values: Iterable[Value]) -> None:
    wanted = {UUID(v.value) for v in values if v.field == "owner" and v.value}
    if wanted and (strange := wanted - await stored.staff_among(connection, wanted)):
        raise Wrong("staff", "owner", str(min(strange)))


async def history(connection: Connection, cards: Iterable[UUID], field: str) -> list[stored.Held]:
    """What a field of these cards was, the latest first."""
    return await stored.history(connection, cards, field)
