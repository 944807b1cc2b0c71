"""What the store knows of a card, as the comparison takes it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from people.traits import Traits
from store.traits import Claimed, Gathered

_NAME_PARTS = ("surname", "given_name", "patronymic")
_BUILT_IN = frozenset({"name", *_NAME_PARTS, "city", "company", "born"})


def traits_of(card: UUID, known: Gathered) -> Traits:
    """A shared address is left out: it says nothing about who this is."""
    own = [c for c in known.claims if not c.shared]
    fields = known.fields
    return Traits(
        id=card,
        names=_names(fields, (c.name for c in known.claims)),
        emails=_values("email", own),
        phones=_values("phone", own),
        telegrams=_values("telegram", own),
        city=fields.get("city", ""),
        company=fields.get("company", ""),
        born=_date(fields.get("born", "")),
        custom={name: value for name, value in fields.items() if name not in _BUILT_IN},
    )


def _names(fields: Mapping[str, str], called: Iterable[str]) -> tuple[str, ...]:
    whole = " ".join(filter(None, (fields.get(part, "") for part in _NAME_PARTS)))
    return tuple(dict.fromkeys(name for name in (fields.get("name", ""), whole, *called) if name))


def _values(kind: str, claims: Iterable[Claimed]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c.value for c in claims if c.kind == kind))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
