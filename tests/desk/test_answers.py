"""A reply in the seller's chat becomes an answer to the customer, once, or says why not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from domain.messages import Address, AddressKind, ChannelName
from store.engine import Database
from store.leads import Lead
from store.staff import Member
from tests.desk.world import BOT, FILE, GROUP, MAIL, SITE, SMS, Row, World, claimed, gist, telegram

EMAIL, PHONE = claimed(AddressKind.EMAIL, "form@example.com"), claimed(AddressKind.PHONE, "+79161234567")
EXTENSION = claimed(AddressKind.PHONE, "+74951234567;ext=12")


async def only_reply(rows: list[Row]) -> Row:
    (reply,) = [row for row in rows if row.purpose == "reply"]
    return reply


async def test_a_reply_to_the_card_goes_to_the_customer(world: World) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer(subject="Price?", ref="<1@example.com>")
    card = await world.card(lead, anna.address)
    said = world.message(anna, "100 roubles", refers_to=(card,), files=(FILE,))
    rows = await world.act(said)

    assert gist(rows) == {("reply", "peter@example.com", ""), ("refresh", anna.address, "")}
    reply = await only_reply(rows)
    assert (reply.channel, reply.lead) == (MAIL, lead)
    (message,) = await world.rows("SELECT m.*, i.value FROM messages m JOIN identities i ON i.id = identity_id "
                                  "WHERE direction = 'out'")  # fmt: skip
    (asked,) = await world.rows("SELECT id, thread FROM messages WHERE direction = 'in'")
    assert message.id == reply.message
    assert (message.channel, message.external_id, message.ref) == (BOT, said.external_id, said.ref)
    assert (message.staff_id, message.lead_id, message.value) == (anna.id, lead, "peter@example.com")
    assert (message.text, message.subject, message.thread) == ("100 roubles", "Price?", asked.thread)
    assert message.facts == {
        "answers": str(asked.id),
        "files": [{"key": FILE.key, "name": "price.pdf", "type": "application/pdf", "size": 9, "content_id": ""}],
    }
    assert (await world.lead(lead)).taken_at is not None
    assert await world.events(lead) == ["lead.taken", "lead.answered"]


async def test_a_reply_to_a_relay_answers_that_message(world: World) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer(words="first")
    await world.customer(telegram("77"), channel=BOT, words="another person")
    await world.customer(words="second")
    relay = await world.shown(lead, anna.address, "relay")
    await world.customer(words="third")
    await world.say(anna, "to the second", refers_to=(relay,))
    card = await world.card(lead, anna.address)
    await world.say(anna, "to the last", refers_to=(card,))
    found = await world.rows(
        """SELECT o.text, i.text FROM messages o JOIN messages i ON i.id = CAST(o.facts->>'answers' AS uuid)
           WHERE o.direction = 'out' ORDER BY o.created_at"""
    )
    assert [tuple(row) for row in found] == [("to the second", "second"), ("to the last", "third")]


async def test_a_reply_to_his_own_answer_goes_the_same_way(world: World) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer()
    first = world.message(anna, "one", refers_to=(await world.card(lead, anna.address),))
    await world.act(first)
    reply = await only_reply(await world.say(anna, "and two", refers_to=(first.ref,)))
    assert (reply.address, reply.lead) == ("peter@example.com", lead)


async def test_an_answer_in_the_group_takes_the_lead(world: World) -> None:
    anna = await world.hire("Anna", at_work=False)
    lead = await world.customer(telegram("77"), channel=BOT)
    rows = await world.say(anna, "Hello", chat=GROUP, refers_to=(await world.card(lead, GROUP),))
    assert gist(rows) == {("reply", "77", ""), ("card", anna.address, ""), ("refresh", GROUP, "")}
    assert (await world.lead(lead)).owner == anna.id


@pytest.mark.parametrize(
    ("given", "routes", "expected"),
    [
        ((EMAIL, PHONE), (SMS, MAIL), (SMS, PHONE.value)),
        ((EMAIL, PHONE), (MAIL, SMS), (MAIL, EMAIL.value)),
        ((EMAIL,), (SMS, MAIL), (MAIL, EMAIL.value)),
        ((EXTENSION, EMAIL), (SMS, MAIL), (MAIL, EMAIL.value)),
        ((PHONE,), (MAIL,), "no_route_phone"),
        ((EMAIL,), (), "no_route"),
        ((EXTENSION, EMAIL), (SMS,), "no_route"),
    ],
)
async def test_a_form_is_answered_by_its_routes(
    database: Database, given: tuple[Address, ...], routes: tuple[ChannelName, ...], expected: object
) -> None:
    world = World(database, routes=routes)
    anna = await world.hire("Anna")
    lead = await world.customer(*given, channel=SITE)
    rows = await world.say(anna, "Hello", refers_to=(await world.card(lead, anna.address),))
    if isinstance(expected, str):
        assert gist(rows) == {("notice", anna.address, expected)}
        assert (await world.lead(lead)).taken_at is None
        assert await world.rows("SELECT 1 FROM messages WHERE direction = 'out'") == []
    else:
        reply = await only_reply(rows)
        assert (reply.channel, reply.address) == expected


async def test_an_unreadable_mail_cannot_be_answered(world: World) -> None:
    anna = await world.hire("Anna")
    nobody = claimed(AddressKind.UNREADABLE, "mail:broken")
    lead = await world.customer(nobody, unreadable="no headers")
    rows = await world.say(anna, "Hello", refers_to=(await world.card(lead, anna.address),))
    assert gist(rows) == {("notice", anna.address, "no_route_nothing")}


Before = Callable[[World, Member, Member, UUID], Awaitable[None]]


async def in_other_hands(world: World, anna: Member, boris: Member, lead: UUID) -> None:
    await world.give(lead, boris)
    await world.press(boris, "take", lead)


async def offered_to_another(world: World, anna: Member, boris: Member, lead: UUID) -> None:
    await world.give(lead, boris)


async def closed(world: World, anna: Member, boris: Member, lead: UUID) -> None:
    await world.press(anna, "lost", lead)


async def of_another_team(world: World, anna: Member, boris: Member, lead: UUID) -> None:
    await world.give(lead, None)
    await world.rows("UPDATE leads SET pipeline = 'support' RETURNING 1")


@pytest.mark.parametrize(
    ("first", "key"),
    [
        (in_other_hands, "not_sent_taken"),
        (offered_to_another, "not_sent_offered"),
        (closed, "not_sent_closed"),
        (of_another_team, "not_sent_team"),
    ],
)
async def test_what_is_not_his_is_not_answered(world: World, first: Before, key: str) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer()
    boris = await world.hire("Boris <b>")
    card = await world.card(lead, anna.address)
    await first(world, anna, boris, lead)
    await world.new()
    (notice,) = await world.say(anna, "Hello", refers_to=(card,))
    assert (notice.purpose, notice.address, notice.key, notice.lead) == ("notice", anna.address, key, lead)
    assert await world.rows("SELECT 1 FROM messages WHERE direction = 'out'") == []


@pytest.mark.parametrize(
    ("words", "fields", "key"),
    [
        ("", {}, "not_sent_empty"),
        (" \n", {"phone": "+7"}, "not_sent_empty"),
        ("See the file", {"file_error": "too big"}, "not_sent_file"),
    ],
)
async def test_half_an_answer_is_none(world: World, words: str, fields: dict[str, str], key: str) -> None:
    anna = await world.hire("Anna")
    card = await world.card(await world.customer(), anna.address)
    rows = await world.say(anna, words, fields=fields, refers_to=(card,))
    assert gist(rows) == {("notice", anna.address, key)}


async def test_a_file_alone_and_a_very_long_text_are_answers(world: World) -> None:
    anna = await world.hire("Anna")
    card = await world.card(await world.customer(), anna.address)
    assert await only_reply(await world.say(anna, files=(FILE,), refers_to=(card,)))
    assert await only_reply(await world.say(anna, "я" * 20_000, refers_to=(card,)))


async def test_edits_are_not_passed_on_and_said_so_once(world: World) -> None:
    anna = await world.hire("Anna")
    card = await world.card(await world.customer(), anna.address)
    first = world.message(anna, "100", refers_to=(card,))
    await world.act(first)
    edits = [
        world.message(anna, words, ref=first.ref, refers_to=(card,), fields={"edited": "1"}) for words in ("200", "300")
    ]
    assert gist(await world.act(edits[0])) == {("notice", anna.address, "edited")}
    assert await world.act(edits[1]) == []
    assert len(await world.rows("SELECT 1 FROM messages WHERE direction = 'out'")) == 1


async def test_a_stranger_in_the_group_answers_nobody(world: World) -> None:
    lead: Lead = await world.lead(await world.customer())
    card = await world.card(lead.id, GROUP)
    rows = await world.say("666", "Buy mine!", chat=GROUP, refers_to=(card,), name="<Mallory>")
    assert gist(rows) == {("notice", GROUP, "not_staff")}
    assert await world.say("666", "Buy mine!", refers_to=(card,)) == []
    assert await world.rows("SELECT 1 FROM messages WHERE direction = 'out'") == []


async def test_a_card_of_another_bot_is_not_ours(world: World) -> None:
    """Message numbers are a bot's own: the same ref on another channel names another message."""
    anna = await world.hire("Anna")
    card = await world.card(await world.customer(), anna.address)
    rows = await world.say(anna, "Hello", refers_to=(card,), channel="other-bot")
    assert gist(rows) == {("notice", anna.address, "how_to_answer")}


