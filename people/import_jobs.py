"""The process that does what was handed in: looks at uploaded files and writes them, whoever began with it.

Several may run: each import has a lock. One that dies lets go of its lock, and another goes on where it stood.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import msgspec

from domain.messages import utcnow
from people import checking, importing
from people.files.texts import Reason, Unreadable, reason
from people.importing import Refused, Running, Stopped
from store import import_jobs
from store.engine import Database
from store.files import FileMissing, LargeFiles
from store.imports import Import

log = logging.getLogger(__name__)
EVERY = 1.0
"""Seconds between two looks for work."""


class ImportJobs:
    """Takes up what waits, one after the other."""

    def __init__(self, database: Database, files: LargeFiles, *, every: float = EVERY) -> None:
        self._database, self._files, self._every = database, files, every

    async def run(self) -> None:
        """Until cancelled; raises what the database raises."""
        while True:
            await self.look()
            await asyncio.sleep(self._every)

    async def look(self) -> int:
        """Do what waits now; how many imports were taken up."""
        async with self._database.begin() as connection:
            waiting = await import_jobs.waiting(connection)
        return sum([await self._take(import_id, state) for import_id, state in waiting])

    async def _take(self, import_id: UUID, state: str) -> bool:
        try:
            if state == "checking":
                await checking.check(self._database, import_id, self._brought)
            else:
                await importing.run(self._database, import_id, bring=self._brought)
        except Running:
            return False
        except Stopped:
            log.info("import %s was stopped", import_id)
        except Unreadable as error:
            await self._fail(import_id, error.reason)
        except FileMissing:
            await self._fail(import_id, reason("absent", name=""))
        except Refused as error:  # another process was faster
            log.info("import %s: %s", import_id, error)
        return True

    @asynccontextmanager
    async def _brought(self, found: Import) -> AsyncIterator[Path]:
        """Out of the file store, under a name that nobody chose."""
        with tempfile.TemporaryDirectory(prefix="leadwire-import-") as folder:
            path = Path(folder) / "contacts"
            await self._files.save(found.file, path)
            yield path

    async def _fail(self, import_id: UUID, why: Reason) -> None:
        log.error("import %s cannot go on: %s", import_id, why.words())
        options = msgspec.json.encode({"problem": why}).decode()
        async with self._database.begin() as connection:
            await import_jobs.fail(connection, import_id, options, utcnow())
