"""What the configuration means for the pre-flight."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from app.document import ConfigurationError, parse
from app.mailing import house_of, office_of
from app.settings import Settings
from broadcasts.checks.domain import From
from broadcasts.checks.outside import Sample, sample
from broadcasts.content.compiled import compile
from broadcasts.content.ready import ready

INBOX = {"kind": "email", "address": "news@orchard.test", "smtp": {"host": "smtp.orchard.test"}}


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "123456:invented")


def settings(**mailing: Any) -> Settings:
    return parse(
        {
            "company": {"name": "Orchard"},
            "server": {"public_url": "https://leads.example/"},
            "consent": {"topics": {"news": {"en": "News"}}},
            "broadcasts": {"address": "1 Apple Lane", "confirm_over": 5, "site": "https://orchard.by"},
            "channels": {
                "inbox": {**INBOX, "mailing": mailing},
                "bot": {"kind": "telegram", "token": "env:TOKEN"},
            },
        }
    )


def test_the_preflight_knows_what_the_house_has_decided() -> None:
    setting = office_of(settings(dkim_selector="s1.news")).setting
    assert (setting.public_url, setting.topics, setting.confirm_over) == (
        "https://leads.example",
        frozenset({"news"}),
        5,
    )
    assert office_of(settings()).rules.topics == frozenset({"news"})
    assert setting.house.address == "1 Apple Lane"
    assert {name: one.sender for name, one in setting.around.accounts.items()} == {
        "inbox": From(account="inbox", domain="orchard.test", selector="s1.news")
    }
    assert setting.around.links is not None and setting.around.spam is not None


def test_the_filter_is_given_the_mail_as_it_goes_out() -> None:
    own = settings()
    account, house = office_of(own).around.accounts["inbox"], house_of(own)
    assert account.mime is not None
    whose = Sample(house=house, public_url="https://leads.example", purpose="news")
    raw = account.mime(sample(compile(ready("news", "en"), "email", house=house), whose, "orchard.test"))
    mail = message_from_bytes(raw, policy=default)
    assert mail["From"].addresses[0].addr_spec == "news@orchard.test"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Id"] == "<news.orchard.test>"
    assert mail["Feedback-ID"] and mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize("selector", ["mail", "s1", "2026-a.news", ""])
def test_a_selector(selector: str) -> None:
    assert settings(dkim_selector=selector).channels["inbox"].mailing.dkim_selector == selector


@pytest.mark.parametrize("selector", ["-a", "a_b", "a..b", "a b", "a.", "mail._domainkey"])
def test_what_is_no_selector(selector: str) -> None:
    with pytest.raises(ConfigurationError, match="dkim_selector"):
        settings(dkim_selector=selector)
