"""What keeps a broadcast from beginning, and what the pre-flight compares it with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from broadcasts import lifecycle, starting
from broadcasts.conducting import Conductor
from broadcasts.lifecycle import Rules
from broadcasts.office import Office
from broadcasts.preflight import Setting, standing
from domain.messages import utcnow
from tests.broadcasts.test_preflight import codes, draft, facts, finished, look
from tests.broadcasts.world import HOUSE, TEXT, World


async def test_the_postal_address_is_asked_for_once(world: World) -> None:
    await world.crowd(1)
    await world.person(telegram="42")
    setting = Setting(house=type(HOUSE)(company="Orchard"), public_url="https://leads.example")
    for channel, code in (("mail", "no_postal_address"), ("bot", "no_address")):
        broadcast = await draft(world, steps=[{"channel": channel}])
        assert codes(await look(world, broadcast, setting)) == [code]


async def test_what_stands_whoever_gets_it_counts_nobody(world: World) -> None:
    broadcast = await draft(world, {"subject": "x", "blocks": [{"type": "text", "text": "x"}]})
    accounts = {name: one for name, one in world.accounts.items() if name != "bot"}
    setting = Setting(house=HOUSE)
    async with world.database.begin() as connection:
        row = await lifecycle.one(connection, broadcast)
        row = row._replace(plan={**row.plan, "steps": [*row.plan["steps"], {"channel": "bot"}]})
        found = await standing(connection, Conductor(world.database, accounts), row, setting)
    assert {one.code for one in found} == {"channel_gone", "no_unsubscribe", "no_public_url"}


async def test_it_is_compared_with_whichever_is_asked_for(world: World) -> None:
    await world.crowd(2)
    first = await finished(world)
    await world.person(email="late@example.com")
    second = await finished(world, content={**TEXT, "subject": "Newer"})
    broadcast = await draft(world, {**TEXT, "subject": "Newest"})
    found = await look(world, broadcast)
    assert (found.compared, found.forecast.before) == (second, 3)
    found = await look(world, broadcast, compared_with=first)
    assert (found.compared, found.forecast.before) == (first, 2)
    assert facts(found, "new_people")["new"] == 1


async def begun(world: World, broadcast: UUID, public_url: str, at: datetime | None = None) -> str:
    """In which state it is after somebody had it begin."""
    office = Office(rules=Rules(accounts=world.accounts), house=HOUSE, public_url=public_url)
    async with world.database.begin() as connection:
        row = await starting.schedule(connection, office, world.database, broadcast, at, actor="staff:1")
    return str(row.state)


async def test_warnings_let_it_begin(world: World) -> None:
    await world.crowd(1)
    assert await begun(world, await draft(world, purpose="gossip"), "http://leads.example") == "scheduled"


@pytest.mark.parametrize("ago", [None, timedelta(minutes=1)])
async def test_to_nobody_it_does_not_begin_now(world: World, ago: timedelta | None) -> None:
    await world.person(email="silent@example.com", consents=())
    broadcast = await draft(world)
    with pytest.raises(starting.Unfit) as stopped:
        await begun(world, broadcast, "https://leads.example", at=utcnow() - ago if ago else None)
    assert [one.code for one in stopped.value.findings] == ["nobody"]
    assert await begun(world, broadcast, "https://leads.example", at=utcnow() + timedelta(days=1)) == "scheduled"


async def test_what_is_over_says_so_whoever_would_get_it(world: World) -> None:
    broadcast = await finished(world)
    with pytest.raises(lifecycle.Refused, match="is finished and cannot be begun: try those again who failed"):
        await begun(world, broadcast, "https://leads.example")


async def test_what_stops_it_is_said_in_both_languages(world: World) -> None:
    await world.crowd(1)
    content: dict[str, Any] = {**TEXT, "blocks": [{"type": "button", "text": "Buy"}, {"type": "footer"}]}
    with pytest.raises(starting.Unfit) as stopped:
        await begun(world, await draft(world, content), "")
    assert [(one.code, one.where) for one in stopped.value.findings] == [
        ("button_no_url", "blocks[0].url"), ("no_public_url", ""),
    ]  # fmt: skip
    said = str(stopped.value)
    assert said == stopped.value.words("en")
    assert said.endswith("; server.public_url is empty: links, and unsubscribing, work on this machine only")
    assert "server.public_url не задан" in stopped.value.words("ru")
