"""What a mail server writes on top of a mail that it takes in. Pure. RFC 5321 section 4.4, RFC 8601."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime

NAME = "post.office.example"
"""What the server is called, also in Authentication-Results: who reads the mailboxes may trust it."""
_FORGED = re.compile(
    rb"^Authentication-Results:\s*" + re.escape(NAME).encode() + rb"\b[^\n]*\n(?:[ \t][^\n]*\n)*",
    re.IGNORECASE | re.MULTILINE,
)


def arrived(sender: str, recipient: str, *, client: str, honest: bool) -> bytes:
    """The fields of one delivery. `honest`: the sender's domain owns up to the mail (SPF, DKIM and DMARC pass)."""
    lines = [
        f"Return-Path: <{sender}>",
        f"Delivered-To: {recipient}",
        f"Received: from {client} by {NAME} with ESMTP; {format_datetime(datetime.now(UTC))}",
        f"Authentication-Results: {NAME};\r\n\t" + (_passed(sender) if honest else f"spf=none smtp.mailfrom={sender}"),
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")


def _passed(sender: str) -> str:
    domain = sender.rpartition("@")[2]
    return (
        f"spf=pass smtp.mailfrom={sender};\r\n\tdkim=pass (2048-bit key) header.d={domain} header.i=@{domain};"
        f"\r\n\tdmarc=pass (p=none dis=none) header.from={domain}"
    )


def without_forged(raw: bytes) -> bytes:
    """The mail without fields that bear this server's name already (RFC 8601, section 5)."""
    head, end, body = raw.partition(b"\r\n\r\n")
    return _FORGED.sub(b"", head + b"\r\n").removesuffix(b"\r\n") + end + body if end else raw
