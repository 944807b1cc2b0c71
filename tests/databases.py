"""Databases for tests: what one has left behind is taken away before the next gets it.

To empty one takes a tenth of the time that making one takes, and there are over a thousand tests that want one.
"""

from __future__ import annotations

import asyncpg
from sqlalchemy import URL

TEMPLATE = "leadwire_template"
_LARGEST = 4_000_000
"""Bytes by which a database may grow: a larger one is thrown away, since its tables stay as large as they were."""


class Databases:
    """Those of one server; `url` is of any database there."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._made = 0
        self._clean: list[str] = []
        self._untouched = ("", 0)

    async def make_template(self) -> URL:
        """An empty database that all others are copied from."""
        await self._admin(f"CREATE DATABASE {TEMPLATE} TEMPLATE leadwire")
        return self._url.set(database=TEMPLATE)

    async def fresh(self, template: str = TEMPLATE) -> URL:
        """As the template is; of "template0", an empty one."""
        if template == TEMPLATE and self._clean:
            return self._url.set(database=self._clean.pop())
        self._made += 1
        name = f"{'test' if template == TEMPLATE else 'empty'}_{self._made}"
        await self._admin(f"CREATE DATABASE {name} TEMPLATE {template}")
        if template == TEMPLATE and not self._untouched[0]:
            self._untouched = await self._look(name)
        return self._url.set(database=name)

    async def take_back(self, url: URL) -> None:
        """Empty it, or throw it away when its tables are not what they were. Also when somebody is still connected."""
        name = str(url.database)
        if name.startswith("test_") and await self._emptied(name):
            self._clean.append(name)
        else:
            await self._admin(f"DROP DATABASE {name} WITH (FORCE)")

    async def _emptied(self, name: str) -> bool:
        connection = await self._connect(name)
        try:
            await connection.execute(_ALONE)
            [(shape, size)] = await connection.fetch(_SHAPE)
            if shape != self._untouched[0] or size > self._untouched[1] + _LARGEST:
                return False
            tables = [row["name"] for row in await connection.fetch(_TABLES)]
            # as a replica: receipts of consent refuse to be deleted otherwise
            emptied = (f"DELETE FROM {table};" for table in tables)
            await connection.execute(f"SET session_replication_role = replica; {''.join(emptied)} {_FROM_ONE}")
            return True
        finally:
            await connection.close()

    async def _look(self, name: str) -> tuple[str, int]:
        connection = await self._connect(name)
        try:
            [(shape, size)] = await connection.fetch(_SHAPE)
            return shape, size
        finally:
            await connection.close()

    async def _connect(self, name: str) -> asyncpg.Connection:
        url = self._url.set(database=name, drivername="postgresql")
        return await asyncpg.connect(url.render_as_string(hide_password=False))

    async def _admin(self, statement: str) -> None:
        connection = await self._connect("postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


_ALONE = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()"""

_SHAPE = """SELECT md5(concat(
         (SELECT string_agg(concat(oid, xmin), ',' ORDER BY oid) FROM pg_class WHERE oid >= 16384),
         (SELECT string_agg(concat(oid, xmin), ',' ORDER BY oid) FROM pg_trigger WHERE oid >= 16384),
         (SELECT string_agg(concat(oid, xmin), ',' ORDER BY oid) FROM pg_proc WHERE oid >= 16384),
         (SELECT string_agg(concat(attrelid, attnum, xmin), ',' ORDER BY attrelid, attnum) FROM pg_attribute
            WHERE attrelid >= 16384),
         (SELECT string_agg(concat(starelid, staattnum), ',' ORDER BY starelid, staattnum) FROM pg_statistic
            WHERE starelid >= 16384))), pg_database_size(current_database())"""
"""A digest of what the tables are and what the planner knows about them; and how large they are."""

_TABLES = """SELECT quote_ident(relname) AS name FROM pg_class WHERE relkind IN ('r', 'p')
               AND relname <> 'alembic_version' AND relnamespace = 'public'::regnamespace"""

_FROM_ONE = "SELECT setval(seqrelid, seqstart, false) FROM pg_sequence;"
