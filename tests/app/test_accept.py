"""The one door: files are kept first, then the message is published, and only then it is accepted."""

from __future__ import annotations

import asyncio
import io
import os
import tempfile
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.accept import Door, type_of
from bus.broker import Bus
from domain.errors import Refused, Unpublished
from domain.messages import Address, AddressKind, ChannelName, File, Inbound, Report, ReportKind, utcnow
from store.files import Files, Folder, key_of

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de")
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF"
ANNA = Address(kind=AddressKind.EMAIL, value="anna@customer.test")
RAW = File(name="mail.eml", type="message/rfc822", size=14, data=b"From: anna\n\nhi")
LIMIT = 2 * 2**20


def file(data: bytes, name: str = "plan.pdf", claimed: str = "application/pdf") -> File:
    return File(name=name, type=claimed, size=len(data), data=data)


def inbound(*files: File, raw: File | None = None, text: str = "Hello", name: str = "") -> Inbound:
    return Inbound(
        channel=ChannelName("inbox"), external_id="1", addresses=(ANNA,), received_at=utcnow(), text=text, name=name,
        files=files, raw=raw, fields={text: text},
    )  # fmt: skip


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    opened = Bus(redis_url, shards=1)
    await opened.start()
    yield opened
    await opened.aclose()


@pytest.fixture
def door(bus: Bus, tmp_path: Path) -> Door:
    return Door(bus, Folder(tmp_path), LIMIT)


async def published(bus: Bus, count: int = 1) -> list[Inbound | Report]:
    """What came out at the other end of the bus."""
    got: list[Inbound | Report] = []
    enough = asyncio.Event()

    async def handler(batch: object) -> None:
        got.extend(batch)  # type: ignore[arg-type]  # a sequence of events
        if len(got) >= count:
            enough.set()

    task = asyncio.create_task(bus.consume(handler, retryable=()))
    async with asyncio.timeout(10):
        await enough.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return got


async def test_files_are_kept_and_travel_as_references(door: Door, bus: Bus, tmp_path: Path) -> None:
    await door.accept(
        inbound(file(PNG, "pwned.exe", "text/html"), raw=file(b"From: anna\n\nhi", "mail.eml", "message/rfc822"))
    )
    [event] = await published(bus)
    assert isinstance(event, Inbound)
    [picture] = event.files
    assert (picture.name, picture.type, picture.size, picture.key) == ("pwned.exe", "image/png", len(PNG), key_of(PNG))
    assert event.raw
    assert event.raw.type == "message/rfc822"
    assert await Folder(tmp_path).get(event.raw.key) == b"From: anna\n\nhi"
    assert picture.data == event.raw.data == b""


async def test_reports_and_plain_messages_go_straight_through(door: Door, bus: Bus, tmp_path: Path) -> None:
    report = Report(channel=ChannelName("inbox"), external_id="<1@shop>", kind=ReportKind.READ, at=utcnow())
    await door.accept(report)
    await door.accept(inbound())
    assert [type(event) for event in await published(bus, 2)] == [Report, Inbound]
    assert os.listdir(tmp_path) == []  # noqa: PTH208  # the short way, once


async def test_a_file_that_is_kept_already_is_not_read_again(door: Door, bus: Bus) -> None:
    reference = File(name="a", type="image/png", size=5, key=key_of(PNG))
    await door.accept(inbound(reference))
    [event] = await published(bus)
    assert isinstance(event, Inbound)
    assert event.files == (reference,)


async def test_too_large_is_refused_in_words_and_nothing_is_published(door: Door, bus: Bus) -> None:
    with pytest.raises(Refused, match=r"huge\.mov is larger than 2 MB"):
        await door.accept(inbound(file(b"x" * (LIMIT + 1), "huge.mov")))
    await door.accept(inbound(file(b"x" * LIMIT, "just.mov")))
    assert sum((await bus.backlog()).values()) == 1


