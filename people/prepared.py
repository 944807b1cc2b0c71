"""A card in normal forms, made once: what is compared and what keys are made of. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from people.letters import fold
from people.names import Name, parse
from people.traits import Kind, Traits

Kinds = Mapping[str, Kind]
"""The custom fields that are compared, by name."""
_MOST = 6
"""Of each kind: a card that collected more is nobody's in particular, and pairs grow with the square."""
_TOWN = re.compile(r"^(?:г(?:ор(?:од)?)?\.?|city of)\s+|^г\.(?=\S)", re.IGNORECASE)
_TOWNS = {
    fold(short): fold(full)
    for full, shorts in {
        "Москва": "Мск Moscow Moskau",
        "Санкт-Петербург": "СПб Питер Петербург SPb Петроград Saint-Petersburg St-Petersburg Sankt-Peterburg",
        "Екатеринбург": "Екб Ебург",
        "Нижний-Новгород": "Нижний НН Nizhny-Novgorod",
        "Новосибирск": "Нск Новосиб",
        "Ростов-на-Дону": "Ростов Rostov-on-Don",
        "London": "Лондон",
        "New-York": "NYC NY Нью-Йорк",
    }.items()
    for short in shorts.split()
}
_LEGAL_FORMS = frozenset(
    fold(word)
    for word in """ооо оао зао пао ао ип нпо тоо чп гк тд компания фирма группа общество ограниченной ответственностью
    акционерное ltd llc inc corp co company group gmbh ag sa sarl bv plc limited the of и and""".split()
)
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Email:
    """An address in the parts that are compared."""

    local: str
    """Without a tag behind "+" and without dots."""
    host: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """One card, ready to be compared."""

    id: UUID
    names: tuple[Name, ...]
    phones: tuple[str, ...]
    """Digits, with the extension behind "x"."""
    emails: tuple[Email, ...]
    telegrams: frozenset[str]
    city: str
    company: str
    born: str
    """YYYYMMDD or ""."""
    custom: Mapping[str, tuple[Kind, str]]
    """By name, only the declared ones that have a value."""


_NO_KINDS: Kinds = {}


def prepare(traits: Traits, kinds: Kinds = _NO_KINDS) -> Prepared:
    """Bring a card into normal forms. Custom fields that `kinds` does not name are left out."""
    names = {name.key: name for name in map(parse, sorted(set(traits.names))) if name.words}
    custom = {n: (kinds[n], plain(kinds[n], v)) for n, v in sorted(traits.custom.items()) if n in kinds}
    return Prepared(
        id=traits.id,
        names=tuple(names[key] for key in sorted(names))[:_MOST],
        phones=tuple(sorted({_phone(p) for p in traits.phones}))[:_MOST],
        emails=tuple(_email(e) for e in sorted(set(traits.emails)) if "@" in e)[:_MOST],
        telegrams=frozenset(traits.telegrams),
        city=_city(traits.city),
        company=_company(traits.company),
        born=f"{traits.born:%Y%m%d}" if traits.born else "",
        custom={n: value for n, value in custom.items() if value[1]},
    )


def _phone(text: str) -> str:
    number, _, extension = text.partition(";ext=")
    return re.sub(r"\D", "", number) + (f"x{extension}" if extension else "")


def _email(text: str) -> Email:
    local, _, host = text.lower().rpartition("@")
    return Email(local.partition("+")[0].replace(".", "") or local, "gmail.com" if host == "googlemail.com" else host)


@lru_cache(maxsize=8192)
def _city(text: str) -> str:
    folded = fold(_TOWN.sub("", text.strip()))
    return _TOWNS.get(folded, folded)


@lru_cache(maxsize=8192)
def _company(text: str) -> str:
    words = [folded for word in _WORDS.findall(text) if (folded := fold(word) or word)]
    return " ".join([w for w in words if w not in _LEGAL_FORMS] or words)


@lru_cache(maxsize=65536)
def plain(kind: Kind, text: str) -> str:
    """A custom field's value in normal form; a date as YYYYMMDD, when its digits are eight."""
    if kind is Kind.TEXT:
        return " ".join(fold(word) or word for word in _WORDS.findall(text.lower()))
    signs = "".join(_WORDS.findall(text)).lower()
    if kind is Kind.DATE and (match := re.fullmatch(r"\s*(\d\d?)\D(\d\d?)\D(\d{4})\s*", text)):
        return f"{match[3]}{match[2]:0>2}{match[1]:0>2}"
    return signs
