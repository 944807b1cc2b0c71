"""The whole channel against the simulated Twilio: real HTTP both ways, the vendor's SDK in between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from channels.sms.channel import SmsChannel
from channels.sms.media import MediaFetcher, allowed, trusted
from channels.sms.parse import Media as Wanted
from domain.errors import Misconfigured, Refused, Rejected, SendError, Throttled, Unavailable, Uncertain, Unreachable
from domain.messages import ChannelName, Inbound, Outbound, Report, ReportKind
from domain.ports import Cursors, Host
from domain.templates import Template
from simulator.twilio.api import api
from simulator.twilio.exchange import Exchange
from simulator.twilio.messages import Media
from tests.channels.sms.samples import ACCOUNT, ANNA, SHOP, TOKEN, settings
from tests.channels.sms.serving import served

PUBLIC = "https://leads.example.com"
SERVICE = "MG" + "1" * 32
WHATSAPP, TEMPLATE = f"whatsapp:{SHOP}", "HX" + "a" * 32
NO_CURSORS = cast("Cursors", None)


@dataclass
class Place:
    """The channel, the exchange, and what was accepted."""

    exchange: Exchange
    channel: SmsChannel
    host: Host
    events: list[Inbound | Report] = field(default_factory=list)

    async def accept(self, event: Inbound | Report) -> None:
        """Keep everything but one file."""
        if isinstance(event, Inbound) and any(b"refuse" in one.data for one in event.files):
            raise Refused("this file is not wanted")
        self.events.append(event)

    def other(self, **changes: object) -> SmsChannel:
        """A second channel with other settings."""
        return SmsChannel(ChannelName("sms"), settings(api_url=self.exchange.api_url, **changes), self.host)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """Twilio calls https://leads.example.com, which a proxy maps to where the channel listens."""
    web = Starlette()
    async with served(web) as origin:
        exchange = Exchange(account_sid=ACCOUNT, auth_token=TOKEN, pace=0, reach={PUBLIC: origin})
        exchange.add_number(SHOP, f"{PUBLIC}/in/sms/message")
        exchange.services[SERVICE] = SHOP
        async with served(api(exchange)) as exchange.api_url:
            host = Host(cursors=NO_CURSORS, public_url=PUBLIC, max_file=1000)
            channel = SmsChannel(ChannelName("sms"), settings(api_url=exchange.api_url), host)
            there = Place(exchange, channel, host)
            web.mount("/in/sms", channel.app(there.accept))
            yield there
            await exchange.aclose()
            await channel.aclose()
            await channel.aclose()


def to(number: str, text: str = "Здравствуйте!") -> Outbound:
    return Outbound(delivery="1", to=number, text=text, html="<b>left out</b>")


async def test_answer_goes_out_and_its_fate_comes_back(place: Place) -> None:
    sent = await place.channel.send(to(ANNA))
    await place.exchange.settled()
    assert [message.body for message in place.exchange.messages(ANNA)] == ["Здравствуйте!"]
    reports = [event for event in place.events if isinstance(event, Report)]
    assert [report.kind for report in reports] == [ReportKind.SENT, ReportKind.DELIVERED]
    assert {report.external_id for report in reports} == {sent.external_id}


async def test_long_answer_goes_out_in_parts(place: Place) -> None:
    text = "One sentence of many. " * 100
    sent = await place.channel.send(to(ANNA, text))
    await place.exchange.settled()
    bodies = [message.body for message in place.exchange.messages(ANNA)]
    assert (len(bodies), len(sent.others)) == (2, 1)
    assert " ".join(bodies) == text.strip()
    assert [place.exchange.message(sid) is not None for sid in (sent.external_id, *sent.others)] == [True, True]


