"""The router against COPY of the same rows, against a naive handler, and with a hundred times as many people."""

from __future__ import annotations

import gc
import tempfile
import time
from datetime import datetime
from pathlib import Path
from statistics import median

import asyncpg
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.embedded import Embedded
from bench.naive import handle
from bench.report import ratio, say
from bench.scenery import INBOX, admin, arrivals, batches, copy_of, populate
from domain.messages import Inbound
from router.route import Router
from router.rules import Intake, Rules
from store.engine import Database

MESSAGES, SIZE, ROUNDS, FEW = 10_000, 200, 3, 1_000
RULES = Rules(intakes={INBOX: Intake()})


async def main(few: int = 10_000, many: int = 1_000_000) -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        async with Embedded(Path(folder), valkey=False) as embedded:
            base = make_url(embedded.database_url)
            small, large = (base.set(database=f"people_{n}").render_as_string(hide_password=False) for n in (few, many))
            for url, people in ((small, few), (large, many)):
                say(f"  ... {people:,} contacts")
                await admin(embedded.database_url, f"CREATE DATABASE {make_url(url).database}")
                await populate(url, people)
            await _against_copy(small, few)
            await _against_size(small, few, large, many)


async def _against_copy(url: str, people: int) -> None:
    routed, copied, naive = [], [], []
    for n in range(ROUNDS):
        async with copy_of(url, f"routed_{n}") as target:
            arriving = arrivals(MESSAGES, people, n)
            routed.append(await route(target, batches(arriving, SIZE)))
            written = await _written(target)
        async with copy_of(url, f"copied_{n}") as target:
            copied.append(await _copy(target, written))
        async with copy_of(url, f"naive_{n}") as target:
            naive.append(await _naive(target, arrivals(FEW, people, 50 + n)))
    ratio("routing against COPY of the same rows, messages/s", median(routed), median(copied), least=0.3)
    ratio("routing against one message a transaction, messages/s", median(routed), median(naive), least=20)


async def _against_size(small: str, few: int, large: str, many: int) -> None:
    """In turn, so that a machine that drifts drifts for both."""
    times: dict[str, list[float]] = {small: [], large: []}
    for n in range(ROUNDS):
        for url, people in ((small, few), (large, many)):
            times[url].append(1 / await route(url, batches(arrivals(MESSAGES, people, 100 + n), SIZE)))
    ratio(
        f"time of a message with {many:,} contacts against {few:,}, ns",
        1e9 * median(times[large]),
        1e9 * median(times[small]),
        most=1.3,
    )


async def route(url: str, work: list[list[Inbound]]) -> float:
    """Messages a second through one router."""
    database = Database(url)
    router = Router(database, RULES)
    await database.durability()  # connected before the clock starts, as the others are
    began = _start()
    for batch in work:
        await router.route(batch)
    rate = sum(map(len, work)) / (time.perf_counter() - began)
    await database.aclose()
    return rate


def _start() -> float:
    """Now, with what building thousands of messages and rows has left for the collector paid by nobody's clock."""
    gc.collect()
    return time.perf_counter()


Part = tuple[str, list[str], list[tuple[object, ...]]]
"""A table, its columns, and the rows that one batch wrote into it."""
WRITTEN_AT = {
    "contacts": "created_at",
    "identities": "created_at",
    "claims": "at",
    "leads": "(SELECT e.at FROM events e WHERE e.lead_id = t.id AND e.kind = 'lead.opened')",
    "messages": "created_at",
    "assignments": "assigned_at",
    "deliveries": "created_at",
    "events": "at",
}


async def _written(url: str) -> list[list[Part]]:
    """What the router has written, batch by batch: each batch has one time of its own."""
    connection = await _plain(url)
    times = [r[0] for r in await connection.fetch("SELECT DISTINCT created_at FROM messages ORDER BY 1")][1:]
    parts: dict[datetime, list[Part]] = {at: [] for at in times}
    for table, at in WRITTEN_AT.items():
        rows = await connection.fetch(f"SELECT {at} AS written_at, t.* FROM {table} t WHERE {at} >= $1", times[0])
        names = [c for c in list(rows[0].keys()) if c != "written_at" and (table, c) != ("leads", "number")]
        for time_, batch in parts.items():
            if mine := [tuple(r[c] for c in names) for r in rows if r["written_at"] == time_]:
                batch.append((table, names, mine))
    await connection.close()
    return list(parts.values())


async def _copy(url: str, written: list[list[Part]]) -> float:
    """Messages a second when COPY writes the same rows in the same transactions."""
    connection = await _plain(url)
    began = _start()
    for parts in written:
        async with connection.transaction():
            for table, columns, records in parts:
                await connection.copy_records_to_table(table, records=records, columns=columns)
    rate = MESSAGES / (time.perf_counter() - began)
    await connection.close()
    return rate


async def _plain(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


async def _naive(url: str, arriving: list[Inbound]) -> float:
    engine = create_async_engine(url)
    began = _start()
    for n, inbound in enumerate(arriving):
        async with AsyncSession(engine, expire_on_commit=False) as session:
            await handle(session, inbound, n)
    rate = len(arriving) / (time.perf_counter() - began)
    await engine.dispose()
    return rate