async def test_only_what_we_sent_can_be_pointed_at(world: World) -> None:
    anna = await world.hire("Anna")
    await world.customer(telegram("77"), channel=BOT, ref="77:5")
    assert gist(await world.say(anna, "Hello", refers_to=("77:5",))) == {("notice", anna.address, "how_to_answer")}


async def test_a_lead_that_is_gone(world: World) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer()
    card = await world.card(lead, anna.address)
    await world.rows(
        "UPDATE deliveries SET lead_id = gen_random_uuid() WHERE external_id = :card RETURNING 1", card=card
    )
    assert gist(await world.say(anna, "Hello", refers_to=(card,))) == {("notice", anna.address, "not_sent_gone")}


@pytest.mark.parametrize(
    ("given", "stopped", "expected"),
    [
        ((EMAIL, PHONE), [("sms", PHONE.value)], (MAIL, EMAIL.value)),
        ((EMAIL, PHONE), [("sms", PHONE.value), ("mail", EMAIL.value)], "no_route_stopped_call"),
        ((EMAIL,), [("mail", EMAIL.value)], "no_route_stopped"),
        ((EMAIL,), [("sms", EMAIL.value)], (MAIL, EMAIL.value)),
    ],
)
async def test_who_wants_no_more_on_one_way_is_answered_by_another(
    world: World, given: tuple[Address, ...], stopped: list[tuple[str, str]], expected: object
) -> None:
    anna = await world.hire("Anna")
    lead = await world.customer(*given, channel=SITE)
    for channel, address in stopped:
        await world.rows(
            "INSERT INTO suppressions VALUES (:channel, :address, 'STOP', now()) RETURNING 1",
            channel=channel,
            address=address,
        )
    rows = await world.say(anna, "Hello", refers_to=(await world.card(lead, anna.address),))
    if isinstance(expected, str):
        assert gist(rows) == {("notice", anna.address, expected)}
        assert rows[0].facts.get("phone", PHONE.value) == PHONE.value
    else:
        reply = await only_reply(rows)
        assert (reply.channel, reply.address) == expected


async def test_who_answers_before_our_ledger_is_written(world: World) -> None:
    """The card was in his chat, and its id not yet in the store: under load that answer was never sent."""
    anna = await world.hire("Anna")
    lead = await world.customer()
    card = await world.card(lead, anna.address)
    unwritten = "UPDATE deliveries SET state = 'sending', external_id = NULL WHERE external_id = :card RETURNING id"
    [row] = await world.rows(unwritten, card=card)
    answering = asyncio.create_task(world.desk.act(world.message(anna, "It costs 5", refers_to=(card,))))
    await asyncio.sleep(0)
    written = "UPDATE deliveries SET state = 'sent', external_id = :card WHERE id = :id RETURNING id"
    await world.rows(written, card=card, id=row.id)
    await answering
    assert [found.purpose for found in await world.new() if found.purpose in ("reply", "notice")] == ["reply"]
