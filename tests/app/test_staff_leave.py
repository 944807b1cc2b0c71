"""Leaving in one command: what becomes of the leads, the chat and the cards; and what is no name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app import commands
from app.document import load
from app.settings import Settings
from app.wiring import rules_of
from domain.messages import Address, AddressKind, ChannelName, DeliveryState, Inbound, utcnow
from router.route import Router
from store import deliveries, staff
from store.deliveries import Verdict
from store.engine import Database
from store.staff import Member

BOT = ChannelName("bot")


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    path, token = tmp_path / "leadwire.toml", f"12345:{'A' * 35}"
    (tmp_path / "token").write_text(token)
    bot = f'[channels.bot]\nkind = "telegram"\ntoken = "file:{tmp_path / "token"}"\n'
    path.write_text(f'[storage]\ndata = "{tmp_path}"\n[company]\nname = "Romashka"\n[teams.sales]\n{bot}')
    return load(path)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.aclose()


async def ask(database: Database, sql: str) -> list[Any]:
    async with database.begin() as connection:
        return [tuple(row) for row in await connection.execute(text(sql))]


async def anna_with_a_lead(database: Database, settings: Settings) -> Member:
    """At work in the chat "71"; the card of her lead is there as message "71:5"."""
    async with database.begin() as connection:
        added = await staff.add(connection, "Anna", "sales", "ru", utcnow())
        link = await staff.issue_link(connection, added.id, utcnow(), timedelta(hours=1))
        member = await staff.redeem_link(connection, link, BOT, "71", utcnow())
    customer = Address(kind=AddressKind.TELEGRAM, value="80", proved=True)
    asked = Inbound(channel=BOT, external_id="80:1", addresses=(customer,), received_at=utcnow(), text="Hello")
    await Router(database, rules_of(settings)).route([asked])
    async with database.begin() as connection:
        sent = [
            Verdict(id=d.id, state=DeliveryState.SENT, external_id="71:5" if d.purpose == "card" else "80:2")
            for d in await deliveries.claim(connection, [BOT], 10, timedelta(minutes=1))
        ]
        await deliveries.settle(connection, sent, utcnow())
    assert member
    return member


async def test_who_leaves_is_told_so_and_his_cards_have_no_buttons(
    database: Database, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    member = await anna_with_a_lead(database, settings)
    assert await commands.staff_leave(settings, "Anna") == 0
    assert "1 open leads wait" in capsys.readouterr().out
    assert await ask(database, "SELECT state, owner_id FROM leads") == [("open", None)]
    assert await ask(database, "SELECT address, channel, at_work FROM staff WHERE left_at IS NOT NULL") == [
        ("71", None, False)
    ]
    told = await ask(
        database,
        """SELECT address, facts->>'key', facts->>'language', facts->>'name', staff_id FROM deliveries
           WHERE purpose = 'notice'""",
    )
    assert told == [("71", "farewell", "ru", "Anna", member.id)]
    retired = "SELECT address, facts->>'card' FROM deliveries WHERE purpose = 'retire'"
    assert await ask(database, retired) == [("71", "71:5")]


@pytest.mark.parametrize("name", ["", "  ", "\t\n", "x" * 81])
async def test_what_is_no_name(
    database: Database, settings: Settings, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await commands.staff_add(settings, name, "sales", "en") == 1
    assert 'leadwire staff add "Anna"' in capsys.readouterr().err
    assert await ask(database, "SELECT name FROM staff") == []
