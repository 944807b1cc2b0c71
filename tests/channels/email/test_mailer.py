"""Sending: the table of errors, and real servers that take, refuse, hang up and bounce."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectResponseError,
    SMTPDataError,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupported,
    SMTPReadTimeoutError,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from channels.email.channel import EmailChannel
from channels.email.errors import translate
from channels.email.parse import Envelope, parse
from channels.email.settings import EmailSettings
from domain.errors import Misconfigured, Rejected, SendError, Throttled, Unavailable, Unreachable
from domain.messages import Automatic, Inbound, Outbound, Report, ReportKind
from domain.ports import Host
from tests.channels.email.conftest import NAME, House, Memory
from tests.channels.email.conftest import Settings as MailboxSettings
from tests.counterparts.counterparts import Dovecot, MailboxUser, Postfix, Proxy, Sink, until, wait_until

Proxies = Callable[[int], Proxy]


def rcpt(code: int, text: str) -> Exception:
    return SMTPRecipientsRefused([SMTPRecipientRefused(code, text, "a@b.test")])


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (rcpt(550, "5.1.1 <a@b.test>: Recipient address rejected: User unknown"), Unreachable),
        (rcpt(550, "No such user here"), Unreachable),
        (rcpt(550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)"), Unreachable),  # Exchange Online
        (rcpt(550, "5.7.1 No such user!"), Unreachable),  # Yandex
        (rcpt(550, "Message was not accepted -- invalid mailbox. Local mailbox a@mail.ru is unavailable"), Unreachable),
        (rcpt(550, "5.2.1 The email account that you tried to reach is disabled."), Unreachable),
        (rcpt(556, "5.1.10 Recipient address has null MX"), Unreachable),
        (rcpt(552, "5.2.2 The recipient's inbox is out of storage space"), Rejected),
        (rcpt(554, "5.7.1 Service unavailable; client host [192.0.2.1] blocked using Spamhaus"), Rejected),
        # One recipient's refusal never stops the channel, whatever its words.
        (rcpt(554, "5.7.1 <a@b.test>: Relay access denied"), Rejected),
        (rcpt(553, "5.7.1 <x@shop.test>: Sender address rejected: not owned by user leads"), Rejected),
        (rcpt(550, "5.7.1 Authentication required"), Rejected),
        (rcpt(530, "5.7.0 Must issue a STARTTLS command first"), Rejected),
        (rcpt(535, "5.7.8 Bad credentials"), Rejected),
        (rcpt(550, "5.1.1 <a@b.test>: undeliverable: host mx.b.test said: 554 5.7.1 Relay access denied"), Unreachable),
        (rcpt(450, "4.1.1 unverified address: host mx.b.test said: 450 4.7.28 too many messages"), Unavailable),
        (SMTPDataError(554, "5.7.1 not authorized to send on behalf of"), Rejected),
        (SMTPDataError(550, "5.1.8 host mx.b.test said: 530 authentication required"), Rejected),
        (SMTPConnectResponseError(554, "5.7.1 you are blocked"), Misconfigured),
        (SMTPConnectResponseError(421, "4.3.2 too busy"), Unavailable),
        (SMTPResponseException(530, "5.7.0 Authentication required"), Misconfigured),
        (rcpt(450, "4.2.0 <a@b.test>: Recipient address rejected: Greylisted"), Unavailable),
        (rcpt(452, "4.2.2 The recipient's inbox is out of storage space"), Unavailable),
        (rcpt(452, "4.5.3 Too many recipients"), Throttled),
        (rcpt(450, "4.2.1 The user you are trying to contact is receiving mail at a rate that prevents"), Throttled),
        (SMTPDataError(421, "4.7.28 Our system has detected an unusual rate of unsolicited mail"), Throttled),
        (SMTPDataError(550, "5.4.5 Daily user sending limit exceeded"), Throttled),
        (SMTPDataError(554, "5.7.1 Message rejected under suspicion of SPAM; https://ya.cc/1IrBc"), Rejected),
        (SMTPDataError(552, "5.3.4 Message size exceeds fixed limit"), Rejected),
        (SMTPDataError(451, "4.3.0 Temporary lookup failure"), Unavailable),
        (SMTPResponseException(421, "4.3.0 Service shutting down"), Unavailable),
        (SMTPResponseException(-1, "Malformed SMTP response line"), Unavailable),
        (SMTPSenderRefused(553, "5.1.8 Sender address rejected: Domain not found", "x"), Misconfigured),
        (SMTPSenderRefused(530, "5.7.0 Must issue a STARTTLS command first", "x"), Misconfigured),
        (SMTPSenderRefused(451, "4.3.0 try later", "x"), Unavailable),
        (SMTPSenderRefused(452, "4.3.1 Insufficient system storage", "x"), Unavailable),
        (SMTPAuthenticationError(535, "5.7.8 Username and Password not accepted"), Misconfigured),
        (SMTPAuthenticationError(454, "4.7.0 Temporary authentication failure"), Unavailable),
        (SMTPHeloError(550, "go away"), Misconfigured),
        (SMTPException("SMTP AUTH extension not supported by server."), Misconfigured),
        (SMTPNotSupported("no SMTPUTF8"), Rejected),
        (SMTPServerDisconnected("Connection lost"), Unavailable),
        (SMTPReadTimeoutError("Timed out"), Unavailable),
        (ConnectionRefusedError(111, "refused"), Unavailable),
        (ValueError("line break"), Rejected),
    ],
    ids=str,
)
def test_the_table_of_errors(error: Exception, kind: type[SendError]) -> None:
    assert type(translate(error, to="a@b.test")) is kind


def test_a_limit_of_one_address_pauses_only_that_one() -> None:
    error = translate(rcpt(450, "4.2.1 The user you are trying to contact is receiving mail too quickly"))
    assert isinstance(error, Throttled)
    assert error.address_only


def channel(port: int, **smtp: Any) -> EmailChannel:
    address = smtp.pop("address", "leads@shop.test")
    section = {"host": "localhost", "port": port, "security": "none", "timeout": 5, **smtp}
    settings = EmailSettings.model_validate({"kind": "email", "address": address, "name": "Магазин", "smtp": section})
    return EmailChannel(NAME, settings, Host(cursors=Memory()))


def outbound(to: str = "anna@customer.test", **changes: Any) -> Outbound:
    return Outbound(**{"delivery": "d1", "to": to, "subject": "Заказ", "text": "Готов\n.\n..\n", **changes})


async def test_delivery_through_postfix(postfix: Postfix, leads: MailboxUser) -> None:
    sending = channel(postfix.smtp_port)
    sent = await sending.send(outbound(leads.user))
    await until(lambda: bool(leads.mails()), "the mail to arrive")
    await sending.aclose()
    envelope = Envelope(channel=NAME, own="other@else.test", received_at=datetime.now(UTC))
    event = parse(
        leads.mails()[0].partition(b"X-Leadwire")[0] + b"X: " + leads.mails()[0].partition(b"X-Leadwire: ")[2], envelope
    )
    assert isinstance(event, Inbound)
    assert (event.ref, event.subject, event.text) == (sent.external_id, "Заказ", "Готов\n.\n..")
    assert (event.name, event.addresses[0].value) == ("Магазин", "leads@shop.test")


async def test_our_own_mail_is_known_when_it_comes_back(postfix: Postfix, leads: MailboxUser) -> None:
    sending = channel(postfix.smtp_port, address=leads.user)
    await sending.send(outbound(leads.user))
    await until(lambda: bool(leads.mails()), "the mail to arrive")
    await sending.aclose()
    event = parse(leads.mails()[0], Envelope(channel=NAME, own=leads.user, received_at=datetime.now(UTC)))
    assert isinstance(event, Inbound)
    assert event.automatic is Automatic.OWN


async def test_submission_with_starttls_and_login(postfix: Postfix, leads: MailboxUser) -> None:
    login = {"security": "starttls", "user": leads.user, "ca_file": postfix.ca}
    good = channel(postfix.submission_port, password=leads.password, **login)
    await good.ping()
    await good.send(outbound(leads.user))
    await until(lambda: bool(leads.mails()), "the mail to arrive")
    await good.aclose()
    bad = channel(postfix.submission_port, password="wrong-password", **login)
    with pytest.raises(Misconfigured) as caught:
        await bad.send(outbound(leads.user))
    assert "wrong-password" not in repr(caught.value)
    with pytest.raises(Misconfigured, match="not trusted"):
        await channel(postfix.submission_port, password="x", **login | {"ca_file": None}).ping()
    plain = channel(postfix.submission_port)
    with pytest.raises(Misconfigured):
        await plain.send(outbound(leads.user))  # it insists on STARTTLS
    await plain.aclose()


async def test_a_genuine_bounce_comes_back_as_a_report(
    postfix: Postfix, leads: MailboxUser, house: House, settings: MailboxSettings
) -> None:
    sending = channel(postfix.smtp_port, address=leads.user)
    sent = await sending.send(outbound("gone@customer.test"))
    async with house.listening(settings()):
        await until(lambda: bool(house.events), "the bounce")
    await sending.aclose()
    [report] = house.events
    assert isinstance(report, Report)
    assert (report.external_id, report.kind) == (sent.external_id, ReportKind.STOPPED)
    assert report.address and report.address.value == "gone@customer.test"
    assert "5.1.1" in report.reason


async def test_postfix_refuses_an_unknown_user(postfix: Postfix) -> None:
    sending = channel(postfix.smtp_port)
    with pytest.raises(Unreachable, match=r"5\.1\.1"):
        await sending.send(outbound("unknown-1@shop.test"))
    await sending.aclose()


async def test_the_servers_size_limit_is_known_before_sending(postfix: Postfix, leads: MailboxUser) -> None:
    sending = channel(postfix.smtp_port)
    with pytest.raises(Rejected, match="1048576"):
        await sending.send(outbound(leads.user, text="x" * 2_000_000))
    await sending.send(outbound(leads.user))
    await sending.aclose()


async def test_an_international_address(postfix: Postfix, leads: MailboxUser) -> None:
    sending = channel(postfix.smtp_port)
    await sending.send(outbound("анна@customer.test"))
    await sending.aclose()
    wait_until(lambda: "status=bounced" in postfix.log(), "the mail to be tried")


async def test_without_smtputf8_an_international_address_is_rejected(smtp_sink: Sink) -> None:
    sending = channel(smtp_sink())
    with pytest.raises(Rejected):
        await sending.send(outbound("анна@customer.test"))
    await sending.aclose()


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (("-f", "RCPT", "-B", "550 5.1.1 User unknown"), Unreachable),
        (("-f", "RCPT", "-B", "550 5.7.1 Blocked for spam"), Rejected),
        (("-r", "RCPT"), Unavailable),
        (("-f", ".", "-B", "554 5.7.1 Spam"), Rejected),
        (("-r", "."), Unavailable),
        (("-f", "MAIL", "-B", "550 5.7.1 Sender refused"), Misconfigured),
        (("-r", "MAIL"), Unavailable),
        (("-q", "RCPT"), Unavailable),  # hangs up
        (("-q", "DATA"), Unavailable),
        (("-q", "."), Unavailable),
        (("-Q", "RCPT"), Unavailable),  # 421, then hangs up
        (("-f", "EHLO,HELO"), Misconfigured),
    ],
    ids=str,
)
async def test_a_server_that_refuses(options: tuple[str, ...], kind: type[SendError], smtp_sink: Sink) -> None:
    sending = channel(smtp_sink(*options))
    for _ in range(2):  # the second shows that the connection, or a new one, is in order
        with pytest.raises(kind):
            await sending.send(outbound())
    await sending.aclose()


async def test_connections_are_kept_and_limited(smtp_sink: Sink, proxies: Proxies) -> None:
    proxy = proxies(smtp_sink())
    await proxy.open()
    sending = channel(proxy.port, connections=3)
    await asyncio.gather(*(sending.send(outbound(delivery=str(number))) for number in range(30)))
    assert proxy.connections == 3
    await sending.aclose()
    await sending.aclose()


async def test_a_connection_that_died_meanwhile_is_replaced(smtp_sink: Sink, proxies: Proxies) -> None:
    proxy = proxies(smtp_sink())
    await proxy.open()
    sending = channel(proxy.port, connections=1)
    await sending.send(outbound())
    proxy.cut()
    await asyncio.sleep(0.05)
    await sending.send(outbound())
    assert proxy.connections == 2
    await sending.aclose()


async def test_a_black_hole(smtp_sink: Sink, proxies: Proxies) -> None:
    proxy = proxies(smtp_sink())
    await proxy.open()
    sending = channel(proxy.port, timeout=0.3)
    await sending.send(outbound())
    proxy.freeze()
    with pytest.raises(Unavailable):
        await sending.send(outbound())
    proxy.thaw()
    await sending.send(outbound())
    await sending.aclose()


async def test_nobody_there(dovecot: Dovecot) -> None:
    with pytest.raises(Unavailable):
        await channel(1).send(outbound())
    with pytest.raises(SendError):
        await channel(dovecot.imap_port, timeout=1).send(outbound())  # not SMTP at all
    with pytest.raises(Misconfigured, match="no smtp"):
        imap = {"host": "localhost", "user": "a", "password": "b"}
        settings = EmailSettings.model_validate({"kind": "email", "address": "a@b.test", "imap": imap})
        await EmailChannel(NAME, settings, Host(cursors=Memory())).send(outbound())


@pytest.mark.parametrize("to", ["", "nobody", "a@b\r\nRCPT TO:<x@y.test>"])
async def test_what_is_no_address(to: str) -> None:
    with pytest.raises(Rejected):
        await channel(1).send(outbound(to))
