"""What a command writes is whole or not there, and over nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app import saving


async def pieces(*texts: str) -> AsyncIterator[str]:
    for one in texts:
        yield one


async def test_nothing_is_no_file(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    assert not await saving.save(pieces(), target)
    assert not saving.taken(target)
    assert await saving.save(pieces("a\r\n", "ы"), target)
    assert target.read_bytes() == "a\r\nы".encode()


def test_a_name_that_is_free(tmp_path: Path) -> None:
    target = tmp_path / "out.rejected.csv"
    assert saving.free(target) == target
    for name in ("out.rejected.csv", "out.rejected-2.csv"):
        (tmp_path / name).touch()
    assert saving.free(target) == tmp_path / "out.rejected-3.csv"


async def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    async def pieces() -> AsyncIterator[str]:
        yield "half"
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        await saving.save(pieces(), tmp_path / "out.csv")
    assert not saving.taken(tmp_path / "out.csv") and not saving.taken(tmp_path / "out.csv.part")
