"""What travels through the exchange, and the forms and JSON that Twilio writes it in. Pure.

https://www.twilio.com/docs/messaging/api/message-resource and
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

import phonenumbers

from simulator.twilio.segments import segments

API_VERSION = "2010-04-01"
WHATSAPP = "whatsapp:"
"""Before every number that WhatsApp is meant by."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """A picture or another file of an MMS."""

    type: str
    """MIME type."""
    data: bytes = b""
    url: str = ""
    """Where an outgoing file lies; the content of an incoming one is in `data`."""
    sid: str = field(default_factory=lambda: new_sid("ME"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One SMS or MMS."""

    sid: str
    account: str
    direction: str
    """"inbound", "outbound-api", or "outbound-reply" for what the exchange says by itself (STOP, HELP)."""
    sender: str
    to: str
    body: str
    media: tuple[Media, ...] = ()
    status: str = "queued"
    service: str = ""
    """The messaging service that it was sent through."""
    template: str = ""
    """The ContentSid that it was made from; `body` has its text then."""
    callback: str = ""
    error: int | None = None
    error_words: str = ""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def parts(self) -> int:
        """Billed segments; an MMS is one message."""
        return 1 if self.media or self.is_whatsapp else segments(self.body).count

    @property
    def is_whatsapp(self) -> bool:
        """As WhatsApp, not as SMS."""
        return self.to.startswith(WHATSAPP)


def new_sid(prefix: str) -> str:
    """A fresh id in Twilio's shape: two letters and 32 hex digits."""
    return prefix + secrets.token_hex(16)


def number(text: str) -> str | None:
    """The number as E.164, or None; the signs that people group digits by are dropped, as Twilio does.

    With "whatsapp:" before it where that was there.
    """
    prefix = WHATSAPP if text.startswith(WHATSAPP) else ""
    bare = re.sub(r"[\s().-]", "", text.removeprefix(WHATSAPP))
    return prefix + bare if _E164.fullmatch(bare) else None


def is_landline(e164: str) -> bool:
    """Whether the numbering plan says that no SMS can arrive there."""
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(e164))
    except phonenumbers.NumberParseException:
        return False
    return kind == phonenumbers.PhoneNumberType.FIXED_LINE


def country(e164: str) -> str:
    """ISO 3166-1 alpha-2 of the number, or an empty text."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(e164)) or ""
    except phonenumbers.NumberParseException:
        return ""


def resource(message: Message) -> dict[str, object]:
    """The message as the REST API answers it."""
    uri = f"/{API_VERSION}/Accounts/{message.account}/Messages/{message.sid}"
    sent = message.status in {"sent", "delivered", "read", "undelivered", "received"}
    return {
        "account_sid": message.account,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": format_datetime(message.created),
        "date_sent": format_datetime(message.updated) if sent else None,
        "date_updated": format_datetime(message.updated),
        "direction": message.direction,
        "error_code": message.error,
        "error_message": message.error_words or None,
        "from": message.sender or None,
        "messaging_service_sid": message.service or None,
        "num_media": str(len(message.media)),
        "num_segments": str(message.parts),
        "price": None,
        "price_unit": None,
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def receipt(message: Message) -> dict[str, str]:
    """The form that a status callback carries."""
    form = {
        "AccountSid": message.account,
        "ApiVersion": API_VERSION,
        "From": message.sender,
        "MessageSid": message.sid,
        "MessageStatus": message.status,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
    }
    if message.service:
        form["MessagingServiceSid"] = message.service
    if message.error:
        form["ErrorCode"] = str(message.error)
    return form


def arrival(message: Message, api_url: str, name: str = "") -> dict[str, str]:
    """The form that an incoming message's webhook carries.

    `api_url` is the base of the media's addresses, `name` what the sender calls himself, which WhatsApp tells.
    """
    form = {
        "AccountSid": message.account,
        "ApiVersion": API_VERSION,
        "Body": message.body,
        "From": message.sender,
        "MessageSid": message.sid,
        "NumMedia": str(len(message.media)),
        "NumSegments": str(message.parts),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": message.to,
    }
    if message.is_whatsapp:
        form |= {"ProfileName": name, "WaId": message.sender.removeprefix(f"{WHATSAPP}+")}
    for side, e164 in () if message.is_whatsapp else (("From", message.sender), ("To", message.to)):
        form |= {f"{side}Country": country(e164), f"{side}State": "", f"{side}City": "", f"{side}Zip": ""}
    for index, media in enumerate(message.media):
        form[f"MediaUrl{index}"] = f"{api_url}{media_path(message, media)}"
        form[f"MediaContentType{index}"] = media.type
    return form


def media_path(message: Message, media: Media) -> str:
    """Where the API serves an incoming file."""
    return f"/{API_VERSION}/Accounts/{message.account}/Messages/{message.sid}/Media/{media.sid}"
