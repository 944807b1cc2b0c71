"""What is written into a field, brought to its normal form. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from uuid import UUID

from domain.addresses import normalise_phone, written_email

LONGEST = 500
"""Characters of a value: it is indexed, and an index takes no more than 2,700 bytes of one."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DATE = re.compile(r"(\d{1,2})([./])(\d{1,2})\2(\d{4})")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]{2,8})*", re.IGNORECASE)
_OLDEST = date(1850, 1, 1)


class Type(StrEnum):
    """What a field holds. The first seven are for custom fields, too."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    PHONE = "phone"
    EMAIL = "email"
    CHOICE = "choice"
    FLAG = "flag"
    BORN = "born"
    LANGUAGE = "language"
    STAFF = "staff"


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of a card."""

    name: str
    type: Type
    labels: Mapping[str, str]
    """Language -> what people read."""
    choices: tuple[str, ...] = ()
    """Of a choice: its values in normal form."""
    synonyms: Mapping[str, str] = field(default_factory=dict)
    """Of a choice: how else people write a value, in lower case -> the value."""
    matching: str = "none"
    """How duplicates are found by it: none, or a `people.traits.Kind`. Of built-in ones the comparison knows."""
    custom: bool = False
    archived: bool = False


class Wrong(ValueError):
    """A value, or a definition, that is not taken. `key` says why, `words` says it to a person."""

    def __init__(self, key: str, field: str, value: str = "") -> None:
        self.key, self.field, self.value = key, field, value[:60]
        super().__init__(self.words("en"))

    def words(self, language: str) -> str:
        """What is wrong and what to do, in "en" or "ru"."""
        return _WORDS[self.key]["ru" if language == "ru" else "en"].format(field=self.field, value=self.value)


def normal(kind: Field, value: str, country: str) -> str:
    """The value in the field's normal form; "" when there is nothing in it: that clears the field.

    `country` (ISO 3166-1 alpha-2) says where a national phone number is from. Raises Wrong.
    """
    text = _plain(value)
    if not text:
        return ""
    if len(text) > LONGEST:
        raise Wrong("long", kind.name, text)
    if kind.type is Type.PHONE:
        return _or_wrong(normalise_phone(text, country), "phone", kind, text)
    return _FORMS[kind.type](kind, text)


