"""Settings say what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from channels.email.cursor import Cursor
from channels.email.settings import EmailSettings, ImapSettings, SmtpSettings

IMAP = {"host": "imap.example.com", "user": "sales", "password": "very-secret"}
SMTP = {"host": "smtp.example.com", "user": "sales", "password": "very-secret"}
GOOD = {"kind": "email", "address": "Sales@Example.com", "imap": IMAP, "smtp": SMTP}


def test_good_settings_keep_their_secrets() -> None:
    settings = EmailSettings.model_validate(GOOD)
    assert settings.address == "sales@example.com"
    assert "very-secret" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"imap": {**IMAP, "security": "starttls"}}, 'use security = "tls" with port 993'),
        ({"imap": {**IMAP, "user": "a\r\nb"}}, "line breaks"),
        ({"imap": {**IMAP, "folders": ["INBOX\n"]}}, "line breaks"),
        ({"imap": {**IMAP, "folders": []}}, "at least 1"),
        ({"imap": {**IMAP, "file_to": "INBOX"}}, "one of the folders that are read"),
        ({"imap": {**IMAP, "renew": 3600}}, "less than or equal to 1740"),
        ({"imap": {**IMAP, "trusted_receiver": "mx.example.com; dkim=pass"}}, "expected one like"),
        ({"imap": {**IMAP, "trusted_receiver": ["mx.example.com", "*.com"]}}, "expected one like"),
        ({"imap": {**IMAP, "trusted_receiver": ""}}, "expected one like"),
        ({"imap": {**IMAP, "prot": 1}}, "Extra inputs"),
        ({"smtp": {"host": "h", "user": "u"}}, "belong together"),
        ({"address": "sales"}, "expected one like sales@example.com"),
        ({"name": "a\nb"}, "line breaks"),
        ({"imap": None, "smtp": None}, "neither receives nor sends"),
    ],
)
def test_bad_settings(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as caught:
        EmailSettings.model_validate(GOOD | change)
    assert "very-secret" not in str(caught.value.errors(include_input=False))


@pytest.mark.parametrize(
    ("change", "receivers"),
    [
        ({}, ()),
        ({"trusted_receiver": "MX.example.com"}, ("mx.example.com",)),
        ({"trusted_receiver": ["mx1.example.com", "*.mx.example.com"]}, ("mx1.example.com", "*.mx.example.com")),
        ({"host": "imap.gmail.com"}, ("mx.google.com",)),
        ({"host": "IMAP.GMAIL.COM."}, ("mx.google.com",)),
        ({"host": "imap.gmail.com", "trusted_receiver": []}, ()),
        ({"host": "imap.gmail.com", "trusted_receiver": "mx.example.com"}, ("mx.example.com",)),
        ({"host": "outlook.office365.com"}, ()),
    ],
)
def test_whose_checks_are_believed(change: dict[str, Any], receivers: tuple[str, ...]) -> None:
    assert ImapSettings.model_validate(IMAP | change).receivers == receivers


def test_our_own_address_is_sent_from_as_it_is_written() -> None:
    assert EmailSettings.model_validate(GOOD | {"address": "Sa.les+x@gmail.com"}).address == "sa.les+x@gmail.com"


@pytest.mark.parametrize("model", [EmailSettings, ImapSettings, SmtpSettings])
def test_every_field_is_described(model: type[BaseModel]) -> None:
    assert all(field.description for field in model.model_fields.values())


@pytest.mark.parametrize("text", ["17:120:2026-11-23", "17:0:2026-11-23:unseen", "4294967295:4294967295:2026-01-01"])
def test_cursors_come_back(text: str) -> None:
    assert str(Cursor.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "17:120", "a:b:2026-11-23", "1:2:2026-13-01", "1:2:2026-11-23:seen", "-1:2:2026-11-23"]
)
def test_what_is_no_cursor(text: str) -> None:
    assert Cursor.parse(text) is None
