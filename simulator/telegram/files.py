"""The files that Telegram keeps, and what it has to know of a picture."""

from __future__ import annotations

import hashlib
import itertools
import struct
from pathlib import PurePath

from simulator.telegram.model import File, Media, MediaKind, Upload

FOLDERS: dict[MediaKind, str] = {"photo": "photos", "document": "documents", "voice": "voice"}
SUFFIXES: dict[MediaKind, str] = {"photo": ".jpg", "document": "", "voice": ".oga"}
GREY_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c636800000082008177cd72b60000000049454e44ae426082"
)
"""A PNG of one pixel: the small size that stands before every photo."""


class Files:
    """By file_id, and by path."""

    def __init__(self) -> None:
        self._by_id: dict[str, tuple[MediaKind, File]] = {}
        self._by_path: dict[str, File] = {}
        self._numbers = itertools.count(1)

    def media(self, kind: MediaKind, upload: Upload) -> Media:
        """Keep an upload."""
        if kind != "photo":
            return Media(kind=kind, file=self._keep(kind, upload, (0, 0)))
        preview = self._keep(kind, Upload(data=GREY_PIXEL, name="preview.png", type="image/png"), (90, 68))
        size = image_size(upload.data) or (800, 600)
        return Media(kind=kind, file=self._keep(kind, upload, size), preview=preview)

    def again(self, kind: MediaKind, file_id: str) -> Media | None:
        """A file that Telegram has already, to be sent once more; None when the id is not of such a file."""
        known, file = self._by_id.get(file_id, (None, None))
        return Media(kind=kind, file=file) if file and known == kind else None

    def find(self, file_id: str) -> File | None:
        """The file with this id."""
        return self._by_id[file_id][1] if file_id in self._by_id else None

    def at(self, path: str) -> File | None:
        """The file at this path."""
        return self._by_path.get(path)

    def _keep(self, kind: MediaKind, upload: Upload, size: tuple[int, int]) -> File:
        number = next(self._numbers)
        digest = hashlib.sha256(upload.data).hexdigest()
        suffix = SUFFIXES[kind] or PurePath(upload.name).suffix
        file = File(
            id=f"AgACAgIAAxkBAAI{number:06d}{digest[:24]}",
            unique_id=f"AQAD{digest[:12]}",
            path=f"{FOLDERS[kind]}/file_{number}{suffix}",
            data=upload.data,
            name=upload.name,
            type="audio/ogg" if kind == "voice" else upload.type,
            width=size[0],
            height=size[1],
            duration=upload.duration,
        )
        self._by_id[file.id] = (kind, file)
        self._by_path[file.path] = file
        return file


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG, GIF or JPEG; None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if data.startswith((b"GIF87a", b"GIF89a")) and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return width, height
    return _jpeg_size(data) if data.startswith(b"\xff\xd8") else None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Walk the segments to the frame header (ITU-T T.81, B.2.2)."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None
