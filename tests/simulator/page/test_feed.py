"""Topics: who hears what, and that a slow listener costs nothing."""

from __future__ import annotations

import asyncio

import pytest

from simulator.feed import Feed
from simulator.page.live import topic


async def test_topics_are_kept_once_until_they_are_fetched() -> None:
    feed = Feed()
    feed.tell("before")
    with feed.subscribe() as watcher:
        for _ in range(1000):
            feed.tell("a")
        feed.tell("b")
        assert await watcher.changed() == {"a", "b"}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await watcher.changed()


async def test_every_watcher_hears() -> None:
    feed = Feed()
    with feed.subscribe() as one, feed.subscribe() as other:
        waiting = asyncio.create_task(one.changed())
        await asyncio.sleep(0)
        feed.tell("a")
        assert await waiting == await other.changed() == {"a"}
    feed.tell("b")
    with feed.subscribe() as late:
        feed.tell("c")
        assert await late.changed() == {"c"}


async def test_nothing_is_lost_when_waiting_is_given_up() -> None:
    feed = Feed()
    with feed.subscribe() as watcher:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await watcher.changed()
        feed.tell("a")
        assert await watcher.changed() == {"a"}


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("chat", "-1002000000001", "chat-_1002000000001"),
        ("sms", "+79000000012", "sms-_79000000012"),
        ("mail", "a.b@client.example", "mail-a_b_client_example"),
        ("chat", "x\nevent: y, z from:body", "chat-x_event__y__z_from_body"),
    ],
)
def test_topic_is_a_plain_word(kind: str, name: str, expected: str) -> None:
    assert topic(kind, name) == expected
