"""Roles as processes of their own, customers who keep what was acknowledged, and somebody who kills."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx2

from app.embedded import Embedded
from domain.messages import utcnow
from simulator.stage import Stage

ROLES = ("web", "listen", "route", "send")
PEOPLE = 40


class Roles:
    """One process per role, started again whenever it is killed."""

    def __init__(self, config: Path, log: Path) -> None:
        self._config = config
        self._log = log
        self._running: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, role: str) -> None:
        """Start a role."""
        with self._log.open("ab") as log:
            self._running[role] = await asyncio.create_subprocess_exec(
                sys.executable, "-c", "from app.cli import main; main()", role, "-c", str(self._config),
                stdout=log, stderr=log,
            )  # fmt: skip

    async def kill(self, role: str) -> None:
        """kill -9, and start it again."""
        process = self._running[role]
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await self.start(role)

    async def stop(self) -> None:
        """End them as an administrator would."""
        for process in self._running.values():
            with suppress(ProcessLookupError):
                process.terminate()
        for process in self._running.values():
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                process.kill()
                await process.wait()


@dataclass
class Customers:
    """They write by form, Telegram and mail, and remember what was acknowledged."""

    stage: Stage
    url: str
    receipts: set[str] = field(default_factory=set)
    said: set[str] = field(default_factory=set)
    mailed: set[str] = field(default_factory=set)

    async def fill_forms(self) -> None:
        """A visitor's browser tries again, with the same key, until it has a receipt."""
        async with httpx2.AsyncClient(timeout=5) as browser:
            for n in range(1_000_000):
                await self._submit(browser, n)
                await asyncio.sleep(0.04)

    async def _submit(self, browser: httpx2.AsyncClient, n: int) -> None:
        fields = {"email": f"form{n % PEOPLE}@client.example", "message": f"form {n}"}
        while True:
            with suppress(httpx2.HTTPError):
                key = {"Idempotency-Key": f"chaos-{n}"}
                answer = await browser.post(f"{self.url}/in/site", json=fields, headers=key)
                if answer.status_code == 200:
                    self.receipts.add(answer.json()["receipt"])
                    return
            await asyncio.sleep(0.1)

    async def chat(self) -> None:
        """What was said to the bot lies at Telegram until we confirm it."""
        world, bot = self.stage.world, self.stage.bot
        people = [world.add_user(f"Person {n}") for n in range(PEOPLE)]
        chats = [(world.open_chat(person, bot), person) for person in people]
        for n in range(1_000_000):
            chat, person = chats[n % PEOPLE]
            world.say(chat, person, f"chat {n}")
            self.said.add(f"chat {n}")
            await asyncio.sleep(0.15)

    async def write(self) -> None:
        """What lies in the mailbox lies there until we have taken it."""
        for n in range(1_000_000):
            raw = (
                f"From: mail{n % PEOPLE}@client.example\r\nMessage-ID: <chaos-{n}@client.example>\r\n"
                f"Subject: mail {n}\r\n\r\nmail {n}\r\n"
            )
            await self.stage.office.deliver(raw.encode(), self.stage.mail.address)
            self.mailed.add(f"mail {n}")
            await asyncio.sleep(0.3)


@dataclass
class Killer:
    """kill -9, at random, whatever lives."""

    roles: Roles
    servers: Embedded
    moments: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    """Victim -> when it was killed."""

    @property
    def kills(self) -> dict[str, int]:
        """How often each was killed."""
        return {victim: len(moments) for victim, moments in self.moments.items()}

    async def rage(self, pause: float) -> None:
        """One kill after the other, all kinds before any kind twice."""
        rnd = random.Random(7)
        while True:
            for victim in rnd.sample([*ROLES, "valkey", "postgres"], 6):
                await asyncio.sleep(rnd.uniform(0.5, 1.5) * pause)
                await self.strike(victim)

    async def strike(self, victim: str) -> None:
        """Kill one; roles are started again."""
        self.moments[victim].append(utcnow())
        if victim in ROLES:
            await self.roles.kill(victim)
        elif pid := self.servers.pids().get(victim):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


async def during(seconds: float, *work: Callable[[], Awaitable[None]]) -> None:
    """Do all of this for so long; raises what any of it raises."""
    tasks = [asyncio.ensure_future(one()) for one in work]
    done, pending = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()
