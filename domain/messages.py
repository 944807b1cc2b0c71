"""The values that travel between the rooms: frozen, keyword-only, times aware and in UTC.

A message comes in as `Inbound`, what became of something we sent comes in as `Report`, what we send goes
out as `Outbound`, and `Sent` is what the provider said of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, NewType

from domain.templates import Template

ChannelName = NewType("ChannelName", str)
"""One configured account: "sales-inbox", "main-bot". Many instances per kind."""


class AddressKind(StrEnum):
    """What kind of name a person is reached by. The value stands in the database."""

    EMAIL = "email"
    PHONE = "phone"
    TELEGRAM = "telegram"
    VK = "vk"
    EXTERNAL = "external"  # another system's id of the person: "amocrm:1234"
    UNREADABLE = "unreadable"  # nobody knows who wrote it: the value is the message itself


class Proof(StrEnum):
    """How far an address is proved to be its sender's. The value stands in the database."""

    CHANNEL = "channel"  # the channel itself vouches for it: the Telegram account, the number that an SMS came from
    DMARC = "dmarc"  # the trusted receiver says so (RFC 8601): the From domain's policy passed
    DKIM = "dkim"  # the same: signed by the From domain
    SPF = "spf"  # the same: sent by a host of the From domain
    SHARED = "shared"  # a Telegram user shared his own contact
    LINK = "link"  # opened a link that only that address was sent
    ANSWERED = "answered"  # answered a letter that only that address got
    TYPED = "typed"  # typed into a form, or a From that nobody vouches for: proves nothing
    IMPORTED = "import"  # stood in a file: proves nothing
    STAFF = "staff"  # written down by one of us: proves nothing


_PROOFS = frozenset(proof.value for proof in Proof)


class Automatic(StrEnum):
    """Why a message was not written by a person. Such a message opens no lead and gets no answer."""

    REPLY = "auto-reply"  # RFC 3834, section 5: Auto-Submitted other than "no"; out-of-office notes
    BULK = "bulk"  # Precedence: bulk, junk, list (RFC 2076, section 3.9)
    LIST = "list"  # List-Id or List-Unsubscribe (RFC 2919, RFC 2369)
    BOUNCE = "bounce"  # empty return path or multipart/report (RFC 3464)
    OWN = "own"  # it carries one of our own Message-IDs: a loop


class DeliveryState(StrEnum):
    """Where a delivery stands. The order of the first five is the way that a good one goes."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"  # it may or may not have gone out: a person decides
    SKIPPED = "skipped"  # never offered to the provider; the reason says why


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """One way to reach a person, in its normal form (`domain.addresses`)."""

    kind: AddressKind
    value: str
    proved: bool = False
    """True when somebody vouches for it; a value typed into a form is only claimed."""
    proof: str = ""
    """A `Proof`, where it is not the usual one of `how`. As text: a newer publisher on the bus may know others."""

    @property
    def how(self) -> Proof:
        """How it was proved, or where it was only claimed."""
        if self.proof in _PROOFS:
            return Proof(self.proof)
        return Proof.CHANNEL if self.proved else Proof.TYPED


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """An attachment, a photo, a raw mail: content on its way to the file store, afterwards a reference to it."""

    name: str
    """What a person sees. Never used as a path."""
    type: str
    """MIME type. What the sender claimed, until `accept` has looked at the content."""
    size: int
    """Bytes."""
    key: str = ""
    """SHA-256 of the content in hex, once it is stored."""
    data: bytes = b""
    """The content until it is stored; empty afterwards and never on the bus."""
    content_id: str = ""
    """Content-ID without angle brackets when a mail's HTML shows it inline (RFC 2392)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where a request came from, as far as the channel knows."""

    page: str = ""
    referrer: str = ""
    form: str = ""
    campaign: str = ""
    """The payload of a Telegram deep link (`/start PAYLOAD`)."""
    utm: Mapping[str, str] = field(default_factory=dict)
    """"source", "medium", "campaign", "term", "content" without the prefix."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticked:
    """A box beside which stood that somebody wants to be written to."""

    purpose: str
    """"marketing", or a topic; "service": that his data may be used to answer him."""
    text: str
    """What stood there, word for word."""
    version: str = ""
    """Of the text, as its author counts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inbound:
    """One message of one person. (`channel`, `external_id`) is the idempotency key."""

    channel: ChannelName
    external_id: str
    addresses: tuple[Address, ...]
    """The sender's, the one that he wrote from first. Empty only when the message is unreadable."""
    received_at: datetime
    text: str = ""
    html: str | None = None
    """As it came: not sanitised."""
    subject: str | None = None
    name: str = ""
    """What the sender calls himself."""
    language: str | None = None
    """"en", "ru", as the channel says; None when it does not say."""
    ref: str = ""
    """This message's id in the words that later messages refer to it by (a Message-ID, "chat:message")."""
    refers_to: tuple[str, ...] = ()
    """Refs of the messages that this one answers, the nearest first."""
    thread: str | None = None
    """The conversation in the channel's own terms (a chat id); None where the refs make the thread (e-mail)."""
    chat: str = ""
    """Where to answer when that is not the sender's address: a group chat's id."""
    button: str | None = None
    """The data of the button that was pressed; the message that carried it is in `refers_to`."""
    button_id: str = ""
    """The provider's id of the press, by which it is answered."""
    files: tuple[File, ...] = ()
    raw: File | None = None
    """The message as it came over the wire."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """A form's fields by name; a shared contact or location in Telegram."""
    consents: tuple[str, ...] = ()
    """The texts that the sender ticked, word for word."""
    ticked: tuple[Ticked, ...] = ()
    """The same texts with what they are about."""
    source: Source = Source()
    automatic: Automatic | None = None
    link: str = ""
    """The digest (`domain.links`) of the token by which whoever sent this can follow it. Never the token itself."""
    unreadable: str = ""
    """Why nobody could parse it; then `raw` is there and a person will look."""

    def __post_init__(self) -> None:
        require_aware(self.received_at)


