"""What may not stand in any file of the repository. Each rule tells why it is one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPPED = {"node_modules", "__pycache__", "vendor", "data", "dist", "build"}


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in SKIPPED and not path.name.startswith("."):
            yield from _files(path)
        elif path.is_file() and not path.name.startswith("."):
            yield path


def _texts() -> Iterator[tuple[str, str]]:
    for path in _files(ROOT):
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture, or a captured mail in another charset
            continue


TEXTS = dict(_texts())


def hits(pattern: str, texts: dict[str, str]) -> list[str]:
    """file:line: what was found."""
    found = re.compile(pattern)
    return [
        f"{path}:{number}: {match[0]}"
        for path, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if (match := found.search(line))
    ]


def test_the_files_are_found() -> None:
    """A lint that looks at nothing passes always: it did, when the rooms were moved."""
    assert {"README.md", "pyproject.toml", "app/cli.py", "tests/rules/test_words.py"} <= TEXTS.keys()
    assert len(TEXTS) > 200


def test_nothing_is_left_to_be_done() -> None:
    """What is not done is an issue, where it is seen and planned; in the code nobody ever comes back to it."""
    assert hits(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b", TEXTS) == []


def test_no_path_of_a_build_machine() -> None:
    """A path of somebody's machine works nowhere else, and tells who wrote it."""
    assert hits(r"(?<![\w.}-])/(home|root|work|Users)/\w|[A-Z]:\\Users", TEXTS) == []


@pytest.mark.parametrize("path", ["requirements.lock", "requirements-dev.lock"])
def test_lock_files_name_no_index(path: str) -> None:
    """A compiler of lock files writes the index that it used: whoever is behind another one could not install."""
    assert hits(r"--(extra-)?index-url|--find-links|://", {path: TEXTS[path]}) == []
    pinned = [line for line in TEXTS[path].splitlines() if re.match(r"[\w.\[\]-]+==", line)]
    assert len(pinned) > 30
    assert all(line.endswith("\\") for line in pinned), "a line without hashes"


def test_the_npm_lock_names_no_registry() -> None:
    """npm writes "resolved" with the registry that it used; "integrity" alone is as safe, and installs everywhere."""
    packages = json.loads(TEXTS["package-lock.json"])["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in packages.items() if name)


def test_a_lint_that_is_switched_off_says_why() -> None:
    """A bare switch hides the next, different problem of that line as well."""
    code = {path: text for path, text in TEXTS.items() if path.endswith(".py") and not path.startswith("tests/")}
    bare = hits(r"#\s*(type:\s*ignore(\[[\w\-, ]+\])?|noqa(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?)\s*$", code)
    assert bare == []


def test_no_secret_looks_like_a_real_one() -> None:
    """Scanners and people stop at anything that looks live; samples are invented and look it."""
    live = r"\b(AKIA[0-9A-Z]{16}|xox[bp]-\d{10,}|ghp_\w{36}|sk_live_\w{20,}|-----BEGIN (RSA |EC )?PRIVATE KEY)"
    assert hits(live, TEXTS) == []
