"""Mails on their way to one SMTP server: what waits, and who is told what became of it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

from channels.email.errors import translate
from domain.errors import SendError
from domain.messages import Sent


@dataclass(kw_only=True, slots=True, eq=False)
class Letter:
    """One mail to one recipient."""

    sender: str
    to: str
    size: int
    """Bytes of the mail, as SIZE counts them (RFC 1870)."""
    data: bytes
    """What is sent after DATA: lines that end with CR LF, dots stuffed, and the final dot (RFC 5321, section 4.5.2)."""
    is_ascii: bool
    """Whether both addresses are; otherwise the server must know SMTPUTF8 (RFC 6531)."""
    sent: Sent
    """What its sender gets when the server has it."""
    bulk: bool = False
    """Of a mailing: everything else goes first."""
    told: asyncio.Future[Sent] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    refusal: Exception | None = None
    """The first refusal of this attempt."""
    tried: bool = False
    """A connection has already broken under it."""
    since: float = field(default_factory=time.monotonic)
    """When it was posted."""

    def accept(self) -> None:
        """The server has it."""
        if not self.told.done():
            self.told.set_result(self.sent)

    def fail(self, error: Exception) -> None:
        """It did not go out, or nobody knows: the sender gets `error`, or what `translate` makes of it."""
        if self.told.done():
            return
        failure = error if isinstance(error, SendError) else translate(error, to=self.to)
        if failure is not error:
            failure.__cause__ = error
        self.told.set_exception(failure)


class Outbox:
    """What waits. Single letters overtake mailings; those whose sender has gone are left out."""

    def __init__(self) -> None:
        self._single: deque[Letter] = deque()
        self._bulk: deque[Letter] = deque()

    def __bool__(self) -> bool:
        for lane in (self._single, self._bulk):
            while lane and lane[0].told.done():
                lane.popleft()
        return bool(self._single or self._bulk)

    def add(self, letter: Letter) -> None:
        """To the end of its lane."""
        (self._bulk if letter.bulk else self._single).append(letter)

    def take(self) -> Letter | None:
        """The next one, or None."""
        for lane in (self._single, self._bulk):
            while lane:
                letter = lane.popleft()
                if not letter.told.done():
                    return letter
        return None

    def put_back(self, letter: Letter) -> None:
        """To the front of its lane: it was not handed over."""
        letter.refusal = None
        (self._bulk if letter.bulk else self._single).appendleft(letter)

    def fail_all(self, error: Exception) -> None:
        """Tell everybody who waits: the server takes nothing now."""
        while letter := self.take():
            _refuse(letter, error)

    def fail_older(self, error: Exception, than: float) -> None:
        """The same, to those who have waited since before that moment (`time.monotonic`)."""
        for lane in (self._single, self._bulk):
            while lane and lane[0].since < than:
                _refuse(lane.popleft(), error)


def _refuse(letter: Letter, error: Exception) -> None:
    failure = translate(error)  # one for each: a raised error collects the frames of whoever raises it
    failure.__cause__ = error
    letter.fail(failure)
