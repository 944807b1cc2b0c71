"""The right to be forgotten: what names the person goes, and his refusals stay, as hashes that find him if he comes
back by an import or from a backup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from domain.messages import utcnow
from store import consents, erasing, events, merges, opt_outs, secrets, tombstones
from store.engine import Connection
from store.erasing import Held
from store.opt_outs import OptOut
from store.permission import PERSON
from store.tombstones import ERASED, WITHDRAWN, Tombstone, hashed

_PAGE = 10_000


class Nobody(Exception):
    """There is no such contact."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """What was done."""

    cards: tuple[UUID, ...]
    rows: Mapping[str, int]
    """Table -> rows that were emptied."""
    files: tuple[str, ...]
    """Keys in the file store that nothing needs any more: remove them when the transaction is over."""


async def erase(connection: Connection, contact: UUID, *, actor: str, whole: bool = True) -> Erased:
    """Forget this person: all cards, or (`whole` false) this card alone. Raises Nobody. Cannot be taken back.

    Stays: that there was a lead, a delivery, a receipt of consent with its hashes; a keyed hash of each address that
    was his alone, by which everything but answers to himself stays forbidden.
    """
    await merges.alone(connection)
    leading = (await merges.persons(connection, [contact])).get(contact)
    if leading is None:
        raise Nobody(f"there is no contact {contact}")
    cards = sorted(await merges.cards_of(connection, [leading])) if whole else [contact]
    found = await erasing.held(connection, cards)
    await _bury(connection, cards, found)
    files = await erasing.files(connection, cards, [one.identity for one in found])
    rows = await erasing.blank(connection, cards, found, utcnow())
    data = msgspec.json.encode({"rows": rows, "files": len(files)}).decode()
    await events.of_contacts(connection, "contact.erased", [(card, data) for card in cards], actor)
    return Erased(cards=tuple(cards), rows=rows, files=tuple(files))


async def _bury(connection: Connection, cards: Sequence[UUID], found: Sequence[Held]) -> None:
    """Refusals become hashes, receipts are emptied. At a shared address the others go on being written to."""
    key, now = await secrets.key(connection, secrets.TOMBSTONES), utcnow()
    alone = [one.pair for one in found if not one.shared]
    told = await opt_outs.forget(connection, [*alone, *((PERSON, str(card)) for card in cards)])
    rows = [Tombstone(hashed(key, pair), "", ERASED, now) for pair in alone]
    rows += [Tombstone(hashed(key, (o.kind, o.value)), o.purpose, WITHDRAWN, now) for o in told if _lasts(o)]
    await tombstones.add(connection, rows)
    await consents.blank(connection, cards, [(one.pair[1], hashed(key, one.pair)) for one in found])


def _lasts(told: OptOut) -> bool:
    return told.until is None and told.purpose != "" and told.kind != PERSON


async def again(connection: Connection, *, actor: str) -> list[Erased]:
    """After a backup was restored: forget anew whoever was erased since it was made.

    What came back by itself after the erasure (the person wrote, or was imported) is left; only its refusals hold.
    """
    after, done = UUID(int=0), dict[UUID, Erased]()
    while page := await tombstones.risen(connection, after, _PAGE):
        after = page[-1][0]
        known = await tombstones.of(connection, [pair for _, pair, _ in page])
        for _, pair, card in page:
            if known.get(pair, {}).get("") == ERASED and card not in done:
                done[card] = await erase(connection, card, actor=actor, whole=False)
    return list(done.values())
