"""The webhooks over HTTP: the signature is over the public URL, and 2xx means durable."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from twilio.request_validator import RequestValidator

from channels.sms.channel import SmsChannel
from channels.sms.signature import MOST_BYTES
from domain.errors import Refused, Unpublished
from domain.messages import ChannelName, Inbound, Report, ReportKind
from domain.ports import Cursors, Host, Sender, Webhook
from tests.channels.sms.samples import TOKEN, sample, settings

PUBLIC = "https://leads.example.com"
NO_CURSORS = cast("Cursors", None)
Event = Inbound | Report


class Intake:
    """An `accept` that keeps what it gets, or raises what it is told to."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.error: Exception | None = None

    async def __call__(self, event: Event) -> None:
        if self.error:
            raise self.error
        self.events.append(event)


@pytest.fixture
def accept() -> Intake:
    return Intake()


async def call(
    accept: Intake,
    form: Mapping[str, str],
    path: str = "message",
    *,
    public: str = PUBLIC,
    signed: str | None = None,
    token: str = TOKEN,
    query: str = "",
    **headers: str,
) -> httpx2.Response:
    """POST as Twilio does, through a proxy that answers for `public` and passes /in/sms on."""
    channel = SmsChannel(ChannelName("sms"), settings(), Host(cursors=NO_CURSORS, public_url=public))
    app: Any = Starlette(routes=[Mount("/in/sms", channel.app(accept))])
    signed = signed if signed is not None else f"{public}/in/sms/{path}{query}"
    signature = RequestValidator(token).compute_signature(signed, dict(form))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://10.0.0.7:8000") as client:
        headers = {"X-Twilio-Signature": signature, **headers}
        return await client.post(f"/in/sms/{path}{query}", data=dict(form), headers=headers)


def test_it_is_a_webhook_and_a_sender() -> None:
    channel = SmsChannel(ChannelName("sms"), settings(), Host(cursors=NO_CURSORS))
    assert isinstance(channel, Webhook)
    assert isinstance(channel, Sender)


async def test_message_is_accepted_and_answered_with_silence(accept: Intake) -> None:
    answer = await call(accept, sample("message"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert answer.text.endswith("<Response/>")
    (event,) = accept.events
    assert event.external_id == sample("message")["MessageSid"]


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"public": "https://example.com/leads"}, 200),  # a proxy that cuts the prefix off
        ({"public": "https://leads.example.com:8443"}, 200),
        ({"query": "?from=shop&x=%D0%B9"}, 200),
        ({"signed": f"{PUBLIC}:443/in/sms/message"}, 200),  # Twilio names the port at times
        ({"signed": "http://10.0.0.7:8000/in/sms/message"}, 403),  # the address inside is nobody's
        ({"signed": f"{PUBLIC}/in/sms/status"}, 403),
        ({"signed": f"{PUBLIC}/in/sms/message?x=1"}, 403),
        ({"token": "another-token"}, 403),
        ({"X-Twilio-Signature": ""}, 403),
        ({"X-Twilio-Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, 403),
        ({"signed": "https://evil.example/in/sms/message", "Host": "evil.example"}, 403),
        ({"signed": "https://evil.example/in/sms/message", "X-Forwarded-Host": "evil.example"}, 403),
    ],
)
async def test_signature_is_over_the_public_url(accept: Intake, how: dict[str, str], status: int) -> None:
    answer = await call(accept, sample("message"), **how)
    assert answer.status_code == status
    assert len(accept.events) == (status == 200)


async def test_a_changed_form_is_refused(accept: Intake, caplog: pytest.LogCaptureFixture) -> None:
    form = sample("message")
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}/in/sms/message", form)
    with caplog.at_level(logging.DEBUG):
        answer = await call(accept, form | {"Body": "pay me"}, **{"X-Twilio-Signature": signature})
    assert (answer.status_code, accept.events) == (403, [])
    assert "not signed" in caplog.text
    assert TOKEN not in caplog.text


