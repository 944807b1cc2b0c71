"""What was captured from the real vendors is understood, the same each time; their errors mean one of five things."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bus.streams import decode, encode
from channels.registry import KINDS
from domain.errors import SendError
from domain.messages import File, Inbound, Report
from store.files import key_of
from tests.contract.case import NAME, Case, Event
from tests.contract.cases import CASES

CAPTURED = Path(__file__).parents[1] / "captured"
EXPECTED = {".json"}
"""Beside a form's .http file: what it says."""
SAMPLES = [pytest.param(case, name, id=f"{kind}-{name}") for kind, case in CASES.items() for name in case.samples]
ERRORS = [
    pytest.param(made, wanted, id=f"{kind}-{label}")
    for kind, case in CASES.items()
    for label, made, wanted in case.errors
]


@pytest.mark.parametrize("kind", CASES)
def test_no_captured_file_is_forgotten(kind: str) -> None:
    there = {path.name for path in (CAPTURED / kind).iterdir()}
    if kind == "form":
        there = {name for name in there if Path(name).suffix not in EXPECTED}
    assert there == set(CASES[kind].samples)
    assert CASES[kind].ignored <= there
    assert len(there) >= 5


@pytest.mark.parametrize(("case", "name"), SAMPLES)
def test_a_sample_is_understood_or_deliberately_ignored(case: Case, name: str) -> None:
    events = case.samples[name]()
    assert bool(events) == (name not in case.ignored)
    for event in events:
        assert isinstance(event, Inbound | Report)
        assert event.channel == NAME
        if isinstance(event, Inbound):
            assert event.external_id
            assert event.addresses or event.unreadable, "nobody could answer, and nobody is told"
            assert event.raw or not event.unreadable, "unreadable, and there is nothing for a person to read"


@pytest.mark.parametrize(("case", "name"), SAMPLES)
def test_the_same_payload_has_the_same_id_each_time(case: Case, name: str) -> None:
    assert [event.external_id for event in case.samples[name]()] == [e.external_id for e in case.samples[name]()]


@pytest.mark.parametrize("kind", CASES)
def test_different_payloads_have_different_ids(kind: str) -> None:
    case = CASES[kind]
    ids = [e.external_id for parse in case.samples.values() for e in parse() if isinstance(e, Inbound)]
    assert len(set(ids)) > len(ids) / 2


@pytest.mark.parametrize(("case", "name"), SAMPLES)
def test_a_sample_travels_on_the_bus(case: Case, name: str) -> None:
    for event in case.samples[name]():
        stored = _stored(event)
        assert decode(encode(stored)) == stored


def _stored(event: Event) -> Event:
    """As `accept` leaves it: its files are references by then."""
    if isinstance(event, Report):
        return event
    raw = _reference(event.raw) if event.raw else None
    return replace(event, raw=raw, files=tuple(_reference(file) for file in event.files))


def _reference(file: File) -> File:
    return replace(file, key=key_of(file.data), data=b"")


@pytest.mark.parametrize(("made", "wanted"), ERRORS)
def test_a_vendors_error_means_one_of_five_things(made: Callable[[], SendError], wanted: type[SendError]) -> None:
    error = made()
    kinds = [kind for kind in SendError.__subclasses__() if isinstance(error, kind)]
    assert kinds == [wanted]
    assert error.reason


@pytest.mark.parametrize("kind", [kind for kind in CASES if KINDS[kind].reaches])
def test_each_of_the_five_can_happen(kind: str) -> None:
    five = {error for error in SendError.__subclasses__() if error.__module__ == SendError.__module__}
    assert {wanted for _, _, wanted in CASES[kind].errors} == five
