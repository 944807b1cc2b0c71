"""Reads a page as a browser would, far enough to ask for its tags."""

from __future__ import annotations

from html.parser import HTMLParser

Tag = tuple[str, dict[str, str]]


class Page(HTMLParser):
    """Every start tag with its attributes, in order, and the visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self.text = ""
        self.areas: dict[str, str] = {}
        self._area = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._area = self.tags[-1][1].get("name", "") if tag == "textarea" else ""

    def handle_endtag(self, tag: str) -> None:
        self._area = "" if tag == "textarea" else self._area

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._area:
            self.areas[self._area] = self.areas.get(self._area, "") + data

    def control(self, name: str) -> dict[str, str]:
        """The attributes of the field with this name."""
        return next(attributes for _, attributes in self.tags if attributes.get("name") == name)

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every such tag."""
        return [attributes for found, attributes in self.tags if found == tag]
