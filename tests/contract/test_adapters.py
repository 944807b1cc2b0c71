"""What every adapter promises to the house, whatever it speaks, against its real counterpart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager

import pytest

from channels.registry import KINDS
from domain.errors import Misconfigured, SendError
from domain.messages import Inbound, Outbound, Report, Sent
from domain.ports import Channel, Listener, Sender, Webhook
from tests.contract.case import NAME, Counterpart, House, Memory, until
from tests.contract.cases import CASES
from tests.counterparts.counterparts import free_ports


async def test_it_has_the_ports_that_its_kind_says(counterpart: Counterpart) -> None:
    channel = counterpart.build()
    assert isinstance(channel, Channel)
    assert isinstance(channel, Listener) != isinstance(channel, Webhook), "one way in, and not both"
    assert isinstance(channel, Sender) == bool(KINDS[counterpart.table["kind"]].reaches)
    assert channel.name == NAME


async def test_nothing_is_confirmed_before_it_is_durable(counterpart: Counterpart) -> None:
    """The mail is not filed away, the offset is not moved, the call is not answered with 2xx, and it comes again."""
    channel, house = counterpart.build(), House(away=True)
    await counterpart.write("An oak kitchen, please")
    async with counterpart.taking(channel, house.accept):
        await until(lambda: len(house.offered) >= 3, "the third attempt")
        assert not await counterpart.confirmed()
        house.away = False
        await until(counterpart.confirmed, "the confirmation")
    [taken] = house.accepted
    assert isinstance(taken, Inbound)
    assert "An oak kitchen, please" in taken.text
    assert taken.addresses
    assert {event.external_id for event in house.offered} == {taken.external_id}


async def test_a_process_that_lost_its_memory_sees_the_same_id(counterpart: Counterpart) -> None:
    """After a crash the store knows the message by its id, and by nothing else."""
    house = House(away=True)
    await counterpart.write("An oak kitchen, please")
    for process in (1, 2):
        channel, seen = counterpart.build(memory=Memory()), len(house.offered)
        async with counterpart.taking(channel, house.accept):
            await until(lambda: len(house.offered) > seen, f"the message in process {process}")  # noqa: B023  # waited for here
    assert len({event.external_id for event in house.offered}) == 1


async def test_a_bug_behind_accept_confirms_nothing(counterpart: Counterpart) -> None:
    async def accept(event: Inbound | Report) -> None:
        offered.set()
        raise RuntimeError("a bug")

    offered, channel = asyncio.Event(), counterpart.build()
    await counterpart.write("An oak kitchen, please")
    async with counterpart.taking(channel, accept), asyncio.timeout(10):
        await offered.wait()
    assert not await counterpart.confirmed()


async def test_what_is_sent_arrives(provider: Counterpart) -> None:
    sender = sending(provider.build())
    await sender.ping()
    sent = await sender.send(message(provider.to))
    assert isinstance(sent, Sent)
    assert sent.external_id

    async def arrived() -> bool:
        return any("on Friday" in text for text in await provider.got())

    await until(arrived, "what was sent")


async def test_a_dead_server_is_a_send_error(provider: Counterpart, caplog: pytest.LogCaptureFixture) -> None:
    [port] = free_ports(1)
    sender, secrets = sending(provider.build(**provider.at_port(port))), secrets_of(provider)
    assert await error_of(sender.ping(), secrets), "the server is dead and ping says nothing"
    assert await error_of(sender.send(message(provider.to)), secrets)
    assert not seen(secrets, printed(caplog))


async def test_nonsense_is_a_send_error(provider: Counterpart, caplog: pytest.LogCaptureFixture) -> None:
    """Wrong ports, captive portals, balancers: whatever they say, the sender's loop knows what to do next."""
    secrets = secrets_of(provider)
    for answer in provider.nonsense:
        async with _answering(answer) as port:
            sender = sending(provider.build(**provider.at_port(port)))
            await error_of(sender.ping(), secrets)
            assert await error_of(sender.send(message(provider.to)), secrets), answer
    assert not seen(secrets, printed(caplog))


async def test_a_server_that_refuses_us_is_for_a_person_to_mend(
    provider: Counterpart, caplog: pytest.LogCaptureFixture
) -> None:
    assert provider.forbidden
    channel, secrets = provider.build(**provider.forbidden), secrets_of(provider)
    assert isinstance(await error_of(channel.ping(), secrets), Misconfigured)
    assert not seen(secrets, printed(caplog))


async def test_closing_twice_is_fine_used_or_not(counterpart: Counterpart) -> None:
    unused, used = counterpart.build(), counterpart.build()
    await used.ping()
    for channel in (unused, used, unused, used):
        await channel.aclose()


async def test_no_secret_in_what_is_printed_or_logged(
    counterpart: Counterpart, caplog: pytest.LogCaptureFixture
) -> None:
    channel, house = counterpart.build(), House()
    await counterpart.write("Hello")
    async with counterpart.taking(channel, house.accept):
        await until(counterpart.confirmed, "the confirmation")
    await channel.ping()
    assert not seen(secrets_of(counterpart), f"{channel!r} {channel} {house.accepted!r} {printed(caplog)}")


@pytest.fixture(autouse=True)
def _listening_in(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def message(to: str) -> Outbound:
    return Outbound(
        delivery="0190a5c3-0000-7000-8000-000000000001", to=to, text="We can do it on Friday.", subject="Re"
    )


def sending(channel: Channel) -> Sender:
    assert isinstance(channel, Sender)
    return channel


def secrets_of(counterpart: Counterpart) -> Sequence[str]:
    return CASES[counterpart.table["kind"]].secrets


def printed(caplog: pytest.LogCaptureFixture) -> str:
    """What was logged by us and our libraries; the simulators' web server logs as a stranger would."""
    return "\n".join(record.getMessage() for record in caplog.records if record.name != "uvicorn.access")


def seen(secrets: Sequence[str], text: str) -> list[str]:
    return [secret for secret in secrets if secret in text]


async def error_of(work: Awaitable[object], secrets: Sequence[str]) -> SendError | None:
    """The SendError that it raises, with no secret in it; any other error fails the test."""
    try:
        async with asyncio.timeout(10):
            await work
    except SendError as error:
        assert error.reason
        assert not seen(secrets, f"{error} {error!r} {error.__cause__!r}")
        return error
    return None


@asynccontextmanager
async def _answering(answer: bytes) -> AsyncIterator[int]:
    """A server that says this to whatever it is asked, and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer.startswith(b"HTTP"):
            await reader.read(65536)
        writer.write(answer)
        writer.write_eof()
        await reader.read(65536)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
