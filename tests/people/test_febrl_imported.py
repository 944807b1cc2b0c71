"""Febrl 3 by the doors that people use: a file, custom fields, cards that arrive, suggestions in the store."""

from __future__ import annotations

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from random import Random

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


def written(folder: Path) -> Path:
    """The set as a file, in a random order."""
    found = rows("dataset3")
    Random(7).shuffle(found)
    path = folder / "febrl.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(MAPPING), extrasaction="ignore")
        table.writeheader()
        table.writerows(found)
    return path


async def test_febrl_imported(database: Database, ask: Ask, tmp_path: Path) -> None:
    async with database.begin() as connection:
        for name, kind in KINDS.items():
            field = Field(name=name, type=Type.TEXT, labels={"en": name}, matching=kind.value)
            await fields.define(connection, field)
    source = Source(path=written(tmp_path), mapping=MAPPING, country="AU")
    ended = await importing.run(database, await importing.begin(database, source, "staff:1"))
    assert ended.counts == {"new": 4994, "rejected": 6}, "six have no name at all; their pairs count as missed"
    await look(database)
    await learn_weights(database, "staff:1")
    await look(database)
    people = defaultdict(set)
    for row in rows("dataset3"):
        people[row["rec_id"].split("-")[1]].add(f"febrl:{row['rec_id']}")
    truth = {frozenset(pair) for records in people.values() for pair in combinations(records, 2)}
    asked = await ask(
        """SELECT a.value, b.value, s.band FROM suggestions s JOIN identities a ON a.home_id = s.one
           JOIN identities b ON b.home_id = s.other WHERE s.state = 'open'"""
    )
    suggested = figures((frozenset(pair) for *pair, _ in asked), truth)
    certain = figures((frozenset(pair) for *pair, band in asked if band == "certain"), truth)
    print("suggested", suggested, "certain", certain)
    both = 2 * suggested.precision * suggested.recall / (suggested.precision + suggested.recall)
    assert both >= 0.97
    assert certain.precision == 1.0
