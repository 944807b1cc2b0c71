"""Submissions as Chromium and curl sent them, and what is to be read from each.

NAME.http holds the headers that matter, an empty line, the body; NAME.json what it says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "captured" / "form"
NAMES = sorted(path.stem for path in FOLDER.glob("*.http"))


def sample(name: str) -> tuple[dict[bytes, bytes], bytes, dict[str, Any]]:
    """(headers as ASGI has them, body, what it says)."""
    head, _, body = (FOLDER / f"{name}.http").read_bytes().partition(b"\r\n\r\n")
    headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n"))
    expected: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return headers, body, expected
