"""The operators' button under the news of an export."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from desk import Desk
from domain.messages import Address, AddressKind, Inbound, utcnow
from notifications import review
from people import exporting
from people.exporting import House, Wanted
from store import exports
from store.exports import Export
from tests.desk.world import BOT, GROUP, KINDS, World

OPERATORS = "-300400"


@pytest.fixture(autouse=True)
def desk_with_operators(world: World) -> None:
    world.desk = Desk(
        world.database,
        company="Romashka & Co",
        default_language="ru",
        teams={},
        reply_routes={},
        kinds=KINDS,
        operators=[(BOT, OPERATORS)],
    )


async def asked(world: World, **facts: Any) -> tuple[UUID, str]:
    """An export that waits, and what its button says when it is pressed."""
    house = House(delay=timedelta(hours=1), operators=[(BOT, OPERATORS)], language="ru")
    async with world.database.begin() as connection:
        made = await exporting.ask(connection, Wanted(), "cli", house)
    [row] = [row for row in await world.new() if row.key == "export_asked"]
    [[button]] = review.offered(row.facts)
    assert button.text == "Запретить"
    assert button.data
    return made.id, button.data


def pressed(data: str, chat: str, sender: str = "77") -> Inbound:
    return Inbound(
        channel=BOT,
        external_id=f"press {data} {chat} {utcnow()}",
        addresses=(Address(kind=AddressKind.TELEGRAM, value=sender, proved=True),),
        received_at=utcnow(),
        chat=chat,
        button=data,
        button_id="b",
    )


async def now(world: World, export: UUID) -> Export:
    async with world.database.begin() as connection:
        found = await exports.get(connection, export)
    assert found
    return found


async def test_an_operator_forbids_it(world: World) -> None:
    """He need be nobody's seller."""
    export, data = await asked(world)
    assert [row.key for row in await world.act(pressed(data, OPERATORS))] == ["veto_done"]
    found = await now(world, export)
    assert (found.state, found.decided_by) == ("vetoed", "bot:77")
    assert [row.key for row in await world.act(pressed(data, OPERATORS))] == ["veto_late"]


@pytest.mark.parametrize("chat", [GROUP, ""])
async def test_nobody_else_does(world: World, chat: str) -> None:
    """A seller, who saw what such a button carries, in his own chat and in the team's."""
    export, data = await asked(world)
    anna = await world.hire("Anna")
    assert anna.address
    assert [row.key for row in await world.act(pressed(data, chat, anna.address))] == ["veto_not_yours"]
    assert (await now(world, export)).state == "waiting"


def test_other_lines_have_no_button() -> None:
    assert review.offered({"key": "channel_paused"}) == ()
