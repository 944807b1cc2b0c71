"""Twilio's webhooks -> `Inbound` and `Report`. Pure.

https://www.twilio.com/docs/messaging/guides/webhook-request
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from channels.sms.codes import UNREACHABLE, reason
from domain import addresses
from domain.messages import Address, ChannelName, File, Inbound, Report, ReportKind

Form = Mapping[str, str]
MOST_MEDIA = 10
"""Twilio's limit for one message."""

_STATES = {
    "sent": ReportKind.SENT,
    "delivered": ReportKind.DELIVERED,
    "read": ReportKind.READ,
    "failed": ReportKind.FAILED,
    "undelivered": ReportKind.FAILED,
    "canceled": ReportKind.FAILED,
}
"""The others (accepted, scheduled, queued, sending) say nothing new."""
_OPT_OUTS = {"STOP": ReportKind.STOPPED, "START": ReportKind.RESUMED}


class Malformed(Exception):
    """Signed by Twilio and yet without what every such call has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """A file of an MMS that is still at Twilio."""

    url: str
    type: str


def message(form: Form, channel: ChannelName, country: str, now: datetime) -> Inbound:
    """The incoming message, its files still missing (see `media`). Raises Malformed without a MessageSid."""
    sid = _sid(form)
    address = sender(form, country)
    return Inbound(
        channel=channel,
        external_id=sid,
        addresses=(address,) if address else (),
        received_at=now,
        text=form.get("Body", "").replace("\x00", ""),
        name=form.get("ProfileName", ""),  # WhatsApp only
        ref=sid,
        refers_to=(form["OriginalRepliedMessageSid"],) if form.get("OriginalRepliedMessageSid") else (),
        thread=address.value if address else None,
        raw=None if address else _raw(form),
        unreadable="" if address else f"the sender {form.get('From', '')[:40]!r} is not a phone number",
    )


def sender(form: Form, country: str) -> Address | None:
    """Whose phone it came from: the network vouches for it. None for names and short codes."""
    return addresses.phone(_bare(form.get("From", "")), country, proved=True)


def media(form: Form) -> list[Media]:
    """The files of an MMS, as `MediaUrl0` and on, at most ten."""
    count = form.get("NumMedia", "0")
    number = min(int(count), MOST_MEDIA) if count.isascii() and count.isdigit() and len(count) < 5 else 0
    return [
        Media(url=form[f"MediaUrl{index}"], type=form.get(f"MediaContentType{index}", "application/octet-stream"))
        for index in range(number)
        if form.get(f"MediaUrl{index}")
    ]


def opt_out(form: Form, channel: ChannelName, country: str, now: datetime) -> Report | None:
    """Twilio itself took the message for STOP or START and acts on it (Advanced Opt-Out); None otherwise."""
    kind = _OPT_OUTS.get(form.get("OptOutType", "").upper())
    address = sender(form, country)
    if kind is None or address is None:
        return None
    words = f"answered {form.get('Body', '').strip()[:20] or form['OptOutType']}"
    return Report(channel=channel, external_id="", kind=kind, at=now, address=address, reason=words)


def status(form: Form, channel: ChannelName, country: str, now: datetime) -> list[Report]:
    """What became of a message: nothing new, one report, or two when its address has to be stopped as well.

    Raises Malformed without a MessageSid.
    """
    sid = _sid(form)
    kind = _STATES.get((form.get("MessageStatus") or form.get("SmsStatus", "")).lower())
    if kind is None:
        return []
    address = addresses.phone(_bare(form.get("To", "")), country, proved=True)
    code = _code(form)
    why = f"{reason(code, form.get('ErrorMessage', ''))} ({code})" if code else ""
    if kind is ReportKind.FAILED:
        why = why or reason(30008)
    first = Report(channel=channel, external_id=sid, kind=kind, at=now, address=address, reason=why)
    if kind is not ReportKind.FAILED or code not in UNREACHABLE or address is None:
        return [first]
    stop = Report(channel=channel, external_id="", kind=ReportKind.STOPPED, at=now, address=address, reason=why)
    return [first, stop]


def _sid(form: Form) -> str:
    sid = form.get("MessageSid") or form.get("SmsMessageSid") or form.get("SmsSid", "")
    if not sid or len(sid) > 64:
        raise Malformed("no MessageSid")
    return sid


def _code(form: Form) -> int:
    code = form.get("ErrorCode", "")
    return int(code) if code.isascii() and code.isdigit() and len(code) < 7 else 0


def _bare(number: str) -> str:
    return number.removeprefix("whatsapp:")


def _raw(form: Form) -> File:
    data = urlencode(form).encode()
    return File(name="message.txt", type="application/x-www-form-urlencoded", size=len(data), data=data)
