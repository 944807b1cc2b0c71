"""By which way an answer reaches the customer. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from domain.messages import AddressKind, ChannelName
from store.leads import Reach
from store.messages import Message

ADDRESSED_BY: Mapping[str, AddressKind] = {
    "email": AddressKind.EMAIL,
    "sms": AddressKind.PHONE,
    "whatsapp": AddressKind.PHONE,
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
    stopped: Collection[tuple[str, str]] = (),
) -> Way | None:
    """Back through the channel that the message came by, to whom it came from; else by the channel's reply routes, to
    those addresses of the person behind the lead (`known`) that the message itself gave. Never to another address of
    that person: somebody else may have typed it. Never to one of the `stopped` (channel, address).
    """
    came_by = ChannelName(answered.channel)
    sender = [r for r in known if r.identity == answered.identity]
    given = {(kind, value): n for n, (kind, value, *_) in enumerate(answered.facts.get("from", ()))}
    others = sorted((r for r in known if (r.kind, r.value) in given), key=lambda r: given[r.kind, r.value])
    tries = [(came_by, sender), *((channel, others) for channel in routes.get(came_by, ()))]
    ways = (way for channel, among in tries for way in _ways(channel, kinds.get(channel, ""), among))
    return next((way for way in ways if (way.channel, way.address) not in stopped), None)


def _ways(channel: ChannelName, kind: str, among: Sequence[Reach]) -> Iterator[Way]:
    """A number with an extension can be called, but takes no SMS."""
    fit = (r for r in among if r.kind == ADDRESSED_BY.get(kind) and ";" not in r.value)
    return (Way(channel, r.identity, r.value) for r in fit)
