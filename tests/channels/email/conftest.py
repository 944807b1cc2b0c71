"""What the tests of the e-mail channel share: real servers, and a house that remembers in a dictionary."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from channels.email.channel import EmailChannel
from channels.email.cursor import Cursor
from channels.email.settings import EmailSettings
from domain.messages import ChannelName, Inbound, Report
from domain.ports import Accept, Host
from tests.counterparts.counterparts import (
    Dovecot,
    MailboxUser,
    dovecot,
    dovecot_server,
    postfix,
    postfix_server,
    proxies,
    smtp_sink,
    until,
)

__all__ = ["dovecot", "dovecot_server", "postfix", "postfix_server", "proxies", "smtp_sink"]

NAME = ChannelName("sales-inbox")
Settings = Callable[..., EmailSettings]


class Memory:
    """`Cursors` in a dictionary: what the store does, for one test."""

    def __init__(self) -> None:
        self.saved: dict[tuple[str, str], str] = {}

    async def load(self, channel: ChannelName, place: str) -> str | None:
        return self.saved.get((channel, place))

    async def save(self, channel: ChannelName, place: str, value: str) -> None:
        self.saved[channel, place] = value


@dataclass
class House:
    """Accepts, and can be told to fail; runs channels against itself."""

    host: Host
    events: list[Inbound | Report] = field(default_factory=list)
    offered: int = 0
    failure: Callable[[Inbound | Report], Exception | None] = lambda _: None

    async def accept(self, event: Inbound | Report) -> None:
        self.offered += 1
        await asyncio.sleep(0)
        if error := self.failure(event):
            raise error
        self.events.append(event)

    @property
    def subjects(self) -> list[str]:
        return [event.subject or "" for event in self.events if isinstance(event, Inbound)]

    def cursor(self, folder: str = "INBOX") -> str | None:
        memory = self.host.cursors
        assert isinstance(memory, Memory)
        return memory.saved.get((NAME, folder))

    async def settled(self, uid: int, folder: str = "INBOX") -> None:
        """Wait until the mails up to this one are settled: whoever stops before that is given them again."""

        def is_settled() -> bool:
            cursor = Cursor.parse(self.cursor(folder) or "")
            return cursor is not None and not cursor.unseen and cursor.uid >= uid

        await until(is_settled, f"the cursor to pass {uid}")

    @asynccontextmanager
    async def listening(
        self, settings: EmailSettings, accept: Accept | None = None
    ) -> AsyncIterator[asyncio.Task[None]]:
        """A channel that listens for as long as the block lasts. A failure of it fails the test."""
        channel = EmailChannel(NAME, settings, self.host)
        task = asyncio.create_task(channel.listen(accept or self.accept))
        try:
            yield task
        finally:
            if not task.done():
                task.cancel()
            results = await asyncio.gather(task, return_exceptions=True)
            await channel.aclose()
        assert isinstance(results[0], asyncio.CancelledError), results

    async def got(self, *subjects: str) -> None:
        """Wait until exactly these have been accepted, in any order."""
        await until(lambda: len(self.subjects) >= len(subjects), f"{subjects}, got {self.subjects}")
        assert sorted(self.subjects) == sorted(subjects)


@pytest.fixture
def house() -> House:
    return House(Host(cursors=Memory()))


@pytest.fixture
def leads(dovecot: Dovecot) -> MailboxUser:
    """A new empty mailbox."""
    return dovecot.mailbox()


@pytest.fixture
def settings(dovecot: Dovecot, leads: MailboxUser) -> Settings:
    """Makes settings for that mailbox, with short waits; keywords change the imap section."""

    def make(**changes: Any) -> EmailSettings:
        imap = {
            "host": "127.0.0.1",
            "port": dovecot.imap_port,
            "security": "none",
            "user": leads.user,
            "password": leads.password,
            "timeout": 5,
            "poll": 0.1,
            "retry_first": 0.05,
            "retry_most": 0.2,
        }
        return EmailSettings.model_validate({"kind": "email", "address": leads.user, "imap": {**imap, **changes}})

    return make


def mail(subject: str, text: str = "Hello", **headers: str) -> bytes:
    """A small mail. Header names in keywords: `message_id="<a@b>"`."""
    fields = {"from": "Anna <anna@customer.test>", "message-id": f"<{abs(hash(subject))}@customer.test>"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name.title()}: {value}\r\n" for name, value in fields.items())
    return f"Subject: {subject}\r\n{head}\r\n{text}\r\n".encode()
