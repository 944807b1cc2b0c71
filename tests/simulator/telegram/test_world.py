"""The people's side, without any HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from simulator.serving import serving
from simulator.telegram import Bot, Button, Chat, Upload, User, World
from simulator.telegram.model import Content
from tests.simulator.telegram.conftest import TOKEN, Clock


def _updates(bot: Bot, kind: str = "message") -> list[dict[str, Any]]:
    return [update[kind] for update in bot.inbox.first(100) if kind in update]


def _texts(bot: Bot) -> list[str]:
    return [message["text"] for message in _updates(bot)]


def test_message_ids_are_the_chats_own(world: World, bot: Bot, anna: User, chat: Chat) -> None:
    boris = world.add_user("Boris")
    other = world.open_chat(boris, bot)
    assert [world.say(chat, anna, "a").id, world.say(other, boris, "b").id, world.say(chat, anna, "c").id] == [1, 1, 2]
    assert world.open_chat(anna, bot) is chat
    assert [message.text for message in world.messages(chat)] == ["a", "c"]


def test_one_person_and_two_bots_are_two_chats(world: World, bot: Bot, anna: User, chat: Chat) -> None:
    second = world.add_bot("5:five", "other_bot")
    elsewhere = world.open_chat(anna, second)
    world.say(elsewhere, anna, "for the second")
    assert elsewhere.id == chat.id and elsewhere.key != chat.key
    assert (_texts(bot), _texts(second)) == ([], ["for the second"])


def test_an_edit_keeps_the_message_and_tells_the_bot(
    world: World, bot: Bot, anna: User, chat: Chat, clock: Clock
) -> None:
    said = world.say(chat, anna, "подпись", photo=Upload(data=b"not a picture"))
    clock.pass_by(60)
    edited = world.say(chat, anna, "новая /cmd", edit=said.id)
    assert world.messages(chat) == [edited] and edited.edited_at == clock.now and edited.date == said.date
    [update] = _updates(bot, "edited_message")
    assert update["caption"] == "новая /cmd" and update["caption_entities"][0]["type"] == "bot_command"
    assert update["photo"][-1]["width"] == 800  # the camera of somebody whose picture cannot be read


def test_an_album_is_joined_by_one_word(world: World, bot: Bot, anna: User, chat: Chat) -> None:
    for _ in range(2):
        world.say(chat, anna, photo=Upload(data=b"x"), album="holiday")
    assert [update["media_group_id"] for update in _updates(bot)] == ["holiday", "holiday"]


def test_a_quote_does_not_carry_its_own_quote(world: World, bot: Bot, anna: User, chat: Chat) -> None:
    for number in range(3):
        world.say(chat, anna, str(number), reply_to=number or None)
    last = _updates(bot)[2]
    assert last["reply_to_message"]["text"] == "1" and "reply_to_message" not in last["reply_to_message"]


def test_what_the_app_does_not_let_a_person_do(world: World, bot: Bot, anna: User, chat: Chat) -> None:
    boris = world.add_user("Boris")
    ours = world.post(chat, bot.user, Content(text="ours"), buttons=((Button(text="b", data="d"),),))
    with pytest.raises(ValueError, match="Boris is not in this chat"):
        world.say(chat, boris, "x")
    with pytest.raises(ValueError, match="an empty message"):
        world.say(chat, anna)
    with pytest.raises(ValueError, match="no message 9"):
        world.say(chat, anna, "x", reply_to=9)
    with pytest.raises(ValueError, match="only an own message"):
        world.say(chat, anna, "x", edit=ours.id)
    with pytest.raises(ValueError, match="no button with 'e'"):
        world.press(chat, anna, ours.id, "e")
    world.block(anna, bot)
    with pytest.raises(ValueError, match="blocked"):
        world.press(chat, anna, ours.id, "d")
    with pytest.raises(ValueError, match="a bot token looks like"):
        world.add_bot("secret", "x")
    assert len(world.messages(chat)) == 1


def test_blocking_twice_is_told_once(world: World, bot: Bot, anna: User, chat: Chat) -> None:
    for act in (world.unblock, world.block, world.block, world.unblock):
        act(anna, bot)
    told = [(u["old_chat_member"]["status"], u["new_chat_member"]["status"]) for u in _updates(bot, "my_chat_member")]
    assert told == [("member", "kicked"), ("kicked", "member")]


def test_in_a_group_a_shy_bot_sees_commands_and_answers_to_itself(world: World, bot: Bot, anna: User) -> None:
    curious = world.add_bot("5:five", "curious_bot", privacy=False)
    group = world.add_group("Sales", [anna], [bot, curious])
    ours = world.post(group, bot.user, Content(text="card"))
    world.say(group, anna, "chatter")
    world.say(group, anna, "/leads now")
    world.say(group, anna, "/leads@Acme_bot")
    world.say(group, anna, "/leads@curious_bot")
    world.say(group, anna, "mine", reply_to=ours.id)
    assert _texts(bot) == ["/leads now", "/leads@Acme_bot", "mine"]
    assert len(_texts(curious)) == 5
    [joined] = _updates(bot, "my_chat_member")
    assert joined["chat"] == {"id": group.id, "type": "supergroup", "title": "Sales"} and group.id < -(10**12)
    assert joined["new_chat_member"]["status"] == "member"


def test_a_press_in_a_group_goes_to_the_bot_that_wrote_the_message(world: World, bot: Bot, anna: User) -> None:
    other = world.add_bot("5:five", "other_bot")
    group = world.add_group("Sales", [anna], [other, bot])
    card = world.post(group, bot.user, Content(text="card"), buttons=((Button(text="b", data="d"),),))
    press = world.press(group, anna, card.id, "d")
    assert press.bot is bot and len(_updates(bot, "callback_query")) == 1 and not _updates(other, "callback_query")
    world.expel(group, anna, bot)
    with pytest.raises(ValueError, match="not in this chat any more"):
        world.press(group, anna, card.id, "d")


async def test_a_page_learns_of_every_change(world: World, bot: Bot, anna: User, chat: Chat) -> None:
    first, second = world.subscribe(), world.subscribe()
    world.say(chat, anna, "a")
    world.say(chat, anna, "b", edit=1)
    world.delete(world.message(chat, 1))
    world.block(anna, bot)
    async with asyncio.timeout(5):
        seen = [(await anext(first)).kind for _ in range(4)]
        waiting = asyncio.create_task(anext(first))
        await asyncio.sleep(0)
        world.unblock(anna, bot)
        assert (await waiting).chat is chat
        assert [(await anext(second)).kind for _ in range(5)] == [*seen, "member"]
    assert seen == ["message", "edit", "delete", "member"]


def test_who_does_not_look_holds_nobody_up(world: World, anna: User, chat: Chat) -> None:
    subscription = world.subscribe()
    for _ in range(1500):
        world.changed(chat, "action")
    assert len(subscription) == 1000
    del subscription
    assert not world.watched


def test_secrets_are_not_in_what_is_printed(world: World, bot: Bot, chat: Chat) -> None:
    assert TOKEN.partition(":")[2] not in f"{bot!r} {chat!r} {world.bots[TOKEN]!r}"


async def test_a_server_that_cannot_start_says_so() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.failed", "message": "no"})

    with pytest.raises(RuntimeError, match="did not start"):
        async with serving(broken):
            pass