def _plain(value: str) -> str:
    """Composed (NFC), without control characters, with single spaces."""
    text = unicodedata.normalize("NFC", value)
    return " ".join("".join(" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in text).split())


def _or_wrong(found: str | None, key: str, kind: Field, text: str) -> str:
    if not found:
        raise Wrong(key, kind.name, text)
    return found


def _text(kind: Field, text: str) -> str:
    return text


def _email(kind: Field, text: str) -> str:
    return _or_wrong(written_email(text), "email", kind, text)


def _number(kind: Field, text: str) -> str:
    """Spaces part thousands; a comma is a decimal one."""
    try:
        number = Decimal(re.sub(r"[\s\u00a0\u202f']", "", text).replace(",", "."))
    except InvalidOperation:
        raise Wrong("number", kind.name, text) from None
    if not number.is_finite() or abs(number.adjusted()) > 40:
        raise Wrong("number", kind.name, text)
    plain = f"{number:f}" if number else "0"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _date(kind: Field, text: str) -> str:
    """ISO 8601; or day, month and year with dots or slashes. With slashes 12/31/1980 can only be an American one."""
    try:
        if found := _DATE.fullmatch(text):
            day, month = int(found[1]), int(found[3])
            if month > 12 and found[2] == "/":
                day, month = month, day
            return date(int(found[4]), month, day).isoformat()
        return date.fromisoformat(text.partition("T")[0]).isoformat()
    except ValueError:
        raise Wrong("date", kind.name, text) from None


def _born(kind: Field, text: str) -> str:
    found = _date(kind, text)
    if not _OLDEST <= date.fromisoformat(found) <= date.today():  # noqa: DTZ011 - a birthday has no zone
        raise Wrong("born", kind.name, text)
    return found


def _choice(kind: Field, text: str) -> str:
    known = {choice.casefold(): choice for choice in kind.choices} | dict(kind.synonyms)
    if text.casefold() not in known:
        raise Wrong("choice", kind.name, ", ".join(kind.choices))
    return known[text.casefold()]


_FLAGS = dict.fromkeys("1 true yes y on + да д истина".split(), "true") | dict.fromkeys(
    "0 false no n off - нет н ложь".split(), "false"
)


def _flag(kind: Field, text: str) -> str:
    return _or_wrong(_FLAGS.get(text.casefold()), "flag", kind, text)


def _language(kind: Field, text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise Wrong("language", kind.name, text)
    return text.lower().replace("_", "-")


def _staff(kind: Field, text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise Wrong("staff", kind.name, text) from None


_FORMS: Mapping[Type, Callable[[Field, str], str]] = {
    Type.TEXT: _text,
    Type.NUMBER: _number,
    Type.DATE: _date,
    Type.EMAIL: _email,
    Type.CHOICE: _choice,
    Type.FLAG: _flag,
    Type.BORN: _born,
    Type.LANGUAGE: _language,
    Type.STAFF: _staff,
}


def checked_name(name: str) -> str:
    """The name of a custom field: Latin letters, digits and "_". Raises Wrong."""
    if not _NAME.fullmatch(name):
        raise Wrong("name", name)
    return name


_WORDS: Mapping[str, Mapping[str, str]] = {
    "long": {
        "en": f"{{field}}: at most {LONGEST} characters, please.",
        "ru": f"{{field}}: не больше {LONGEST} знаков.",
    },
    "number": {
        "en": "{field}: “{value}” is not a number. Write it like 1250.5.",
        "ru": "{field}: «{value}» — не число. Напишите, например, 1250,5.",
    },
    "date": {
        "en": "{field}: “{value}” is not a date. Write it like 1980-12-31 or 31.12.1980.",
        "ru": "{field}: «{value}» — не дата. Напишите, например, 31.12.1980.",
    },
    "born": {
        "en": "{field}: nobody was born on “{value}”. Check the year.",
        "ru": "{field}: «{value}» не может быть датой рождения. Проверьте год.",
    },
    "phone": {
        "en": "{field}: “{value}” is not a phone number. Write it with its code, like +7 916 123-45-67.",
        "ru": "{field}: «{value}» — не номер телефона. Напишите его с кодом, например +7 916 123-45-67.",
    },
    "email": {
        "en": "{field}: “{value}” is not an e-mail address. Write it like name@example.com.",
        "ru": "{field}: «{value}» — не адрес почты. Напишите, например, name@example.com.",
    },
    "choice": {"en": "{field}: choose one of: {value}.", "ru": "{field}: выберите из списка: {value}."},
    "flag": {
        "en": "{field}: “{value}” is neither yes nor no.",
        "ru": "{field}: «{value}» — ни да, ни нет.",
    },
    "language": {
        "en": "{field}: “{value}” is not a language's code. Write it like en or ru.",
        "ru": "{field}: «{value}» — не код языка. Напишите, например, ru или en.",
    },
    "staff": {
        "en": "{field}: “{value}” is nobody who works here. Give the id of a member of staff.",
        "ru": "{field}: «{value}» — такого сотрудника нет. Укажите идентификатор сотрудника.",
    },
    "unknown": {
        "en": "There is no field “{field}”. Define it first, or check the name.",
        "ru": "Нет поля «{field}». Сначала создайте его или проверьте имя.",
    },
    "archived": {
        "en": "The field “{field}” is archived. Bring it back first.",
        "ru": "Поле «{field}» в архиве. Сначала верните его.",
    },
    "name": {
        "en": "“{field}” cannot be a field's name: at most 40 small Latin letters, digits and _, a letter first.",
        "ru": "«{field}» не может быть именем поля: до 40 строчных латинских букв, цифр и _, сначала буква.",
    },
    "taken": {"en": "There is a field “{field}” already.", "ru": "Поле «{field}» уже есть."},
    "type": {
        "en": "{field}: “{value}” is no type of field.",
        "ru": "{field}: «{value}» — такого типа поля нет.",
    },
    "label": {
        "en": "{field}: give a label of 1 to 100 characters, in English (en), Russian (ru) or both.",
        "ru": "{field}: дайте подпись от 1 до 100 знаков на русском (ru), английском (en) или обоих языках.",
    },
    "choices": {
        "en": "{field}: a choice needs 1 to 200 different values; other types have none.",
        "ru": "{field}: списку нужно от 1 до 200 разных значений; у других типов их нет.",
    },
    "matching": {
        "en": "{field}: “{value}” does not say how duplicates are found: none, text, identifier, personal or date.",
        "ru": "{field}: «{value}» — не способ искать дубли: none, text, identifier, personal или date.",
    },
}
