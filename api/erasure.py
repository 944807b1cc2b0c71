"""Forgetting a contact, as `leadwire contacts erase` does it. The key needs a scope that says so and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter

from api.access import Eraser
from api.problems import Problem
from api.writing import Made, write
from people import erasure
from people.erasure import Erased, Nobody
from store.engine import Connection

router = APIRouter(prefix="/contacts", tags=["contacts"])


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was done."""

    cards: tuple[UUID, ...]
    """Every card of the person."""
    rows: Mapping[str, int]
    """Table -> rows that were emptied; nothing when it was done before."""
    files: int
    """That nothing else needed."""


@router.delete("/{contact}")
async def erase(caller: Eraser, contact: UUID) -> Forgotten:
    """Forget this person for ever, with all cards: it cannot be undone. Sent again, it finds nothing more to erase.

    What stays names nobody: that there was a lead, a delivery, a receipt of consent with its hash, and a keyed hash of
    each address, so that nobody writes to it again, whoever brings it back.
    """
    done: list[Erased] = []

    async def act(connection: Connection) -> Made:
        try:
            done[:] = [await erasure.erase(connection, contact, actor=caller.actor)]
        except Nobody:
            raise Problem(404, "unknown-contact") from None
        return Made(None, None, {"cards": len(done[0].cards)})

    await write(caller, "contact.erasure", act)
    [one] = done
    for key in one.files if caller.files else ():
        assert caller.files is not None
        await caller.files.remove(key)
    return Forgotten(one.cards, one.rows, len(one.files))
