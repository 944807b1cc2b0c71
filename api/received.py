"""Files that come with a request: from its body, which the door has bounded, to the file store, in pieces."""

from __future__ import annotations

import asyncio
import base64
import binascii
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath

from fastapi import UploadFile

from api.guard import Caller
from api.problems import Problem

LONGEST_NAME = 200


@asynccontextmanager
async def received(file: UploadFile) -> AsyncIterator[Path]:
    """Where the file lies as long as the block runs; its own name becomes no path."""
    with tempfile.TemporaryDirectory(prefix="leadwire-upload-") as folder:
        path = Path(folder) / "file"
        await asyncio.to_thread(_copy, file, path)
        yield path


def _copy(file: UploadFile, path: Path) -> None:
    with path.open("wb") as target:
        shutil.copyfileobj(file.file, target)


async def stored(caller: Caller, path: Path) -> str:
    """The file's key in the file store. Raises Problem when that is away."""
    if caller.files is None:
        raise Problem(503, "files-away")
    try:
        return await caller.files.put_file(path)
    except OSError as error:
        raise Problem(503, "files-away") from error


def decoded(content: str, name: str) -> bytes:
    """The bytes of a file that stands in JSON as Base64 (RFC 4648, section 4). Raises Problem. Pure."""
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise Problem(422, "attachment", name=plain_name(name)) from None


async def keep(caller: Caller, data: bytes) -> str:
    """The key of these bytes in the file store. Raises Problem when that is away."""
    if caller.files is None:
        raise Problem(503, "files-away")
    try:
        return await caller.files.put(data)
    except OSError as error:
        raise Problem(503, "files-away") from error


def plain_name(name: str) -> str:
    """A file's name as people may read it: without folders and without what cannot be seen. Pure."""
    last = PurePosixPath(PureWindowsPath(name).name).name
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in last).split())
    return plain[:LONGEST_NAME] or "file"
