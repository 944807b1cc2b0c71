"""What is made of the configuration."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.document import ConfigurationError, parse
from app.servers import Urls, external_urls, files_of
from app.settings import Settings
from app.wiring import ROLES, Installation, answer_routes, rates_of, rules_of
from channels.form.channel import FormChannel
from channels.registry import KINDS
from domain.messages import AddressKind, ChannelName
from domain.ports import Listener
from notifications.limits import RATES
from router.rules import Chat
from store.files import Bucket, Folder
from tests.contract.cases import CASES

INBOX, SMS, BOT, SITE = (ChannelName(name) for name in ("inbox", "sms", "bot", "site"))
URLS = Urls("postgresql+asyncpg://u@127.0.0.1:9/none", "redis://127.0.0.1:9/0")


def settings(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Settings:
    """A document with every kind of channel; `changes` are merged into the channels' tables by name."""
    monkeypatch.setenv("LEADWIRE_TEST_TOKEN", "123456:AAE-the-token-of-the-tests")
    secret = "env:LEADWIRE_TEST_TOKEN"
    channels: dict[str, Any] = {
        "site": {"kind": "form"},
        "inbox": {"kind": "email", "address": "a@b.co", "smtp": {"host": "h"}},
        "sms": CASES["sms"].sound | {"auth_token": secret},
        "bot": {"kind": "telegram", "token": secret},
    }
    tables = {name: table | changes.get(name, {}) for name, table in channels.items()}
    teams = {"sales": {"chat": {"channel": "bot", "chat": "-100"}}, "support": {}}
    company = {"name": "Orchard", "language": "ru", "country": "KZ"}
    return parse({"company": company, "teams": teams, "channels": tables, **changes.get("document", {})})


def test_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = rules_of(settings(monkeypatch, inbox={"intake": {"team": "support", "greet": False}}))
    assert (rules.language, rules.company) == ("ru", "Orchard")
    assert rules.team_chats == {"sales": Chat(BOT, "-100")}
    intakes = rules.intakes
    assert {name: intake.pipeline for name, intake in intakes.items()} == {
        SITE: "sales", INBOX: "support", SMS: "sales", BOT: "sales",
    }  # fmt: skip
    assert {name for name, intake in intakes.items() if intake.greet} == {SMS, BOT}
    assert {name for name, intake in intakes.items() if intake.opt_out} == {SMS}
    assert intakes[INBOX].answer_by == {AddressKind.EMAIL: INBOX}
    assert intakes[BOT].answer_by == {AddressKind.TELEGRAM: BOT}
    assert intakes[SITE].answer_by == {AddressKind.EMAIL: INBOX, AddressKind.PHONE: SMS}


@pytest.mark.parametrize(
    ("intake", "routes"),
    [
        ({}, [INBOX, SMS]),
        ({"answer_by": ["sms"]}, [SMS]),
        ({"answer_by": ["sms", "inbox"]}, [SMS, INBOX]),
        ({"answer_by": ["bot"]}, [BOT]),
    ],
)
def test_how_a_forms_people_are_answered(
    monkeypatch: pytest.MonkeyPatch, intake: dict[str, Any], routes: list[ChannelName]
) -> None:
    found = settings(monkeypatch, site={"intake": intake})
    assert answer_routes(found, SITE) == routes
    assert answer_routes(found, INBOX) == [INBOX]


@pytest.mark.parametrize(("intake", "routes"), [({}, [INBOX]), ({"answer_by": ["sms"]}, [SMS])])
def test_whatsapp_answers_a_form_only_when_told_to(
    monkeypatch: pytest.MonkeyPatch, intake: dict[str, Any], routes: list[ChannelName]
) -> None:
    """It takes a first message from nobody: who left a phone in a form has not written there."""
    found = settings(monkeypatch, sms={"number": "whatsapp:+15005550006"}, site={"intake": intake})
    assert found.channels[SMS].medium == "whatsapp"
    assert answer_routes(found, SITE) == routes


@pytest.mark.parametrize(
    ("company", "currency"),
    [({"country": "KZ"}, "KZT"), ({"country": "RU", "currency": "EUR"}, "EUR"), ({"country": "AQ"}, "USD")],
)
def test_sums_are_in_the_countrys_currency_unless_another_is_set(company: dict[str, str], currency: str) -> None:
    assert parse({"company": company}).company.money == currency


def test_a_currency_of_the_past_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="RUR"):
        parse({"company": {"currency": "RUR"}})


async def test_a_form_knows_where_its_people_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    built = Installation(settings(monkeypatch, site={"intake": {"answer_by": ["inbox"]}}), URLS)
    form = built.channels[SITE]
    assert isinstance(form, FormChannel)
    assert form.host.asks[SITE] == {AddressKind.EMAIL}
    await built.aclose()


