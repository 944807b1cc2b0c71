"""JSON -> `Content`, strictly: what is wrong is named with its place and with what is allowed there. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from broadcasts.content import blocks, reasons
from broadcasts.content.blocks import CHANNELS, Content, Html, walk

LONGEST = 2_000_000
"""Bytes of JSON that are looked at."""
_KINDS: Mapping[str, type[BaseModel]] = {
    str(kind.model_fields["type"].default): kind for kind in get_args(get_args(blocks.Block)[0])
}

_FIELDS: Mapping[str, type[BaseModel]] = {
    "utm": blocks.Utm,
    "variants": blocks.Variants,
    "email": blocks.Variant,
    "telegram": blocks.Variant,
    "sms": blocks.Variant,
    "whatsapp": blocks.WhatsApp,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong."""

    path: str
    """Where in the JSON: "blocks[2].colour"."""
    code: str
    """"unknown_field", "unknown_value", "missing", "html_not_allowed", "template..." or pydantic's type of error."""
    allowed: tuple[str, ...] = ()
    """Fields or values that may stand there, where they are a list."""
    facts: Mapping[str, object] = field(default_factory=dict)
    """What the sentence names."""

    def say(self, language: str) -> str:
        """What is wrong, what is expected, and an example."""
        key = str(self.facts.get("words", self.code))
        return reasons.said(self.path, key, self.facts, self.allowed, language)


class NotContent(ValueError):
    """This is no content; `problems` say why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.words("en"))

    def words(self, language: str) -> str:
        """All of them, in this language."""
        return "; ".join(f"{one.path or 'content'}: {one.say(language)}" for one in self.problems)


def parse(given: str | bytes | Mapping[str, object], *, html: bool = False) -> Content:
    """The content of this JSON, or of the object that JSON gave. `html`: may this author write raw HTML?

    Raises NotContent with all that is wrong.
    """
    text = json.dumps(given) if isinstance(given, Mapping) else given
    if len(text) > LONGEST:
        raise NotContent([Problem(path="", code="too_long", facts={"most": LONGEST})])
    try:
        content = Content.model_validate_json(text)
    except ValidationError as error:
        raise NotContent(_problems(error)) from error
    if not html and (problems := list(_raw(content))):
        raise NotContent(problems)
    return content


def _raw(content: Content) -> Iterator[Problem]:
    places = dict([("blocks", content.blocks), *map(content.said, CHANNELS)])
    for where, said in places.items():
        for place, block in walk(where, said):
            if isinstance(block, Html):
                yield Problem(path=place, code="html_not_allowed")


def _problems(error: ValidationError) -> list[Problem]:
    """Without "has 0 items" for a list of which pydantic has just refused the items."""
    found = [_problem(one) for one in error.errors(include_url=False, include_input=False)]
    inner = tuple(one.path for one in found)
    return [one for one in found if one.code != "too_short" or not any(p.startswith(f"{one.path}[") for p in inner)]


def _problem(error: ErrorDetails) -> Problem:
    place, owner = _place(error["loc"])
    facts: Mapping[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            return Problem(path=place, code="unknown_field", allowed=tuple(owner.model_fields) if owner else ())
        case "union_tag_invalid" | "union_tag_not_found":
            allowed = tuple(kind for kind in _KINDS if ".columns[" not in place or kind not in {"columns", "footer"})
            return Problem(path=f"{place}.type", code="unknown_value", allowed=allowed)
        case "literal_error":
            allowed = tuple(part.strip(" '") for part in str(facts["expected"]).replace(" or ", ",").split(","))
            return Problem(path=place, code="unknown_value", allowed=allowed)
        case "value_error":
            return Problem(path=place, code="value_error", facts={"words": str(facts["error"])})
    bounds = {"most": facts.get("max_length", ""), "least": facts.get("min_length", "")}
    return Problem(path=place, code=error["type"], facts=bounds)


def _place(location: Sequence[str | int]) -> tuple[str, type[BaseModel] | None]:
    """pydantic's location as a path, and the model in which it ends.

    pydantic names the kind of a block behind its number: ("blocks", 0, "button", "colour").
    """
    path = ""
    owner: type[BaseModel] | None = Content if len(location) == 1 else None
    before: str | int = ""
    for at, part in enumerate(location):
        if isinstance(part, int):
            path += f"[{part}]"
        elif isinstance(before, int) and part in _KINDS:
            owner = _KINDS[part] if at == len(location) - 2 else None
        elif part != "[key]":  # how pydantic says that the name itself is wrong
            path += f".{part}" if path else part
            owner = _named(str(part)) if at == len(location) - 2 else owner
        before = part
    return path, owner


def _named(field: str) -> type[BaseModel] | None:
    return _FIELDS.get(field)
