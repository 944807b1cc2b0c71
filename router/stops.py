"""What a seller is told when his customer wants no more messages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from router.planned import Plan
from store import deliveries
from store.bulk import Row
from store.deliveries import Lane, Purpose
from store.staff import Member


def notices(plan: Plan, members: Mapping[UUID, Member], now: datetime) -> list[Row]:
    """One notice for the owner of each lead whose customer has said STOP: answers by that way would not go out."""
    wanted = [(lead, members.get(owner)) for lead, owner in dict.fromkeys(plan.stopped)]
    return [
        deliveries.row(
            Purpose.NOTICE,
            Lane.CARD,
            channel=owner.channel,
            address=owner.address,
            at=now,
            facts='{"key":"customer_stopped"}',
            lead=lead,
            staff=owner.id,
        )
        for lead, owner in wanted
        if owner and owner.channel and owner.address
    ]
