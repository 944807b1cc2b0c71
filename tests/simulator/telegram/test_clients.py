"""Two independent clients have a whole talk with the simulator, and agree about it."""

from __future__ import annotations

from io import BytesIO

import aiogram
import telegram
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
    ReplyParameters,
)

from simulator.telegram import Chat, Contact, Location, Upload, User, World
from tests.simulator.telegram.pictures import JPEG, png


async def test_both_read_the_same_updates(
    world: World, chat: Chat, anna: User, aio: aiogram.Bot, ptb: telegram.Bot
) -> None:
    world.say(chat, anna, "/start promo_7")
    world.say(chat, anna, "Смотрите 😀 https://example.org/a?b=1", reply_to=1)
    world.say(chat, anna, "подпись", photo=Upload(data=png(30, 20), name="p.png", type="image/png"))
    world.say(chat, anna, document=Upload(data=b"%PDF-", name="счёт.pdf", type="application/pdf"))
    world.say(chat, anna, voice=Upload(data=b"OggS", duration=3))
    world.say(chat, anna, contact=Contact(phone_number="+79161234567", first_name="Анна", user_id=anna.id))
    world.say(chat, anna, location=Location(latitude=55.75, longitude=37.62))
    world.say(chat, anna, "исправлено", edit=2)
    world.block(anna, world.bots[aio.token])

    ours = await aio.get_updates(timeout=0)
    theirs = await ptb.get_updates(timeout=0)

    assert [u.update_id for u in ours] == [u.update_id for u in theirs]
    start, link, photo, document, voice, contact, place, edited, gone = theirs
    assert start.message and start.message.parse_entities() == {start.message.entities[0]: "/start"}
    assert link.message and list(link.message.parse_entities().values()) == ["https://example.org/a?b=1"]
    assert link.message.reply_to_message and link.message.reply_to_message.text == "/start promo_7"
    assert photo.message and photo.message.caption == "подпись"
    assert [(size.width, size.height) for size in photo.message.photo] == [(90, 68), (30, 20)]
    assert document.message and document.message.document and document.message.document.file_name == "счёт.pdf"
    assert voice.message and voice.message.voice and voice.message.voice.mime_type == "audio/ogg"
    assert contact.message and contact.message.contact and contact.message.contact.user_id == anna.id
    assert place.message and place.message.location and place.message.location.latitude == 55.75
    assert edited.edited_message and edited.edited_message.text == "исправлено" and edited.edited_message.edit_date
    assert gone.my_chat_member and gone.my_chat_member.new_chat_member.status == "kicked"
    assert ours[3].message and ours[3].message.document and ours[3].message.document.file_name == "счёт.pdf"
    assert ours[8].my_chat_member and ours[8].my_chat_member.new_chat_member.status == "kicked"
    assert all(u.message.from_user.language_code == "ru" for u in ours if u.message and u.message.from_user)
    assert world.violations == []


async def test_aiogram_sends_edits_and_deletes(world: World, chat: Chat, anna: User, aio: aiogram.Bot) -> None:
    world.say(chat, anna, "привет")
    keyboard = InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text="Take", callback_data="take:1")],
            [InlineKeyboardButton(text="Open", url="https://example.org/")],
        ]
    )
    sent = await aio.send_message(
        chat.id,
        "  <b>Лид &amp; 😀</b> <i>новый</i>\n",
        parse_mode="HTML",
        reply_markup=keyboard,
        reply_parameters=ReplyParameters(message_id=1),
    )
    assert sent.text == "Лид & 😀 новый" and sent.html_text == "<b>Лид &amp; 😀</b> <i>новый</i>"
    assert sent.reply_to_message and sent.reply_to_message.text == "привет"
    assert sent.reply_markup and sent.reply_markup.model_dump() == keyboard.model_dump()
    seen = world.messages(chat)[1]
    assert seen.html == "<b>Лид &amp; 😀</b> <i>новый</i>" and seen.reply_to is world.messages(chat)[0]
    assert [[(b.text, b.data, b.url) for b in row] for row in seen.buttons] == [
        [("Take", "take:1", "")],
        [("Open", "", "https://example.org/")],
    ]

    edited = await aio.edit_message_text("Взят", chat_id=chat.id, message_id=sent.message_id)
    assert isinstance(edited, Message) and edited.edit_date and edited.reply_markup is None
    marked = await aio.edit_message_reply_markup(chat_id=chat.id, message_id=sent.message_id, reply_markup=keyboard)
    assert isinstance(marked, Message) and marked.reply_markup and marked.text == "Взят"
    assert world.messages(chat)[1].text == "Взят" and world.messages(chat)[1].edited_at

    assert await aio.delete_message(chat.id, sent.message_id)
    assert [message.text for message in world.messages(chat)] == ["привет"]
    assert world.violations == []


