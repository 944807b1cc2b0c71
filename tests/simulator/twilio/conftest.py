"""A simulated Twilio, and its own SDK on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from simulator.serving import serving
from simulator.twilio.api import api
from simulator.twilio.exchange import Exchange
from tests.simulator.twilio.callee import Callee

SID, TOKEN = "AC" + "0" * 32, "a-secret-token"
SHOP, ANNA = "+15005550006", "+79161234567"
SERVICE = "MG" + "1" * 32


@pytest.fixture
async def callee() -> AsyncIterator[Callee]:
    yield Callee()


@pytest.fixture
async def hooks(callee: Callee) -> AsyncIterator[str]:
    async with serving(callee.app()) as origin:
        yield origin


@pytest.fixture
async def exchange(hooks: str) -> AsyncIterator[Exchange]:
    exchange = Exchange(account_sid=SID, auth_token=TOKEN, pace=0, reach={"https://leads.example.com": hooks})
    exchange.add_number(SHOP, f"{hooks}/in/sms")
    exchange.services[SERVICE] = SHOP
    exchange.add_phone(ANNA, "Анна")
    yield exchange
    await exchange.aclose()
    await exchange.aclose()


@pytest.fixture
async def origin(exchange: Exchange) -> AsyncIterator[str]:
    async with serving(Starlette(routes=[Mount("/twilio", api(exchange))])) as origin:
        exchange.api_url = f"{origin}/twilio"
        yield origin


@pytest.fixture
async def client(exchange: Exchange, origin: str) -> AsyncIterator[Client]:
    http = AsyncTwilioHttpClient(timeout=5)
    yield sdk(http, exchange)
    await http.close()


def sdk(http: AsyncTwilioHttpClient, exchange: Exchange, token: str = TOKEN) -> Client:
    """Twilio's client, told where the simulator is."""
    client = Client(SID, token, http_client=http)
    client.api.base_url = exchange.api_url
    return client
