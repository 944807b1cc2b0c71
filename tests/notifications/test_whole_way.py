"""Everything together, only the provider is faked: card, words under it, an answer, and its tick on the card."""

from __future__ import annotations

from contextlib import aclosing
from uuid import UUID

from domain.errors import Rejected
from domain.messages import Outbound, utcnow
from notifications.limits import Limits, Rates
from notifications.reasons import explain
from notifications.render import Renderer
from notifications.texts import say
from store import chats, leads
from store.deliveries import Purpose
from tests.notifications.world import BOT, MAIL, FakeSender, World, until


def whole(world: World, redis_url: str) -> Limits:
    """The real renderer and the real limits."""
    kinds = {BOT: "telegram", MAIL: "email"}
    world.renderer = Renderer(database=world.database, kinds=kinds, say=say, read_file=_no_file)
    world.limits = Limits(redis_url, {BOT: Rates(per_second=200), MAIL: Rates(per_second=200)})
    return world.limits


async def _no_file(key: str) -> bytes:
    raise FileNotFoundError(key)


def card_texts(sender: FakeSender) -> list[str]:
    return [m.html for m in sender.sent if m.html]


async def test_from_card_to_tick(world: World, redis_url: str) -> None:
    mail, anna = FakeSender(MAIL), await world.member()
    lead = await world.lead(anna.id)
    asked = await world.message(lead, "How much is it?", ref="<1@x>", subject="Price")
    async with (
        aclosing(whole(world, redis_url)),
        world.sending(senders={BOT: world.sender, MAIL: mail}),
    ):
        ids = await world.queue(Purpose.CARD, lead=lead, staff=anna.id)
        ids += await world.queue(Purpose.RELAY, lead=lead, message=asked, staff=anna.id)
        await world.settled(*ids)
        card, relay = world.sender.sent[:2]
        assert (card.edits, relay.reply_to) == ("", ("500:1",))
        await until(
            lambda: "How much is it?" in card_texts(world.sender)[-1] and world.sender.sent[-1].edits == "500:1"
        )

        await answer(world, lead, anna.id, asked)
        await until(lambda: " ✓\nTen." in card_texts(world.sender)[-1])
    (sent,) = mail.sent
    assert (sent.subject, sent.reply_to, sent.text) == ("Re: Price", ("<1@x>",), "Ten.")
    edit = world.sender.sent[-1]
    assert edit.edits == "500:1"
    assert "Anna, taken" in (edit.html or "")
    assert " ✓\nTen." in (edit.html or "")


async def answer(world: World, lead: UUID, member: UUID, asked: UUID) -> None:
    """Take the lead and answer it, as the desk does."""
    async with world.database.begin() as connection:
        await leads.take(connection, lead, member, utcnow())
    facts = {"answers": str(asked)}
    message = await world.message(lead, "Ten.", direction="out", staff_id=member, subject="Price", facts=facts)
    await world.queue(Purpose.REPLY, lead=lead, message=message, channel=MAIL, address="ivan@example.com")


async def test_an_answer_that_fails_is_told_under_the_card_and_shown_on_it(world: World, redis_url: str) -> None:
    def refuse(message: Outbound) -> Exception:
        return Rejected("550 the mailbox is full")

    mail, anna = FakeSender(MAIL), await world.member(language="ru")
    mail.script = refuse
    lead = await world.lead(anna.id)
    asked = await world.message(lead, "Сколько?")
    async with (
        aclosing(whole(world, redis_url)),
        world.sending(senders={BOT: world.sender, MAIL: mail}),
    ):
        await world.settled(*await world.queue(Purpose.CARD, lead=lead, staff=anna.id))
        await answer(world, lead, anna.id, asked)
        await until(lambda: len(world.sender.sent) == 3)
    edit, notice = sorted(world.sender.sent[1:], key=lambda m: not m.edits)
    why = explain("550 the mailbox is full", "ru")
    assert f"✗\nTen.\n<i>{why}</i>" in (edit.html or "")
    assert notice.text == say("reply_failed", "ru", number=1, reason=why)
    assert notice.reply_to == ("500:1",)


async def test_a_change_while_the_card_is_on_its_way_is_shown(world: World, redis_url: str) -> None:
    """The card may have been rendered just before: the edit waits for it."""
    anna = await world.member()
    lead = await world.lead(anna.id)

    async def take(message: Outbound) -> None:
        if not message.edits:
            async with world.database.begin() as connection:
                await leads.take(connection, lead, anna.id, utcnow())
                await chats.refresh(connection, [lead], utcnow())

    world.sender.before = take
    async with aclosing(whole(world, redis_url)), world.sending():
        await world.queue(Purpose.CARD, lead=lead, staff=anna.id)
        await until(lambda: len(world.sender.sent) == 2)
    first, second = card_texts(world.sender)
    assert "New" in first
    assert "Anna, taken" in second
