"""Commands, and words that mean nothing to us."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.commands import SHOWN_AT_ONCE, word_of
from desk.ownership import OFFERED_AT_ONCE
from domain.messages import ChannelName, Inbound, Source, utcnow
from tests.desk.world import FILE, GROUP, World, gist, telegram


def said(words: str) -> Inbound:
    return Inbound(
        channel=ChannelName("bot"), external_id="1", addresses=(telegram("1"),), received_at=utcnow(), text=words
    )


@pytest.mark.parametrize(
    ("words", "word"),
    [
        ("/on", "on"),
        ("/On", "on"),
        ("/on@leadwire_bot", "on"),
        ("/leads please", "leads"),
        ("/help\nme", "help"),
        ("/", None),
        ("/on-time", None),
        ("/usr/bin", None),
        ("// remark", None),
        (" /on", None),
        ("on", "on"),
        (" Off\n", "off"),
        ("on my way", None),
        ("help", None),
        ("", None),
    ],
)
def test_what_is_a_command(words: str, word: str | None) -> None:
    assert word_of(said(words)) == word


@given(st.text(max_size=80))
def test_a_command_is_the_first_word(words: str) -> None:
    word = word_of(said(words))
    assert word is None or words[1:].lower().startswith(word) or words.strip().lower() in ("on", "off")


@pytest.mark.parametrize("more", [{"refers_to": ("1:2",)}, {"chat": GROUP}, {"files": (FILE,)}, {"button": "on"}])
def test_on_without_a_slash_is_a_command_only_when_it_stands_alone(more: dict[str, Any]) -> None:
    assert word_of(replace(said("on"), **more)) is None


async def test_on_offers_what_waits_a_few_at_a_time(world: World) -> None:
    anna = await world.hire("Anna", at_work=False)
    waiting = await world.waiting(OFFERED_AT_ONCE + 1)
    rows = await world.say(anna, "/on")
    assert gist(rows) == {
        ("notice", anna.address, "offered_more"),
        ("card", anna.address, ""),
        ("refresh", GROUP, ""),
    }
    assert rows[0].purpose == "notice"  # the sentence, then what it speaks of
    assert [row.lead for row in rows if row.purpose == "card"] == waiting[:-1]
    assert [(await world.lead(lead)).owner for lead in waiting] == [anna.id] * OFFERED_AT_ONCE + [None]
    (notice,) = [row for row in await world.say(anna, "/on@our_bot", chat=GROUP) if row.purpose == "notice"]
    assert (notice.key, notice.address, notice.facts["count"]) == ("offered", GROUP, 1)
    assert gist(await world.say(anna, "/on")) == {("notice", anna.address, "at_work")}
    assert await world.events(waiting[0]) == ["lead.offered"]
    assert await world.events() == ["staff.on"] * 3


async def test_on_is_for_his_own_team(world: World) -> None:
    sveta = await world.hire("Sveta", team="support", at_work=False)
    await world.waiting(1)
    assert gist(await world.say(sveta, "/on")) == {("notice", sveta.address, "at_work")}


async def test_off_passes_on_what_he_has_not_taken(world: World) -> None:
    anna = await world.hire("Anna")
    mine, offered = await world.waiting(2)
    await world.press(anna, "take", mine)
    boris = await world.hire("Boris")
    rows = await world.say(anna, "/off")
    assert gist(rows) == {
        ("notice", anna.address, "away_passed"),
        ("notice", boris.address, "passed_to_you"),
        ("card", boris.address, ""),
        ("refresh", anna.address, ""),
    }
    assert [(await world.lead(lead)).owner for lead in (mine, offered)] == [anna.id, boris.id]
    assert gist(await world.say(anna, "/off")) == {("notice", anna.address, "away")}
    (row,) = await world.rows("SELECT at_work FROM staff WHERE id = :id", id=anna.id)
    assert not row.at_work


async def test_leads_shows_fresh_cards_in_his_own_chat(world: World) -> None:
    anna = await world.hire("Anna")
    assert gist(await world.say(anna, "/leads")) == {("notice", anna.address, "no_leads")}
    first = await world.customer(files=(FILE,))
    (second,) = await world.waiting(1)
    rows = await world.say(anna, "/leads", chat=GROUP)
    assert gist(rows) == {("notice", anna.address, "your_leads"), ("card", anna.address, "")}
    assert [row.purpose for row in rows] == ["notice", "card", "card"]
    assert [row.lead for row in rows[1:]] == [second, first]


async def test_leads_has_a_bound(world: World) -> None:
    anna = await world.hire("Anna")
    await world.waiting(SHOWN_AT_ONCE + 1)
    notice, *cards = await world.say(anna, "/leads")
    assert (notice.key, notice.facts["count"], len(cards)) == ("your_latest_leads", SHOWN_AT_ONCE, SHOWN_AT_ONCE)


async def test_words_that_answer_nothing_are_not_guessed_at(world: World) -> None:
    anna = await world.hire("Anna", language="ru")
    assert gist(await world.say(anna, "100 roubles")) == {("notice", anna.address, "how_to_answer_none")}
    lead = await world.customer(name="Пётр <b>")
    await world.press(anna, "take", lead)
    (notice,) = await world.say(anna, "100 roubles", refers_to=("1001:999999",))
    assert (notice.key, notice.facts["language"]) == ("how_to_answer", "ru")
    assert notice.facts["leads"] == [f"#{(await world.lead(lead)).number} Пётр <b>"]
    assert await world.rows("SELECT 1 FROM messages WHERE direction = 'out'") == []


@pytest.mark.parametrize(
    ("words", "key"),
    [("/help", "help"), ("/start", "help"), ("/on@our_bot", "at_work"), ("/dance", "unknown_command"), ("off", "away")],
)
async def test_commands_in_private(world: World, words: str, key: str) -> None:
    anna = await world.hire("Anna")
    assert gist(await world.say(anna, words)) == {("notice", anna.address, key)}


async def test_id_tells_the_chats_own(world: World) -> None:
    anna = await world.hire("Anna")
    for chat, place in (("", anna.address), (GROUP, GROUP), ("-100777", "-100777")):
        (notice,) = await world.say(anna, "/id@our_bot", chat=chat)
        assert (notice.key, notice.address, notice.facts["chat"]) == ("chat_id", place, place)
    assert gist(await world.say("666", "/id", chat=GROUP)) == {("notice", GROUP, "not_staff")}


async def test_another_deep_link_is_no_staff_link(world: World) -> None:
    anna = await world.hire("Anna")
    rows = await world.say(anna, "/start spring", source=Source(campaign="spring"))
    assert gist(rows) == {("notice", anna.address, "help")}


async def test_in_the_group_people_talk(world: World) -> None:
    anna = await world.hire("Anna")
    for words in ("Lunch?", "/dance", "/startle@other_bot"):
        assert await world.say(anna, words, chat=GROUP) == []
    assert await world.say(anna, "Lunch!", chat=GROUP, refers_to=(f"{GROUP}:5",)) == []
    assert await world.say(anna, "Lunch?!", chat=GROUP, fields={"edited": "1"}) == []
    assert await world.say("666", "Lunch?", chat=GROUP) == []
    assert await world.rows("SELECT 1 FROM events WHERE kind = 'staff.message'") == []
    assert gist(await world.say(anna, "/help@our_bot", chat=GROUP)) == {("notice", GROUP, "help")}
    assert gist(await world.say("666", "/leads", chat=GROUP)) == {("notice", GROUP, "not_staff")}


async def test_a_command_is_never_an_answer(world: World) -> None:
    """ "/off" written under a card must not reach the customer."""
    anna = await world.hire("Anna")
    card = await world.card(await world.customer(), anna.address)
    assert gist(await world.say(anna, "/help", refers_to=(card,))) == {("notice", anna.address, "help")}
