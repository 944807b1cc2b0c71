"""Blocks as a Telegram message: HTML of its subset, the first image as photo, buttons under it. Pure.

It is not cut here: the channel knows how long a message and a caption may be.
"""

from __future__ import annotations

from html import escape

from broadcasts.content import raw
from broadcasts.content.blocks import Button, Footer, Html, Image, Product
from broadcasts.content.markdown import Telegram
from broadcasts.content.marks import House, Marks, Scope
from broadcasts.content.plain import PlainText, offers_leaving


class TelegramText(PlainText):
    """Makes a message's HTML; what it met of pictures and buttons stands in `photo` and `buttons` afterwards."""

    markdown = Telegram

    def __init__(self, scope: Scope, house: House, language: str) -> None:
        super().__init__(Marks(scope, html=True), house, language)
        self.aside = Marks(scope, html=False)
        """For the photo's address and the buttons, which are no HTML."""
        self.photo = ""
        self.buttons: list[tuple[str, str]] = []

    def heading(self, text: str) -> str:
        """A headline in bold."""
        return f"<b>{text}</b>" if text else ""

    def link(self, text: str, url: str) -> str:
        """A link."""
        return f'<a href="{url}">{text or url}</a>'

    def image(self, where: str, block: Image) -> str:
        """The first one is the photo, and its description is seen; others are what is said of them."""
        if self.photo or not block.src:
            return super().image(where, block)
        self.photo = self.aside.url(block.src, f"{where}.src", picture=True)
        alt = self.marks.shown(block.alt, f"{where}.alt") or self.words["more"]
        return self.link(alt, self.marks.url(block.link, f"{where}.link")) if block.link else ""

    def button(self, where: str, block: Button) -> str:
        """A key under the message."""
        if block.url:
            url = self.aside.url(block.url, f"{where}.url")
            self.buttons.append((self.aside.text(block.text, f"{where}.text"), url))
        return ""

    def product(self, where: str, block: Product) -> str:
        """Its name leads to it, its picture is the photo if there is none yet."""
        if block.image and not self.photo:
            self.photo = self.aside.url(block.image, f"{where}.image", picture=True)
        title = self.heading(self.marks.shown(block.title, f"{where}.title"))
        if block.url:
            title = self.link(title, self.marks.url(block.url, f"{where}.url"))
        price = self.marks.shown(block.price, f"{where}.price")
        lines = [f"{title} — {price}" if price else title, self.prose(block.text, f"{where}.text")]
        return "\n".join(line for line in lines if line)

    def footer(self, where: str, block: Footer) -> str:
        """Why they get it, and how to leave, in small italics; the company's name is the bot's."""
        text = self.prose(block.text, f"{where}.text")
        leave = "" if offers_leaving(block.text) else self.link(self.words["unsubscribe"], self.leaving(where))
        return "\n".join(line for line in (f"<i>{text}</i>" if text else "", leave) if line)

    def html(self, where: str, block: Html) -> str:
        """What a reader sees of raw HTML."""
        return escape(raw.as_text(block.html, f"{where}.html", self.marks))
