"""A contact as lines of text, for the terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from app.installed import at, cut, table
from people.person import AddressOf, Person
from people.timeline import Entry
from store.person import Claim
from store.tails import short


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Who looks at it."""

    zone: ZoneInfo
    staff: Mapping[str, str]
    """Id -> name."""


def card(person: Person, entries: Sequence[Entry], reader: Reader) -> Iterator[str]:
    """The whole card, with the latest entries of its timeline."""
    yield f"{person.name or 'Somebody without a name'}   {person.id}"
    if len(person.names) > 1:
        yield f"  also called  {'; '.join(cut(name) for name in person.names[1:])}"
    yield f"  known since  {at(person.created_at, reader.zone)}"
    if person.owner:
        yield f"  responsible  {person.owner.name}"
    yield from _part("Addresses", _addresses(person, reader))
    yield from _part("Fields", _fields(person, reader))
    yield from _part("Companies", [(c.name, c.position or c.kind, source(c.source, reader)) for c in person.companies])
    yield from _part("Tags", [(tag.tag, source(tag.source, reader)) for tag in person.tags])
    yield from _part("Consents", _consents(person))
    yield from _part("Leads", _leads(person, reader))
    yield from _part("Notes", [(at(n.at, reader.zone), cut(n.text, 90)) for n in person.notes])
    yield from _part("Files", [(at(f.at, reader.zone), f.name, f"{f.size:,} bytes") for f in person.files])
    yield from _part("Joined", _merges(person, reader))
    if len(person.cards) > 1:
        yield from _part("Also found by the ids", [(str(one),) for one in person.cards[1:]])
    yield from _part(
        "Lately", [(at(e.at, reader.zone), e.kind, source(e.actor, reader), _entry(e, reader)) for e in entries]
    )


def _part(head: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield head
        yield from (f"  {line}" for line in table(rows))


def _addresses(person: Person, reader: Reader) -> list[tuple[str, ...]]:
    return [(a.kind, a.value, _standing(a), _claims(a, reader)) for a in person.addresses]


def _standing(address: AddressOf) -> str:
    words = ["proved" if address.proved else "claimed"]
    words += ["of several people"] * bool(address.shared) + ["was his once"] * address.was
    return ", ".join(words)


def _claims(address: AddressOf, reader: Reader) -> str:
    told = dict.fromkeys(f"{_claim(c, reader)} {at(c.at, reader.zone)}" for c in address.claims)
    return "; ".join([*list(told)[:3], *(["..."] if len(told) > 3 else [])])


def _claim(claim: Claim, reader: Reader) -> str:
    """How far it was proved, and who says so: "channel by inbox", "import 1be3993f"."""
    by = source(claim.source, reader)
    return by if claim.source.startswith(f"{claim.proof}:") else f"{claim.proof} by {by}"


def _fields(person: Person, reader: Reader) -> list[tuple[str, ...]]:
    return [
        (
            name,
            _value(name, field.value, reader),
            source(field.source, reader),
            f"others say: {', '.join(cut(_value(name, o.value, reader)) for o in field.others)}"
            if field.others
            else "",
        )
        for name, field in person.fields.items()
    ]


def _value(name: str, value: str, reader: Reader) -> str:
    return reader.staff.get(value, value) if name == "owner" else cut(value)


def _consents(person: Person) -> list[tuple[str, ...]]:
    return [(c.purpose, c.channel or "all channels", "yes" if c.granted else "no") for c in person.consents]


def _leads(person: Person, reader: Reader) -> list[tuple[str, ...]]:
    return [
        (
            f"#{lead.number}",
            lead.pipeline,
            lead.state,
            lead.owner_name or "nobody's",
            at(lead.opened_at, reader.zone),
            "" if lead.amount is None else f"{lead.amount:,} {lead.currency}",
        )
        for lead in person.leads
    ]


def _merges(person: Person, reader: Reader) -> list[tuple[str, ...]]:
    return [
        (short(m.id), at(m.at, reader.zone), m.rule, source(m.actor, reader), f"{short(m.one)} + {short(m.other)}")
        for m in person.merges
    ]


def _entry(entry: Entry, reader: Reader) -> str:
    told = _value(entry.text, str(entry.data["value"]), reader) if entry.kind == "field" else ""
    return cut(f"{entry.text}: {told}" if told else entry.text, 80)


def source(text: str, reader: Reader) -> str:
    """Who said something: "staff:ID" is a name, "import:ID" has the end of its id."""
    kind, _, id_ = text.partition(":")
    if kind == "staff" and id_ in reader.staff:
        return reader.staff[id_]
    try:
        return f"{kind} {short(UUID(id_))}" if id_ else text
    except ValueError:
        return text


def line(person: Person) -> tuple[str, ...]:
    """One of a list."""
    addresses = ", ".join(a.value for a in person.addresses if not a.was)
    city = person.fields["city"].value if "city" in person.fields else ""
    return str(person.id), cut(person.name or "?"), cut(addresses, 60), cut(city)
