"""Complaints (RFC 5965) and what takes one back (RFC 6430)."""

from __future__ import annotations

import pytest

from channels.email.parse import parse
from domain.messages import COMPLAINT, Inbound, Report, ReportKind
from tests.channels.email.test_parse import CAPTURED, ENVELOPE

MAIL = (CAPTURED / "complaint.eml").read_bytes()


@pytest.mark.parametrize("kind", [b"abuse", b"fraud", b"other", b"Abuse"])
def test_a_complaint_is_one_by_its_reason(kind: bytes) -> None:
    """By this very reason the router knows that it is the person's own word, not a dead address."""
    report = parse(MAIL.replace(b"Feedback-Type: abuse", b"Feedback-Type: " + kind), ENVELOPE)
    assert isinstance(report, Report)
    assert (report.kind, report.reason) == (ReportKind.STOPPED, COMPLAINT)


def test_not_spam_stops_nobody() -> None:
    read = parse(MAIL.replace(b"Feedback-Type: abuse", b"Feedback-Type: not-spam"), ENVELOPE)
    assert isinstance(read, Inbound)
    assert read.automatic is not None


ID = b"Message-ID: <leadwire.0190-42@shop.test>\nReferences: <leadwire.0190-41@shop.test> <x@customer.test>\n"
TOKEN = "AbCd-_" + "x" * 38
LINK = f"List-Unsubscribe: <https://leads.shop.test/u/{TOKEN}>\n".encode()
MAILTO = f"List-Unsubscribe: <mailto:leads@shop.test?subject=unsubscribe%20{TOKEN}>\n".encode()
RCPT = b"Original-Rcpt-To: <gone@customer.test>\n"
NAMELESS = MAIL.replace(b"\r\n", b"\n").replace(ID, b"").replace(b"X-Leadwire: 0190-42\n", b"")
HEADERS = NAMELESS.replace(b"Content-Type: message/rfc822", b"Content-Type: text/rfc822-headers")
ALONE = NAMELESS.partition(b"--b\nContent-Type: message/rfc822")[0] + b"--b--\n"


def with_link(mail: bytes, link: bytes) -> bytes:
    return mail.replace(b"Subject: Your order\n", b"Subject: Your order\n" + link)


@pytest.mark.parametrize(
    ("mail", "ref", "address"),
    [
        (NAMELESS, "", "gone@customer.test"),
        (NAMELESS.replace(RCPT, b""), "", "gone@customer.test"),
        (HEADERS.replace(RCPT, b""), "", "gone@customer.test"),
        (ALONE, "", "gone@customer.test"),
        (with_link(NAMELESS, LINK), TOKEN, "gone@customer.test"),
        (with_link(HEADERS, MAILTO).replace(RCPT, b""), TOKEN, None),
        (with_link(HEADERS, LINK).replace(b"leads@shop.test>", b"x@y.test>"), TOKEN, "gone@customer.test"),
        (NAMELESS.replace(RCPT, b"Original-Rcpt-To: rfc822; Other@Customer.test\n"), "", "other@customer.test"),
    ],
    ids=["rcpt-to", "to", "headers alone", "report alone", "link", "mailto", "by a relay", "typed"],
)
def test_a_complaint_whose_message_id_was_blacked_out(mail: bytes, ref: str, address: str | None) -> None:
    report = parse(mail, ENVELOPE)
    assert isinstance(report, Report)
    assert (report.kind, report.reason, report.external_id) == (ReportKind.STOPPED, COMPLAINT, ref)
    assert (report.address and report.address.value) == address


@pytest.mark.parametrize(
    "mail",
    [
        NAMELESS.replace(b"From: Shop <leads@shop.test>", b"From: Other <news@other.test>"),
        NAMELESS.replace(RCPT, b"").replace(b"To: gone@customer.test", b"To: a@b.test, c@d.test"),
        ALONE.replace(RCPT, b""),
        NAMELESS.replace(b"Feedback-Type: abuse", b"Feedback-Type: not-spam"),
        NAMELESS.replace(b"message/feedback-report", b"text/plain"),
    ],
    ids=["of another's mail", "to several", "names nobody", "not spam", "no report"],
)
def test_a_complaint_that_is_about_nobody_of_ours(mail: bytes) -> None:
    """A person reads it; nobody is unsubscribed."""
    assert isinstance(parse(mail, ENVELOPE), Inbound)
