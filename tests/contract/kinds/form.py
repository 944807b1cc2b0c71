"""A web form, filled in by a browser that keeps its submission until it has a receipt."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import httpx2
import pytest

from channels.form.check import Rules, check
from channels.form.parse import parse
from channels.form.settings import FormSettings
from domain.messages import Inbound, utcnow
from tests.channels.form.samples import NAMES, sample
from tests.contract.case import NAME, Caller, Case, Counterpart, Event


class Browser(Caller):
    """A visitor who sends again, under one key, until it was taken. A form has no provider and sends nothing."""

    def __init__(self) -> None:
        self.table = {"kind": "form", "min_seconds": 0, "per_minute": 0}
        self._fields: dict[str, str] = {}

    async def write(self, words: str) -> None:
        self._fields = {"email": "anna@customer.test", "message": words}

    async def post(self, client: httpx2.AsyncClient, url: str) -> httpx2.Response:
        return await client.post(f"{url}/", json=self._fields, headers={"Idempotency-Key": "kept-in-the-browser"})


@asynccontextmanager
async def _opened(_: pytest.FixtureRequest) -> AsyncIterator[Counterpart]:
    yield Browser()


FORM = FormSettings.model_validate(
    {
        "fields": [
            {"name": "name"},
            {"name": "email", "type": "email"},
            {"name": "phone", "type": "phone"},
            {"name": "message", "type": "textarea"},
            {"name": "plan", "type": "file"},
        ]
    }
)
RULES = Rules(channel=NAME, form=FORM, country="RU", max_file=1_000_000)


def _sample(name: str) -> Sequence[Event]:
    headers, body, _ = sample(name)
    submission = parse(body, headers)
    event = check(RULES, submission, submission.key or f"the key of {name}", utcnow())
    return [event] if isinstance(event, Inbound) else []


CASE = Case(
    ways={"browser": _opened},
    sound={"kind": "form"},
    secrets=(),
    wrong=[{"fields": []}, {"honeypot": "message"}, {"origins": ["shop"]}, {"min_seconds": -1}],
    samples={f"{name}.http": partial(_sample, name) for name in NAMES},
    ignored=frozenset({"curl_F.http"}),  # it leaves no address: the visitor is told so
)
