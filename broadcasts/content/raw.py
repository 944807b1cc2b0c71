"""An author's own HTML: sanitised for mail, and as text for everything else. Pure."""

from __future__ import annotations

import re

import nh3
from html2text import HTML2Text

from broadcasts.content.marks import Marks

_TAGS = set(
    """a abbr b blockquote br center code dd del div dl dt em figure figcaption h1 h2 h3 h4 h5 h6 hr i img ins li ol p
    pre q s small span strong sub sup table tbody td tfoot th thead tr u ul""".split()
)
_EVERYWHERE = {"style", "class", "title", "align", "valign", "width", "height", "bgcolor", "lang", "dir", "role"}
_ATTRIBUTES = {
    "*": _EVERYWHERE,
    "a": {"href"},
    "img": {"src", "alt"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
}
_SCHEMES = {"http", "https", "mailto", "tel", "tg", "cid"}
_STYLES = set(
    """background-color border border-bottom border-collapse border-color border-left border-radius border-right
    border-spacing border-style border-top border-width color display font-family font-size font-style font-weight
    height letter-spacing line-height list-style-type margin margin-bottom margin-left margin-right margin-top max-width
    min-width padding padding-bottom padding-left padding-right padding-top text-align text-decoration text-transform
    vertical-align white-space width word-break""".split()
)
"""No position and no background picture: raw HTML may neither cover the rest, nor load what no link list shows."""
_SHOWN = {"alt", "title"}
"""Attributes that are text, and may hold variables."""


def sanitised(source: str, where: str, marks: Marks) -> str:
    """HTML that runs nothing and loads nothing but pictures, with marks."""

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name in {"href", "src"}:
            return marks.link(value.strip(), where, picture=name == "src")
        if name == "style" and ("(" in value or "\\" in value):
            return None
        return value if name in _SHOWN or marks.scope.word not in value else None

    return nh3.clean(
        marks.text(source, where),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes=_SCHEMES | {"host"},
        filter_style_properties=_STYLES,
        link_rel=None,
    )


def as_text(source: str, where: str, marks: Marks, written: str = "{}: {}") -> str:
    """What a reader sees of it, with marks; nothing is escaped. `written`: how a link's text and address stand."""
    converter = HTML2Text(bodywidth=0)
    converter.ignore_images = True
    converter.ignore_emphasis = True
    converter.unicode_snob = True
    converter.ignore_tables = True
    text = converter.handle(sanitised(source, where, marks)).replace("\u00a0", " ")
    link = re.compile(rf"\[([^\[\]]*)\]\(<?({marks.scope.word}\d+x)>?\)")
    text = link.sub(lambda found: written.format(found[1], found[2]), text)
    return re.sub(r"\s*\n\s*\n\s*", "\n\n", text).strip()


def sanitise(source: str) -> str:
    """HTML of a letter of its own that runs nothing and loads nothing but pictures. Pure."""

    def attribute(tag: str, name: str, value: str) -> str | None:
        return None if name == "style" and ("(" in value or "\\" in value) else value

    return nh3.clean(
        source,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes=_SCHEMES,
        filter_style_properties=_STYLES,
        link_rel=None,
    )
