"""Verdicts against the truth of a server that misbehaves: what it has was sent, what it has not was not."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.dialogue import Dialogue
from channels.email.lines import stuffed
from channels.email.mailer import Mailer
from channels.email.settings import SmtpSettings
from domain.errors import Rejected, SendError, Throttled, Unavailable, Uncertain, Unreachable
from simulator.mail.provider import Provider
from tests.counterparts.counterparts import until

MAIL = b"Subject: hi\r\n\r\n.\r\n..\r\nHello\r\n"
KINDS: dict[str, type[SendError]] = {
    "p421": Unavailable,
    "p450": Unavailable,
    "p450-rate": Throttled,
    "p451": Unavailable,
    "p550": Unreachable,
    "p550-blocked": Rejected,
    "p552": Rejected,
    "p421-dot": Unavailable,
    "p451-dot": Unavailable,
    "p552-dot": Rejected,
    "p554-dot": Rejected,
    "cut-at-rcpt": Unavailable,
    "cut-before-dot": Uncertain,
    "cut-after-dot": Uncertain,
}
"""cut-before-dot: the server hung up when all of it was on the way, and nobody here can know how much it read."""


def mailer(provider: Provider, **changes: Any) -> Mailer:
    table = {"host": "127.0.0.1", "port": provider.port, "security": "none", "timeout": 5, "connections": 1}
    return Mailer(SmtpSettings.model_validate({**table, **changes}), helo="shop.test")


async def outcomes(sending: Mailer, words: Sequence[str]) -> list[SendError | None]:
    """Send all at once; what became of each."""
    sends = (
        sending.send(MAIL, sender="news@shop.test", to=f"{word}+{number}@customer.test")
        for number, word in enumerate(words)
    )
    results = await asyncio.gather(*sends, return_exceptions=True)
    assert all(result is None or isinstance(result, SendError) for result in results), results
    return [result if isinstance(result, SendError) else None for result in results]


async def scene(words: Sequence[str], *, connections: int = 1, **options: bool) -> None:
    """Each word's mail ends as `KINDS` says, "ok" is taken once, and no answer was given to the wrong mail."""
    async with Provider(**options) as provider:
        sending = mailer(provider, connections=connections)
        for word, found in zip(words, await outcomes(sending, words), strict=True):
            assert type(found) is KINDS.get(word, type(None)), (word, found)
        taken = Counter(mail.to for mail in provider.taken)
        good = (f"{word}+{n}@customer.test" for n, word in enumerate(words) if word in ("ok", "cut-after-dot"))
        assert taken == Counter(good), "something is missing, or there twice"
        assert {mail.data for mail in provider.taken} <= {MAIL}
        await sending.aclose()


OPTIONS = [{"pipelining": pipelining, "strict": strict} for pipelining in (True, False) for strict in (True, False)]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("word", KINDS)
async def test_one_bad_mail_among_good_ones(word: str, options: dict[str, bool]) -> None:
    await scene(["ok", "ok", word, "ok", "ok"], **options)
    await scene([word, "ok"], **options)


@settings(max_examples=40, deadline=None)
@given(
    words=st.lists(st.sampled_from([*KINDS, "ok", "ok", "ok"]), max_size=25),
    connections=st.integers(1, 4),
    options=st.sampled_from(OPTIONS),
)
def test_every_mail_has_its_own_answer(words: list[str], connections: int, options: dict[str, bool]) -> None:
    asyncio.run(scene(words, connections=connections, **options))


def test_the_same_on_the_loop_that_we_run_on() -> None:
    uvloop.run(scene([*KINDS, *["ok"] * 50, *KINDS], connections=3))


