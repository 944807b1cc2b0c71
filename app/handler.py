"""What the bus's consumer does with a batch."""

from __future__ import annotations

from collections.abc import Sequence

from bus.broker import Bus
from desk.desk import Desk
from domain.messages import Inbound, Report
from router.planned import Outcome
from router.route import Router
from router.screen import Voice
from store.engine import is_lost_race


class Handler:
    """What the bus's consumer does with a batch: route messages, let the desk act, settle reports, ring."""

    def __init__(self, router: Router, desk: Desk, bus: Bus) -> None:
        self._router = router
        self._desk = desk
        self._bus = bus

    async def __call__(self, batch: Sequence[Inbound | Report]) -> None:
        inbound = [e for e in batch if isinstance(e, Inbound)]
        reports = [e for e in batch if isinstance(e, Report)]
        outcomes: list[Outcome] = await self._router.route(inbound) if inbound else []
        for message, outcome in zip(inbound, outcomes, strict=True):
            if outcome.voice is Voice.STAFF:
                await self._act(message)
        if reports:
            await self._router.settle(reports)
        await self._bus.ring()

    async def _act(self, message: Inbound) -> None:
        """Once more, should two of staff have met on one key at the same moment."""
        try:
            await self._desk.act(message)
        except Exception as error:
            if not is_lost_race(error):
                raise
            await self._desk.act(message)
