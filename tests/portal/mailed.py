"""Mailings on a real database, and whoever opens what they link to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from notifications.letters import compiler
from portal.engagement import Engagement
from store.engagements import Mailed
from store.engine import Database
from tests.broadcasts.world import ACCOUNTS, HOUSE, World
from tests.portal.law import BASE


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """An installation that sends to a list."""
    opened = Database(database_url, pool=6)
    yield World(opened)
    await opened.aclose()


@asynccontextmanager
async def opening(world: World, agent: str, further: Sequence[Route] = ()) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody with this User-Agent, who follows no redirect: at the counted links, and at these `further` pages."""
    compile_ = compiler(HOUSE)

    def links(mailed: Mailed) -> tuple[str, ...]:
        return compile_(mailed.content, ACCOUNTS[mailed.channel].kind).compiled.links

    app = Starlette(routes=[*Engagement(world.database, links).routes(), *further])
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE, headers={"User-Agent": agent}) as client:
        yield client
