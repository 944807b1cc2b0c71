"""After Reply a seller may simply write; everything else that answers nothing stays unsent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from desk.ownership import ANSWER_AWAITED
from store.staff import Member
from tests.desk.world import FILE, GROUP, World, gist

UNSENT = {("how_to_answer",), ("how_to_answer_none",)}


async def sent(world: World) -> list[tuple[str, UUID]]:
    rows = await world.rows("SELECT text, lead_id FROM messages WHERE direction = 'out' ORDER BY created_at")
    return [tuple(row) for row in rows]


async def test_the_next_words_answer_that_lead_once(world: World) -> None:
    anna = await world.hire("Anna")
    lead, other = await world.waiting(2)
    await world.press(anna, "take", other)
    await world.press(anna, "reply", lead)
    await world.send_all()
    rows = await world.say(anna, "100 roubles")
    assert gist(rows) == {
        ("reply", "c0@example.com", ""),
        ("notice", anna.address, "answer_accepted"),
        ("refresh", anna.address, ""),
    }
    (notice,) = [row for row in rows if row.purpose == "notice"]
    assert notice.lead == lead
    assert gist(await world.say(anna, "and ten")) == {("notice", anna.address, "how_to_answer")}
    assert await sent(world) == [("100 roubles", lead)]


async def test_a_file_is_an_answer_too_and_what_cannot_be_sent_is_still_awaited(world: World) -> None:
    anna = await world.hire("Anna")
    (lead,) = await world.waiting(1)
    await world.press(anna, "reply", lead)
    assert gist(await world.say(anna, fields={"sticker": "x"})) == {("notice", anna.address, "not_sent_empty")}
    assert ("reply", "c0@example.com", "") in gist(await world.say(anna, files=(FILE,)))
    assert await sent(world) == [("", lead)]


async def test_reply_on_another_lead_is_the_one_that_counts(world: World) -> None:
    anna = await world.hire("Anna")
    first, second = await world.waiting(2)
    await world.press(anna, "reply", first)
    await world.press(anna, "reply", second)
    await world.say(anna, "to the second")
    await world.press(anna, "reply", first)
    await world.press(anna, "reply", first)
    await world.say(anna, "to the first")
    assert await sent(world) == [("to the second", second), ("to the first", first)]


Between = Callable[[World, Member, UUID, UUID], Awaitable[object]]


async def wait_long(world: World, anna: Member, lead: UUID, other: UUID) -> object:
    gone = ANSWER_AWAITED + timedelta(seconds=1)
    return await world.rows("UPDATE events SET at = at - CAST(:gone AS interval) RETURNING 1", gone=gone)


async def close(world: World, anna: Member, lead: UUID, other: UUID) -> object:
    return await world.press(anna, "won", lead)


async def hand_on(world: World, anna: Member, lead: UUID, other: UUID) -> object:
    return await world.press(anna, "pass", lead)


async def take_another(world: World, anna: Member, lead: UUID, other: UUID) -> object:
    return await world.press(anna, "take", other)


async def take_and_close_another(world: World, anna: Member, lead: UUID, other: UUID) -> object:
    await world.press(anna, "take", other)
    return await world.press(anna, "lost", other)


async def reply_to_and_close_another(world: World, anna: Member, lead: UUID, other: UUID) -> object:
    await world.press(anna, "reply", other)
    return await world.press(anna, "lost", other)


async def answer_another(world: World, anna: Member, lead: UUID, other: UUID) -> object:
    rows = await world.say(anna, "to another", refers_to=(await world.card(other, anna.address),))
    await world.rows("DELETE FROM messages WHERE direction = 'out' RETURNING 1")
    return rows


async def lose_it(world: World, anna: Member, lead: UUID, other: UUID) -> None:
    await world.give(lead, await world.hire("Boris"))


@pytest.mark.parametrize(
    "between",
    [
        wait_long,
        close,
        hand_on,
        take_another,
        take_and_close_another,
        reply_to_and_close_another,
        answer_another,
        lose_it,
    ],
)
async def test_whatever_leaves_a_doubt_ends_it(world: World, between: Between) -> None:
    anna = await world.hire("Anna")
    lead, other = await world.waiting(2)
    await world.press(anna, "reply", lead)
    await between(world, anna, lead, other)
    await world.new()
    (notice,) = await world.say(anna, "100 roubles")
    assert (notice.key,) in UNSENT
    assert await sent(world) == []


async def test_a_command_and_talk_in_the_group_are_no_answers(world: World) -> None:
    anna = await world.hire("Anna")
    (lead,) = await world.waiting(1)
    assert ("toast", anna.address, "toast_write_group") in gist(await world.press(anna, "reply", lead, chat=GROUP))
    assert gist(await world.say(anna, "/help")) == {("notice", anna.address, "help")}
    assert await world.say(anna, "Lunch?", chat=GROUP) == []
    await world.say(anna, "100 roubles")
    assert await sent(world) == [("100 roubles", lead)]


async def test_a_colleagues_reply_is_not_his(world: World) -> None:
    anna, boris = await world.hire("Anna"), await world.hire("Boris")
    (lead,) = await world.waiting(1)
    await world.give(lead, anna)
    await world.press(anna, "reply", lead)
    assert gist(await world.say(boris, "100 roubles")) == {("notice", boris.address, "how_to_answer_none")}
