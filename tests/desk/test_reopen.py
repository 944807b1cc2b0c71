"""A lead that was closed is opened again: by whom, and when not."""

from __future__ import annotations

import asyncio

import pytest

from domain.messages import utcnow
from store import staff
from tests.desk.world import GROUP, World, gist


@pytest.mark.parametrize("state", ["won", "lost", "spam"])
async def test_closing_can_be_undone(world: World, state: str) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer()
    await world.press(anna, "take", lead)
    before = await world.lead(lead)
    await world.press(anna, state, lead)
    await world.send_all()
    assert gist(await world.press(anna, "reopen", lead)) == {
        ("toast", anna.address, "toast_reopened"),
        ("refresh", anna.address, ""),
    }
    assert await world.lead(lead) == before
    assert await world.rows("SELECT 1 FROM leads WHERE closed_at IS NOT NULL") == []
    assert await world.events(lead) == ["lead.taken", f"lead.{state}", "lead.reopened"]
    assert gist(await world.press(anna, "reopen", lead)) == {("toast", anna.address, "toast_is_open")}
    assert await world.customer() == lead  # the customer's next message joins it


async def test_not_while_the_person_has_another_open_lead(world: World) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer()
    await world.press(anna, "lost", lead)
    other = await world.customer()
    assert other != lead
    (toast,) = await world.press(anna, "reopen", lead)
    assert (toast.key, toast.facts["other"]) == ("toast_other_open", (await world.lead(other)).number)
    assert (await world.lead(lead)).state == "lost"


async def test_a_colleagues_is_not_reopened_unless_he_has_left(world: World) -> None:
    anna, sveta = await world.hire("Anna"), await world.hire("Sveta", team="support")
    lead = await world.customer()
    await world.press(anna, "lost", lead)
    boris = await world.hire("Boris")
    (toast,) = await world.press(boris, "reopen", lead)
    assert (toast.key, toast.facts["name"]) == ("toast_closed_by", "Anna")
    async with world.database.begin() as connection:
        await staff.leave(connection, anna.id, utcnow())
    assert gist(await world.press(anna, "reopen", lead)) == {("toast", anna.address, "toast_not_staff")}
    assert gist(await world.press(sveta, "reopen", lead)) == {("toast", sveta.address, "toast_other_team")}
    assert ("toast", boris.address, "toast_reopened") in gist(await world.press(boris, "reopen", lead, chat=GROUP))
    assert (await world.lead(lead)).owner == boris.id


async def test_reopened_while_the_customer_writes_it_is_one_open_lead(world: World) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer()
    for _ in range(5):
        await world.press(anna, "lost", lead)
        press = world.message(anna, button=f"reopen:{lead.hex}", button_id="1")
        again, _done = await asyncio.gather(
            world.customer(), world.desk.act(press), return_exceptions=True
        )  # the loser of the race is brought again: app.handler
        assert not isinstance(again, BaseException)
        rows = await world.rows("SELECT id FROM leads WHERE state = 'open'")
        assert [row.id for row in rows] == [again]
        lead = again
        await world.press(anna, "take", lead)
