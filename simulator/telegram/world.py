"""`World`: an in-memory Telegram, seen from the people's side. The Bot API in front of it is `telegram_app(world)`.

    world = World()
    bot = world.add_bot("100200:secret", "acme_bot")
    anna = world.add_user("Anna", "Petrova", language_code="ru")
    chat = world.open_chat(anna, bot)
    world.say(chat, anna, "/start from-site")      # the bot gets an update
    world.messages(chat)                           # what Anna sees, the bot's answers included

Everything is synchronous and lives on one event loop; what changed is told by `subscribe()`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from weakref import WeakSet

from simulator.telegram import wire
from simulator.telegram.changes import Subscription
from simulator.telegram.entities import find_entities
from simulator.telegram.errors import ApiError
from simulator.telegram.files import Files
from simulator.telegram.inbox import Inbox
from simulator.telegram.limits import Limits
from simulator.telegram.model import (
    Bot,
    Change,
    ChangeKind,
    Chat,
    Contact,
    Content,
    Keyboard,
    Location,
    Media,
    MediaKind,
    Message,
    Press,
    Upload,
    User,
    Violation,
)

FIRST_USER = 7_000_000_001  # beyond 32 bits, as today's new accounts are
FIRST_GROUP = -1_002_000_000_001
FIRST_UPDATE = 500_001


def utcnow() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


class World:
    """Bots, people, chats, messages and files. `limits` switches Telegram's rate limits; `clock` tells the time."""

    def __init__(self, *, limits: bool = True, clock: Callable[[], datetime] = utcnow) -> None:
        self.clock = clock
        self.bots: dict[str, Bot] = {}
        """By token."""
        self.users: dict[int, User] = {}
        self.chats: dict[str, Chat] = {}
        """By `Chat.key`."""
        self.presses: dict[str, Press] = {}
        self.files = Files()
        self.limits = Limits(enabled=limits, clock=clock)
        self.violations: list[Violation] = []
        """Requests that did not fit the Bot API's schema; a test asserts that there were none."""
        self.faults: deque[tuple[str, ApiError]] = deque()
        self._subscribers: WeakSet[Subscription] = WeakSet()

    # Who is there

    def add_bot(self, token: str, username: str, *, name: str = "", privacy: bool = True) -> Bot:
        """A new bot. `token` is "digits:secret", the digits are its id. Raises ValueError for another shape."""
        number, _, secret = token.partition(":")
        if not number.isdecimal() or not secret:
            raise ValueError('a bot token looks like "123456:secret"')
        user = User(id=int(number), first_name=name or username, username=username, is_bot=True)
        bot = Bot(token=token, user=user, privacy=privacy, inbox=Inbox(FIRST_UPDATE))
        self.bots[token] = bot
        return bot

    def add_user(self, first_name: str, last_name: str = "", *, username: str = "", language_code: str = "en") -> User:
        """A new person with the next id."""
        user = User(
            id=FIRST_USER + len(self.users),
            first_name=first_name,
            last_name=last_name,
            username=username,
            language_code=language_code,
        )
        self.users[user.id] = user
        return user

    def open_chat(self, user: User, bot: Bot) -> Chat:
        """The private chat of these two, opened if it was not: from then on the bot may write there."""
        key = f"{user.id}-{bot.id}"
        if key not in self.chats:
            self.chats[key] = Chat(
                key=key, id=user.id, type="private", title=bot.user.name, members={user.id: user}, bots={bot.id: bot}
            )
            self.changed(self.chats[key], "chat")
        return self.chats[key]

    def add_group(self, title: str, members: list[User], bots: list[Bot]) -> Chat:
        """A new group; each bot learns of it by `my_chat_member`."""
        number = FIRST_GROUP - sum(chat.type == "supergroup" for chat in self.chats.values())
        people = {user.id: user for user in members}
        chat = Chat(key=str(number), id=number, type="supergroup", title=title, members=people, bots={})
        self.chats[chat.key] = chat
        for bot in bots:
            self.invite(chat, members[0] if members else bot.user, bot)
        return chat

    def invite(self, chat: Chat, user: User, bot: Bot) -> None:
        """`user` adds the bot to a group."""
        chat.bots[bot.id] = bot
        self._membership(chat, user, bot, "left", "member")

    def expel(self, chat: Chat, user: User, bot: Bot) -> None:
        """`user` removes the bot from a group: what it sends there is refused with 403."""
        chat.bots.pop(bot.id, None)
        self._membership(chat, user, bot, "member", "kicked")

    def block(self, user: User, bot: Bot) -> None:
        """The person stops the bot: what it sends him is refused with 403."""
        self._set_blocked(user, bot, True)

    def unblock(self, user: User, bot: Bot) -> None:
        """The person lets the bot write again."""
        self._set_blocked(user, bot, False)

    def _set_blocked(self, user: User, bot: Bot, blocked: bool) -> None:
        chat = self.open_chat(user, bot)
        if chat.blocked is blocked:
            return
        chat.blocked = blocked
        before, after = ("member", "kicked") if blocked else ("kicked", "member")
        self._membership(chat, user, bot, before, after)

    def _membership(self, chat: Chat, user: User, bot: Bot, before: str, after: str) -> None:
        update = wire.membership(chat, user, bot, before=before, after=after, at=self.clock())
        bot.inbox.put("my_chat_member", update)
        self.changed(chat, "member")

    # What people do

    def say(
        self,
        chat: Chat,
        user: User,
        text: str = "",
        *,
        reply_to: int | None = None,
        photo: Upload | None = None,
        document: Upload | None = None,
        voice: Upload | None = None,
        contact: Contact | None = None,
        location: Location | None = None,
        album: str = "",
        edit: int | None = None,
    ) -> Message:
        """The person writes: `text` is the caption when there is a file. Commands, links and the like become entities.

        `reply_to`: the id of a message of this chat. `album`: the same word joins several photos or documents.
        `edit`: the id of an own earlier message whose text is replaced. Raises ValueError for what the app would
        not let a person do (a stranger's chat, a message that is not there, a blocked bot, an empty message).
        """
        self._may_act(chat, user)
        if edit is not None:
            return self._correct(chat, user, edit, text)
        media = self._media("photo", photo) or self._media("document", document) or self._media("voice", voice)
        content = Content(text=text, entities=find_entities(text), media=media, contact=contact, location=location)
        if content == Content():
            raise ValueError("an empty message cannot be sent")
        quoted = self.message(chat, reply_to) if reply_to is not None else None
        message = self.post(chat, user, content, reply_to=quoted, album=album)
        self._tell(message, "message")
        return message

    def press(self, chat: Chat, user: User, message_id: int, data: str) -> Press:
        """The person presses the button with this data. The bot's notice appears in the returned `Press`.

        Raises ValueError when the message has no such button now.
        """
        self._may_act(chat, user)
        message = self.message(chat, message_id)
        if not any(button.data == data for row in message.buttons for button in row):
            raise ValueError(f"message {message_id} has no button with {data!r}")
        bot = chat.bots.get(message.sender.id)
        if bot is None:
            raise ValueError("the bot is not in this chat any more")
        number = str(4_000_000_000_000_000_001 + len(self.presses))
        press = Press(id=number, bot=bot, chat=chat, user=user, message_id=message_id, data=data, at=self.clock())
        self.presses[number] = press
        bot.inbox.put("callback_query", wire.callback_query(press, message))
        return press

    def messages(self, chat: Chat) -> list[Message]:
        """The chat as everybody in it sees it now, oldest first."""
        return list(chat.messages.values())

    def message(self, chat: Chat, message_id: int) -> Message:
        """One message. Raises ValueError when it is not there (any more)."""
        if message_id not in chat.messages:
            raise ValueError(f"there is no message {message_id} in this chat")
        return chat.messages[message_id]

    def subscribe(self) -> Subscription:
        """Changes from now on: `async for change in world.subscribe(): ...`; waits without end."""
        subscription = Subscription()
        self._subscribers.add(subscription)
        return subscription

    @property
    def watched(self) -> bool:
        """Whether anybody subscribes now."""
        return len(self._subscribers) > 0

    # What happens to messages, whoever does it

    def post(
        self,
        chat: Chat,
        sender: User,
        content: Content,
        *,
        reply_to: Message | None = None,
        buttons: Keyboard = (),
        album: str = "",
    ) -> Message:
        """A new message in the chat, with the chat's next id."""
        chat.last_id += 1
        message = Message(
            id=chat.last_id,
            chat=chat,
            sender=sender,
            date=self.clock(),
            content=content,
            reply_to=reply_to,
            buttons=buttons,
            album=album,
        )
        chat.messages[message.id] = message
        chat.action = ""
        self.changed(chat, "message")
        return message

    def revise(self, message: Message, content: Content, buttons: Keyboard, *, mark: bool = True) -> Message:
        """The message with other content. `mark`: the app shows "edited" (a new keyboard alone does not)."""
        edited_at = self.clock() if mark else message.edited_at
        revised = replace(message, content=content, buttons=buttons, edited_at=edited_at)
        message.chat.messages[message.id] = revised
        self.changed(message.chat, "edit")
        return revised

    def delete(self, message: Message) -> None:
        """Gone for everybody. Bots are not told, as in Telegram."""
        del message.chat.messages[message.id]
        self.changed(message.chat, "delete")

    def changed(self, chat: Chat, kind: ChangeKind, press: Press | None = None) -> None:
        """Tell the subscribers."""
        for subscription in self._subscribers:
            subscription.put(Change(chat=chat, kind=kind, press=press))

    # For tests

    def fail(self, method: str, error: ApiError, times: int = 1) -> None:
        """The next `times` calls of this Bot API method are refused with `error` (a 500, a 502, a long 429)."""
        self.faults.extend([(method.lower(), error)] * times)

    def _may_act(self, chat: Chat, user: User) -> None:
        if user.id not in chat.members:
            raise ValueError(f"{user.name} is not in this chat")
        if chat.blocked:
            raise ValueError("the bot is blocked: unblock it first")

    def _correct(self, chat: Chat, user: User, message_id: int, text: str) -> Message:
        message = self.message(chat, message_id)
        if message.sender != user:
            raise ValueError("only an own message can be edited")
        revised = self.revise(message, replace(message.content, text=text, entities=find_entities(text)), ())
        self._tell(revised, "edited_message")
        return revised

    def _media(self, kind: MediaKind, upload: Upload | None) -> Media | None:
        return self.files.media(kind, upload) if upload else None

    def _tell(self, message: Message, kind: str) -> None:
        for bot in message.chat.bots.values():
            if bot.sees(message):
                bot.inbox.put(kind, wire.message(message))