async def test_the_sweep_tells_what_it_has_caught_up_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a seller never hears that his answer failed, where the provider's word came first."""
    told: list[Any] = []

    def sweep(*_: Any, tell: Any) -> Any:
        told.append(tell)
        return SimpleNamespace(run=None)

    monkeypatch.setattr("app.wiring.Sweep", sweep)
    built = Installation(settings(monkeypatch), URLS)
    built.jobs(["send"])
    assert [tell.__qualname__ for tell in told] == ["Router.told"]
    await built.aclose()


def test_a_form_may_greet_when_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rules_of(settings(monkeypatch, site={"intake": {"greet": True}})).intakes[SITE].greet


def test_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = rates_of(settings(monkeypatch, bot={"rates": {"per_second": 3}}, sms={"rates": {"per_address": 0.5}}))
    assert rates.keys() == {INBOX, SMS, BOT}
    assert rates[INBOX] == RATES["email"]
    assert (rates[BOT].per_second, rates[BOT].per_address_per_second) == (3, RATES["telegram"].per_address_per_second)
    assert (rates[SMS].per_second, rates[SMS].per_address_per_second) == (RATES["sms"].per_second, 0.5)
    assert {kind for kind in KINDS if KINDS[kind].reaches} <= RATES.keys()


@pytest.mark.parametrize(
    ("document", "environment", "urls"),
    [
        ({}, {}, ("", "")),
        ({}, {"DATABASE_URL": "postgres://u:p@h/d", "REDIS_URL": "redis://h"},
         ("postgresql+asyncpg://u:p@h/d", "redis://h")),
        ({}, {"DATABASE_URL": "postgresql://h/d"}, ("postgresql+asyncpg://h/d", "")),
        ({}, {"DATABASE_URL": "postgresql+psycopg://h/d"}, ("postgresql+asyncpg://h/d", "")),
        ({}, {"DATABASE_URL": "postgresql+asyncpg://h/postgres://x"}, ("postgresql+asyncpg://h/postgres://x", "")),
        ({"database_url": "env:OTHER_URL"}, {"DATABASE_URL": "postgres://h/d", "OTHER_URL": "postgresql://other/d"},
         ("postgresql+asyncpg://other/d", "")),
        ({"redis_url": "env:OTHER_URL"}, {"REDIS_URL": "redis://h", "OTHER_URL": "rediss://other"},
         ("", "rediss://other")),
    ],
)  # fmt: skip
def test_where_the_servers_are(
    monkeypatch: pytest.MonkeyPatch, document: dict[str, str], environment: dict[str, str], urls: tuple[str, str]
) -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert external_urls(parse({"storage": document})) == urls


def test_where_the_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWIRE_TEST_KEY", "key")
    bucket = {"name": "b", "endpoint": "http://127.0.0.1:9", "access_key": "env:LEADWIRE_TEST_KEY",
              "secret_key": "env:LEADWIRE_TEST_KEY"}  # fmt: skip
    assert isinstance(files_of(parse({"storage": {"data": str(tmp_path)}})), Folder)
    assert isinstance(files_of(parse({"storage": {"bucket": bucket}})), Bucket)
    assert list(tmp_path.iterdir()) == []


async def test_what_an_owner_has_switched_off_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    built = Installation(settings(monkeypatch, document={"people": {"learn": False, "ask": False}}), URLS)
    assert not {"learning", "questions"} & {job.name for job in built.jobs(("route",))}
    await built.aclose()


@pytest.mark.parametrize(("retention", "runs"), [({}, False), ({"leads_days": 7, "dry_run": True}, True)])
async def test_nothing_is_removed_where_no_period_is_set(
    monkeypatch: pytest.MonkeyPatch, retention: dict[str, Any], runs: bool
) -> None:
    built = Installation(settings(monkeypatch, document={"retention": retention}), URLS)
    assert ("retention" in {job.name for job in built.jobs(("route",))}) is runs
    await built.aclose()


async def test_nothing_connects_before_it_is_used_and_each_role_has_its_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    hooked = {"updates": "webhook", "webhook_secret": "env:LEADWIRE_TEST_HOOK"}
    monkeypatch.setenv("LEADWIRE_TEST_HOOK", "hook-secret")
    built = Installation(settings(monkeypatch, bot=hooked), URLS)
    assert "channels" not in vars(built)
    assert [job.name for job in built.jobs(("route",))] == ["router", "duplicates", "imports", "learning", "questions"]
    assert "channels" not in vars(built), "the router loads no vendor's library"
    names = {role: [job.name for job in built.jobs((role,))] for role in ROLES}
    assert names == {
        "web": ["web server", "webhook of bot", "name of bot"],
        "listen": [f"listener of {name}" for name, c in built.channels.items() if isinstance(c, Listener)],
        "route": ["router", "duplicates", "imports", "learning", "questions"],
        "send": ["sender", "sweep", "broadcasts", "answers to broadcasts", "name of bot"],
    }
    assert names["listen"] == ["listener of inbox"]
    assert [job.name for job in built.jobs(ROLES)] == [name for role in ROLES for name in names[role]]
    await built.aclose()
    await built.aclose()
