"""Whose a lead is: the pure rules, and two who reach for it at once."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from desk.ownership import Refusal, next_hand, refusal
from domain.messages import utcnow
from store.leads import Lead
from store.staff import Member
from tests.desk.world import GROUP, World

ROUNDS = 12


def member(number: int, *, at_work: bool = True, team: str = "sales", address: str | None = "1") -> Member:
    return Member(UUID(int=number), f"M{number}", team, "en", at_work, "bot", address)


ROSTER = [member(1), member(2), member(3, at_work=False), member(4), member(5, team="support"), member(6, address=None)]


@pytest.mark.parametrize(
    ("passer", "offered", "to"),
    [
        (1, {1}, 2),
        (2, {2}, 4),
        (4, {4}, 1),
        (2, {1, 2}, 4),
        (4, {1, 4}, 2),
        (1, {1, 2, 4}, None),
        (3, {3}, 4),
        (9, {9}, 1),
        (1, set(), 2),
    ],
)
def test_the_next_hand(passer: int, offered: set[int], to: int | None) -> None:
    found = next_hand(ROSTER, "sales", UUID(int=passer), {UUID(int=n) for n in offered})
    assert (found.id.int if found else None) == to


def test_he_never_passes_to_himself() -> None:
    assert next_hand(ROSTER[:1], "sales", UUID(int=1), set()) is None


@pytest.mark.parametrize(
    ("state", "pipeline", "owner", "taken", "expected"),
    [
        ("open", "sales", None, False, None),
        ("open", "sales", 1, False, None),
        ("open", "sales", 1, True, None),
        ("open", "support", 1, False, None),
        ("open", "support", None, False, Refusal.OTHER_TEAM),
        ("open", "support", 2, True, Refusal.OTHER_TEAM),
        ("open", "sales", 2, False, Refusal.OFFERED),
        ("open", "sales", 2, True, Refusal.TAKEN),
        ("won", "sales", 1, True, Refusal.CLOSED),
        ("spam", "support", None, False, Refusal.CLOSED),
    ],
)
def test_refusal(state: str, pipeline: str, owner: int | None, taken: bool, expected: Refusal | None) -> None:
    now, nobody = utcnow(), UUID(int=0)
    owner_id = UUID(int=owner) if owner else None
    lead = Lead(nobody, 7, nobody, pipeline, state, owner_id, now if taken else None, now, now)
    assert refusal(lead, member(1)) is expected


async def test_of_two_who_press_at_once_one_wins(world: World) -> None:
    anna, boris = await world.hire("Anna", at_work=False), await world.hire("Boris", at_work=False)
    for lead in await world.waiting(ROUNDS):
        presses = [world.message(who, chat=GROUP, button=f"take:{lead.hex}", button_id="1") for who in (anna, boris)]
        await asyncio.gather(*(world.desk.act(press) for press in presses))
        rows = await world.new()
        toasts = {row.address: row.key for row in rows if row.purpose == "toast"}
        assert sorted(toasts.values()) == ["toast_taken", "toast_was_first"]
        winner = next(who for who in (anna, boris) if toasts[who.address or ""] == "toast_taken")
        assert (await world.lead(lead)).owner == winner.id
        assert [row.address for row in rows if row.purpose == "card"] == [winner.address]
        assert await world.events(lead) == ["lead.taken"]


async def test_who_answers_has_the_lead(world: World) -> None:
    """Anna answers in the group while Boris takes: her answer goes out only if the lead is hers."""
    anna, boris = await world.hire("Anna", at_work=False), await world.hire("Boris", at_work=False)
    for lead in await world.waiting(ROUNDS):
        card = await world.card(lead, GROUP)
        answer = world.message(anna, "Hello", chat=GROUP, refers_to=(card,))
        take = world.message(boris, chat=GROUP, button=f"take:{lead.hex}", button_id="1")
        await asyncio.gather(world.desk.act(take), world.desk.act(answer))
        replied = any(row.purpose == "reply" for row in await world.new())
        assert (await world.lead(lead)).owner == (anna.id if replied else boris.id)


async def test_what_he_takes_while_he_goes_stays_his(world: World) -> None:
    anna = await world.hire("Anna")
    for lead in await world.waiting(ROUNDS):
        await world.give(lead, anna)
        take = world.message(anna, button=f"take:{lead.hex}", button_id="1")
        await asyncio.gather(world.desk.act(world.message(anna, "/off")), world.desk.act(take))
        assert (await world.lead(lead)).owner == anna.id


async def test_one_message_brought_twice_at_once_acts_once(world: World) -> None:
    anna = await world.hire("Anna")
    for lead in await world.waiting(ROUNDS // 3):
        said = world.message(anna, "Hello", refers_to=(await world.card(lead, anna.address),))
        await asyncio.gather(*(world.desk.act(said) for _ in range(4)))
        assert sorted(row.purpose for row in await world.new()) == ["refresh", "reply"]


async def test_two_who_come_to_work_at_once_share_what_waits(world: World) -> None:
    anna, boris = await world.hire("Anna", at_work=False), await world.hire("Boris", at_work=False)
    waiting = await world.waiting(4)
    await asyncio.gather(*(world.desk.act(world.message(who, "/on")) for who in (anna, boris)))
    cards = [row.lead for row in await world.new() if row.purpose == "card"]
    assert sorted(lead for lead in cards if lead) == sorted(waiting)


async def test_what_fails_half_way_has_not_happened(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bus brings the message again after a failure, and then it must be acted on as if for the first time."""
    anna = await world.hire("Anna")
    lead = await world.customer()
    said = world.message(anna, "Hello", refers_to=(await world.card(lead, anna.address),))
    with monkeypatch.context() as broken:
        broken.setattr("store.chats.refresh", None)
        with pytest.raises(TypeError):
            await world.desk.act(said)
    assert await world.new() == []
    assert {row.purpose for row in await world.act(said)} == {"reply", "refresh"}
