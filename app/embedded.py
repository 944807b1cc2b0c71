"""A real PostgreSQL and a real Valkey in the data folder, for those who run no servers of their own.

Several processes may use one folder: whoever comes first starts the servers, whoever goes last stops them, and each
restarts a server that died. Two locks (flock, so that a killed process lets go of them) keep order:

    users.lock    held shared by everybody who uses the servers; whoever can have it alone is the last
    change.lock   held while somebody starts or stops a server
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from app.launch import EmbeddedError, Server, alive, pid_of
from app.postgres import Postgres
from app.valkey import Valkey

__all__ = ["Embedded", "EmbeddedError"]

log = logging.getLogger(__name__)

_WATCH = 0.2  # seconds between looks at the servers
_STOP = 60  # seconds a server has for a clean stop
_START = 300  # seconds a server has until it answers: after a crash PostgreSQL first replays its log
_CHANGE = 400  # seconds to wait for another process that is starting or stopping them


class Embedded:
    """The servers of one data folder, as an async context manager.

    `fast` is for tests: PostgreSQL does not wait for the disk (a power cut would lose data, kill -9 does not).
    Raises EmbeddedError, in words, from `start` and from the constructor when the wheels are not installed.
    """

    def __init__(self, folder: Path, *, postgres: bool = True, valkey: bool = True, fast: bool = False) -> None:
        self._folder = _own_folder(folder)
        self._users: IO[bytes] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._servers: dict[str, Server] = {}
        if postgres:
            self._servers["postgres"] = Postgres(self._folder, fast=fast)
        if valkey:
            self._servers["valkey"] = Valkey(self._folder)

    @property
    def database_url(self) -> str:
        """SQLAlchemy's form: postgresql+asyncpg://. The same after each restart."""
        return self._servers["postgres"].url

    @property
    def redis_url(self) -> str:
        """unix://. The same after each restart."""
        return self._servers["valkey"].url

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Adopt the servers of the folder, start those that do not live, return when they answer."""
        async with self._change():
            self._users = (self._folder / "users.lock").open("ab")
            fcntl.flock(self._users, fcntl.LOCK_SH)
        try:
            await self._bring_up(first=True)
        except BaseException:
            await self.stop()
            raise
        self._watch = asyncio.create_task(self._supervise(), name="embedded servers")

    async def stop(self) -> None:
        """Let go of the servers, and stop them when nobody else uses them. Twice is fine."""
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        if self._users is None:
            return
        async with self._change():
            with self._users as users:
                self._users = None
                if _try_lock(users):
                    await asyncio.gather(*(self._stop(server) for server in self._servers.values()))

    def pids(self) -> Mapping[str, int]:
        """The main processes that live now, by "postgres" and "valkey"."""
        found = {name: pid_of(server.run) for name, server in self._servers.items()}
        return {name: pid for name, pid in found.items() if pid is not None}

    async def _bring_up(self, *, first: bool) -> None:
        async with self._change():
            starts = [self._start(server, first=first) for server in self._servers.values()]
            # all to their end, whatever one says: a launch that goes on in its thread would outlive our stop
            for result in await asyncio.gather(*starts, return_exceptions=True):
                if isinstance(result, BaseException):
                    raise result

    async def _start(self, server: Server, *, first: bool) -> None:
        if not first and alive(server.run):
            return
        await asyncio.to_thread(server.prepare)
        if not alive(server.run):
            await asyncio.to_thread(server.launch)
        await _until_ready(server)
        if first:
            await asyncio.to_thread(server.finish)

    async def _stop(self, server: Server) -> None:
        server.stop(now=False)
        if not await _until_dead(server, _STOP):
            log.warning("%s did not stop within %d s; it is stopped by force", server.name, _STOP)
            server.stop(now=True)
            await _until_dead(server, _STOP)
        if not alive(server.run):
            server.run.write_text("")  # the pid may soon be somebody else's

    async def _supervise(self) -> None:
        """Start a server again that died, for as long as it takes."""
        pause = _WATCH
        while True:
            await asyncio.sleep(pause)
            dead = [server.name for server in self._servers.values() if not alive(server.run)]
            if not dead:
                continue
            log.error("%s died and is started again", " and ".join(dead))
            try:
                await self._bring_up(first=False)
                pause = _WATCH
            except (EmbeddedError, OSError) as error:
                pause = min(pause * 2, 5)
                log.error("could not start %s, next try in %.1f s: %s", " and ".join(dead), pause, error)

    @asynccontextmanager
    async def _change(self) -> AsyncIterator[None]:
        with (self._folder / "change.lock").open("ab") as lock:
            for _ in _ticks(_CHANGE):
                if _try_lock(lock):
                    break
                await asyncio.sleep(_TICK)
            else:
                raise EmbeddedError(
                    f"another process has been starting or stopping the servers of {self._folder} for "
                    f"{_CHANGE} s: look for a hung leadwire and end it"
                )
            yield


_TICK = 0.02  # seconds between looks while waiting


def _ticks(seconds: float) -> Sequence[int]:
    return range(int(seconds / _TICK))


def _own_folder(folder: Path) -> Path:
    """The folder, made when it is not there, and ours."""
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(f"the data folder {folder} cannot be made: {error.strerror}; choose another one") from error
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        raise EmbeddedError(
            f"the data folder {folder} belongs to user id {owner}, we run as {os.geteuid()}: "
            f"run leadwire as its owner, or choose another folder"
        )
    return folder


def _try_lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _until_ready(server: Server) -> None:
    for _ in _ticks(_START):
        if await asyncio.to_thread(server.ready):
            return
        if not alive(server.run):
            raise EmbeddedError(f"{server.name} did not start; its log ends with:\n{server.why()}")
        await asyncio.sleep(_TICK)
    raise EmbeddedError(f"{server.name} does not answer after {_START} s; its log ends with:\n{server.why()}")


async def _until_dead(server: Server, seconds: float) -> bool:
    for _ in _ticks(seconds):
        if not alive(server.run):
            return True
        await asyncio.sleep(_TICK)
    return False
