"""What servers report about our mail: bounces, receipts, complaints. Pure.

RFC 3464 (delivery status), RFC 8098 (read receipts), RFC 5965 (complaints), and the letters of servers that know none
of these. A report counts only when it carries a Message-ID of ours: anybody can forge a bounce to silence an address.
A complaint without one (providers black it out) is told by the token of our List-Unsubscribe, which nobody else has;
with neither by the address alone, and then the router asks whether a mailing went there at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message

from channels.email import bounded
from channels.email.automatic import from_daemon, is_bounce_path
from channels.email.headers import Headers, one_line
from channels.email.render import own_ids
from channels.email.replies import is_gone, status
from domain.addresses import email
from domain.messages import COMPLAINT, Address, ReportKind

_SUBJECT = re.compile(
    "|".join(
        (
            r"undeliver|returned mail|failure notice|non[- ]?delivery|could ?n[o']t be delivered",
            r"mail (?:delivery )?(?:failed|failure|error|status|warning)",
            r"(?:message|mail) (?:status|not delivered|delivery)",
            r"delivery (?:status|failure|failed|has failed|problem|report|error)|unzustellbar|nicht zustellbar",
            r"недоставлен|не доставлен|не удалось доставить|ошибка доставки|возврат(?:ено)? (?:письм|сообщен)",
        )
    ),
    re.IGNORECASE,
)
_WORDS = re.compile(
    "|".join(
        (
            r"permanent(?:ly)? (?:fatal |error|fail)|could(?: not|n't) be delivered|not (?:be )?delivered|undeliver",
            r"was(?: not|n't) (?:able to )?(?:be )?deliver|delivery (?:to the following|failed|has failed)",
            r"delivery of e?mail to|unable to deliver|failed to deliver|returned to sender|failed recipients?",
            r"unknown user|user unknown|no such user|mailbox (?:is )?(?:full|unavailable)|5\d\d[ -]5\.\d\.\d",
            r"не (?:было |может быть |удалось )?доставлен|не удалось доставить|не может\s+быть отправлено",
        )
    ),
    re.IGNORECASE,
)
_TEMPORARY = re.compile(
    r"\bwarning\b.{0,80}(?:delay|still|not yet)|will (?:be )?(?:retr|keep trying|try again)|delayed|postponed|задерж",
    re.IGNORECASE,
)
_REPLY_CODE = re.compile(r"(?<![\d.])5\d\d(?![\d.])|\b5\.\d{1,3}\.\d{1,3}\b")
_FULL = re.compile(r"^Message-ID:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
_FAILED_ADDRESS = re.compile(r"^<([^<>\s]{3,320})>:", re.MULTILINE)
"""As qmail and Postfix name it. Elsewhere it is not guessed: the delivery itself knows its recipient."""
_FRAMED = re.compile(r"\*{20,}\n[^\n]{1,200}\n[^\s@]{1,64}@[^\s@]{1,255}\n")
"""A sentence and a bare address below a row of stars: a gateway that writes under an ordinary address."""
_TOKEN = re.compile(r"(?:/u/|unsubscribe(?:%20|\+| ))([A-Za-z0-9_-]{44})(?![A-Za-z0-9_-])")
"""Of our List-Unsubscribe (RFC 2369, RFC 8058). Whether it is one, those know who have the key."""
_EXPLAINED = 3000
"""Characters of a non-standard bounce in which its reason stands, before the returned mail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """What a machine says about one of our mails."""

    ref: str
    """Our Message-ID, or the token of our List-Unsubscribe; empty: the report names an address alone."""
    kind: ReportKind
    address: Address | None
    reason: str


def notice(mail: Message, headers: Headers, raw: bytes, text: str, own: str) -> Notice | None:
    """The notice in a mail, or None when there is none that concerns a mail of ours for good."""
    ref = _our_id(raw, own)
    if not ref:
        return _nameless_complaint(mail, own)
    for part in _own_parts(mail):
        match part.get_content_type():
            case "message/delivery-status":
                return _delivery_status(part, ref)
            case "message/disposition-notification":
                return _receipt(part, ref)
            case "message/feedback-report":
                return _complaint(part, ref)
    return _plain_bounce(headers, text, ref) if is_bounce(mail, headers, text) else None


def is_bounce(mail: Message, headers: Headers, text: str) -> bool:
    """Whether this tells of mail that did not arrive, in whatever form.

    Words alone never make a bounce: "my sofa was not delivered" is a customer.
    """
    if "x-failed-recipients" in headers or mail.get_content_type() == "multipart/report":
        return True
    if any(part.get_content_type() == "message/delivery-status" for part in _own_parts(mail)):
        return True
    by_machine = from_daemon(headers), is_bounce_path(headers), bool(_FRAMED.match(text))
    words = bool(_SUBJECT.search(headers.text("subject"))) or bool(_WORDS.search(text[:_EXPLAINED]))
    return sum(by_machine) >= 2 or (any(by_machine) and words)


