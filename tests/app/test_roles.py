"""Jobs are started again whatever becomes of them, and end together."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest

from app import roles
from app.roles import Job, run_all
from domain.errors import Misconfigured

Error = Callable[[], BaseException | None]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were wanted; the tests do not wait for them. The servers' own thread sleeps as ever."""
    wanted: list[float] = []
    sleep, ours = asyncio.sleep, threading.get_ident()

    async def at_once(seconds: float) -> None:
        if threading.get_ident() != ours:
            return await sleep(seconds)
        wanted.append(seconds)
        return await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", at_once)
    monkeypatch.setattr(roles, "random", SimpleNamespace(uniform=lambda low, high: high))
    return wanted


def failing(
    times: int, error: Callable[[], BaseException | None], done: asyncio.Event
) -> Callable[[], Awaitable[None]]:
    """A job that fails (or ends) so often, and then runs."""
    runs = 0

    async def run() -> None:
        nonlocal runs
        runs += 1
        if runs <= times:
            if reason := error():
                raise reason
            return
        done.set()
        await asyncio.Event().wait()

    return run


async def watched(*jobs: Job, done: asyncio.Event) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(run_all(jobs, stop))
    async with asyncio.timeout(10):
        await done.wait()
        stop.set()
        await running


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (lambda: ValueError("a bug"), "one failed: ValueError: a bug"),
        (lambda: ConnectionError("away"), "one failed: ConnectionError: away"),
        (lambda: ExceptionGroup("g", [OSError("a"), ValueError("b")]), "one failed: OSError: a; ValueError: b"),
        (lambda: Misconfigured("wrong token"), "one does not work until somebody mends it: wrong token"),
        (asyncio.CancelledError, "one was cancelled by a part of its own"),
        (lambda: None, "one ended by itself; starting it again"),
    ],
)
async def test_a_job_is_started_again(error: Error, words: str, caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()
    await watched(Job("one", failing(3, error, done)), done=done)
    assert caplog.text.count(words) == 3


async def test_a_lost_server_is_said_in_a_line_and_a_bug_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()
    await watched(Job("one", failing(1, lambda: ConnectionError("away"), done)), done=done)
    assert "Traceback" not in caplog.text
    done = asyncio.Event()
    await watched(Job("one", failing(1, lambda: ValueError("a bug"), done)), done=done)
    assert "Traceback" in caplog.text


async def test_pauses_grow_to_a_bound(pauses: list[float]) -> None:
    done = asyncio.Event()
    await watched(Job("one", failing(9, lambda: OSError("away"), done)), done=done)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


async def test_what_a_person_must_mend_is_not_tried_every_moment(pauses: list[float]) -> None:
    done = asyncio.Event()
    await watched(Job("one", failing(2, lambda: Misconfigured("wrong token"), done)), done=done)
    assert pauses == [30, 30]


async def test_a_long_good_run_forgets_the_failures(pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(roles, "time", SimpleNamespace(monotonic=lambda: now[0]))
    done = asyncio.Event()

    def after_an_hour() -> OSError:
        now[0] += 3600 if len(pauses) == 3 else 0
        return OSError("away")

    await watched(Job("one", failing(5, after_an_hour, done)), done=done)
    assert pauses == [0.5, 1, 2, 0.5, 1]


async def test_others_go_on_and_all_end_together() -> None:
    ended: list[str] = []
    done = asyncio.Event()

    async def steady() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("steady")

    other = Job("failing", failing(5, lambda: ValueError("a bug"), done))
    await watched(Job("steady", steady), other, done=done)
    assert ended == ["steady"]


async def test_cancelling_all_cancels_each(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    began, ended = asyncio.Event(), asyncio.Event()

    async def steady() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    running = asyncio.create_task(run_all([Job("steady", steady)], asyncio.Event()))
    await began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.is_set()
    assert caplog.text == ""
