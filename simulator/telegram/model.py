"""The things of the simulated Telegram: who talks, where, and what a message is made of.

Values are frozen; a `Bot`, a `Chat` and a `Press` are places where something changes. Offsets of entities are
Python string indexes here and become UTF-16 code units only on the wire (Bot API, MessageEntity).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from simulator.telegram.entities import Entity, render_html
from simulator.telegram.inbox import Inbox

MediaKind = Literal["photo", "document", "voice"]
ChangeKind = Literal["chat", "message", "edit", "delete", "answer", "action", "member"]


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A person, or the face of a bot."""

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    """Without the "@"."""
    language_code: str = ""
    """IETF tag, "ru"; empty when the app does not say."""
    is_bot: bool = False

    @property
    def name(self) -> str:
        """What a chat's title shows."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A file that somebody sends: photo, document or voice note."""

    data: bytes = field(repr=False)
    name: str = "file"
    type: str = "application/octet-stream"
    """MIME type."""
    duration: int = 0
    """Seconds, of a voice note."""


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file as Telegram's servers keep it."""

    id: str
    unique_id: str
    path: str
    """What getFile answers; downloads are at `/file/bot{token}/{path}`."""
    data: bytes = field(repr=False)
    name: str
    type: str
    width: int = 0
    height: int = 0
    """Pixels, of a photo."""
    duration: int = 0

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """A photo, a document or a voice note inside a message."""

    kind: MediaKind
    file: File
    preview: File | None = None
    """The small size that Telegram lists before a photo's full one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """A shared contact. `user_id` is the person's own id when he shared himself."""

    phone_number: str
    first_name: str
    last_name: str = ""
    user_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """A shared point, in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """A button under a message. `data` comes back by `World.press`; a `url` just opens."""

    text: str
    data: str = ""
    url: str = ""
    wire: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The InlineKeyboardButton as the bot wrote it."""


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyKey:
    """A key of the keyboard that stands in place of the letters (Bot API, KeyboardButton)."""

    text: str
    request_contact: bool = False
    request_location: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a message says. `text` is the caption when there is media."""

    text: str = ""
    entities: tuple[Entity, ...] = ()
    media: Media | None = None
    contact: Contact | None = None
    location: Location | None = None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Message:
    """One message of a chat, as everybody in it sees it now."""

    id: int
    """Unique within its chat only."""
    chat: Chat = field(repr=False)
    sender: User
    date: datetime
    content: Content
    reply_to: Message | None = field(default=None, repr=False)
    """The quoted message, as it was when it was quoted."""
    buttons: Keyboard = ()
    edited_at: datetime | None = None
    album: str = ""
    """The media_group_id that joins the photos of one album."""

    @property
    def text(self) -> str:
        """Text or caption, without markup."""
        return self.content.text

    @property
    def html(self) -> str:
        """Text or caption as HTML that is safe inside a page; line breaks stay "\\n" (show with `pre-wrap`)."""
        return render_html(self.content.text, self.content.entities)


@dataclass(kw_only=True, slots=True, eq=False)
class Chat:
    """A private talk of one person with one bot, or a group."""

    key: str
    """Unique in the world: two private chats of one person with two bots have the same `id` but not the same key."""
    id: int
    """What the Bot API calls it: the person's own id in private, a negative number for a group."""
    type: Literal["private", "supergroup"]
    title: str
    members: dict[int, User]
    bots: dict[int, Bot] = field(repr=False)
    messages: dict[int, Message] = field(default_factory=dict, repr=False)
    last_id: int = 0
    blocked: bool = False
    """The person stopped the bot of this private chat."""
    action: str = ""
    """What the bot says it is doing ("typing"), until its next message."""
    keyboard: tuple[tuple[ReplyKey, ...], ...] = ()


@dataclass(kw_only=True, slots=True, eq=False)
class Bot:
    """A bot's account."""

    token: str = field(repr=False)
    user: User
    privacy: bool = True
    """In groups it sees only commands and answers to itself (Bot API, privacy mode); the default of a new bot."""
    inbox: Inbox = field(repr=False)
    commands: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What setMyCommands said, by scope and language."""

    @property
    def id(self) -> int:
        """The number before the colon of the token."""
        return self.user.id

    def sees(self, message: Message) -> bool:
        """Whether privacy mode lets it see: https://core.telegram.org/bots/features#privacy-mode."""
        if message.chat.type == "private" or not self.privacy:
            return True
        if message.reply_to is not None and message.reply_to.sender.id == self.id:
            return True
        commands = (message.text[e.start : e.end] for e in message.content.entities if e.kind == "bot_command")
        return any(command.partition("@")[2].lower() in ("", self.user.username.lower()) for command in commands)


@dataclass(kw_only=True, slots=True, eq=False)
class Press:
    """A person's finger on a button, and the notice that the bot answered with."""

    id: str
    bot: Bot = field(repr=False)
    chat: Chat = field(repr=False)
    user: User
    message_id: int
    data: str
    at: datetime
    answered: bool = False
    answer: str = ""
    """The toast's text; empty when the bot only stopped the spinner."""
    alert: bool = False
    """True when the answer is a window that must be closed, not a toast."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Change:
    """Something in a chat is not as it was. Read the chat again."""

    chat: Chat = field(repr=False)
    kind: ChangeKind
    press: Press | None = None
    """With "answer": whose press was answered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """A request that does not fit the Bot API's schema."""

    method: str
    parameter: str
    problem: str
