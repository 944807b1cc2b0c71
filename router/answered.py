"""Who answers a letter that only his address got has proved that the address is his."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from domain.messages import AddressKind, Inbound, Proof
from store import suppressions
from store.engine import Connection


async def answered(connection: Connection, batch: Sequence[Inbound]) -> Sequence[Inbound]:
    """The batch; a claimed e-mail address is proved where the message refers to a letter that we sent to it.

    A Message-ID of ours cannot be guessed (domain.ids: 62 random bits), and nobody else was told it.
    """
    asked = {(m.channel, ref) for m in batch if m.refers_to and _is_open(m) for ref in m.refers_to}
    if not asked:
        return batch
    sent = await suppressions.sent_to(connection, sorted(asked))
    return [_proved(m, {sent.get((m.channel, ref)) for ref in m.refers_to}) if _is_open(m) else m for m in batch]


def _is_open(message: Inbound) -> bool:
    return any(a.kind is AddressKind.EMAIL and not a.proved for a in message.addresses)


def _proved(message: Inbound, wrote_to: set[str | None]) -> Inbound:
    """The sender's own address, the first one: a Reply-To proves nothing."""
    first, *rest = message.addresses
    if first.kind is not AddressKind.EMAIL or first.proved or first.value not in wrote_to:
        return message
    return replace(message, addresses=(replace(first, proved=True, proof=Proof.ANSWERED), *rest))
