"""Filling in a mail for one person, against a bare join of the same bytes, and against Jinja over the finished HTML."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from jinja2 import Environment

from bench.report import ratio, say
from broadcasts.content.blocks import Content
from broadcasts.content.compiled import House, compile
from broadcasts.content.parse import parse

ROUNDS, TIMES = 30, 300
NAMES = ("first_name", "city", "order", "manager", "discount")
VALUES = {"first_name": "Анна <A>", "city": "Тверь", "order": "№ 17-204", "manager": "Борис", "discount": "15 %"}
HOUSE = House(company="Acme Kitchens", address="12 High Street, London", site="https://acme.shop/")


@dataclass(frozen=True)
class Urls:
    """One recipient's addresses, counted and watched."""

    unsubscribe: str = "https://go.acme.shop/u/0192f6c1a0b37c4c9a1f"
    open: str | None = "https://go.acme.shop/o/0192f6c1a0b37c4c9a1f.gif"

    def click(self, number: int) -> str | None:
        """The link through us."""
        return f"https://go.acme.shop/c/0192f6c1a0b37c4c9a1f/{number}"


def letter() -> Content:
    """About 5 kB of a letter's text and markup without what MJML adds, with five variables and four links."""
    prose = "We have thought about what kitchens are for, and what they are not for. " * 6
    blocks = [
        {"type": "heading", "text": "Hello {{ first_name }}"},
        {"type": "text", "text": f"Your order {{{{ order }}}} in **{{{{ city }}}}**.\n\n{prose}\n\n{prose}"},
        {"type": "button", "text": "See it, {{ first_name }}", "url": "https://acme.shop/order"},
        {
            "type": "text",
            "text": f"{{{{ manager }}}} gives you {{{{ discount }}}} on [all](https://acme.shop/all).\n\n{prose}",
        },
        {"type": "footer", "text": "You ordered from us, {{ first_name }}."},
    ]
    return parse({"subject": "{{ first_name }}, your order {{ order }}", "blocks": blocks})


async def main() -> None:
    """Print the ratios."""
    compiled, urls = compile(letter(), "email", house=HOUSE), Urls()
    filled = compiled.fill(VALUES, urls)
    pieces = [text[at : at + 256] for text in (filled.html, filled.text) for at in range(0, len(text), 256)]
    source = filled.html
    for name in NAMES:
        source = source.replace(VALUES[name].replace("<", "&lt;").replace(">", "&gt;"), f"{{{{ {name} }}}}")
    jinja = Environment(autoescape=True).from_string(source)
    fill = _each(lambda: compiled.fill(VALUES, urls))
    join = _each(lambda: "".join(pieces))
    theirs = _each(lambda: jinja.render(VALUES))
    html, text = len(filled.html.encode()), len(filled.text.encode())
    say(f"  ... {html:,} bytes of HTML, {text:,} of text: {fill / 1000:.1f} µs")
    ratio("fill in subject, HTML and text, in ns, to a join of the same", fill, join)
    ratio("fill in subject, HTML and text, in ns, to Jinja for the HTML alone", fill, theirs, most=2)


def _each(work: Callable[[], object]) -> float:
    """Nanoseconds of one, in the best of many short rounds: what others do on the machine only ever adds."""
    rounds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter_ns()
        for _ in range(TIMES):
            work()
        rounds.append((time.perf_counter_ns() - begun) / TIMES)
    return min(rounds)
