"""HTML of a mail to text that a person can read. Pure, never raises."""

from __future__ import annotations

import re

import nh3
from html2text import HTML2Text

LONGEST = 100_000
"""Characters of HTML that are turned into text, and of the text; the whole stays in the mail."""
_DEEPEST = 20
"""Lists and quotes within each other. Each line is indented by its depth, so 16 kB of "<ol><li>" made 8 MB."""
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "center", "code", "dd", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "i", "li", "ol", "p", "pre", "q", "s", "span", "strong", "table", "tbody", "td", "tfoot", "th", "thead",
    "tr", "u", "ul",
}  # fmt: skip
_TAG = re.compile(r'<(/?)(\w+)(?:[^<>"]|"[^"]*")*>')
_INDENTS = frozenset({"ul", "ol", "blockquote"})
_ESCAPED = re.compile(r"^([ \t]*\d*)\\([-+.])", re.MULTILINE)
"""html2text escapes what would be a list in Markdown."""


def plain_text(html: str) -> str:
    """Paragraphs, lists, quotes with ">", links as "[text](url)".

    The sanitiser goes first: the standard library's parser, on which html2text stands, takes 25 s for 50 kB of "<a ".
    """
    clean = nh3.clean(html[:LONGEST], tags=_TAGS, attributes={"a": {"href"}}, link_rel=None)
    text = _converter().handle(_flattened(clean))[:LONGEST].replace("\u00a0", " ")
    # Not by a pattern: one for blanks before a line's end takes the square of a run of blanks.
    text = "\n".join(line.rstrip(" \t") for line in _ESCAPED.sub(r"\1\2", text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _flattened(clean: str) -> str:
    """Sanitised HTML without the lists and quotes below `_DEEPEST`; what they hold stays."""
    depth = 0

    def keep(tag: re.Match[str]) -> str:
        nonlocal depth
        if tag[2] not in _INDENTS:
            return tag[0]
        depth += -1 if tag[1] else 1
        return tag[0] if depth + bool(tag[1]) <= _DEEPEST else ""

    return _TAG.sub(keep, clean)


def _converter() -> HTML2Text:
    converter = HTML2Text(bodywidth=0)
    converter.ignore_images = True
    converter.ignore_emphasis = True
    converter.unicode_snob = True
    converter.single_line_break = True
    converter.use_automatic_links = True
    converter.skip_internal_links = True
    converter.pad_tables = False
    return converter
