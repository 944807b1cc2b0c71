"""The ways in: asking Telegram (polling), or being called by it (webhook)."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiogram.methods import DeleteWebhook, GetUpdates, GetWebhookInfo, SetWebhook
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from channels.telegram.api import Api
from channels.telegram.bot import TelegramSender
from channels.telegram.files import with_file
from channels.telegram.parse import ALLOWED_UPDATES, parse
from channels.telegram.settings import TelegramSettings
from domain.errors import Misconfigured, Refused, SendError, Throttled, Unavailable, Unpublished
from domain.messages import ChannelName, Inbound, utcnow
from domain.ports import Accept, AsgiApp, Host

_log = logging.getLogger(__name__)

_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
_LARGEST_BODY = 1024 * 1024
BODY_SECONDS = 30.0
"""How long an update may take to arrive."""
_LONGEST_PAUSE = 60.0
_MARGIN = 15  # seconds that an answer may be late before the connection counts as dead

Update = Mapping[str, Any]


class Intake:
    """One update on its way to `accept`, whichever way it came."""

    def __init__(self, name: ChannelName, settings: TelegramSettings, host: Host, api: Api) -> None:
        self._name = name
        self._settings = settings
        self._host = host
        self._api = api

    async def take(self, update: Update, accept: Accept) -> None:
        """Returns once the update is durable, or concerns nobody. Raises what `accept` raises, but for Refused:
        Telegram has no ear for that, so the message comes without its file, or at last is only logged.
        """
        parsed = parse(update, channel=self._name, country=self._host.country, now=utcnow())
        event = parsed.event
        if event is None:
            return
        if isinstance(event, Inbound) and parsed.media:
            limit, pause = self._host.max_file, self._settings.retry_seconds
            event = await with_file(event, parsed.media, self._api, limit=limit, pause=pause)
        try:
            await accept(event)
        except Refused as refused:
            await self._take_bare(update, event, refused, accept)

    async def _take_bare(self, update: Update, event: Any, refused: Refused, accept: Accept) -> None:
        try:
            if not isinstance(event, Inbound) or not event.files:
                raise refused
            await accept(replace(event, files=(), fields={**event.fields, "file_error": refused.reason}))
        except Refused as final:
            _log.error("%s: update %s was refused: %s", self._name, update.get("update_id"), final.reason)


class TelegramPolling(TelegramSender):
    """A bot that asks for its updates: a `Listener` and a `Sender`. One process listens per token."""

    def __init__(self, name: ChannelName, settings: TelegramSettings, host: Host) -> None:
        super().__init__(name, settings, host)
        self._intake = Intake(name, settings, host, self._api)
        self._offset = 0
        """The update that we want next. 0: whatever Telegram holds as not confirmed."""

    async def listen(self, accept: Accept) -> None:
        """Run until cancelled. Raises Misconfigured when Telegram does not know the token, and what `accept`
        raises beyond its contract; anything else is sat out.
        """
        self._offset = 0
        failures, claimed = 0, False
        while True:
            try:
                if not claimed:
                    await self._claim()
                claimed = True
                await self._poll(accept)
                failures = 0
            except Misconfigured:
                raise
            except (SendError, Unpublished) as error:
                claimed = isinstance(error, Unpublished)
                await self._pause(error, failures)
                failures += 1

    async def _claim(self) -> None:
        """Telegram answers 409 to polling while a webhook is set. Updates that wait for it are kept for us."""
        info = await self._api.call(GetWebhookInfo())
        if isinstance(info, dict) and info.get("url"):
            _log.warning("%s: a webhook was set for this bot; it is removed, because updates = polling", self.name)
            await self._api.call(DeleteWebhook(drop_pending_updates=False))

    async def _poll(self, accept: Accept) -> None:
        """Ask once. The offset, by which Telegram forgets updates, passes one only after `accept` has returned."""
        wait = self._settings.poll_seconds
        request = GetUpdates(offset=self._offset or None, timeout=wait, allowed_updates=list(ALLOWED_UPDATES))
        updates = _checked(await self._api.call(request, seconds=wait + _MARGIN))
        for update in updates:
            await self._intake.take(update, accept)
            self._offset = update["update_id"] + 1
        if not updates:
            # All before the offset is confirmed now. After a silent week Telegram draws a new random id, maybe a
            # lower one (https://core.telegram.org/bots/api#update), which an old offset would throw away.
            self._offset = 0

    async def _pause(self, error: SendError | Unpublished, failures: int) -> None:
        wait = min(self._settings.retry_seconds * 2 ** min(failures, 10), _LONGEST_PAUSE)
        if isinstance(error, Throttled):
            wait = max(wait, error.retry_after.total_seconds())
        _log.warning("%s: %s; again in %.1f s", self.name, error or type(error).__name__, wait)
        await asyncio.sleep(wait)


def _checked(updates: Any) -> list[Update]:
    if isinstance(updates, list) and all(isinstance(u, dict) and isinstance(u.get("update_id"), int) for u in updates):
        return updates
    raise Unavailable("Telegram's answer is not a list of updates")


class TelegramWebhook(TelegramSender):
    """A bot that Telegram calls: a `Webhook` and a `Sender`. `register` must be called once the address is up."""

    def __init__(self, name: ChannelName, settings: TelegramSettings, host: Host) -> None:
        super().__init__(name, settings, host)
        if settings.webhook_secret is None:  # an empty one would let everybody in
            raise ValueError("a webhook needs webhook_secret")
        self._secret = settings.webhook_secret.get_secret_value()
        self._intake = Intake(name, settings, host, self._api)

    async def register(self, public_url: str = "") -> None:
        """Tell Telegram to call `public_url`/in/NAME (default: the host's public_url). Often is fine. Raises
        SendError; Misconfigured when there is no URL. https://core.telegram.org/bots/api#setwebhook
        """
        base = (public_url or self._host.public_url).rstrip("/")
        if not base:
            raise Misconfigured('updates = "webhook" needs public_url, for example "https://leads.example.com"')
        request = SetWebhook(
            url=f"{base}/in/{self.name}",
            secret_token=self._secret,
            allowed_updates=list(ALLOWED_UPDATES),
            drop_pending_updates=False,
        )
        await self._api.call(request)

    def app(self, accept: Accept) -> AsgiApp:
        """What is mounted at /in/NAME: POST only, the secret first, 200 only after `accept` has returned. 503 asks
        Telegram to try again.
        """

        async def endpoint(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                response = await self._respond(Request(scope, receive), accept)
                await response(scope, receive, send)

        return endpoint

    async def _respond(self, request: Request, accept: Accept) -> Response:
        if request.method != "POST":
            return PlainTextResponse("POST only", 405, headers={"Allow": "POST"})
        shown = request.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(shown.encode(), self._secret.encode()):
            return PlainTextResponse("The secret token is not ours", 403)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _bounded(request)
        except TimeoutError:
            return PlainTextResponse("Too slow", 408, headers={"Connection": "close"})  # RFC 9110, section 15.5.9
        if body is None:
            return PlainTextResponse("Too large", 413)
        return await self._take(body, accept)

    async def _take(self, body: bytes, accept: Accept) -> Response:
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            update = None
        if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
            return PlainTextResponse("Not an update", 400)
        try:
            await self._intake.take(update, accept)
        except Unpublished:
            return PlainTextResponse("Try again", 503, headers={"Retry-After": "5"})
        return PlainTextResponse("ok")


async def _bounded(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            return None
    return bytes(body)


def telegram_channel(name: ChannelName, settings: TelegramSettings, host: Host) -> TelegramPolling | TelegramWebhook:
    """The bot with the way in that its settings choose: a `Listener`, or a `Webhook`; never both."""
    kind = TelegramPolling if settings.updates == "polling" else TelegramWebhook
    return kind(name, settings, host)
