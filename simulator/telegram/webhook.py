"""Updates pushed to a bot's own server: https://core.telegram.org/bots/api#setwebhook.

Unlike the real Telegram, plain http is taken for loopback addresses, and updates go one at a time (the real one opens
up to `max_connections`), so their order is certain.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from simulator.telegram.errors import bad_request
from simulator.telegram.inbox import WEBHOOK_SET
from simulator.telegram.model import Bot
from simulator.telegram.world import World

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
PATIENCE = aiohttp.ClientTimeout(total=60)


@dataclass(slots=True)
class Hook:
    """Where one bot's updates go."""

    url: str
    secret: str = field(repr=False)
    max_connections: int = 40
    error: str = ""
    """Why the last delivery failed."""
    error_at: datetime | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Webhooks:
    """The webhooks of all bots. `retry`: seconds before a refused update is tried again."""

    def __init__(self, world: World, *, retry: float) -> None:
        self._world = world
        self._retry = retry
        self._hooks: dict[int, Hook] = {}

    def set(self, bot: Bot, hook: Hook) -> None:
        """Deliver there from now on; a waiting getUpdates ends with 409. Raises 400 for what Telegram refuses."""
        check(hook)
        self.remove(bot)
        bot.inbox.end_poll(WEBHOOK_SET)
        self._hooks[bot.id] = hook
        hook.task = asyncio.create_task(self._deliver(bot, hook))

    def remove(self, bot: Bot) -> None:
        """Stop delivering."""
        hook = self._hooks.pop(bot.id, None)
        if hook and hook.task:
            hook.task.cancel()

    def active(self, bot: Bot) -> bool:
        """Whether this bot has a webhook."""
        return bot.id in self._hooks

    def info(self, bot: Bot) -> dict[str, Any]:
        """WebhookInfo."""
        hook = self._hooks.get(bot.id, Hook("", ""))
        info: dict[str, Any] = {
            "url": hook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(bot.inbox),
        }
        if hook.url:
            info |= {"max_connections": hook.max_connections, "ip_address": "127.0.0.1"}
        if hook.error_at:
            info |= {"last_error_date": int(hook.error_at.timestamp()), "last_error_message": hook.error}
        return info | ({"allowed_updates": list(bot.inbox.allowed)} if bot.inbox.allowed else {})

    async def aclose(self) -> None:
        """Stop delivering for all bots."""
        tasks = [hook.task for hook in self._hooks.values() if hook.task]
        self._hooks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, bot: Bot, hook: Hook) -> None:
        async with aiohttp.ClientSession(timeout=PATIENCE) as session:
            while True:
                await bot.inbox.arrival()
                [update] = bot.inbox.first(1)
                hook.error = await _post(session, hook, update)
                if hook.error:
                    hook.error_at = self._world.clock()
                    await asyncio.sleep(self._retry)
                else:
                    bot.inbox.confirm(update["update_id"] + 1)


async def _post(session: aiohttp.ClientSession, hook: Hook, update: dict[str, Any]) -> str:
    """Why the bot's server did not take the update; empty when it did."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
    try:
        async with session.post(hook.url, json=update, headers=headers, allow_redirects=False) as answer:
            if 200 <= answer.status < 300:
                return ""
            return f"Wrong response from the webhook: {answer.status} {answer.reason or ''}".rstrip()
    except TimeoutError:
        return "Read timeout expired"
    except aiohttp.ClientConnectionError:
        return "Connection refused"
    except aiohttp.ClientError:
        return "Wrong response from the webhook"


def check(hook: Hook) -> None:
    """Raise 400 for an address or a secret that setWebhook refuses."""
    url = urlsplit(hook.url)
    if not url.hostname or not (url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK)):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if len(hook.secret) > 256:
        raise bad_request("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", hook.secret):
        raise bad_request("secret token contains unallowed characters")