async def test_body_is_bounded(accept: Intake) -> None:
    answer = await call(accept, {"MessageSid": "SM1", "Body": "x" * MOST_BYTES})
    assert (answer.status_code, accept.events) == (413, [])


@pytest.mark.parametrize("path", ["message", "status"])
async def test_a_body_that_never_ends_is_given_up(accept: Intake, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.sms.signature.BODY_SECONDS", 0.01)

    async def trickle() -> AsyncIterator[bytes]:
        yield b"MessageSid=SM1"
        await asyncio.Event().wait()

    channel = SmsChannel(ChannelName("sms"), settings(), Host(cursors=NO_CURSORS, public_url=PUBLIC))
    app: Any = channel.app(accept)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC) as client:
        answer = await client.post(f"/{path}", content=trickle(), headers={"X-Twilio-Signature": "AAAA"})
    assert (answer.status_code, answer.headers["Connection"], accept.events) == (408, "close", [])


async def test_control_characters_do_not_come_through(accept: Intake) -> None:
    odd = {"Body": "Hi\0\r\n\tthere\x1b\x85", "ProfileName": "An\0na\x9b", "Odd\0name": "x"}
    assert (await call(accept, sample("message") | odd)).status_code == 200  # signed as it was sent
    event = cast("Inbound", accept.events[0])
    assert (event.text, event.name) == ("Hi\n\tthere", "Anna")


@pytest.mark.parametrize("path", ["message", "status"])
@pytest.mark.parametrize(("error", "status"), [(Unpublished("no disk"), 503), (Refused("too large"), 422)])
async def test_nothing_is_confirmed_when_accept_raises(
    accept: Intake, path: str, error: Exception, status: int
) -> None:
    accept.error = error
    answer = await call(accept, sample("message" if path == "message" else "status_sent"), path)
    assert answer.status_code == status


async def test_a_bug_behind_accept_confirms_nothing(accept: Intake) -> None:
    accept.error = RuntimeError("bug")
    with pytest.raises(RuntimeError):  # the server answers 500
        await call(accept, sample("message"))


async def test_stop_is_a_report_and_a_message(accept: Intake) -> None:
    assert (await call(accept, sample("stop"))).status_code == 200
    report, inbound = accept.events
    assert isinstance(report, Report)
    assert isinstance(inbound, Inbound)
    assert (report.kind, report.address) == (ReportKind.STOPPED, inbound.addresses[0])


@pytest.mark.parametrize(
    "how", [{"token": "another"}, {"X-Twilio-Signature": ""}, {"signed": f"{PUBLIC}/in/sms/status"}]
)
async def test_nobody_but_twilio_stops_an_address(accept: Intake, how: dict[str, str]) -> None:
    assert (await call(accept, sample("stop"), **how)).status_code == 403
    assert accept.events == []


async def test_status_is_reported(accept: Intake) -> None:
    assert (await call(accept, sample("status_undelivered_30005"), "status")).status_code == 204
    assert [cast("Report", event).kind for event in accept.events] == [ReportKind.FAILED, ReportKind.STOPPED]
    assert (await call(accept, sample("status_queued"), "status")).status_code == 204
    assert len(accept.events) == 2


async def test_signed_and_yet_malformed(accept: Intake) -> None:
    assert (await call(accept, {"Body": "hi"})).status_code == 400
    assert accept.events == []


async def test_a_file_from_a_foreign_host_is_not_fetched_and_the_words_are_kept(accept: Intake) -> None:
    form = sample("mms") | {"NumMedia": "1", "MediaUrl0": "http://169.254.169.254/latest/meta-data"}
    assert (await call(accept, form)).status_code == 200
    (event,) = accept.events
    assert isinstance(event, Inbound)
    assert event.fields == {"file_error": "file 1: its address is not one of Twilio's"}
    assert (event.text, event.files) == ("Вот чертёж", ())
