"""The simulated Twilio against Twilio's own SDK: its async client, its exceptions, its signature validator."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from simulator.twilio.exchange import HELPED, STARTED, STOPPED, Exchange
from simulator.twilio.messages import Media
from tests.simulator.twilio.callee import Callee
from tests.simulator.twilio.conftest import ANNA, SERVICE, SHOP, SID, TOKEN, sdk

pytestmark = [  # inside Twilio's own client
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated"),
    pytest.mark.filterwarnings("ignore:The .auth. parameter is deprecated"),
]


def signed(callee: Callee, hooks: str, index: int = -1) -> bool:
    path, form, headers = callee.calls[index]
    return bool(RequestValidator(TOKEN).validate(f"{hooks}{path}", form, headers["x-twilio-signature"]))


async def test_sent_message_is_delivered_and_reported(
    client: Client, exchange: Exchange, callee: Callee, hooks: str
) -> None:
    sent = await client.messages.create_async(
        to="+7 (916) 123-45-67", from_=SHOP, body="Привет", status_callback=f"{hooks}/receipt?delivery=7"
    )
    assert (sent.status, sent.to, sent.num_segments, sent.price) == ("queued", ANNA, "1", None)
    assert sent.sid.startswith("SM")
    await exchange.settled()
    assert [form["MessageStatus"] for _, form, _ in callee.calls] == ["sent", "delivered"]
    _, form, headers = callee.calls[-1]
    assert form["MessageSid"] == sent.sid
    validator = RequestValidator(TOKEN)
    assert validator.validate(f"{hooks}/receipt?delivery=7", form, headers["x-twilio-signature"])
    assert not validator.validate(f"{hooks}/receipt?delivery=8", form, headers["x-twilio-signature"])
    fetched = await client.messages(sent.sid).fetch_async()
    assert (fetched.status, fetched.error_code, fetched.body) == ("delivered", None, "Привет")
    assert [message.body for message in exchange.messages(ANNA)] == ["Привет"]


async def test_messaging_service_chooses_the_sender(client: Client, exchange: Exchange) -> None:
    sent = await client.messages.create_async(to=ANNA, messaging_service_sid=SERVICE, body="hi", validity_period=60)
    assert (sent.status, sent.from_) == ("accepted", None)
    await exchange.settled()
    fetched = await client.messages(sent.sid).fetch_async()
    assert (fetched.status, fetched.from_, fetched.messaging_service_sid) == ("delivered", SHOP, SERVICE)


async def test_account_answers_a_ping(client: Client) -> None:
    account = await client.api.accounts(SID).fetch_async()
    assert (account.sid, account.status) == (SID, "active")


REFUSED: list[tuple[str, dict[str, Any], int, int]] = [
    ("no recipient", {"to": ""}, 21604, 400),
    ("no number", {"to": "call me"}, 21211, 400),
    ("Twilio's invalid number", {"to": "+15005550001"}, 21211, 400),
    ("no route", {"to": "+15005550002"}, 21612, 400),
    ("no permission for the region", {"to": "+15005550003"}, 21408, 400),
    ("blocked", {"to": "+15005550004"}, 21610, 400),
    ("no SMS", {"to": "+15005550009"}, 21614, 400),
    ("landline", {"to": "+74951234567"}, 21614, 400),
    ("trial account", {"to": "+15005551608"}, 21608, 400),
    ("too fast", {"to": "+15005550429"}, 20429, 429),
    ("no sender", {"from_": ""}, 21603, 400),
    ("not our number", {"from_": "+15005550123"}, 21606, 400),
    ("Twilio's invalid sender", {"from_": "+15005550001"}, 21212, 400),
    ("Twilio's full queue", {"from_": "+15005550008"}, 21611, 429),
    ("unknown service", {"from_": "", "messaging_service_sid": "MG0"}, 21701, 404),
    ("nothing to say", {"body": ""}, 21602, 400),
    ("too long", {"body": "x" * 1601}, 21617, 400),
    ("callback is no URL", {"status_callback": "here"}, 21609, 400),
    ("media is no URL", {"media_url": ["ftp://x/y"]}, 21620, 400),
    ("validity", {"validity_period": 99999}, 20001, 400),
]


@pytest.mark.parametrize(("label", "changed", "code", "status"), REFUSED, ids=[case[0] for case in REFUSED])
async def test_refusals(
    client: Client, exchange: Exchange, label: str, changed: dict[str, Any], code: int, status: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        await client.messages.create_async(**{"to": ANNA, "from_": SHOP, "body": "hi", **changed})
    assert (refused.value.code, refused.value.status) == (code, status)
    assert not exchange.messages(ANNA)


@pytest.mark.parametrize(
    ("to", "status", "code"),
    [
        ("+15005553003", "undelivered", 30003),
        ("+15005553005", "undelivered", 30005),
        ("+15005553007", "undelivered", 30007),
        ("+15005553008", "failed", 30008),
    ],
)
async def test_carrier_fails_later(
    client: Client, exchange: Exchange, callee: Callee, hooks: str, to: str, status: str, code: int
) -> None:
    sent = await client.messages.create_async(to=to, from_=SHOP, body="hi", status_callback=f"{hooks}/receipt")
    assert sent.status == "queued"
    await exchange.settled()
    _, form, _ = callee.calls[-1]
    assert (form["MessageStatus"], form["ErrorCode"]) == (status, str(code))
    fetched = await client.messages(sent.sid).fetch_async()
    assert (fetched.status, fetched.error_code) == (status, code)


async def test_wrong_password_and_unknown_paths(exchange: Exchange, client: Client, origin: str) -> None:
    async with AsyncTwilioHttpClient(timeout=5) as http:
        with pytest.raises(TwilioRestException) as refused:
            await sdk(http, exchange, "wrong").messages.create_async(to=ANNA, from_=SHOP, body="hi")
    assert (refused.value.code, refused.value.status) == (20003, 401)
    with pytest.raises(TwilioRestException) as missing:
        await client.messages("SM0").fetch_async()
    assert (missing.value.code, missing.value.status) == (20404, 404)
    async with aiohttp.ClientSession() as http, http.get(f"{origin}/twilio/nothing") as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, 20404)


async def test_too_many_requests(client: Client, exchange: Exchange) -> None:
    exchange.refuse_next(1)
    with pytest.raises(TwilioRestException) as refused:
        await client.messages.create_async(to=ANNA, from_=SHOP, body="hi")
    assert (refused.value.code, refused.value.status) == (20429, 429)
    await client.messages.create_async(to=ANNA, from_=SHOP, body="hi")


async def test_more_than_the_limit_in_a_second(exchange: Exchange) -> None:
    for _ in range(100):
        exchange.admit()
    with pytest.raises(Exception, match="20429"):
        exchange.admit()


async def test_phone_writes(exchange: Exchange, callee: Callee, hooks: str) -> None:
    with exchange.subscribe() as watcher:
        written = await exchange.phone_says(ANNA, SHOP, "Есть ли доставка?")
        assert await watcher.changed() == {ANNA}
    assert written.error is None
    path, form, headers = callee.calls[0]
    assert path == "/in/sms"
    assert signed(callee, hooks)
    assert "TwilioProxy" in headers["user-agent"]
    expected = {
        "MessageSid": written.sid,
        "AccountSid": SID,
        "From": ANNA,
        "To": SHOP,
        "Body": "Есть ли доставка?",
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "FromCountry": "RU",
    }
    assert expected.items() <= form.items()


async def test_picture_lies_behind_the_password(
    exchange: Exchange, callee: Callee, origin: str, client: Client
) -> None:
    picture = Media(type="image/png", data=b"\x89PNG")
    await exchange.phone_says(ANNA, SHOP, "", [picture])
    _, form, _ = callee.calls[0]
    assert (form["NumMedia"], form["MediaContentType0"], form["MessageSid"][:2]) == ("1", "image/png", "MM")
    assert form["MediaUrl0"].startswith(f"{origin}/twilio/2010-04-01/Accounts/{SID}/Messages/MM")
    async with aiohttp.ClientSession() as http:
        async with http.get(form["MediaUrl0"]) as answer:
            assert answer.status == 401
        async with http.get(
            form["MediaUrl0"], headers={"Authorization": aiohttp.encode_basic_auth(SID, TOKEN)}
        ) as answer:
            assert (answer.status, answer.content_type) == (200, "image/png")
            assert len(answer.history) == 1  # a redirect, as with Twilio
            assert await answer.read() == picture.data


async def test_webhook_behind_a_proxy_is_signed_over_the_public_url(exchange: Exchange, callee: Callee) -> None:
    public = "https://leads.example.com"
    exchange.add_number(SHOP, f"{public}/in/sms")
    await exchange.phone_says(ANNA, SHOP, "hi")
    assert signed(callee, public)
    _, _, headers = callee.calls[0]
    assert (headers["host"], headers["x-forwarded-proto"]) == ("leads.example.com", "https")


@pytest.mark.parametrize("status", [302, 403, 500])
async def test_phone_shows_that_the_webhook_failed(exchange: Exchange, callee: Callee, status: int) -> None:
    callee.status = status
    written = await exchange.phone_says(ANNA, SHOP, "hi")
    assert (written.error, written.error_words) == (11200, f"HTTP {status}")


async def test_nobody_answers_the_webhook(exchange: Exchange) -> None:
    exchange.add_number(SHOP, "http://127.0.0.1:1/in/sms")
    assert (await exchange.phone_says(ANNA, SHOP, "hi")).error == 11200
    exchange.add_number(SHOP)
    assert (await exchange.phone_says(ANNA, SHOP, "hi")).error is None
    assert (await exchange.phone_says(ANNA, "+15005550777", "hi")).error == 30006


async def test_stop_and_start(client: Client, exchange: Exchange, callee: Callee) -> None:
    await exchange.phone_says(ANNA, SHOP, " Stop ")
    with pytest.raises(TwilioRestException) as refused:
        await client.messages.create_async(to=ANNA, from_=SHOP, body="buy")
    assert refused.value.code == 21610
    with pytest.raises(TwilioRestException) as refused:
        await client.messages.create_async(to=ANNA, messaging_service_sid=SERVICE, body="buy")
    assert refused.value.code == 21610
    await exchange.phone_says(ANNA, SHOP, "help")
    await exchange.phone_says(ANNA, SHOP, "START")
    await client.messages.create_async(to=ANNA, from_=SHOP, body="welcome back")
    replies = [m.body for m in exchange.messages(ANNA) if m.direction == "outbound-reply"]
    assert replies == [STOPPED, HELPED, STARTED]
    assert len(callee.calls) == 3  # the webhook hears the words too


async def test_secret_is_not_in_repr(exchange: Exchange) -> None:
    assert TOKEN not in repr(exchange)
