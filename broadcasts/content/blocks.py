"""What a mailing is made of: frozen values that are also its JSON. Pure.

Every text may hold variables and conditions (`broadcasts/content/variables.py`). A draft may be incomplete: a button
without a URL parses, and `broadcasts/content/check.py` says that it is missing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from people.signed import PICTURE_PATTERN

Channel = Literal["email", "telegram", "sms", "whatsapp"]
CHANNELS: tuple[Channel, ...] = ("email", "telegram", "sms")
"""Those with words of their own. WhatsApp says what an SMS says, or a template (`WhatsApp`)."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""What no text of ours holds: control characters but tab and line feed, and halves of surrogate pairs."""


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n")
    if _CONTROL.search(text):
        raise ValueError("control")  # a key of `broadcasts.content.reasons`
    return text


def _line(text: str) -> str:
    if "\n" in text:
        raise ValueError("one_line")
    return _clean(text)


Line = Annotated[str, Field(max_length=500), AfterValidator(_line)]
Address = Annotated[str, Field(max_length=2000), AfterValidator(_line)]
Text = Annotated[str, Field(max_length=20_000), AfterValidator(_clean)]
Placeholder = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,16}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Heading(_Value):
    """A headline. Level 1 is the largest."""

    type: Literal["heading"] = "heading"
    level: Literal[1, 2, 3] = 1
    text: Line


class Paragraphs(_Value):
    """Text in Markdown (CommonMark, and ~~struck out~~); HTML in it is shown, not obeyed."""

    type: Literal["text"] = "text"
    text: Text


class Image(_Value):
    """A picture by its https address, attached ("cid:name") or hosted by us ("host:name").

    `alt` is what people read who do not see it. `width`: pixels of the screen in a mail, for a logo; None: the whole
    width, also of a phone.
    """

    type: Literal["image"] = "image"
    src: Address
    alt: Line = ""
    link: Address = ""
    width: Annotated[int, Field(ge=16, le=600)] | None = None


class Button(_Value):
    """A link that looks like a button."""

    type: Literal["button"] = "button"
    text: Line
    url: Address = ""


class Product(_Value):
    """Goods with a price, written as people read it ("1 990 ₽")."""

    type: Literal["product"] = "product"
    title: Line
    price: Line = ""
    image: Address = ""
    url: Address = ""
    text: Text = ""


class Divider(_Value):
    """A thin line."""

    type: Literal["divider"] = "divider"


class Footer(_Value):
    """Why somebody gets this. The company, its address and the link to unsubscribe are added to it."""

    type: Literal["footer"] = "footer"
    text: Text = ""


class Html(_Value):
    """Raw HTML, for mail. Only for those who may (`parse`), and sanitised nonetheless."""

    type: Literal["html"] = "html"
    html: Text


Inner = Annotated[Heading | Paragraphs | Image | Button | Product | Divider | Html, Field(discriminator="type")]


class Columns(_Value):
    """Up to three columns side by side; on a phone one below the other. Columns hold no columns."""

    type: Literal["columns"] = "columns"
    columns: tuple[Annotated[tuple[Inner, ...], Field(max_length=20)], ...] = Field(min_length=1, max_length=3)


Block = Annotated[
    Heading | Paragraphs | Image | Button | Columns | Product | Divider | Footer | Html, Field(discriminator="type")
]
Blocks = Annotated[tuple[Block, ...], Field(max_length=200)]


class Variant(_Value):
    """What one channel says instead: own blocks, or own plain text."""

    blocks: Blocks = ()
    text: Text = ""

    @model_validator(mode="after")
    def _one(self) -> Variant:
        if self.blocks and self.text:
            raise ValueError("both")
        return self


class WhatsApp(_Value):
    """The text that WhatsApp has approved for this mailing, by Twilio's ContentSid: sent in place of an SMS's words.

    https://www.twilio.com/docs/content/send-templates-created-with-the-content-template-builder
    """

    template: Annotated[str, Field(pattern=r"^HX[0-9a-fA-F]{32}$")]
    values: Annotated[Mapping[Placeholder, Line], Field(max_length=100)] = Field(default_factory=dict)
    """Placeholder of the template -> what stands there; may hold variables."""


