"""Contacts as files that read back equal: CSV, vCard 4.0 (RFC 6350), and the rejected rows as a file to correct.

CSV begins with a mark, so that Excel reads it as UTF-8, and its columns are named by their targets. A cell that a
spreadsheet would take for a formula gets an apostrophe, phones too: Excel would turn "+79161234567" into 7.91612E+10
and save that. Our reader takes the apostrophe away again.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import TextIO

from domain.messages import AddressKind
from people.draft import Draft, Rejection
from people.files.table import LIST, listed

COLUMNS = (
    "name", "surname", "given_name", "patronymic", "email", "phone", "telegram", "vk", "company", "position", "city",
    "born", "language", "tags", "note", "owner",
)  # fmt: skip
"""What every export has. Add "field:NAME", "consent:CHANNEL", "external:SYSTEM" as the installation has them."""
_MARK = "\ufeff"
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_CARETS = {"^": "^^", '"': "^'", "\n": "^n"}
_WIDTH = 75
"""Bytes of a line (RFC 6350, section 3.2)."""


def write_csv(out: TextIO, people: Iterable[Draft], columns: Sequence[str] = COLUMNS) -> int:
    """Write the mark, the headers and a row for each; how many. `out`: opened with encoding="utf-8", newline=""."""
    out.write(_MARK)
    written = csv.writer(out)
    written.writerow(map(guarded, columns))
    count = 0
    for count, person in enumerate(people, 1):  # noqa: B007 - counted while they stream by
        written.writerow([guarded(cell(person, column)) for column in columns])
    return count


def write_rejected(
    out: TextIO, headers: Sequence[str], rejected: Iterable[Rejection], language: str = "en", delimiter: str = ","
) -> int:
    """The rows as they came, with the number and the reason before them, to be corrected and imported again."""
    out.write(_MARK)
    written = csv.writer(out, delimiter=delimiter)
    written.writerow([*(("Строка", "Причина") if language == "ru" else ("Row", "Reason")), *map(guarded, headers)])
    count = 0
    for count, each in enumerate(rejected, 1):  # noqa: B007 - counted while they stream by
        why = " ".join(reason.words(language) for reason in (each.reason, *each.details))
        written.writerow([each.row, guarded(why), *map(guarded, each.values)])
    return count


def guarded(text: str) -> str:
    """The cell, so that no spreadsheet takes it for a formula. Pure."""
    return f"'{text}" if _FORMULA.match(text) else text


def cell(person: Draft, column: str) -> str:
    """What stands in this column, a target of `people.mapping`, for this person."""
    kind, _, name = column.partition(":")
    if kind == "consent":
        return {True: "yes", False: "no", None: ""}[person.consents.get(name)]
    if kind in ("external", "vk"):
        return LIST.join(value for system, value in person.external if system == (name or "vk"))
    if kind in ("email", "phone"):
        return LIST.join(_addresses(person, AddressKind(kind)))
    if kind == "telegram":
        return LIST.join(_telegram(person))
    plain = {"name": person.name, "company": person.company, "owner": person.owner, "note": "\n".join(person.notes)}
    if kind == "tags":
        return listed(person.tags)
    return plain[kind] if kind in plain else person.fields.get(column, "")


def _addresses(person: Draft, kind: AddressKind) -> list[str]:
    return [address.value for address in person.addresses if address.kind is kind]


def _telegram(person: Draft) -> list[str]:
    name = person.fields.get("telegram")
    return _addresses(person, AddressKind.TELEGRAM) + ([f"@{name}"] if name else [])


def write_vcards(out: TextIO, people: Iterable[Draft]) -> int:
    """A card for each, without the ids of other systems. What vCard has no word for stands in properties of our own
    (RFC 6350, section 6.10): the owner and the consents, which our reader takes back, and the custom fields.

    `out`: opened with encoding="utf-8", newline="".
    """
    count = 0
    for count, person in enumerate(people, 1):  # noqa: B007 - counted while they stream by
        out.write("".join(map(_folded, _card(person))))
    return count


def _card(person: Draft) -> list[str]:
    """The properties, not folded. FN must be there (section 6.2.1), even empty."""
    fields = person.fields
    names = [_escaped(fields.get(key, "")) for key in ("surname", "given_name", "patronymic")]
    lines = ["BEGIN:VCARD", "VERSION:4.0", f"FN:{_escaped(person.name)}"]
    lines += [f"N:{';'.join(names)};;"] if any(names) else []
    lines += [f"EMAIL:{value}" for value in _addresses(person, AddressKind.EMAIL)]
    lines += [f"TEL;VALUE=uri:tel:{value}" for value in _addresses(person, AddressKind.PHONE)]
    lines += [f"X-TELEGRAM:{value}" for value in _telegram(person)]
    lines += [f"X-VK:{value}" for system, value in person.external if system == "vk"]
    singles = {"ORG": person.company, "TITLE": fields.get("position"), "LANG": fields.get("language")}
    lines += [f"{name}:{_escaped(value)}" for name, value in singles.items() if value]
    lines += [f"ADR:;;;{_escaped(fields['city'])};;;"] if "city" in fields else []
    lines += [f"BDAY:{fields['born'].replace('-', '')}"] if "born" in fields else []
    lines += [f"NOTE:{_escaped(note)}" for note in person.notes]
    lines += [f"CATEGORIES:{','.join(map(_escaped, person.tags))}"] if person.tags else []
    return [*lines, *_of_ours(person), "END:VCARD"]


def _of_ours(person: Draft) -> list[str]:
    lines = [f"X-LEADWIRE-OWNER:{_escaped(person.owner)}"] if person.owner else []
    lines += [f"X-LEADWIRE-CONSENT;CHANNEL={c}:{'yes' if yes else 'no'}" for c, yes in sorted(person.consents.items())]
    own = [(name.removeprefix("field:"), value) for name, value in person.fields.items() if name.startswith("field:")]
    return lines + [f'X-LEADWIRE-FIELD;NAME="{_quoted(name)}":{_escaped(value)}' for name, value in own]


def _quoted(text: str) -> str:
    """A parameter's value (RFC 6868)."""
    return "".join(_CARETS.get(sign, sign) for sign in text if sign.isprintable() or sign == "\n")


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
    return text.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str) -> str:
    """With its line end, in lines of at most 75 bytes that part no letter."""
    parts, width = [""], 0
    for letter in line:
        size = len(letter.encode("utf-8", "replace"))
        if width + size > _WIDTH:
            parts.append(" ")
            width = 1
        parts[-1] += letter
        width += size
    return "\r\n".join(parts) + "\r\n"
