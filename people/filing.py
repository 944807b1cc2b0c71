"""What a row of a file changes. Pure: facts in, rows to write out; later rows see what earlier ones made.

A file is somebody's word about others: its addresses are claims, it joins nobody, it fills what is empty, and it never
makes more of a consent than there was.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from domain.addresses import external, is_role
from domain.ids import new_id
from domain.messages import Address, AddressKind, Proof
from people.companies import key_of
from people.draft import Draft, Rejection
from people.fields import BUILT_IN, Field, Type, Wrong, normal
from people.files.texts import Reason, reason
from people.names import compatible, name_key
from people.values import LONGEST
from store.bulk import Row
from store.contacts import Key, Known, KnownIdentity
from store.imports import Content, nothing

CONSENT_TO = "marketing"
"""What a column of a file that says "may be written to" is taken for."""
_NOBODYS = UUID(int=0)  # stands for an address that no identity has: no card claims it


class Outcome(StrEnum):
    """What becomes of a row. The value stands in the database."""

    NEW = "new"
    CHANGED = "changed"  # somebody who is known, with something that was not
    SAME = "same"
    CONFLICTING = "conflicting"  # its addresses are those of others: a card of its own, and a person looks
    AGAIN = "again"  # of a dry run: somebody whom an earlier row would make; the import says same or changed
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """How a file is taken."""

    country: str
    source: str
    """ "import:ID"."""
    fields: Mapping[str, Field] = field(default_factory=lambda: BUILT_IN)
    """All of the installation."""
    staff: Mapping[str, str] = field(default_factory=dict)
    """Name in lower case -> id."""
    replace: bool = False
    """A value of the file replaces one that is there; else it only fills what is empty."""


class Filed(NamedTuple):
    """What became of one row."""

    row: int
    outcome: Outcome
    card: UUID | None
    facts: Mapping[str, Any]


@dataclass(slots=True)
class Facts:
    """What the store knows; the working copy, and consumed."""

    people: Known
    contents: dict[UUID, Content]
    stopped: set[tuple[str, str]] = field(default_factory=set)
    """(address kind, value) that take nothing more."""
    earlier: dict[UUID, int] = field(default_factory=dict)
    """Of a dry run: cards that earlier rows would make -> the row."""
    apart: dict[tuple[str, frozenset[UUID]], UUID] = field(default_factory=dict)
    """(name, all identities that it claims) -> the card that an import made for a conflicting row."""


@dataclass(slots=True)
class Plan:
    """Rows to write in one transaction, in the order of each table's columns in the store."""

    filed: list[Filed] = field(default_factory=list)
    contacts: list[Row] = field(default_factory=list)
    identities: list[Row] = field(default_factory=list)
    claims: list[Row] = field(default_factory=list)
    further: list[Row] = field(default_factory=list)
    values: list[Row] = field(default_factory=list)
    tags: list[Row] = field(default_factory=list)
    notes: list[Row] = field(default_factory=list)
    companies: dict[str, Row] = field(default_factory=dict)
    members: list[tuple[UUID, str, str]] = field(default_factory=list)
    """(card, the company's key, position)."""
    consents: list[Row] = field(default_factory=list)
    changed: set[UUID] = field(default_factory=set)

    def counts(self) -> Counter[str]:
        """Outcome -> rows."""
        return Counter(f.outcome.value for f in self.filed)


def addresses_of(draft: Draft) -> tuple[Address, ...]:
    """The draft's addresses, ids in other systems first: they name one person better than anything else."""
    ids = (external(system, id_) for system, id_ in draft.external)
    return (*filter(None, ids), *draft.addresses)


def variant_of(name: str) -> str:
    """Whose a shared address is."""
    return name_key(name)[:80]


