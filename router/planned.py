"""What the router knows about a batch, and what it decides to do: the values between reading and writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.messages import Inbound
from router.screen import Voice
from store.bulk import Row
from store.contacts import Known
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
    home: UUID
    """The card of the identity that opened it."""
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
    people: Known
    leads: dict[tuple[UUID, str], OpenLead]
    threads: dict[Pair, str]
    """(channel, ref) -> thread."""
    staff: Mapping[str, Member]
    """By Telegram id."""
    former: frozenset[str] = frozenset()
    """Telegram ids of those who left staff lately."""
    spends: Mapping[Pair, str] = field(default_factory=dict)
    """(channel, external_id) -> digest of the link that this message uses up."""


@dataclass(slots=True)
class Plan:
    """Rows to write and things to do, in one transaction."""

    outcomes: list[Outcome] = field(default_factory=list)
    contacts: list[Row] = field(default_factory=list)
    identities: list[Row] = field(default_factory=list)
    claims: list[Row] = field(default_factory=list)
    """Of the new identities."""
    further: list[Row] = field(default_factory=list)
    """Claims on identities that were there before, each perhaps not for the first time."""
    look_again: set[UUID] = field(default_factory=set)
    """Cards about which something is new."""
    joins: list[tuple[UUID, UUID]] = field(default_factory=list)
    """(card, card) that one message has proved to be one person."""
    released: set[UUID] = field(default_factory=set)
    names: dict[UUID, str] = field(default_factory=dict)
    """What people call themselves under identities that had no name yet."""
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
    left: list[tuple[Inbound, str]] = field(default_factory=list)
    """(message, with what it ends mailings)."""
    ticked: list[tuple[UUID, UUID, Inbound]] = field(default_factory=list)
    """(message, card, what came): somebody has ticked what he agrees to."""
    returned: list[Inbound] = field(default_factory=list)
    """Who said START."""
    resumes: set[Pair] = field(default_factory=set)
    touched: dict[UUID, datetime] = field(default_factory=dict)
    links: list[tuple[str, UUID]] = field(default_factory=list)
    """(digest, message): what whoever sent the message was given to follow it."""
    spent: set[str] = field(default_factory=set)
    """Digests of links that are used up."""
