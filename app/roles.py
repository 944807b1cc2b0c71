"""Roles that run until told to stop: supervised, so that no server going away and coming back needs a person."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from domain.errors import Misconfigured

log = logging.getLogger(__name__)

FIRST_PAUSE, LAST_PAUSE = 0.5, 30.0
"""Seconds between two tries of a job that fails; doubled each time, forgotten after a minute of running well."""
WELL = 60.0


@dataclass(frozen=True, slots=True)
class Job:
    """Something that runs for as long as the process does."""

    name: str
    run: Callable[[], Awaitable[None]]


async def keep_running(job: Job) -> None:
    """Run the job again whenever it ends or fails; say in words why."""
    pause = FIRST_PAUSE
    while True:
        began = time.monotonic()
        try:
            await job.run()
            log.warning("%s ended by itself; starting it again", job.name)
        except Misconfigured as error:
            log.error("%s does not work until somebody mends it: %s", job.name, error)
            pause = LAST_PAUSE
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            log.error("%s was cancelled by a part of its own; starting it again", job.name)
        except Exception as error:  # whatever it is, the others go on and this one is tried again
            log.error("%s failed: %s", job.name, _in_words(error), exc_info=not isinstance(error, OSError))
        if time.monotonic() - began > WELL:
            pause = FIRST_PAUSE
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # a jitter, not a secret
        pause = min(2 * pause, LAST_PAUSE)


async def run_all(jobs: Sequence[Job], stop: asyncio.Event) -> None:
    """Run the jobs until `stop` is set, then cancel them and wait for their ends."""
    tasks = [asyncio.create_task(keep_running(job), name=job.name) for job in jobs]
    try:
        await stop.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def is_cancelled() -> bool:
    """Whether somebody wants the running task to end; a library may also let a cancellation of its own escape."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _in_words(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_in_words(e) for e in error.exceptions)
    return f"{type(error).__name__}: {error}"
