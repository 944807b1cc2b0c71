"""Buttons under a card: who may press which, and what comes of it."""

from __future__ import annotations

import string
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.buttons import Press, parse
from store.engine import Database
from tests.desk.world import FILE, GROUP, World, gist

LEAD = UUID(int=0xABC)


@pytest.mark.parametrize("verb", ["take", "pass", "reply", "won", "lost", "spam", "reopen"])
def test_our_own_data_is_read(verb: str) -> None:
    assert parse(f"{verb}:{LEAD.hex}") == Press(verb, LEAD)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "take",
        "take:",
        f"take:{LEAD}",
        f"take:{LEAD.hex.upper()}",
        f"take:{LEAD.hex}\n",
        f" take:{LEAD.hex}",
        f"take:{LEAD.hex}0",
        f"delete:{LEAD.hex}",
        f"take:{'٣' * 32}",
        "take:'; DROP TABLE leads; --",
    ],
)
def test_anything_else_is_not(data: str) -> None:
    assert parse(data) is None


@given(st.text(st.sampled_from(string.printable + "take:пвы"), max_size=64))
def test_whatever_is_read_is_exactly_what_we_make(data: str) -> None:
    press = parse(data)
    assert press is None or f"{press.verb}:{press.lead.hex}" == data


async def test_take_makes_it_his_and_edits_every_card(world: World) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer()
    assert gist(await world.press(anna, "take", lead)) == {
        ("toast", anna.address, "toast_taken"),
        ("refresh", anna.address, ""),
    }
    taken = await world.lead(lead)
    assert (taken.owner, taken.taken_at is not None) == (anna.id, True)
    assert await world.events(lead) == ["lead.taken"]
    assert gist(await world.press(anna, "take", lead)) == {("toast", anna.address, "toast_yours")}


async def test_take_in_the_teams_chat_brings_the_card_home(world: World) -> None:
    anna, boris = await world.hire("Anna", at_work=False), await world.hire("Boris", at_work=False)
    lead = await world.customer(files=(FILE,))
    rows = await world.press(anna, "take", lead, chat=GROUP)
    assert gist(rows) == {
        ("toast", anna.address, "toast_taken"),
        ("refresh", GROUP, ""),
        ("card", anna.address, ""),
        ("relay", anna.address, ""),  # the customer's file does not fit on the card
    }
    (toast,) = [row for row in rows if row.purpose == "toast"]
    assert toast.facts["press"] == "press-1"
    (late,) = await world.press(boris, "take", lead, chat=GROUP)
    assert (late.key, late.facts["name"], late.address) == ("toast_was_first", "Anna", boris.address)
    assert (await world.lead(lead)).owner == anna.id


async def test_a_card_that_he_has_comes_again_only_when_he_took_it_in_the_teams_chat(world: World) -> None:
    anna = await world.hire("Anna")
    leads = [await world.customer(files=(FILE,)), *await world.waiting(1)]
    for lead in leads:
        await world.give(lead, None)
    toast = ("toast", anna.address, "toast_taken")
    assert gist(await world.press(anna, "take", leads[0], chat=GROUP)) == {toast, ("card", anna.address, "")}
    assert gist(await world.press(anna, "take", leads[1])) == {toast, ("refresh", anna.address, "")}


async def test_pass_goes_round_then_to_the_team_then_nowhere(world: World) -> None:
    anna, boris, _off = await world.hire("Anna"), await world.hire("Boris"), await world.hire("Off", at_work=False)
    await world.hire("Sveta", team="support")
    lead = await world.customer()
    first, second = (anna, boris) if (await world.lead(lead)).owner == anna.id else (boris, anna)

    rows = await world.press(first, "pass", lead)
    assert gist(rows) == {
        ("toast", first.address, "toast_passed"),
        ("notice", second.address, "passed_to_you"),
        ("card", second.address, ""),
        ("refresh", first.address, ""),
    }
    told = [row for row in rows if row.address == second.address]
    assert [row.purpose for row in told] == ["notice", "card"]
    assert (told[0].facts["name"], told[0].facts["language"], told[0].staff) == (first.name, "en", second.id)
    assert (await world.lead(lead)).owner == second.id
    await world.send_all()

    assert gist(await world.press(second, "pass", lead)) == {
        ("toast", second.address, "toast_passed_team"),
        ("card", GROUP, ""),
        ("refresh", first.address, ""),
        ("refresh", second.address, ""),
    }
    assert (await world.lead(lead)).owner is None
    assert await world.events(lead) == ["lead.passed", "lead.passed"]
    assert gist(await world.press(first, "pass", lead)) == {("toast", first.address, "toast_nobodys")}


