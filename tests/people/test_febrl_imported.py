"""Febrl 3 and 4 by the doors that people use: a file, custom fields, cards that arrive, suggestions in the store.

Of both some people are drawn, each with all records; `make search` takes the whole of Febrl 3 and 1,500 people of
Febrl 4. All of both are in test_febrl, without a database.
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


def records(name: str, people: int) -> list[dict[str, str]]:
    """Those of so many people, in a random order."""
    dice = Random(7)
    every = rows("dataset3") if name == "febrl 3" else [*rows("dataset4a"), *rows("dataset4b")]
    known = sorted({person(row) for row in every})
    drawn = set(dice.sample(known, min(people, len(known))))
    found = [row for row in every if person(row) in drawn]
    return dice.sample(found, len(found))


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


@pytest.mark.parametrize(("name", "few", "many"), [("febrl 3", 400, 2000), ("febrl 4", 400, 1500)])
async def test_febrl_imported(
    database: Database, ask: Ask, tmp_path: Path, name: str, few: int, many: int, thorough: bool
) -> None:
    async with database.begin() as connection:
        for custom, kind in KINDS.items():
            field = Field(name=custom, type=Type.TEXT, labels={"en": custom}, matching=kind.value)
            await fields.define(connection, field)
    found = records(name, many if thorough else few)
    source = Source(path=written(tmp_path, found), mapping=MAPPING, country="AU")
    ended = await importing.run(database, await importing.begin(database, source, "staff:1"))
    assert sum(ended.counts.values()) == len(found)
    assert ended.counts.get("rejected", 0) <= 6, "some have no name at all; their pairs count as missed"
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
