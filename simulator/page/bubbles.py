"""Messages of both kinds as bubbles of a phone. Pure: reads the worlds, changes nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote as percent

from markupsafe import Markup, escape

from simulator.page.scene import Scene
from simulator.telegram import Button, Chat, Message, Press, User
from simulator.twilio.messages import Message as Sms

TOAST = timedelta(seconds=8)
"""How long after the press a notice is still worth showing."""
_START = re.compile(r"/start [\w-]{1,64}$")
"""What a deep link says on behalf of whoever opens it."""
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A button under a message: it calls back with `data`, opens `url`, or starts the bot with `start`."""

    text: str
    data: str = ""
    url: str = ""
    start: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A file in a bubble. `kind` is "photo", "voice" or "document"."""

    kind: str
    url: str
    name: str
    size: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """What a message answers."""

    author: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bubble:
    """One message as the owner of the phone sees it."""

    id: str
    """Of the element, unique within its chat."""
    mine: bool
    at: datetime
    html: Markup
    number: int = 0
    """Telegram's message id, by which it can be answered; 0 where nothing can be answered."""
    author: str = ""
    """Shown in groups."""
    tone: int = 0
    """The author's colour, 0 to 5."""
    state: str = ""
    """Of an own message: "sent", "read" or "failed"."""
    problem: str = ""
    edited: bool = False
    quote: Quote | None = None
    items: tuple[Item, ...] = ()
    extra: str = ""
    """A shared contact or place, in words."""
    keys: tuple[tuple[Key, ...], ...] = ()


def telegram(scene: Scene, chat: Chat, owner: User) -> list[Bubble]:
    """The chat on the owner's phone, the oldest first."""
    unread = _unread(scene, chat)
    return [_bubble(scene, message, owner, message.id in unread) for message in scene.world.messages(chat)]


def _unread(scene: Scene, chat: Chat) -> set[int]:
    """Messages of people that still wait for the bot, by the number of its unconfirmed updates."""
    waiting = len(scene.bot.inbox)
    written = [message.id for message in scene.world.messages(chat) if not message.sender.is_bot]
    return set(written[-waiting:]) if waiting else set()


def _bubble(scene: Scene, message: Message, owner: User, unread: bool) -> Bubble:
    mine = message.sender == owner
    return Bubble(
        id=f"m{message.id}",
        number=message.id,
        mine=mine,
        at=message.date,
        html=_words(message),
        author="" if mine or message.chat.type == "private" else message.sender.name,
        tone=message.sender.id % 6,
        state=("sent" if unread else "read") if mine else "",
        edited=message.edited_at is not None,
        quote=_quote(message.reply_to) if message.reply_to else None,
        items=_items(message),
        extra=_extra(message),
        keys=tuple(tuple(_key(scene, button) for button in row) for row in message.buttons),
    )


def _words(message: Message) -> Markup:
    """As Telegram's apps show it: the token of a deep link is not seen, a quotation ends its line by itself."""
    if not message.sender.is_bot and _START.match(message.text):
        return Markup("/start")
    return Markup(message.html.replace("</blockquote>\n", "</blockquote>"))  # noqa: S704 - escaped by simulator.telegram


def _quote(message: Message) -> Quote:
    return Quote(author=message.sender.name, text=summary(message))


def summary(message: Message) -> str:
    """One line that stands for a message where it is quoted."""
    if message.text:
        return "/start" if _START.match(message.text) else message.text.splitlines()[0][:120]
    media = message.content.media
    return media.file.name if media else _extra(message)


def _items(message: Message) -> tuple[Item, ...]:
    media = message.content.media
    if media is None:
        return ()
    file = media.file
    url = f"/file/{percent(file.id, safe='')}"
    return (Item(kind=media.kind, url=url, name=file.name, size=file.size, width=file.width, height=file.height),)


def _extra(message: Message) -> str:
    content = message.content
    if content.contact:
        contact = content.contact
        return f"{contact.first_name} {contact.last_name}".strip() + f", {contact.phone_number}"
    return f"{content.location.latitude:.5f}, {content.location.longitude:.5f}" if content.location else ""


def _key(scene: Scene, button: Button) -> Key:
    """A deep link into our own bot is played here; the real Telegram knows nothing of it."""
    start = re.fullmatch(
        rf"(?:https?://t\.me/|tg://resolve\?domain=){re.escape(scene.bot.user.username)}[?&]start=([\w-]{{1,64}})",
        button.url,
    )
    url = button.url if button.url.startswith(("https://", "http://")) else ""
    return Key(text=button.text, data=button.data, url=url, start=start[1] if start else "")


def sms(scene: Scene, phone: str) -> list[Bubble]:
    """The talk of one handset with the shop, the oldest first."""
    return [_sms(message, phone) for message in scene.exchange.messages(phone)]


def _sms(message: Sms, phone: str) -> Bubble:
    mine = message.sender == phone
    items = [
        Item(
            kind="photo" if mine and media.type.startswith("image/") else "document",
            url=media.url if media.url else f"/mms/{media.sid}",
            name=media.url.rpartition("/")[2] if media.url else media.type,
            size=len(media.data),
        )
        for media in message.media
    ]
    return Bubble(
        id=message.sid,
        mine=mine,
        at=message.created,
        html=linked(message.body),
        state=("failed" if message.error else "read") if mine else "",
        problem=f"{message.error} {message.error_words}".strip() if mine and message.error else "",
        items=tuple(items),
    )


def linked(text: str) -> Markup:
    """Plain text with its web addresses made into links that open beside the page."""
    out, position = Markup(), 0
    for found in _LINK.finditer(text):
        anchor = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>').format(found[0])
        out += escape(text[position : found.start()]) + anchor
        position = found.end()
    return out + escape(text[position:])


def toast(scene: Scene, chat: Chat, owner: User) -> Press | None:
    """The notice that answered the owner's last press in this chat, while it is fresh."""
    presses: Sequence[Press] = [p for p in scene.world.presses.values() if p.chat is chat and p.user == owner]
    last = presses[-1] if presses else None
    fresh = last is not None and scene.world.clock() - last.at < TOAST
    return last if fresh and last is not None and last.answer else None
