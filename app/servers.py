"""Where everything is kept: servers of the configuration or the environment, else embedded ones; files."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.embedded import Embedded
from app.settings import Settings
from store.files import Bucket, Folder, LargeFiles


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the servers are."""

    database: str
    redis: str


@asynccontextmanager
async def servers(settings: Settings) -> AsyncIterator[Urls]:
    """The servers of the configuration or of the environment; embedded ones for what is named in neither."""
    database, redis = external_urls(settings)
    if database and redis:
        yield Urls(database, redis)
        return
    folder = settings.storage.data / "servers"
    async with Embedded(folder, postgres=not database, valkey=not redis) as embedded:
        yield Urls(database or embedded.database_url, redis or embedded.redis_url)


def external_urls(settings: Settings) -> tuple[str, str]:
    """(database, redis) as given, in SQLAlchemy's form; empty for what is embedded."""
    storage = settings.storage
    database = storage.database_url.get_secret_value() if storage.database_url else os.environ.get("DATABASE_URL", "")
    redis = storage.redis_url.get_secret_value() if storage.redis_url else os.environ.get("REDIS_URL", "")
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql+asyncpg://", database), redis


def files_of(settings: Settings) -> LargeFiles:
    """The data folder, or the bucket."""
    bucket = settings.storage.bucket
    if bucket is None:
        return Folder(settings.storage.data / "files")
    return Bucket.open(
        bucket.name,
        endpoint=bucket.endpoint,
        region=bucket.region,
        access_key=bucket.access_key.get_secret_value(),
        secret_key=bucket.secret_key.get_secret_value(),
        prefix=bucket.prefix,
    )
