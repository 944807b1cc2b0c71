"""kill -9 of every role, Valkey and PostgreSQL under load: nothing acknowledged is lost, no lead is doubled.

The short version runs with all tests; `make chaos` runs it for a minute.
"""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.embedded import Embedded
from app.servers import Urls
from app.wiring import Installation
from simulator.stage import Stage
from store.migrations import upgrade
from tests.counterparts.counterparts import free_ports
from tests.e2e.chaos import PEOPLE, ROLES, Customers, Killer, Roles, during
from tests.e2e.wire import Wire, document, eventually, settings_of

SHORT = 6.0
LEFT = """SELECT purpose, state, reason, channel, count(*), min(due_at), now() FROM deliveries
          WHERE state IN ('pending', 'sending') GROUP BY 1, 2, 3, 4"""


def toml(table: dict[str, object], prefix: str = "") -> str:
    """The table as TOML: as much of it as our configurations need."""
    plain = "".join(f"{key} = {value!r}\n" for key, value in table.items() if not isinstance(value, dict))
    plain = plain.replace("True", "true").replace("False", "false")
    inner = [(f"{prefix}{key}", value) for key, value in table.items() if isinstance(value, dict)]
    return plain + "".join(f"[{key}]\n{toml(value, f'{key}.')}" for key, value in inner)


@pytest.fixture
async def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Embedded]:
    """Servers of this test's own, with the durable settings: it kills them."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    async with Embedded(tmp_path / "servers") as embedded:
        yield embedded


@pytest.fixture
async def customers(stage: Stage) -> Customers:
    """Customers in a world without rate limits, so that the backlog is only what the kills made."""
    stage.world.limits.enabled = False
    return Customers(stage, "")


async def test_nothing_acknowledged_is_lost_and_no_lead_is_doubled(
    stage: Stage, servers: Embedded, customers: Customers, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    seconds = float(request.config.getoption("--chaos-seconds") or SHORT)
    [port] = free_ports(1)
    table = document(stage, tmp_path, port)
    table["channels"]["bot"]["rates"] = {"per_second": 1000.0, "per_address": 1000.0}
    table["channels"]["site"]["per_minute"] = 0
    table["teams"] = {"sales": {}}
    config = tmp_path / "leadwire.toml"
    config.write_text(toml(table))
    assert tomllib.loads(config.read_text()) == table
    await upgrade(servers.database_url)
    built = Installation(settings_of(table), Urls(servers.database_url, servers.redis_url))
    wire = Wire(stage, built)
    customers.url = wire.url
    roles = Roles(config, tmp_path / "roles.log")
    killer = Killer(roles, servers)
    try:
        for role in ROLES:
            await roles.start(role)
        await wire.hire()
        load = (customers.fill_forms, customers.chat, customers.write)
        await during(seconds, *load, lambda: killer.rage(0.7))
        await _drained(wire, customers)
    except BaseException:
        print((tmp_path / "roles.log").read_text()[-20_000:])
        print(await wire.ask(LEFT))
        raise
    finally:
        await roles.stop()
    await _equal(wire, customers)
    print(
        f"killed {killer.kills}; acknowledged {len(customers.receipts)} forms, {len(customers.said)} chat messages, "
        f"{len(customers.mailed)} mails: none lost, none doubled"
    )
    await built.aclose()


async def _drained(wire: Wire, customers: Customers) -> None:
    """Everything is stored and everything due is sent."""
    expected = len(customers.receipts) + len(customers.said) + len(customers.mailed)

    async def stored() -> bool:
        [count] = await wire.ask("SELECT count(*) FROM messages WHERE direction = 'in'")
        return bool(count >= expected)

    async def sent() -> bool:
        return await wire.ask("SELECT count(*) FROM deliveries WHERE state IN ('pending', 'sending')") == [0]

    await eventually(stored, f"{expected} messages in the store", 90)
    await eventually(sent, "an empty queue", 180)


async def _equal(wire: Wire, customers: Customers) -> None:
    """The store has what was acknowledged, once each, one lead per person, a card for each."""
    forms = await wire.ask("SELECT external_id FROM messages WHERE channel = 'site'")
    assert customers.receipts <= set(forms)
    assert len(forms) == len(set(forms))
    for channel, said in (("bot", customers.said), ("inbox", customers.mailed)):
        texts = await wire.ask("SELECT text FROM messages WHERE channel = :c AND direction = 'in'", c=channel)
        assert sorted(texts) == sorted(said)
    people = await wire.ask("SELECT count(DISTINCT contact_id), count(*) FROM leads")
    assert people[0][0] == people[0][1] <= 3 * PEOPLE
    assert await wire.ask("SELECT count(*) FROM leads WHERE owner_id IS NULL") == [0]
    cards = await wire.ask("SELECT count(*), count(DISTINCT lead_id) FROM deliveries WHERE purpose = 'card'")
    assert cards == people
    assert not await wire.ask(
        """SELECT purpose, state, reason, attempts FROM deliveries
           WHERE purpose IN ('card', 'relay') AND state <> 'sent' LIMIT 20"""
    )
    assert await wire.ask("SELECT count(*) FROM events WHERE kind = 'lead.opened'") == [people[0][1]]
