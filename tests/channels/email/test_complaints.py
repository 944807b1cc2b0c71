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
