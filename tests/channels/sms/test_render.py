"""Long texts are cut where a reader pauses; Twilio's codes become what to do next."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.codes import REASONS, send_error
from channels.sms.render import LONGEST, parts, recipient, split, template
from domain.errors import Misconfigured, Rejected, SendError, Throttled, Unavailable, Unreachable
from domain.messages import File, Outbound
from domain.templates import Template


@pytest.mark.parametrize(
    ("text", "longest", "pieces"),
    [
        ("Hello.", 10, ["Hello."]),
        ("One two. Three four.", 12, ["One two.", "Three four."]),
        ("Да! Нет? Может быть, да.", 10, ["Да! Нет?", "Может", "быть, да."]),
        ("aaaa bbbb cccc", 9, ["aaaa bbbb", "cccc"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("12345. 789", 7, ["12345.", "789"]),
        ("first\nsecond", 8, ["first", "second"]),
    ],
)
def test_split(text: str, longest: int, pieces: list[str]) -> None:
    assert split(text, longest) == pieces


@given(st.text(), st.integers(1, 30))
def test_split_loses_white_space_only(text: str, longest: int) -> None:
    pieces = split(text.strip(), longest)
    assert all(0 < len(piece) <= longest for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_what_no_sms_can_carry_is_rejected() -> None:
    for message in (
        Outbound(delivery="1", to="+79161234567", text=" \n"),
        Outbound(delivery="1", to="+79161234567", text="see", files=(File(name="a.pdf", type="x/y", size=1),)),
    ):
        with pytest.raises(Rejected):
            parts(message)
    assert len(parts(Outbound(delivery="1", to="+7", text="word " * 1000))) == -(-5000 // LONGEST)


def test_a_template_has_its_variables_on_one_line_each() -> None:
    sent = template(Template("HX1", {"1": " Анна\n\tК. ", "place": "Пермь"}))
    assert sent["content_sid"] == "HX1"
    assert json.loads(sent["content_variables"]) == {"1": "Анна К.", "place": "Пермь"}
    assert template(Template("HX1", {})) == {"content_sid": "HX1"}


@pytest.mark.parametrize("value", ["", " \n", "\x00", "a" * 1601])
def test_variables_that_no_template_takes(value: str) -> None:
    with pytest.raises(Rejected):
        template(Template("HX1", {"1": "fine", "2": value}))


def test_recipient_has_no_extension() -> None:
    message = Outbound(delivery="1", to="+74951234567;ext=12", text="hi")
    assert recipient(message, "") == "+74951234567"
    assert recipient(message, "whatsapp:") == "whatsapp:+74951234567"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 21610, Unreachable),
        (400, 21211, Unreachable),
        (400, 21614, Unreachable),
        (401, 20003, Misconfigured),
        (403, 20005, Misconfigured),
        (404, 20404, Misconfigured),
        (404, 21701, Misconfigured),
        (400, 21606, Misconfigured),
        (400, 21659, Misconfigured),
        (400, 30002, Misconfigured),
        (429, 20429, Throttled),
        (429, 21611, Throttled),
        (429, 429, Throttled),
        (400, 14107, Throttled),
        (400, 30003, Unavailable),
        (500, 20500, Unavailable),
        (502, 502, Unavailable),
        (408, 408, Unavailable),
        (400, 21408, Rejected),
        (400, 21608, Rejected),
        (400, 21617, Rejected),
        (400, 99999, Rejected),
    ],
)
def test_code(status: int, code: int, kind: type[SendError]) -> None:
    error = send_error(status, code, "Twilio's words")
    assert type(error) is kind
    assert error.code == str(code)
    assert error.reason == REASONS.get(code, "Twilio's words")


def test_wait_is_what_twilio_says_within_an_hour() -> None:
    for seconds, wait in ((7.0, 7), (None, 60), (1e6, 3600)):
        error = send_error(429, 21611, retry_after=seconds)
        assert isinstance(error, Throttled)
        assert error.retry_after == timedelta(seconds=wait)
