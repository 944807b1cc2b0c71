"""Contents and addresses for the tests, and a look at what HTML is made of."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from broadcasts.content.blocks import Channel, Content
from broadcasts.content.compiled import Compiled, Filled, House, compile
from broadcasts.content.parse import parse

HOUSE = House(company="Acme & Sons", address="12 High Street, London", site="https://acme.shop/")


@dataclass(frozen=True)
class Urls:
    """One recipient's addresses; `counted` says whether clicks go through us."""

    unsubscribe: str = "https://go.acme.shop/u/k3y"
    open: str | None = "https://go.acme.shop/o/k3y.gif"
    counted: bool = True

    def click(self, number: int) -> str | None:
        return f"https://go.acme.shop/c/k3y/{number}" if self.counted else None


PLAIN = Urls(open=None, counted=False)


def content(*blocks: dict[str, Any], **facts: Any) -> Content:
    """A content of these blocks."""
    return parse({"subject": "News", **facts, "blocks": list(blocks)}, html=True)


def text(markdown: str) -> dict[str, Any]:
    return {"type": "text", "text": markdown}


def compiled(given: Content, channel: Channel = "email") -> Compiled:
    return compile(given, channel, house=HOUSE)


def filled(given: Content, channel: Channel = "email", urls: Urls = PLAIN, **values: str) -> Filled:
    """What a person with these values gets."""
    return compiled(given, channel).fill(values, urls)


class Elements(HTMLParser):
    """The elements of a text, their attributes, and what is between them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.comments: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(("/" + tag, ()))

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def of(self, tag: str, name: str) -> list[str]:
        """The values of this attribute of such elements."""
        return [value for element, attribute, value in self.attributes if (element, attribute) == (tag, name)]

    @property
    def shown(self) -> str:
        return " ".join("".join(self.texts).split())
