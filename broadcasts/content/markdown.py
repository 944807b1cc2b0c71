"""Markdown as HTML for mail, as Telegram's subset, and as plain text. Pure.

CommonMark and ~~struck out~~; a line's end is a line's end. HTML in it is text. Variables are marks already
(`broadcasts/content/marks.py`), so that no value is ever read as Markdown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from broadcasts.content.marks import Marks


class _Markdown(MarkdownIt):
    """CommonMark that leaves addresses as they are: `Marks.link` looks at them, and marks stand in them."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "breaks": True, "xhtmlOut": True})
        self.enable("strikethrough")

    def normalizeLink(self, url: str) -> str:
        return url

    def normalizeLinkText(self, link: str) -> str:
        return link

    def validateLink(self, url: str) -> bool:
        return True


_MARKDOWN = _Markdown()


def mail(source: str, where: str, marks: Marks) -> str:
    """Well-formed HTML with marks."""
    tokens = _MARKDOWN.parse(marks.text(source, where))
    for at, token in enumerate(tokens):
        if token.type == "inline" and marks.only_controls(token.content):  # a condition around paragraphs
            tokens[at - 1].hidden = tokens[at + 1].hidden = True
        for child in token.children or ():
            if child.type == "link_open":
                child.attrs["href"] = marks.link(str(child.attrs["href"]), where)
            elif child.type == "image":
                child.attrs["src"] = marks.link(str(child.attrs["src"]), where, picture=True)
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})).strip()


class Plain:
    """Plain text: lists with dots and numbers, links written out behind their text.

    Angle brackets say where an address ends (RFC 3986, appendix C): a mail program that finds it in a sentence would
    take the full stop or the bracket behind it along.
    """

    written: tuple[str, str] = ("<{}>", "{} <{}>")
    """How an address stands alone, and behind its text."""

    wraps: Mapping[str, tuple[str, str]] = {}
    """Kind of node -> what stands before and behind it."""

    def __init__(self, marks: Marks, where: str) -> None:
        self._marks, self._where = marks, where

    def render(self, source: str) -> str:
        """The text with marks."""
        return self._blocks(SyntaxTreeNode(_MARKDOWN.parse(self._marks.text(source, self._where)))).strip("\n")

    def escaped(self, text: str) -> str:
        """Text as it may stand between tags."""
        return text

    def _blocks(self, node: SyntaxTreeNode, between: str = "\n\n") -> str:
        """The blocks below, one after the other; the border of a condition adds no empty line."""
        text = ""
        for child in node.children:
            alone = child.type == "paragraph" and self._marks.only_controls(child.children[0].content)
            text += self._block(child) + ("" if alone else between)
        return text

    def _block(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "bullet_list":
                return self._list(node, lambda number: "• ")
            case "ordered_list":
                first = int(node.attrs.get("start", 1))
                return self._list(node, lambda number: f"{first + number}. ")
            case "blockquote":
                return self.quote(self._blocks(node).strip("\n"))
            case "fence" | "code_block":
                return self._wrapped("pre", self.escaped(node.content.rstrip("\n")))
            case "hr":
                return "—————"
            case "heading":
                return self._wrapped("heading", self._inline(node.children[0]))
        return self._inline(node.children[0])

    def _list(self, node: SyntaxTreeNode, sign: Callable[[int], str]) -> str:
        items = [self._blocks(item, "\n").strip("\n").replace("\n", "\n   ") for item in node.children]
        return "\n".join(f"{sign(number)}{item}" for number, item in enumerate(items))

    def quote(self, text: str) -> str:
        """A quotation."""
        return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))

    def _inline(self, node: SyntaxTreeNode) -> str:
        return "".join(map(self._span, node.children))

    def _span(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "softbreak" | "hardbreak":
                return "\n"
            case "text" | "text_special":
                return self.escaped(node.content)
            case "code_inline":
                return self._wrapped("code_inline", self.escaped(node.content))
            case "image":
                return self.escaped(node.content)
            case "link":
                return self.link(self._inline(node), str(node.attrs["href"]))
        return self._wrapped(node.type, self._inline(node))

    def link(self, text: str, address: str) -> str:
        """A link: "text <address>", or the address alone where that is the text."""
        mark, (alone, behind) = self._marks.link(address, self._where), self.written
        return alone.format(mark) if text in ("", address) else behind.format(text, mark)

    def _wrapped(self, kind: str, text: str) -> str:
        before, behind = self.wraps.get(kind, ("", ""))
        return f"{before}{text}{behind}"


class Short(Plain):
    """The same for phones and chats: they find addresses by themselves, and each sign of an SMS is paid for."""

    written = ("{}", "{}: {}")


class Telegram(Plain):
    """The HTML that Telegram knows (https://core.telegram.org/bots/api#html-style)."""

    wraps: Mapping[str, tuple[str, str]] = {
        "strong": ("<b>", "</b>"),
        "em": ("<i>", "</i>"),
        "s": ("<s>", "</s>"),
        "heading": ("<b>", "</b>"),
        "code_inline": ("<code>", "</code>"),
        "pre": ("<pre>", "</pre>"),
    }

    def escaped(self, text: str) -> str:
        """Text as it may stand between tags."""
        return escape(text)

    def quote(self, text: str) -> str:
        """A quotation; Telegram refuses one within another, so the inner ones are plain."""
        inner = text.replace("<blockquote>", "").replace("</blockquote>", "")
        return f"<blockquote>{inner}</blockquote>"

    def link(self, text: str, address: str) -> str:
        """A link."""
        mark = self._marks.link(address, self._where)
        return f'<a href="{mark}">{text or mark}</a>'