async def test_a_template_goes_in_place_of_the_text(place: Place) -> None:
    place.exchange.templates[TEMPLATE] = "Dear {{1}}, it is ready."
    place.exchange.add_number(WHATSAPP)
    channel = place.other(number=WHATSAPP)
    message = replace(to(ANNA, "unused"), template=Template(TEMPLATE, {"1": "Anna"}))
    sent = await channel.send(message)
    await place.exchange.settled()
    [got] = place.exchange.messages(f"whatsapp:{ANNA}")
    assert (got.sid, got.sender, got.body) == (sent.external_id, WHATSAPP, "Dear Anna, it is ready.")
    await channel.aclose()


@pytest.mark.parametrize(
    ("number", "template", "kind", "code"),
    [
        (WHATSAPP, Template("HX" + "9" * 32, {}), Rejected, "21655"),
        ("whatsapp:+15005550099", None, Misconfigured, "63007"),
    ],
)
async def test_what_whatsapp_refuses_at_once(
    place: Place, number: str, template: Template | None, kind: type[SendError], code: str
) -> None:
    place.exchange.add_number(WHATSAPP)
    channel = place.other(number=number)
    with pytest.raises(SendError) as caught:
        await channel.send(replace(to(ANNA), template=template))
    assert (type(caught.value), caught.value.code) == (kind, code)
    await channel.aclose()


async def test_messaging_service_sends(place: Place) -> None:
    channel = place.other(number=None, messaging_service_sid=SERVICE)
    await channel.send(to(ANNA))
    await place.exchange.settled()
    assert place.exchange.messages(ANNA)[0].service == SERVICE
    await channel.aclose()


async def test_customer_writes_with_a_picture(place: Place) -> None:
    pictures = [Media(type="image/jpeg", data=b"picture"), Media(type="image/png", data=b"x" * 1001)]
    message = await place.exchange.phone_says(ANNA, SHOP, "Вот чертёж", pictures)
    assert message.error is None
    (event,) = place.events
    assert isinstance(event, Inbound)
    assert [(one.name, one.type, one.size, one.data) for one in event.files] == [
        ("mms-1.jpg", "image/jpeg", 7, b"picture")
    ]
    assert event.fields == {"file_error": "file 2: larger than 0 MB"}


async def test_a_file_that_the_house_refuses_does_not_take_the_words_along(place: Place) -> None:
    message = await place.exchange.phone_says(ANNA, SHOP, "Look", [Media(type="image/jpeg", data=b"refuse me")])
    assert message.error is None
    (event,) = place.events
    assert isinstance(event, Inbound)
    assert (event.text, event.files, event.fields) == ("Look", (), {"file_error": "this file is not wanted"})


async def test_who_stopped_cannot_be_written_to(place: Place) -> None:
    await place.exchange.phone_says(ANNA, SHOP, "STOP")
    with pytest.raises(Unreachable, match="21610 the recipient has answered STOP"):
        await place.channel.send(to(ANNA))


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        ("+15005550001", Unreachable, "21211"),
        ("+15005550002", Rejected, "21612"),
        ("+15005550003", Rejected, "21408"),
        ("+15005550004", Unreachable, "21610"),
        ("+15005550009", Unreachable, "21614"),
        ("+15005551608", Rejected, "21608"),
        ("+15005550429", Throttled, "20429"),
        ("", Rejected, "21604"),
    ],
)
async def test_refusals(place: Place, number: str, kind: type[SendError], code: str) -> None:
    with pytest.raises(SendError) as caught:
        await place.channel.send(to(number))
    assert (type(caught.value), caught.value.code) == (kind, code)


async def test_undelivered_is_reported_with_words(place: Place) -> None:
    await place.channel.send(to("+15005553003"))
    await place.exchange.settled()
    assert [(event.kind, event.reason) for event in place.events if isinstance(event, Report)] == [
        (ReportKind.SENT, ""),
        (ReportKind.FAILED, "the phone is switched off or out of reach (30003)"),
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"auth_token": "wrong"}, "20003"),
        ({"number": "+15005550007"}, "21606"),
        ({"number": None, "messaging_service_sid": "MG" + "9" * 32}, "21701"),
    ],
)
async def test_what_an_operator_must_mend(place: Place, changes: dict[str, object], code: str) -> None:
    channel = place.other(**changes)
    with pytest.raises(Misconfigured) as caught:
        await channel.send(to(ANNA))
    assert caught.value.code == code
    await channel.aclose()


