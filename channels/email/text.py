"""HTML of a mail to text that a person can read. Pure, never raises."""

from __future__ import annotations

import re

import nh3
from html2text import HTML2Text

_LONGEST = 100_000
"""Characters of HTML that are turned into text, for hostile nesting costs its square; the whole stays in the mail."""
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "center", "code", "dd", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "i", "li", "ol", "p", "pre", "q", "s", "span", "strong", "table", "tbody", "td", "tfoot", "th", "thead",
    "tr", "u", "ul",
}  # fmt: skip
_ESCAPED = re.compile(r"^(\s*\d*)\\([-+.])", re.MULTILINE)
"""html2text escapes what would be a list in Markdown."""


def plain_text(html: str) -> str:
    """Paragraphs, lists, quotes with ">", links as "[text](url)".

    The sanitiser goes first: the standard library's parser, on which html2text stands, takes 25 s for 50 kB of "<a ".
    """
    clean = nh3.clean(html[:_LONGEST], tags=_TAGS, attributes={"a": {"href"}}, link_rel=None)
    text = _ESCAPED.sub(r"\1\2", _converter().handle(clean)).replace("\u00a0", " ")
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip()


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
