"""The right of access: what we have about whoever holds an address, for him to take along.

The link that opens it was sent to that address alone. So it shows what is written under this address and on its own
card, where the address is proved and nobody else's; not what cards of other addresses say that were joined with it.
"""

from __future__ import annotations

from typing import Any

from domain.messages import utcnow
from people.opting import Subject
from store import addressees, mydata, opt_outs
from store.engine import Connection
from store.permission import PERSON


async def export(connection: Connection, subject: Subject) -> dict[str, Any] | None:
    """The data, ready for JSON; None where the address proves nothing: it is shared, only claimed, or nobody's."""
    standing = await addressees.standing(connection, subject.kind, subject.value)
    if standing is None or standing.shared or not standing.proved:
        return None
    pairs = [(subject.kind, subject.value), (PERSON, str(standing.home))]
    refused = await opt_outs.of(connection, pairs, utcnow())
    return {
        "address": {"kind": subject.kind, "value": subject.value},
        "exported_at": utcnow(),
        **await mydata.of(connection, standing.identity, standing.home),
        "opt_outs": [{"purpose": o.purpose, "reason": o.reason, "at": o.at, "until": o.until} for o in refused],
    }
