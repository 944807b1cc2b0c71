"""Decide what a batch of messages leads to. Pure: facts in, plan out; no I/O, no clock.

Later messages of a batch see what earlier ones created: `Facts` is the working copy and is consumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.ids import new_id
from domain.messages import Address, AddressKind, Inbound
from router.identity import Resolution, resolve
from router.rules import Rules
from router.screen import OPT_IN, OPT_OUT, Voice, screen, word_of
from router.stored import facts_of
from store.bulk import Row
from store.contacts import Key, KnownIdentity
from store.leads import OpenLead
from store.staff import Member

Pair = tuple[str, str]


class Outcome(NamedTuple):
    """What one message led to: the first time and every time that it is seen again."""

    voice: Voice
    message: UUID | None = None
    lead: UUID | None = None
    reason: str = ""


class Opened(NamedTuple):
    """A lead to open; whose it is, is decided when the whole batch is known."""

    lead: UUID
    contact: UUID
    identity: UUID
    pipeline: str
    message: UUID
    inbound: Inbound


class Joined(NamedTuple):
    """A message that joins an open lead."""

    lead: UUID
    owner: UUID | None
    message: UUID
    inbound: Inbound


@dataclass(slots=True)
class Facts:
    """What the store knows about one batch."""

    known: Mapping[Pair, tuple[UUID, UUID | None]]
    """(channel, external_id) -> (message, lead) of those routed before."""
    identities: dict[Key, KnownIdentity]
    leads: dict[tuple[UUID, str], OpenLead]
    threads: dict[Pair, str]
    """(channel, ref) -> thread."""
    staff: Mapping[str, Member]
    """By Telegram id."""
    former: frozenset[str] = frozenset()
    """Telegram ids of those who left staff lately."""


@dataclass(slots=True)
class Plan:
    """Rows to write and things to do, in one transaction."""

    outcomes: list[Outcome] = field(default_factory=list)
    contacts: list[Row] = field(default_factory=list)
    identities: list[Row] = field(default_factory=list)
    suggestions: set[tuple[UUID, UUID, UUID]] = field(default_factory=set)
    proved: set[UUID] = field(default_factory=set)
    moves: dict[UUID, tuple[UUID, bool]] = field(default_factory=dict)
    """Identity -> (new contact, whether it is proved now); applied before everything else."""
    messages: list[Row] = field(default_factory=list)
    opened: list[Opened] = field(default_factory=list)
    joined: list[Joined] = field(default_factory=list)
    ignored: list[tuple[UUID, str, str, UUID | None]] = field(default_factory=list)
    """(message, channel, reason, the sender's open lead)."""
    stopped: list[tuple[UUID, UUID]] = field(default_factory=list)
    """(lead, owner): the customer of an open lead wants no more messages."""
    welcomed: list[tuple[UUID, Inbound]] = field(default_factory=list)
    """Who pressed Start in a bot and has asked nothing yet."""
    stops: list[Pair] = field(default_factory=list)
    resumes: set[Pair] = field(default_factory=set)
    touched: dict[UUID, datetime] = field(default_factory=dict)


def decide(batch: Sequence[Inbound], facts: Facts, rules: Rules, now: datetime) -> Plan:
    """The plan for a prefix of the batch: as many messages as it has outcomes, at least one.

    It ends early only before a message that splits an identity off its contact: a split must see the
    database as all earlier messages left it, so it begins a plan of its own.
    """
    decision, seen = Decision(facts, rules, now), dict(facts.known)
    for message in batch:
        key = (message.channel, message.external_id)
        outcome = Outcome(Voice.CUSTOMER, *seen[key]) if key in seen else decision.on(message)
        if outcome is None:
            break
        decision.plan.outcomes.append(outcome)
        if outcome.message:
            seen[key] = (outcome.message, outcome.lead)
    return decision.plan


def senders_of(message: Inbound) -> tuple[Address, ...]:
    """The sender's addresses; a message that names nobody stands for itself, so that a person sees it."""
    if message.addresses:
        return message.addresses
    return (Address(kind=AddressKind.UNREADABLE, value=f"{message.channel}:{message.external_id}"),)


class Decision:
    """One plan in the making."""

    def __init__(self, facts: Facts, rules: Rules, now: datetime) -> None:
        self.plan = Plan()
        self._facts = facts
        self._rules = rules
        self._now = now

    def on(self, message: Inbound) -> Outcome | None:
        """What this message leads to; None when it must begin a plan of its own."""
        intake = self._rules.intake(message.channel)
        facts = self._facts
        voice, reason = screen(message, facts.staff, opt_out=intake.opt_out, former=facts.former)
        if voice is Voice.STAFF:
            return Outcome(voice)
        if voice is Voice.IGNORED:
            return self._ignore(message, reason, intake.pipeline)
        resolution = resolve(senders_of(message), facts.identities)
        if resolution.splits and self.plan.outcomes:
            return None
        return self._admit(message, resolution, intake.pipeline)

    def _admit(self, message: Inbound, resolution: Resolution, pipeline: str) -> Outcome:
        plan, leads = self.plan, self._facts.leads
        contact = self._introduce(message, resolution)
        identity = self._facts.identities[resolution.sender.kind, resolution.sender.value].id
        message_id = new_id()
        lead = leads.get((contact, pipeline))
        if lead is None:
            lead = leads[contact, pipeline] = OpenLead(new_id(), None, identity)
            plan.opened.append(Opened(lead.id, contact, identity, pipeline, message_id, message))
        else:
            plan.joined.append(Joined(lead.id, lead.owner, message_id, message))
            plan.touched[lead.id] = max(plan.touched.get(lead.id, message.received_at), message.received_at)
        plan.messages.append(self._row(message, message_id, identity, lead.id))
        plan.suggestions.update((min(contact, o), max(contact, o), message_id) for o in resolution.others)
        plan.resumes.update(_resumed(message))
        return Outcome(Voice.CUSTOMER, message_id, lead.id)

    def _introduce(self, message: Inbound, resolution: Resolution) -> UUID:
        """Make the contact and the identities that are new; the contact."""
        contact = resolution.contact
        if resolution.splits:
            contact = self._split(resolution)
        elif contact is None:
            contact = new_id()
            self.plan.contacts.append((contact, self._now))
        if resolution.proves:
            self._prove(resolution.proves, contact)
        proof = bool(resolution.proves) or any(a.proved for a in message.addresses)
        for a in resolution.attach:
            fresh = KnownIdentity(new_id(), contact, a.proved, proof and not a.proved)
            self._facts.identities[a.kind, a.value] = fresh
            name = message.name or None
            self.plan.identities.append((fresh.id, a.kind.value, a.value, contact, a.proved, name, self._now))
        return contact

    def _split(self, resolution: Resolution) -> UUID:
        """Move the identity to a contact of its own; the open leads that it opened only if it is proved now."""
        facts, key = self._facts, (resolution.sender.kind, resolution.sender.value)
        contact, old, proved = new_id(), facts.identities[key], resolution.sender.proved
        self.plan.moves[old.id] = (contact, proved)
        facts.identities[key] = KnownIdentity(old.id, contact, proved, False)
        for (owner, pipeline), lead in list(facts.leads.items()):
            if proved and owner == old.contact and lead.opened_by == old.id:
                facts.leads[contact, pipeline] = facts.leads.pop((owner, pipeline))
        return contact

    def _prove(self, identity: UUID, contact: UUID) -> None:
        """From now on the contact has a proof, and its other claims know."""
        self.plan.proved.add(identity)
        for key, known in self._facts.identities.items():
            if known.contact == contact and not known.proved:
                mine = known.id == identity
                self._facts.identities[key] = known._replace(proved=mine, other_proof=not mine)

    def _ignore(self, message: Inbound, reason: str, pipeline: str) -> Outcome:
        """Keep it, under the sender's open lead if there is one; open nothing, answer nothing."""
        facts, plan, message_id = self._facts, self.plan, new_id()
        known = next((i for a in message.addresses if (i := facts.identities.get((a.kind, a.value)))), None)
        lead = facts.leads.get((known.contact, pipeline)) if known else None
        lead_id = lead.id if lead else None
        plan.messages.append(self._row(message, message_id, known.id if known else None, lead_id))
        plan.ignored.append((message_id, message.channel, reason, lead_id))
        if reason.startswith("command:"):
            self._obey(message, lead)
        if reason == "command: /start":
            plan.welcomed.append((message_id, message))
        return Outcome(Voice.IGNORED, message_id, lead_id, reason)

    def _obey(self, message: Inbound, lead: OpenLead | None) -> None:
        """STOP or START: the address, and whoever works for the customer."""
        pairs, word = [(message.channel, a.value) for a in message.addresses], word_of(message.text)
        if word in OPT_IN:
            self.plan.resumes.update(pairs)
        elif word in OPT_OUT:
            self.plan.stops += pairs
            if lead and lead.owner:
                self.plan.stopped.append((lead.id, lead.owner))

    def _row(self, message: Inbound, message_id: UUID, identity: UUID | None, lead: UUID | None) -> Row:
        thread = message.thread or self._thread(message)
        if message.ref:
            self._facts.threads[message.channel, message.ref] = thread
        return (
            message_id, message.channel, message.external_id, "in", identity, None, lead, _bounded(message.ref),
            _bounded(thread), message.subject, message.text, facts_of(message), message.received_at, self._now,
        )  # fmt: skip

    def _thread(self, message: Inbound) -> str:
        """The conversation: that of a message we know, else the oldest one it refers to, else it begins one."""
        for ref in message.refers_to:
            if thread := self._facts.threads.get((message.channel, ref)):
                return thread
        return message.refers_to[-1] if message.refers_to else message.ref


def _resumed(message: Inbound) -> list[Pair]:
    """Who writes by mail or from a chat can be reached there again. A STOP by SMS holds until START."""
    return [(message.channel, a.value) for a in message.addresses if a.proved and a.kind is not AddressKind.PHONE]


def _bounded(ref: str) -> str:
    """A ref that fits an index entry (PostgreSQL, section 64.1: about 2,700 bytes)."""
    return ref[:600]
