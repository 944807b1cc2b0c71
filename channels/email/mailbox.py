"""Mail in: one folder of an IMAP account, read from a cursor on, for ever."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from channels.email.cursor import Cursor
from channels.email.fetched import Letter
from channels.email.imap import Folder, ImapConnection, ServerSaysNo
from channels.email.parse import Envelope, parse, unreadable
from channels.email.settings import ImapSettings
from domain.errors import Refused, Unavailable, Unpublished
from domain.messages import ChannelName, Inbound, Report
from domain.ports import Accept, Host

log = logging.getLogger(__name__)

CHUNK = 100
"""UIDs in one command: the library recurses three times per mail, and Python allows a depth of 1,000."""
BATCH = 8 * 1024 * 1024
"""Bytes of mail held in memory at a time, unless a single one is larger."""
REACH = timedelta(days=7)
"""How far back the first start looks for unread mail."""
PATIENCE = 5
"""How many times a mail may break the connection before it is handed on as unreadable."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail on its way to `accept`."""

    uid: int
    event: Inbound | Report
    whole: bool = True
    """False when the server would not give it out; then it is not touched either."""


@dataclass(slots=True)
class Outcome:
    """What `accept` said to a batch."""

    accepted: set[int] = field(default_factory=set)
    settled: set[int] = field(default_factory=set)
    error: Unpublished | None = None


@dataclass(frozen=True, slots=True)
class _Session:
    connection: ImapConnection
    accept: Accept
    folder: Folder


