"""The header of a mailing: how to leave it, and whose it is, read back from the whole mail."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from channels.email.channel import EmailChannel
from channels.email.parse import Envelope, parse
from channels.email.render import render
from channels.email.settings import EmailSettings
from domain.errors import Rejected
from domain.messages import File, Inbound, Outbound, ReportKind
from domain.ports import Host
from simulator.mail.provider import Provider
from tests.channels.email.conftest import NAME, Memory

NOW = datetime(2026, 11, 23, 15, 4, 5, tzinfo=UTC)
LINK = "https://shop.test/u/0190-abc?k=a1_B2-c3.d4~e5%2F"
FILE = File(name="a.pdf", type="application/pdf", size=1, data=b"x")


def settings(port: int = 25) -> EmailSettings:
    smtp = {"host": "127.0.0.1", "port": port, "security": "none"}
    return EmailSettings.model_validate({"kind": "email", "address": "news@shop.test", "name": "Шоп", "smtp": smtp})


def mailing(**changes: Any) -> Outbound:
    table = {"delivery": "0190-abc", "to": "anna@customer.test", "text": "Скидки", "html": "<p>Скидки</p>"}
    return Outbound(**{**table, "unsubscribe": LINK, "automatic": True, **changes})


@pytest.mark.parametrize("files", [(), (FILE,)], ids=["fast", "package"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"List-Unsubscribe": f"<{LINK}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}),
        (
            {"unsubscribe_mail": "leave@shop.test?subject=0190"},
            {
                "List-Unsubscribe": f"<{LINK}>, <mailto:leave@shop.test?subject=0190>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        ),
        ({"unsubscribe": "http://shop.test/u/1"}, {"List-Unsubscribe": "<http://shop.test/u/1>"}),  # RFC 8058: no Post
        (
            {"unsubscribe": "", "unsubscribe_mail": "leave@shop.test"},
            {"List-Unsubscribe": "<mailto:leave@shop.test>"},
        ),
        (
            {"unsubscribe": "", "list_id": "news.shop.test", "feedback": "spring:7:mailing:shop"},
            {"List-Id": "<news.shop.test>", "Feedback-ID": "spring:7:mailing:shop"},
        ),
    ],
)
def test_the_header_says_how_to_leave(
    changes: dict[str, str], expected: dict[str, str], files: tuple[File, ...]
) -> None:
    mail = message_from_bytes(render(mailing(**changes, files=files), settings(), now=NOW), policy=default)
    names = ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID")
    assert {name: mail[name] for name in names if name in mail} == expected
    assert mail["Precedence"] == "bulk"
    assert not [name for name in mail.keys() if name.startswith("X-") and name not in OURS]  # noqa: SIM118 - repeated


OURS = {"X-Leadwire", "X-Auto-Response-Suppress"}


def test_a_letter_is_no_mailing() -> None:
    raw = render(Outbound(delivery="1", to="anna@customer.test", text="Hi", feedback="a:b"), settings(), now=NOW)
    assert b"List-" not in raw and b"Precedence" not in raw


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {"unsubscribe": each}
            for each in ("javascript:1", "https://a b", "https://a>,<b", "https://a\r\nBcc: x@y.z")
        ),
        *({"unsubscribe": each} for each in ("https://пример.рф/", "https://" + "a" * 900)),
        *({"unsubscribe_mail": each} for each in ("nobody", "a@b>,<c@d", "a@b?subject=\r\nBcc: x", "a@b,c@d")),
        *({"list_id": each} for each in ("news", "a b.c", "a.b>\r\nX: y", "новости.рф")),
        *({"feedback": each} for each in ("a:b:c:d:e", "a b", "a\r\nBcc: x", "a:b:c:")),
    ],
    ids=str,
)
def test_what_cannot_stand_there_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="cannot stand in a header"):
        render(mailing(**changes), settings(), now=NOW)


async def test_a_wrong_link_is_rejected_and_nothing_goes_out() -> None:
    async with Provider() as provider:
        channel = EmailChannel(NAME, settings(provider.port), Host(cursors=Memory()))
        with pytest.raises(Rejected):
            await channel.send(mailing(unsubscribe="https://a b"))
        assert provider.opened == 0


async def test_a_bounce_of_a_mailing_finds_its_delivery() -> None:
    """The whole way: what the provider took comes back within a bounce, and is known by its Message-ID."""
    async with Provider() as provider:
        channel = EmailChannel(NAME, settings(provider.port), Host(cursors=Memory()))
        sent = await channel.send(mailing())
        await channel.aclose()
        [taken] = provider.taken
    assert (taken.sender, taken.to) == ("news@shop.test", "anna@customer.test")
    bounce = (
        b"From: MAILER-DAEMON@customer.test\r\nTo: news@shop.test\r\nSubject: Undelivered Mail\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a\r\n\r\n"
        b"Final-Recipient: rfc822; anna@customer.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + taken.data + b"\r\n--b--\r\n"
    )
    report = parse(bounce, Envelope(channel=NAME, own="news@shop.test", received_at=NOW))
    assert report is not None and not isinstance(report, Inbound)
    assert (report.external_id, report.kind) == (sent.external_id, ReportKind.STOPPED)
