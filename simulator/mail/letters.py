"""A mail as a person sees it, and as a person's mail program writes it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, default
from email.utils import format_datetime, make_msgid, parseaddr

import html2text

from simulator.mail.look import html_of

INBOX = "INBOX"
SENT = "Sent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file in a mail."""

    name: str
    type: str
    data: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One mail of a mailbox, parsed for reading."""

    uid: int
    """IMAP's, unique in its folder."""
    folder: str
    seen: bool
    received_at: datetime
    sender: str
    """The bare address."""
    sender_name: str
    to: str
    subject: str
    text: str
    """The new words, without what they answer."""
    quote: str
    """What they answer: the quoted tail with its introduction, or an empty text."""
    html: str
    """As a mail program shows it; empty for a mail of plain text."""
    attachments: tuple[Attachment, ...]
    message_id: str
    references: tuple[str, ...]
    """Message-IDs of the talk so far, this one's excluded."""


def parse(raw: bytes, *, uid: int, folder: str, seen: bool, received_at: datetime) -> Letter:
    """Read a mail; whatever is broken in it becomes an empty text, never an error."""
    message = message_from_bytes(raw, policy=default)
    name, sender = parseaddr(_header(message, "From"))
    text, quote = split_quote(_text(message))
    return Letter(
        uid=uid,
        folder=folder,
        seen=seen,
        received_at=received_at,
        sender=sender.lower(),
        sender_name=name or sender,
        to=parseaddr(_header(message, "To"))[1].lower(),
        subject=_header(message, "Subject"),
        text=text,
        quote=quote,
        html=html_of(message),
        attachments=tuple(_attachment(part) for part in message.iter_attachments()) if message.is_multipart() else (),
        message_id=_header(message, "Message-ID").strip(),
        references=tuple(_header(message, "References").split() or _header(message, "In-Reply-To").split()[:1]),
    )


def split_quote(text: str) -> tuple[str, str]:
    """The new words, and the quoted tail from its introduction ("... wrote:") on."""
    lines = text.replace("\r\n", "\n").strip().split("\n")
    start = len(lines)
    while start and (lines[start - 1].startswith(">") or not lines[start - 1].strip()):
        start -= 1
    quoted = "\n".join(lines[start:]).strip()
    if not quoted:
        return "\n".join(lines), ""
    if start and lines[start - 1].rstrip().endswith(":"):
        start -= 1
    return "\n".join(lines[:start]).rstrip(), "\n".join(lines[start:]).strip()


def compose(
    *,
    sender: str,
    name: str,
    to: str,
    subject: str,
    text: str,
    answers: Letter | None = None,
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """A new mail, or an answer that quotes and threads (RFC 5322, section 3.6.4) as mail programs do."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(name, addr_spec=sender)
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    if answers and answers.message_id:
        message["In-Reply-To"] = answers.message_id
        message["References"] = " ".join([*answers.references, answers.message_id])
    message.set_content(f"{text}\n\n{_quoted(answers)}" if answers else text)
    for file in attachments:
        main, _, sub = file.type.partition("/")
        message.add_attachment(file.data, maintype=main, subtype=sub or "octet-stream", filename=file.name)
    return message.as_bytes()


def reply_subject(subject: str) -> str:
    """The subject with one "Re:" before it (RFC 5322, section 3.6.5)."""
    return subject if subject[:3].lower() == "re:" else f"Re: {subject}"


def _quoted(letter: Letter) -> str:
    lines = [f"> {line}".rstrip() for line in letter.text.splitlines()]
    return "\n".join([f"{letter.received_at:%Y-%m-%d %H:%M}, {letter.sender_name} <{letter.sender}>:", *lines])


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (ValueError, IndexError, AttributeError, TypeError):  # what the standard library's parser may raise
        return ""


def _text(message: EmailMessage) -> str:
    try:
        part = message.get_body(("plain", "html"))
        content = str(part.get_content()) if part is not None else ""  # a part without headers is falsy
    except (LookupError, ValueError, AttributeError, TypeError):
        return ""
    if part is not None and part.get_content_subtype() == "html":
        return html2text.html2text(content)
    return content


def _attachment(part: MIMEPart) -> Attachment:
    data = part.get_payload(decode=True)
    name = part.get_filename() or "attachment"
    return Attachment(name=name, type=part.get_content_type(), data=data if isinstance(data, bytes) else b"")
