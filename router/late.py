"""An answer that came too late for WhatsApp: its customer is asked, by an approved template, to write back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from domain.messages import ChannelName
from domain.templates import NEEDED
from router.rules import Rules
from store import addressees, deliveries
from store.deliveries import Lane, Purpose
from store.engine import Connection
from store.reports import Reported

ASKED = "the customer is asked to write back"
KEY = "write_back"
AGAIN = timedelta(days=1)
"""So long nobody is asked a second time, however many answers came too late."""


async def ask_back(connection: Connection, moved: Sequence[Reported], rules: Rules, now: datetime) -> set[UUID]:
    """Those of these deliveries whose customers are asked now, or were within a day."""
    asked: set[UUID] = set()
    for one in moved:
        if one.purpose != Purpose.REPLY or NEEDED not in (one.reason or ""):
            continue
        found = await addressees.of(connection, one.id)
        template = rules.intake(ChannelName(found.channel)).late_template if found else ""
        if not found or not template:
            continue
        asked.add(one.id)
        if await deliveries.greeted(connection, [found.address], now - AGAIN, KEY):
            continue
        row = deliveries.row(
            Purpose.GREETING,
            Lane.NOTICE,
            channel=found.channel,
            address=found.address,
            at=now,
            facts=msgspec.json.encode({"key": KEY, "template": template}).decode(),
            lead=one.lead,
            contact=found.card,
        )
        await deliveries.add(connection, [row])
    return asked
