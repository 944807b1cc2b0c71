"""Customer to card: from the customer's message to the card in a seller's chat, at twenty messages a second."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2

from app.demo import configure
from app.embedded import Embedded
from bench.report import say, seconds
from domain.messages import utcnow
from simulator.stage import Stage
from simulator.telegram.model import Chat
from store import migrations, staff
from store.engine import Database
from store.trace import hops

SELLERS, RATE, SECONDS = 40, 20, 30
SHARE = ("form",) * 14 + ("chat",) * 4 + ("mail",) * 2
"""Of twenty messages. With the greetings, it stays under the 30 messages a second that Telegram allows a bot."""


async def main() -> None:
    """Everything with the providers' true rate limits, durable settings, the roles in a process of their own."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        async with Embedded(data / "servers") as servers, Stage(form_url="http://127.0.0.1:18500/f/site") as stage:
            configure(stage, data, 18_500)
            with (data / "leadwire.toml").open("a") as document:
                document.write("per_minute = 0\n")  # of the form, the last table: all visitors have one address here
            await migrations.upgrade(servers.database_url)
            process = await _up(data)
            try:
                watch = Watch(stage)
                await _hire(servers.database_url, watch)
                await _load(stage, watch)
                await _hops(servers.database_url)
            finally:
                process.terminate()
                await process.wait()
    times = sorted(watch.times.values())
    say(f"  {len(times)} messages of {len(watch.asked)} at {RATE}/s over form, Telegram and mail, {SELLERS} sellers")
    if len(times) < len(watch.asked):
        raise RuntimeError(f"{len(watch.asked) - len(times)} cards never came")
    seconds("customer to card, p50", times[len(times) // 2], 3)
    seconds("customer to card, p99", times[int(len(times) * 0.99)], 3)


class Watch:
    """Who asked when, and when the card came."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.asked: dict[str, float] = {}
        self.times: dict[str, float] = {}
        self.chats: set[str] = set()
        self.complete = asyncio.Event()
        """Set at each card after which none is missing."""
        self._changes = stage.world.subscribe()
        self._task = asyncio.create_task(self._run())

    def ask(self) -> str:
        """A text that will be recognised on its card."""
        text = f"What does table T{len(self.asked)}. cost?"
        self.asked[f"T{len(self.asked)}."] = time.perf_counter()
        return text

    async def _run(self) -> None:
        async for change in self._changes:
            if change.chat.key in self.chats:
                self._look(change.chat)

    def _look(self, chat: Chat) -> None:
        now = time.perf_counter()
        for message in self.stage.world.messages(chat)[-3:]:
            for token in re.findall(r"T\d+\.", message.text):
                self.times.setdefault(token, now - self.asked[token])
        if len(self.times) == len(self.asked):
            self.complete.set()
        else:
            self.complete.clear()


async def _hops(database_url: str) -> None:
    """Where the time goes."""
    database = Database(database_url)
    async with database.begin() as connection:
        for row in await hops(connection):
            say(f"  {row.hop}: p50 {row.p50:.3f} s, p99 {row.p99:.3f} s")
    await database.aclose()


async def _up(data: Path) -> asyncio.subprocess.Process:
    command = (sys.executable, "-c", "from app.cli import main; main()", "up", "-c", str(data / "leadwire.toml"))
    with (data / "up.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)


async def _hire(database_url: str, watch: Watch) -> None:
    """Sellers who come by their links, as real ones do."""
    database = Database(database_url)
    world, stage = watch.stage.world, watch.stage
    for n in range(SELLERS):
        user = world.add_user(f"Seller {n}")
        chat = world.open_chat(user, stage.bot)
        async with database.begin() as connection:
            member = await staff.add(connection, f"Seller {n}", "sales", "en", utcnow())
            link = await staff.issue_link(connection, member.id, utcnow(), timedelta(hours=1))
        world.say(chat, user, f"/start {link}")
        watch.chats.add(chat.key)
    while True:
        async with database.begin() as connection:
            roster = await staff.roster(connection)
        if sum(m.at_work for m in roster) == SELLERS:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(3)  # their welcomes go out before the clock starts
    await database.aclose()


async def _load(stage: Stage, watch: Watch) -> None:
    """Each message from somebody new, so that each one is a card."""
    began, tasks = time.perf_counter(), []
    async with httpx2.AsyncClient(timeout=10) as browser:
        for n in range(RATE * SECONDS):
            await asyncio.sleep(max(0.0, began + n / RATE - time.perf_counter()))
            tasks.append(asyncio.create_task(_write(stage, watch, browser, n)))
        await asyncio.gather(*tasks)
        with suppress(TimeoutError):
            async with asyncio.timeout(20):
                await watch.complete.wait()


async def _write(stage: Stage, watch: Watch, browser: httpx2.AsyncClient, n: int) -> None:
    how, text = SHARE[n * 7 % len(SHARE)], watch.ask()
    if how == "form":
        fields: dict[str, Any] = {"email": f"form{n}@client.example", "message": text}
        answer = await browser.post("http://127.0.0.1:18500/in/site", json=fields)
        answer.raise_for_status()
    elif how == "chat":
        user = stage.world.add_user(f"Customer {n}")
        stage.world.say(stage.world.open_chat(user, stage.bot), user, text)
    else:
        head = f"From: mail{n}@client.example\r\nMessage-ID: <{n}@client.example>\r\nSubject: Table\r\n\r\n"
        await stage.office.deliver(f"{head}{text}\r\n".encode(), stage.mail.address)
