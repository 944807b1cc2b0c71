"""What has been decided and is not yet written down: collected while the last batch is being written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from notifications.ledger import Ledger
from notifications.verdict import Outcome
from store.engine import is_away

log = logging.getLogger(__name__)

_MOST_AT_ONCE = 2000
_ENOUGH, _GATHER = 500, 0.05
"""Results that nobody waits for are gathered up to so many, or for so many seconds: each transaction has its price."""
_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.1, 1.0


class Outbox:
    """Outcomes on their way into the ledger; `written` is called with each batch that has arrived there."""

    def __init__(self, ledger: Ledger, written: Callable[[list[Outcome]], None]) -> None:
        self._ledger = ledger
        self._written = written
        self._waiting: list[tuple[Outcome, asyncio.Future[None] | None]] = []
        self._waited_for = False
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()

    def put(self, outcome: Outcome) -> asyncio.Future[None]:
        """Have it written soon; done when it is."""
        written = asyncio.get_running_loop().create_future()
        self.add(outcome, written)
        return written

    def add(self, outcome: Outcome, written: asyncio.Future[None] | None = None) -> None:
        """The same for those who do not wait."""
        self._waiting.append((outcome, written))
        self._waited_for = self._waited_for or written is not None
        self._none.clear()
        self._some.set()

    async def run(self) -> None:
        """Write until cancelled. While PostgreSQL is away, what was decided is kept and written later."""
        backoff = _FIRST_BACKOFF
        while True:
            await self._some.wait()
            if not self._waited_for and len(self._waiting) < _ENOUGH:
                await asyncio.sleep(_GATHER)
            try:
                await self._write()
                backoff = _FIRST_BACKOFF
            except Exception as error:
                if not is_away(error):
                    raise
                if backoff == _FIRST_BACKOFF:
                    log.warning("PostgreSQL is away: results wait to be written (%d so far)", len(self._waiting))
                await asyncio.sleep(backoff)
                backoff = min(2 * backoff, _LONGEST_BACKOFF)

    async def empty(self) -> None:
        """Return when everything is written."""
        await self._none.wait()

    async def _write(self) -> None:
        batch = self._waiting[:_MOST_AT_ONCE]
        self._waited_for = False
        await self._ledger.write([outcome for outcome, _ in batch])
        del self._waiting[: len(batch)]
        if not self._waiting:
            self._some.clear()
            self._none.set()
        self._written([outcome for outcome, _ in batch])
        for _, written in batch:
            if written and not written.done():
                written.set_result(None)
