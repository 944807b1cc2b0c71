"""The files that went with messages of other programs: how long they are kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.pictures import SHOWN

AT_ONCE = 500


async def count(connection: AsyncConnection, before: datetime) -> int:
    """How many messages have files that are older than this and are needed no more."""
    return int(await connection.scalar(_COUNT, {"before": before}) or 0)


_OLD = """FROM deliveries WHERE purpose = 'message' AND created_at < :before AND state NOT IN ('pending', 'sending')
         AND facts ? 'files'"""
_COUNT = text(f"SELECT count(*) {_OLD}")


async def forget(connection: AsyncConnection, before: datetime, limit: int = AT_ONCE) -> tuple[int, list[str]]:
    """Take the files off up to `limit` such messages; how many, and the keys that nothing else needs.

    Commit before the keys are removed from the file store: a row without its file would be worse than the opposite.
    """
    rows = (await connection.execute(_FORGET, {"before": before, "limit": limit})).all()
    keys = sorted({key for row in rows for key in row.keys})
    return len(rows), list((await connection.execute(_FREE, {"keys": keys})).scalars()) if keys else []


_KEYS = "SELECT file ->> 'key' FROM jsonb_array_elements({facts} -> 'files') AS file"
_FORGET = text(
    f"""WITH old AS (SELECT id, facts {_OLD} ORDER BY id LIMIT :limit FOR UPDATE)
        UPDATE deliveries d SET facts = d.facts - 'files' FROM old WHERE d.id = old.id
        RETURNING ARRAY({_KEYS.format(facts="old.facts")}) AS keys"""
)
_FREE = text(
    f"""SELECT key FROM unnest(CAST(:keys AS text[])) AS k(key)
        WHERE NOT EXISTS (SELECT FROM contact_files f WHERE f.key = k.key)
          AND NOT EXISTS (SELECT FROM deliveries d WHERE d.purpose IN ('message', 'test') AND d.facts ? 'files'
            AND k.key IN ({_KEYS.format(facts="d.facts")}))
          AND NOT EXISTS (SELECT FROM messages m
            WHERE m.facts @@ CAST(format('$.**.key == "%s"', k.key) AS jsonpath))
          AND k.key NOT IN ({SHOWN})"""
)
