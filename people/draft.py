"""A row of a file as the contact that it would become. Pure: nothing is looked up, nothing is written.

Addresses are claimed, never proved: a file is somebody's word about others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from domain.addresses import normalise_chat, normalise_email
from domain.messages import Address, AddressKind
from people.files import values
from people.files.table import LIST, Row, Table
from people.files.texts import Reason, reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A contact to be. Every value is in its normal form."""

    row: int
    name: str = ""
    addresses: tuple[Address, ...] = ()
    external: tuple[tuple[str, str], ...] = ()
    """(system, id): ("amocrm", "123"), ("vk", "id1")."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """By target: "given_name", "surname", "patronymic", "position", "city", "born" (ISO 8601), "language",
    "telegram" (the public name), "field:NAME". Empty ones are left out."""
    tags: tuple[str, ...] = ()
    company: str = ""
    notes: tuple[str, ...] = ()
    owner: str = ""
    consents: Mapping[str, bool] = field(default_factory=dict)
    """By channel; what the file does not say is not there."""
    warnings: tuple[Reason, ...] = ()
    """Values that were left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """A row that becomes nobody."""

    row: int
    reason: Reason
    values: tuple[str, ...]
    """The row as it stood in the file."""
    details: tuple[Reason, ...] = ()
    """What was wrong with the values that it had."""


class _Parts:
    """What the cells of one row have given so far."""

    __slots__ = ("addresses", "consents", "external", "fields", "notes", "tags", "warnings")

    def __init__(self) -> None:
        self.addresses: dict[tuple[AddressKind, str], Address] = {}
        self.external: list[tuple[str, str]] = []
        self.fields: dict[str, str] = {}
        self.tags: dict[str, None] = {}
        self.notes: list[str] = []
        self.consents: dict[str, bool] = {}
        self.warnings: list[Reason] = []


Step = Callable[[_Parts, str], None]


class Drafter:
    """Call it with a row. Made once for a file, so that a row costs microseconds."""

    def __init__(self, headers: tuple[str, ...], mapping: Mapping[str, str], country: str) -> None:
        """`mapping` as `people.mapping.check` takes it; `country`: ISO 3166-1, where national phones are from."""
        targets = [(position, mapping.get(header, "skip")) for position, header in enumerate(headers)]
        self._columns = len(headers)
        self._steps = [(position, _step(target, country)) for position, target in targets if target != "skip"]

    def __call__(self, row: Row) -> Draft | Rejection:
        cells = row.values
        if len(cells) > self._columns:
            why = reason("shifted", cells=len(cells), columns=self._columns)
            return Rejection(row=row.number, reason=why, values=cells)
        parts = _Parts()
        for position, take in self._steps:
            if cell := cells[position]:
                take(parts, cell)
        return _finished(row, parts)


def draft(row: Row, headers: tuple[str, ...], mapping: Mapping[str, str], country: str) -> Draft | Rejection:
    """One row alone. For many, make a `Drafter`."""
    return Drafter(headers, mapping, country)(row)


def drafts(table: Table, mapping: Mapping[str, str], country: str, *, after: int = 0) -> Iterator[Draft | Rejection]:
    """The whole table, or what stands behind row `after`. Raises Unreadable."""
    return map(Drafter(table.headers, mapping, country), table.rows(after))


def _finished(row: Row, parts: _Parts) -> Draft | Rejection:
    fields = parts.fields
    name = fields.pop("name", "") or " ".join(
        fields[key] for key in ("given_name", "patronymic", "surname") if key in fields
    )
    if not (name or parts.addresses or "telegram" in fields):
        return Rejection(row=row.number, reason=reason("empty"), values=row.values, details=tuple(parts.warnings))
    return Draft(
        row=row.number,
        name=name,
        addresses=tuple(parts.addresses.values()),
        external=tuple(parts.external),
        company=fields.pop("company", ""),
        owner=fields.pop("owner", ""),
        fields=fields,
        tags=tuple(parts.tags),
        notes=tuple(parts.notes),
        consents=parts.consents,
        warnings=tuple(parts.warnings),
    )


def _step(target: str, country: str) -> Step:
    kind, _, name = target.partition(":")
    if kind == "external":
        return partial(_external, system=name)
    if kind == "consent":
        return partial(_consent, channel=name)
    by_country = {"phone": _phone, "born": _born}
    if kind in by_country:
        return partial(by_country[kind], country=country.upper())
    plain = {"email": _email, "telegram": _telegram, "vk": _vk, "tags": _tags, "note": _note}
    return plain.get(kind) or partial(_field, key=target)


def _add(parts: _Parts, kind: AddressKind, value: str) -> None:
    if (kind, value) not in parts.addresses:
        parts.addresses[kind, value] = Address(kind=kind, value=value)


def _email(parts: _Parts, cell: str) -> None:
    if alone := normalise_email(cell):
        _add(parts, AddressKind.EMAIL, alone)
        return
    for text in values.several(cell):
        found = normalise_email(text.partition("<")[2].partition(">")[0] if "<" in text else text)
        if found:
            _add(parts, AddressKind.EMAIL, found)
        elif text.strip():
            _spaced_emails(parts, text)


def _spaced_emails(parts: _Parts, text: str) -> None:
    """Several with spaces between them, or one beside words: "a@x.org (work)"."""
    found = [normal for word in text.split() if (normal := normalise_email(word.strip("()<>[]\"'.:")))]
    for value in found:
        _add(parts, AddressKind.EMAIL, value)
    if not found:
        parts.warnings.append(reason("email", value=text))


def _phone(parts: _Parts, cell: str, country: str) -> None:
    for text in values.phones(cell):
        if found := values.phone(text, country):
            _add(parts, AddressKind.PHONE, found)
        elif text.strip():
            parts.warnings.append(reason("rounded" if values.is_rounded(text) else "phone", value=text))


def _telegram(parts: _Parts, cell: str) -> None:
    for text in values.several(cell):
        if chat := normalise_chat(text):
            _add(parts, AddressKind.TELEGRAM, chat)
        elif name := values.telegram_name(text):
            parts.fields.setdefault("telegram", name)
        elif text.strip():
            parts.warnings.append(reason("telegram", value=text))


def _vk(parts: _Parts, cell: str) -> None:
    for text in values.several(cell):
        if name := values.vk_name(text):
            parts.external.append(("vk", name))
        elif text.strip():
            parts.warnings.append(reason("vk", value=text))


def _born(parts: _Parts, cell: str, country: str) -> None:
    if found := values.day(cell, country):
        parts.fields.setdefault("born", found)
    elif cell.strip():
        parts.warnings.append(reason("born", value=cell))


def _consent(parts: _Parts, cell: str, channel: str) -> None:
    """A "no" from any column stands, whatever another one says."""
    said = values.decision(cell)
    if said is not None:
        parts.consents[channel] = said and parts.consents.get(channel, True)
    elif cell.strip():
        parts.warnings.append(reason("consent", value=cell))


def _tags(parts: _Parts, cell: str) -> None:
    """Google marks its own groups with "* "; "myContacts" is every contact of it."""
    for text in values.several(cell):
        tag = values.line(text.removeprefix("* "))
        if tag and tag != "myContacts":
            parts.tags[tag] = None


def _note(parts: _Parts, cell: str) -> None:
    if text := cell.strip():
        parts.notes.append(text)


def _external(parts: _Parts, cell: str, system: str) -> None:
    parts.external += [(system, text) for each in cell.split(LIST) if (text := values.line(each))]


def _field(parts: _Parts, cell: str, key: str) -> None:
    if text := values.line(cell):
        parts.fields.setdefault(key, text)
