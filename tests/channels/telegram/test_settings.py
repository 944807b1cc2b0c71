"""Settings: what is accepted, what is refused in which words, and that no secret shows."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from channels.telegram.settings import TelegramSettings

TOKEN = "123456:AAE_top-secret"
GOOD: dict[str, Any] = {"kind": "telegram", "token": TOKEN}


def test_the_least_that_is_needed() -> None:
    settings = TelegramSettings.model_validate(GOOD)
    assert (settings.updates, settings.api_url) == ("polling", "https://api.telegram.org")
    assert settings.token.get_secret_value() == TOKEN
    assert TOKEN not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_a_slash_at_the_end_of_the_url_does_not_matter() -> None:
    assert TelegramSettings.model_validate(GOOD | {"api_url": "http://bot-api:8081/"}).api_url == "http://bot-api:8081"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"token": "top-secret"}, "a bot token looks like"),
        ({"token": "1:top secret"}, "a bot token looks like"),
        ({"token": "1:top-secret/../x"}, "a bot token looks like"),
        ({"api_url": "api.telegram.org"}, "expected a URL"),
        ({"api_url": "https://example.com/{token}"}, "expected a URL"),
        ({"updates": "webhook"}, "needs webhook_secret"),
        ({"updates": "webhook", "webhook_secret": "top secret"}, "1-256 characters"),
        ({"webhook_secret": ""}, "1-256 characters"),
        ({"webhook_secret": "x" * 257}, "1-256 characters"),
        ({"poll_seconds": 51}, "less than or equal to 50"),
        ({"tokn": TOKEN}, "Extra inputs"),
    ],
)
def test_what_is_wrong_is_said_without_the_value(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TelegramSettings.model_validate(GOOD | wrong)
    assert words in str(caught.value)
    assert "secret/" not in str(caught.value)
    assert "top" not in str(caught.value)


def test_every_setting_is_described() -> None:
    assert all(field.description for field in TelegramSettings.model_fields.values())
