"""Files that a command writes: whole or not at all, for nobody else's eyes, and never over another one. And what to do
where one cannot be read or written.
"""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import TextIO


async def save(pieces: AsyncIterator[str], target: Path) -> bool:
    """Write the pieces as UTF-8; False when there were none: then there is no file.

    Until the last one it is called TARGET.part. Raises OSError, and what the pieces raise.
    """
    part = target.with_name(f"{target.name}.part")
    file: TextIO | None = None
    try:
        async for piece in pieces:
            file = file or _opened(part)
            file.write(piece)
        if file:
            file.close()
            part.replace(target)
    finally:
        if file:
            file.close()
            part.unlink(missing_ok=True)
    return file is not None


def _opened(path: Path) -> TextIO:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return open(descriptor, "w", encoding="utf-8", newline="")  # noqa: PTH123 - of a descriptor there is no path


def free(path: Path) -> Path:
    """This path, or with a number behind it the first one where no file is."""
    others = (path.with_stem(f"{path.stem}-{number}") for number in count(2))
    return path if not path.exists() else next(other for other in others if not other.exists())


def taken(path: Path) -> bool:
    """Whether something is there already."""
    return path.exists()


def is_folder(path: Path) -> bool:
    """Whether there is a folder of this name."""
    return path.is_dir()


def in_words(error: OSError) -> str:
    """What a file's error means, and what to do; others say it themselves. Looks whether the folder is there."""
    if not isinstance(error.filename, str):
        return str(error)
    path = Path(error.filename.removesuffix(".part"))
    if error.errno == errno.ENOENT:
        if path.parent.is_dir():
            return f'there is no file "{path}"'
        return f'there is no folder "{path.parent}": make it first, or name another one'
    told = _TOLD.get(error.errno or 0)
    return told.format(path=path, folder=path.parent) if told else str(error)


_TOLD = {
    errno.EISDIR: '"{path}" is a folder: name a file in it',
    errno.ENOTDIR: '"{folder}" is a file, no folder: name a folder',
    errno.EACCES: '"{path}" is not open to you: name a file in a folder of your own, or ask whose it is',
    errno.EROFS: '"{path}" is where nothing can be written: name a file in another folder',
    errno.ENOSPC: '"{path}" does not fit: the disk is full. Make room, or name a file on another disk',
}
