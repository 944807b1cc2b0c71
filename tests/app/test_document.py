"""A wrong configuration is answered with the key, what was expected, and an example: every problem, at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.document import ConfigurationError, load, parse
from app.settings import Settings
from channels.telegram.settings import TelegramSettings

TOKEN = "123456:AAE-the-token-of-the-tests"
LITERAL = 'a secret does not stand here: write "env:NAME" or "file:/path/to/it"'
NAMES = "a name is made of a-z, 0-9 and -, at most 39 of them, and begins with no -"
GOOD = """
[company]
name = "Apple Orchard"
language = "ru"
timezone = "Europe/Moscow"
[server]
public_url = "https://leads.example.com/"
[storage]
database_url = "env:LEADWIRE_TEST_URL"
[teams.sales]
[teams.support]
chat = { channel = "bot", chat = "-1001234567890" }
[[operators]]
channel = "bot"
chat = "42"
[channels.bot]
kind = "telegram"
token = "env:LEADWIRE_TEST_TOKEN"
rates = { per_second = 5 }
[channels.inbox]
kind = "email"
address = "Sales@Example.COM"
smtp = { host = "smtp.example.com" }
intake = { team = "support", greet = false, greeting = { ru = "Спасибо!" } }
[channels.site]
kind = "form"
intake = { answer_by = ["inbox"] }
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWIRE_TEST_TOKEN", TOKEN)
    monkeypatch.setenv("LEADWIRE_TEST_URL", "postgresql://u:geheim1@h/d")
    monkeypatch.delenv("LEADWIRE_TEST_NOTHING", raising=False)


