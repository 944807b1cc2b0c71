"""The Bot API over HTTP: aiogram's requests, our errors, plain JSON back, and no token in any word.

The token is part of every URL (https://core.telegram.org/bots/api#authorizing-your-bot) and HTTP clients put
URLs into their errors. So errors are scrubbed here and the originals are not chained (`from None`): a
traceback would print them.
"""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import AiogramError
from aiogram.methods import Response, TelegramMethod
from aiohttp import ClientError, ClientResponseError, ClientSession
from pydantic import SecretStr

from channels.reached import attempt, watching
from channels.telegram.errors import refusal
from domain.errors import Rejected, SendError, Unavailable, Uncertain

_FAILURES = (AiogramError, ClientError, OSError, ValueError, LookupError)


class TooLarge(Rejected):
    """The file is larger than asked for."""


class _Session(AiohttpSession):
    """Answers stay plain JSON: a field that aiogram does not know must not cost us a whole batch of updates, nor
    make us send again what was sent.
    """

    async def create_session(self) -> ClientSession:
        session = await super().create_session()
        if not session.trace_configs:
            config = watching()
            config.freeze()
            session.trace_configs.append(config)  # aiogram hands none to the session that it makes
        return session

    def check_response(self, bot: Bot, method: TelegramMethod[Any], status_code: int, content: str) -> Response[Any]:
        answer = _decoded(content.replace(bot.token, "***"))
        if "ok" not in answer:  # a proxy's or a portal's page: it says nothing about the address
            raise Unavailable("The answer does not come from a Bot API", code=str(status_code))
        if answer["ok"] is True:
            if "result" not in answer:
                raise Unavailable("The Bot API's answer has no 'result'", code=str(status_code))
            return Response[Any](ok=True, result=answer["result"])
        raise refusal(status_code, answer, getattr(method, "chat_id", None))


def _decoded(content: str) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


class Api:
    """One bot's connection. Connects at the first call."""

    def __init__(self, token: SecretStr, url: str, seconds: int) -> None:
        self._session = _Session(api=TelegramAPIServer.from_base(url), timeout=seconds)
        self._bot = Bot(token.get_secret_value(), session=self._session)
        self._seconds = seconds

    async def call(self, method: TelegramMethod[Any], *, seconds: int | None = None) -> Any:
        """What the method returns, as plain JSON. Raises SendError only; Uncertain when there was no answer."""
        with attempt() as made:
            try:
                return await self._bot(method, request_timeout=seconds or self._seconds)
            except SendError:
                raise
            except _FAILURES as error:
                raise self._unreachable(error, Uncertain if made.reached else Unavailable) from None

    async def download(self, path: str, limit: int) -> bytes:
        """The content behind a `file_path` (https://core.telegram.org/bots/api#file), at most `limit` bytes.

        Raises TooLarge, Rejected when Telegram does not have it, Unavailable for what may pass.
        """
        url = self._session.api.file_url(self._bot.token, path)
        content = bytearray()
        try:
            async with aclosing(self._session.stream_content(url, timeout=self._seconds)) as chunks:
                async for chunk in chunks:
                    content += chunk
                    if len(content) > limit:
                        raise TooLarge(f"The file is larger than {limit} bytes")
        except ClientResponseError as error:
            gone = 400 <= error.status < 500 and error.status != 429
            raise (Rejected if gone else Unavailable)(
                "Telegram does not give the file", code=str(error.status)
            ) from None
        except _FAILURES as error:
            raise self._unreachable(error) from None
        return bytes(content)

    def _unreachable(self, error: Exception, kind: type[Unavailable] = Unavailable) -> Unavailable:
        words = "no answer in time" if isinstance(error, TimeoutError) else str(error)
        trouble = "Telegram did not answer" if kind is Uncertain else "Telegram cannot be reached"
        return kind(f"{trouble}: {scrub(words, self._bot.token)}")

    async def aclose(self) -> None:
        """Let go of the connections. Twice is fine."""
        await self._session.close()


def scrub(text: str, token: str) -> str:
    """The text without the token, plain or quoted for a URL."""
    secret = token.partition(":")[2]
    return text.replace(token, "***").replace(secret, "***")
