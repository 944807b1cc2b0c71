"""A team's chat that Telegram made a supergroup of."""

from __future__ import annotations

import logging

import pytest

from tests.desk.world import GROUP, World, gist

MOVED = {"migrate_to_chat_id": "-100300"}


@pytest.mark.parametrize("sender", ["666", GROUP])
async def test_the_team_is_told_the_new_id(world: World, caplog: pytest.LogCaptureFixture, sender: str) -> None:
    anna, boris = await world.hire("Anna"), await world.hire("Boris", language="ru", at_work=False)
    await world.hire("Sveta", team="support")
    await world.link("Not linked")
    with caplog.at_level(logging.CRITICAL):
        rows = await world.say(sender, chat=GROUP, fields=MOVED)
    assert gist(rows) == {("notice", who.address, "team_chat_moved") for who in (anna, boris)}
    assert {(row.facts["language"], row.facts["chat"], row.facts["team"]) for row in rows} == {
        ("en", "-100300", "sales"),
        ("ru", "-100300", "sales"),
    }
    assert "-100300" in caplog.text


async def test_another_group_concerns_nobody(world: World) -> None:
    anna = await world.hire("Anna")
    assert await world.say(anna, chat="-100999", fields=MOVED) == []


async def test_in_private_it_is_only_a_field(world: World) -> None:
    anna = await world.hire("Anna")
    assert gist(await world.say(anna, "Hello", fields=MOVED)) == {("notice", anna.address, "how_to_answer_none")}
