"""What an error means for a delivery, its address and its channel. Pure: the one place that decides it.

Rejected        failed
Unreachable     failed, and the address takes nothing more
Unavailable     again later, with back-off; failed after too many attempts
Uncertain       the same, but a mailing: unknown (nobody gets it twice; a person decides)
Throttled       again later, not counted; the channel (or only the address) rests
Misconfigured   again when the channel is well, not counted; the channel rests until then, operators are told
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.errors import Misconfigured, Rejected, SendError, Throttled, Unavailable, Uncertain, Unreachable
from domain.messages import DeliveryState, Sent
from notifications.retry import LONGEST_PAUSE, RETRY
from store.deliveries import Delivery, Purpose, Verdict
from store.permission import Code

TO_CUSTOMERS = frozenset({Purpose.REPLY, Purpose.GREETING, Purpose.BROADCAST, Purpose.TEST, Purpose.MESSAGE})
_UNSTORABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
_LONGEST_REASON = 500


class Skip(Exception):
    """There is nothing to send after all; the reason is fit for a person to read."""


class Later(Exception):
    """What this one hangs on is not there yet: ask again after `delay`; None: as soon as its channel sends."""

    def __init__(self, reason: str, delay: timedelta | None) -> None:
        super().__init__(reason)
        self.delay = delay


@dataclass(frozen=True, kw_only=True, slots=True)
class Rest:
    """The whole channel sends nothing."""

    until: datetime | None
    """None: until a ping succeeds."""
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one delivery, and what follows from it."""

    delivery: Delivery
    verdict: Verdict
    stops: bool = False
    """The address takes nothing more."""
    rests: Rest | None = None
    """The channel rests."""
    holds: timedelta | None = None
    """The address alone rests that long."""
    refused: str = ""
    """Why a relay could not go with its files: its text goes without them."""
    pulse: str = ""
    """Of a mailing: how its provider answered, as a word of broadcasts.brakes.Pulse; empty: it was not asked."""


def gate(delivery: Delivery) -> Outcome | None:
    """The gate that no sender can pass by: why this delivery is not even offered, or None."""
    if delivery.suppressed is not None and delivery.purpose in TO_CUSTOMERS:
        return _end(delivery, DeliveryState.SKIPPED, f"suppressed: {delivery.suppressed}", "suppressed")
    most = RETRY[Purpose(delivery.purpose)].attempts
    if delivery.attempts > most:
        return _end(delivery, DeliveryState.FAILED, f"given up after {most} attempts, none of which came to an end")
    return None


def went_out(delivery: Delivery, sent: Sent) -> Outcome:
    """The provider took it."""
    external_id, *others = (_UNSTORABLE.sub("", name) for name in (sent.external_id, *sent.others))
    verdict = Verdict(
        id=delivery.id, state=DeliveryState.SENT, external_id=external_id or None, others=tuple(filter(None, others))
    )
    return Outcome(delivery=delivery, verdict=verdict, pulse="sent")


def verdict(error: BaseException, delivery: Delivery, now: datetime, chance: float = 0.5) -> Outcome:
    """What follows from an error. `chance` in [0, 1) is the jitter of the back-off."""
    match error:
        case Rejected():
            return replace(_end(delivery, DeliveryState.FAILED, error.reason, "rejected"), pulse="blocked")
        case Unreachable():
            ended = Verdict(id=delivery.id, state=DeliveryState.FAILED, reason=words(error.reason), code="hard")
            return Outcome(delivery=delivery, verdict=ended, stops=True, pulse="hard")
        case Throttled():
            return _throttled(error, delivery, now, chance)
        case Misconfigured():
            rests = Rest(until=None, reason=words(error.reason))
            return Outcome(delivery=delivery, verdict=_again(delivery, error.reason), rests=rests)
        case Uncertain() if delivery.purpose == Purpose.BROADCAST:
            return replace(_end(delivery, DeliveryState.UNKNOWN, error.reason, "uncertain"), pulse="soft")
        case Unavailable() | SendError():
            return replace(_unavailable(error, delivery, now, chance), pulse="soft")
        case Skip():
            return _end(delivery, DeliveryState.SKIPPED, str(error))
        case Later():
            return put_off(delivery, None if error.delay is None else now + error.delay, str(error))
        case _:
            return _end(delivery, DeliveryState.FAILED, _bug(error), "fault")


def put_off(delivery: Delivery, until: datetime | None, reason: str) -> Outcome:
    """Back into the queue without having been offered; None: at its old place."""
    return Outcome(delivery=delivery, verdict=_again(delivery, reason, until))


def left_out(delivery: Delivery, code: str, now: datetime) -> Verdict:
    """A mailing's row that does not go, with the ledger's code why. Where the address is dead, a cascade goes on."""
    on = now if code == Code.SUPPRESSED else None
    return Verdict(id=delivery.id, state=DeliveryState.SKIPPED, reason=str(code), code=str(code), next_at=on)


def words(reason: str) -> str:
    """A reason that the database can keep and a person can read: one line, bounded, never empty."""
    plain = _UNSTORABLE.sub(" ", reason).strip() or "no reason was given"
    return plain if len(plain) <= _LONGEST_REASON else plain[: _LONGEST_REASON - 1] + "…"


def _throttled(error: Throttled, delivery: Delivery, now: datetime, chance: float) -> Outcome:
    wait = min(max(error.retry_after, timedelta(0)), LONGEST_PAUSE)
    again = _again(delivery, error.reason, now + wait)
    if error.address_only and delivery.provider:  # a mailing ends some day, also for a mailbox that is always too busy
        return replace(_unavailable(error, delivery, now, chance), holds=wait)
    if error.address_only:
        return Outcome(delivery=delivery, verdict=again, holds=wait)
    if delivery.provider:  # one receiver of a mailing is too busy: its brake is put on, answers to others go on
        return Outcome(delivery=delivery, verdict=again, pulse="soft")
    return Outcome(delivery=delivery, verdict=again, rests=Rest(until=now + wait, reason=words(error.reason)))


def _unavailable(error: SendError, delivery: Delivery, now: datetime, chance: float) -> Outcome:
    backoff = RETRY[Purpose(delivery.purpose)]
    if delivery.attempts >= backoff.attempts:
        reason = f"given up after {delivery.attempts} attempts: {error.reason}"
        return _end(delivery, DeliveryState.FAILED, reason, "soft")
    again = now + backoff.delay(delivery.attempts, chance)
    return Outcome(
        delivery=delivery,
        verdict=Verdict(id=delivery.id, state=DeliveryState.PENDING, reason=words(error.reason), retry_at=again),
    )


def _bug(error: BaseException) -> str:
    return f"a fault in Leadwire itself ({type(error).__name__}); the log has the details"


def _again(delivery: Delivery, reason: str, at: datetime | None = None) -> Verdict:
    return Verdict(id=delivery.id, state=DeliveryState.PENDING, reason=words(reason), retry_at=at, counted=False)


def _end(delivery: Delivery, state: DeliveryState, reason: str, code: str = "") -> Outcome:
    """A relay fails only without its files: what a customer wrote always arrives."""
    if state is DeliveryState.FAILED and delivery.purpose == Purpose.RELAY and not delivery.facts.get("plain"):
        ended = Verdict(
            id=delivery.id, state=DeliveryState.SKIPPED, reason=words(f"goes again without files: {reason}")
        )
        return Outcome(delivery=delivery, verdict=ended, refused=words(reason))
    return Outcome(delivery=delivery, verdict=Verdict(id=delivery.id, state=state, reason=words(reason), code=code))