async def test_ptb_sends_edits_and_deletes(world: World, chat: Chat, anna: User, ptb: telegram.Bot) -> None:
    world.say(chat, anna, "hello")
    keyboard = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("Take", callback_data="take:1")]])
    sent = await ptb.send_message(
        chat.id, "<u>Lead</u> 😀 /go", parse_mode="HTML", reply_markup=keyboard, reply_to_message_id=1
    )
    assert {e.type: t for e, t in sent.parse_entities().items()} == {"underline": "Lead", "bot_command": "/go"}
    assert sent.reply_to_message and sent.reply_to_message.message_id == 1
    assert sent.reply_markup == keyboard
    edited = await ptb.edit_message_text("Taken", chat.id, sent.message_id)
    assert isinstance(edited, telegram.Message) and edited.text == "Taken" and edited.reply_markup is None
    await ptb.edit_message_reply_markup(chat.id, sent.message_id, reply_markup=keyboard)
    assert world.messages(chat)[1].buttons[0][0].data == "take:1"
    assert await ptb.delete_message(chat.id, sent.message_id)
    assert len(world.messages(chat)) == 1
    assert world.violations == []


async def test_files_go_up_and_come_down(
    world: World, chat: Chat, anna: User, aio: aiogram.Bot, ptb: telegram.Bot
) -> None:
    picture = png(40, 30)
    photo = await aio.send_photo(chat.id, BufferedInputFile(picture, "a.png"), caption="<b>фото</b>", parse_mode="HTML")
    paper = await ptb.send_document(chat.id, b"%PDF-1.7", filename="счёт.pdf", caption="счёт")
    assert paper.document
    assert paper.document.mime_type == "application/pdf"
    named = await aio.send_document(chat.id, BufferedInputFile(b"x", "смета №1.xlsx"))
    assert named.document and named.document.file_name == "смета №1.xlsx"
    await ptb.delete_message(chat.id, named.message_id)
    voice = await ptb.send_voice(chat.id, b"OggS")
    assert photo.photo and voice.voice
    assert (photo.photo[-1].width, photo.photo[-1].height) == (40, 30) and photo.caption == "фото"
    assert paper.document.file_name == "счёт.pdf"
    seen = [message.content.media for message in world.messages(chat)]
    assert [m.file.data for m in seen if m] == [picture, b"%PDF-1.7", b"OggS"]

    again = await aio.send_photo(chat.id, photo.photo[-1].file_id)
    assert again.photo and again.photo[-1].file_id == photo.photo[-1].file_id

    world.say(chat, anna, photo=Upload(data=JPEG, name="b.jpg", type="image/jpeg"))
    [update] = await ptb.get_updates(timeout=0)
    assert update.message
    size = update.message.photo[-1]
    assert (size.width, size.height) == (90, 120)
    assert bytes(await (await size.get_file()).download_as_bytearray()) == JPEG
    assert await _download(aio, size.file_id) == JPEG
    assert await _download(aio, paper.document.file_id) == b"%PDF-1.7"
    assert world.violations == []


