"""One process listens per channel; when it goes, another one does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from app import listening
from app.listening import listen_alone
from domain.errors import Misconfigured
from domain.messages import ChannelName, Inbound, Report
from domain.ports import Accept
from store.engine import Connection, Database
from tests.contract.case import until
from tests.servers import Servers


class Ear:
    """A listener that says when it listens; `fails` is raised instead."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.name = ChannelName("inbox")
        self.listening = False
        self.times = 0
        self._fails = fails

    async def ping(self) -> None: ...
    async def aclose(self) -> None: ...

    async def listen(self, accept: Accept) -> None:
        self.listening = True
        self.times += 1
        try:
            if self._fails:
                raise self._fails
            await asyncio.Event().wait()
        finally:
            self.listening = False


async def accept(event: Inbound | Report) -> None:
    raise AssertionError("nothing comes")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "RETRY", 0.02)


class Asked(Database):
    """The database as one process sees it; it counts how often somebody went there for a lock."""

    times = 0

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        self.times += 1
        async with super().connect() as connection:
            yield connection


Processes = tuple[Asked, Asked]


@pytest.fixture
async def processes(database_url: str) -> AsyncIterator[Processes]:
    """Two processes' databases."""
    one, other = Asked(database_url, pool=2), Asked(database_url, pool=2)
    yield one, other
    await one.aclose()
    await other.aclose()


@asynccontextmanager
async def running(ear: Ear, database: Database) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(listen_alone(ear, accept, database))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_one_listens_and_when_it_ends_the_other_does(processes: Processes) -> None:
    one, other = Ear(), Ear()
    async with running(one, processes[0]):
        await until(lambda: one.listening, "the first one")
        async with running(other, processes[1]) as waiting:
            await until(lambda: processes[1].times > 3, "the second one to ask again and again")
            assert (one.listening, other.times) == (True, 0)
            assert not waiting.done(), "it waits for its turn, and does not end as if something was wrong"
    async with running(other, processes[1]):
        await until(lambda: other.listening, "the second one's turn")
    assert not one.listening


async def test_two_channels_do_not_wait_for_each_other(processes: Processes) -> None:
    one, other = Ear(), Ear()
    other.name = ChannelName("bot")
    async with running(one, processes[0]), running(other, processes[1]):
        await until(lambda: one.listening and other.listening, "both")


@pytest.mark.parametrize("error", [Misconfigured("wrong password"), RuntimeError("a bug")])
async def test_why_it_ended_is_told_and_the_lock_is_free(processes: Processes, error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        await listen_alone(Ear(error), accept, processes[0])
    heir = Ear()
    async with running(heir, processes[1]):
        await until(lambda: heir.listening, "somebody else")


async def test_a_lost_connection_leaves_the_channel_to_others(processes: Processes) -> None:
    """The lock goes with the connection, and whoever held it learns that the channel is not its own any more."""
    ear, heir = Ear(), Ear()
    async with running(ear, processes[0]) as task:
        await until(lambda: ear.listening, "the first one")
        async with processes[1].connect() as connection:
            await connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                     "AND pid <> pg_backend_pid()")
            )  # fmt: skip
        async with running(heir, processes[1]):
            await until(lambda: heir.listening or task.done(), "somebody to learn of it")
            await until(task.done, "the first one to give up")
            await until(lambda: heir.listening, "the second one")
        assert not ear.listening


async def test_while_postgresql_is_away_it_listens_on(
    processes: Processes, servers: Servers, caplog: pytest.LogCaptureFixture
) -> None:
    """Intake must not stop with the database: the stream is the spool."""
    ear = Ear()
    async with running(ear, processes[0]) as task:
        await until(lambda: ear.listening, "it to listen")
        servers.kill("postgres")
        await until(lambda: "PostgreSQL is away; listening on" in caplog.text, "the loss to be noticed")
        assert ear.listening or task.done()
        await until(task.done, "PostgreSQL to be back, and the question who owns the channel")
        assert task.exception() is None
        assert ear.times == 1
    async with running(ear, processes[1]):
        await until(lambda: ear.listening, "it to listen again")
