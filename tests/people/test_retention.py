"""How long things are kept, and the page of proof."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.ids import new_id
from domain.messages import utcnow
from people import opting, proof, retention
from people.keeping import SOON, Keeping
from people.opting import Subject, Way
from people.proof import html
from people.proof_words import source_said
from store.consents import Receipt
from store.engine import Connection, Database
from store.locks import exclusive
from store.permission import MARKETING
from tests.people.law import agreed, proved
from tests.router.conftest import Ask

NOW = utcnow()


async def nowhere(key: str) -> None:
    raise AssertionError(f"the file {key} was to stay")


async def lead(connection: Connection, state: str, days: int) -> UUID:
    """A lead with a message and an event, so many days old."""
    values = {"id": new_id(), "state": state, "at": NOW - timedelta(days=days)}
    for statement in (
        """INSERT INTO leads (id, contact_id, home_id, opened_by, pipeline, state, channel, opened_at, active_at,
             closed_at) VALUES (:id, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'sales', :state, 'inbox',
             :at, :at, CASE WHEN :state <> 'open' THEN CAST(:at AS timestamptz) END)""",
        """INSERT INTO messages (id, channel, external_id, direction, lead_id, ref, thread, text, facts, received_at,
             created_at) VALUES (gen_random_uuid(), 'inbox', CAST(gen_random_uuid() AS text), 'in', :id, '', '', 'x',
             '{}', :at, :at)""",
        """INSERT INTO events (id, at, kind, actor, lead_id, data)
             VALUES (gen_random_uuid(), :at, 'lead.opened', 'inbox', :id, '{}')""",
    ):
        given = {name: value for name, value in values.items() if f":{name}" in statement}
        await connection.execute(text(statement), given)
    return values["id"]  # type: ignore[return-value]  # a table of several types


async def test_what_is_old_and_closed_goes(database: Database, ask: Ask) -> None:
    async with database.begin() as connection:
        kept = [await lead(connection, "open", 400), await lead(connection, "won", 10)]
        await lead(connection, "lost", 400)
        card = await proved(connection, ("email", "a@example.org"))
        await opting.opt_out(connection, Subject(kind="email", value="a@example.org", card=card), MARKETING, Way.LINK)
        older = text("UPDATE events SET at = now() - interval '999 days' WHERE kind = 'consent.withdrawn'")
        await connection.execute(older)
    wanted = retention.periods({"messages": 300, "leads": 300, "events": 300}, NOW)
    counts = await retention.counts(database, wanted)
    assert counts == {"messages": 1, "leads": 1, "events": 2}
    assert await ask("SELECT count(*) FROM leads") == [3], "counting removes nothing"
    assert {kind async for kind in retention.run(database, wanted, actor="cli", now=NOW, discard=nowhere)} == set(
        counts
    )
    assert sorted(await ask("SELECT id FROM leads")) == sorted(kept)
    assert await ask("SELECT count(*) FROM messages") == [2]
    kinds = set(await ask("SELECT kind FROM events"))
    assert kinds == {"consent.withdrawn", "lead.opened", "retention.events", "retention.messages", "retention.leads"}
    assert (await retention.counts(database, wanted)) == {"messages": 0, "leads": 0, "events": 0}


async def _old(database: Database) -> None:
    async with database.begin() as connection:
        await lead(connection, "open", 400)
        await lead(connection, "lost", 400)


async def test_the_service_removes_it_by_itself(database: Database, ask: Ask) -> None:
    await _old(database)
    assert await Keeping(database, {"leads": 300}, nowhere).tidy() == {"leads": 1}
    assert await ask("SELECT state FROM leads") == ["open"]
    assert await ask("SELECT actor FROM events WHERE kind = 'retention.leads'") == ["leadwire"]
    assert await Keeping(database, {"leads": 300}, nowhere).tidy() == {"leads": 0}


async def test_the_service_may_only_count(database: Database, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    await _old(database)
    with caplog.at_level("INFO"):
        assert await Keeping(database, {"leads": 300, "messages": 0}, nowhere, dry_run=True).tidy() == {"leads": 1}
    assert [record.message for record in caplog.records if "would remove 1 leads" in record.message]
    assert await ask("SELECT count(*) FROM leads") == [2]


async def test_one_process_removes_at_a_time(database: Database, ask: Ask) -> None:
    await _old(database)
    async with exclusive(database, "retention"):
        assert await Keeping(database, {"leads": 300}, nowhere).tidy() == {}
    assert await ask("SELECT count(*) FROM leads") == [2]


async def test_it_is_tried_again_soon_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            raise asyncio.CancelledError

    away = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    monkeypatch.setattr("people.keeping.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await Keeping(away, {"leads": 300}, nowhere).run()
    assert slept == [SOON, SOON]
    await away.aclose()


def test_nothing_goes_where_no_period_is_set() -> None:
    assert retention.periods({"messages": 0, "leads": 0, "events": 0}, NOW) == []
    [only] = retention.periods({"messages": 0, "leads": 7}, NOW)
    assert only == ("leads", NOW - timedelta(days=7))


def receipt(**changes: Any) -> Receipt:
    values: dict[str, Any] = {
        "id": UUID(int=1), "card": UUID(int=2), "identity": None, "purpose": "news", "channel": "", "granted": True,
        "text": "<b>I agree</b>", "text_hash": "ab" * 32, "source": "site", "at": datetime(2026, 1, 2, 3, tzinfo=UTC),
        "version": "3", "actor": "staff:1", "address": "anna@example.org",
    } | changes  # fmt: skip
    return Receipt(**values)


def test_the_page_of_proof_says_all_and_runs_nothing() -> None:
    receipts = [receipt(), receipt(granted=False, text="", source="link", version="", actor="")]
    for language, granted, withdrawn in (("en", "Granted", "Withdrawn"), ("ru", "Дано", "Отозвано")):
        page = html(receipts, who="Anna <i>", company="A & B", language=language, zone=UTC, now=NOW)
        assert page.index(granted) < page.index(withdrawn)
        said = ("&lt;b&gt;I agree", "ab" * 32, "2026-01-02 03:00:00 +0000", "anna@example.org", "A &amp; B")
        assert [words for words in said if words not in page] == []
        assert "<i>" not in page
        assert "<script" not in page


@pytest.mark.parametrize(
    ("source", "actor", "english", "russian"),
    [
        ("link", "form:site", ("by the link that was sent there", "the web form “site”, where it was ticked"),
         ("по присланной туда ссылке", "веб-форма «site», где поставили галочку")),
        ("form:site", "", ("in the web form “site”",), ("в веб-форме «site»",)),
        ("cli:paper, folder 7", "cli:anna", ("in the terminal: paper, folder 7", "anna, in the terminal"),
         ("в терминале: paper, folder 7", "anna, в терминале")),
        ("api:7", "The shop", ("by another program, with the key 7", "<dd>The shop</dd>"), ("по ключу 7",)),
        ("staff", "cli", ("told to one of us", "somebody in the terminal"), ("сказано сотруднику",)),
    ],
)  # fmt: skip
def test_the_page_of_proof_is_read_by_people(
    source: str, actor: str, english: tuple[str, ...], russian: tuple[str, ...]
) -> None:
    """ "By what: link. Written down by: form:site" was hard to explain to an authority."""
    for language, words in (("en", english), ("ru", russian)):
        page = html([receipt(source=source, actor=actor)], who="A", company="", language=language, zone=UTC, now=NOW)
        assert [word for word in words if word not in page] == []
        assert source not in page or ":" not in source


@pytest.mark.parametrize("way", Way)
def test_each_way_has_its_words_on_the_page_of_proof(way: Way) -> None:
    assert way.value != source_said(way.value, "en") != source_said(way.value, "ru") != way.value


async def test_the_page_of_a_person(database: Database) -> None:
    async with database.begin() as connection:
        card = await proved(connection, ("email", "a@example.org"), name="Anna")
        await agreed(connection, card)
        how: dict[str, Any] = {"company": "Orchard", "language": "en", "zone": UTC, "now": NOW}
        page = await proof.page(connection, card, **how)
        assert page
        assert "I agree" in page
        assert "Anna" in page
        assert await proof.page(connection, new_id(), **how) is None


async def test_files_of_old_messages_of_other_programs_go(database: Database, ask: Ask) -> None:
    """What another message still needs stays in the store; what still waits keeps its files."""
    async with database.begin() as connection:
        for days, state, keys in ((400, "sent", ["a", "b"]), (400, "pending", ["c"]), (10, "sent", ["b"])):
            facts = json.dumps({"text": "x", "files": [{"key": key, "name": "n.pdf"} for key in keys]})
            await connection.execute(
                text(
                    """INSERT INTO deliveries (id, channel, address, purpose, facts, priority, state, due_at,
                         created_at)
                       VALUES (gen_random_uuid(), 'inbox', 'a@example.org', 'message', CAST(:facts AS jsonb), 0, :state,
                         :at, :at)"""
                ),
                {"facts": facts, "state": state, "at": NOW - timedelta(days=days)},
            )
    wanted = retention.periods({"messages": 300}, NOW)
    assert await retention.counts(database, wanted) == {"messages": 1}
    gone: list[str] = []

    async def discard(key: str) -> None:
        gone.append(key)

    async for _ in retention.run(database, wanted, actor="cli", now=NOW, discard=discard):
        pass
    assert gone == ["a"]
    assert sorted(await ask("SELECT facts ? 'files' FROM deliveries")) == [False, True, True]
