"""The form over HTTP: 2xx means durable, and every refusal says why in the visitor's language."""

from __future__ import annotations

import asyncio
import re
from collections.abc import MutableMapping
from typing import Any, cast
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.form.channel import SLOWEST, TEXT_BYTES, Declined, FormChannel, Receipt
from channels.form.check import FieldErrors
from channels.form.limits import MinuteLimit
from channels.form.parse import Submission
from channels.form.settings import FormSettings
from channels.form.texts import TEXTS
from domain.errors import Refused, Unpublished
from domain.links import digest, is_token
from domain.messages import AddressKind, ChannelName, Inbound, Report
from domain.ports import Cursors, Host, Webhook

GOOD = {"phone": "8 916 123-45-67", "message": "Сколько стоит?"}
WITH_FILE = [{"name": "email", "type": "email"}, {"name": "plan", "type": "file"}]
SHOP = "https://shop.example.com"


class Intake:
    """An `accept` that keeps what it gets, or raises what it is told to."""

    def __init__(self) -> None:
        self.events: list[Inbound] = []
        self.error: Exception | None = None

    async def __call__(self, event: Inbound | Report) -> None:
        if self.error:
            raise self.error
        self.events.append(cast("Inbound", event))


@pytest.fixture
def accept() -> Intake:
    return Intake()


def channel(max_file: int = 1024 * 1024, **changes: object) -> FormChannel:
    host = Host(cursors=cast("Cursors", None), max_file=max_file)
    return FormChannel(ChannelName("site"), FormSettings.model_validate(changes), host)


def client(accept: Intake, form: FormChannel | None = None) -> httpx2.AsyncClient:
    app: Any = (form or channel()).app(accept)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://leads.example.com")


def test_it_is_a_webhook() -> None:
    assert isinstance(channel(), Webhook)


async def test_it_needs_nobody() -> None:
    form = channel()
    await form.ping()
    await form.aclose()
    await form.aclose()


@pytest.mark.parametrize("how", [{"json": GOOD}, {"data": GOOD}, {"data": GOOD, "files": {"x": ("", b"")}}])
async def test_receipt_is_the_id_of_what_was_accepted(accept: Intake, how: dict[str, Any]) -> None:
    async with client(accept) as http:
        answer = await http.post("/in/site", **how, headers={"Accept-Language": "ru"})
    (inbound,) = accept.events
    assert answer.status_code == 200
    said = answer.json()
    assert (said["receipt"], said["text"]) == (inbound.external_id, "Спасибо. Мы скоро ответим вам.")
    assert (inbound.text, inbound.addresses[0].value) == ("Сколько стоит?", "+79161234567")


async def test_each_answer_has_a_link_whose_token_travels_nowhere(accept: Intake) -> None:
    """Also the second of two equal submissions: the browser may never have seen the first answer."""
    host = Host(cursors=cast("Cursors", None), public_url="https://leads.example.com", bot=lambda: "orchard_bot")
    form = FormChannel(ChannelName("site"), FormSettings(), host)
    async with client(accept, form) as http:
        answers = [(await http.post("/", json=GOOD, headers={"Idempotency-Key": "a"})).json() for _ in range(2)]
    tokens = [answer["track"].removeprefix("https://leads.example.com/t/") for answer in answers]
    assert [answer["telegram"] for answer in answers] == [f"https://t.me/orchard_bot?start={t}" for t in tokens]
    assert [event.link for event in accept.events] == [digest(token) for token in tokens]
    assert len(set(tokens)) == 2
    assert all(is_token(token) and token not in repr(accept.events) for token in tokens)


async def test_without_an_address_and_a_bot_the_link_is_a_path(accept: Intake) -> None:
    async with client(accept) as http:
        said = (await http.post("/", json=GOOD)).json()
    assert (said["track"][:4], said["telegram"]) == ("/t/t", "")


BOX = {"consent": {"text": "I agree."}, "consents": [{"purpose": "news", "text": "News, please."}]}
MAIL, BOTH = frozenset({AddressKind.EMAIL}), frozenset({AddressKind.EMAIL, AddressKind.PHONE})


