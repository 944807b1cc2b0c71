"""Bytes from an SMTP server to replies. RFC 5321, section 4.2.1."""

from __future__ import annotations

from collections.abc import Callable

_LONGEST = 32_768
"""Bytes of one reply."""
Replied = Callable[[int, str], bool]
"""Takes a code and the text, lines joined by a line feed; says whether to go on. The code -1: this is no SMTP."""


class Replies:
    """Cuts a stream into replies."""

    def __init__(self, replied: Replied) -> None:
        self._replied = replied
        self._rest = b""
        self._lines: list[bytes] = []
        self._length = 0

    def feed(self, data: bytes) -> None:
        """Hand over each reply that is now complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if not self._take(line.rstrip(b"\r")):
                return
        if len(self._rest) + self._length > _LONGEST:
            self._replied(-1, "an endless reply")

    def _take(self, line: bytes) -> bool:
        if len(line) < 3 or not line[:3].isdigit() or line[3:4] not in (b"", b" ", b"-"):
            return self._replied(-1, f"Malformed SMTP response line: {line[:200].decode('utf-8', 'replace')}")
        if line[3:4] == b"-":
            self._lines.append(line[4:])
            self._length += len(line)
            return self._length <= _LONGEST or self._replied(-1, "an endless reply")
        text = line[4:]
        if self._lines:
            text = b"\n".join([*self._lines, text])
            self._lines, self._length = [], 0
        return self._replied(int(line[:3]), text.decode("utf-8", "replace"))
