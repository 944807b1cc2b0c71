"""The one-time link that makes a chat somebody's desk."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.messages import Inbound, Source, utcnow
from store import staff
from store.staff import Member
from tests.desk.world import BOT, GROUP, Row, World, gist


def start(world: World, sender: Member | str, payload: str, **more: object) -> Inbound:
    return world.message(sender, f"/start {payload}", source=Source(campaign=payload), **more)


async def test_a_link_welcomes_and_offers_what_waits(world: World) -> None:
    (lead,) = await world.waiting(1)
    anna, payload = await world.link("Anna & Co", language="ru")
    rows = await world.act(start(world, "555", payload))
    assert gist(rows) == {
        ("notice", "555", "welcome"),
        ("notice", "555", "offered"),
        ("card", "555", ""),
        ("refresh", GROUP, ""),
    }
    assert rows[0].key == "welcome"
    assert (rows[0].facts["language"], rows[0].facts["name"], rows[0].staff) == ("ru", "Anna & Co", anna.id)
    (linked,) = await world.rows("SELECT channel, address, at_work FROM staff WHERE id = :id", id=anna.id)
    assert tuple(linked) == (BOT, "555", True)
    assert (await world.lead(lead)).owner == anna.id
    assert await world.events() == ["staff.linked"]


async def test_the_welcome_is_enough_when_nothing_waits(world: World) -> None:
    _, payload = await world.link("Anna")
    assert gist(await world.act(start(world, "555", payload))) == {("notice", "555", "welcome")}


async def test_a_used_link_says_so_to_whoever_brings_it(world: World) -> None:
    _, payload = await world.link("Anna")
    await world.act(start(world, "555", payload))
    assert gist(await world.act(start(world, "666", payload))) == {("notice", "666", "link_used")}
    assert gist(await world.act(start(world, "555", payload))) == {("notice", "555", "link_again")}
    (linked,) = await world.rows("SELECT address FROM staff")
    assert linked.address == "555"


@pytest.mark.parametrize("payload", ["staff-", "staff-0", "staff-' OR 1=1", "staff-" + "x" * 500])
async def test_a_forged_link_is_refused(world: World, payload: str) -> None:
    await world.link("Anna")
    (notice,) = await world.act(start(world, "666", payload, language="en"))
    assert (notice.key, notice.facts["language"], notice.staff) == ("link_used", "en", None)
    assert await world.rows("SELECT 1 FROM staff WHERE address IS NOT NULL") == []


async def test_an_unknown_language_gets_the_default(world: World) -> None:
    (notice,) = await world.act(start(world, "666", "staff-0", language="de"))
    assert notice.facts["language"] == "ru"


async def test_an_expired_link_is_refused(world: World) -> None:
    anna, _ = await world.link("Anna")
    async with world.database.begin() as connection:
        payload = await staff.issue_link(connection, anna.id, utcnow() - timedelta(days=2), timedelta(days=1))
    assert gist(await world.act(start(world, "555", payload))) == {("notice", "555", "link_used")}


async def test_in_a_group_a_link_is_everybodys_and_so_nobodys(world: World) -> None:
    _, payload = await world.link("Anna")
    assert gist(await world.act(start(world, "555", payload, chat=GROUP))) == {("notice", GROUP, "not_staff")}
    assert await world.rows("SELECT 1 FROM staff WHERE address IS NOT NULL") == []


async def test_a_new_telephone_takes_the_desk_along(world: World) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer()
    async with world.database.begin() as connection:
        payload = await staff.issue_link(connection, anna.id, utcnow(), timedelta(days=1))
    await world.act(start(world, "777", payload))
    assert gist(await world.press("777", "take", lead)) >= {("toast", "777", "toast_taken")}
    old: list[Row] = await world.press(anna, "won", lead)
    assert gist(old) == {("toast", anna.address, "toast_not_staff")}