class Filing:
    """One plan in the making."""

    def __init__(self, facts: Facts, choices: Choices, now: datetime) -> None:
        self.plan = Plan()
        self._facts = facts
        self._choices = choices
        self._now = now

    def on(self, made: Draft | Rejection) -> None:
        """Take the next row."""
        filed = self._rejected(made) if isinstance(made, Rejection) else self._drafted(made)
        self.plan.filed.append(filed)

    def _rejected(self, made: Rejection) -> Filed:
        facts = {"reason": made.reason, "details": made.details, "values": made.values}
        return Filed(made.row, Outcome.REJECTED, None, facts)

    def _drafted(self, draft: Draft) -> Filed:
        keys = [(a, self._key(a, draft.name)) for a in addresses_of(draft)]
        known = self._facts.people.identities
        hits = [(key, known[key]) for _, key in keys if key in known]
        if not hits:
            return Filed(draft.row, Outcome.NEW, self._card(draft, keys), self._told(draft))
        if why := self._conflict(draft, hits):
            card = self._facts.apart.get(self._claims(draft, keys))
            return self._filled(draft, card) if card else self._apart(draft, keys, why)
        return self._known(draft, keys, hits[0][1])

    def _key(self, address: Address, name: str) -> Key:
        said = self._facts.people.shared.get((address.kind, address.value))
        is_shared = is_role(address.value) if said is None and address.kind is AddressKind.EMAIL else bool(said)
        return address.kind, address.value, variant_of(name) if is_shared else ""

    def _conflict(self, draft: Draft, hits: Sequence[tuple[Key, KnownIdentity]]) -> Reason | None:
        """Why these are not plainly the addresses of one known person who may be this one."""
        if len({identity.contact for _, identity in hits}) > 1:
            return reason("two_people", addresses=", ".join(key[1] for key, _ in hits))
        key, identity = hits[0]
        content = self._facts.contents.get(identity.home)
        names = content.names if content else []
        if draft.name and names and not any(compatible(draft.name, name) for name in names):
            return reason("other_name", address=key[1], name=names[0])
        return None

    def _apart(self, draft: Draft, keys: Sequence[tuple[Address, Key]], why: Reason) -> Filed:
        """A card of its own with what is nobody's yet; what is somebody's, it only claims. The matcher looks at it."""
        card = self._card(draft, keys)
        self._facts.apart[self._claims(draft, keys)] = card
        return Filed(draft.row, Outcome.CONFLICTING, card, {"reason": why} | self._told(draft))

    def _claims(self, draft: Draft, keys: Sequence[tuple[Address, Key]]) -> tuple[str, frozenset[UUID]]:
        known = self._facts.people.identities
        return draft.name, frozenset(known[key].id if key in known else _NOBODYS for _, key in keys)

    def _known(self, draft: Draft, keys: Sequence[tuple[Address, Key]], identity: KnownIdentity) -> Filed:
        before = len(self.plan.identities) + len(self.plan.further)
        self._address(draft, keys, identity.contact, identity.home)
        return self._filled(draft, identity.home, len(self.plan.identities) + len(self.plan.further) - before)

    def _filled(self, draft: Draft, card: UUID, added: int = 0) -> Filed:
        changes = self._fill(draft, card)
        if before := self._facts.earlier.get(card):
            return Filed(draft.row, Outcome.AGAIN, None, {"row": before})
        if added:
            changes["addresses"] = ["", added]
        if not changes:
            return Filed(draft.row, Outcome.SAME, card, {})
        self.plan.changed.add(card)
        return Filed(draft.row, Outcome.CHANGED, card, {"changes": changes} | self._told(draft))

    def _told(self, draft: Draft) -> dict[str, Any]:
        return {"warnings": draft.warnings} if draft.warnings else {}

    def _card(self, draft: Draft, keys: Sequence[tuple[Address, Key]]) -> UUID:
        card = new_id()
        self.plan.contacts.append((card, self._now, UUID(self._choices.source.partition(":")[2])))
        self._facts.contents[card] = nothing()
        self._address(draft, keys, card, card)
        self._fill(draft, card)
        return card

    def _address(self, draft: Draft, keys: Sequence[tuple[Address, Key]], person: UUID, home: UUID) -> None:
        plan, source, name, now = self.plan, self._choices.source, draft.name, self._now
        for _, key in keys:
            known = self._facts.people.identities.get(key)
            if known is None:
                fresh = KnownIdentity(new_id(), person, home, False, False, name)
                self._facts.people.identities[key] = fresh
                plan.identities.append((fresh.id, *key, person, home, False, name or None, now))
                plan.claims.append((fresh.id, home, Proof.IMPORTED.value, source, name, None, now))
            elif known.contact != person:
                plan.further.append((known.id, home, Proof.IMPORTED.value, source, name, None, now))

    def _fill(self, draft: Draft, card: UUID) -> dict[str, Any]:
        """Write what the card does not have; field -> [before, after] of what that changes."""
        content = self._facts.contents.setdefault(card, nothing())
        changes = self._values(draft, card, content)
        if draft.name and draft.name not in content.names:
            content.names.append(draft.name)
        changes |= self._tags(draft, card, content) | self._notes(draft, card, content)
        return changes | self._consents(draft, card, content)

    def _values(self, draft: Draft, card: UUID, content: Content) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        for name, value in self._fields(draft):
            held = content.fields.get(name, "")
            if not value or value == held or (held and not self._choices.replace):
                continue
            content.fields[name] = value
            changes[name] = [held, value]
            self.plan.values.append((new_id(), card, name, value, self._choices.source, self._now))
            if name == "company":
                key = key_of(value)
                self.plan.companies.setdefault(key, (new_id(), value, key, "client", self._now))
                self.plan.members.append((card, key, draft.fields.get("position", "")))
        return changes

    def _fields(self, draft: Draft) -> list[tuple[str, str]]:
        """In normal form; what a field does not take is left out, as the draft's other unreadable values are."""
        told = [("name", draft.name), ("company", draft.company)]
        told += [("owner", self._choices.staff.get(draft.owner.casefold(), ""))] if draft.owner else []
        told += [(name.removeprefix("field:"), value) for name, value in draft.fields.items()]
        return [(name, normal) for name, value in told if value and (normal := self._normal(name, value))]

    def _normal(self, name: str, value: str) -> str:
        kind = self._choices.fields.get(name)
        if kind is None or (kind.type is Type.TEXT and len(value) <= LONGEST):
            return value[:LONGEST]
        try:
            return normal(kind, value, self._choices.country)
        except Wrong:
            return ""

    def _tags(self, draft: Draft, card: UUID, content: Content) -> dict[str, Any]:
        fresh = [tag for tag in draft.tags if tag not in content.tags]
        content.tags.update(fresh)
        self.plan.tags += [(card, tag, self._choices.source, self._now) for tag in fresh]
        return {"tags": ["", ", ".join(fresh)]} if fresh else {}

    def _notes(self, draft: Draft, card: UUID, content: Content) -> dict[str, Any]:
        fresh = [note for note in draft.notes if _digest(note) not in content.notes]
        content.notes.update(map(_digest, fresh))
        self.plan.notes += [(new_id(), card, note, self._choices.source, self._now) for note in fresh]
        return {"notes": ["", len(fresh)]} if fresh else {}

    def _consents(self, draft: Draft, card: UUID, content: Content) -> dict[str, Any]:
        """A yes counts only where nothing was ever said, and not for an address that wants nothing; a no always."""
        changes: dict[str, Any] = {}
        for channel, granted in draft.consents.items():
            held = content.consents.get(channel)
            if held is granted or (granted and (held is not None or False in content.consents.values())):
                continue
            if granted and any((a.kind, a.value) in self._facts.stopped for a in draft.addresses):
                continue
            content.consents[channel] = granted
            changes[f"consent {channel}"] = [held, granted]
            self.plan.consents.append(self._receipt(card, channel, granted))
        return changes

    def _receipt(self, card: UUID, channel: str, granted: bool) -> Row:
        words = f"{self._choices.source}: {'yes' if granted else 'no'}"
        digest = hashlib.sha256(words.encode()).digest()
        return (
            new_id(), card, None, CONSENT_TO, channel, granted, words, digest, self._choices.source, self._now,
        )  # fmt: skip


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def ledger(import_id: UUID, filed: Sequence[Filed]) -> list[Row]:
    """The rows of `import_rows`: all that was not the same already."""
    return [
        (import_id, f.row, f.outcome.value, f.card, msgspec.json.encode(f.facts).decode())
        for f in filed
        if f.outcome is not Outcome.SAME
    ]
