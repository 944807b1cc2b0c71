"""Febrl 3 and 4 by the doors that people use: a file, custom fields, cards that arrive, suggestions in the store.

Of Febrl 4, whose 10,000 records take half a minute, 1,500 people are drawn, each with both records; all of them are
in test_febrl, without a database.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from people import fields, importing
from people.fields import Field, Type
from people.importing import Source
from people.learning import learn_weights
from store.engine import Database
from tests.people.febrl import KINDS, rows
from tests.people.test_crowd import figures
from tests.people.test_matcher import look
from tests.router.conftest import Ask

MAPPING = {
    "rec_id": "external:febrl",
    "given_name": "given_name",
    "surname": "surname",
    "suburb": "city",
    "date_of_birth": "born",
} | {name: f"field:{name}" for name in KINDS}


def records(name: str) -> list[dict[str, str]]:
    """In a random order."""
    dice = Random(7)
    if name == "febrl 3":
        return dice.sample(every := rows("dataset3"), len(every))
    first, second = rows("dataset4a"), {person(row): row for row in rows("dataset4b")}
    drawn = dice.sample(first, 1500)
    both = [*drawn, *(second[person(row)] for row in drawn)]
    return dice.sample(both, len(both))


def person(row: dict[str, str]) -> str:
    return row["rec_id"].split("-")[1]


def written(folder: Path, found: list[dict[str, str]]) -> Path:
    """The records as a file."""
    path = folder / "febrl.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(MAPPING), extrasaction="ignore")
        table.writeheader()
        table.writerows(found)
    return path


@pytest.mark.parametrize(
    ("name", "counts"),
    [("febrl 3", {"new": 4994, "rejected": 6}), ("febrl 4", {"new": 3000})],
)
async def test_febrl_imported(database: Database, ask: Ask, tmp_path: Path, name: str, counts: dict[str, int]) -> None:
    async with database.begin() as connection:
        for custom, kind in KINDS.items():
            field = Field(name=custom, type=Type.TEXT, labels={"en": custom}, matching=kind.value)
            await fields.define(connection, field)
    found = records(name)
    source = Source(path=written(tmp_path, found), mapping=MAPPING, country="AU")
    ended = await importing.run(database, await importing.begin(database, source, "staff:1"))
    assert ended.counts == counts, "some have no name at all; their pairs count as missed"
    await look(database)
    await learn_weights(database, "staff:1")
    await look(database)
    people = defaultdict(set)
    for row in found:
        people[person(row)].add(f"febrl:{row['rec_id']}")
    truth = {frozenset(pair) for records in people.values() for pair in combinations(records, 2)}
    asked = await ask(
        """SELECT a.value, b.value, s.band FROM suggestions s JOIN identities a ON a.home_id = s.one
           JOIN identities b ON b.home_id = s.other WHERE s.state = 'open'"""
    )
    suggested = figures((frozenset(pair) for *pair, _ in asked), truth)
    certain = figures((frozenset(pair) for *pair, band in asked if band == "certain"), truth)
    print(name, "suggested", suggested, "certain", certain)
    both = 2 * suggested.precision * suggested.recall / (suggested.precision + suggested.recall)
    assert both >= 0.97
    assert certain.precision == 1.0
