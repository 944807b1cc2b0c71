"""Calls in the shape that Twilio's pages give, one urlencoded body a file, with invented ids and numbers."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

from channels.sms.settings import SmsSettings

FOLDER = Path(__file__).parents[2] / "captured" / "sms"
NAMES = sorted(path.stem for path in FOLDER.glob("*.form"))
ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "a-secret-token-of-the-tests"
SHOP, ANNA = "+15005550006", "+79161234567"


def sample(name: str) -> dict[str, str]:
    """One call's form."""
    return dict(parse_qsl((FOLDER / f"{name}.form").read_text().strip(), keep_blank_values=True))


def settings(**changes: object) -> SmsSettings:
    """A sound configuration."""
    return SmsSettings.model_validate({"account_sid": ACCOUNT, "auth_token": TOKEN, "number": SHOP} | changes)