class Variants(_Value):
    """Channels that say it in their own way. What is None says what all say."""

    email: Variant | None = None
    telegram: Variant | None = None
    sms: Variant | None = None
    whatsapp: WhatsApp | None = None


class Attachment(_Value):
    """A file of each one's own card that goes with the message, such as the person's invoice.

    By its name, where * stands for anything ("invoice-*.pdf"), or by a field of the card that holds its name; of
    several the latest. Mail and Telegram carry files, an SMS goes without.
    """

    name: Annotated[str, Field(max_length=200), AfterValidator(_line)] = ""
    field: Annotated[str, Field(max_length=64), AfterValidator(_line)] = ""
    missing: Literal["skip", "send"] = "skip"
    """Whether who has no such file gets nothing, or the message without it."""

    @model_validator(mode="after")
    def _one(self) -> Attachment:
        if bool(self.name) == bool(self.field):
            raise ValueError("name_or_field")
        return self


PictureType = Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
"""Pixels alone: nothing in them is run, by whomever they are shown."""


class Picture(_Value):
    """The bytes of a picture that is attached or hosted, as they lie in the file store."""

    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    type: PictureType
    size: Annotated[int, Field(ge=1, le=1_000_000)]
    token: Annotated[str, Field(pattern=rf"^({PICTURE_PATTERN})?$")] = ""
    """What its public address ends in (`broadcasts.pictures`); contents of before there were any have none."""


PictureName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]


class Utm(_Value):
    """What is added to links into the web, so that the site's statistics know where visitors came from."""

    source: Line = ""
    medium: Line = ""
    campaign: Line = ""
    term: Line = ""
    content: Line = ""

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The parameters that are set, with their names."""
        return tuple((f"utm_{name}", value) for name, value in self if value)


class Content(_Value):
    """A mailing's content, for all channels."""

    subject: Line = ""
    preheader: Line = ""
    """What a mail program shows beside the subject."""
    blocks: Blocks = ()
    language: Literal["en", "ru"] | None = None
    """None is the house's language."""
    variants: Variants = Variants()
    variables: Annotated[Mapping[Name, Line], Field(max_length=100)] = Field(default_factory=dict)
    """Variable -> what stands for it where a person has none."""
    utm: Utm = Utm()
    pictures: Annotated[Mapping[PictureName, Picture], Field(max_length=10)] = Field(default_factory=dict)
    """Those that blocks show as "cid:name" or "host:name"; `leadwire template put` and the API put them there."""
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=3)] = ()

    def variant(self, channel: Channel) -> Variant | None:
        """What this channel says in its own way, or None."""
        found: Variant | None = getattr(self.variants, words_of(channel))
        return found

    def said(self, channel: Channel) -> tuple[str, Sequence[Block]]:
        """Where the channel's blocks stand in the JSON ("variants.sms.blocks"), and the blocks."""
        own = self.variant(channel)
        if own is None:
            return "blocks", self.blocks
        return f"variants.{words_of(channel)}.blocks", own.blocks


def words_of(channel: Channel) -> Channel:
    """The channel whose words this one says."""
    return "sms" if channel == "whatsapp" else channel


def walk(where: str, blocks: Sequence[Block]) -> Iterator[tuple[str, Block]]:
    """Every block with its place in the JSON, columns' blocks after the columns."""
    for number, block in enumerate(blocks):
        place = f"{where}[{number}]"
        yield place, block
        if isinstance(block, Columns):
            for at, column in enumerate(block.columns):
                yield from walk(f"{place}.columns[{at}]", column)


def to_json(content: Content) -> str:
    """The JSON that `parse` reads: the same for the same content."""
    return content.model_dump_json()


def version(content: Content) -> str:
    """64 hexadecimal digits that differ when anything of the content differs."""
    same = {"variables": dict(sorted(content.variables.items())), "pictures": dict(sorted(content.pictures.items()))}
    ordered = content.model_copy(update=same)
    return hashlib.sha256(to_json(ordered).encode()).hexdigest()
