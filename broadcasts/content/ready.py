"""Contents to begin with, in English and Russian: the files in `templates/`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from broadcasts.content.blocks import Content
from broadcasts.content.parse import parse

NAMES = ("welcome", "news", "offer")
LANGUAGES = ("en", "ru")


@cache
def ready(name: str, language: str) -> Content:
    """One of `NAMES` in this language, English for one that we do not have. Raises KeyError for another name."""
    if name not in NAMES:
        raise KeyError(name)
    known = language if language in LANGUAGES else "en"
    return parse((files("broadcasts.content") / "templates" / f"{name}.{known}.json").read_bytes())
