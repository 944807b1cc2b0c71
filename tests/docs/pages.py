"""The pages of the documentation, and what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block of code."""

    page: Path
    language: str
    text: str

    @property
    def is_configuration(self) -> bool:
        """Whether it claims to be a whole leadwire.toml."""
        return self.language == "toml" and self.text.startswith("# leadwire.toml\n")


def name(page: Path) -> str:
    """As a person would say it."""
    return page.relative_to(ROOT).as_posix()


def blocks() -> Iterator[Block]:
    """All blocks of all pages; those that stand in a list without their indentation."""
    for page in PAGES:
        for indent, language, text in _FENCED.findall(page.read_text("utf-8")):
            yield Block(page, language, re.sub(rf"^{indent}", "", text, flags=re.MULTILINE))


def links(page: Path) -> list[str]:
    """The targets of all links and pictures outside code."""
    prose = _FENCED.sub("", page.read_text("utf-8"))
    return _LINK.findall(_CODE.sub("", prose))


def headings(page: Path) -> list[str]:
    """Without those that look like one in a block of code."""
    return _HEADING.findall(_FENCED.sub("", page.read_text("utf-8")))
