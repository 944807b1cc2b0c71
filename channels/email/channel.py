"""The e-mail channel: one account, IMAP in, SMTP out."""

from __future__ import annotations

import asyncio
import logging

from channels.email.imap import ImapConnection
from channels.email.mailbox import FolderWatch
from channels.email.mailer import Mailer
from channels.email.render import message_id, recipient, render
from channels.email.settings import EmailSettings
from domain.errors import Misconfigured, Rejected
from domain.messages import ChannelName, Outbound, Sent, utcnow
from domain.ports import Accept, Host

log = logging.getLogger(__name__)


class EmailChannel:
    """A mail account. A `Listener` and a `Sender` (`domain.ports`), as far as its settings have imap and smtp."""

    def __init__(self, name: ChannelName, settings: EmailSettings, host: Host) -> None:
        self.name = name
        self._settings, self._host = settings, host
        helo = settings.address.rpartition("@")[2]
        self._mailer = Mailer(settings.smtp, helo=helo) if settings.smtp else None

    async def ping(self) -> None:
        """Log in on both sides and open each folder. Raises SendError with what is wrong.

        Where nothing says whose senders are true, it works, but a person should know: that is logged.
        """
        if self._settings.imap:
            if not self._settings.imap.receivers:
                log.warning("%s: without imap.trusted_receiver no sender is proved, each is only claimed", self.name)
            connection = await ImapConnection.open(self._settings.imap)
            try:
                for folder in self._settings.imap.folders:
                    await connection.select(folder)
            finally:
                await connection.close()
        if self._mailer:
            await self._mailer.ping()

    async def aclose(self) -> None:
        """Close the connections for sending; those for reading end with `listen`."""
        if self._mailer:
            await self._mailer.aclose()

    async def listen(self, accept: Accept) -> None:
        """Hand every new mail of every folder to `accept`, until cancelled. Without imap there is nothing to hear.

        Raises Misconfigured: wrong password, a certificate that is not trusted, a folder that does not exist.
        """
        if self._settings.imap is None:
            await asyncio.Event().wait()
            return
        imap = self._settings.imap
        watches = [FolderWatch(self.name, self._settings.address, imap, self._host, folder) for folder in imap.folders]
        try:
            async with asyncio.TaskGroup() as group:
                for watch in watches:
                    group.create_task(watch.run(accept))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None

    async def send(self, message: Outbound) -> Sent:
        """Hand one mail to the SMTP server. `Sent.external_id` is its Message-ID. Raises SendError only."""
        return await self.post(message)

    def post(self, message: Outbound) -> asyncio.Future[Sent]:
        """The same; who writes many need not wait for one to hand over the next."""
        if self._mailer is None:
            raise Misconfigured(f"the channel {self.name} has no smtp in its settings, so it cannot send")
        try:
            to = recipient(message.to)
            mail = render(message, self._settings, now=utcnow())
        except ValueError as error:
            raise Rejected(str(error)) from error
        sent = Sent(external_id=message_id(message.delivery, self._settings.address))
        return self._mailer.post(mail, sender=self._settings.address, to=to, bulk=message.is_mailing, sent=sent)
