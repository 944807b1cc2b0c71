"""Mails as real programs write them (tests/captured/email), read."""

from __future__ import annotations

import sysconfig
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from flufl.bounce import all_failures
from hypothesis import given
from hypothesis import strategies as st

from channels.email.parse import Envelope, identify, parse, unreadable
from domain.messages import Automatic, ChannelName, Inbound, Report, ReportKind
from tests.counterparts.bounces import bounce_mails

CAPTURED = Path(__file__).parents[2] / "captured" / "email"
CPYTHON = Path(sysconfig.get_path("stdlib")) / "test" / "test_email" / "data"
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ENVELOPE = Envelope(channel=ChannelName("sales-inbox"), own="leads@shop.test", received_at=NOW)
OURS = "<leadwire.0190-42@shop.test>"


def read(name: str) -> Inbound | Report:
    return parse((CAPTURED / f"{name}.eml").read_bytes(), ENVELOPE)


MAILS: list[tuple[str, dict[str, Any]]] = [
    (
        "gmail-reply",
        {
            "address": "petrova.anna@gmail.test",
            "name": "Анна Петрова",
            "subject": "Re: Ваш заказ № 15",
            "text": "Добрый день!\nДа, мне подходит вторник.",
            "ref": "<CAF+reply-2@mail.gmail.test>",
            "refers_to": ("<leadwire.0190-2@shop.test>", "<CAF+first@mail.gmail.test>", "<leadwire.0190-1@shop.test>"),
        },
    ),
    (
        "outlook-html-only",
        {
            "address": "john.smith@corp.test",
            "name": "Smith, John",
            "text": "Hi,\n20 chairs at € 45 is fine – see the [order](https://corp.test/po/9).\n"
            "Call me: +44 20 7946 0000.",
            "files": [("image001.png", "image/png", 8, "image001.png@01DB3D9D.0A1B2C3D")],
            "language": "en",
            "refers_to": ("<leadwire.0190-7@shop.test>",),
        },
    ),
    (
        "yandex-attachment",
        {
            "name": "Иванов Пётр",
            "subject": "Счёт для оплаты заказа № 15 и акт",
            "text": "Здравствуйте! Прошу выставить счёт.",
            "files": [
                (
                    "Реквизиты ООО.docx",
                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                    4,
                    "",
                )
            ],
        },
    ),
    ("mailru-reply", {"name": "Мария", "text": "А можно в субботу?"}),
    (
        "apple-mail-photos",
        {
            "text": "Here is the leg, which broke on the very first day:\n\nPlease call.",
            "files": [("IMG_0042.jpeg", "image/jpeg", 4, "")],
        },
    ),
    ("site-form-as-ourselves", {"address": "olga@customer.test", "proved": False, "name": "Ольга"}),
    ("tilda-notification", {"address": "sergey@customer.test", "proved": False, "name": ""}),
    ("koi8-r", {"name": "Николай", "subject": "Вопрос о цене", "text": "Сколько стоит доставка в Тверь?"}),
    ("windows-1251-called-latin-1", {"text": "Сколько стоит доставка в Тверь?"}),
    ("koi8-r-called-windows-1251", {"text": "Сколько стоит доставка в Тверь?"}),
    (
        "windows-1251-undeclared",
        {"name": "Николай", "subject": "Вопрос о цене", "text": "Сколько стоит доставка в Тверь?"},
    ),
    ("no-message-id-no-from", {"address": "only@customer.test", "proved": False, "name": "Only Reply", "ref": ""}),
    (
        "group-and-comments",
        {
            "address": "first@corp.test",
            "name": "Last, First",
            "ref": "<spaced.id@corp.test>",
            "refers_to": ("<c@corp.test>", "<b@corp.test>", "<a@corp.test>"),
        },
    ),
    (
        "inline-answers",
        {
            "text": "On Mon, 23 Nov 2026 at 09:00, Shop <leads@shop.test> wrote:\n"
            "> Which colour?\nBlue.\n> How many?\nThree."
        },
    ),
    (
        "enclosed-mail",
        {
            "subject": "See enclosed",
            "text": "See enclosed.",
            "files": [("The inner one.eml", "message/rfc822", 89, ""), ("file.ics", "text/calendar", 30, "")],
        },
    ),
    ("vacation-rfc3834", {"automatic": Automatic.REPLY}),
    ("out-of-office-exchange", {"automatic": Automatic.REPLY}),
    ("yandex-autoreply", {"automatic": Automatic.REPLY}),
    ("person-about-vacation", {"automatic": None}),
    ("checked-by-gmail", {"address": "anna@customer.test", "proved": False, "subject": "A table for six"}),
    ("checked-by-mailru", {"address": "anna@customer.test", "proved": False}),
    ("checked-by-yandex", {"address": "anna@customer.test", "proved": False, "text": "Есть стол на пятницу?"}),
    ("newsletter", {"automatic": Automatic.LIST}),
    ("bulk", {"automatic": Automatic.BULK}),
    ("own-mail-reflected", {"automatic": Automatic.OWN}),
    ("bounce-delayed", {"automatic": Automatic.BOUNCE}),
    ("bounce-of-foreign-mail", {"automatic": Automatic.BOUNCE}),
]


