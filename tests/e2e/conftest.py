"""A wire from the customers to the sellers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.servers import Urls
from app.wiring import Installation
from simulator.stage import Stage
from tests.counterparts.counterparts import dovecot, dovecot_server, free_ports, postfix, postfix_server
from tests.e2e.wire import Wire, document, eventually, settings_of, started

__all__ = ["dovecot", "dovecot_server", "postfix", "postfix_server"]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Simulated customers, sellers and providers."""
    async with Stage(pace=0.05) as opened:
        yield opened
        assert opened.world.violations == []


@pytest.fixture
async def wire(stage: Stage, database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Wire]:
    """Everything, running in this process, with the simulator's mail server."""
    [port] = free_ports(1)
    async for opened in run_wire(stage, document(stage, tmp_path, port), Urls(database_url, redis_url)):
        yield opened


async def run_wire(stage: Stage, table: dict[str, object], urls: Urls) -> AsyncIterator[Wire]:
    """Run it with this configuration until the test is over."""
    built = Installation(settings_of(table), urls)
    wire = Wire(stage, built)
    stage.set_sms_webhook(f"{wire.url}/in/sms/message")
    running = await started(built)
    await eventually(lambda: _answers(built.settings.server.port), "the web server")
    yield wire
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await built.aclose()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
