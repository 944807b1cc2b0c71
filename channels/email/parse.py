"""Mail in: the bytes of a mail as an `Inbound` or a `Report`. Pure, never raises.

Anybody may write any From. It is proved only when the server that took the mail in says so (`authentication`), and
otherwise claimed, as Reply-To always is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import Message

from channels.email import bounded
from channels.email.authentication import proof
from channels.email.automatic import automatic
from channels.email.body import read_body
from channels.email.bounce import Notice, is_bounce, notice
from channels.email.headers import Headers
from channels.email.quotes import new_text
from domain.addresses import email, normalise_email
from domain.messages import Address, Automatic, ChannelName, File, Inbound, Proof, Report

LONGEST_TEXT = 100_000
"""Characters of text that travel on; the whole is in `raw`."""
LONGEST_HTML = 1_000_000
"""Characters of HTML; a longer one stays in `raw` alone."""
_MOST_REFERENCES = 50
_HEAD_ONLY = re.compile(rb"^(message-id|from|date)[ \t]*:((?:.*)(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_NOBODY = re.compile(
    r"^(?:no|do[-_.]?not|not?)[-_.]?(?:reply|answer|respond)|^(?:robot|mailer|notif\w*|wordpress|webform)@",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """What is known of a mail without reading it."""

    channel: ChannelName
    own: str
    """Our address, by which we know our own mail."""
    received_at: datetime
    receivers: tuple[str, ...] = ()
    """Whose Authentication-Results are believed (`ImapSettings.receivers`)."""


def parse(raw: bytes, envelope: Envelope) -> Inbound | Report:
    """What a mail says. What cannot be read is an `Inbound` with the reason in `unreadable` and the mail in `raw`."""
    try:
        mail = bounded.read(raw)
        return _read(mail, Headers(mail), raw, envelope)
    except bounded.TooMuch as error:
        return unreadable(raw, envelope, str(error))
    except Exception as error:  # noqa: BLE001  # a mail of a stranger must not stop the queue; a person will look at it
        return unreadable(raw, envelope, f"the mail cannot be read ({type(error).__name__})")


def unreadable(raw: bytes, envelope: Envelope, reason: str, *, external_id: str = "") -> Inbound:
    """A mail that a person must look at: as much of its header as can be read, and all of `raw`."""
    bare = Inbound(
        channel=envelope.channel,
        external_id=external_id or identify(raw),
        addresses=(),
        received_at=envelope.received_at,
        raw=_raw(raw),
        unreadable=reason,
    )
    try:
        return _with_header(bare, Headers(bounded.read(_BLANK_LINE.split(raw[:65536], maxsplit=1)[0])), envelope)
    except Exception:  # noqa: BLE001  # then it stays without
        return bare


def identify(raw: bytes) -> str:
    """The same for the same mail in another folder or under a new number: SHA-256 over what does not change on the way.

    Message-IDs alone are a trap: some are empty, some are used twice.
    """
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    fields: dict[bytes, bytes] = {}
    for name, value in _HEAD_ONLY.findall(head):
        fields.setdefault(name.lower(), b" ".join(value.split()))
    digest = hashlib.sha256()
    for part in (*(fields.get(name, b"") for name in (b"message-id", b"from", b"date")), body.rstrip()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _read(mail: Message, headers: Headers, raw: bytes, envelope: Envelope) -> Inbound | Report:
    body = read_body(mail)
    told = notice(mail, headers, raw, body.text, envelope.own)
    if told is not None:
        return _report(told, envelope)
    kind = automatic(headers, own=envelope.own)
    if kind in (None, Automatic.REPLY) and is_bounce(mail, headers, body.text):
        kind = Automatic.BOUNCE
    event = Inbound(
        channel=envelope.channel,
        external_id=identify(raw),
        addresses=(),
        received_at=envelope.received_at,
        text=new_text(body.text, headers.text("subject"))[:LONGEST_TEXT],
        html=body.html if len(body.html or "") <= LONGEST_HTML else None,
        files=body.files,
        raw=_raw(raw),
        automatic=kind,
    )
    event = _with_header(event, headers, envelope)
    return event if event.addresses else replace(event, unreadable="the mail names no sender")


def _report(told: Notice, envelope: Envelope) -> Report:
    return Report(
        channel=envelope.channel,
        external_id=told.ref,
        kind=told.kind,
        at=envelope.received_at,
        address=told.address,
        reason=told.reason,
    )


def _raw(raw: bytes) -> File:
    return File(name="mail.eml", type="message/rfc822", size=len(raw), data=raw)


def _with_header(event: Inbound, headers: Headers, envelope: Envelope) -> Inbound:
    name, addresses = _sender(headers, envelope)
    own_id = headers.message_ids("message-id")
    nearest_first = (*headers.message_ids("in-reply-to"), *reversed(headers.message_ids("references")))
    language = headers.token("content-language")[:2]
    return replace(
        event,
        addresses=addresses,
        name=name,
        subject=headers.text("subject") or None,
        ref=own_id[0] if own_id else "",
        refers_to=tuple(dict.fromkeys(nearest_first))[:_MOST_REFERENCES],
        language=language if language.isalpha() else None,
    )


def _sender(headers: Headers, envelope: Envelope) -> tuple[str, tuple[Address, ...]]:
    """Who wrote: From, and Reply-To as a claim beside it.

    When From is a machine's (a site's form writes as noreply@ or as ourselves), Reply-To alone is the person.
    """
    wrote = headers.mailboxes("from") or headers.mailboxes("sender")
    answer_to = [each for each in headers.mailboxes("reply-to") if not _is_same(each[1], envelope.own)]
    if answer_to and (not wrote or _is_same(wrote[0][1], envelope.own) or _NOBODY.match(wrote[0][1])):
        return answer_to[0][0], _addresses([(answer_to[0][1], None)])
    if not wrote:
        return "", ()
    believed = proof(headers, envelope.receivers)
    return wrote[0][0], _addresses([(wrote[0][1], believed), *((address, None) for _, address in answer_to[:1])])


def _is_same(one: str, other: str) -> bool:
    return normalise_email(one) == normalise_email(other)


def _addresses(values: Iterable[tuple[str, Proof | None]]) -> tuple[Address, ...]:
    found: dict[str, Address] = {}
    for value, believed in values:
        if (address := email(value, proved=believed is not None, proof=believed or "")) is not None:
            found.setdefault(address.value, address)
    return tuple(found.values())
