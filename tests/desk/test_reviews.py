"""Whether two cards are one person, asked and answered in the seller's chat."""

from __future__ import annotations

from uuid import UUID

from domain.messages import Address, AddressKind
from people.asking import Asking
from people.matcher import Matcher
from store import suggestions
from store.staff import Member
from tests.desk.world import BOT, GROUP, SITE, World

PHONE = Address(kind=AddressKind.PHONE, value="+79161234567")


async def asked(world: World) -> UUID:
    """Two cards of one person, and the question about them on its way."""
    typed = Address(kind=AddressKind.EMAIL, value="p.ivanov@example.org")
    await world.customer(typed, PHONE, channel=SITE, name="Пётр Иванов")
    proved = Address(kind=AddressKind.EMAIL, value="pivanov@example.com", proved=True)
    await world.customer(proved, PHONE, name="Ivanov Petr")
    await Matcher(world.database).look()
    await Asking(world.database, {"sales": (BOT, GROUP)}).ask()
    [found] = [row for row in await world.new() if row.purpose == "review"]
    assert found.channel == BOT
    return UUID(found.facts["suggestion"])


async def say(world: World, seller: Member, verb: str, suggestion: UUID) -> list[str]:
    """The toasts that a press is answered with."""
    pressed = world.message(seller, button=f"{verb}:{suggestion.hex}", button_id="b", refers_to=("500",))
    return [row.key for row in await world.act(pressed) if row.purpose == "toast"]


async def state(world: World, suggestion: UUID) -> str:
    async with world.database.begin() as connection:
        found = await suggestions.get(connection, suggestion)
    assert found
    return found.state


async def test_the_seller_who_works_for_one_of_both_is_asked(world: World) -> None:
    anna = await world.hire("Anna")
    suggestion = await asked(world)
    assert await say(world, anna, "same", suggestion) == ["review_same"]
    assert await state(world, suggestion) == "same"
    assert await say(world, anna, "same", suggestion) == ["review_decided"]
    assert await say(world, anna, "undo", suggestion) == ["review_undone"]
    assert await state(world, suggestion) == "open"


async def test_not_the_same_is_remembered_and_can_be_taken_back(world: World) -> None:
    anna = await world.hire("Anna")
    suggestion = await asked(world)
    assert await say(world, anna, "different", suggestion) == ["review_different"]
    assert await world.rows("SELECT count(*) AS n FROM verdicts") == [(1,)]
    assert await say(world, anna, "undo", suggestion) == ["review_undone"]
    assert await world.rows("SELECT count(*) AS n FROM verdicts") == [(0,)]


async def test_later_is_asked_again(world: World) -> None:
    anna = await world.hire("Anna")
    suggestion = await asked(world)
    assert await say(world, anna, "later", suggestion) == ["review_later"]
    asking = Asking(world.database, {"sales": (BOT, GROUP)})
    assert await asking.ask() == 0
    await world.rows("UPDATE suggestions SET due_at = now() RETURNING 1")
    assert await asking.ask() == 1


async def test_who_is_not_staff_decides_nothing(world: World) -> None:
    suggestion = await asked(world)
    await world.act(world.message("666", button=f"same:{suggestion.hex}", button_id="b"))
    assert await state(world, suggestion) == "open"


async def test_nobody_is_asked_about_those_who_only_stand_in_a_list(world: World) -> None:
    await asked(world)
    await world.rows("UPDATE suggestions SET asked_at = NULL RETURNING 1")
    await world.rows("UPDATE leads SET state = 'won' RETURNING 1")
    assert await Asking(world.database, {"sales": (BOT, GROUP)}).ask() == 0