def problems(document: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(tomllib.loads(document))
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def channel(*lines: str) -> str:
    return "[channels.one]\n" + "\n".join(lines)


def test_a_good_document(tmp_path: Path) -> None:
    path = tmp_path / "leadwire.toml"
    path.write_text(GOOD, encoding="utf-8")
    settings = load(path)
    assert settings.company.zone.key == "Europe/Moscow"
    assert settings.server.public_url == "https://leads.example.com"
    assert settings.storage.database_url
    assert settings.storage.database_url.get_secret_value() == "postgresql://u:geheim1@h/d"
    assert settings.channels["inbox"].intake.greeting.ru == "Спасибо!"
    assert settings.channels["bot"].rates.per_second == 5
    bot = settings.channels["bot"].settings
    assert isinstance(bot, TelegramSettings)
    assert bot.token.get_secret_value() == TOKEN
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert TOKEN not in shown
        assert "geheim1" not in shown


def test_nothing_is_needed() -> None:
    assert list(parse({}).teams) == ["sales"]
    assert parse({}) == Settings()


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ('compny = 1', 'compny: unknown; did you mean "company"?'),
        (
            "zzz = 1",
            "zzz: unknown; expected one of company, server, storage, people, consent, retention, broadcasts, teams, "
            "operators, channels",
        ),
        ("company = 5", "company: expected a table, for example [company]"),
        ('[company]\nnme = "x"', 'company.nme: unknown; did you mean "name"?'),
        ('[company]\nlanguage = "de"', "company.language: expected 'en' or 'ru'. Example: language = \"ru\""),
        ('[company]\ntimezone = "Mars"',
         'company.timezone: "Mars" is no time zone of the IANA list. Example: timezone = "Europe/Moscow"'),
        ("[server]\nport = 99999",
         "server.port: expected at most 65535. Example: port = 8080"),
        ("teams = [1]", "teams: expected tables, for example [teams.name]"),
        ('[teams."Über uns"]', f'teams."Über uns": {NAMES}. Example: [teams.ber-uns]'),
        ('[channels."Main Bot"]', f'channels."Main Bot": {NAMES}. Example: [channels.main-bot]'),
        ("operators = 5", "operators: expected a list of tables, each begun with [[operators]]"),
        ('[operators]\nchannel = "bot"', "operators: expected a list of tables, each begun with [[operators]]"),
        ("[channels]\none = 5",
         'channels.one.kind: expected one of email, telegram, form, sms. Example: kind = "email"'),
        (channel('kind = "fax"'),
         'channels.one.kind: expected one of email, telegram, form, sms. Example: kind = "email"'),
        (channel('kind = "telegram"'), 'channels.one.token: is missing. Example: token = "env:TELEGRAM_TOKEN"'),
        (channel('kind = "telegram"', f'token = "{TOKEN}"'), f"channels.one.token: {LITERAL}"),
        (channel('kind = "telegram"', 'token = "env:LEADWIRE_TEST_NOTHING"'),
         "channels.one.token: the environment has no LEADWIRE_TEST_NOTHING: export LEADWIRE_TEST_NOTHING=..."),
        (channel('kind = "telegram"', 'token = "file:/nowhere/token"'),
         "channels.one.token: there is no /nowhere/token; "
         "paste the secret into: mkdir -p /nowhere && cat > /nowhere/token"),
        (channel('kind = "telegram"', "token = 5"),
         'channels.one.token: expected a text in quotes. Example: token = "env:TELEGRAM_TOKEN"'),
        (channel('kind = "telegram"', 'token = "env:LEADWIRE_TEST_TOKEN"', 'updates = "webhook"'),
         'channels.one: updates = "webhook" needs webhook_secret'),
        (channel('kind = "email"', 'address = "a@b.co"', 'smtp = { hots = "h", host = "h" }'),
         'channels.one.smtp.hots: unknown; did you mean "host"?'),
        (channel('kind = "email"', 'address = "a@b.co"', "smtp = {}"),
         'channels.one.smtp.host: is missing. Example: host = "smtp.example.com"'),
        (channel('kind = "form"', 'fields = [{ name = "a" }, { name = "b", typ = "email" }]'),
         'channels.one.fields[2].typ: unknown; did you mean "type"?'),
        (channel('kind = "form"', "rates = { per_second = 0 }"),
         "channels.one.rates.per_second: expected more than 0. Example: per_second = 10"),
        (channel('kind = "form"', "intake = 5"),
         "channels.one.intake: expected a table, for example [channels.one.intake]"),
        (channel('kind = "form"', 'intake = { team = "ghosts" }'),
         'channels.one.intake.team: there is no team "ghosts"; add [teams.ghosts]'),
        (channel('kind = "form"', 'intake = { answer_by = ["one"] }'),
         'channels.one.intake.answer_by: nothing is sent through "one"'),
        ('[server]\npublic_url = "https://a.example"\n'
         + channel('kind = "form"', 'consents = [{ purpose = "news", text = "News" }]'),
         'channels.one.consents[1].purpose: there is no topic "news"; known are marketing. Add [consent.topics.news]'),
        (channel('kind = "form"', 'consents = [{ purpose = "marketing", text = "News" }]'),
         "channels.one.consents: confirming needs links; set server.public_url"),
        ('[teams.sales]\nchat = { channel = "one", chat = "1" }\n' + channel('kind = "form"'),
         'teams.sales.chat.channel: "one" is not a channel of kind "telegram"'),
        ('[[operators]]\nchannel = "ghost"\nchat = "1"',
         'operators[1].channel: "ghost" is not a channel of kind "telegram"'),
        ('[storage.bucket]\nname = "b"\nendpoint = "http://s3"\naccess_key = "env:LEADWIRE_TEST_TOKEN"\n'
         'secret_key = "geheim"', f"storage.bucket.secret_key: {LITERAL}"),
    ],
)  # fmt: skip
def test_the_line_that_helps(document: str, line: str) -> None:
    assert problems(document) == [line]


def test_all_problems_at_once() -> None:
    wrong = """
    compny = 1
    [company]
    language = "de"
    [storage]
    redis_url = "redis://literal"
    database_url = "env:LEADWIRE_TEST_NOTHING"
    [channels.bot]
    kind = "telegram"
    tokn = "x"
    token = "123:abc"
    [channels.inbox]
    kind = "email"
    """
    assert [line.partition(":")[0] for line in problems(wrong)] == [
        "compny",
        "company.language",
        "storage.redis_url",
        "storage.database_url",
        "channels.bot.token",
        "channels.bot.tokn",
        "channels.inbox.address",
    ]


