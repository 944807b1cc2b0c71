"""Every kind, with every way in, and its counterpart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from channels.registry import KINDS
from tests.contract.case import Counterpart
from tests.contract.cases import CASES
from tests.counterparts.counterparts import dovecot, dovecot_server

__all__ = ["dovecot", "dovecot_server"]

WAYS = [(kind, way) for kind, case in CASES.items() for way in case.ways]


@pytest.fixture(params=WAYS, ids="-".join)
async def counterpart(request: pytest.FixtureRequest) -> AsyncIterator[Counterpart]:
    """What stands on the other side, once for each way in of each kind."""
    kind, way = request.param
    async with _opened(kind, way, request) as opened:
        yield opened


@pytest.fixture(params=[kind for kind in CASES if KINDS[kind].reaches])
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[Counterpart]:
    """What stands on the other side of each kind that sends."""
    async with _opened(request.param, next(iter(CASES[request.param].ways)), request) as opened:
        yield opened


@asynccontextmanager
async def _opened(kind: str, way: str, request: pytest.FixtureRequest) -> AsyncIterator[Counterpart]:
    async with CASES[kind].ways[way](request) as opened:
        yield opened
        for channel in opened.built:
            await channel.aclose()