async def test_ping(place: Place) -> None:
    await place.channel.ping()
    channel = place.other(auth_token="wrong")
    with pytest.raises(Misconfigured, match="auth token"):
        await channel.ping()
    await channel.aclose()


async def test_no_secret_in_repr_logs_or_errors(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await place.channel.send(to(ANNA))
        with pytest.raises(Unreachable) as caught:
            await place.channel.send(to("+15005550004"))
    shown = "".join([caplog.text, repr(caught.value), repr(place.channel), repr(settings()), repr(vars(place.channel))])
    assert TOKEN not in shown
    assert "Basic " not in caplog.text


@pytest.mark.parametrize(
    ("status", "body", "kind", "seconds"),
    [
        (500, "<html>oops</html>", Unavailable, 0),
        (503, '{"code": 20503, "message": "Service unavailable"}', Unavailable, 0),
        (201, "not JSON", Unavailable, 0),
        (302, "", Unavailable, 0),
        (429, '{"code": 20429, "message": "Too Many Requests"}', Throttled, 17),
        (400, '{"type": "t", "title": "Bad", "status": 400, "code": 21211}', Unreachable, 0),
        (400, '{"type": 1, "title": [], "status": "x", "code": null}', Unavailable, 0),
        (400, '{"code": "x", "message": null}', Rejected, 0),
        *((status, body, Unavailable, 0) for status in (201, 500) for body in ("[]", "null", "1", '"x"', "{}")),
        (201, '{"sid": null}', Unavailable, 0),
        (201, '{"sid": 5}', Unavailable, 0),
    ],
)
async def test_odd_answers(status: int, body: str, kind: type[SendError], seconds: int) -> None:
    async def answer(request: Request) -> Response:
        return PlainTextResponse(body, status, headers={"Retry-After": "17", "Location": "http://127.0.0.1:1/"})

    async with served(Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])) as origin:
        channel = SmsChannel(ChannelName("sms"), settings(api_url=origin), Host(cursors=NO_CURSORS))
        with pytest.raises(SendError) as caught:
            await channel.send(to(ANNA))
        await channel.aclose()
    assert type(caught.value) is kind
    if isinstance(caught.value, Throttled):
        assert caught.value.retry_after == timedelta(seconds=seconds)


@pytest.mark.parametrize("body", ["[]", "null", "1", "{}", '{"status": null}', '{"status": []}', "<html>"])
async def test_nonsense_is_no_good_account(body: str) -> None:
    async def answer(request: Request) -> Response:
        return PlainTextResponse(body)

    async with served(Starlette(routes=[Route("/{path:path}", answer)])) as origin:
        channel = SmsChannel(ChannelName("sms"), settings(api_url=origin), Host(cursors=NO_CURSORS))
        with pytest.raises(Unavailable):
            await channel.ping()
        await channel.aclose()


async def test_nobody_answers() -> None:
    channel = SmsChannel(ChannelName("sms"), settings(api_url="http://127.0.0.1:1"), Host(cursors=NO_CURSORS))
    with pytest.raises(Unavailable, match="no connection") as caught:
        await channel.send(to(ANNA))
    assert not isinstance(caught.value, Uncertain)
    with pytest.raises(Unavailable):
        await channel.ping()
    await channel.aclose()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{", None])
async def test_whoever_hung_up_or_fell_silent_may_have_sent_it(
    answer: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.sms.gateway.TIMEOUT", 0.2)
    async with hung_up(answer) as origin:
        channel = SmsChannel(ChannelName("sms"), settings(api_url=origin), Host(cursors=NO_CURSORS))
        with pytest.raises(Uncertain):
            await channel.send(to(ANNA))
        await channel.aclose()


async def test_a_text_of_which_a_part_went_out_may_not_be_sent_again_blindly() -> None:
    async def answer(request: Request) -> Response:
        calls.append(request)
        return PlainTextResponse('{"sid": "SM1"}' if len(calls) == 1 else "oops", 201 if len(calls) == 1 else 500)

    calls: list[Request] = []
    async with served(Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])) as origin:
        channel = SmsChannel(ChannelName("sms"), settings(api_url=origin), Host(cursors=NO_CURSORS))
        with pytest.raises(Uncertain, match="a part"):
            await channel.send(to(ANNA, "word " * 400))
        await channel.aclose()
    assert len(calls) == 2