class ReportKind(StrEnum):
    """What became of something that we sent."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    STOPPED = "stopped"  # the address wants or takes nothing any more: blocked bot, hard bounce, STOP
    RESUMED = "resumed"  # the address takes messages again: unblocked bot, START


COMPLAINT = "marked as spam by the recipient"
"""The reason of a STOPPED report that is a complaint (RFC 5965): who complains wants no mailing, and said so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a provider says about an earlier delivery, or about an address."""

    channel: ChannelName
    external_id: str
    """The id that `Sent` gave. Empty when the report is about the address alone."""
    kind: ReportKind
    at: datetime
    address: Address | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        require_aware(self.at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """A button under a chat message. `data` is at most 64 bytes (Bot API, InlineKeyboardButton)."""

    text: str
    data: str = ""
    url: str = ""


class Woven(NamedTuple):
    """A text of a mailing, in pieces: what is the same for all its recipients can be encoded once for all of them."""

    shared: tuple[str, ...]
    """The same object for each of them; one piece more than of `own`, the first and the last may be empty."""
    own: tuple[str, ...]
    """What stands between these for one recipient."""

    def __str__(self) -> str:
        out = [""] * (len(self.shared) + len(self.own))
        out[::2], out[1::2] = self.shared, self.own
        return "".join(out)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outbound:
    """One rendered message to one address."""

    delivery: str
    """The delivery's id: the provider's idempotency key where it has one, part of the Message-ID in mail."""
    to: str
    text: str = ""
    html: str | None = None
    """Trusted markup in the channel's dialect: Telegram's HTML subset for chats, full HTML for mail."""
    woven: Woven | None = None
    """The same markup in pieces, of a mailing."""
    subject: str | None = None
    reply_to: tuple[str, ...] = ()
    """Refs of the conversation, the message that this one answers first."""
    buttons: tuple[tuple[Button, ...], ...] = ()
    edits: str = ""
    """The external id of the message to edit in place; a new message when empty."""
    answers: str = ""
    """The id of the button press to answer with `text` as a short notice; no message is sent."""
    files: tuple[File, ...] = ()
    """With their content."""
    automatic: bool = False
    """Written by the machine: mail says so, so that machines do not answer (RFC 3834)."""
    unsubscribe: str = ""
    """The URL that ends a mailing for this recipient: https, by one POST and without a question (RFC 8058)."""
    unsubscribe_mail: str = ""
    """The address that does the same (RFC 2369), maybe with a subject: "leave@example.com?subject=abc"."""
    list_id: str = ""
    """The mailing's name among all of the world (RFC 2919): "news.example.com"."""
    template: Template | None = None
    """Sent in place of the text, where not everybody may be sent any text."""
    photo: str = ""
    """The URL of a picture above the text, in chats: the provider fetches it."""
    feedback: str = ""
    """Feedback-ID, by which large providers count complaints: "campaign:customer:type:sender"."""

    @property
    def is_mailing(self) -> bool:
        """One of many: it says how to leave, and lets single letters go first."""
        return bool(self.unsubscribe or self.unsubscribe_mail or self.list_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """The provider took it."""

    external_id: str
    """By which reports and replies will name it; the first one where a long text went out in parts."""
    others: tuple[str, ...] = ()
    """The external ids of the further parts."""


def require_aware(at: datetime) -> None:
    """Raise ValueError for a time without a zone: such a time is a bug, not a time."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; Leadwire's times are aware and in UTC")


def utcnow() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)
