"""The whole installation against its counterparts, for one test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import text

from app import wiring
from app.document import parse
from app.roles import run_all
from app.settings import Settings
from app.wiring import Installation
from domain.messages import utcnow
from simulator.stage import Stage
from simulator.telegram.model import Chat, Message
from store import staff
from store.engine import Away

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds: generous, for a machine that does other things too. Nobody waits that long when all is well."""


async def until(look: Callable[[], T | None], what: str, seconds: float = PATIENCE) -> T:
    """What `look` gives, as soon as that is truthy. Fails, naming `what`, when it never is."""

    async def looked() -> T | None:
        return look()

    return await eventually(looked, what, seconds)


async def eventually(look: Callable[[], Awaitable[T | None]], what: str, seconds: float = PATIENCE) -> T:
    """`until` for what must be asked."""
    deadline = time.monotonic() + seconds
    while not (found := await look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        await asyncio.sleep(0.03)
    return found


def simulated_mail(stage: Stage, folder: Path) -> dict[str, Any]:
    """The shop's mailbox in the simulator."""
    mail = stage.mail
    login = {"user": mail.address, "password": secret(folder, "mail", mail.password)}
    return {
        "kind": "email",
        "address": mail.address,
        "name": "Birch",
        "imap": {"host": mail.host, "port": mail.imap_port, "security": "none", **login},
        "smtp": {"host": mail.host, "port": mail.smtp_port, "security": "none"},
    }


def secret(folder: Path, name: str, value: str) -> str:
    """A reference to a secret that is kept in a file."""
    path = folder / f"{name}.secret"
    path.write_text(value)
    return f"file:{path}"


def document(stage: Stage, folder: Path, port: int, mail: dict[str, Any] | None = None) -> dict[str, Any]:
    """A configuration with every kind of channel."""
    return {
        "company": {"name": "Birch", "country": "RU", "timezone": "Europe/Moscow"},
        "server": {"port": port, "public_url": f"http://127.0.0.1:{port}"},
        "storage": {"data": str(folder)},
        "teams": {"sales": {"chat": {"channel": "bot", "chat": str(stage.team_chat)}}},
        "channels": {
            "bot": {
                "kind": "telegram",
                "token": secret(folder, "telegram", stage.token),
                "api_url": stage.telegram_api_url,
            },
            "inbox": mail or simulated_mail(stage, folder),
            "sms": {
                "kind": "sms",
                "account_sid": stage.account_sid,
                "auth_token": secret(folder, "twilio", stage.auth_token),
                "number": stage.number,
                "api_url": stage.twilio_api_url,
            },
            "site": {"kind": "form", "min_seconds": 0, "intake": {"answer_by": ["inbox", "sms"]}},
        },
    }


class Wire:
    """A running installation and the people around it."""

    def __init__(self, stage: Stage, built: Installation) -> None:
        self.stage = stage
        self.built = built
        self.url = built.settings.server.public_url

    async def hire(self, seller: int = 0) -> None:
        """Put a seller to work, the way he really comes: by his link."""
        person = self.stage.sellers[seller]
        async with self.built.database.begin() as connection:
            member = await staff.add(connection, person.name, "sales", "en", utcnow())
            link = await staff.issue_link(connection, member.id, utcnow(), timedelta(hours=1))
        self.stage.seller_opens(link, seller)
        await until(lambda: self.said(person.chat, "Welcome"), "the seller's welcome")

    def said(self, chat: Chat, part: str) -> Message | None:
        """The bot's last message in a chat that has this in it."""
        found = [m for m in self.stage.world.messages(chat) if m.sender.is_bot and part in m.text]
        return found[-1] if found else None

    async def card(self, part: str, seller: int = 0) -> Message:
        """The card with this on it, in the seller's chat."""
        chat = self.stage.sellers[seller].chat
        return await until(lambda: self._card(chat, part), f"a card with {part!r}")

    def _card(self, chat: Chat, part: str) -> Message | None:
        found = [m for m in self.stage.world.messages(chat) if m.buttons and part in m.text]
        return found[-1] if found else None

    def press(self, card: Message, label: str, seller: int = 0) -> None:
        """Press the button with this label."""
        buttons = [button for row in card.buttons for button in row]
        data = next(b.data for b in buttons if label in b.text)
        person = self.stage.sellers[seller]
        self.stage.world.press(card.chat, person.user, card.id, data or "")

    def reply(self, to: Message, words: str, seller: int = 0, **more: Any) -> None:
        """The seller answers a message of the bot."""
        person = self.stage.sellers[seller]
        self.stage.world.say(to.chat, person.user, words, reply_to=to.id, **more)

    async def shown(self, card: Message, part: str) -> None:
        """Wait until the card was edited to say so."""
        world = self.stage.world
        await until(lambda: part in world.message(card.chat, card.id).text, f"{part!r} on the card")

    async def ask(self, sql: str, **values: Any) -> list[Any]:
        """Rows of the database, a single column unpacked."""
        while True:
            try:
                async with self.built.database.begin() as connection:
                    rows = (await connection.execute(text(sql), values)).all()
                break
            except Away:
                await asyncio.sleep(0.1)
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]


def settings_of(table: dict[str, Any]) -> Settings:
    """The document, checked as any other."""
    return parse(table)


async def started(built: Installation, roles: Sequence[str] = wiring.ROLES) -> asyncio.Task[None]:
    """Run the roles in the background; cancel the task to stop them."""
    await built.bus.start()
    stop = asyncio.Event()
    return asyncio.create_task(run_all(built.jobs(roles), stop))