async def test_mails_go_out_back_to_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first envelope alone, and from then on one write a mail; without PIPELINING it takes four."""
    writes: list[bytes] = []
    written = Dialogue._write

    def note(self: Dialogue, data: bytes) -> None:
        writes.append(data)
        written(self, data)

    monkeypatch.setattr(Dialogue, "_write", note)
    for pipelining, expected in ((True, 21), (False, 80)):
        writes.clear()
        async with Provider(pipelining=pipelining) as provider:
            sending = mailer(provider)
            await outcomes(sending, ["ok"] * 20)
            await sending.aclose()
        assert len(writes) == expected


async def test_a_limit_on_one_connection_costs_a_connection_and_no_mail() -> None:
    async with Provider(per_connection=10) as provider:
        sending = mailer(provider, connections=2)
        assert await outcomes(sending, ["ok"] * 100) == [None] * 100
        assert provider.opened >= 10
        await sending.aclose()


async def test_our_own_limit_comes_first() -> None:
    async with Provider(per_connection=10) as provider:
        sending = mailer(provider, mails_per_connection=10)
        assert await outcomes(sending, ["ok"] * 100) == [None] * 100
        assert provider.opened == 10
        assert provider.answers["421"] == 0
        await sending.aclose()


async def test_too_fast_on_one_connection_is_asked_again_on_a_new_one() -> None:
    async with Provider(per_second=5) as provider:
        sending = mailer(provider)
        assert await outcomes(sending, ["ok"] * 12) == [None] * 12
        assert provider.opened >= 3
        await sending.aclose()


async def test_fewer_connections_than_we_would_open_are_enough() -> None:
    async with Provider(connections=2) as provider:
        sending = mailer(provider, connections=8)
        assert await outcomes(sending, ["ok"] * 200) == [None] * 200
        assert 0 < provider.refused <= 6
        await sending.aclose()


async def test_a_server_that_is_fed_up_stops_all_that_wait() -> None:
    async with Provider() as provider:
        sending = mailer(provider)
        found = await outcomes(sending, ["p421-rate", *["ok"] * 50])
        assert {type(each) for each in found} == {Throttled}
        assert len({id(each) for each in found}) == 51
        assert provider.opened == 1
        assert await outcomes(sending, ["ok"]) == [None]
        await sending.aclose()


async def test_no_answer_after_the_dot_is_uncertain() -> None:
    async with Provider() as provider:
        sending = mailer(provider, timeout=0.2)
        [found] = await outcomes(sending, ["silent"])
        assert type(found) is Uncertain
        assert len(provider.taken) == 1
        await sending.aclose()


async def test_a_mail_that_is_still_in_our_buffer_did_not_go_out() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 a\r\n")
        await reader.readline()
        writer.write(b"250-a\r\n250 PIPELINING\r\n")
        while await reader.readline() != b"DATA\r\n":
            pass
        writer.write(b"250 b\r\n250 c\r\n354 d\r\n")
        asked.set()
        await gone.wait()
        writer.close()

    asked = asyncio.Event()
    gone = asyncio.Event()
    async with await asyncio.start_server(deaf, "127.0.0.1", 0, limit=256) as server:
        provider = Provider()
        provider.port = server.sockets[0].getsockname()[1]
        sending = mailer(provider, timeout=0.3)
        with pytest.raises(Unavailable) as caught:
            await sending.send(b"x" * 20_000_000, sender="a@b.test", to="c@d.test")
        assert asked.is_set()
        assert not isinstance(caught.value, Uncertain)
        gone.set()
        await sending.aclose()


async def test_who_is_cancelled_has_not_sent() -> None:
    async with Provider(late=0.1) as provider:
        sending = mailer(provider)
        sends = [
            asyncio.create_task(sending.send(MAIL, sender="a@b.test", to=f"{word}+{number}@customer.test"))
            for number, word in enumerate(["slow", "next", "waiting", "last"])
        ]
        await until(lambda: bool(provider.taken), "the first mail")
        sends[1].cancel()  # its envelope is on the way
        sends[2].cancel()
        results = await asyncio.gather(*sends, return_exceptions=True)
        assert [type(result) for result in results] == [type(None), *[asyncio.CancelledError] * 2, type(None)]
        assert [mail.to.partition("+")[0] for mail in provider.taken] == ["slow", "last"]
        await sending.aclose()


async def test_a_letter_overtakes_a_mailing() -> None:
    async with Provider() as provider:
        sending = mailer(provider)
        mails = [
            sending.send(MAIL, sender="a@b.test", to=f"n{number}@customer.test", bulk=True) for number in range(20)
        ]
        await asyncio.gather(*mails, sending.send(MAIL, sender="a@b.test", to="anna@customer.test"))
        assert "anna@customer.test" in [mail.to for mail in provider.taken[:2]]
        await sending.aclose()


async def test_closing_ends_what_never_would() -> None:
    async with Provider() as provider:
        sending = mailer(provider)
        task = asyncio.create_task(sending.send(MAIL, sender="a@b.test", to="silent@customer.test"))
        waiting = asyncio.create_task(sending.send(MAIL, sender="a@b.test", to="anna@customer.test"))
        await until(lambda: bool(provider.taken), "the first mail")
        await sending.aclose(grace=0.05)
        results = await asyncio.gather(task, waiting, return_exceptions=True)
        assert [type(result) for result in results] == [Uncertain, Unavailable]


@pytest.mark.parametrize("to", ["a b@c.test", "a@c.test>\r\nRCPT TO:<x@y.test", "<a@c.test>"])
async def test_an_address_brings_no_command(to: str) -> None:
    async with Provider() as provider:
        with pytest.raises(Rejected):
            await mailer(provider).send(MAIL, sender="a@b.test", to=to)
        assert provider.opened == 0


@given(st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a", b"..", b"\r\n.\r\n", b"\n.\n"]), max_size=20))
def test_only_the_end_looks_like_the_end(parts: list[bytes]) -> None:
    data, size = stuffed(b"".join(parts))
    assert data.endswith(b"\r\n.\r\n")
    assert data.count(b"\r\n") == data.count(b"\r") == data.count(b"\n")
    lines = data.split(b"\r\n")[:-2]
    assert b"." not in lines
    plain = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines) + b"\r\n"
    assert size == len(plain)
    normal = b"".join(parts).replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    assert plain == (normal if normal.endswith(b"\r\n") else normal + b"\r\n")


async def test_a_mail_that_comes_while_the_last_worker_leaves_is_not_left_lying() -> None:
    async with Provider() as provider:
        sending = mailer(provider)
        leaving = asyncio.create_task(asyncio.sleep(0))
        await leaving
        sending._workers.add(leaving)  # it has looked into the outbox for the last time, and still counts
        sent = sending.post(MAIL, sender="news@shop.test", to="ok@customer.test")
        assert len(sending._workers) == 1
        sending._retire(leaving)
        async with asyncio.timeout(5):
            await sent
        assert len(provider.taken) == 1
        await sending.aclose()
