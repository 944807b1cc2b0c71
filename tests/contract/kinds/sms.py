"""SMS against the simulated Twilio; its calls are signed as Twilio signs them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import httpx2
import pytest
from twilio.request_validator import RequestValidator

from channels.sms import parse
from channels.sms.codes import send_error
from domain.errors import Misconfigured, Rejected, SendError, Throttled, Unavailable, Unreachable
from domain.messages import utcnow
from simulator.serving import serving
from simulator.twilio.api import api
from simulator.twilio.exchange import Exchange
from tests.channels.sms.samples import ACCOUNT, ANNA, NAMES, SHOP, sample
from tests.contract.case import NAME, PUBLIC, Caller, Case, Counterpart, Event, Table

TOKEN = "auth-token-of-the-contract-suite"


class Twilio(Caller):
    """The shop's number at the simulated Twilio. It insists, as Twilio does with a fallback URL of the same address."""

    to = ANNA

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._form: dict[str, str] = {}
        self.table = {
            "kind": "sms", "account_sid": ACCOUNT, "auth_token": TOKEN, "number": SHOP, "api_url": exchange.api_url,
        }  # fmt: skip
        self.forbidden = {"auth_token": f"{TOKEN}-of-yesterday"}

    async def write(self, words: str) -> None:
        self._form = sample("message") | {"Body": words}

    async def post(self, client: httpx2.AsyncClient, url: str) -> httpx2.Response:
        public = f"{PUBLIC}/in/{NAME}/message"
        signature = RequestValidator(TOKEN).compute_signature(public, self._form)
        return await client.post(f"{url}/message", data=self._form, headers={"X-Twilio-Signature": signature})

    async def got(self) -> Sequence[str]:
        return [message.body for message in self._exchange.messages(ANNA)]

    def at_port(self, port: int) -> Table:
        return {"api_url": f"http://127.0.0.1:{port}"}


@asynccontextmanager
async def _opened(_: pytest.FixtureRequest) -> AsyncIterator[Counterpart]:
    exchange = Exchange(account_sid=ACCOUNT, auth_token=TOKEN, pace=0)
    exchange.add_number(SHOP)
    async with serving(api(exchange)) as exchange.api_url:
        yield Twilio(exchange)
        await exchange.aclose()


def _sample(name: str) -> Sequence[Event]:
    form, now = sample(name), utcnow()
    if "MessageStatus" in form:
        return parse.status(form, NAME, "RU", now)
    report = parse.opt_out(form, NAME, "RU", now)
    message = parse.message(form, NAME, "RU", now)
    return [report, message] if report else [message]


def _code(status: int, code: int) -> Callable[[], SendError]:
    return partial(send_error, status, code)


CASE = Case(
    ways={"webhook": _opened},
    sound={"kind": "sms", "account_sid": ACCOUNT, "auth_token": TOKEN, "number": SHOP},
    secrets=(TOKEN,),
    wrong=[{"account_sid": "AC1"}, {"number": None}, {"number": "?"}, {"api_url": "twilio"}, {"auth_token": None}],
    samples={f"{name}.form": partial(_sample, name) for name in NAMES},
    ignored=frozenset({"status_queued.form"}),  # it says nothing that we did not know
    errors=[
        ("no such number", _code(400, 21211), Unreachable),
        ("answered STOP", _code(400, 21610), Unreachable),
        ("landline", _code(400, 21614), Unreachable),
        ("country not allowed", _code(400, 21408), Rejected),
        ("too long", _code(400, 21617), Rejected),
        ("too fast", _code(429, 20429), Throttled),
        ("Twilio is down", _code(503, 503), Unavailable),
        ("a redirect", _code(302, 302), Unavailable),
        ("wrong password", _code(401, 20003), Misconfigured),
        ("not our number", _code(400, 21606), Misconfigured),
    ],
)
