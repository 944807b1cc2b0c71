"""Dead letters: what could not be handled, with the reason, until a person replays or drops it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast

from redis.asyncio import Redis
from redis.typing import EncodableT, FieldT

from bus.connect import client
from bus.streams import BODY, DEAD, Entry, summary

_ERROR_MAX = 4000  # characters
_PAGE = 200

Row = tuple[bytes, dict[bytes, bytes]]
"""An entry of the dead stream: its id and its fields."""
Rows = list[Row]


@dataclass(frozen=True, kw_only=True, slots=True)
class Dead:
    """One dead letter."""

    id: str
    """By which it is shown, replayed, dropped."""
    stream: str
    """Where it came from and goes back to."""
    error: str
    attempts: int
    """How often it was delivered."""
    at: datetime
    """When it was set aside."""
    payload: bytes
    """The event as it was published; JSON unless that is what is wrong with it."""
    summary: str
    """Who wrote, through which channel, how it begins."""


async def bury(redis: Redis, source: str, entry: Entry, *, error: str, attempts: int) -> None:
    """Copy an entry to the dead stream. A crash before it is deleted from its own stream buries it twice, never not."""
    fields: dict[FieldT, EncodableT] = {
        BODY: entry.data,
        "stream": source,
        "error": error[:_ERROR_MAX],
        "attempts": attempts,
        "at": datetime.now(UTC).isoformat(),
    }
    await redis.xadd(DEAD, fields)


class DeadLetters:
    """The dead stream, for `leadwire dead` and the operators' alarm."""

    def __init__(self, url: str) -> None:
        self._redis = client(url, connections=2)

    async def aclose(self) -> None:
        await self._redis.aclose()

    async def count(self) -> int:
        return int(await self._redis.xlen(DEAD))

    async def list(self, limit: int = 50, after: str = "") -> list[Dead]:
        """The oldest first; `after` is the id of the last one that was seen."""
        start = f"({after}" if after else "-"
        return [_read(*row) for row in await self._rows(start, "+", limit)]

    async def show(self, id: str) -> Dead:
        """Raises KeyError when there is no such letter."""
        return _read(*await self._get(id))

    async def replay(self, id: str | Literal["all"]) -> int:
        """Put it (or "all" that lie there now) back on its own stream; the number of letters replayed.

        It is added there before it is removed here: a crash in between replays it twice, which consumers bear.
        Raises KeyError when there is no such letter.
        """
        done = 0
        async for id_, fields in self._chosen(id):
            await self._redis.xadd(_text(fields, b"stream"), {BODY: fields[BODY]})
            await self._redis.xdel(DEAD, id_)
            done += 1
        return done

    async def drop(self, id: str) -> None:
        """Remove it for ever. Raises KeyError when there is no such letter."""
        id_, _ = await self._get(id)
        await self._redis.xdel(DEAD, id_)

    async def _chosen(self, id_: str) -> AsyncIterator[Row]:
        if id_ != "all":
            yield await self._get(id_)
            return
        start, end = "-", await self._newest()  # what dies again during the replay is not replayed again
        while page := await self._rows(start, end, _PAGE):
            for row in page:
                yield row
            start = f"({page[-1][0].decode()}"

    async def _get(self, id_: str) -> Row:
        found = await self._rows(id_, id_, 1) if _is_id(id_) else []
        if not found:
            raise KeyError(id_)
        return found[0]

    async def _rows(self, start: str, end: str, count: int) -> Rows:
        return cast(Rows, await self._redis.xrange(DEAD, min=start, max=end, count=count))

    async def _newest(self) -> str:
        found = cast(Rows, await self._redis.xrevrange(DEAD, count=1))
        return found[0][0].decode() if found else "0-1"


def _is_id(text: str) -> bool:
    """An entry's id is "milliseconds-sequence"."""
    left, dash, right = text.partition("-")
    return bool(dash) and all(part.isascii() and part.isdigit() and len(part) <= 20 for part in (left, right))


def _read(id_: bytes, fields: dict[bytes, bytes]) -> Dead:
    payload = Entry.of(id_, fields).payload
    return Dead(
        id=id_.decode(),
        stream=_text(fields, b"stream"),
        error=_text(fields, b"error"),
        attempts=int(fields[b"attempts"]),
        at=datetime.fromisoformat(_text(fields, b"at")),
        payload=payload,
        summary=summary(payload),
    )


def _text(fields: dict[bytes, bytes], name: bytes) -> str:
    return fields[name].decode(errors="replace")
