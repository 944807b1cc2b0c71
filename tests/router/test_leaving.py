"""What the router does with those who come, stop, and leave."""

from __future__ import annotations

import pytest

from domain.messages import utcnow
from router.route import Router
from router.screen import Voice
from store import staff
from store.engine import Database
from tests.router.conftest import Ask, Hire
from tests.router.people import BOT, SMS, chat, message, phone

PETR = phone("+79160000001")


async def test_a_bare_start_opens_nothing_and_is_kept(router: Router, ask: Ask) -> None:
    [start] = await router.route([message(BOT, chat("80"), text="/start")])
    assert (start.voice, start.lead, start.reason) == (Voice.IGNORED, None, "command: /start")
    assert await ask("SELECT text FROM messages") == ["/start"]
    assert await ask("SELECT purpose, facts ->> 'key' FROM deliveries") == [("greeting", "welcome_customer")]
    [asked] = await router.route([message(BOT, chat("80"), text="What is the price?")])
    assert asked.lead
    [again] = await router.route([message(BOT, chat("80"), text="/start")])
    assert again.lead == asked.lead
    assert await ask("SELECT count(*) FROM leads") == [1]


async def test_start_after_a_block_lets_us_write_again(router: Router, ask: Ask) -> None:
    await ask("INSERT INTO suppressions VALUES ('bot', '80', 'blocked', now()) RETURNING 1")
    await router.route([message(BOT, chat("80"), text="/start")])
    assert await ask("SELECT count(*) FROM suppressions") == [0]


@pytest.mark.parametrize("word", ["STOP", "Стоп."])
async def test_the_owner_hears_of_a_stop_at_once(router: Router, ask: Ask, hire: Hire, word: str) -> None:
    olga = await hire("Olga", "71")
    [opened] = await router.route([message(SMS, PETR)])
    stop = message(SMS, PETR, text=word)
    stopped, _again = await router.route([stop, stop])
    assert (stopped.voice, stopped.lead) == (Voice.IGNORED, opened.lead)
    assert await ask(
        "SELECT channel, address, lead_id, staff_id, facts->>'key' FROM deliveries WHERE purpose = 'notice'"
    ) == [(BOT, "71", opened.lead, olga.id, "customer_stopped")]
    assert await ask("SELECT lead_id, message_id FROM events WHERE kind = 'message.ignored'") == [
        (opened.lead, stopped.message)
    ]
    assert await ask("SELECT address FROM suppressions") == [PETR.value]


@pytest.mark.parametrize("words", [["STOP"], ["Hello", "START"]])
async def test_nobody_is_told_where_nobody_works_or_nothing_stops(
    router: Router, ask: Ask, hire: Hire, words: list[str]
) -> None:
    await hire("Olga", "71", at_work=False)
    await router.route([message(SMS, PETR, text=word) for word in words])
    assert await ask("SELECT count(*) FROM deliveries WHERE purpose = 'notice'") == [0]


async def test_who_left_is_no_customer_for_thirty_days(
    router: Router, database: Database, ask: Ask, hire: Hire
) -> None:
    olga = await hire("Olga", "71")
    async with database.begin() as connection:
        await staff.leave(connection, olga.id, utcnow())
        assert (await staff.everybody(connection, 1))[1] == {"71"}
        assert await staff.roster(connection) == []
    [habit] = await router.route([message(BOT, chat("71"), text="/leads")])
    assert (habit.voice, habit.reason) == (Voice.IGNORED, "former staff")
    assert await ask("SELECT count(*) FROM leads") == [0]
    await ask("UPDATE staff SET left_at = left_at - interval '31 days' RETURNING 1")
    [later] = await router.route([message(BOT, chat("71"), text="How much is a table?")])
    assert later.voice is Voice.CUSTOMER


async def test_who_comes_back_is_staff_again(router: Router, database: Database, hire: Hire) -> None:
    olga = await hire("Olga", "71")
    async with database.begin() as connection:
        await staff.leave(connection, olga.id, utcnow())
    await hire("Olga", "71")
    [said] = await router.route([message(BOT, chat("71"), text="/on")])
    assert said.voice is Voice.STAFF
