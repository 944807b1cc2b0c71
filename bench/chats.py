"""A mailing over Telegram, against the rate that a simulator of it allows and enforces."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.embedded import Embedded
from bench.report import ratio
from broadcasts import lifecycle
from broadcasts.accounts import Account
from broadcasts.conducting import Conductor
from broadcasts.lifecycle import Rules
from channels.telegram.settings import TelegramSettings
from channels.telegram.updates import TelegramPolling
from domain.ids import new_id
from domain.messages import ChannelName, Outbound, utcnow
from domain.ports import Host
from notifications.letters import House, compiler
from notifications.limits import Limits, Rates
from notifications.mailing import Mailings
from notifications.sender import SendLoop
from people import consent
from people.consent import Word
from simulator.stage import Stage
from store import contacts
from store.engine import Database
from store.migrations import upgrade

ALLOWED, SECONDS, RATE = 30, 20, 29.3
BOT = ChannelName("bot")
ACCOUNTS = {"bot": Account(name="bot", kind="telegram")}
CONTENT = {"blocks": [{"type": "text", "text": "Apples are **ripe**, {{ name | default('friend') }}."}]}


async def main() -> None:
    """With the account's own limits, which are shared by all processes in Redis."""
    with tempfile.TemporaryDirectory() as folder:
        async with Embedded(Path(folder)) as servers, Stage() as stage:
            await upgrade(servers.database_url)
            database = Database(servers.database_url)
            await _people(database, stage, ALLOWED * SECONDS)
            await _broadcast(database)
            async with _sending(database, stage, servers.redis_url):
                rate = await _rate(database)
            refused = stage.world.limits.refused
            await database.aclose()
    ratio("messages a second against what Telegram allows", rate, ALLOWED, least=0.97)
    ratio("refusals (429) against messages", refused, ALLOWED * SECONDS, most=0)


async def _people(database: Database, stage: Stage, count: int) -> None:
    now, cards = utcnow(), [new_id() for _ in range(count)]
    rows = []
    for n, card in enumerate(cards):
        user = stage.world.add_user(f"Person {n}")
        stage.world.open_chat(user, stage.bot)
        rows.append((new_id(), "telegram", str(user.id), "", card, card, True, None, now))
    async with database.begin() as connection:
        await contacts.add(connection, [(card, now) for card in cards], rows)
        words = [Word(card=card, purpose="marketing", text="Send me news") for card in cards]
        await consent.grant(connection, words, source="bench")


async def _broadcast(database: Database) -> None:
    rules = Rules(accounts=ACCOUNTS)
    plan: dict[str, Any] = {"audience": {"all": []}, "steps": [{"channel": "bot"}], "quiet": None}
    async with database.begin() as connection:
        made = await lifecycle.create(connection, rules, name="Apples", plan=plan, content=CONTENT, actor="bench")
        await lifecycle.schedule(connection, rules, made.id, None, actor="bench")
    conductor = Conductor(database, ACCOUNTS)
    while await conductor.look():
        pass


@asynccontextmanager
async def _sending(database: Database, stage: Stage, redis_url: str) -> AsyncIterator[None]:
    settings = TelegramSettings.model_validate(
        {"kind": "telegram", "token": stage.token, "api_url": stage.telegram_api_url}
    )
    channel = TelegramPolling(BOT, settings, Host(cursors=_Nothing()))
    limits = Limits(redis_url, {BOT: Rates(per_second=RATE, per_address_per_second=1)})
    accounts = {BOT: ACCOUNTS["bot"]}
    mailings = Mailings(accounts, compiler(House(company="Orchard")), public_url="https://leads.test")
    loop = SendLoop(database=database, senders={BOT: channel}, renderer=_None(), limits=limits, mailings=mailings)
    task = asyncio.create_task(loop.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await limits.aclose()
        await channel.aclose()


async def _rate(database: Database) -> float:
    """Messages a second, from the first to the last."""
    while True:
        async with database.begin() as connection:
            first, last, count, left = (await connection.execute(_SENT)).one()
        if not left and count:
            return float((count - 1) / (last - first).total_seconds())
        await asyncio.sleep(0.2)


_SENT = text(
    """SELECT min(sent_at), max(sent_at), count(sent_at), count(*) FILTER (WHERE state IN ('pending', 'sending'))
       FROM deliveries WHERE broadcast_id IS NOT NULL"""
)


class _Nothing:
    async def load(self, channel: ChannelName, place: str) -> str | None:
        return None

    async def save(self, channel: ChannelName, place: str, value: str) -> None: ...


class _None:
    async def render(self, delivery: Any) -> Any:
        raise NotImplementedError

    async def with_files(self, message: Outbound, stored: Iterable[Mapping[str, Any]]) -> Outbound:
        return message
