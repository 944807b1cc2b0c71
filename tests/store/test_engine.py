"""PostgreSQL away, and nothing else, is `Away`; a wrong statement never is."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from store import migrations
from store.engine import Away, Database, is_away, is_lost_race
from tests.contract.case import until
from tests.counterparts.counterparts import free_ports
from tests.servers import Servers
from tests.store.rows import ask


def nowhere() -> str:
    return f"postgresql+asyncpg://lw:geheim@127.0.0.1:{free_ports(1)[0]}/lw"


async def test_absent() -> None:
    database = Database(nowhere())
    for way in (database.begin, database.connect):
        with pytest.raises(Away, match=r"PostgreSQL is away: .* Is it running, and is DATABASE_URL right") as caught:
            async with way():
                pass
        assert "geheim" not in str(caught.value)
        assert isinstance(caught.value, OSError)
    await database.aclose()
    await database.aclose()


async def test_absent_for_the_migrations() -> None:
    with pytest.raises(Away):
        await migrations.upgrade(nowhere())
    with pytest.raises(Away):
        await migrations.current(nowhere())


async def test_a_database_that_is_not_there_yet(database_url: str) -> None:
    database = Database(make_url(database_url).set(database="nowhere").render_as_string(hide_password=False))
    with pytest.raises(Away, match="does not exist"):
        await ask(database, "SELECT 1")
    await database.aclose()


async def test_killed_in_the_middle_and_back(database: Database, servers: Servers) -> None:
    with pytest.raises(Away):
        async with database.begin() as connection:
            await connection.execute(text("INSERT INTO contacts VALUES (gen_random_uuid(), now())"))
            servers.kill("postgres")
            while True:
                await connection.execute(text("SELECT 1"))

    async def back() -> bool:
        try:
            return await ask(database, "SELECT count(*) FROM contacts") == [0]
        except Away:
            return False

    await until(back, "PostgreSQL to be back, without what was never committed")


async def test_a_connection_that_is_cut(database: Database, other: Database) -> None:
    with pytest.raises(Away, match=r"\APostgreSQL is away: [^\n]*\. Is it running, and is DATABASE_URL right\?\Z"):
        async with database.begin() as connection:
            pid = await connection.scalar(text("SELECT pg_backend_pid()"))
            await ask(other, "SELECT pg_terminate_backend(:pid)", pid=pid)
            while True:
                await connection.execute(text("SELECT 1"))
    assert await ask(database, "SELECT 1") == [1]


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT CAST(:value AS text)", "half a letter \ud800"),
        ("SELECT CAST(:value AS text)", "nul \x00"),
        ("SELECT CAST(:value AS integer)", 2**40),
        ("SELECT CAST(:value AS text)", 5),
        ("SELECT nothing, CAST(:value AS text)", "x"),
        ("SELECT 1 / CAST(:value AS integer)", 0),
    ],
)
async def test_a_wrong_statement_is_not_away(database: Database, sql: str, value: object) -> None:
    """Else one poisoned message would be tried for ever, and the router would say that PostgreSQL is away."""
    with pytest.raises(DBAPIError) as caught:
        await ask(database, sql, value=value)
    assert not is_away(caught.value)
    assert not is_lost_race(caught.value)


async def test_a_file_that_is_missing_is_not_away(database: Database) -> None:
    with pytest.raises(FileNotFoundError):
        async with database.begin():
            raise FileNotFoundError(2, "No such file or directory", "plan.pdf")


async def test_a_lost_race_is_one(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught:
        for _ in range(2):
            await ask(database, "INSERT INTO rotations VALUES ('sales', 1) RETURNING turn")
    assert is_lost_race(caught.value)


async def test_a_deadlock_is_a_lost_race(database: Database, other: Database) -> None:
    await ask(database, "INSERT INTO rotations VALUES ('a', 1), ('b', 1) RETURNING turn")
    both = asyncio.Barrier(2)

    turn = text("UPDATE rotations SET turn = turn + 1 WHERE team = :team")

    async def lock(mine: Database, *teams: str) -> None:
        async with mine.begin() as connection:
            await connection.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
            for team in teams:
                await connection.execute(turn, {"team": team})
                if team == teams[0]:
                    await both.wait()

    errors = await asyncio.gather(lock(database, "a", "b"), lock(other, "b", "a"), return_exceptions=True)
    [lost] = [error for error in errors if error]
    assert is_lost_race(lost)


async def test_nothing_is_kept_of_a_block_that_raises(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.begin() as connection:
            await connection.execute(text("INSERT INTO rotations VALUES ('sales', 1)"))
            raise RuntimeError("a bug")
    async with database.connect() as connection:
        await connection.execute(text("INSERT INTO rotations VALUES ('support', 1)"))
    assert await ask(database, "SELECT team FROM rotations") == ["support"]