def facts(event: Inbound) -> dict[str, Any]:
    return {
        "address": event.addresses[0].value,
        "proved": event.addresses[0].proved,
        "name": event.name,
        "subject": event.subject,
        "text": event.text,
        "ref": event.ref,
        "refers_to": event.refers_to,
        "language": event.language,
        "automatic": event.automatic,
        "files": [(file.name, file.type, file.size, file.content_id) for file in event.files],
    }


@pytest.mark.parametrize(("name", "expected"), MAILS, ids=[name for name, _ in MAILS])
def test_mails(name: str, expected: dict[str, Any]) -> None:
    event = read(name)
    assert isinstance(event, Inbound)
    found = facts(event)
    assert {key: found[key] for key in expected} == expected
    assert event.unreadable == ""
    assert event.raw and event.raw.data == (CAPTURED / f"{name}.eml").read_bytes()
    assert (event.channel, event.received_at, event.thread) == ("sales-inbox", NOW, None)
    if "automatic" not in expected:
        assert event.automatic is None


@pytest.mark.parametrize(
    ("name", "kind", "address", "reason"),
    [
        ("bounce-postfix", ReportKind.STOPPED, "gone@customer.test", "User unknown"),
        ("bounce-exchange", ReportKind.STOPPED, "gone@customer.test", "RecipientNotFound"),
        ("bounce-exim", ReportKind.STOPPED, "gone@customer.test", "550 No such user here"),
        ("bounce-qmail", ReportKind.STOPPED, "gone@customer.test", "no mailbox by that name"),
        ("bounce-yandex-ru", ReportKind.STOPPED, "gone@customer.test", "не найден"),
        ("bounce-full", ReportKind.FAILED, "gone@customer.test", "out of storage space"),
        ("bounce-spam", ReportKind.FAILED, "gone@customer.test", "suspicion of SPAM"),
        ("receipt-delivered", ReportKind.DELIVERED, "gone@customer.test", ""),
        ("read-receipt", ReportKind.READ, None, ""),
        ("complaint", ReportKind.STOPPED, "gone@customer.test", "spam"),
    ],
)
def test_reports(name: str, kind: ReportKind, address: str | None, reason: str) -> None:
    report = read(name)
    assert isinstance(report, Report)
    assert (report.kind, report.external_id, report.at) == (kind, OURS, NOW)
    assert (report.address.value if report.address else None) == address
    assert reason in report.reason


def test_every_captured_mail_is_in_a_table() -> None:
    reports = {"bounce-postfix", "bounce-exchange", "bounce-exim", "bounce-qmail", "bounce-yandex-ru", "bounce-full"}
    reports |= {"bounce-spam", "receipt-delivered", "read-receipt", "complaint", "forwarded"}
    assert {file.stem for file in CAPTURED.glob("*.eml")} == {name for name, _ in MAILS} | reports


def test_a_forward_keeps_what_it_forwards() -> None:
    event = read("forwarded")
    assert isinstance(event, Inbound)
    assert event.text.startswith("Is this still valid?") and event.text.endswith("Chairs at 40.")


def test_the_whole_stays_beside_the_new_text() -> None:
    event = read("gmail-reply")
    assert isinstance(event, Inbound)
    assert "gmail_quote" in (event.html or "")


NOT_A_BOUNCE = "groupwise_03"
"""A person's mail that flufl.bounce keeps to see that its detectors leave it alone."""


def test_no_bounce_ever_becomes_a_lead() -> None:
    mails = bounce_mails()
    assert len(mails) > 100
    events = {name: parse(raw, ENVELOPE) for name, raw in mails.items()}
    leads = {name for name, event in events.items() if isinstance(event, Inbound) and event.automatic is None}
    assert leads == {NOT_A_BOUNCE}
    assert not any(isinstance(event, Report) for event in events.values())  # none of them is about mail of ours


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Delivery problem with order 1042", "Hello, my sofa was not delivered yesterday. Please call me."),
        ("Undelivered order", "It could not be delivered, returned to sender, mailbox full"),
        ("Re: Ваш заказ", f"Заказ не был доставлен, не удалось доставить.\n\n> Message-ID: {OURS}\n> 550 5.1.1"),
        ("Delivery failure", f"Your mail failed.\n\nMessage-ID: {OURS}\n550 5.1.1 user unknown"),
    ],
)
def test_words_alone_make_no_bounce(subject: str, text: str) -> None:
    raw = f"From: Anna <anna@customer.test>\nReturn-Path: <anna@customer.test>\nSubject: {subject}\n\n{text}\n"
    event = parse(raw.encode(), ENVELOPE)
    assert isinstance(event, Inbound)
    assert (event.automatic, event.unreadable) == (None, "")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("<bounces+42@esp.test>", None),
        ("<bounce-7@esp.test>", None),
        ("<MAILER-DAEMON@b.test>", Automatic.BOUNCE),
        ("<>", Automatic.BOUNCE),
    ],
)
def test_whose_envelope_is_a_mail_servers(path: str, kind: Automatic | None) -> None:
    event = parse(f"Return-Path: {path}\nFrom: a@b.test\nSubject: Delivery problem\n\nhi".encode(), ENVELOPE)
    assert isinstance(event, Inbound)
    assert event.automatic is kind


