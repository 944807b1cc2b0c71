"""One bot account."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,200}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_URL = re.compile(r"https?://[^\s{}?#]+")


class TelegramSettings(BaseModel):
    """How one Telegram bot is reached. Times are in seconds."""

    # A validation error must not print what was typed: it may be the token.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["telegram"] = Field(description='Always "telegram".')
    token: SecretStr = Field(description="The bot's token from @BotFather.", examples=["env:TELEGRAM_TOKEN"])
    api_url: str = Field(
        default="https://api.telegram.org",
        description="Where the Bot API answers. Change it for an own Bot API server (run without --local).",
    )
    updates: Literal["polling", "webhook"] = Field(
        default="polling",
        description='"polling" asks Telegram and works everywhere; "webhook" is called by Telegram at public_url.',
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        description="What Telegram must show in each webhook call: 1-256 characters A-Z, a-z, 0-9, _ and -.",
        examples=["env:TELEGRAM_WEBHOOK_SECRET"],
    )
    poll_seconds: int = Field(default=30, ge=0, le=50, description="How long one request for updates may wait.")
    request_seconds: int = Field(default=30, ge=1, le=300, description="How long any other request may take.")
    retry_seconds: float = Field(
        default=1.0, gt=0, le=60, description="The first pause after a failure; it doubles up to 60 seconds."
    )

    @field_validator("token")
    @classmethod
    def _token_is_one(cls, token: SecretStr) -> SecretStr:
        if not _TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError('a bot token looks like "123456:AAE-xyz_0"; @BotFather shows it')
        return token

    @field_validator("api_url")
    @classmethod
    def _api_url_is_one(cls, url: str) -> str:
        if not _URL.fullmatch(url):
            raise ValueError('expected a URL such as "https://api.telegram.org"')
        return url.rstrip("/")

    @model_validator(mode="after")
    def _webhook_has_a_secret(self) -> Self:
        secret = None if self.webhook_secret is None else self.webhook_secret.get_secret_value()
        if secret is None and self.updates == "webhook":
            raise ValueError('updates = "webhook" needs webhook_secret')
        if secret is not None and not _SECRET.fullmatch(secret):
            raise ValueError("webhook_secret takes 1-256 characters A-Z, a-z, 0-9, _ and -")
        return self