def _own_parts(part: Message) -> Iterator[Message]:
    """The mail and its parts, without those of enclosed mails: a person may forward a bounce."""
    yield part
    if part.get_content_maintype() == "multipart":
        yield from (each for child in _children(part) for each in _own_parts(child))


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []


def _our_id(raw: bytes, own: str) -> str:
    """Our Message-ID in the mail that came back; in a notice without it, any id of ours."""
    text = raw.decode("latin-1")
    ours = own_ids(text, own)
    returned = [each for each in _FULL.findall(text) if each in ours]
    return (returned or ours or [""])[0]


def _blocks(part: Message) -> Iterator[Headers]:
    yield from map(Headers, _children(part))


def _typed(value: str) -> str:
    """ "rfc822; a@b.c" without its type (RFC 3464, section 2.1.2)."""
    return value.rpartition(";")[2].strip().strip("<>") if "@" in value else value.partition(";")[2].strip()


def _delivery_status(part: Message, ref: str) -> Notice | None:
    for block in _blocks(part):
        action, code = block.token("action"), status(block.raw("status"))
        if action == "delivered":
            return Notice(ref=ref, kind=ReportKind.DELIVERED, address=_recipient(block), reason="")
        if action == "failed" or (not action and code.startswith("5")):
            words = one_line(block.text("diagnostic-code").partition(";")[2] or block.text("diagnostic-code"))
            return _failure(ref, _recipient(block), code, words)
    return None


def _recipient(block: Headers) -> Address | None:
    """As we wrote it, if the server remembers; a forwarder's final address is nobody that we know."""
    return email(_typed(block.raw("original-recipient"))) or email(_typed(block.raw("final-recipient")))


def _failure(ref: str, address: Address | None, code: str, words: str) -> Notice:
    precise = status(words)
    gone = is_gone(code, words) or (precise != code and is_gone(precise, words) and bool(precise))
    kind = ReportKind.STOPPED if gone else ReportKind.FAILED
    return Notice(ref=ref, kind=kind, address=address, reason=f"{code} {words}".strip()[:500])


def _receipt(part: Message, ref: str) -> Notice | None:
    shown = any("displayed" in block.raw("disposition").lower() for block in _blocks(part))
    return Notice(ref=ref, kind=ReportKind.READ, address=None, reason="") if shown else None


def _complaint(part: Message, ref: str) -> Notice | None:
    """RFC 5965; "not-spam" (RFC 6430) takes a complaint back, and says nothing of what is wanted."""
    if any(block.token("feedback-type") == "not-spam" for block in _blocks(part)):
        return None
    address = next((found for block in _blocks(part) if (found := email(_typed(block.raw("original-rcpt-to"))))), None)
    return Notice(ref=ref, kind=ReportKind.STOPPED, address=address, reason=COMPLAINT)


def _nameless_complaint(mail: Message, own: str) -> Notice | None:
    """A complaint about a mail whose Message-ID was taken out. The mail must be ours, as far as it is enclosed."""
    parts = list(_own_parts(mail))
    report = next((part for part in parts if part.get_content_type() == "message/feedback-report"), None)
    told = _complaint(report, "") if report is not None else None
    if told is None:
        return None
    enclosed = next((found for part in parts if (found := _enclosed(part))), None)
    if enclosed is None:
        return told if told.address else None
    if token := _TOKEN.search(enclosed.raw("list-unsubscribe")):
        return replace(told, ref=token[1])
    if [address.lower() for _, address in enclosed.mailboxes("from")] != [own.lower()]:
        return None
    to = enclosed.mailboxes("to")
    address = told.address or (email(to[0][1]) if len(to) == 1 else None)
    return replace(told, address=address) if address else None


def _enclosed(part: Message) -> Headers | None:
    """The header of the mail that is complained about: RFC 5965, section 2, whole or its header alone."""
    match part.get_content_type():
        case "message/rfc822":
            return next(_blocks(part), None)
        case "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            return Headers(bounded.read(payload)) if isinstance(payload, bytes) else None
    return None


def _plain_bounce(headers: Headers, text: str, ref: str) -> Notice | None:
    words = text[:_EXPLAINED]
    if _TEMPORARY.search(headers.text("subject")) or (_TEMPORARY.search(words) and not status(words).startswith("5")):
        return None
    named = _FAILED_ADDRESS.search(words)
    address = email(headers.raw("x-failed-recipients").split(",")[0] or (named[1] if named else ""))
    lines = [one_line(line) for line in words.splitlines() if line.strip()]
    reason = next((line for line in lines if _REPLY_CODE.search(line) or is_gone("", line)), "")
    code = status(reason)
    return _failure(ref, address, code if code.startswith("5") else "", reason or one_line(words[:200]))
