"""What a configuration allows, and surely nobody meant."""

from __future__ import annotations

import tomllib

import pytest

from app.checks import advice
from app.document import parse

SITE = """
[server]
public_url = "https://leads.example.com"
[channels.bot]
kind = "telegram"
token = "env:LEADWIRE_TEST_TOKEN"
[channels.site]
kind = "form"
{site}
[[channels.site.consents]]
purpose = "marketing"
text = {{ en = "I want news." }}
"""
MAIL = """
[channels.inbox]
kind = "email"
address = "sales@example.com"
smtp = { host = "smtp.example.com" }
"""
SMS = """
[channels.sms]
kind = "sms"
account_sid = "AC00000000000000000000000000000000"
auth_token = "env:LEADWIRE_TEST_TOKEN"
number = "{number}"
"""
WHATSAPP = SMS.format(number="whatsapp:+15005550006")
SMS = SMS.format(number="+15005550006")
ONLY_MAIL = 'fields = [{ name = "email", type = "email", label = { en = "E-mail" } }]'
ONLY_PHONE = 'fields = [{ name = "phone", type = "phone", label = { en = "Phone" } }]'


@pytest.mark.parametrize(
    ("site", "others", "kind"),
    [
        ("", "", "email"),
        ("", MAIL, None),
        ("", SMS, None),
        (ONLY_MAIL, SMS, "email"),
        (ONLY_PHONE, MAIL, "sms"),
        (ONLY_PHONE, SMS, None),
        ('intake = { answer_by = ["sms"] }\n' + ONLY_MAIL, MAIL + SMS, "email"),
        ('intake = { answer_by = ["sms", "inbox"] }\n' + ONLY_MAIL, MAIL + SMS, None),
        ("", WHATSAPP, "email"),
        ('intake = { answer_by = ["sms"] }', WHATSAPP, "email"),
    ],
)
async def test_a_form_that_offers_mailings_needs_a_way_to_ask(
    monkeypatch: pytest.MonkeyPatch, site: str, others: str, kind: str | None
) -> None:
    monkeypatch.setenv("LEADWIRE_TEST_TOKEN", "123456:AAE-the-token-of-the-tests")
    found = await advice(parse(tomllib.loads(SITE.format(site=site) + others)))
    assert [f'add a channel of kind "{kind}", and name it' in one for one in found] == ([True] if kind else [])
    assert all(one.startswith("channels.site.consents: ") for one in found)
