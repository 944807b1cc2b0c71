"""Numbers, forms and refusals of the simulated Twilio, without any server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.twilio.errors import MAGIC_FROM, MAGIC_TO, REFUSALS, UNDELIVERED, Refusal
from simulator.twilio.messages import Media, Message, arrival, country, is_landline, number, receipt, resource

NUMBERS = [
    ("E.164", "+79161234567", "+79161234567"),
    ("grouped", "+7 (916) 123-45-67", "+79161234567"),
    ("dots", "+1.202.555.0143", "+12025550143"),
    ("no plus", "79161234567", None),
    ("national", "8 916 123-45-67", None),
    ("leading zero", "+0123456789", None),
    ("too short", "+12345", None),
    ("too long", "+1234567890123456", None),
    ("letters", "+1800FLOWERS", None),
    ("other digits", "+٧٩١٦١٢٣٤٥٦٧", None),
    ("nothing", "", None),
]


@pytest.mark.parametrize(("label", "text", "expected"), NUMBERS, ids=[case[0] for case in NUMBERS])
def test_number(label: str, text: str, expected: str | None) -> None:
    assert number(text) == expected


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_not(text: str) -> None:
    found = number(text)
    assert found is None or number(found) == found
    assert isinstance(is_landline(text), bool)
    assert isinstance(country(text), str)


@pytest.mark.parametrize(
    ("e164", "where", "landline"),
    [
        ("+79161234567", "RU", False),
        ("+74951234567", "RU", True),
        ("+12025550143", "US", False),
        ("+4930901820", "DE", True),
    ],
)
def test_numbering_plan(e164: str, where: str, landline: bool) -> None:
    assert (country(e164), is_landline(e164)) == (where, landline)


def message(**changes: object) -> Message:
    """An outgoing SMS, with changes."""
    facts: dict[str, object] = {
        "sid": "SM1", "account": "AC1", "direction": "outbound-api", "sender": "+15005550006", "to": "+79161234567",
        "body": "hi",
    }  # fmt: skip
    return Message(**(facts | changes))  # type: ignore[arg-type]  # the facts are checked by the dataclass's users


def test_resource_before_and_after() -> None:
    fresh = resource(message())
    assert (fresh["date_sent"], fresh["error_code"], fresh["error_message"], fresh["price"]) == (None,) * 4
    assert fresh["uri"] == "/2010-04-01/Accounts/AC1/Messages/SM1.json"
    failed = resource(message(status="undelivered", error=30003, error_words="Unreachable destination handset"))
    assert failed["date_sent"] is not None
    assert (failed["error_code"], failed["error_message"]) == (30003, "Unreachable destination handset")


def test_mms_is_one_segment() -> None:
    picture = (Media(type="image/png"),)
    assert (message(body="ы" * 500, media=picture).parts, message(body="ы" * 500).parts) == (1, 8)


def test_receipt_names_what_failed() -> None:
    assert "ErrorCode" not in receipt(message(status="delivered"))
    assert "MessagingServiceSid" not in receipt(message(status="delivered"))
    form = receipt(message(status="failed", error=30008, service="MG1"))
    assert (form["MessageStatus"], form["ErrorCode"], form["MessagingServiceSid"]) == ("failed", "30008", "MG1")


def test_arrival_counts_its_media() -> None:
    files = (Media(type="image/png", sid="ME1"), Media(type="audio/ogg", sid="ME2"))
    form = arrival(message(direction="inbound", media=files), "http://t.example/twilio")
    assert form["NumMedia"] == "2"
    assert form["MediaUrl1"] == "http://t.example/twilio/2010-04-01/Accounts/AC1/Messages/SM1/Media/ME2"
    assert [form["MediaContentType0"], form["MediaContentType1"]] == ["image/png", "audio/ogg"]
    assert "MediaUrl2" not in form


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_refusal_has_twilios_shape(code: int) -> None:
    body = Refusal(code, "X").body()
    assert sorted(body) == ["code", "message", "more_info", "status"]
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert "{}" not in str(body["message"])
    assert 400 <= int(str(body["status"])) < 500


def test_magic_numbers_lead_somewhere() -> None:
    assert set(MAGIC_TO.values()) <= set(REFUSALS) | set(UNDELIVERED)
    assert set(MAGIC_FROM.values()) <= set(REFUSALS)
    assert {f"+1500555{code}" for code in range(3003, 3009)} <= set(MAGIC_TO)
    assert all(number(magic) == magic for magic in MAGIC_TO)
