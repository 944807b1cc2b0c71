"""The values that travel, the errors, and the ports: what every room may rely on."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bus.streams import decode, encode
from domain import errors, messages, ports
from domain.errors import Refused, SendError, Throttled, Unpublished
from domain.messages import (
    Address,
    AddressKind,
    ChannelName,
    Inbound,
    Proof,
    Report,
    ReportKind,
    require_aware,
    utcnow,
)

NAIVE = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - that it has no zone is the point
FROZEN = [cls for _, cls in inspect.getmembers(messages, dataclasses.is_dataclass)] + [ports.Host]
PORTS = [cls for _, cls in inspect.getmembers(ports, inspect.isclass) if cls.__module__ == "domain.ports"]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Inbound(channel=ChannelName("a"), external_id="1", addresses=(), received_at=NAIVE)
    with pytest.raises(ValueError, match="no time zone"):
        Report(channel=ChannelName("a"), external_id="1", kind=ReportKind.SENT, at=NAIVE)
    require_aware(datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=3))))
    assert utcnow().tzinfo is UTC


@pytest.mark.parametrize("cls", FROZEN, ids=lambda cls: cls.__name__)
def test_values_are_frozen_slotted_and_keyword_only(cls: Any) -> None:
    assert cls.__dataclass_params__.frozen
    assert hasattr(cls, "__slots__")
    assert all(field.kw_only for field in dataclasses.fields(cls))


def test_a_value_cannot_be_changed() -> None:
    file = messages.File(name="a", type="b", size=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        file.size = 2  # type: ignore[misc]  # that it must not be done is the test


def _below(cls: type[Exception]) -> Iterator[str]:
    for one in cls.__subclasses__():
        if one.__module__ == "domain.errors":
            yield one.__name__
            yield from _below(one)


def test_the_tree_in_the_docstring_is_the_tree_of_errors() -> None:
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    assert drawn == list(_below(SendError))
    assert not issubclass(Unpublished, SendError)
    assert not issubclass(Refused, SendError)


def test_an_error_reads_as_code_and_reason() -> None:
    assert str(errors.Rejected("no such user", code="550 5.1.1")) == "550 5.1.1 no such user"
    assert str(errors.Unavailable("no answer")) == "no answer"
    slow = Throttled("slow down", retry_after=timedelta(seconds=3), code="429", address_only=True)
    assert (slow.reason, slow.code, slow.retry_after, slow.address_only) == (
        "slow down", "429", timedelta(seconds=3), True,
    )  # fmt: skip
    assert Refused("too large").reason == "too large"


@pytest.mark.parametrize(
    ("proved", "proof", "how"),
    [
        (True, "", Proof.CHANNEL),
        (False, "", Proof.TYPED),
        (True, "dkim", Proof.DKIM),
        (True, Proof.SHARED, Proof.SHARED),
        (False, "import", Proof.IMPORTED),
        (True, "of a release to come", Proof.CHANNEL),
        (False, "of a release to come", Proof.TYPED),
    ],
)
def test_an_address_knows_how_it_was_proved(proved: bool, proof: str, how: Proof) -> None:
    assert Address(kind=AddressKind.EMAIL, value="a@b.co", proved=proved, proof=proof).how is how


@pytest.mark.parametrize("proof", ["", *Proof, "of a release to come"])
def test_a_proof_travels_on_the_bus(proof: str) -> None:
    address = Address(kind=AddressKind.EXTERNAL, value="amocrm:1", proved=True, proof=proof)
    event = Inbound(channel=ChannelName("a"), external_id="1", addresses=(address,), received_at=utcnow())
    assert decode(encode(event)) == event


def test_an_address_of_an_older_release_is_read() -> None:
    address = Address(kind=AddressKind.EMAIL, value="a@b.co", proved=True)
    event = Inbound(channel=ChannelName("a"), external_id="1", addresses=(address,), received_at=utcnow())
    old = encode(event).replace(b',"proof":""', b"")
    assert b"proof" not in old
    assert decode(old) == event


@pytest.mark.parametrize("port", PORTS, ids=lambda cls: cls.__name__)
def test_a_port_fits_on_the_page_and_explains_itself(port: type) -> None:
    assert port.__doc__
    methods = [name for name in vars(port) if not name.startswith("_") and callable(getattr(port, name))]
    assert len(methods) <= 2


def test_delivery_states_begin_with_the_way_of_a_good_one() -> None:
    good = ["pending", "sending", "sent", "delivered", "read"]
    assert [state.value for state in messages.DeliveryState][:5] == good
