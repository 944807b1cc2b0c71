"""What is compared of one contact card, and its form in JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID


class Kind(StrEnum):
    """How a custom field is compared."""

    TEXT = "text"
    IDENTIFIER = "identifier"  # a number of a contract, a house, a postcode: whole, with at most a slip
    PERSONAL = "personal"  # a number that one person alone has: a passport, a social insurance
    DATE = "date"


@dataclass(frozen=True, kw_only=True, slots=True)
class Traits:
    """One card, as far as it tells who somebody is. All but the id may be empty."""

    id: UUID
    names: tuple[str, ...] = ()
    """As people wrote them, in any order and alphabet."""
    emails: tuple[str, ...] = ()
    """In normal form (`domain.addresses`)."""
    phones: tuple[str, ...] = ()
    """E.164, perhaps with ";ext=12" behind it."""
    telegrams: tuple[str, ...] = ()
    """Ids of users."""
    city: str = ""
    company: str = ""
    born: date | None = None
    custom: Mapping[str, str] = field(default_factory=dict)
    """The values of custom fields by the field's name."""


def to_json(traits: Traits) -> dict[str, Any]:
    """As a dict of what JSON knows. What is empty is left out."""
    known = {
        "id": str(traits.id),
        "names": list(traits.names),
        "emails": list(traits.emails),
        "phones": list(traits.phones),
        "telegrams": list(traits.telegrams),
        "city": traits.city,
        "company": traits.company,
        "born": traits.born.isoformat() if traits.born else "",
        "custom": dict(traits.custom),
    }
    return {name: value for name, value in known.items() if value}


def from_json(known: Mapping[str, Any]) -> Traits:
    """The card of `to_json`. KeyError when there is no id, ValueError when it or the date is none."""
    return Traits(
        id=UUID(known["id"]),
        names=tuple(known.get("names", ())),
        emails=tuple(known.get("emails", ())),
        phones=tuple(known.get("phones", ())),
        telegrams=tuple(known.get("telegrams", ())),
        city=known.get("city", ""),
        company=known.get("company", ""),
        born=date.fromisoformat(known["born"]) if known.get("born") else None,
        custom=dict(known.get("custom", {})),
    )
