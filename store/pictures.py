"""The pictures of mailings: their contents lie among all files, and stay for as long as a content names them.

Letters are looked at for years, so that the contents of finished broadcasts and of all versions of templates count.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_KEYS = """SELECT jsonb_path_query(content, '$.pictures.*.key ? (@.type() == "string")') #>> '{}' FROM"""
SHOWN = f"{_KEYS} templates UNION {_KEYS} broadcasts"
"""A query for the keys of all of them. A picture's name proves nothing, whatever it is called."""


async def shown(connection: AsyncConnection, keys: Collection[str]) -> frozenset[str]:
    """Which of these keys of the file store are those of pictures."""
    return frozenset((await connection.execute(_SHOWN, {"keys": list(keys)})).scalars())


_SHOWN = text(f"SELECT key FROM unnest(CAST(:keys AS text[])) AS k(key) WHERE key IN ({SHOWN})")