async def _download(bot: aiogram.Bot, file_id: str) -> bytes:
    file = await bot.get_file(file_id)
    content = await bot.download_file(file.file_path or "", BytesIO())
    assert content
    return content.read()


async def test_an_album_is_one_group_of_messages(world: World, chat: Chat, aio: aiogram.Bot, ptb: telegram.Bot) -> None:
    files = [BufferedInputFile(png(8, 8), f"{n}.png") for n in range(3)]
    items = [InputMediaPhoto(media=file, caption="три" if file is files[0] else None) for file in files]
    ours = await aio.send_media_group(chat.id, [*items])
    papers = [telegram.InputMediaDocument(b"one", filename="1.txt"), telegram.InputMediaDocument(b"two")]
    theirs = await ptb.send_media_group(chat.id, papers)
    assert len({m.media_group_id for m in ours}) == 1 and ours[0].media_group_id
    assert [m.caption for m in ours] == ["три", None, None]
    assert len({m.media_group_id for m in theirs}) == 1 and theirs[0].media_group_id != ours[0].media_group_id
    assert [m.content.media.file.data for m in world.messages(chat)[3:] if m.content.media] == [b"one", b"two"]
    assert world.violations == []


async def test_a_press_is_answered_with_a_toast(
    world: World, chat: Chat, anna: User, aio: aiogram.Bot, ptb: telegram.Bot
) -> None:
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Взять", callback_data="взять:1")]])
    sent = await aio.send_message(chat.id, "Новый лид", reply_markup=keyboard)
    first = world.press(chat, anna, sent.message_id, "взять:1")
    second = world.press(chat, anna, sent.message_id, "взять:1")
    one, two = await ptb.get_updates(timeout=0)
    assert one.callback_query and two.callback_query and isinstance(one.callback_query.message, telegram.Message)
    assert one.callback_query.data == "взять:1" and one.callback_query.from_user.id == anna.id
    assert one.callback_query.message.text == "Новый лид"
    await aio.answer_callback_query(one.callback_query.id, text="Ваш", show_alert=True)
    await two.callback_query.answer()
    assert (first.answered, first.answer, first.alert) == (True, "Ваш", True)
    assert (second.answered, second.answer, second.alert) == (True, "", False)
    assert world.violations == []


async def test_what_a_bot_says_about_itself(
    world: World, chat: Chat, anna: User, aio: aiogram.Bot, ptb: telegram.Bot
) -> None:
    me = await aio.get_me()
    assert (me.id, me.username, me.is_bot, me.can_read_all_group_messages) == (100200, "acme_bot", True, False)
    assert ptb.username == "acme_bot"
    await aio.set_my_commands([BotCommand(command="start", description="Начать")], language_code="ru")
    assert [c.description for c in await ptb.get_my_commands(language_code="ru")] == ["Начать"]
    assert await ptb.get_my_commands() == ()
    await ptb.delete_my_commands(language_code="ru")
    assert await aio.get_my_commands(language_code="ru") == []
    assert (await aio.get_chat(chat.id)).first_name == "Анна"
    assert (await ptb.get_chat(chat.id)).username == "anna_p"
    assert await ptb.send_chat_action(chat.id, "typing") and chat.action == "typing"
    await ptb.send_message(chat.id, "готово")
    assert chat.action == ""
    assert world.violations == []


async def test_keys_in_place_of_letters(world: World, chat: Chat, anna: User, ptb: telegram.Bot) -> None:
    key = telegram.KeyboardButton("Мой номер", request_contact=True)
    await ptb.send_message(chat.id, "Позвоним?", reply_markup=telegram.ReplyKeyboardMarkup([[key]]))
    assert [[(k.text, k.request_contact) for k in row] for row in chat.keyboard] == [[("Мой номер", True)]]
    await ptb.send_message(chat.id, "Спасибо", reply_markup=telegram.ReplyKeyboardRemove())
    assert chat.keyboard == ()
