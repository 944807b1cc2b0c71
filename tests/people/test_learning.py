"""Learns by itself, when it is time, beside everything else that the process does."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from people import learning
from people.learning import AT_MOST_EVERY, FROM_ITSELF, Learning, is_time
from store.engine import Database
from store.locks import exclusive
from store.traits import Lesson
from tests.router.conftest import Ask

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LONG_AGO, LATELY = NOW - AT_MOST_EVERY, NOW - AT_MOST_EVERY + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("cards", "waiting", "last", "expected"),
    [
        (999, 0, None, False),
        (1000, 0, None, True),
        (1000, 200, None, True),
        (1000, 201, None, False),
        (1199, 0, Lesson(LONG_AGO, 1000), False),
        (1200, 0, Lesson(LONG_AGO, 1000), True),
        (9999, 0, Lesson(LATELY, 1000), False),
        (9999, 9999, Lesson(LONG_AGO, 1000), False),
        (1000, 0, Lesson(LONG_AGO, 0), True),
        (900, 0, Lesson(LONG_AGO, 0), False),
    ],
)
def test_when_it_is_time(cards: int, waiting: int, last: Lesson | None, expected: bool) -> None:
    assert is_time(cards, waiting, last, NOW) == expected


CARDS = """
WITH made AS (INSERT INTO contacts (id, created_at, match_due)
  SELECT gen_random_uuid(), now(), false FROM generate_series(1, {n}) RETURNING id),
numbered AS (SELECT id, row_number() OVER () AS g FROM made),
called AS (SELECT id, translate(md5(CAST(g AS text)), '0123456789', 'bdgklmnprt') AS name,
  lpad(CAST(g / 2 AS text), 7, '0') AS phone FROM numbered)
INSERT INTO traits (contact_id, name, facts, keys) SELECT id, 'petr ' || name,
  jsonb_build_object('id', id, 'names', ARRAY['Petr ' || name], 'phones', ARRAY['+7916' || phone]),
  ARRAY['p:' || phone] FROM called RETURNING 1
"""


async def test_it_learns_once_and_again_when_the_base_has_grown(
    database: Database, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "_DUE_AT_ONCE", 300)
    job = Learning(database)
    await ask(CARDS.format(n=FROM_ITSELF - 1))
    assert await job.look() is None
    await ask(CARDS.format(n=1))
    learned = await job.look()
    assert learned is not None
    assert (learned.cards, learned.due) == (FROM_ITSELF, FROM_ITSELF)
    assert await ask("SELECT count(*) FROM contacts WHERE match_due") == [FROM_ITSELF]
    await ask("UPDATE contacts SET match_due = false RETURNING 1")
    assert await job.look() is None
    await ask(CARDS.format(n=FROM_ITSELF // 5))
    assert await job.look() is None, "it has learned today"
    await ask("UPDATE weights SET at = at - interval '1 day' RETURNING 1")
    assert await job.look() is not None
    assert await ask("SELECT actor FROM weights") == ["leadwire", "leadwire"]


async def test_the_loop_is_free_meanwhile(database: Database, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """To learn from twenty thousand cards takes a minute, and the same process routes letters."""
    threads = set()

    def noting(function: Any) -> Any:
        def noted(*given: Any) -> Any:
            threads.add(threading.current_thread())
            return function(*given)

        return noted

    for name in ("learn", "compare", "prepare", "with_shares", "rarity"):
        monkeypatch.setattr(learning, name, noting(getattr(learning, name)))
    await ask(CARDS.format(n=FROM_ITSELF))
    assert await Learning(database).look() is not None
    assert threads
    assert threading.main_thread() not in threads


async def test_one_process_learns_at_a_time(database: Database, ask: Ask) -> None:
    await ask(CARDS.format(n=FROM_ITSELF))
    async with exclusive(database, "learning") as held:
        assert held
        assert await Learning(database).look() is None
    assert await ask("SELECT count(*) FROM weights") == [0]
