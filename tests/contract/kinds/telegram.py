"""Telegram against the simulated Bot API, both ways in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import pytest

from channels.telegram.errors import refusal
from channels.telegram.parse import parse
from channels.telegram.updates import TelegramWebhook
from domain.errors import Misconfigured, Rejected, SendError, Throttled, Unavailable, Unreachable
from domain.messages import utcnow
from domain.ports import Channel
from simulator.serving import serving
from simulator.telegram import World, telegram_app
from tests.channels.telegram.samples import NAMES, sample
from tests.contract.case import NAME, Case, Counterpart, Event, Table

WORD, HOOK = "AA_secret-word-of-the-bot_0123456789", "hook-secret-of-the-tests"
TOKEN = f"100200:{WORD}"


class BotApi(Counterpart):
    """A simulated Telegram in which Anna has a chat with our bot."""

    def __init__(self, world: World, url: str, updates: str) -> None:
        self._world = world
        self._bot = world.add_bot(TOKEN, "acme_bot")
        self._anna = world.add_user("Anna")
        self._chat = world.open_chat(self._anna, self._bot)
        self.to = str(self._chat.id)
        self.table = {
            "kind": "telegram", "token": TOKEN, "api_url": url, "updates": updates, "webhook_secret": HOOK,
            "retry_seconds": 0.01, "poll_seconds": 2, "request_seconds": 3,
        }  # fmt: skip
        self.forbidden = {"token": f"100201:{WORD}"}

    async def write(self, words: str) -> None:
        self._world.say(self._chat, self._anna, words)

    async def confirmed(self) -> bool:
        return len(self._bot.inbox) == 0

    async def got(self) -> Sequence[str]:
        return [message.text for message in self._world.messages(self._chat) if message.sender.is_bot]

    def at_port(self, port: int) -> Table:
        return {"api_url": f"http://127.0.0.1:{port}"}

    @asynccontextmanager
    async def calling(self, channel: Channel, url: str) -> AsyncIterator[None]:
        assert isinstance(channel, TelegramWebhook)
        await channel.register(url.removesuffix(f"/in/{NAME}"))
        yield


@asynccontextmanager
async def _opened(_: pytest.FixtureRequest, *, updates: str) -> AsyncIterator[Counterpart]:
    world = World(limits=False)
    async with serving(telegram_app(world, webhook_retry=0.01)) as url:
        yield BotApi(world, url, updates)
    assert world.violations == []


def _sample(name: str) -> list[Event]:
    event = parse(sample(name), channel=NAME, country="RU", now=utcnow()).event
    return [event] if event else []


def _refused(code: int, words: str, **parameters: object) -> Callable[[], SendError]:
    return partial(refusal, code, {"ok": False, "error_code": code, "description": words, "parameters": parameters}, 5)


CASE = Case(
    ways={"polling": partial(_opened, updates="polling"), "webhook": partial(_opened, updates="webhook")},
    sound={"kind": "telegram", "token": TOKEN, "updates": "webhook", "webhook_secret": HOOK},
    secrets=(WORD, HOOK),
    wrong=[{"token": WORD}, {"updates": "carrier pigeon"}, {"webhook_secret": f"{HOOK} !"}, {"api_url": "ftp://x"}],
    samples={f"{name}.json": partial(_sample, name) for name in NAMES},
    ignored=frozenset(
        {
            "button_of_game.json",  # we have no games
            "edited_live_location.json",  # once a few seconds, for hours
            "group_joined.json",
            "kind_not_asked_for.json",
            "made_administrator.json",
            "pinned.json",
        }
    ),
    errors=[
        ("blocked", _refused(403, "Forbidden: bot was blocked by the user"), Unreachable),
        ("no chat", _refused(400, "Bad Request: chat not found"), Unreachable),
        ("bad markup", _refused(400, "Bad Request: can't parse entities"), Rejected),
        ("too fast", _refused(429, "Too Many Requests: retry after 7", retry_after=7), Throttled),
        ("bad gateway", _refused(502, "Bad Gateway"), Unavailable),
        ("other poll", _refused(409, "Conflict: terminated by other getUpdates request"), Unavailable),
        ("revoked token", _refused(401, "Unauthorized"), Misconfigured),
        ("no token", _refused(404, "Not Found"), Misconfigured),
    ],
)
