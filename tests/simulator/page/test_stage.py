"""The stage as the app sees it: every address that it hands out, used by the client that the app will use."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator

import aiohttp
import aioimaplib
import aiosmtplib
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from simulator.serving import serving
from simulator.stage import Stage
from simulator.telegram import Upload
from tests.simulator.twilio.callee import Callee

pytestmark = [  # inside Twilio's own client
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated"),
    pytest.mark.filterwarnings("ignore:The .auth. parameter is deprecated"),
]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Stage(form_url="http://127.0.0.1:9/form?x=1", pace=0) as stage:
        yield stage


@pytest.fixture
async def http(stage: Stage) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(stage.url) as http:
        yield http


async def test_telegram(stage: Stage) -> None:
    async with Bot(stage.token, AiohttpSession(api=TelegramAPIServer.from_base(stage.telegram_api_url))) as bot:
        assert (await bot.get_me()).username == "birch_demo_bot"
        stage.seller_opens("join-123", seller=1)
        update = (await bot.get_updates(allowed_updates=["message"]))[-1]
        assert update.message and update.message.from_user
        assert update.message.text == "/start join-123"
        assert stage.staff[update.message.from_user.id] == "Ольга Смирнова"
        await bot.send_message(stage.team_chat, "hello, sales")
    assert [m.text for m in stage.world.messages(stage.team)] == ["hello, sales"]


async def test_twilio(stage: Stage) -> None:
    callee, emma = Callee(), stage.customers[0]
    async with serving(callee.app()) as origin, AsyncTwilioHttpClient(timeout=5) as http:
        stage.set_sms_webhook(f"{origin}/in/sms")
        await stage.exchange.phone_says(emma.phone, stage.number, "hi")
        assert [(path, form["Body"]) for path, form, _ in callee.calls] == [("/in/sms", "hi")]
        client = Client(stage.account_sid, stage.auth_token, http_client=http)
        client.api.base_url = stage.twilio_api_url
        await client.messages.create_async(to=emma.phone, from_=stage.number, body="hello")
    await stage.exchange.settled()
    assert [(m.body, m.status) for m in stage.exchange.messages(emma.phone)] == [
        ("hi", "received"),
        ("hello", "delivered"),
    ]


async def test_mail(stage: Stage) -> None:
    emma, mail = stage.customers[0], stage.mail
    await stage.office.write(emma.address, mail.address, "Kitchen", "How much?")
    imap = aioimaplib.IMAP4(mail.host, mail.imap_port, timeout=5)
    await imap.wait_hello_from_server()
    assert (await imap.login(mail.address, mail.password)).result == "OK"
    await imap.select("INBOX")
    assert (await imap.uid_search("ALL", charset=None)).lines[0] == b"101"
    await imap.logout()
    raw = f"From: {mail.address}\r\nTo: {emma.address}\r\nSubject: Re\r\n\r\n4,900\r\n".encode()
    async with aiosmtplib.SMTP(hostname=mail.host, port=mail.smtp_port, start_tls=False) as smtp:
        await smtp.sendmail(mail.address, [emma.address], raw)
    assert [letter.subject for letter in await stage.office.messages(emma.address)] == ["Kitchen", "Re"]


async def test_page_is_sealed(http: aiohttp.ClientSession) -> None:
    async with http.get("/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert answer.status == 200
        assert "Accept-Language" in answer.headers["Vary"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-src 'self' http://127.0.0.1:9;" in policy


OTHERS = [
    ("a foreign name for this machine", {"Host": "evil.example"}, 421),
    ("no name that can be read", {"Host": "[::1"}, 421),
    ("another site's form", {"Origin": "https://evil.example"}, 403),
    ("a frame without an origin", {"Origin": "null"}, 403),
    ("another site, by the newer header", {"Sec-Fetch-Site": "cross-site"}, 403),
    ("no browser at all", {}, 403),
]


@pytest.mark.parametrize(("label", "headers", "status"), OTHERS, ids=[case[0] for case in OTHERS])
async def test_only_the_page_itself_may_act(
    stage: Stage, http: aiohttp.ClientSession, label: str, headers: dict[str, str], status: int
) -> None:
    async with http.post("/say", data={"text": "hi"}, headers=headers) as answer:
        assert answer.status == status
    assert not stage.world.messages(stage.customers[0].chat)


async def test_works_without_javascript(stage: Stage, http: aiohttp.ClientSession) -> None:
    """Plain forms: each post leads back to the page, which shows what happened."""
    own = {"Origin": stage.url}
    async with http.post("/say?lang=en", data={"text": "How much?"}, headers=own) as answer:
        assert [old.status for old in answer.history] == [303]
        assert "How much?" in await answer.text()
    mail = {"to": "sales@shop.example", "subject": "Kitchen", "text": "Hello <b>"}
    async with http.post("/mail/write?lang=en", data=mail, headers=own) as answer:
        assert "Hello &lt;b&gt;" in await answer.text()
    async with http.post("/mail/write?lang=en", data=mail | {"to": "who@shop.example"}, headers=own) as answer:
        assert "Not sent: there is no such mailbox here (550 5.1.1)" in await answer.text()
    async with http.post("/mail/write?lang=ru", data=mail | {"to": "who@shop.example"}, headers=own) as answer:
        assert "Не отправлено: здесь нет такого почтового ящика (550 5.1.1)" in await answer.text()
    async with http.post("/block?lang=ru", headers=own) as answer:
        assert "Включить бота снова" in await answer.text()
    assert [customer.chat.blocked for customer in stage.customers] == [False, True]  # Russian: Пётр is played


async def test_form_is_shown_in_the_language_of_the_page(http: aiohttp.ClientSession) -> None:
    async with http.get("/?lang=ru&desk=form") as answer:
        page = await answer.text()
    assert page.count("http://127.0.0.1:9/form?x=1&amp;lang=ru") == 2  # the frame, and the tab beside it
    assert "Пётр Иванов, +79000000012, petr@client.example" in page


async def test_files_are_saved_unless_they_are_pictures(stage: Stage, http: aiohttp.ClientSession) -> None:
    emma = stage.customers[0]
    page = Upload(data=b"<script>alert(1)</script>", name="прайс.html", type="text/html")
    photo = Upload(data=b"\xff\xd8", name="a.jpg", type="image/jpeg")
    stage.world.say(emma.chat, emma.user, document=page)
    stage.world.say(emma.chat, emma.user, photo=photo)
    async with http.get("/?lang=en") as answer:
        found = re.findall(r'"(/file/[^"]+)"', await answer.text())
    async with http.get(found[0]) as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%D0%BF")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert await answer.read() == page.data
    async with http.get(found[-1]) as answer:
        assert answer.headers["Content-Disposition"].startswith("inline")
    async with http.get("/file/nothing") as answer:
        assert answer.status == 404


@pytest.mark.parametrize(("size", "problem"), [(1024, ""), (10 * 1024 * 1024 + 1, "larger than 10 MB")])
async def test_size_of_files(stage: Stage, http: aiohttp.ClientSession, size: int, problem: str) -> None:
    form = aiohttp.FormData({"text": "look"}, quote_fields=False)  # a browser sends the name as it is, in UTF-8
    form.add_field("file", io.BytesIO(b"x" * size), filename="план.pdf", content_type="application/pdf")
    async with http.post("/say?lang=en", data=form, headers={"Origin": stage.url}) as answer:
        assert problem in await answer.text()
    kept = stage.world.messages(stage.customers[0].chat)
    assert [m.content.media.file.name for m in kept if m.content.media] == ([] if problem else ["план.pdf"])


async def test_mail_and_mms_files_are_served(stage: Stage, http: aiohttp.ClientSession) -> None:
    emma, own = stage.customers[0], {"Origin": stage.url}
    form = aiohttp.FormData({"to": stage.mail.address, "subject": "Plan", "text": "see"})
    form.add_field("file", b"%PDF", filename="plan.pdf", content_type="application/pdf")
    async with http.post("/mail/write?lang=en", data=form, headers=own) as answer:
        [link] = re.findall(r'"(/letter/[^"]+)"', await answer.text())
    async with http.get(link) as answer:
        assert await answer.read() == b"%PDF"
        assert answer.headers["Content-Disposition"].startswith("attachment")
    async with http.get(link[:-1] + "7") as answer:
        assert answer.status == 404
    sms = aiohttp.FormData({"text": ""})
    sms.add_field("file", b"\x89PNG", filename="a.png", content_type="image/png")
    async with http.post("/sms?lang=en&app=sms", data=sms, headers=own) as answer:
        assert answer.status == 200
    await asyncio.sleep(0)
    [message] = stage.exchange.messages(emma.phone)
    async with http.get(f"/mms/{message.media[0].sid}") as answer:
        assert (answer.content_type, await answer.read()) == ("image/png", b"\x89PNG")
    async with http.get("/mms/nothing") as answer:
        assert answer.status == 404


async def test_letters_of_others_cannot_be_named(stage: Stage, http: aiohttp.ClientSession) -> None:
    emma, petr = stage.customers
    await stage.office.write(petr.address, stage.mail.address, "secret", "secret")
    for path in ("/?lang=en&mail=Sent-101", f"/?lang=en&customer={emma.key}&mail=Sent-101"):
        async with http.get(path) as answer:
            assert "secret" not in await answer.text()


async def test_button_that_is_gone_does_nothing(stage: Stage, http: aiohttp.ClientSession) -> None:
    form = {"side": "seller", "message": "99", "data": "take"}
    headers = {"Origin": stage.url, "HX-Request": "true"}
    async with http.post("/press", data=form, headers=headers) as answer:
        assert answer.status == 204
    assert not stage.world.presses


async def test_events_are_topics_only(stage: Stage, http: aiohttp.ClientSession) -> None:
    emma = stage.customers[0]
    async with http.get("/events") as answer:
        assert answer.content_type == "text/event-stream"
        await answer.content.readuntil(b"\n\n")
        stage.world.say(emma.chat, emma.user, "a secret")
        await stage.office.write(emma.address, stage.mail.address, "secret", "secret")
        seen = b""
        async with asyncio.timeout(5):
            while b"event: mail-emma_client_example\n" not in seen or b"event: chat-7" not in seen:
                seen += await answer.content.readuntil(b"\n\n")
    assert b"secret" not in seen


async def test_closing_ends_open_streams(stage: Stage, http: aiohttp.ClientSession) -> None:
    async with http.get("/events") as answer:
        await answer.content.readuntil(b"\n\n")
        async with asyncio.timeout(5):
            await stage.aclose()
            await answer.content.read()  # ends, and is not torn off
    await stage.aclose()


async def test_port_that_is_taken(stage: Stage) -> None:
    second = Stage(int(stage.url.rpartition(":")[2]))
    with pytest.raises(OSError, match="in use"):
        await second.start()
    await second.aclose()
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        await asyncio.open_connection(second.mail.host, second.mail.imap_port)


async def test_secrets_are_not_in_repr(stage: Stage) -> None:
    shown = repr([stage, stage.mail, stage.bot, stage.exchange, stage.office, stage.scene])
    assert not [secret for secret in (stage.token, stage.auth_token, stage.mail.password) if secret in shown]
