"""Which of the values that several cards have in a field shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store.fields import Held
from store.merges import Merge

NAME_PARTS = ("surname", "given_name", "patronymic")


@dataclass(frozen=True, slots=True)
class Other:
    """What another card says."""

    card: UUID
    value: str
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FieldOf:
    """What a field shows, which card says so, and what the others say."""

    value: str
    card: UUID
    source: str
    at: datetime
    others: tuple[Other, ...] = ()


def shown_fields(values: Iterable[Held], leader: UUID, joined: Sequence[Merge]) -> dict[str, FieldOf]:
    """Field -> what shows, for the latest value of each field and card of one person. Cleared fields are left out.

    `joined`: the merges that hold, in the order in which they were made. What somebody chose when he joined the cards
    shows, until the leading card is written to anew; else what the leading card says; else the latest of the others.
    A field that was cleared on the leading card is empty for all, unless another card was written to later.
    """
    by_field: dict[str, dict[UUID, Held]] = {}
    for value in values:
        by_field.setdefault(value.field, {})[value.card] = value
    found = {name: _field(name, mine, leader, joined) for name, mine in sorted(by_field.items())}
    return {name: field for name, field in found.items() if field is not None}


def _field(name: str, mine: Mapping[UUID, Held], leader: UUID, joined: Sequence[Merge]) -> FieldOf | None:
    chosen = _chosen(name, mine, leader, joined) or _unchosen(mine, leader)
    if not chosen.value:
        return None
    others = sorted((v for v in mine.values() if v is not chosen and v.value), key=_age, reverse=True)
    return FieldOf(
        chosen.value,
        chosen.card,
        chosen.source,
        chosen.at,
        tuple(Other(v.card, v.value, v.source, v.at) for v in others),
    )


def _age(value: Held) -> tuple[datetime, UUID]:
    return value.at, value.card


def _chosen(name: str, mine: Mapping[UUID, Held], leader: UUID, joined: Sequence[Merge]) -> Held | None:
    for merge in reversed(joined):
        if name in merge.choices:
            chosen = next((v for card, v in mine.items() if str(card) == merge.choices[name]), None)
            own = mine.get(leader)
            is_newer = own is not None and own.at > merge.at and own is not chosen
            return None if is_newer else chosen
    return None


def _unchosen(mine: Mapping[UUID, Held], leader: UUID) -> Held:
    own = mine.get(leader)
    if own and own.value:
        return own
    latest = max((v for v in mine.values() if v is not own and v.value), key=_age, default=None)
    if latest is None or (own and own.at > latest.at):
        return own or next(iter(mine.values()))
    return latest


def display_name(shown: Mapping[str, FieldOf], beside: Iterable[str] = ()) -> str:
    """What the person is called: the whole name of the fields, else its parts, else the first name beside an address.

    `beside`: what he called himself under his addresses, in the order in which `store.person.addresses` has them. The
    same in SQL is in `store/condition_names.py`. "" when nothing tells a name.
    """
    if "name" in shown:
        return shown["name"].value
    parts = " ".join(shown[part].value for part in NAME_PARTS if part in shown)
    return parts or next(filter(None, beside), "")
