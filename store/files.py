"""Raw mails, attachments and media, by the SHA-256 of their content.

No name from outside becomes a path: a file is found by what is in it. The same content twice is one file.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

if TYPE_CHECKING:
    from obstore.store import S3Store

_KEY = re.compile(r"[0-9a-f]{64}")


class FileMissing(Exception):
    """No such content in the store."""


class Files(Protocol):
    """A content-addressed store."""

    async def put(self, data: bytes) -> str:
        """Keep the content; its key. When this returns, a crash loses nothing. Raises OSError."""
        ...

    async def get(self, key: str) -> bytes:
        """The content. Raises FileMissing, or OSError when the store is away."""
        ...


class LargeFiles(Files, Protocol):
    """The same for what need not fit into memory: its content goes from disk to disk, in pieces."""

    async def put_file(self, path: Path) -> str:
        """Keep the content of this file; its key. As durable as `put`. Raises OSError."""
        ...

    async def save(self, key: str, path: Path) -> None:
        """Write the content to this file. Raises FileMissing, OSError."""
        ...

    async def remove(self, key: str) -> None:
        """Forget the content; that there is none is fine. Raises OSError."""
        ...


def key_of(data: bytes) -> str:
    """The key of this content."""
    return hashlib.sha256(data).hexdigest()


class Folder:
    """`Files` in a folder: `ab/cd/abcd...`, written, synced, then named."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, data: bytes) -> str:
        """Keep the content; its key."""
        return await asyncio.to_thread(self._put, data)

    async def get(self, key: str) -> bytes:
        """The content. Raises FileMissing."""
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except FileNotFoundError:
            raise FileMissing(key) from None

    async def put_file(self, path: Path) -> str:
        """Keep the content of this file; its key."""
        key = await asyncio.to_thread(_digest, path)
        await asyncio.to_thread(self._keep, key, partial(_copy, path))
        return key

    async def save(self, key: str, path: Path) -> None:
        """Write the content to this file. Raises FileMissing."""
        try:
            await asyncio.to_thread(shutil.copyfile, self._path(key), path)
        except FileNotFoundError:
            raise FileMissing(key) from None

    async def remove(self, key: str) -> None:
        """Forget the content; that there is none is fine."""
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise FileMissing(key)
        return self._root / key[:2] / key[2:4] / key

    def _put(self, data: bytes) -> str:
        key = key_of(data)
        self._keep(key, lambda file: file.write(data))
        return key

    def _keep(self, key: str, write: Callable[[BinaryIO], object]) -> None:
        path = self._path(key)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            write(cast("BinaryIO", file))
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).rename(path)
        for folder in (path.parent, path.parent.parent, self._root):
            _sync(folder)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(path: Path, file: BinaryIO) -> None:
    with path.open("rb") as source:
        shutil.copyfileobj(source, file)


def _sync(folder: Path) -> None:
    """A name is durable only when its folder is (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Bucket:
    """`Files` in an S3-compatible bucket, by the optional `obstore` (extra "s3")."""

    def __init__(self, store: S3Store) -> None:
        self._store = store

    @classmethod
    def open(
        cls,
        bucket: str,
        *,
        endpoint: str,
        region: str,
        access_key: str,
        secret_key: str,
        prefix: str = "",
        retries: int = 2,
    ) -> Bucket:
        """Connects at first use."""
        from obstore.store import S3Store

        local = endpoint.startswith("http://")
        store = S3Store(
            bucket,
            prefix=prefix or None,
            endpoint=endpoint,
            region=region,
            access_key_id=access_key,
            secret_access_key=secret_key,
            client_options={"timeout": "30s", "allow_http": local},
            retry_config={"max_retries": retries, "retry_timeout": timedelta(seconds=30)},
        )
        return cls(store)

    async def put(self, data: bytes) -> str:
        """Keep the content; its key. S3 answers when the object is durable."""
        from obstore import put_async
        from obstore.exceptions import BaseError

        key = key_of(data)
        try:
            await put_async(self._store, key, data)
        except BaseError as error:
            raise OSError(f"the file store refused a file: {error}") from error
        return key

    async def put_file(self, path: Path) -> str:
        """Keep the content of this file, sent in parts; its key."""
        from obstore import put_async
        from obstore.exceptions import BaseError

        key = await asyncio.to_thread(_digest, path)
        try:
            await put_async(self._store, key, path)
        except BaseError as error:
            raise OSError(f"the file store refused a file: {error}") from error
        return key

    async def save(self, key: str, path: Path) -> None:
        """Write the content to this file. Raises FileMissing, or OSError when the bucket is away."""
        from obstore import get_async
        from obstore.exceptions import BaseError

        if not _KEY.fullmatch(key):
            raise FileMissing(key)
        try:
            found = await get_async(self._store, key)
            with path.open("wb") as file:
                async for piece in found:
                    file.write(piece)
        except FileNotFoundError:  # what obstore raises for a 404
            raise FileMissing(key) from None
        except BaseError as error:
            raise OSError(f"the file store does not give a file: {error}") from error

    async def get(self, key: str) -> bytes:
        """The content. Raises FileMissing, or OSError when the bucket is away."""
        from obstore import get_async
        from obstore.exceptions import BaseError

        if not _KEY.fullmatch(key):
            raise FileMissing(key)
        try:
            return bytes(await (await get_async(self._store, key)).bytes_async())
        except FileNotFoundError:  # what obstore raises for a 404
            raise FileMissing(key) from None
        except BaseError as error:
            raise OSError(f"the file store does not give a file: {error}") from error

    async def remove(self, key: str) -> None:
        """Forget the content; that there is none is fine. Raises OSError."""
        from obstore import delete_async
        from obstore.exceptions import BaseError

        if not _KEY.fullmatch(key):
            raise FileMissing(key)
        try:
            await delete_async(self._store, key)
        except FileNotFoundError:  # S3 says nothing of the kind; others might
            return
        except BaseError as error:
            raise OSError(f"the file store does not remove a file: {error}") from error
