"""What the pages tell people to write and to type works."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.document import ConfigurationError, parse
from app.reference import commands
from tests.docs.pages import ROOT, Block, blocks, name

BLOCKS = list(blocks())
TOML = [block for block in BLOCKS if block.language == "toml"]
WHOLE = [block for block in TOML if block.is_configuration]
SHELL = [block for block in BLOCKS if block.language == "sh"]

_SECRET = re.compile(r'(\w+) = "(env|file):([^"]+)"')
_GROUP = r"(?:dead|staff|keys|consent|segment|broadcast|template|contacts(?: duplicates| fields| file)?)"
_LEADWIRE = re.compile(rf"^(?:\.venv/bin/)?leadwire ((?:{_GROUP} )?[a-z]+)(.*?)(?:\s#.*)?$", re.MULTILINE)
_MAKE = re.compile(r"^make ([a-z]+)|`make ([a-z]+)`", re.MULTILINE)
_ABSENT = re.compile(r'nothing is sent through "[\w-]+"$')
"""What a part of a configuration may refer to without containing it."""


def place(block: Block) -> str:
    """A name for the test's report."""
    return f"{name(block.page)}: {block.text.splitlines()[1]}"


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every secret that a page speaks of is there."""
    monkeypatch.chdir(tmp_path)
    for key, kind, where in (found for block in TOML for found in _SECRET.findall(block.text)):
        value = "123456:invented" if key == "token" else "invented"
        if kind == "env":
            monkeypatch.setenv(where, value)
        else:
            (tmp_path / where).parent.mkdir(exist_ok=True)
            (tmp_path / where).write_text(value)


@pytest.mark.parametrize("block", WHOLE, ids=place)
def test_a_whole_configuration_is_right(block: Block) -> None:
    settings = parse(tomllib.loads(block.text))
    assert settings.channels or "storage" in block.text or "server" in block.text


def merged(whole: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """The whole with what the part says instead."""
    both = {key: merged(whole[key], part[key]) for key in whole.keys() & part.keys() if isinstance(part[key], Mapping)}
    return {**whole, **part, **both}


def parts() -> Iterator[tuple[Block, Block]]:
    """Each part of a configuration, with the whole one that stands first on its page."""
    for block in TOML:
        if not block.is_configuration:
            yield next(whole for whole in WHOLE if whole.page == block.page), block


@pytest.mark.parametrize(("whole", "part"), list(parts()), ids=place)
def test_a_part_fits_into_the_whole_of_its_page(whole: Block, part: Block) -> None:
    try:
        parse(merged(tomllib.loads(whole.text), tomllib.loads(part.text)))
    except ConfigurationError as error:
        assert [problem for problem in error.problems if not _ABSENT.search(problem)] == []


def test_a_wrong_part_is_found() -> None:
    whole = tomllib.loads(WHOLE[0].text)
    with pytest.raises(ConfigurationError, match="did you mean"):
        parse(merged(whole, {"company": {"nam": "Apple Orchard"}}))


def test_commands_that_are_shown_exist() -> None:
    known = dict(commands())
    shown = [(name(b.page), title, rest) for b in SHELL for title, rest in _LEADWIRE.findall(b.text)]
    assert len(shown) > 20
    assert [(page, title) for page, title, _ in shown if title not in known] == []
    for page, title, rest in shown:
        options = {option for p in known[title].params for option in (*p.opts, *p.secondary_opts)}
        assert set(re.findall(r"(?<=\s)--?[a-z][\w-]*", rest)) <= options, f"{page}: leadwire {title}{rest}"


def test_targets_of_make_that_are_shown_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    texts = [path.read_text("utf-8") for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))]
    shown = {one or other for text in texts for one, other in _MAKE.findall(text)}
    assert {"run", "test", "docs", "bench"} <= shown <= targets