@pytest.mark.parametrize(
    ("more", "asks", "said"),
    [
        ({"consent_news": "yes"}, BOTH, TEXTS["ru"].confirm_sms),
        ({"consent_news": "yes", "email": "anna@example.org"}, BOTH, TEXTS["ru"].confirm_mail),
        ({"consent_news": "yes", "email": "anna@example.org"}, frozenset({AddressKind.PHONE}), TEXTS["ru"].confirm_sms),
        ({"consent_news": "yes"}, MAIL, ""),  # nothing is sent there
        ({"consent_news": "yes"}, frozenset(), ""),
        ({}, BOTH, ""),  # only the policy
    ],
)
async def test_who_ticked_a_box_for_mailings_is_told_to_look_for_the_letter(
    accept: Intake, more: dict[str, str], asks: frozenset[AddressKind], said: str
) -> None:
    """Nobody looks into a mailbox of which nobody speaks: the request waited there until it lapsed."""
    host = Host(cursors=cast("Cursors", None), asks={ChannelName("site"): asks})
    form = FormChannel(ChannelName("site"), FormSettings.model_validate(BOX), host)
    typed = GOOD | {"consent": "yes"} | more
    async with client(accept, form) as http:
        answer = await http.post("/", json=typed, headers={"Accept-Language": "ru"})
    assert answer.json()["confirm"] == said


async def test_one_key_is_one_submission(accept: Intake) -> None:
    async with client(accept) as http:
        for _ in range(2):
            await http.post("/", json=GOOD, headers={"Idempotency-Key": "a"})
        await http.post("/", data=GOOD | {"_key": "a"})
        await http.post("/", json=GOOD)
        await http.post("/", json=GOOD)
        await http.post("/", json=GOOD | {"message": "Another"}, headers={"Idempotency-Key": "a"})
    first, second, third, *others = (event.external_id for event in accept.events)
    assert first == second == third
    assert len({first, *others}) == 4


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (Unpublished("no disk"), 503, TEXTS["ru"].unavailable),
        (Refused("слишком велико"), 422, "слишком велико"),
    ],
)
async def test_nothing_is_confirmed_when_accept_raises(
    accept: Intake, error: Exception, status: int, sentence: str
) -> None:
    accept.error = error
    async with client(accept) as http:
        answer = await http.post("/", json=GOOD | {"lang": "ru"})
    assert (answer.status_code, answer.json()) == (status, {"error": sentence})
    assert answer.headers.get("Retry-After") == ("5" if status == 503 else None)


async def test_a_bug_behind_accept_confirms_nothing(accept: Intake) -> None:
    accept.error = RuntimeError("bug")
    async with client(accept) as http:
        with pytest.raises(RuntimeError):  # the server answers 500
            await http.post("/", json=GOOD)


async def test_a_file_that_the_house_refuses_is_413(accept: Intake) -> None:
    accept.error = Refused("too large")
    async with client(accept, channel(fields=WITH_FILE)) as http:
        answer = await http.post("/", data={"email": "a@b.co"}, files={"plan": ("a.txt", b"x")})
    assert answer.status_code == 413


