"""Logging: plain lines on standard error, and no secret in any of them."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping

from pydantic import BaseModel, SecretStr

_TOKEN_IN_URL = re.compile(r"(bot|/)\d{5,20}(?::|%3A)[A-Za-z0-9_-]{20,}", re.IGNORECASE)
_CHATTY = ("aiogram", "aiohttp", "asyncio", "faststream", "uvicorn", "pymap", "mail.log", "alembic", "twilio")
_PASSWORD_IN_URL = re.compile(r"(\w+://[^:/\s@]*:)[^@\s/]+@")


class Scrubber(logging.Filter):
    """Takes known secrets, Telegram tokens in URLs and passwords in URLs out of every record.

    It sits on the root handlers: libraries log with loggers of their own, and put tokens into URLs.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = sorted({s for s in secrets if len(s) >= 6}, key=len, reverse=True)

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; never drops one."""
        record.msg, record.args = self.clean(_words(record)), ()
        if record.exc_info:
            record.exc_text = self.clean(logging.Formatter().formatException(record.exc_info))
        if record.stack_info:
            record.stack_info = self.clean(record.stack_info)
        return True

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _PASSWORD_IN_URL.sub(r"\1***@", _TOKEN_IN_URL.sub(r"\1***", text))


def _words(record: logging.LogRecord) -> str:
    """A library's arguments may not fit its own words: that must cost the line its form, not the caller its work."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError, IndexError):
        return f"{record.msg} {record.args}"


def secrets_in(model: BaseModel) -> list[str]:
    """Every secret of a configuration, however deep."""
    found: list[str] = []
    for value in dict(model).values():
        found += _secrets_of(value)
    return found


def _secrets_of(value: object) -> list[str]:
    if isinstance(value, SecretStr):
        return [value.get_secret_value()]
    if isinstance(value, BaseModel):
        return secrets_in(value)
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        return [secret for inner in value for secret in _secrets_of(inner)]
    return []


def set_up(*, verbose: bool = False, secrets: Iterable[str] = ()) -> None:
    """Log to standard error; once per process, again when the secrets are known."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"))
    handler.addFilter(Scrubber(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.INFO if verbose else logging.WARNING)
