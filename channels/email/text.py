"""HTML of a mail to text that a person can read. Pure, never raises."""

from __future__ import annotations

import re
from html import unescape

from html2text import HTML2Text

_LONGEST = 1_000_000
"""Characters of HTML that are turned into text; the whole stays in the mail."""
_HIDDEN = re.compile(r"<(style|script|head|title)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_ESCAPED = re.compile(r"^(\s*\d*)\\([-+.])", re.MULTILINE)
"""html2text escapes what would be a list in Markdown."""


def plain_text(html: str) -> str:
    """Paragraphs, lists, quotes with ">", links as "text (url)"."""
    html = html[:_LONGEST]
    try:
        text = _converter().handle(html)
    except Exception:  # noqa: BLE001  # html2text stumbles over some broken markup, in ways that it does not name
        text = unescape(re.sub(r"<[^>]*>", " ", _HIDDEN.sub(" ", html)))
    text = _ESCAPED.sub(r"\1\2", text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text.replace("\u00a0", " "))).strip()


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
