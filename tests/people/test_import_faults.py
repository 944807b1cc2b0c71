"""Faults that imports once had: each test is one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from people import checking, import_undo, importing
from people.importing import Refused
from store.engine import Database
from tests.people.test_importing import made, take
from tests.router.conftest import Ask

CLASH = """Anna Smith;anna@example.com;;;;;
Boris Petrov;boris@example.com;;;;;
Olga Petrova;anna@example.com;+79161234567;;;;
"""
"""The last row claims what the first one owns."""


@pytest.mark.parametrize("at_once", [1, 2, 3])
async def test_undoing_in_pieces_leaves_nothing(
    database: Database, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """A card stayed for ever, since a row of a later piece still claimed its address."""
    monkeypatch.setattr(import_undo, "_AT_ONCE", at_once)
    ended = await take(database, made(tmp_path, CLASH))
    assert ended.counts == {"new": 2, "conflicting": 1}
    assert await import_undo.undo(database, ended.id, "staff:1") == (3, 0)
    for table in ("contacts", "identities", "claims"):
        assert await ask(f"SELECT count(*) FROM {table}") == [0]


async def test_a_card_that_stays_is_counted_once(
    database: Database, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was counted with each piece that has a row of it."""
    monkeypatch.setattr(import_undo, "_AT_ONCE", 1)
    monkeypatch.setattr(importing, "BATCH", 1)
    rows = "Anna Smith;anna@example.com;;;;;\nAnna Smith;anna@example.com;;London;;;\n"
    ended = await take(database, made(tmp_path, rows))
    assert ended.counts == {"new": 1, "changed": 1}
    await ask(
        """INSERT INTO notes (id, contact_id, text, source, at)
           SELECT gen_random_uuid(), id, 'mine', 'staff:1', now() FROM contacts RETURNING 1"""
    )
    assert await import_undo.undo(database, ended.id, "staff:1") == (0, 1)


@pytest.mark.parametrize("batch", [1, 1000])
async def test_a_conflicting_row_has_one_card_however_often_it_comes(
    database: Database, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """Each import of the file made one more."""
    monkeypatch.setattr(importing, "BATCH", batch)
    rows = CLASH + CLASH.splitlines()[-1] + "\n"
    ended = await take(database, made(tmp_path, rows))
    assert ended.counts == {"new": 2, "conflicting": 1, "same": 1}
    again = await take(database, made(tmp_path, rows))
    assert again.counts == {"same": 4}
    assert await ask("SELECT count(*) FROM contacts") == [3]


OTHERS = [
    ("Olga Sidorova;anna@example.com;+79161234567;;;;", "conflicting", "another name"),
    ("Olga Petrova;anna@example.com;;;;;", "conflicting", "fewer addresses"),
    ("Olga Petrova;anna@example.com,olga@example.com;+79161234567;;;;", "conflicting", "one address more"),
    ("Olga Petrova;anna@example.com;+79161234567;Tver;;;", "changed", "the same card, with something new"),
]


@pytest.mark.parametrize(("row", "outcome", "why"), OTHERS, ids=[why for *_, why in OTHERS])
async def test_only_the_very_card_is_the_same(
    database: Database, tmp_path: Path, row: str, outcome: str, why: str
) -> None:
    await take(database, made(tmp_path, CLASH))
    source = made(tmp_path, row + "\n")
    found = await checking.preview(database, source)
    ended = await take(database, source)
    assert found.counts == ended.counts == {outcome: 1}, why


AGREED = [
    (CLASH, {"new": 2, "conflicting": 1}),
    ("Anna Smith;anna@example.com;;;;;\nBoris Petrov;anna@example.com;;;;;\n", {"new": 1, "conflicting": 1}),
    ("Anna Smith;anna@example.com;;;;;\nA. Smith;anna@example.com;;;;;\n", {"new": 1, "again": 1}),
    (
        "Anna Smith;anna@example.com;;;;;\nAnna Smith;anna@example.com;+79161234567;;;;\nBoris;;+79161234567;;;;\n",
        {"new": 1, "again": 1, "conflicting": 1},
    ),
    (
        "Anna Smith;anna@example.com;;;;;\nAnna Smith;;+79161234567;;;;\n"
        "Anna Smith;anna@example.com;+79161234567;;;;\n",
        {"new": 2, "conflicting": 1},
    ),
    (CLASH + CLASH.splitlines()[-1] + "\n", {"new": 2, "conflicting": 1, "again": 1}),
]


@pytest.mark.parametrize(("rows", "counts"), AGREED)
async def test_a_dry_run_says_what_the_import_will(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: str, counts: dict[str, int]
) -> None:
    """An address of an earlier batch was "again", whoever was named beside it. An import says same or changed then."""
    monkeypatch.setattr(importing, "BATCH", 1)
    source = made(tmp_path, rows)
    found = await checking.preview(database, source)
    assert found.counts == counts
    ended = await take(database, source)
    for outcome in ("new", "conflicting"):
        assert ended.counts.get(outcome) == counts.get(outcome), outcome
    assert sum(ended.counts.values()) == sum(counts.values())


async def test_an_import_runs_in_one_process(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that went on with the same import wrote its rows twice."""
    monkeypatch.setattr(importing, "BATCH", 1)
    begun = await importing.begin(database, made(tmp_path, CLASH), "staff:1")
    other, write, refused = Database(database_url), importing._write_batch, []

    async def with_another(*given: object) -> object:
        with pytest.raises(Refused, match="running in another process"):
            await importing.run(other, begun)
        refused.append(given)
        return await write(*given)  # type: ignore[arg-type]  # what came is handed on

    with monkeypatch.context() as patched:
        patched.setattr(importing, "_write_batch", with_another)
        ended = await importing.run(database, begun)
    await other.aclose()
    assert len(refused) == 3 and ended.counts == {"new": 2, "conflicting": 1}


async def test_who_is_stopped_lets_another_go_on(database: Database, database_url: str, tmp_path: Path) -> None:
    begun = await importing.begin(database, made(tmp_path, CLASH), "staff:1")

    def stop(progress: importing.Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await importing.run(database, begun, stop)
    other = Database(database_url)
    ended = await importing.run(other, begun)
    await other.aclose()
    assert ended.state == "done"