async def test_what_is_wrong_is_said_at_the_field(accept: Intake) -> None:
    async with client(accept) as http:
        answer = await http.post("/", json={"phone": "12"}, headers={"Accept-Language": "ru-RU,en;q=0.5"})
    assert answer.status_code == 422
    assert answer.json() == {"errors": {"phone": [TEXTS["ru"].phone], "message": [TEXTS["ru"].required]}}
    assert accept.events == []


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        ([], SHOP, None),
        ([SHOP], SHOP, SHOP),
        ([SHOP], "https://evil.example.com", None),
        ([SHOP], "http://shop.example.com", None),
        (["*"], SHOP, SHOP),
        (["*"], "null", "null"),
    ],
)
async def test_cors(accept: Intake, origins: list[str], origin: str, allowed: str | None) -> None:
    name = "access-control-allow-origin"
    async with client(accept, channel(origins=origins)) as http:
        preflight = await http.options("/", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
        taken = await http.post("/", json=GOOD, headers={"Origin": origin})
        wrong = await http.post("/", json={}, headers={"Origin": origin})
    assert (preflight.status_code, taken.status_code, wrong.status_code) == (204, 200, 422)
    assert [answer.headers.get(name) for answer in (preflight, taken, wrong)] == [allowed] * 3
    allows = preflight.headers.get("access-control-allow-headers", "")
    assert ("idempotency-key" in allows) == (allowed is not None)


async def test_only_post(accept: Intake) -> None:
    async with client(accept) as http:
        answer = await http.get("/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize("content", [b"[", b'{"phone": "\\u0000"}'])
async def test_unreadable_is_400(accept: Intake, content: bytes) -> None:
    async with client(accept) as http:
        answer = await http.post("/", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (400, {"error": TEXTS["en"].unreadable})


ODD = st.text(st.sampled_from("ab\x01\x1b\x7f\x85\x9b\r\n\t\u202e\u2028"), max_size=8)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]")


@settings(max_examples=40, deadline=None)
@given(name=ODD, value=ODD, key=ODD, how=st.sampled_from(["json", "data", "files"]))
async def test_no_control_character_reaches_accept(name: str, value: str, key: str, how: str) -> None:
    accept = Intake()
    page = f"https://a.example.com/?utm_source={quote(value)}x&utm_term={quote(value)}%00"
    values = GOOD | {"name": value, f"odd{name}": value, "utm_medium": value, "_page": page, "_key": key}
    body: dict[str, Any] = {"json": values} if how == "json" else {"data": values}
    if how == "files":
        body["files"] = {f"plan{name}": (f"a{value}.pdf", b"x")}
    form = channel(fields=[*WITH_FILE, {"name": "phone", "type": "phone"}, {"name": "message", "type": "textarea"}])
    async with client(accept, form) as http:
        answer = await http.post("/", **body)
    assert answer.status_code == 200
    (event,) = accept.events
    lines = [event.external_id, event.name, *event.fields, *event.source.utm.values(), event.source.page]
    lines += [event.source.referrer, *(file.name for file in event.files)]
    assert not [text for text in lines if CONTROL.search(text) or "\n" in text or "\t" in text]
    assert not CONTROL.search("".join([event.text, *event.fields.values(), *event.consents]))


@pytest.mark.parametrize("where", ["name", "value", "_key"])
async def test_nul_is_no_submission(accept: Intake, where: str) -> None:
    odd = {"name": {"a\0": "x"}, "value": {"a": "x\0"}, "_key": {"_key": "\0"}}[where]
    async with client(accept) as http:
        answers = [await http.post("/", json=GOOD | odd), await http.post("/", data=GOOD | odd)]
    assert ([answer.status_code for answer in answers], accept.events) == ([400, 400], [])


async def test_too_many_is_429(accept: Intake) -> None:
    async with client(accept, channel(per_minute=2)) as http:
        answers = [await http.post("/", json=GOOD) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "60"


async def test_without_addresses_nobody_is_limited(accept: Intake) -> None:
    app = channel(per_minute=1).app(accept)
    wire = Wire(*[{"type": "http.request", "body": b'{"phone": "89161234567", "message": "hi"}'}] * 2)
    for _ in range(2):
        await app(SCOPE | {"client": None}, wire.receive, wire.send)
    assert len(accept.events) == 2


def test_limit_counts_networks_by_the_minute() -> None:
    limit = MinuteLimit(1)
    assert [limit.take("10.0.0.1", 0.0), limit.take("10.0.0.1", 59.9), limit.take("10.0.0.2", 59.9)] == [
        True,
        False,
        True,
    ]
    assert limit.take("10.0.0.1", 60.0)
    assert MinuteLimit(0).take("10.0.0.1", 0.0)


@pytest.mark.parametrize(
    ("first", "second", "one"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2::2", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("2001:db8::1", "2001:db8::2", True),  # written short: the first four groups are not the /64
        ("2001:db8::1", "2001:db8:0:0:1::", True),
        ("2001:DB8::1", "2001:0db8:0000::7", True),
        ("2001::1", "2001:0:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:a00:1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("no address", "no address", True),
        ("no address", "another", False),
    ],
)
def test_who_counts_as_one_network(first: str, second: str, one: bool) -> None:
    limit = MinuteLimit(1)
    assert limit.take(first, 0.0)
    assert limit.take(second, 0.0) is not one


class Wire:
    """An ASGI connection that sends a body in endless pieces, or hangs up."""

    def __init__(self, *events: MutableMapping[str, Any]) -> None:
        self.events = list(events)
        self.received = 0
        self.sent: list[MutableMapping[str, Any]] = []

    async def receive(self) -> MutableMapping[str, Any]:
        self.received += 1
        await asyncio.sleep(0)
        return self.events.pop(0) if self.events else {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    async def send(self, event: MutableMapping[str, Any]) -> None:
        self.sent.append(event)


SCOPE = {
    "type": "http",
    "method": "POST",
    "headers": [(b"content-type", b"application/json")],
    "client": ("10.0.0.1", 1),
}


async def test_a_body_without_end_is_cut_while_it_streams(accept: Intake) -> None:
    wire = Wire()
    await channel().app(accept)(SCOPE, wire.receive, wire.send)
    assert wire.sent[0]["status"] == 413
    assert wire.received == TEXT_BYTES // 65536 + 1


class Trickle(Wire):
    """It gives what it has and then leaves us waiting."""

    async def receive(self) -> MutableMapping[str, Any]:
        if not self.events:
            await asyncio.Event().wait()
        return await super().receive()


async def test_a_body_that_never_ends_is_given_up(accept: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.form.channel.BODY_SECONDS", 0.01)
    wire = Trickle({"type": "http.request", "body": b'{"phone": "8 916', "more_body": True})
    await channel().app(accept)(SCOPE, wire.receive, wire.send)
    assert (wire.sent[0]["status"], accept.events) == (408, [])
    assert (b"connection", b"close") in wire.sent[0]["headers"]
    assert TEXTS["en"].unreadable.encode() in wire.sent[1]["body"]


async def test_what_arrives_buys_time(accept: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large photo over a weak mobile network is no attack."""
    ends: list[float] = []
    monkeypatch.setattr("asyncio.Timeout.reschedule", lambda _, when: ends.append(when))
    piece = {"type": "http.request", "body": b" " * SLOWEST, "more_body": True}
    wire = Wire(piece, piece, {"type": "http.disconnect"})
    await channel().app(accept)(SCOPE, wire.receive, wire.send)
    *_, first, second = ends
    assert second - first == pytest.approx(1)


async def test_who_hangs_up_in_the_middle_has_sent_nothing(accept: Intake) -> None:
    half = {"type": "http.request", "body": b'{"phone": "8 916', "more_body": True}
    wire = Wire(half, {"type": "http.disconnect"})
    await channel().app(accept)(SCOPE, wire.receive, wire.send)
    assert (wire.sent, accept.events) == ([], [])


async def test_files_widen_the_bound_only_where_they_are_asked_for(accept: Intake) -> None:
    upload = {"plan": ("a.bin", b"x" * 500_000)}
    async with client(accept, channel(fields=WITH_FILE)) as http:
        assert (await http.post("/", data={"email": "a@b.co"}, files=upload)).status_code == 200
    async with client(accept, channel(fields=WITH_FILE, max_files=0)) as http:
        answer = await http.post("/", data={"email": "a@b.co"}, files=upload)
        assert (answer.status_code, answer.json()) == (413, {"error": TEXTS["en"].body_too_large.format(limit="0.2")})
    assert accept.events[0].files[0].size == 500_000


async def test_submit_is_what_the_pages_use(accept: Intake) -> None:
    form = channel()
    taken = await form.submit(Submission(values=GOOD, key="a"), accept)
    assert isinstance(taken, Receipt)
    assert taken.number == accept.events[0].external_id
    assert isinstance(await form.submit(Submission(values={}), accept), FieldErrors)
    accept.error = Unpublished("no disk")
    with pytest.raises(Declined) as caught:
        await form.submit(Submission(values=GOOD, language="ru"), accept)
    assert (caught.value.status, caught.value.sentence) == (503, TEXTS["ru"].unavailable)
