"""Mail out: an `Outbound` as the bytes of a mail. Pure. RFC 5322, RFC 2045-2047, RFC 3834, RFC 6532.

What strangers wrote (a subject that we answer, a file's name) stands in our header. The email package decodes encoded
words in the values that it is given, and writes a line break that was hidden in one as it is: an encoded word in an
encoded word added a Bcc, or a whole body. So no "=?" and no control character reaches it, and what it made is checked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from functools import lru_cache
from html import escape

from channels.email import mailing, mime
from channels.email.headers import one_line
from channels.email.lines import Lines
from channels.email.settings import EmailSettings
from channels.email.text import plain_text
from domain.addresses import written_email
from domain.errors import Rejected
from domain.messages import File, Outbound, Woven

MARK = "X-Leadwire"
"""The field by which we know our own mail when it comes back."""
_PREFIX = "leadwire."
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_REF = re.compile(r"<[\x21-\x3b=?-\x7e]{1,900}>")
_TYPE = re.compile(r"(?!message/|multipart/)[a-z0-9]{1,60}/[a-z0-9.+-]{1,100}", re.IGNORECASE)
_CID = re.compile(r"[\x21-\x3b=?-\x7e]{1,200}")
_DELIVERY = re.compile(r"[\w.-]{1,200}", re.ASCII)
_FIELD = re.compile(rb"([!-9;-~]+): ?[^\r\n\x00]*(?:\r\n[ \t]+[^\s\x00][^\r\n\x00]*)*\r\n")
"""One field, folded or not. A continuation holds more than blanks (RFC 5322, section 3.2.2)."""
_LONGEST_SUBJECT = 900
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
    """The whole mail, lines ended by CR LF; `Lines` unless the package wrote it.

    Raises ValueError for what cannot stand in a header, Rejected when the mail has another header than it should.
    """
    to = recipient(message.to)
    if not _DELIVERY.fullmatch(message.delivery):
        raise ValueError(f"{message.delivery!r} is no delivery")
    text, html = _signed(message, settings.signature)
    head = mime.sender(_harmless(settings.name), settings.address) + _identifiers(message, settings.address)
    head += mailing.fields(message) + _automatic(message)
    if message.files or not to.isascii() or not settings.address.isascii():
        return _by_package(message, to, head, (text, html), now)
    body = _woven(message.woven, settings.signature) if message.woven else html
    return Lines(
        b"".join(
            (
                head,
                f"To: {to}\r\n".encode("ascii"),
                mime.header("Subject", _harmless(message.subject or "")[:_LONGEST_SUBJECT].rstrip()),
                mime.date(now.replace(microsecond=0)),
                f"{MARK}: {message.delivery}\r\n".encode("ascii"),
                mime.content(text, body),
            )
        )
    )


def _by_package(message: Outbound, to: str, head: bytes, body: tuple[str, str | None], now: datetime) -> bytes:
    """The rarer shapes, by the standard library: slow, and it knows them all."""
    local, _, domain = to.rpartition("@")
    mail = EmailMessage(policy=SMTP if local.isascii() else SMTPUTF8)
    mail["To"] = Address(username=local, domain=domain)
    mail["Subject"] = _harmless(message.subject or "")[:_LONGEST_SUBJECT]
    mail["Date"] = format_datetime(now)
    mail[MARK] = message.delivery
    _fill(mail, message, *body)
    raw = head + mail.as_bytes()
    _check(raw, _names(head), mail)
    return raw


def _automatic(message: Outbound) -> bytes:
    """RFC 3834, section 5: no machine answers this. The second field is for those that know only that one."""
    if not message.automatic:
        return b""
    kind = b"auto-replied" if message.reply_to else b"auto-generated"
    return b"Auto-Submitted: %b\r\nX-Auto-Response-Suppress: All\r\n" % kind


@lru_cache(256)
def _harmless(text: str) -> str:
    """One line that holds no encoded word."""
    return one_line(_SURROGATE.sub("\ufffd", text)).replace("=?", "= ?")


def _check(raw: bytes, identifiers: list[bytes], mail: EmailMessage) -> None:
    """The net below `_harmless`: the header has our fields, each once, and each field of each part is one field."""
    expected = [*identifiers, *(name.encode() for name, _ in mail.raw_items())]
    found = _names(raw.partition(b"\r\n\r\n")[0] + b"\r\n")
    is_sound = all(
        _FIELD.fullmatch(part.policy.fold_binary(name, value))
        for part in mail.walk()
        for name, value in part.raw_items()
    )
    if found != expected or len(set(found)) != len(found) or not is_sound:
        raise Rejected("the mail cannot be written: its subject or the name of a file would change its header")


def _names(head: bytes) -> list[bytes]:
    """The names of the fields in a header; an empty one where it is none."""
    names: list[bytes] = []
    end = 0
    while end < len(head):
        field = _FIELD.match(head, end)
        if not field:
            return [*names, b""]
        names.append(field[1])
        end = field.end()
    return names


@lru_cache(256)
def recipient(address: str) -> str:
    """The address as a header takes it. Raises ValueError when it is none, also for one that hides a second line."""
    normal = written_email(address)
    if normal is None:
        raise ValueError(f"{address!r} is not an e-mail address")
    return normal


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


def _signed(message: Outbound, signature: str) -> tuple[str, str | None]:
    """Text and HTML as they go out."""
    text = message.text or plain_text(message.html or "")
    text = f"{text}\n\n-- \n{signature}\n" if signature else f"{text}\n"
    return text, None if message.html is None else _signed_html(message.html, signature)


def _woven(woven: Woven, signature: str) -> Woven:
    return Woven(_signed_pieces(woven.shared, signature), woven.own) if signature else woven


@lru_cache(64)
def _signed_pieces(shared: tuple[str, ...], signature: str) -> tuple[str, ...]:
    return *shared[:-1], _signed_html(shared[-1], signature)


def _fill(mail: EmailMessage, message: Outbound, text: str, html: str | None) -> None:
    mail.set_content(text)
    if html is not None:
        mail.add_alternative(html, subtype="html")
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
    if not isinstance(html, EmailMessage) or not _CID.fullmatch(file.content_id) or "=?" in file.content_id:
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
    return _harmless(re.sub(r"[/\\]", " ", file.name))[:150].strip() or "file"
