"""What one person would get, with its size and price. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from broadcasts.content.blocks import Channel, Content, version
from broadcasts.content.compiled import Filled, compile
from broadcasts.content.mail import CLIPPED
from broadcasts.content.marks import House
from broadcasts.content.slots import Urls
from domain import sms


@dataclass(frozen=True, kw_only=True, slots=True)
class PlainUrls:
    """Addresses of nobody: links lead straight on, and nothing is counted."""

    unsubscribe: str = "https://unsubscribe.example/"
    open: str | None = None

    def click(self, number: int) -> str | None:
        """The plain link."""
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """A channel's message for one person."""

    channel: Channel
    version: str
    """Of the content, as `blocks.version` gives it."""
    filled: Filled
    size: int
    """Bytes of the HTML, or of the text where there is none."""
    clipped: bool
    """Whether Gmail would cut the mail off."""
    parts: int
    """Parts of the SMS; 0 for other channels."""
    cost: Decimal


def preview(
    content: Content,
    channel: Channel,
    values: Mapping[str, str],
    *,
    house: House,
    urls: Urls | None = None,
    price: Decimal = Decimal(0),
) -> Preview:
    """What a person with these values gets; `price` is of a part of an SMS. Raises NotCompiled."""
    filled = compile(content, channel, house=house).fill(values, urls or PlainUrls())
    size = len((filled.html or filled.text).encode())
    parts = sms.measure(filled.text).parts if channel == "sms" else 0
    return Preview(
        channel=channel,
        version=version(content),
        filled=filled,
        size=size,
        clipped=channel == "email" and size > CLIPPED,
        parts=parts,
        cost=parts * price,
    )
