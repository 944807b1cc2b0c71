"""A router on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from domain.messages import AddressKind, utcnow
from router.route import Router
from router.rules import Chat, Intake, Rules
from store import staff
from store.engine import Database
from store.staff import Member
from tests.router.people import BOT, FORM, INBOX, SMS

RULES = Rules(
    intakes={
        INBOX: Intake(greet=True, answer_by={AddressKind.EMAIL: INBOX}),
        BOT: Intake(greet=True, answer_by={AddressKind.TELEGRAM: BOT}),
        SMS: Intake(answer_by={AddressKind.PHONE: SMS}, opt_out=True),
        FORM: Intake(answer_by={AddressKind.EMAIL: INBOX, AddressKind.PHONE: SMS}),
    },
    team_chats={"sales": Chat(BOT, "-500")},
)

Ask = Callable[..., Awaitable[list[Any]]]
Hire = Callable[..., Awaitable[Member]]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The test's own database."""
    opened = Database(database_url)
    yield opened
    await opened.aclose()


@pytest.fixture
def router(database: Database) -> Router:
    """A router with the rules above."""
    return Router(database, RULES)


@pytest.fixture
def ask(database: Database) -> Ask:
    """`await ask("SELECT ...", name=value)`: the rows, a single column unpacked."""

    async def run(sql: str, **values: Any) -> list[Any]:
        async with database.begin() as connection:
            rows = (await connection.execute(text(sql), values)).all()
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    return run


@pytest.fixture
def hire(database: Database) -> Hire:
    """`await hire("Anna", "71")`: a member at work, linked to that Telegram id."""

    async def run(name: str, address: str, *, team: str = "sales", at_work: bool = True) -> Member:
        async with database.begin() as connection:
            now = utcnow()
            member = await staff.add(connection, name, team, "en", now)
            payload = await staff.issue_link(connection, member.id, now, timedelta(hours=1))
            linked = await staff.redeem_link(connection, payload, BOT, address, now)
            await staff.set_at_work(connection, member.id, at_work)
        assert linked
        return linked

    return run
