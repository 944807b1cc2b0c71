"""The webhook: the secret first, 200 only after `accept`, and the real round trip."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiogram.methods import GetWebhookInfo
from httpx2 import ASGITransport, AsyncClient, Headers
from starlette.applications import Starlette
from starlette.routing import Mount

from channels.telegram.settings import TelegramSettings
from channels.telegram.updates import TelegramWebhook
from domain.errors import Misconfigured, Refused, Unpublished
from domain.messages import ChannelName, Inbound
from domain.ports import Host
from simulator.serving import serving
from simulator.telegram import Bot, Chat, Upload, User, World
from tests.channels.telegram.doubles import HOST, House, NoCursors, until
from tests.channels.telegram.samples import sample

SECRET = {"X-Telegram-Bot-Api-Secret-Token": "hook-secret"}


@pytest.fixture
async def webhook(settings: TelegramSettings, bot: Bot) -> AsyncIterator[TelegramWebhook]:
    webhook = TelegramWebhook(ChannelName("main-bot"), settings.model_copy(update={"updates": "webhook"}), HOST)
    yield webhook
    await webhook.aclose()


def client(webhook: TelegramWebhook, house: House) -> AsyncClient:
    app = Starlette(routes=[Mount("/in/main-bot", webhook.app(house.accept))])
    return AsyncClient(transport=ASGITransport(app), base_url="http://leads.example.com", follow_redirects=True)


@pytest.mark.parametrize("path", ["/in/main-bot", "/in/main-bot/"])
async def test_an_update_is_accepted_and_then_confirmed(path: str, webhook: TelegramWebhook) -> None:
    house = House()
    async with client(webhook, house) as http:
        answer = await http.post(path, json=sample("text_english"), headers=SECRET)
    assert (answer.status_code, house.texts) == (200, ["How much is delivery to Leeds?"])


@pytest.mark.parametrize(
    ("method", "headers", "body", "status"),
    [
        ("GET", SECRET, b"", 405),
        ("PUT", SECRET, b"{}", 405),
        ("POST", {}, b"{}", 403),
        ("POST", {"X-Telegram-Bot-Api-Secret-Token": "hook-secre"}, b"{}", 403),
        ("POST", {"X-Telegram-Bot-Api-Secret-Token": "секрет"}, b"{}", 403),
        ("POST", {}, b"x" * (1024 * 1024 + 1), 403),  # the secret is looked at first
        ("POST", SECRET, b"x" * (1024 * 1024 + 1), 413),
        ("POST", SECRET, b"not json", 400),
        ("POST", SECRET, b"\xff\xfe", 400),
        ("POST", SECRET, b"[1]", 400),
        ("POST", SECRET, b'{"update_id": "x"}', 400),
        ("POST", SECRET, b"[" * 100_000, 400),
    ],
)
async def test_what_is_turned_away(
    method: str, headers: dict[str, str], body: bytes, status: int, webhook: TelegramWebhook
) -> None:
    house = House()
    async with client(webhook, house) as http:
        answer = await http.request(method, "/in/main-bot/", content=body, headers=Headers(headers, encoding="utf-8"))
    assert (answer.status_code, house.offered) == (status, [])
    assert "hook-secret" not in answer.text


async def test_a_body_that_never_ends_is_given_up(webhook: TelegramWebhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.telegram.updates.BODY_SECONDS", 0.01)

    async def trickle() -> AsyncIterator[bytes]:
        yield b'{"update_id"'
        await asyncio.Event().wait()

    house = House()
    async with client(webhook, house) as http:
        answer = await http.post("/in/main-bot/", content=trickle(), headers=SECRET)
    assert (answer.status_code, answer.headers["Connection"], house.offered) == (408, "close", [])


async def test_what_is_not_durable_is_not_confirmed(webhook: TelegramWebhook) -> None:
    house = House(Unpublished())
    async with client(webhook, house) as http:
        first = await http.post("/in/main-bot/", json=sample("text"), headers=SECRET)
        second = await http.post("/in/main-bot/", json=sample("text"), headers=SECRET)
    assert (first.status_code, second.status_code) == (503, 200)
    assert house.offered[0] == house.offered[1]


async def test_what_is_refused_for_good_is_not_asked_for_again(webhook: TelegramWebhook) -> None:
    house = House(Refused("no"))
    async with client(webhook, house) as http:
        answer = await http.post("/in/main-bot/", json=sample("text"), headers=SECRET)
    assert (answer.status_code, house.events) == (200, [])


async def test_what_concerns_nobody_is_confirmed(webhook: TelegramWebhook) -> None:
    house = House()
    async with client(webhook, house) as http:
        answer = await http.post("/in/main-bot/", json=sample("pinned"), headers=SECRET)
    assert (answer.status_code, house.offered) == (200, [])


async def test_telegram_calls_what_was_registered(
    webhook: TelegramWebhook, world: World, chat: Chat, anna: User, bot: Bot
) -> None:
    house = House(Unpublished())
    async with serving(Starlette(routes=[Mount("/", webhook.app(house.accept))])) as url:
        world.say(chat, anna, "before")
        await webhook.register(url)
        world.say(chat, anna, "", document=Upload(data=b"%PDF", name="a.pdf", type="application/pdf"))
        before, document = await house.holds(2)
        await until(lambda: len(bot.inbox) == 0)
    assert isinstance(before, Inbound) and isinstance(document, Inbound)
    assert (before.text, document.files[0].data) == ("before", b"%PDF")
    assert len(house.offered) == 3


async def test_registering_says_who_and_what(webhook: TelegramWebhook, bot: Bot) -> None:
    await webhook.register()
    info = await webhook._api.call(GetWebhookInfo())
    assert info["url"] == "https://leads.example.com/in/main-bot"
    assert info["allowed_updates"] == ["message", "edited_message", "callback_query", "my_chat_member"]


async def test_registering_needs_a_public_address(settings: TelegramSettings) -> None:
    webhook = TelegramWebhook(ChannelName("main-bot"), settings, Host(cursors=NoCursors()))
    with pytest.raises(Misconfigured, match="public_url"):
        await webhook.register()
