"""The example configurations are true: they parse, name every setting, and show the real defaults."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from app.broadcast_settings import Broadcasts, Mailing, Windows
from app.company_settings import Company
from app.document import parse
from app.settings import Bucket, ChatPlace, Greeting, Intake, Rates, Server, Storage, Team
from channels.email.settings import EmailSettings, ImapSettings, SmtpSettings
from channels.form.settings import ConsentSettings, FormSettings
from channels.registry import KINDS
from channels.sms.settings import SmsSettings
from channels.telegram.settings import TelegramSettings
from notifications.limits import RATES
from tests.deploy.files import ROOT, compose, switched_on, text, variables

EXAMPLE = text("leadwire.example.toml")
ENVIRONMENT = variables(switched_on(text("env.example")))

Table = Mapping[str, Any]

TABLES: Sequence[tuple[type[BaseModel], str]] = [
    (Company, "company"),
    (Server, "server"),
    (Storage, "storage"),
    (Bucket, "storage.bucket"),
    (Broadcasts, "broadcasts"),
    (Team, "teams.sales"),
    (ChatPlace, "teams.sales.chat"),
    (TelegramSettings, "channels.bot"),
    (EmailSettings, "channels.inbox"),
    (ImapSettings, "channels.inbox.imap"),
    (SmtpSettings, "channels.inbox.smtp"),
    (Greeting, "channels.inbox.intake.greeting"),
    (Mailing, "channels.inbox.mailing"),
    (Windows, "channels.inbox.mailing.providers.gmail"),
    (SmsSettings, "channels.sms"),
    (FormSettings, "channels.site"),
    (ConsentSettings, "channels.site.consent"),
]
ONE_OF_TWO = {"messaging_service_sid"}  # instead of number, so only the text speaks of it
EXAMPLES = {"updates"}  # the text above says "for example"


def table(document: str, path: str) -> Table:
    """The table at a dotted path; empty when there is none."""
    found: Any = tomllib.loads(document)
    for key in path.split("."):
        found = found.get(key, {})
    assert isinstance(found, Mapping)
    return found


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What env.example sets."""
    for name, value in variables(text("env.example")).items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("environment")
def test_the_example_parses_and_has_every_kind() -> None:
    settings = parse(tomllib.loads(EXAMPLE))
    assert {channel.kind for channel in settings.channels.values()} == set(KINDS)


def test_the_example_parses_with_everything_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    settings = parse(tomllib.loads(switched_on(EXAMPLE)))
    assert settings.storage.bucket is not None
    assert settings.operators
    assert settings.teams["sales"].chat is not None


@pytest.mark.parametrize(("model", "path"), TABLES)
def test_the_example_names_every_setting(model: type[BaseModel], path: str) -> None:
    assert set(model.model_fields) - ONE_OF_TWO <= table(switched_on(EXAMPLE), path).keys()


@pytest.mark.parametrize(("model", "part"), [(Intake, "intake"), (Rates, "rates")])
def test_the_example_names_what_the_house_adds_to_a_channel(model: type[BaseModel], part: str) -> None:
    channels = table(switched_on(EXAMPLE), "channels").values()
    assert set(model.model_fields) == {key for channel in channels for key in channel.get(part, {})}


def defaults() -> Iterator[tuple[str, Any, Any]]:
    """(key, what the example shows, the default) of each plain setting that is switched off."""
    for model, path in TABLES:
        shown, in_force = table(switched_on(EXAMPLE), path), table(EXAMPLE, path)
        for key in (shown.keys() & model.model_fields.keys()) - in_force.keys() - EXAMPLES if in_force else ():
            default = model.model_fields[key].default
            if default and isinstance(default, int | float | str):
                yield f"{path}.{key}", shown[key], default


def test_what_is_switched_off_shows_the_default() -> None:
    found = list(defaults())
    assert len(found) > 15, "the comparison looks at nothing"
    assert [(key, shown) for key, shown, default in found if shown != default] == []


@pytest.mark.parametrize(("channel", "kind"), [("bot", "telegram"), ("inbox", "email"), ("sms", "sms")])
def test_rates_that_are_switched_off_show_the_usual_ones(channel: str, kind: str) -> None:
    shown = table(switched_on(EXAMPLE), f"channels.{channel}.rates")
    assert shown["per_second"] == RATES[kind].per_second
    assert shown.get("per_address") == RATES[kind].per_address_per_second


def test_env_example_has_just_what_is_read_somewhere() -> None:
    named = set(re.findall(r'^[^#\n]*"env:(\w+)"', switched_on(EXAMPLE), re.MULTILINE))
    caddy = set(re.findall(r"\{\$(\w+)", text("Caddyfile")))
    assert named | caddy | {"LEADWIRE_CONFIG", "DATABASE_URL", "REDIS_URL"} == ENVIRONMENT.keys()
    code = "".join(file.read_text() for file in (ROOT / "app").glob("*.py"))
    assert all(f'"{name}"' in code for name in ("LEADWIRE_CONFIG", "DATABASE_URL", "REDIS_URL"))


def test_the_configuration_for_compose_parses_with_the_secrets_that_compose_mounts(tmp_path: Path) -> None:
    document = text("leadwire.compose.toml")
    named = set(re.findall(r'^[^#\n]*"file:/run/secrets/(\w+)"', document, re.MULTILINE))
    assert named == set(compose()["services"]["web"]["secrets"])
    for name in named:
        (tmp_path / name).write_text("123456:replace-me\n")
    settings = parse(tomllib.loads(document.replace("/run/secrets", str(tmp_path))))
    assert str(settings.storage.data) == "/data"
    assert settings.storage.database_url is not None
    assert settings.storage.redis_url is not None
