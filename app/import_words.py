"""What a person reads about an import: the file, the mapping, what the rows would become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.installed import cut, table
from people import mapping
from people.checking import Preview
from people.files.table import Table
from people.filing import Filed, Outcome

SHOWN = 5
"""Examples of each outcome."""


def file_line(path: Path, file: Table) -> str:
    """ "people.csv: CSV, encoding utf-8, delimiter ;; an export of amocrm"."""
    sign = {"\t": "tab"}.get(file.delimiter, file.delimiter)
    told = {
        "encoding": file.encoding,
        "delimiter": sign,
        "sheet": file.sheet,
        "other sheets": ", ".join(file.sheets[1:]),
    }
    system = mapping.system_of(file.headers)
    words = [file.format.upper() if file.format != "vcard" else "vCard", *(f"{k} {v}" for k, v in told.items() if v)]
    return f"{path.name}: {', '.join(words)}{f'; an export of {system}' if system else ''}"


def mapping_lines(headers: Sequence[str], columns: Mapping[str, str], sample: Sequence[Sequence[str]]) -> list[str]:
    """Each column, what it becomes, and the first value in it."""
    examples = [next((cut(row[n]) for row in sample if n < len(row) and row[n]), "") for n in range(len(headers))]
    rows = [(cut(header), columns.get(header, "skip"), text) for header, text in zip(headers, examples, strict=True)]
    return [f"  {line}" for line in table([("COLUMN", "BECOMES", "FOR EXAMPLE"), *rows])]


_WORDS = {
    Outcome.NEW: "new",
    Outcome.CHANGED: "changed",
    Outcome.SAME: "the same already",
    Outcome.CONFLICTING: "conflicting: each gets a card of its own, and you are asked",
    Outcome.REJECTED: "rejected",
    Outcome.AGAIN: "again: the address stood in an earlier row",
}


def preview_lines(found: Preview) -> Iterator[str]:
    """How many rows of each outcome, with examples."""
    for outcome, words in _WORDS.items():
        if number := found.counts.get(outcome, 0):
            yield f"{number:>9,}  {words}"
            for filed in found.examples[outcome][:SHOWN]:
                yield from (f"             {line}" for line in example(filed))
    if found.warnings:
        yield f"{found.warnings:>9,}  values that cannot be read would be left out"


def example(filed: Filed) -> list[str]:
    """A row of a dry run in words, empty where there is nothing to say of it. Pure."""
    facts: Mapping[str, Any] = filed.facts
    said = [cut(why.words(), 200) for why in facts.get("warnings", ())]
    if filed.outcome is Outcome.CHANGED:
        said = [f"{name}: {_change(*pair)}" for name, pair in facts["changes"].items()] + said
    elif filed.outcome in (Outcome.CONFLICTING, Outcome.REJECTED):
        said = [cut(" ".join(why.words() for why in (facts["reason"], *facts.get("details", ()))), 200), *said]
    elif filed.outcome is Outcome.AGAIN:
        said = [f"as row {facts['row']}"]
    return [f"row {filed.row}: {one}" for one in said]


def _change(before: object, after: object) -> str:
    if isinstance(after, int) and not isinstance(after, bool):
        return f"{after} more"
    said = {True: "yes", False: "no", None: "", "": ""}
    old, new = (said.get(one, one) if isinstance(one, bool | None) else one for one in (before, after))
    return f"{cut(str(old))} → {cut(str(new))}" if old else f"+ {cut(str(new))}"


def counted(counts: Mapping[str, int]) -> str:
    """ "3 new, 1 rejected". Pure."""
    return ", ".join(f"{counts[o]:,} {o.value}" for o in Outcome if counts.get(o)) or "no rows"
