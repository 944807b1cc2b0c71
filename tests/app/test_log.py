"""No secret in any line, whoever logs it and however."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, SecretStr

from app import log
from app.document import parse
from app.log import Scrubber, secrets_in

TOKEN = "1234567890:AAE-x_0123456789abcdefghij"


class Handler(logging.StreamHandler[io.StringIO]):
    """What would stand on standard error."""

    def __init__(self, *secrets: str) -> None:
        super().__init__(io.StringIO())
        self.addFilter(Scrubber(secrets))

    @property
    def text(self) -> str:
        return self.stream.getvalue()


@pytest.fixture
def logger() -> logging.Logger:
    """A library's logger, with no handlers but the test's."""
    return logging.Logger("library", logging.DEBUG)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"POST https://api.telegram.org/bot{TOKEN}/getMe", "POST https://api.telegram.org/bot***/getMe"),
        (f"GET https://api.telegram.org/file/bot{TOKEN}/photo.jpg", "GET https://api.telegram.org/file/bot***/photo.jpg"),
        (f"POST /telegram/bot{TOKEN.replace(':', '%3A')}/getMe", "POST /telegram/bot***/getMe"),
        (f"POST /telegram/bot{TOKEN.replace(':', '%3a')}/getMe", "POST /telegram/bot***/getMe"),
        ("postgresql+asyncpg://lw:geheim@db:5432/lw is away", "postgresql+asyncpg://lw:***@db:5432/lw is away"),
        ("redis://:geheim@cache/0", "redis://:***@cache/0"),
        ("the word hunter22 and hunter22-long", "the word *** and ***"),
        ("12:30 came 1234:5678", "12:30 came 1234:5678"),
        ("mail to anna@example.com at 10:00", "mail to anna@example.com at 10:00"),
    ],
)  # fmt: skip
def test_what_is_taken_out(text: str, clean: str) -> None:
    assert Scrubber(["hunter22", "hunter22-long", "short"]).clean(text) == clean


def test_arguments_tracebacks_and_stacks_are_scrubbed(logger: logging.Logger) -> None:
    handler = Handler("hunter22")
    logger.addHandler(handler)
    logger.warning("the password is %s", "hunter22")
    try:
        raise ConnectionError(f"https://api.telegram.org/bot{TOKEN}/getMe: hunter22")
    except ConnectionError:
        logger.exception("failed for %(who)s", {"who": "hunter22"}, stack_info=True)
    logger.error(ValueError("hunter22"))
    assert handler.text.count("***") >= 4
    assert "hunter22" not in handler.text
    assert "AAE-x" not in handler.text
    assert "ConnectionError" in handler.text
    assert "Stack (most recent call last)" in handler.text


def test_a_librarys_bad_line_costs_its_caller_nothing(logger: logging.Logger) -> None:
    """The filter runs before logging's own net for such lines: without care the caller would get the TypeError."""
    handler = Handler("hunter22")
    logger.addHandler(handler)
    for words in ("%s and %s of hunter22", "%d of hunter22"):
        logger.warning(words, "one")
    assert handler.text == "%s and %s of *** ('one',)\n%d of *** ('one',)\n"


def test_the_secrets_of_a_configuration_however_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    class Part(BaseModel):
        many: tuple[SecretStr, ...]
        more: dict[str, list[SecretStr]]

    part = Part(many=(SecretStr("one"),), more={"a": [SecretStr("two")]})
    assert secrets_in(part) == ["one", "two"]
    monkeypatch.setenv("LEADWIRE_TEST_TOKEN", TOKEN)
    monkeypatch.setenv("LEADWIRE_TEST_URL", "redis://:geheim1@h/0")
    secret = "env:LEADWIRE_TEST_TOKEN"
    settings = parse(
        {
            "storage": {"redis_url": "env:LEADWIRE_TEST_URL"},
            "channels": {
                "bot": {"kind": "telegram", "token": secret},
                "mail": {
                    "kind": "email",
                    "address": "a@b.co",
                    "imap": {"host": "h", "user": "u", "password": "env:LEADWIRE_TEST_URL"},
                },
            },
        }
    )
    assert sorted(secrets_in(settings)) == sorted([TOKEN, "redis://:geheim1@h/0", "redis://:geheim1@h/0"])


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back afterwards."""
    made = logging.getLogger()
    handlers, level = list(made.handlers), made.level
    yield made
    made.handlers[:] = handlers
    made.setLevel(level)


def test_set_up_twice_logs_once(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up()
    log.set_up(secrets=["hunter22"])
    logging.getLogger("anywhere").info("hunter22 once")
    assert capsys.readouterr().err.count("*** once") == 1
    assert root.level == logging.INFO
    assert logging.getLogger("twilio").level == logging.WARNING
    log.set_up(verbose=True)
    assert root.level == logging.DEBUG
