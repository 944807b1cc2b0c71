"""Twilio's calls as tables: sample, what becomes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms import parse
from domain.messages import AddressKind, ChannelName, Inbound, Report, ReportKind, utcnow
from tests.channels.sms.samples import ANNA, NAMES, sample

SMS = ChannelName("sms")


def parsed(name: str) -> Inbound:
    return parse.message(sample(name), SMS, "RU", utcnow())


def reports(name: str) -> list[Report]:
    return parse.status(sample(name), SMS, "RU", utcnow())


@pytest.mark.parametrize(
    ("name", "sender", "text", "called"),
    [
        ("message", ANNA, "Здравствуйте! Сколько стоит кухня?", ""),
        ("message_empty", ANNA, "", ""),
        ("mms", ANNA, "Вот чертёж", ""),
        ("whatsapp", "+447400123456", "Hello 👋", "Jane Doe"),
        ("stop", ANNA, "Stop", ""),
        ("stop_without_type", ANNA, "STOP", ""),
    ],
)
def test_message_is_of_the_phone_that_sent_it(name: str, sender: str, text: str, called: str) -> None:
    inbound = parsed(name)
    (address,) = inbound.addresses
    assert (address.kind, address.value, address.proved) == (AddressKind.PHONE, sender, True)
    assert (inbound.text, inbound.name, inbound.thread, inbound.unreadable) == (text, called, sender, "")
    assert inbound.external_id == inbound.ref == sample(name)["MessageSid"]


def test_the_same_call_twice_has_the_same_id() -> None:
    assert parsed("message").external_id == parsed("message").external_id != parsed("mms").external_id


def test_a_reply_in_whatsapp_names_what_it_answers() -> None:
    assert parsed("whatsapp_reply").refers_to == ("SM" + f"{99:032x}",)


@pytest.mark.parametrize("name", ["short_code", "name"])
def test_a_sender_without_a_number_is_kept_for_a_person_to_see(name: str) -> None:
    inbound = parsed(name)
    assert not inbound.addresses
    assert sample(name)["From"] in inbound.unreadable
    assert inbound.raw
    assert b"MessageSid" in inbound.raw.data
    assert inbound.text == sample(name)["Body"]


def test_files_of_an_mms_are_listed_in_order() -> None:
    assert [one.type for one in parse.media(sample("mms"))] == ["image/jpeg", "application/pdf"]
    assert parse.media(sample("message")) == []
    assert len(parse.media(sample("mms") | {"NumMedia": "9999"})) == 2
    assert parse.media(sample("mms") | {"NumMedia": "²"}) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [("stop", ReportKind.STOPPED), ("start", ReportKind.RESUMED), ("help", None), ("stop_without_type", None)],
)
def test_opt_out_that_twilio_acts_on_is_reported(name: str, kind: ReportKind | None) -> None:
    report = parse.opt_out(sample(name), SMS, "RU", utcnow())
    assert (report.kind if report else None) == kind
    if report:
        assert (report.external_id, report.address and report.address.value) == ("", ANNA)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("status_queued", []),
        ("status_sent", [(ReportKind.SENT, "")]),
        ("status_delivered", [(ReportKind.DELIVERED, "")]),
        ("status_read", [(ReportKind.READ, "")]),
        ("status_undelivered_30003", [(ReportKind.FAILED, "the phone is switched off or out of reach (30003)")]),
        ("status_undelivered_30006", [(ReportKind.FAILED, "a landline, or a carrier that takes no SMS (30006)")]),
        ("status_failed_30007", [(ReportKind.FAILED, "the carrier's filter took it for spam (30007)")]),
        ("status_failed_unknown", [(ReportKind.FAILED, "Something new (30999)")]),
        ("status_undelivered_without_code", [(ReportKind.FAILED, "the carrier gave no reason")]),
        (
            "status_undelivered_30005",
            [
                (ReportKind.FAILED, "the number is not in service (30005)"),
                (ReportKind.STOPPED, "the number is not in service (30005)"),
            ],
        ),
        (
            "status_failed_21610",
            [
                (ReportKind.FAILED, "the recipient has answered STOP (21610)"),
                (ReportKind.STOPPED, "the recipient has answered STOP (21610)"),
            ],
        ),
    ],
)
def test_status_callback(name: str, expected: list[tuple[ReportKind, str]]) -> None:
    found = reports(name)
    assert [(report.kind, report.reason) for report in found] == expected
    for report in found:
        assert report.external_id == ("" if report.kind is ReportKind.STOPPED else sample(name)["MessageSid"])
        assert report.address


def test_every_sample_is_understood_or_left_out_on_purpose() -> None:
    for name in NAMES:
        assert reports(name) if name.startswith("status_") and name != "status_queued" else parsed(name).external_id


@pytest.mark.parametrize("form", [{}, {"MessageSid": ""}, {"MessageSid": "x" * 65}])
def test_a_call_without_an_id_is_malformed(form: dict[str, str]) -> None:
    with pytest.raises(parse.Malformed):
        parse.message(form, SMS, "RU", utcnow())
    with pytest.raises(parse.Malformed):
        parse.status(form, SMS, "RU", utcnow())


KEYS = st.sampled_from(["From", "To", "Body", "NumMedia", "MediaUrl0", "OptOutType", "MessageStatus", "ErrorCode"])


@given(st.dictionaries(KEYS, st.text(st.characters(codec="utf-8"), max_size=40)))
def test_no_form_raises(form: dict[str, str]) -> None:
    form["MessageSid"] = "SM1"
    assert parse.message(form, SMS, "RU", utcnow()).external_id == "SM1"
    parse.status(form, SMS, "RU", utcnow())
    parse.opt_out(form, SMS, "RU", utcnow())
    parse.media(form)
