"""Blocks as a mail's HTML: Jinja writes MJML, MJML the tables that mail programs want, css-inline the styles. Pure.

Nothing is fetched, then or by the reader but pictures: the fonts are the reader's own, and so no web font is linked.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import css_inline
from jinja2 import DictLoader, Environment, StrictUndefined, Template
from markupsafe import Markup
from mjml import mjml2html

from broadcasts.content import markdown, raw, texts
from broadcasts.content.blocks import (
    Block,
    Button,
    Columns,
    Divider,
    Footer,
    Heading,
    Html,
    Image,
    Paragraphs,
    Product,
)
from broadcasts.content.marks import House, Marks
from broadcasts.content.plain import offers_leaving
from broadcasts.content.slots import Pixel

CLIPPED = 102 * 1024
"""Bytes of HTML above which Gmail shows the rest only on request."""
_FILLER = "\u034f\u200c\u00a0" * 60
"""Behind a preheader, so that mail programs do not go on with the letter's first words."""

View = dict[str, Any]


@cache
def _read(name: str) -> str:
    return (files("broadcasts.content") / name).read_text(encoding="utf-8")


def _screens() -> Markup:
    return Markup(_read("screens.css"))  # noqa: S704  # our own file


@cache
def _template() -> Template:
    loader = DictLoader({"mail.mjml": _read("mail.mjml")})
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("mail.mjml")


class MailHtml:
    """Makes HTML of blocks, with marks. Raises NotCompiled."""

    def __init__(self, marks: Marks, house: House, language: str) -> None:
        self.marks, self.house, self.language = marks, house, language

    def render(self, subject: str, preheader: str, where: str, blocks: Sequence[Block]) -> str:
        """The whole letter."""
        title = self.marks.later(self.marks.shown(subject, "subject"))
        made = _template().render(
            language=self.language,
            title=title,
            preheader=self._text(preheader, "preheader"),
            filler=_FILLER,
            screens=_screens(),
            color=self.house.color,
            on_color=_on(self.house.color),
            more=texts.words(self.language)["more"],
            sections=self._sections(where, blocks),
            pixel=self.marks.keep(Pixel()),
        )
        html = mjml2html(made, fonts={}, disable_comments=False)
        return _styled(html, self.house.color)

    def _sections(self, where: str, blocks: Sequence[Block]) -> list[View]:
        """Rows of the letter. The white card begins at the first one and ends before a footer, or at the end."""
        sections: list[View] = []
        for number, block in enumerate(blocks):
            place = f"{where}[{number}]"
            match block:
                case Columns():
                    sections.append({"kind": "columns", "columns": self._columns(place, block)})
                case Product() if block.image:
                    sections.append({"kind": "product", "block": self._view(place, block)})
                case Footer():
                    sections.append({"kind": "footer", "text": self._footer(place, block)})
                case _ if sections and sections[-1]["kind"] == "plain":
                    sections[-1]["columns"][0].append(self._view(place, block))
                case _:
                    sections.append({"kind": "plain", "columns": [[self._view(place, block)]]})
        for before, section, after in zip([None, *sections], sections, [*sections[1:], None], strict=False):
            section["first"] = before is None or before["kind"] == "footer"
            section["last"] = after is None or after["kind"] == "footer"
        return sections

    def _columns(self, where: str, block: Columns) -> list[list[View]]:
        return [
            [self._view(f"{where}.columns[{at}][{number}]", one) for number, one in enumerate(column)]
            for at, column in enumerate(block.columns)
        ]

    def _view(self, where: str, block: Block) -> View:
        """What the template shows of a block."""
        match block:
            case Heading():
                facts: View = {"level": block.level, "text": self._text(block.text, f"{where}.text")}
            case Paragraphs():
                facts = {"text": self._prose(block.text, f"{where}.text")}
            case Image():
                facts = self._picture(where, block)
            case Button():
                facts = {"text": self._text(block.text, f"{where}.text"), "url": self._url(block.url, f"{where}.url")}
            case Product():
                facts = self._product(where, block)
            case Html():
                facts = {"html": self.marks.later(raw.sanitised(block.html, f"{where}.html", self.marks))}
            case Divider() | Columns() | Footer():
                facts = {}
        return {"type": block.type, **facts}

    def _picture(self, where: str, block: Image) -> View:
        return {
            "src": self.marks.url(block.src, f"{where}.src", picture=True),
            "alt": self._text(block.alt, f"{where}.alt"),
            "link": self._url(block.link, f"{where}.link") if block.link else "",
            "width": block.width or "",
        }

    def _product(self, where: str, block: Product) -> View:
        return {
            "title": self._text(block.title, f"{where}.title"),
            "price": self._text(block.price, f"{where}.price"),
            "image": self.marks.url(block.image, f"{where}.image", picture=True) if block.image else "",
            "url": self._url(block.url, f"{where}.url") if block.url else "",
            "text": self._prose(block.text, f"{where}.text"),
        }

    def _footer(self, where: str, block: Footer) -> Markup:
        text = self._prose(block.text, f"{where}.text")
        text += Markup("<p>{}</p>").format(" · ".join(filter(None, (self.house.company, self.house.address))))
        if not offers_leaving(block.text):
            leave, words = self.marks.url("{{ unsubscribe }}", where), texts.words(self.language)
            text += Markup('<p><a href="{}">{}</a></p>').format(leave, words["unsubscribe"])
        return text

    # What follows is escaped already, and its variables are marks.
    def _text(self, source: str, where: str) -> Markup:
        return Markup(self.marks.shown(source, where))  # noqa: S704  # escaped by `shown`

    def _prose(self, source: str, where: str) -> Markup:
        return Markup(markdown.mail(source, where, self.marks))  # noqa: S704  # the Markdown parser lets no HTML in

    def _url(self, source: str, where: str) -> str:
        return self.marks.url(source, where)


def _on(color: str) -> str:
    """White or near black: what can be read on this colour (WCAG 2, relative luminance)."""
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return "#ffffff" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.4 else "#14181d"


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def _styled(html: str, color: str) -> str:
    """Our own styles at each element; those that MJML wrote for phones and dark rooms stay where they are."""
    inliner = css_inline.CSSInliner(
        inline_style_tags=False,
        keep_style_tags=True,
        load_remote_stylesheets=False,
        extra_css=_read("mail.css").replace("#COLOR", color),
    )
    return str(inliner.inline(html))
