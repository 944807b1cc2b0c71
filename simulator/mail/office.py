"""The post office: mailboxes, the two servers that programs talk to, and a pen for people."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType
from typing import Self

from pymap.backend.dict.mailbox import Message
from pymap.parsing.specials.flag import Seen

from simulator.feed import Feed, Watcher
from simulator.mail.imap import Imap
from simulator.mail.letters import INBOX, SENT, Attachment, Letter, compose, parse
from simulator.mail.smtp import Smtp
from simulator.mail.trace import arrived


class UnknownMailbox(Exception):
    """Nobody has this address here. The text is what an SMTP server would say."""

    def __init__(self, address: str) -> None:
        super().__init__(f"550 5.1.1 <{address}>: Recipient address rejected: User unknown")


class PostOffice:
    """IMAP and SMTP on loopback over mailboxes in memory: `async with PostOffice() as office`.

    Every address is compared in lower case. Nothing is relayed: mail to an unknown user of a known domain gets
    550 5.1.1, to any other domain 554 5.7.1.
    """

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.imap_port = 0
        """Plain IMAP4rev1 with IDLE, MOVE, UIDPLUS; 0 until started."""
        self.smtp_port = 0
        """Plain SMTP with AUTH, SIZE, SMTPUTF8; 0 until started."""
        self.names: dict[str, str] = {}
        """Mailbox -> what its owner is called."""
        self._feed = Feed()
        self._imap = Imap()
        self._smtp = Smtp(self.deliver, self._imap.password, self._domains)

    async def start(self, *, imap_port: int = 0, smtp_port: int = 0) -> None:
        """Listen; 0 takes a free port."""
        self.imap_port = await self._imap.start(imap_port)
        self.smtp_port = await self._smtp.start(smtp_port)

    async def stop(self) -> None:
        """Close every connection and both ports; the mailboxes stay. Twice is fine."""
        await self._smtp.stop()
        await self._imap.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def add_mailbox(self, address: str, password: str, name: str = "") -> None:
        """Open a mailbox; address and password are the login for IMAP and SMTP."""
        address = address.lower()
        await self._imap.add_user(address, password)
        self.names[address] = name

    def subscribe(self) -> AbstractContextManager[Watcher]:
        """Topics are the addresses of mailboxes that changed."""
        return self._feed.subscribe()

    async def deliver(self, raw: bytes, to: str) -> None:
        """Put a mail into an INBOX, as a mail server would. Raises UnknownMailbox."""
        address = self._known(to)
        await self._imap.append(address, INBOX, raw)
        self._feed.tell(address)

    async def messages(self, address: str, folder: str | None = None) -> list[Letter]:
        """The mails of one folder, or of INBOX and Sent together, the oldest first. Raises UnknownMailbox."""
        address = self._known(address)
        letters: list[Letter] = []
        for name in (folder,) if folder else (INBOX, SENT):
            letters += await self._imap.read(address, name, partial(_letter, name))
        return sorted(letters, key=lambda letter: letter.received_at)

    async def mark_seen(self, address: str, folder: str, uid: int) -> None:
        """The owner opened the mail."""
        address = self._known(address)
        await self._imap.mark_seen(address, folder, uid)
        self._feed.tell(address)

    async def write(
        self,
        sender: str,
        to: str,
        subject: str,
        text: str,
        *,
        answers: Letter | None = None,
        attachments: Sequence[Attachment] = (),
    ) -> None:
        """A person writes from their mailbox: delivered, and a copy in Sent. Raises UnknownMailbox."""
        sender, to = self._known(sender), self._known(to)
        raw = compose(
            sender=sender,
            name=self.names[sender],
            to=to,
            subject=subject,
            text=text,
            answers=answers,
            attachments=attachments,
        )
        await self.deliver(arrived(sender, to, client=sender.rpartition("@")[2], honest=True) + raw, to)
        await self._imap.append(sender, SENT, raw, seen=True)
        self._feed.tell(sender)

    def _known(self, address: str) -> str:
        address = address.strip().lower()
        if address not in self.names:
            raise UnknownMailbox(address)
        return address

    def _domains(self) -> frozenset[str]:
        return frozenset(address.rpartition("@")[2] for address in self.names)


def _letter(folder: str, message: Message, raw: bytes) -> Letter:
    seen = Seen in message.permanent_flags
    return parse(raw, uid=message.uid, folder=folder, seen=seen, received_at=message.internal_date)