def test_a_person_may_send_us_a_bounce_as_a_file() -> None:
    bounce = (CAPTURED / "bounce-postfix.eml").read_bytes()
    head = b"From: a@b.test\nSubject: what is this?\nContent-Type: multipart/mixed; boundary=outer\n\n"
    part = b"--outer\n\nI got this\n--outer\nContent-Type: message/rfc822\n\n" + bounce + b"\n--outer--\n"
    event = parse(head + part, ENVELOPE)
    assert isinstance(event, Inbound)
    assert (event.automatic, event.text, len(event.files)) == (None, "I got this", 1)


def test_reports_agree_with_flufl_bounce() -> None:
    """The same mails, as if ours had come back: whom we name, flufl names; whom it spares for now, we do not stop."""
    reports = 0
    for name, raw in bounce_mails().items():
        temporary, permanent = all_failures(message_from_bytes(raw))
        event = parse(raw + b"\n\nMessage-ID: " + OURS.encode() + b"\n", ENVELOPE)
        if not isinstance(event, Report):
            continue
        reports += 1
        known = {address.decode("utf-8", "replace").lower() for address in temporary | permanent}
        assert event.address is None or event.address.value in known, name
        assert permanent or not temporary or event.kind is not ReportKind.STOPPED, name
    assert reports > 80


@pytest.mark.parametrize(
    "file", sorted(path for path in CPYTHON.iterdir() if path.is_file()), ids=lambda path: path.name
)
def test_cpythons_odd_mails(file: Path) -> None:
    event = parse(file.read_bytes(), ENVELOPE)
    assert isinstance(event, Inbound)
    assert event.addresses or event.unreadable
    assert event.raw and event.raw.data == file.read_bytes()


def test_without_sender_it_is_unreadable() -> None:
    event = parse(b"Subject: hi\r\n\r\ntext\r\n", ENVELOPE)
    assert isinstance(event, Inbound)
    assert (event.unreadable, event.subject, event.text) == ("the mail names no sender", "hi", "text")


def test_what_breaks_the_parser_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("channels.email.parse.read_body", breaks)
    event = parse(b"From: a@b.test\n\nhi", ENVELOPE)
    assert isinstance(event, Inbound)
    assert "RecursionError" in event.unreadable


def test_unreadable_keeps_the_header() -> None:
    event = unreadable(b"From: Anna <a@b.test>\r\nSubject: hi\r\n", ENVELOPE, "too large: 9 bytes")
    assert (event.addresses[0].value, event.subject, event.unreadable) == ("a@b.test", "hi", "too large: 9 bytes")


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ((b"From: ", b"Received: from x by y; now\r\nFrom: "), True),
        ((b"\r\n", b"\n"), True),
        ((b"Message-ID: <1@x>", b"message-id:\r\n <1@x>"), True),
        ((b"Hello", b"Hello!"), False),
        ((b"<1@x>", b"<2@x>"), False),
        ((b"a@b.test", b"c@b.test"), False),
        ((b"Mon, 23", b"Tue, 24"), False),
    ],
)
def test_identity(change: tuple[bytes, bytes], same: bool) -> None:
    raw = b"Message-ID: <1@x>\r\nFrom: a@b.test\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nHello\r\n"
    assert (identify(raw) == identify(raw.replace(*change))) is same


def test_an_empty_message_id_joins_nobody() -> None:
    first, second = (b"Message-ID: <>\r\nFrom: a@b.test\r\n\r\n" + text for text in (b"one", b"two"))
    assert identify(first) != identify(second)


captured = st.sampled_from(sorted(CAPTURED.glob("*.eml"))).map(Path.read_bytes)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real mail with a piece cut out or put in."""
    raw = draw(captured)
    start, end = sorted((draw(st.integers(0, len(raw))), draw(st.integers(0, len(raw)))))
    return raw[:start] + draw(st.binary(max_size=60)) + raw[end:]


@given(st.binary(max_size=400) | damaged())
def test_nothing_makes_it_raise(raw: bytes) -> None:
    event = parse(raw, ENVELOPE)
    if isinstance(event, Inbound):
        assert event.raw and event.raw.data == raw
        assert event.addresses or event.unreadable
        assert event.external_id == identify(raw)
    assert event == parse(raw, ENVELOPE)


def test_what_travels_on_is_bounded() -> None:
    head = b"From: a@b.test\nContent-Type: text/html\n\n"
    event = parse(head + b"<p>word</p>" * 200_000, ENVELOPE)
    assert isinstance(event, Inbound)
    assert (event.html, event.unreadable) == (None, "")
    assert event.raw and 0 < len(event.text) <= 100_000 < event.raw.size
