"""The code's budget: what one head holds stays small. Each rule tells why it is one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = (
    "api",
    "app",
    "broadcasts",
    "bus",
    "channels",
    "deploy",
    "desk",
    "domain",
    "notifications",
    "people",
    "portal",
    "router",
    "simulator",
    "store",
)
CODE = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted(path for room in ("tests", "bench") for path in (ROOT / room).rglob("*.py"))

LONGER = {
    "notifications/texts.py": "a table of every line that staff read, in two languages",
    "store/migrations/versions/0001_the_spine.py": "a table of tables, written once and never edited again",
    "store/migrations/versions/0002_one_person.py": "the same",
}
"""Files of more than 300 lines, and why. No more than 400, whatever the reason."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def length(node: Function | ast.ClassDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def is_migration(path: Path) -> bool:
    return path.parent.name == "versions"


def _asked_for() -> Iterator[str]:
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any(
                isinstance(b, ast.Name) and b.id == "Protocol" for b in node.bases
            ):
                yield from (f.name for f in functions(node))


PORTS = frozenset(_asked_for())


@pytest.mark.parametrize("path", [*CODE, *TESTS], ids=name)
def test_a_file_is_read_in_one_go(path: Path) -> None:
    """Files above 300 lines were found, in the code bases that were read for this one, to be several things at once."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    most = 400 if path in TESTS or name(path) in LONGER or path.stem == "tables" else 300
    assert lines <= most, f"{name(path)} has {lines} lines: it is two things, part them"


def test_exceptions_are_still_needed() -> None:
    """An exception that outlives its reason invites the next one."""
    for path in LONGER:
        assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) > 300, (
            f"{path} is short again: strike it out"
        )


@pytest.mark.parametrize("path", [*CODE, *TESTS], ids=name)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    """Under 3 % of the functions of good code bases have more than 60 lines; none of ours needs to."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    long = [f"{f.name} ({length(f)})" for f in functions(tree) if length(f) > 60]
    assert not long or is_migration(path), f"{name(path)}: {', '.join(long)}"


def test_the_median_function_has_at_most_ten_lines() -> None:
    """One long function is an accident; the median is a habit."""
    lengths = [length(f) for path in CODE for f in functions(ast.parse(path.read_text(encoding="utf-8")))]
    assert median(lengths) <= 10


@pytest.mark.parametrize("path", CODE, ids=name)
def test_what_others_call_says_what_it_does(path: Path) -> None:
    """An adapter once raised what no docstring named, and the sender let it through.

    Up to five lines say it themselves; a method that a Protocol asks for is explained there.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or is_migration(path), f"{name(path)} does not say what it is"
    silent = [f"{node.name} (line {node.lineno})" for node in _public(tree.body) if not ast.get_docstring(node)]
    assert not silent, f"{name(path)}: no docstring: {', '.join(silent)}"


def _public(body: list[ast.stmt]) -> Iterator[Function | ast.ClassDef]:
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node
            yield from _public(node.body)
        if isinstance(node, Function) and not node.name.startswith("_") and length(node) > 5 and node.name not in PORTS:
            yield node
