"""Decide what a batch of messages leads to. Pure: facts in, plan out; no I/O, no clock.

Later messages of a batch see what earlier ones created: `Facts` is the working copy and is consumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.ids import new_id
from domain.links import is_digest
from domain.messages import Address, AddressKind, Inbound
from people.names import compatible
from router.identity import Claim, Resolution, claims_of, resolve
from router.planned import Facts, Joined, Opened, Outcome, Pair, Plan
from router.rules import Rules
from router.screen import LEAVES, OPT_IN, OPT_OUT, STOP, Voice, screen, word_of
from router.stored import facts_of
from store.bulk import Row
from store.contacts import KnownIdentity
from store.leads import OpenLead


def decide(batch: Sequence[Inbound], facts: Facts, rules: Rules, now: datetime) -> Plan:
    """The plan for a prefix of the batch: as many messages as it has outcomes, at least one.

    It ends early only before a message that splits an identity off its card, and behind one that joins two people:
    both must see the database as all earlier messages left it, and be seen by all later ones.
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
            if message.link and is_digest(
                message.link
            ):  # also of what is seen again: each answer to a form shows a token of its own
                decision.plan.links.append((message.link, outcome.message))
        if decision.plan.joins:
            break
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
        self._stopped = set(facts.people.stopped)
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
        claims = claims_of(senders_of(message), message.name, facts.people)
        resolution = resolve(claims, facts.people.identities, message.name, message.received_at)
        if resolution.splits and self.plan.outcomes:
            return None
        return self._admit(message, resolution, intake.pipeline)

    def _admit(self, message: Inbound, resolution: Resolution, pipeline: str) -> Outcome:
        plan, leads, message_id = self.plan, self._facts.leads, new_id()
        identity = self._introduce(message, message_id, resolution)
        lead = leads.get((identity.contact, pipeline))
        if lead is None:
            lead = leads[identity.contact, pipeline] = OpenLead(new_id(), None, identity.id)
            home, person = identity.home, identity.contact
            plan.opened.append(Opened(lead.id, person, home, identity.id, pipeline, message_id, message))
        else:
            plan.joined.append(Joined(lead.id, lead.owner, message_id, message))
            plan.touched[lead.id] = max(plan.touched.get(lead.id, message.received_at), message.received_at)
        plan.messages.append(self._row(message, message_id, identity.id, lead.id))
        self._resume(_resumed(message))
        if message.ticked:
            plan.ticked.append((message_id, identity.home, message))
        if spent := self._facts.spends.get((message.channel, message.external_id)):
            plan.spent.add(spent)
        return Outcome(Voice.CUSTOMER, message_id, lead.id)

    def _introduce(self, message: Inbound, message_id: UUID, resolution: Resolution) -> KnownIdentity:
        """Make the card and the identities that are new, and write down who claims what; the sender's identity."""
        contact, home = self._card_of(resolution)
        if resolution.proves:
            self._prove(resolution.proves, home)
        if resolution.attach:
            proof = bool(resolution.proves) or any(a.proved for a in message.addresses)
            for claim in resolution.attach:
                self._attach(claim, contact, home, message, message_id, proof)
        identity = self._facts.people.identities[resolution.sender.key]
        is_news = _is_news(message.name, identity.name)
        if resolution.proves or resolution.splits or is_news:
            self._claim(resolution.sender, identity, home, message, message_id)
        if resolution.proves and is_news:  # the name that was there is of whoever typed the address
            self.plan.names[identity.id] = message.name
        for claim in resolution.others:
            self._claim(claim, self._facts.people.identities[claim.key], home, message, message_id)
        self.plan.joins += [(home, card) for card in resolution.joins]
        return identity

    def _card_of(self, resolution: Resolution) -> tuple[UUID, UUID]:
        """(person, card) of the sender, made where there is none."""
        plan = self.plan
        if resolution.splits:
            return (card := self._split(resolution)), card
        if resolution.contact is None:
            card = new_id()
            plan.contacts.append((card, self._now))
            if resolution.releases:
                plan.released.add(resolution.releases)
            return card, card
        home = self._facts.people.identities[resolution.sender.key].home
        if resolution.attach or resolution.proves:
            plan.look_again.add(home)
        return resolution.contact, home

    def _attach(self, claim: Claim, contact: UUID, home: UUID, message: Inbound, message_id: UUID, proof: bool) -> None:
        fresh = KnownIdentity(new_id(), contact, home, claim.proved, proof and not claim.proved, message.name)
        self._facts.people.identities[claim.key] = fresh
        name, now = message.name or None, self._now
        self.plan.identities.append((fresh.id, *claim.key, contact, home, claim.proved, name, now))
        if claim.key[0] is not AddressKind.UNREADABLE:
            row = (fresh.id, home, claim.proof.value, message.channel, message.name, message_id, now)
            self.plan.claims.append(row)

    def _claim(self, claim: Claim, identity: KnownIdentity, home: UUID, message: Inbound, message_id: UUID) -> None:
        """Of an identity that is there already."""
        row = (identity.id, home, claim.proof.value, message.channel, message.name, message_id, self._now)
        self.plan.further.append(row)
        self.plan.look_again.update((home, identity.home))
        if message.name and not identity.name and identity.home == home:
            self.plan.names[identity.id] = message.name

    def _split(self, resolution: Resolution) -> UUID:
        """Move the identity to a card of its own; the open leads that it opened only if it is proved now."""
        facts, key = self._facts, resolution.sender.key
        card, old, proved = new_id(), facts.people.identities[key], resolution.sender.proved
        self.plan.moves[old.id] = (card, proved)
        self.plan.look_again.add(old.home)
        facts.people.identities[key] = KnownIdentity(old.id, card, card, proved, False)
        for (owner, pipeline), lead in list(facts.leads.items()):
            if proved and owner == old.contact and lead.opened_by == old.id:
                facts.leads[card, pipeline] = facts.leads.pop((owner, pipeline))
        return card

    def _prove(self, identity: UUID, home: UUID) -> None:
        """From now on the card has a proof, and its other claims know."""
        self.plan.proved.add(identity)
        known = self._facts.people.identities
        for key, one in known.items():
            if one.home == home and not one.proved:
                mine = one.id == identity
                known[key] = one._replace(proved=mine, other_proof=not mine)

    def _ignore(self, message: Inbound, reason: str, pipeline: str) -> Outcome:
        """Keep it, under the sender's open lead if there is one; open nothing, answer nothing."""
        facts, plan, message_id = self._facts, self.plan, new_id()
        claims = claims_of(message.addresses, message.name, facts.people)
        known = next((i for c in claims if (i := facts.people.identities.get(c.key))), None)
        lead = facts.leads.get((known.contact, pipeline)) if known else None
        lead_id = lead.id if lead else None
        plan.messages.append(self._row(message, message_id, known.id if known else None, lead_id))
        plan.ignored.append((message_id, message.channel, reason, lead_id))
        if reason.startswith("command:"):
            self._obey(message, lead)
        if reason.startswith(LEAVES):
            plan.left.append((message, reason.removeprefix(LEAVES)))
        if reason == "command: /start":
            plan.welcomed.append((message_id, message))
        return Outcome(Voice.IGNORED, message_id, lead_id, reason)

    def _obey(self, message: Inbound, lead: OpenLead | None) -> None:
        """STOP or START: the address, and whoever works for the customer."""
        pairs, word = [(message.channel, a.value) for a in message.addresses], word_of(message.text)
        if word in OPT_IN:
            self._resume(pairs)
            self.plan.returned.append(message)
        elif word in OPT_OUT:
            self.plan.left.append((message, STOP))
            self.plan.stops += pairs
            self.plan.resumes.difference_update(pairs)
            self._stopped.update(pairs)
            if lead and lead.owner:
                self.plan.stopped.append((lead.id, lead.owner))

    def _resume(self, pairs: Sequence[Pair]) -> None:
        """Only where something is stopped: hardly any message has anything to resume."""
        if self._stopped:
            self.plan.resumes.update(self._stopped.intersection(pairs))

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


def _is_news(name: str, known: str) -> bool:
    """Whether this name tells something about an address that the one it is known by does not."""
    return bool(name) and name != known and not (known and compatible(name, known))


def _resumed(message: Inbound) -> list[Pair]:
    """Who writes by mail or from a chat can be reached there again. A STOP by SMS holds until START."""
    return [(message.channel, a.value) for a in message.addresses if a.proved and a.kind is not AddressKind.PHONE]


def _bounded(ref: str) -> str:
    """A ref that fits an index entry (PostgreSQL, section 64.1: about 2,700 bytes)."""
    return ref[:600]