class Elsewhere:
    """A file store that watches what has been published when it is asked."""

    def __init__(self, bus: Bus, error: OSError | None = None) -> None:
        self._bus = bus
        self._error = error
        self.backlogs: list[int] = []

    async def put(self, data: bytes) -> str:
        self.backlogs.append(sum((await self._bus.backlog()).values()))
        if self._error:
            raise self._error
        return key_of(data)

    async def get(self, key: str) -> bytes:
        raise NotImplementedError


async def test_files_come_before_the_message(bus: Bus) -> None:
    files: Files = Elsewhere(bus)
    await Door(bus, files, LIMIT).accept(inbound(file(PNG), file(PDF)))
    assert isinstance(files, Elsewhere)
    assert files.backlogs == [0, 0]
    assert sum((await bus.backlog()).values()) == 1


async def test_a_store_that_is_away_leaves_it_upstream(bus: Bus) -> None:
    door = Door(bus, Elsewhere(bus, OSError(28, "No space left on device")), LIMIT)
    with pytest.raises(Unpublished, match="No space left"):
        await door.accept(inbound(file(PNG)))
    assert sum((await bus.backlog()).values()) == 0


async def test_a_folder_that_cannot_be_written_leaves_it_upstream(bus: Bus, tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file stands where the folder should be")
    with pytest.raises(Unpublished, match="the file store is away"):
        await Door(bus, Folder(tmp_path / "files"), LIMIT).accept(inbound(file(PNG)))


async def test_half_a_letter_is_lost_and_not_the_message(door: Door, bus: Bus) -> None:
    """A broken client cuts an emoji in two; UTF-8 has no way to write the half."""
    await door.accept(inbound(file(PNG, "\udc00.png"), text="Окно \ud83d", name="Анна \ud83d"))
    [event] = await published(bus)
    assert isinstance(event, Inbound)
    assert (event.text, event.name, event.fields) == ("Окно ?", "Анна ?", {"Окно ?": "Окно ?"})
    assert (event.files[0].name, event.files[0].key) == ("?.png", key_of(PNG))
    assert event.addresses == (ANNA,)


def _zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "claimed", "found"),
    [
        (PNG, "text/html", "image/png"),
        (PDF, "image/png", "application/pdf"),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "", "image/gif"),
        ("Привет".encode(), "text/plain; charset=utf-8", "text/plain"),
        (b"a;b\n1;2\n", "Text/CSV", "text/csv"),
        (b"BEGIN:VCARD", "text/vcard", "text/vcard"),
        (b"alert(1)", "text/javascript", "text/plain"),
        (b"hello", "image/png", "application/octet-stream"),
        (b"MZ\0\0 not quite", "text/plain", "application/octet-stream"),
        (b"", "text/plain", "text/plain"),
        (b"", "application/x-anything", "application/octet-stream"),
    ],
)
def test_the_type_is_the_contents(data: bytes, claimed: str, found: str) -> None:
    assert type_of(data, claimed) == found


@given(
    st.sampled_from(
        [b"", PNG[:8], b"PK\x03\x04", b"%PDF-", b"\xd0\xcf\x11\xe0", b"RIFF", b"ID3", b"<?xml", b"\x1f\x8b"]
    ),
    st.binary(max_size=300),
    st.text(max_size=20),
)
@example(b"", _zipped("word/document.xml")[:-9], "")
@example(b"", _zipped("[Content_Types].xml"), "")
def test_whatever_the_content_is_the_type_is_one(head: bytes, rest: bytes, claimed: str) -> None:
    found = type_of(head + rest, claimed)
    assert "/" in found
    assert found.isascii()
    assert found == found.strip()


async def test_hundreds_of_files_at_once(bus: Bus) -> None:
    with tempfile.TemporaryDirectory() as folder:
        door = Door(bus, Folder(Path(folder)), LIMIT)
        await asyncio.gather(*(door.accept(inbound(file(PNG), file(b"%d" % n))) for n in range(50)))
    assert sum((await bus.backlog()).values()) == 50
