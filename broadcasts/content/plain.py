"""Blocks as plain text: the text part of a mail, and an SMS. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from broadcasts.content import raw, texts, variables
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
from broadcasts.content.markdown import Plain, Short
from broadcasts.content.marks import UNSUBSCRIBE, House, Marks
from broadcasts.content.slots import Constant
from broadcasts.content.variables import Variable


def offers_leaving(text: str) -> bool:
    """Whether an author has put the link to unsubscribe into this text."""
    return any(isinstance(one, Variable) and one.name == UNSUBSCRIBE for one in variables.pieces(text))


class PlainText:
    """Makes text of blocks, with marks. Raises NotCompiled."""

    markdown: type[Plain] = Plain

    def __init__(self, marks: Marks, house: House, language: str) -> None:
        self.marks, self.house, self.words = marks, house, texts.words(language)

    def render(self, where: str, blocks: Sequence[Block]) -> str:
        """All blocks, an empty line between them."""
        made = (self.block(f"{where}[{number}]", block) for number, block in enumerate(blocks))
        return "\n\n".join(text for text in made if text)

    def block(self, where: str, block: Block) -> str:
        """One block; empty where the channel shows nothing of it."""
        match block:
            case Heading():
                return self.heading(self.marks.shown(block.text, f"{where}.text"))
            case Paragraphs():
                return self.prose(block.text, f"{where}.text")
            case Image():
                return self.image(where, block)
            case Button():
                return self.button(where, block)
            case Columns():
                columns = enumerate(block.columns)
                return "\n\n".join(
                    text for at, column in columns if (text := self.render(f"{where}.columns[{at}]", column))
                )
            case Product():
                return self.product(where, block)
            case Divider():
                return self.divider()
            case Footer():
                return self.footer(where, block)
            case Html():
                return self.html(where, block)

    def prose(self, markdown: str, where: str) -> str:
        """Markdown."""
        return self.markdown(self.marks, where).render(markdown)

    def heading(self, text: str) -> str:
        """A headline."""
        return text

    def link(self, text: str, url: str) -> str:
        """A link from its text and the mark of its address."""
        return f"{text}: {url}" if text else url

    def image(self, where: str, block: Image) -> str:
        """What is said of a picture, and where it leads."""
        alt = self.marks.shown(block.alt, f"{where}.alt")
        return self.link(alt, self.marks.url(block.link, f"{where}.link")) if block.link else alt

    def button(self, where: str, block: Button) -> str:
        """A button as a link."""
        text = self.marks.shown(block.text, f"{where}.text")
        return self.link(text, self.marks.url(block.url, f"{where}.url")) if block.url else ""

    def product(self, where: str, block: Product) -> str:
        """A product: its name and price, what is said of it, its link."""
        title = self.heading(self.marks.shown(block.title, f"{where}.title"))
        price = self.marks.shown(block.price, f"{where}.price")
        lines = [f"{title} — {price}" if price else title, self.prose(block.text, f"{where}.text")]
        lines.append(self.marks.url(block.url, f"{where}.url") if block.url else "")
        return "\n".join(line for line in lines if line)

    def divider(self) -> str:
        """A line."""
        return "—————"

    def footer(self, where: str, block: Footer) -> str:
        """Why they get it, from whom, and how to leave."""
        ours = self.marks.keep(Constant(", ".join(filter(None, (self.house.company, self.house.address)))))
        lines = [self.prose(block.text, f"{where}.text"), ours]
        if not offers_leaving(block.text):
            lines.append(self.link(self.words["unsubscribe"], self.leaving(where)))
        return "\n".join(line for line in lines if line)

    def leaving(self, where: str) -> str:
        """The mark of the address for leaving."""
        return self.marks.url("{{ unsubscribe }}", where)

    def html(self, where: str, block: Html) -> str:
        """What a reader sees of raw HTML."""
        return raw.as_text(block.html, f"{where}.html", self.marks, self.markdown.written[1])


class Sms(PlainText):
    """The same, and short: lines and the law's footer of a mail are left out, as is what no phone shows."""

    markdown = Short

    def divider(self) -> str:
        """Nothing."""
        return ""

    def footer(self, where: str, block: Footer) -> str:
        """Nothing: the way out of SMS is the word STOP, and each part is paid for."""
        return ""
