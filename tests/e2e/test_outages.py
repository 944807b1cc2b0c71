"""Servers that are away when a process starts: what needs them waits, the rest works."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import httpx2

from app.roles import run_all
from app.servers import Urls
from app.wiring import Installation, prepared
from simulator.stage import Stage
from tests.counterparts.counterparts import free_ports
from tests.e2e.wire import Wire, document, eventually, settings_of

NOWHERE = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"


async def test_a_form_is_accepted_while_postgresql_is_away_and_becomes_a_lead_once_it_is_there(
    stage: Stage, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    [port] = free_ports(1)
    settings = settings_of(document(stage, tmp_path, port))
    without = Installation(settings, Urls(NOWHERE, redis_url))
    built = Installation(settings, Urls(database_url, redis_url))
    fields = {"email": "anna@client.example", "message": "Is anybody there?"}

    async def accepted() -> bool:
        with suppress(httpx2.ConnectError):
            async with httpx2.AsyncClient() as browser:
                return (await browser.post(f"http://127.0.0.1:{port}/in/site", json=fields)).status_code == 200
        return False

    async def stored() -> bool:
        return await Wire(stage, built).ask("SELECT text FROM messages") == ["Is anybody there?"]

    running = asyncio.create_task(run_all(prepared(without, ("web", "route")), asyncio.Event()))
    try:
        await eventually(accepted, "an accepted form")
    finally:
        await _end(running)
        await without.aclose()
    running = asyncio.create_task(run_all(prepared(built, ("route",)), asyncio.Event()))
    try:
        await eventually(stored, "the message in the store")
    finally:
        await _end(running)
        await built.aclose()


async def _end(running: asyncio.Task[None]) -> None:
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
