"""Tells whoever watches that something changed: topics only, never the thing itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Watcher:
    """One subscriber. What it has not fetched yet is kept once per topic, so a slow one never grows."""

    def __init__(self) -> None:
        self._topics: set[str] = set()
        self._bell = asyncio.Event()

    def notice(self, topic: str) -> None:
        """Remember the topic until the next `changed`."""
        self._topics.add(topic)
        self._bell.set()

    async def changed(self) -> frozenset[str]:
        """Wait for at least one topic; return all that came since the last call."""
        await self._bell.wait()
        self._bell.clear()
        topics, self._topics = frozenset(self._topics), set()
        return topics


class Feed:
    """The topics of one simulated world."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()

    def tell(self, topic: str) -> None:
        """Say that the topic changed."""
        for watcher in self._watchers:
            watcher.notice(topic)

    @contextmanager
    def subscribe(self) -> Iterator[Watcher]:
        """Everything told from here on reaches the watcher, until the block ends."""
        watcher = Watcher()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
