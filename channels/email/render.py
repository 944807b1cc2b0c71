"""Mail out: an `Outbound` as the bytes of a mail. Pure. RFC 5322, RFC 2045-2047, RFC 3834, RFC 6532."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from html import escape

from channels.email.settings import EmailSettings
from channels.email.text import plain_text
from domain.addresses import normalise_email
from domain.messages import File, Outbound

MARK = "X-Leadwire"
"""The field by which we know our own mail when it comes back."""
_PREFIX = "leadwire."
_REF = re.compile(r"<[\x21-\x3b=?-\x7e]{1,900}>")
_TYPE = re.compile(r"(?!message/|multipart/)[a-z0-9]+/[a-z0-9.+-]+", re.IGNORECASE)
_CID = re.compile(r"[\x21-\x3b=?-\x7e]{1,200}")
_MOST_REFERENCES = 30


def message_id(delivery: str, own: str) -> str:
    """The Message-ID of a delivery. The prefix tells it from those that mail programs make for people of the domain."""
    return f"<{_PREFIX}{delivery}@{own.rpartition('@')[2]}>"


def is_own_id(ref: str, own: str) -> bool:
    """Whether we gave this Message-ID."""
    domain = own.rpartition("@")[2]
    return ref.lower().startswith(f"<{_PREFIX}") and ref.lower().endswith(f"@{domain}>")


def own_ids(text: str, own: str) -> list[str]:
    """All Message-IDs of ours in a text, in order."""
    return re.findall(rf"<{re.escape(_PREFIX)}[\w.-]{{1,200}}@{re.escape(own.rpartition('@')[2])}>", text)


def render(message: Outbound, settings: EmailSettings, *, now: datetime) -> bytes:
    """The whole mail, lines ended by CR LF. Raises ValueError for a recipient that cannot stand in a header."""
    to = recipient(message.to)
    mail = EmailMessage(policy=SMTP if to.username.isascii() else SMTPUTF8)
    mail["From"] = Address(settings.name, addr_spec=settings.address)
    mail["To"] = to
    mail["Subject"] = " ".join((message.subject or "").split())
    mail["Date"] = format_datetime(now)
    if message.automatic:
        mail["Auto-Submitted"] = "auto-replied" if message.reply_to else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
    mail[MARK] = message.delivery
    _fill(mail, message, settings.signature)
    return _identifiers(message, settings.address) + mail.as_bytes()


def recipient(address: str) -> Address:
    """The address as a header takes it. Raises ValueError when it is none, also for one that hides a second line."""
    normal = normalise_email(address)
    if normal is None:
        raise ValueError(f"{address!r} is not an e-mail address")
    local, _, domain = normal.rpartition("@")
    return Address(username=local, domain=domain)


def _identifiers(message: Outbound, own: str) -> bytes:
    """Written by hand: the email package would encode or break ids that are longer than a line (bpo-35805)."""
    lines = [f"Message-ID: {message_id(message.delivery, own)}"]
    refs = [ref for ref in message.reply_to if _REF.fullmatch(ref)]
    if refs:
        lines.append(f"In-Reply-To: {refs[0]}")
        lines.append("References: " + "\r\n ".join(_references(refs)))
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _references(refs: Sequence[str]) -> list[str]:
    """The oldest first, the answered one last (RFC 5322, section 3.6.4). Of many the first and the last ones stay."""
    ordered = list(dict.fromkeys(reversed(refs)))
    return ordered if len(ordered) <= _MOST_REFERENCES else ordered[:1] + ordered[1 - _MOST_REFERENCES :]


def _fill(mail: EmailMessage, message: Outbound, signature: str) -> None:
    text = message.text or plain_text(message.html or "")
    mail.set_content(f"{text}\n\n-- \n{signature}\n" if signature else f"{text}\n")
    if message.html is not None:
        mail.add_alternative(_signed_html(message.html, signature), subtype="html")
    for file in message.files:
        if message.html is not None and file.content_id and f"cid:{file.content_id}" in message.html:
            _add_inline(mail, file)
    for file in message.files:
        if message.html is None or not file.content_id or f"cid:{file.content_id}" not in message.html:
            _attach(mail, file)


def _signed_html(html: str, signature: str) -> str:
    if not signature:
        return html
    signed = "<p>-- <br>" + "<br>".join(escape(line) for line in signature.splitlines()) + "</p>"
    body, end, rest = html.rpartition("</body>")
    return f"{body}{signed}{end}{rest}" if end else html + signed


def _add_inline(mail: EmailMessage, file: File) -> None:
    html = mail.get_body(("html",))
    if not isinstance(html, EmailMessage) or not _CID.fullmatch(file.content_id):
        _attach(mail, file)
        return
    main, _, sub = _type(file).partition("/")
    html.add_related(file.data, main, sub, cid=f"<{file.content_id}>", filename=_file_name(file), disposition="inline")


def _attach(mail: EmailMessage, file: File) -> None:
    main, _, sub = _type(file).partition("/")
    mail.add_attachment(file.data, main, sub, filename=_file_name(file))


def _type(file: File) -> str:
    return file.type if _TYPE.fullmatch(file.type) else "application/octet-stream"


def _file_name(file: File) -> str:
    """Without path and control characters: it is shown to the recipient's mail program."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f/\\]", " ", file.name).split())[:150] or "file"
