"""By which way an answer reaches the customer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from domain.messages import AddressKind, ChannelName
from store.leads import Reach
from store.messages import Message

ADDRESSED_BY: Mapping[str, AddressKind] = {
    "email": AddressKind.EMAIL,
    "sms": AddressKind.PHONE,
    "telegram": AddressKind.TELEGRAM,
}
"""The kind of channel -> what it is addressed by. A form is not here: nobody can be written to through it."""


class Way(NamedTuple):
    """Where an answer goes."""

    channel: ChannelName
    identity: UUID
    address: str


def way_to(
    answered: Message,
    known: Sequence[Reach],
    routes: Mapping[ChannelName, Sequence[ChannelName]],
    kinds: Mapping[ChannelName, str],
) -> Way | None:
    """Back through the channel that the message came by, to whom it came from; else by the channel's reply routes, to
    the addresses of the person behind the lead (`known`), those that the message itself gave first.
    """
    came_by = ChannelName(answered.channel)
    sender = [r for r in known if r.identity == answered.identity]
    given = {(kind, value): n for n, (kind, value, *_) in enumerate(answered.facts.get("from", ()))}
    others = sorted(known, key=lambda r: given.get((r.kind, r.value), len(given)))
    tries = [(came_by, sender), *((channel, others) for channel in routes.get(came_by, ()))]
    ways = (_way(channel, kinds.get(channel, ""), among) for channel, among in tries)
    return next((way for way in ways if way), None)


def _way(channel: ChannelName, kind: str, among: Sequence[Reach]) -> Way | None:
    """A number with an extension can be called, but takes no SMS."""
    fit = (r for r in among if r.kind == ADDRESSED_BY.get(kind) and ";" not in r.value)
    reach = next(fit, None)
    return Way(channel, reach.identity, reach.value) if reach else None
