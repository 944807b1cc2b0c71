"""The addresses that `leadwire up` prints are those that a person copies into a vendor's console."""

from __future__ import annotations

import pytest

from app.addresses import addresses
from app.document import parse

CHANNELS = {
    "site": {"kind": "form"},
    "sms": {
        "kind": "sms",
        "account_sid": "AC" + "0" * 32,
        "auth_token": "env:LEADWIRE_TEST_TOKEN",
        "number": "+15005550006",
    },
    "bot": {
        "kind": "telegram",
        "token": "env:LEADWIRE_TEST_TOKEN",
        "updates": "webhook",
        "webhook_secret": "env:LEADWIRE_TEST_SECRET",
    },
    "poll": {"kind": "telegram", "token": "env:LEADWIRE_TEST_TOKEN"},
}


@pytest.mark.parametrize(
    ("server", "base"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"port": 9000, "public_url": "https://leads.example.com/"}, "https://leads.example.com"),
    ],
)
def test_addresses(server: dict[str, object], base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWIRE_TEST_TOKEN", "123456:AAE-the-token-of-the-tests")
    monkeypatch.setenv("LEADWIRE_TEST_SECRET", "webhook-secret")
    assert list(addresses(parse({"server": server, "channels": CHANNELS}))) == [
        ("form site", f"{base}/f/site"),
        ("hook of sms", f"{base}/in/sms/message"),
        ("hook of bot", f"{base}/in/bot"),
    ]