@asynccontextmanager
async def hung_up(answer: bytes | None) -> AsyncIterator[str]:
    """A server that reads the request and hangs up, in the middle of its answer or without one; None: says nothing."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with suppress(ConnectionError):
            if answer is None:
                await reader.read()
            writer.write(answer or b"")
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        done.set()

    done = asyncio.Event()
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await done.wait()


TWILIO = "https://api.twilio.com"


@pytest.mark.parametrize(
    ("url", "with_password", "at_all"),
    [
        ("https://api.twilio.com/2010-04-01/Accounts/AC/Messages/MM/Media/ME", True, True),
        ("https://api.dublin.ie1.twilio.com/2010-04-01/x", True, True),
        ("https://mms.twiliocdn.com/x", False, True),
        ("https://s3-external-1.amazonaws.com/media.twiliocdn.com/x", False, True),
        ("https://s3-external-1.amazonaws.com/other-bucket/x", False, False),
        ("http://api.twilio.com/x", False, False),
        ("https://api.twilio.com:8443/x", False, False),
        ("https://twilio.com.evil.example/x", False, False),
        ("https://eviltwilio.com/x", False, False),
        ("https://api.twilio.com@evil.example/x", False, False),
        ("https://evil.example\\.twilio.com/x", False, False),
        ("https://evil.example%2f.twilio.com/x", False, False),
        ("http://169.254.169.254/latest", False, False),
        ("http://localhost/", False, False),
        ("file:///etc/passwd", False, False),
        ("//api.twilio.com/x", False, False),
        ("https://[::1/x", False, False),
        ("", False, False),
    ],
)
def test_files_come_from_twilio_only(url: str, with_password: bool, at_all: bool) -> None:
    assert (trusted(url, TWILIO), allowed(url, TWILIO)) == (with_password, at_all)


async def test_redirects_are_followed_to_twilio_only() -> None:
    async def answer(request: Request) -> Response:
        where = {"loop": "/loop", "out": "http://127.0.0.2:1/secret"}
        name = request.path_params["name"]
        return RedirectResponse(where[name]) if name in where else PlainTextResponse("no", 404)

    async with served(Starlette(routes=[Route("/{name}", answer)])) as origin:
        fetcher = MediaFetcher(api_url=origin, authorization="Basic x", max_file=10)
        files, errors = await fetcher.fetch([Wanted(url=f"{origin}/{name}", type="") for name in ("loop", "out", "no")])
    assert files == ()
    assert errors == (
        "file 1: too many redirects; file 2: its address is not one of Twilio's; file 3: Twilio answered 404"
    )


async def test_the_password_goes_to_the_api_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []

    async def answer(request: Request) -> Response:
        seen.append(request.headers.get("authorization"))
        return RedirectResponse(f"{store}/file") if request.url.path == "/start" else PlainTextResponse("file")

    app = Starlette(routes=[Route("/{name}", answer)])
    async with served(app) as origin, served(app) as store:
        monkeypatch.setattr("channels.sms.media.allowed", lambda url, api_url: True)  # the store is a CDN of Twilio's
        fetcher = MediaFetcher(api_url=origin, authorization="Basic secret", max_file=10)
        files, errors = await fetcher.fetch([Wanted(url=f"{origin}/start", type="")])
    assert ([file.data for file in files], errors) == ([b"file"], "")
    assert seen == ["Basic secret", None]
