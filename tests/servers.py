"""The real PostgreSQL and Valkey that a test worker shares, on an event loop of their own.

Fixtures are plain functions, so that no test's loop is tied to them; whatever is asynchronous runs in the thread.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import signal
import subprocess
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import redis
from sqlalchemy import URL, make_url

from app.embedded import Embedded
from tests.databases import TEMPLATE, Databases

T = TypeVar("T")


_GUARD = "trap '' INT TERM; cat; for run in *.run; do test -s $run && kill -9 $(cat $run); done 2>/dev/null"
"""Waits for the end of its input, which comes when the tests end, however they end: killed tests leave no servers."""


class Servers:
    """One PostgreSQL and one Valkey, started, with a migrated template database."""

    def __init__(self, folder: Path) -> None:
        self.embedded = Embedded(folder, fast=True)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test servers", daemon=True)
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )

    def start(self) -> None:
        """Start the servers and migrate the template."""
        self._thread.start()
        self.run(self.embedded.start())
        self.run(self._make_template())

    def stop(self) -> None:
        self.run(self.embedded.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._guard.communicate()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for something that runs on the servers' own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def create_database(self, template: str = TEMPLATE) -> URL:
        """A fresh database, as the migrated template is; of "template0", an empty one."""
        return self.run(self._databases.fresh(template))

    def drop_database(self, url: URL) -> None:
        """Also when somebody is still connected."""
        self.run(self._databases.take_back(url))

    def kill(self, name: str) -> None:
        """kill -9 of "postgres" or "valkey"; it comes back by itself, at the same URL."""
        os.kill(self.embedded.pids()[name], signal.SIGKILL)

    def empty_redis(self) -> str:
        """The URL of the worker's Valkey, with nothing in it."""
        with redis.Redis.from_url(self.embedded.redis_url) as client:
            client.flushall()
        return self.embedded.redis_url

    async def _make_template(self) -> None:
        self._databases = Databases(make_url(self.embedded.database_url))
        url = await self._databases.make_template()
        if importlib.util.find_spec("store.migrations") is not None:
            migrations = importlib.import_module("store.migrations")
            await migrations.upgrade(url.render_as_string(hide_password=False))
