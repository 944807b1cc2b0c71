"""`leadwire consent`, `contacts erase` and `retention` as a person types them, on a real database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import text

from people import opting
from people.opting import Subject, Way
from store.engine import Database
from tests.app.test_contacts_cli import Run, _logging_put_back, folder, leadwire
from tests.people.law import agreed, proved, queued

__all__ = ["_logging_put_back", "folder", "leadwire"]
MAIL = "anna@example.org"
MORE = '[consent.topics.news]\nen = "News"\n[retention]\nevents_days = 30\n'


async def prepared(folder: Path, url: str) -> None:
    """Anna, who has agreed and has a letter waiting."""
    file = folder / "leadwire.toml"
    file.write_text(file.read_text() + MORE)
    await _do(url, _anna)


async def _anna(connection: Any) -> None:
    card = await proved(connection, ("email", MAIL))
    await agreed(connection, card)
    await queued(connection, card, MAIL)


async def _do(url: str, work: Any) -> Any:
    database = Database(url)
    try:
        async with database.begin() as connection:
            return await work(connection)
    finally:
        await database.aclose()


async def test_from_a_yes_to_a_refusal(folder: Path, leadwire: Run, database_url: str) -> None:
    await prepared(folder, database_url)
    _, said = await leadwire("consent", "show", MAIL)
    assert [line.split() for line in said.splitlines()] == [[MAIL, "marketing", "yes"], [MAIL, "news", "yes"]]
    code, said = await leadwire("consent", "withdraw", MAIL, "--purpose", "Not a purpose")
    assert code == 1
    assert 'no topic "Not a purpose"' in said
    _, said = await leadwire("consent", "withdraw", MAIL)
    assert "1 waiting message dropped" in said
    _, said = await leadwire("consent", "show", MAIL)
    assert said.count("withdrawn") == 2
    page = folder / "proof.html"
    assert (await leadwire("consent", "proof", MAIL, "--out", str(page)))[0] == 0
    assert "I agree" in page.read_text()
    assert (await leadwire("consent", "proof", "nobody@example.org"))[0] == 1


async def test_erasing_wants_the_name(folder: Path, leadwire: Run, database_url: str) -> None:
    await prepared(folder, database_url)
    code, said = await leadwire("contacts", "erase", MAIL, "--confirm", "Ann")
    assert (code, "nothing was erased" in said.lower()) == (1, True)
    code, said = await leadwire("contacts", "erase", MAIL, "--confirm", "Anna")
    assert code == 0, said
    assert (await leadwire("contacts", "erase", MAIL, "--confirm", "Anna"))[0] == 1
    kept = folder / "tombstones.jsonl"
    assert (await leadwire("consent", "tombstones", str(kept)))[0] == 0
    assert MAIL not in kept.read_text()

    async def restored(connection: Any) -> None:
        await connection.execute(text("DELETE FROM tombstones"))
        await proved(connection, ("email", MAIL))
        await connection.execute(text("UPDATE identities SET created_at = now() - interval '1 day'"))

    await _do(database_url, restored)
    _, said = await leadwire("consent", "restored", str(kept))
    assert "Erased again: 1 card" in said
    kept.write_text("no such thing")
    assert (await leadwire("consent", "restored", str(kept)))[0] == 1


async def test_retention_counts_first(folder: Path, leadwire: Run, database_url: str) -> None:
    assert "Everything is kept" in (await leadwire("retention", "--dry-run"))[1]
    await prepared(folder, database_url)

    async def aged(connection: Any) -> None:
        await opting.opt_out(connection, Subject(kind="email", value="x@example.org"), "marketing", Way.LINK)
        await connection.execute(
            text(
                """INSERT INTO events (id, at, kind, actor, data) VALUES (gen_random_uuid(), now() - interval '40 days',
                     'lead.opened', 'inbox', '{}')"""
            )
        )

    await _do(database_url, aged)
    _, said = await leadwire("retention", "--dry-run")
    assert said.split()[0] == "events"
    assert said.split()[-1] == "1"
    assert "Removed" in (await leadwire("retention", "--yes"))[1]
    assert (await leadwire("retention", "--dry-run"))[1].split()[-1] == "0"
