"""What the installation has decided, as far as the router must know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.messages import AddressKind, ChannelName


class Chat(NamedTuple):
    """A place to write to: a bot and a chat of it."""

    channel: ChannelName
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Intake:
    """What becomes of the messages of one channel."""

    pipeline: str = "sales"
    """The pipeline that a lead is opened in, and the team that works on it."""
    greet: bool = False
    """Whether the first message gets an automatic answer."""
    answer_by: Mapping[AddressKind, ChannelName] = field(default_factory=dict)
    """Through which channel an address of that kind is answered."""
    opt_out: bool = False
    """Whether STOP and START are commands here (SMS)."""
    late_template: str = ""
    """What asks people to write back when an answer came too late for WhatsApp: an approved template, or none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """All of it."""

    intakes: Mapping[ChannelName, Intake] = field(default_factory=dict)
    team_chats: Mapping[str, Chat] = field(default_factory=dict)
    language: str = "en"
    """For customers whose language neither the channel nor the letters tell."""
    company: str = ""
    """Your name, as customers read it; empty when the configuration names none."""

    def intake(self, channel: ChannelName) -> Intake:
        """The channel's own, or the defaults for a channel that has left the configuration meanwhile."""
        return self.intakes.get(channel, _DEFAULT)


_DEFAULT = Intake()
