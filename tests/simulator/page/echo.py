"""The smallest shop: an aiogram bot that makes a card of each customer's message and carries answers back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, ReplyParameters, Update

from simulator.stage import Stage


class Shop:
    """Knows which card stands for which customer's chat."""

    def __init__(self, stage: Stage, bot: Bot) -> None:
        self._bot = bot
        self._stage = stage
        self._cards: dict[tuple[int, int], int] = {}

    async def run(self) -> None:
        """Poll until cancelled."""
        offset = 0
        while True:
            for update in await self._bot.get_updates(offset=offset, timeout=10):
                await self._take(update)
                offset = update.update_id + 1

    async def _take(self, update: Update) -> None:
        if update.callback_query:
            await self._pressed(update.callback_query)
        elif update.message and update.message.from_user:
            staff = update.message.from_user.id in self._stage.staff
            await (self._answered(update.message) if staff else self._asked(update.message))

    async def _asked(self, message: Message) -> None:
        assert message.from_user
        buttons = [
            InlineKeyboardButton(text="Take", callback_data="take"),
            InlineKeyboardButton(text="Pass", callback_data="pass"),
        ]
        head = f"<b>New lead #{len(self._cards) + 1}</b>\n{message.from_user.full_name}, Telegram"
        text = f"{head}\n\n{message.text or '📎'}"
        keyboard = InlineKeyboardMarkup(inline_keyboard=[buttons])
        for chat in (*self._stage.staff, self._stage.team_chat):
            card = await self._bot.send_message(chat, text, parse_mode="HTML", reply_markup=keyboard)
            self._cards[chat, card.message_id] = message.chat.id

    async def _pressed(self, query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.answer("This lead is yours" if query.data == "take" else "Passed on")
        await self._bot.edit_message_text(
            f"{query.message.html_text}\n\n✅ {query.from_user.full_name}",
            chat_id=query.message.chat.id,
            message_id=query.message.message_id,
            parse_mode="HTML",
        )

    async def _answered(self, message: Message) -> None:
        card = message.reply_to_message
        customer = self._cards.get((message.chat.id, card.message_id)) if card else None
        if customer is None:
            await message.answer(
                "Reply to a card, please", reply_parameters=ReplyParameters(message_id=message.message_id)
            )
        else:
            await self._bot.send_message(customer, message.text or "")


@asynccontextmanager
async def echoing(stage: Stage) -> AsyncIterator[None]:
    """The shop at work, for the length of the block."""
    server = TelegramAPIServer.from_base(stage.telegram_api_url)
    async with Bot(stage.token, AiohttpSession(api=server)) as bot:
        task = asyncio.create_task(Shop(stage, bot).run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
