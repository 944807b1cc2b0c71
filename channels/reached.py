"""Whether an HTTP request found its server before it failed: what never left can be sent again without doubt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace

from aiohttp import ClientSession, TraceConfig, TraceConnectionCreateEndParams, TraceConnectionReuseconnParams


@dataclass(slots=True)
class Attempt:
    """One request."""

    reached: bool = False
    """It had a connection; small requests are written at once."""


_current: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


@contextmanager
def attempt() -> Iterator[Attempt]:
    """Watch the request that is made within the block, by a session that has `watching()`."""
    watched = Attempt()
    token = _current.set(watched)
    try:
        yield watched
    finally:
        _current.reset(token)


def watching() -> TraceConfig:
    """For the `trace_configs` of a session."""
    config = TraceConfig()
    config.on_connection_create_end.append(_connected)
    config.on_connection_reuseconn.append(_connected)
    return config


async def _connected(
    session: ClientSession,
    context: SimpleNamespace,
    params: TraceConnectionCreateEndParams | TraceConnectionReuseconnParams,
) -> None:
    if watched := _current.get():
        watched.reached = True