def test_a_secret_is_never_in_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWIRE_TEST_TOKEN", "not-a-token-but-a-secret")
    for document in (
        channel('kind = "telegram"', f'token = "{TOKEN}"'),
        channel('kind = "telegram"', 'token = "env:LEADWIRE_TEST_TOKEN"'),
        channel('kind = "email"', 'address = "a@b.co"', 'smtp = { host = "h", password = "env:LEADWIRE_TEST_TOKEN" }'),
        channel('kind = "sms"', 'auth_token = "env:LEADWIRE_TEST_TOKEN"', "number = 5"),
    ):
        said = "\n".join(problems(document))
        assert TOKEN not in said
        assert "not-a-token" not in said


def test_a_secret_in_a_file_is_read_without_the_line_break(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    table: dict[str, Any] = {"channels": {"bot": {"kind": "telegram", "token": f"file:{tmp_path}/token"}}}
    bot = parse(table).channels["bot"].settings
    assert isinstance(bot, TelegramSettings)
    assert bot.token.get_secret_value() == TOKEN


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "there is no such file. Begin with a copy of deploy/leadwire.example.toml, or play without one: "),
        (b"[company", "not TOML: "),
        (b"\xff\xfe", "cannot be read: "),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, content: bytes | None, line: str) -> None:
    path = tmp_path / "leadwire.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    assert caught.value.problems[0].startswith(f"{path}: {line}")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"this is a folder; .* -c {tmp_path}/leadwire.toml"):
        load(tmp_path)


def test_relative_paths_are_in_the_folder_of_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there" / "secrets").mkdir(parents=True)
    (tmp_path / "there" / "secrets" / "token").write_text(TOKEN)
    path = tmp_path / "there" / "leadwire.toml"
    path.write_text(channel('kind = "telegram"', 'token = "file:secrets/token"'))
    monkeypatch.chdir(tmp_path)
    for name in (path, path.relative_to(tmp_path)):
        settings = load(name)
        bot = settings.channels["one"].settings
        assert isinstance(bot, TelegramSettings)
        assert bot.token.get_secret_value() == TOKEN
        assert settings.storage.data.absolute() == tmp_path / "there" / "data"
    path.write_text('[storage]\ndata = "/var/lib/leadwire"')
    assert load(path).storage.data == Path("/var/lib/leadwire")


def test_a_secret_that_is_not_there_is_named_whole(tmp_path: Path) -> None:
    path = tmp_path / "leadwire.toml"
    path.write_text(channel('kind = "telegram"', 'token = "file:secrets/token"'))
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    assert f"there is no {tmp_path}/secrets/token; " in str(caught.value)


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ('[company]\ncountry = "Russia"',
         'company.country: expected two capital letters, a country of ISO 3166-1. Example: country = "RU"'),
        ('[server]\npublic_url = "leads.example.com"',
         "server.public_url: expected an address that begins with http:// or https://. "
         'Example: public_url = "https://leads.example.com"'),
        ('[[operators]]\nchannel = "My Bot"\nchat = "@sales"',
         f'operators[1].channel: {NAMES}. Example: channel = "bot"'),
        (channel('kind = "form"', 'intake = { team = "Sales", answer_by = ["My Mail"] }'),
         f'channels.one.intake.team: {NAMES}. Example: team = "sales"'),
        (channel('kind = "sms"', 'account_sid = "SK1"', 'auth_token = "env:LEADWIRE_TEST_TOKEN"', 'number = "+1"'),
         "channels.one.account_sid: expected AC and 32 characters 0-9, a-f, as Twilio's console shows it. "
         'Example: account_sid = "AC00000000000000000000000000000000"'),
        (channel('kind = "form"', 'origins = ["shop.example.com"]'),
         'channels.one.origins[1]: expected https:// and a name in small letters, without a path, or "*". '
         'Example: origins = ["https://shop.example.com"]'),
        (channel('kind = "form"', 'fields = [{ name = "два", type = "phone" }]'),
         "channels.one.fields[1].name: a field's name is made of A-Z, a-z, 0-9, _ and -, and begins with a letter. "
         'Example: name = "size"'),
        (channel('kind = "email"', 'address = "a@b.co"', 'imap = { security = "starttls" }'),
         'channels.one.imap.security: IMAP with STARTTLS is not supported: use security = "tls" with port 993'),
    ],
)  # fmt: skip
def test_nobody_has_to_read_a_regular_expression(document: str, line: str) -> None:
    found = problems(document)
    assert line in found
    assert not [one for one in found if "pattern" in one or "^" in one]
