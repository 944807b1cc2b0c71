"""The files of deploy/, as the tests read them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

_SWITCHED_OFF = re.compile(r"^(\s*)#(?=[\w\[{])", re.MULTILINE)


def text(name: str) -> str:
    """A file of deploy/."""
    return (DEPLOY / name).read_text(encoding="utf-8")


def switched_on(document: str) -> str:
    """The document with every commented-out setting in force: lines with # right before a word."""
    return _SWITCHED_OFF.sub(r"\1", document)


def variables(document: str) -> dict[str, str]:
    """NAME=value lines, as systemd and Docker read them."""
    lines = (line for line in document.splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def compose() -> dict[str, Any]:
    """compose.yml, its merges resolved."""
    document: dict[str, Any] = yaml.safe_load(text("compose.yml"))
    return document


def unit(name: str) -> dict[str, list[str]]:
    """The [Service] settings of a unit; a setting may be there several times."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in text(f"systemd/{name}").splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found
