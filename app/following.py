"""How customers follow their requests: the page, and the name of the bot in which they may go on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial

from app.roles import Job
from app.settings import Settings
from domain.errors import SendError
from domain.messages import ChannelName
from domain.ports import Channel, Named
from notifications.handover import HandOver
from portal.tracking import Place, Tracking
from store.engine import Database

log = logging.getLogger(__name__)
AGAIN = 60.0
"""Seconds until Telegram is asked again: until then links lead to the page alone."""


class BotName:
    """Call it for the name; empty while Telegram has not told it."""

    def __init__(self) -> None:
        self._name = ""

    def __call__(self) -> str:
        return self._name

    def jobs(self, channels: Iterable[Channel]) -> list[Job]:
        """What asks for it. Customers go on in the first bot of the configuration."""
        bot = next((c for c in channels if isinstance(c, Named)), None)
        return [Job(f"name of {bot.name}", partial(self.learn, bot))] if bot else []

    async def learn(self, bot: Named) -> None:
        """Ask until it is known."""
        while not self._name:
            try:
                self._name = await bot.username()
            except SendError as error:
                log.warning("%s does not tell its name: %s; again in %.0f s", bot.name, error, AGAIN)
                await asyncio.sleep(AGAIN)
        await asyncio.Event().wait()


def tracking_of(settings: Settings, database: Database, bot: Callable[[], str]) -> Tracking:
    """The page at /t/{token}."""
    company = settings.company
    kinds = {ChannelName(name): config.medium for name, config in settings.channels.items()}
    return Tracking(Place(database=database, kinds=kinds, zone=company.zone, language=company.language, bot=bot))


def hand_over_of(settings: Settings, database: Database, bot: Callable[[], str]) -> HandOver:
    """The links under an automatic first answer."""
    return HandOver(database=database, public_url=settings.server.public_url, bot=bot)
