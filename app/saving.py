"""Files that a command writes: whole or not at all, for nobody else's eyes, and never over another one."""

from __future__ import annotations

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
