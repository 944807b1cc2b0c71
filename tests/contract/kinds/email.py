"""E-mail against Dovecot and Postfix's smtp-sink."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import aiosmtplib
import pytest

from channels.email.errors import answer, translate
from channels.email.parse import Envelope, parse
from domain.errors import Misconfigured, Rejected, SendError, Throttled, Unavailable, Unreachable
from tests.contract.case import NAME, Case, Counterpart, Event, Table
from tests.counterparts.counterparts import PASSWORD, Dovecot, sink

CAPTURED = Path(__file__).parents[2] / "captured" / "email"
SECRET = "correct-horse-battery"
DELIVERED = "Handled"


class Mailserver(Counterpart):
    """A mailbox of the Dovecot; mail goes out to an smtp-sink."""

    to = "anna@customer.test"
    nonsense = (
        b"",
        b"\xff\x00\r\n",
        b"220 mail ESMTP\r\n999 what is it?\r\n",
        b"220 mail ESMTP\r\n421 4.3.2 going down\r\n",
        b"* OK ready\r\n* what is it?\r\n",
        b"* PREAUTH ready\r\n* BYE for ever\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n<html>",
    )

    def __init__(self, dovecot: Dovecot, smtp_port: int, dump: Path) -> None:
        self._mailbox = dovecot.mailbox()
        self._dump = dump
        self._imap = {
            "host": "127.0.0.1", "port": dovecot.imap_port, "security": "none", "user": self._mailbox.user,
            "password": PASSWORD, "file_to": DELIVERED, "timeout": 3, "poll": 0.1, "retry_first": 0.02,
            "retry_most": 0.05,
        }  # fmt: skip
        self._smtp = {"host": "127.0.0.1", "port": smtp_port, "security": "none", "timeout": 3}
        self.table = {"kind": "email", "address": self._mailbox.user, "imap": self._imap, "smtp": self._smtp}
        self.forbidden = {"imap": self._imap | {"password": SECRET}}

    async def write(self, words: str) -> None:
        head = "From: Anna <anna@customer.test>\r\nSubject: Order\r\nMessage-ID: <1@customer.test>\r\n"
        self._mailbox.deliver(f"{head}\r\n{words}\r\n".encode())

    async def confirmed(self) -> bool:
        return bool(self._mailbox.files(DELIVERED)) and not self._mailbox.files()

    async def got(self) -> Sequence[str]:
        texts = await asyncio.to_thread(lambda: [path.read_text() for path in self._dump.glob("mail.*")])
        return [text for text in texts if f"X-Rcpt-Args: <{self.to}>" in text]

    def at_port(self, port: int) -> Table:
        there = {"port": port, "timeout": 0.3}
        return {"imap": self._imap | there, "smtp": self._smtp | there}


@asynccontextmanager
async def _opened(request: pytest.FixtureRequest) -> AsyncIterator[Counterpart]:
    dovecot: Dovecot = request.getfixturevalue("dovecot")
    with _open_folder() as folder, sink("-d", f"{folder}/mail.") as port:
        yield Mailserver(dovecot, port, folder)


@contextmanager
def _open_folder() -> Iterator[Path]:
    """The sink steps down from root, and must write there."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def _sample(path: Path) -> list[Event]:
    own = Envelope(channel=NAME, own="leads@shop.test", received_at=datetime.now(UTC))
    return [parse(path.read_bytes(), own)]


def _error(kind: Callable[..., Exception], *given: object) -> Callable[[], SendError]:
    return lambda: translate(kind(*given), to="anna@customer.test")


def _said(reply: str) -> Callable[[], SendError]:
    code, text = re.split(r"\s", reply, maxsplit=1)
    return partial(answer, int(code), text)


CASE = Case(
    ways={"imap": _opened},
    sound={
        "kind": "email",
        "address": "sales@example.com",
        "imap": {"host": "imap.example.com", "user": "sales", "password": SECRET},
        "smtp": {"host": "smtp.example.com", "user": "sales", "password": SECRET},
    },
    secrets=(SECRET, PASSWORD),
    wrong=[
        {"address": "nobody"},
        {"imap": {"host": "imap.example.com", "user": "sales", "password": SECRET, "security": "starttls"}},
        {"smtp": {"host": "smtp.example.com", "password": SECRET}},
        {"imap": {"host": "h", "user": "sales", "password": SECRET, "folders": ["A"], "file_to": "A"}},
        {"imap": {"host": "h", "user": "sales", "password": SECRET, "trusted_receiver": "mx; dkim=pass"}},
        {"imap": None, "smtp": None},
    ],
    samples={path.name: partial(_sample, path) for path in sorted(CAPTURED.glob("*.eml"))},
    errors=[
        ("no such user", _said("550 5.1.1 User unknown"), Unreachable),
        ("in Russian", _said("550 Пользователь anna не найден"), Unreachable),
        ("spam", _said("554 5.7.1 Message rejected as spam"), Rejected),
        ("too large", _said("552 5.3.4 Message too big"), Rejected),
        ("grey list", _said("451 4.7.1 Greylisted, come back later"), Unavailable),
        ("mailbox full", _said("452 4.2.2 Mailbox full"), Unavailable),
        ("Gmail's rate", _said("421 4.7.28 Our system has detected an unusual rate"), Throttled),
        ("login", _error(aiosmtplib.SMTPAuthenticationError, 535, "5.7.8 bad credentials"), Misconfigured),
        ("relaying", _said("554 5.7.1 Relay access denied"), Rejected),
        ("hung up", _error(aiosmtplib.SMTPServerDisconnected, "Connection lost"), Unavailable),
        ("no answer", _error(aiosmtplib.SMTPReadTimeoutError, "Timed out"), Unavailable),
        ("no route", _error(ConnectionRefusedError, 111, "refused"), Unavailable),
    ],
)
