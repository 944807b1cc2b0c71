"""The way out: one bot account that sends, edits and answers."""

from __future__ import annotations

import asyncio
from typing import Any

from aiogram.methods import GetMe, SendPhoto

from channels.telegram import render
from channels.telegram.api import Api
from channels.telegram.errors import Migrated
from channels.telegram.settings import TelegramSettings
from domain.errors import Rejected, Throttled, Unavailable, Uncertain
from domain.messages import ChannelName, Outbound, Sent
from domain.ports import Host

_UPLOAD_SECONDS = 120
_PATIENCE = 10.0  # seconds to wait between the parts of one message before it is given back half sent


class TelegramSender:
    """A bot as a `Sender`. The base of both ways in (`updates.TelegramPolling`, `updates.TelegramWebhook`)."""

    def __init__(self, name: ChannelName, settings: TelegramSettings, host: Host) -> None:
        self.name = name
        self._settings = settings
        self._host = host
        self._api = Api(settings.token, settings.api_url, settings.request_seconds)

    async def ping(self) -> None:
        """Ask Telegram who we are. Raises SendError: Misconfigured for a token that it does not know."""
        _field(await self._api.call(GetMe()), "id")

    async def username(self) -> str:
        """The bot's @name without the @, for deep links (https://t.me/NAME?start=PAYLOAD). Raises SendError."""
        return str(_field(await self._api.call(GetMe()), "username"))

    async def aclose(self) -> None:
        """Let go of connections. Twice is fine."""
        await self._api.aclose()

    async def send(self, message: Outbound) -> Sent:
        """Send, edit or answer. Raises SendError only.

        `Sent.external_id` is "chat:message" (the press's id for an answer); a group that became a supergroup is
        followed once, and the chat in the id is then the new one.
        """
        if message.answers:
            return await self._answer(message)
        if message.edits:
            return await self._edit(message)
        try:
            return await self._send(message)
        except Migrated as migrated:
            return await self._send(render.moved(message, migrated.chat))

    async def _send(self, message: Outbound) -> Sent:
        first, *rest = render.messages(message)
        refs = [await self._request(first)]
        for request in rest:
            refs.append(await self._follow(request))  # noqa: PERF401 - one after the other, in order
        return Sent(external_id=refs[0], others=tuple(refs[1:]))

    async def _follow(self, request: render.Request) -> str:
        """A further part. Giving up here means that the first parts come twice, so short troubles are sat out."""
        for attempt in range(2):
            try:
                return await self._request(request)
            except Uncertain:
                raise
            except (Throttled, Unavailable) as error:
                pause = self._settings.retry_seconds * 2**attempt
                wait = error.retry_after.total_seconds() if isinstance(error, Throttled) else pause
                if wait > _PATIENCE:
                    raise
                await asyncio.sleep(wait)
        try:
            return await self._request(request)
        except Unavailable as error:  # trying the whole again would double what has arrived
            raise Uncertain(error.reason) from error

    async def _request(self, request: render.Request) -> str:
        try:
            return _ref(await self._api.call(request, seconds=_UPLOAD_SECONDS))
        except Rejected as error:
            if isinstance(request, SendPhoto) and isinstance(request.photo, str) and request.caption:
                return _ref(await self._api.call(render.as_text(request)))  # its words matter more than its picture
            if isinstance(request, SendPhoto) and ("PHOTO_" in error.reason or "IMAGE_PROCESS" in error.reason):
                return _ref(await self._api.call(render.as_document(request), seconds=_UPLOAD_SECONDS))
            raise

    async def _edit(self, message: Outbound) -> Sent:
        try:
            await self._edit_text_or_caption(message)
        except Rejected as error:
            if "message is not modified" not in error.reason:  # it already reads so: an edit that came twice
                raise
        return Sent(external_id=message.edits)

    async def _edit_text_or_caption(self, message: Outbound) -> None:
        try:
            await self._api.call(render.edit(message))
        except Rejected as error:
            if "no text in the message to edit" not in error.reason:
                raise
            await self._api.call(render.edit_caption(message))

    async def _answer(self, message: Outbound) -> Sent:
        try:
            await self._api.call(render.answer(message))
        except Rejected as error:
            if "query is too old" not in error.reason:  # nobody waits for it any more: that is no failure
                raise
        return Sent(external_id=message.answers)


def _ref(sent: Any) -> str:
    return f"{_field(_field(sent, 'chat'), 'id')}:{_field(sent, 'message_id')}"


def _field(answer: Any, name: str) -> Any:
    if not isinstance(answer, dict) or name not in answer:
        raise Unavailable(f"Telegram's answer has no {name!r}")
    return answer[name]
