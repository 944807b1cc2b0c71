"""The pages of unsubscribing and preferences, on a real database, and whoever opens them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx2
from starlette.applications import Starlette

from domain.messages import ChannelName
from people import signed
from people.signed import Kind
from people.wishes import House
from portal.preferences import Preferences
from portal.routes import portal
from portal.visits import Installation
from store import secrets
from store.engine import Database

TOPICS = {"news": {"en": "News", "ru": "Новости"}, "sales": {"en": "Sales", "ru": "Распродажи"}}
KINDS = {ChannelName("news"): "email", ChannelName("bot"): "telegram", ChannelName("sms"): "sms"}
BASE = "https://leads.example.com"
CLICK = {"List-Unsubscribe": "One-Click"}


async def nowhere(event: object) -> None:
    raise AssertionError("nothing is accepted here")


def site(database: Database, **changes: Any) -> Starlette:
    """The portal with these pages."""
    given: dict[str, Any] = {
        "database": database,
        "kinds": KINDS,
        "house": House(topics=TOPICS),
        "company": "Apple Orchard",
    } | changes
    return portal({}, nowhere, preferences=Preferences(Installation(**given)))


def visitor(database: Database, **changes: Any) -> httpx2.AsyncClient:
    """Somebody with a browser, who follows no redirect."""
    app: Any = site(database, **changes)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=BASE)


async def key_of(database: Database) -> bytes:
    async with database.begin() as connection:
        return await secrets.key(connection, secrets.LINKS)


async def path(database: Database, kind: Kind, id_: UUID) -> str:
    """ "/u/TOKEN" of this delivery."""
    urls = {Kind.UNSUBSCRIBE: signed.unsubscribe_url, Kind.PREFERENCES: signed.preferences_url}
    return ({**urls, Kind.CONFIRM: signed.confirm_url}[kind])("", await key_of(database), id_)
