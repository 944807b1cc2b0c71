"""Events to bytes and back; where they go."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.streams import MAX_PAYLOAD, Event, Undecodable, decode, encode, shard_of, stream, summary
from domain.errors import Refused
from domain.messages import Address, AddressKind, ChannelName, File, Inbound, Report, ReportKind, Source
from tests.bus.events import inbound

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
addresses = st.builds(Address, kind=st.sampled_from(AddressKind), value=texts, proved=st.booleans())
times = st.datetimes(timezones=st.just(UTC))
files = st.builds(File, name=texts, type=texts, size=st.integers(0, 2**40), key=texts, content_id=texts)
inbounds = st.builds(
    Inbound,
    channel=texts.map(ChannelName),
    external_id=texts,
    addresses=st.lists(addresses, max_size=3).map(tuple),
    received_at=times,
    text=texts,
    html=st.none() | texts,
    refers_to=st.lists(texts, max_size=3).map(tuple),
    files=st.lists(files, max_size=2).map(tuple),
    raw=st.none() | files,
    fields=st.dictionaries(texts, texts, max_size=3),
    source=st.builds(Source, page=texts, utm=st.dictionaries(texts, texts, max_size=2)),
)
reports = st.builds(
    Report,
    channel=texts.map(ChannelName),
    external_id=texts,
    kind=st.sampled_from(ReportKind),
    at=times,
    address=st.none() | addresses,
    reason=texts,
)


@given(inbounds | reports)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    assert decode(encode(event)) == event


def test_nul_is_taken_out_and_a_typed_escape_is_not() -> None:
    event = replace(inbound(1), text="a\0b \\u0000 c", refers_to=("<a\0b>",), fields={"\0k": "\0v", "\\u0000": "\\\0"})
    back = decode(encode(event))
    assert isinstance(back, Inbound)
    assert back.text == "ab \\u0000 c"
    assert back.refers_to == ("<ab>",)
    assert back.fields == {"k": "v", "\\u0000": "\\"}


@given(st.binary(max_size=60) | texts.map(str.encode))
def test_no_bytes_from_outside_raise_anything_but_undecodable(payload: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(payload)
    assert summary(payload).startswith("unreadable")


def test_deep_nesting_is_undecodable() -> None:
    with pytest.raises(Undecodable):
        decode(b'{"v":1,"kind":"inbound","body":' + b"[" * 100_000)


def test_fields_of_a_newer_release_are_passed_over() -> None:
    envelope = json.loads(encode(inbound(1)))
    envelope["trace"] = "abc"
    envelope["body"]["mood"] = "good"
    envelope["body"]["addresses"][0]["verified_at"] = None
    event = decode(json.dumps(envelope).encode())
    assert isinstance(event, Inbound)
    assert event.external_id == "update-1"


def test_fields_that_an_older_release_did_not_write_have_their_defaults() -> None:
    envelope = json.loads(encode(inbound(1)))
    for name in ("text", "html", "source", "files"):
        del envelope["body"][name]
    event = decode(json.dumps(envelope).encode())
    assert isinstance(event, Inbound)
    assert (event.text, event.html, event.source, event.files) == ("", None, Source(), ())


@pytest.mark.parametrize("where", ["files", "raw"])
def test_content_never_travels(where: str) -> None:
    file = File(name="a.pdf", type="application/pdf", size=3, data=b"abc")
    event = replace(inbound(1), files=(file,)) if where == "files" else replace(inbound(1), raw=file)
    with pytest.raises(ValueError, match="only references travel"):
        encode(event)


def test_what_is_too_large_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="too large"):
        encode(inbound(1, text="я" * MAX_PAYLOAD))


def test_all_shards_get_their_share() -> None:
    counts = Counter(shard_of(inbound(1, sender=sender), 8) for sender in range(8000))
    assert set(counts) == set(range(8))
    assert max(counts.values()) < 2 * min(counts.values())


def report(external_id: str, address: Address | None = None) -> Report:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Report(
        channel=ChannelName("sms"), external_id=external_id, kind=ReportKind.DELIVERED, at=at, address=address
    )


def test_a_message_goes_by_its_sender_and_a_report_by_its_message() -> None:
    other_channel = replace(inbound(2), channel=ChannelName("second-bot"))
    assert shard_of(inbound(1), 64) == shard_of(other_channel, 64)
    there = Address(kind=AddressKind.PHONE, value="+1")
    assert shard_of(report("SM1"), 64) == shard_of(report("SM1", there), 64)
    spread = {shard_of(report("", Address(kind=AddressKind.PHONE, value=f"+{n}")), 64) for n in range(500)}
    assert len(spread) > 50, "a report about an address alone goes by the address"


def test_a_stream_is_one_slot_of_a_cluster() -> None:
    assert stream(3) == "in.{3}"
