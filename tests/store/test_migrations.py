"""The migrations make exactly the tables that the code believes in."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from store.migrations import current, upgrade
from store.tables import metadata
from tests.servers import Servers


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


async def test_the_migrations_equal_the_tables(database_url: str) -> None:
    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


async def test_upgrading_twice_changes_nothing_and_says_where_it_is(database_url: str) -> None:
    await upgrade(database_url)
    there, wanted = await current(database_url)
    assert there == wanted is not None


async def test_mailboxes_that_are_one_are_one_afterwards(servers: Servers) -> None:
    """Before, "i.van@gmail.com" and "ivan@gmail.com" were two; and who stopped one of them had stopped that one."""
    url = servers.create_database(template="template0").render_as_string(hide_password=False)
    await upgrade(url, "0003")
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for number, value in enumerate(("i.van@gmail.com", "ivan@gmail.com", "p.ivanov@ya.ru", "anna@example.org")):
            card = f"00000000-0000-0000-0000-00000000000{number}"
            await connection.execute(text(f"INSERT INTO contacts (id, created_at) VALUES ('{card}', now())"))
            await connection.execute(
                text(
                    f"""INSERT INTO identities (id, kind, value, contact_id, home_id, proved, created_at)
                        VALUES (gen_random_uuid(), 'email', '{value}', '{card}', '{card}', true, now())"""
                )
            )
        stopped = "INSERT INTO suppressions VALUES ('inbox', 'i.van+x@googlemail.com', 'stopped', now())"
        await connection.execute(text(stopped))
    await upgrade(url)
    async with engine.begin() as connection:
        keys = text("SELECT value FROM identities WHERE variant = '' ORDER BY value")
        assert list((await connection.execute(keys)).scalars()) == [
            "anna@example.org", "ivan@gmail.com", "p-ivanov@yandex.ru",
        ]  # fmt: skip
        assert (await connection.execute(text("SELECT count(*) FROM suggestions"))).scalar_one() == 1
        now = text("SELECT address FROM suppressions WHERE address = 'ivan@gmail.com'")
        assert (await connection.execute(now)).scalar_one()
    await engine.dispose()
