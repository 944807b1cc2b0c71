"""What the desk must know of the configuration."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from domain.messages import ChannelName


@dataclass(frozen=True, kw_only=True, slots=True)
class TeamChat:
    """A team's group chat: the bot through which it is written to, and the chat's id."""

    channel: ChannelName
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """The installation, as sales see it."""

    company: str
    default_language: str
    teams: Mapping[str, TeamChat]
    """The team of a pipeline has the pipeline's name."""
    reply_routes: Mapping[ChannelName, Sequence[ChannelName]]
    """For a channel that cannot be answered itself (a form): through which ones an answer may go, the best first."""
    kinds: Mapping[ChannelName, str]
    """channel -> "email", "telegram", "form", "sms", "whatsapp"."""
    currency: str = "RUB"
    """Of sums that name none (ISO 4217)."""
    operators: Collection[tuple[str, str]] = ()
    """(channel, chat) of those who run the house."""
