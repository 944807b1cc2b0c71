"""What a text tells people to type is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from app.cli import cli

ROOT = Path(__file__).parents[2]
ROOMS = ("api", "app", "broadcasts", "desk", "notifications", "people", "portal", "router", "store", "docs", "deploy")
_SAID = re.compile(r"(?:`|: )leadwire ([a-z]+)(?: ([a-z]+)\b)?")


def commands(of: Any, before: str = "") -> Iterator[str]:
    """Each command with those that it stands in."""
    for name, inner in getattr(of, "commands", {}).items():
        yield before + name
        yield from commands(inner, f"{before}{name} ")


def test_each_command_that_a_text_names_exists() -> None:
    known = set(commands(get_command(cli)))
    groups = {name.partition(" ")[0] for name in known if " " in name}
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*") if file.suffix in (".py", ".md", ".toml")]
    said = [(file, match[1], match[2] or "") for file in files for match in _SAID.finditer(file.read_text())]
    assert len(said) > 50
    assert not [
        f"{file.relative_to(ROOT)}: leadwire {first} {second}"
        for file, first, second in said
        if first not in known or (first in groups and second and f"{first} {second}" not in known)
    ]
