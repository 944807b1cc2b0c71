"""Who opens the bot by a link of ours brings along what the link says: the hand-over of a request to Telegram.

A link that one address alone was sent proves that address (`Proof.LINK`), once. One that a form showed proves nothing:
whoever typed the addresses saw it, so they come along as typed ones. What follows of that is decided by the rules for
any message (`router/identity.py`). A token that is used up, too old or unknown is a campaign like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from domain.links import digest, is_token
from domain.messages import Address, AddressKind, Inbound, Proof
from router.planned import Pair
from store import links
from store.engine import Connection
from store.links import Link


class Handed(NamedTuple):
    """The batch with what the links say, and which of its messages use a link up."""

    batch: Sequence[Inbound]
    spends: Mapping[Pair, str]
    """(channel, external_id) -> digest."""


async def handed(connection: Connection, batch: Sequence[Inbound], now: datetime) -> Handed:
    """Look up all links of a batch at once; nothing is asked when there are none."""
    opened = {n: digest(m.source.campaign) for n, m in enumerate(batch) if _opens(m)}
    if not opened:
        return Handed(batch, {})
    found = await links.valid(connection, opened.values(), now)
    told, spends = list(batch), dict[Pair, str]()
    for n, hash_ in opened.items():
        link = found.get(hash_)
        if link is None or hash_ in spends.values():
            continue
        told[n] = _told(batch[n], link)
        if link.address:
            spends[batch[n].channel, batch[n].external_id] = hash_
    return Handed(told, spends)


def _opens(message: Inbound) -> bool:
    """Whether a Telegram user opens the bot with a token of ours, in a chat that is his alone."""
    campaign = message.source.campaign
    if not campaign or not is_token(campaign) or message.chat or len(message.addresses) != 1:
        return False
    sender = message.addresses[0]
    return sender.kind is AddressKind.TELEGRAM and sender.proved


def _told(message: Inbound, link: Link) -> Inbound:
    """The token is taken out of what is kept; sellers read which request it continues."""
    return replace(
        message,
        addresses=(*message.addresses, *_brought(link)),
        text=f"/start #{link.number or '?'}",
        html=None,
        source=replace(message.source, campaign=""),
    )


def _brought(link: Link) -> tuple[Address, ...]:
    if link.address:
        return (replace(link.address, proved=True, proof=Proof.LINK),)
    return tuple(replace(a, proved=False, proof="") for a in link.given)