class FolderWatch:
    """Reads one folder. It remembers only which mails made trouble; the cursor lies with the host."""

    def __init__(self, channel: ChannelName, address: str, settings: ImapSettings, host: Host, folder: str) -> None:
        self._channel, self._address, self._settings, self._host = channel, address, settings, host
        self._folder = folder
        self._failures = 0
        self._careful_up_to = 0
        """Up to this UID mails are fetched one by one: the connection broke among them."""
        self._broke: dict[int, int] = {}

    async def run(self, accept: Accept) -> None:
        """Read until cancelled. Raises Misconfigured when a person must mend something."""
        while True:
            try:
                await self._session(accept)
            except (Unavailable, Unpublished, ServerSaysNo) as error:
                delay = min(self._settings.retry_first * 2 ** min(self._failures, 20), self._settings.retry_most)
                self._failures += 1
                log.warning("%s, folder %s: %s; again in %.0f s", self._channel, self._folder, error, delay)
                await asyncio.sleep(delay)

    async def _session(self, accept: Accept) -> None:
        connection = await ImapConnection.open(self._settings)
        try:
            session = _Session(connection, accept, await connection.select(self._folder))
            cursor = await self._resume(session)
            while True:
                # "n:*" names the last mail also when it is older than n (RFC 3501, section 6.4.8).
                new = [uid for uid in await connection.search(f"UID {cursor.uid + 1}:*") if uid > cursor.uid]
                if new:
                    cursor = await self._take(session, new, cursor)
                else:
                    await connection.wait_for_news()
                self._failures = 0
        finally:
            await connection.close()

    async def _resume(self, session: _Session) -> Cursor:
        """The cursor to go on from, after taking what a plain "everything above it" would miss."""
        folder, today = session.folder, datetime.now(UTC).date()
        saved = Cursor.parse(await self._host.cursors.load(self._channel, self._folder) or "")
        top = folder.next_uid - 1 if folder.next_uid else max(await session.connection.search("ALL"), default=0)
        if saved is None:
            saved = await self._save(Cursor(validity=folder.validity, uid=top, day=today, unseen=True))
        target = saved
        if saved.validity != folder.validity:
            log.warning("%s, folder %s: the server numbers its mails anew; reading again", self._channel, self._folder)
            target = Cursor(validity=folder.validity, uid=top, day=today)
        elif not saved.unseen:
            return saved
        missed = [uid for uid in await self._missed(session, saved) if uid <= target.uid]
        await self._take(session, missed, target)
        return await self._save(replace(target, unseen=False))

    async def _missed(self, session: _Session, saved: Cursor) -> list[int]:
        """The unread mails of a first start; after a new UIDVALIDITY, all since the last day known to be settled.

        Mail that comes twice is recognised by its external id. Going back further would make leads of mail from before
        the first start.
        """
        missed: set[int] = set()
        if saved.unseen:
            missed.update(await session.connection.search("UNSEEN", "SINCE", _imap_date(saved.day - REACH)))
        if saved.validity != session.folder.validity:
            # A day more: SINCE counts days in the server's time zone.
            missed.update(await session.connection.search("SINCE", _imap_date(saved.day - timedelta(days=1))))
        return sorted(missed)

    async def _save(self, cursor: Cursor) -> Cursor:
        await self._host.cursors.save(self._channel, self._folder, str(cursor))
        return cursor

    async def _advance(self, cursor: Cursor, uid: int) -> Cursor:
        """Forward only: while mails below the cursor are caught up with, it stays."""
        if uid <= cursor.uid:
            return cursor
        return await self._save(replace(cursor, uid=uid, day=datetime.now(UTC).date()))

    async def _take(self, session: _Session, uids: Sequence[int], cursor: Cursor) -> Cursor:
        """Hand over these mails, oldest first. Raises Unpublished at the first that could not be made durable."""
        for chunk in self._chunks(uids):
            letters = await self._letters(session.connection, chunk)
            for batch in _batches(letters, self._host.max_file):
                cursor = await self._hand_over(session, batch, cursor)
            cursor = await self._advance(cursor, chunk[-1])  # some may have vanished meanwhile
        return cursor

    async def _letters(self, connection: ImapConnection, uids: Sequence[int]) -> list[Letter]:
        if len(uids) == 1 and self._is_hopeless(uids[0]):
            return [Letter(uid=uids[0], size=0, arrived=datetime.now(UTC))]
        async with self._watching(uids):
            return await connection.letters(uids)

    def _is_hopeless(self, uid: int) -> bool:
        return self._broke.get(uid, 0) >= PATIENCE

    def _chunks(self, uids: Sequence[int]) -> Iterator[Sequence[int]]:
        careful = [uid for uid in uids if uid <= self._careful_up_to]
        yield from ([uid] for uid in careful)
        for start in range(len(careful), len(uids), CHUNK):
            yield uids[start : start + CHUNK]

    async def _hand_over(self, session: _Session, letters: Sequence[Letter], cursor: Cursor) -> Cursor:
        fetched = await self._fetch(session, letters)
        outcome = await self._offer(session.accept, fetched)
        movable = [mail.uid for mail in fetched if mail.whole and mail.uid in outcome.accepted]
        if movable and self._settings.file_to:
            await session.connection.move(movable, self._settings.file_to)
        if outcome.error is None:
            return await self._advance(cursor, letters[-1].uid)
        first_open = min(mail.uid for mail in fetched if mail.uid not in outcome.settled)
        await self._advance(cursor, first_open - 1)
        raise outcome.error

    async def _offer(self, accept: Accept, fetched: Iterable[Fetched]) -> Outcome:
        """Offer all at once, so that the house may store them together; one sender's mails in their order."""
        lanes: dict[str, list[Fetched]] = {}
        for mail in fetched:
            lanes.setdefault(_lane(mail), []).append(mail)
        outcome = Outcome()
        async with asyncio.TaskGroup() as group:
            for lane in lanes.values():
                group.create_task(self._offer_lane(accept, lane, outcome))
        return outcome

    async def _offer_lane(self, accept: Accept, lane: Iterable[Fetched], outcome: Outcome) -> None:
        for mail in lane:
            try:
                await accept(mail.event)
            except Unpublished as error:
                outcome.error = error
                return
            except Refused as error:
                log.error("%s, folder %s, UID %d is refused: %s", self._channel, self._folder, mail.uid, error.reason)
            else:
                outcome.accepted.add(mail.uid)
            outcome.settled.add(mail.uid)

    async def _fetch(self, session: _Session, letters: Sequence[Letter]) -> list[Fetched]:
        bodies = await self._contents(session.connection, letters)
        # In a thread: a large mail keeps the processor busy for a while.
        return await asyncio.to_thread(self._parsed, session.folder, letters, bodies)

    async def _contents(self, connection: ImapConnection, letters: Sequence[Letter]) -> dict[int, bytes | None]:
        """The mails by UID, the headers of too large ones, None for what the server will not give out."""
        if len(letters) == 1 and self._is_hopeless(letters[0].uid):
            return {letters[0].uid: None}
        uids, head_only = [letter.uid for letter in letters], letters[0].size > self._host.max_file
        try:
            async with self._watching(uids):
                size = sum(letter.size for letter in letters)
                return dict(await connection.contents(uids, size, head_only=head_only))
        except ServerSaysNo:
            if len(letters) == 1:
                return {letters[0].uid: None}
        found: dict[int, bytes | None] = {}
        for letter in letters:
            found |= await self._contents(connection, [letter])
        return found

    @asynccontextmanager
    async def _watching(self, uids: Sequence[int]) -> AsyncIterator[None]:
        """Remember among which mails the connection broke: a server may stumble over a single one of them."""
        try:
            yield
        except Unavailable:
            self._careful_up_to = max(self._careful_up_to, uids[-1])
            if len(uids) == 1:
                self._broke[uids[0]] = self._broke.get(uids[0], 0) + 1
            raise

    def _parsed(self, folder: Folder, letters: Sequence[Letter], bodies: Mapping[int, bytes | None]) -> list[Fetched]:
        return [
            Fetched(letter.uid, self._event(folder, letter, body), whole=body is not None)
            for letter in letters
            if (body := bodies.get(letter.uid, b"")) != b""
        ]

    def _event(self, folder: Folder, letter: Letter, body: bytes | None) -> Inbound | Report:
        envelope = Envelope(
            channel=self._channel,
            own=self._address,
            received_at=letter.arrived,
            receivers=self._settings.receivers,
        )
        if body is None:
            place = f"{self._folder}:{folder.validity}:{letter.uid}"
            reason = f"the mail server does not give out mail {letter.uid} of folder {self._folder}"
            return unreadable(b"", envelope, reason, external_id=hashlib.sha256(place.encode()).hexdigest())
        if letter.size > self._host.max_file:
            return unreadable(body, envelope, f"too large: {letter.size} bytes, the limit is {self._host.max_file}")
        return parse(body, envelope)


def _batches(letters: Sequence[Letter], limit: int) -> Iterator[list[Letter]]:
    """Cut where a batch would grow too large for the memory. A mail above `limit` comes alone."""
    batch: list[Letter] = []
    for letter in letters:
        alone = letter.size > limit or (batch and batch[-1].size > limit)
        if batch and (alone or sum(each.size for each in batch) + letter.size > BATCH):
            yield batch
            batch = []
        batch.append(letter)
    if batch:
        yield batch


def _lane(mail: Fetched) -> str:
    if isinstance(mail.event, Inbound) and mail.event.addresses:
        return mail.event.addresses[0].value
    return f"uid {mail.uid}"


def _imap_date(day: date) -> str:
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"