async def test_pass_without_anybody_or_a_team_chat_waits(database: Database) -> None:
    world = World(database, team_chat=False)
    anna = await world.hire("Anna")
    lead = await world.customer()
    await world.press(anna, "take", lead)
    assert gist(await world.press(anna, "pass", lead)) == {("toast", anna.address, "toast_passed_nobody")}
    found = await world.lead(lead)
    assert (found.owner, found.taken_at) == (None, None)


async def test_only_the_owner_passes(world: World) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer()
    boris = await world.hire("Boris")
    assert gist(await world.press(boris, "pass", lead)) == {("toast", boris.address, "toast_offered")}
    assert (await world.lead(lead)).owner == anna.id


async def test_reply_takes_a_free_lead_and_says_how(world: World) -> None:
    anna = await world.hire("Anna", at_work=False)
    lead = await world.customer()
    assert gist(await world.press(anna, "reply", lead, chat=GROUP)) == {
        ("toast", anna.address, "toast_write_group"),
        ("card", anna.address, ""),
        ("refresh", GROUP, ""),
    }
    assert (await world.lead(lead)).owner == anna.id
    assert gist(await world.press(anna, "reply", lead)) == {("toast", anna.address, "toast_write")}


@pytest.mark.parametrize("state", ["won", "lost", "spam"])
async def test_closing(world: World, state: str) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer()
    assert gist(await world.press(anna, state, lead)) == {
        ("toast", anna.address, f"toast_{state}"),
        ("refresh", anna.address, ""),
    }
    assert (await world.lead(lead)).state == state
    assert await world.events(lead) == ["lead.taken", f"lead.{state}"]
    for verb in ("take", "pass", "reply", "won"):
        assert gist(await world.press(anna, verb, lead)) == {("toast", anna.address, "toast_closed")}
    assert (await world.lead(lead)).state == state


async def test_spam_in_the_teams_chat_is_not_brought_home(world: World) -> None:
    anna = await world.hire("Anna", at_work=False)
    lead = await world.customer()
    assert ("card", anna.address, "") not in gist(await world.press(anna, "spam", lead, chat=GROUP))


@pytest.mark.parametrize("verb", ["take", "pass", "reply", "won", "lost", "spam"])
async def test_forged_buttons_do_nothing(world: World, verb: str) -> None:
    anna, sveta = await world.hire("Anna"), await world.hire("Sveta", team="support")
    lead = await world.customer()
    before = await world.lead(lead)
    assert gist(await world.press("666", verb, lead)) == {("toast", "666", "toast_not_staff")}
    assert gist(await world.press("666", verb, lead, chat=GROUP)) == {("toast", "666", "toast_not_staff")}
    assert gist(await world.press(sveta, verb, lead)) == {("toast", sveta.address, "toast_other_team")}
    for data in (uuid4(), "' OR 1=1", lead.hex + "0"):
        assert gist(await world.press(anna, verb, data)) == {("toast", anna.address, "toast_unknown")}
    assert await world.lead(lead) == before
    assert await world.events(lead) == []


async def test_who_left_is_a_stranger(world: World) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer()
    await world.rows("UPDATE staff SET left_at = now() WHERE id = :id RETURNING 1", id=anna.id)
    assert gist(await world.press(anna, "take", lead)) == {("toast", anna.address, "toast_not_staff")}


async def test_an_id_that_the_channel_does_not_vouch_for_is_nobody(world: World) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer()
    claims = tuple(a.__class__(kind=a.kind, value=a.value) for a in world.message(anna).addresses)
    assert await world.press(anna, "take", lead, addresses=claims) == []
