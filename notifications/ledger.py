"""Writes down what became of deliveries, and all that follows from it, in one transaction for many."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from domain.ids import new_id
from domain.messages import ChannelName, DeliveryState, utcnow
from notifications.verdict import Outcome, Rest
from store import cards, chats, deliveries, events, pacing, permission, suppressions
from store.bulk import Row
from store.deliveries import Delivery, Lane, Purpose, Verdict
from store.engine import Connection, Database, is_away

log = logging.getLogger(__name__)

Operator = tuple[ChannelName, str]
"""(channel, address) of somebody who mends channels."""
Facts = Mapping[str, str]

PULSES = ("sent", "soft", "hard", "blocked", "complaints")
"""The columns of `store.pacing.count`."""
_QUIET = frozenset({Purpose.REFRESH, Purpose.RETIRE, Purpose.TOAST})  # their success is no step in the life of a lead


class Ledger:
    """The way back into the store."""

    def __init__(self, database: Database, operators: Sequence[Operator]) -> None:
        self._database = database
        self._operators = operators

    async def write(self, outcomes: Sequence[Outcome]) -> None:
        """Settle them all. One that the database refuses costs only itself, and is swept later.

        Raises what `store.engine.is_away` recognises: then nothing was written, and it may be tried again.
        """
        try:
            await self._write(outcomes)
        except Exception as error:
            if is_away(error):
                raise
            log.exception("%d deliveries could not be settled together", len(outcomes))
            await self._write_singly(outcomes)

    async def _write_singly(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            try:
                await self._write([outcome])
            except Exception as error:
                if is_away(error):
                    raise
                log.exception("delivery %s could not be settled: it will be sent again", outcome.delivery.id)

    async def _write(self, decided: Sequence[Outcome]) -> None:
        now = utcnow()
        async with self._database.begin() as connection:
            # A commit whose answer was lost is tried again, and a lapsed lease may have given the row to another.
            claims = dict(_claim(o.delivery) for o in decided)
            ours = await deliveries.settle(connection, [_settled(o) for o in decided], now, claims)
            outcomes = [o for o in decided if o.delivery.id in ours]
            await cards.put_off(connection, [_edit_again(o, now) for o in outcomes if _is_edit_again(o)])
            await suppressions.stop(connection, [_stopped(o, now) for o in outcomes if o.stops])
            dead = [(o.delivery.channel, o.delivery.address) for o in outcomes if o.stops]
            await permission.drop_unreachable(connection, dead, "the address takes nothing")
            await pacing.count(connection, _pulses(outcomes, now))
            notices = await self._rest(connection, outcomes, now)
            notices += await _tell_authors(connection, outcomes, now)
            notices += [row for o in outcomes if _is_lost_card(o) for row in self._lost_card(o, now)]
            notices += [row for o in outcomes if _is_lost_relay(o) for row in self._lost_relay(o, now)]
            notices += [_plain_relay(o, now) for o in outcomes if o.refused]
            await deliveries.add(connection, notices)
            await events.add(connection, [_event(o, now) for o in outcomes if _is_event(o)])
            await chats.refresh(connection, _shown(outcomes), now)
            await chats.retire(connection, [o.delivery.id for o in outcomes if _is_sent_card(o)], now)

    async def _rest(self, connection: Connection, outcomes: Sequence[Outcome], now: datetime) -> list[Row]:
        """Pause channels; the notices about those that a person must mend."""
        rests: dict[str, Rest] = {}
        for o in outcomes:
            if o.rests and (o.delivery.channel not in rests or o.rests.until is None):
                rests[o.delivery.channel] = o.rests
        notices = []
        for channel, rest in rests.items():
            fresh = await suppressions.pause(connection, channel, rest.until, rest.reason, now)
            if fresh and rest.until is None:
                log.critical("channel %s sends nothing until it is mended: %s", channel, rest.reason)
                notices += self.alert("channel_paused", channel, now, {"channel": channel, "reason": rest.reason})
        return notices

    def _lost_card(self, outcome: Outcome, now: datetime) -> list[Row]:
        """Nobody was shown this lead: that must not stay unknown."""
        delivery, reason = outcome.delivery, outcome.verdict.reason
        log.error("the card of lead %s did not reach %s %s: %s", delivery.lead, delivery.channel, delivery.id, reason)
        return self.alert("card_failed", "", now, {"reason": reason}, delivery.lead)

    def _lost_relay(self, outcome: Outcome, now: datetime) -> list[Row]:
        """The owner, unless his chat takes nothing at all, and the operators, each once."""
        delivery, facts = outcome.delivery, {"reason": outcome.verdict.reason}
        log.error("a relay of lead %s did not arrive (%s): %s", delivery.lead, delivery.id, facts["reason"])
        place = (delivery.channel, delivery.address)
        others = self.alert("relay_failed", "", now, facts, delivery.lead, but=place)
        if outcome.stops:
            return others
        owner = _notice("relay_failed", *place, now, facts, lead=delivery.lead, staff=delivery.staff)
        return [owner, *others]

    def alert(
        self,
        key: str,
        broken: str,
        at: datetime,
        facts: Facts,
        lead: UUID | None = None,
        but: tuple[str, str] | None = None,
    ) -> list[Row]:
        """The notice `key` for each operator that is not on the `broken` channel, nor at the place `but`."""
        return [
            _notice(key, channel, address, at, facts, lead=lead)
            for channel, address in self._operators
            if channel != broken and (channel, address) != but
        ]


async def _tell_authors(connection: Connection, outcomes: Iterable[Outcome], now: datetime) -> list[Row]:
    """Who wrote an answer that will never arrive is told so, with the reason."""
    lost = {o.delivery.message: o for o in outcomes if o.delivery.purpose == Purpose.REPLY and _is_dead(o)}
    messages = [message for message in lost if message]
    if not messages:
        return []
    rows = []
    for author in await cards.authors(connection, messages):
        outcome = lost[author.message]
        facts, lead = {"reason": outcome.verdict.reason}, outcome.delivery.lead
        rows.append(_notice("reply_failed", author.channel, author.address, now, facts, lead=lead, staff=author.staff))
    return rows


def _pulses(outcomes: Iterable[Outcome], now: datetime) -> list[Row]:
    """How each provider answered to mailings, as rows of `store.pacing.count`."""
    found = Counter((o.delivery.channel, o.delivery.provider, o.pulse) for o in outcomes if o.delivery.broadcast)
    minute = now.replace(second=0, microsecond=0)
    pairs = sorted({(channel, provider) for channel, provider, pulse in found if pulse})
    return [(*pair, minute, *(found[*pair, kind] for kind in PULSES)) for pair in pairs]


def _notice(
    key: str, channel: str, address: str, at: datetime, facts: Facts, *, lead: UUID | None, staff: UUID | None = None
) -> Row:
    text = msgspec.json.encode({"key": key, **facts}).decode()
    return deliveries.row(
        Purpose.NOTICE, Lane.NOTICE, channel=channel, address=address, at=at, facts=text, lead=lead, staff=staff
    )


def _claim(delivery: Delivery) -> tuple[UUID, int]:
    tries = int(delivery.facts.get("tries", 0)) if delivery.purpose == Purpose.REFRESH else 0
    return delivery.id, delivery.attempts - tries


def _is_dead(outcome: Outcome) -> bool:
    return outcome.verdict.state in (DeliveryState.FAILED, DeliveryState.SKIPPED)


def _is_lost_card(outcome: Outcome) -> bool:
    return outcome.delivery.purpose == Purpose.CARD and outcome.verdict.state is DeliveryState.FAILED


def _is_sent_card(outcome: Outcome) -> bool:
    return outcome.delivery.purpose == Purpose.CARD and outcome.verdict.state is DeliveryState.SENT


def _is_lost_relay(outcome: Outcome) -> bool:
    return outcome.delivery.purpose == Purpose.RELAY and outcome.verdict.state is DeliveryState.FAILED


def _plain_relay(outcome: Outcome, now: datetime) -> Row:
    """The same once more, as text alone that names the files."""
    delivery = outcome.delivery
    facts = msgspec.json.encode({**delivery.facts, "plain": True, "reason": outcome.refused}).decode()
    return deliveries.row(
        Purpose.RELAY,
        Lane.CARD,
        channel=delivery.channel,
        address=delivery.address,
        at=now,
        facts=facts,
        lead=delivery.lead,
        message=delivery.message,
        staff=delivery.staff,
    )


def _is_edit_again(outcome: Outcome) -> bool:
    return outcome.delivery.purpose == Purpose.REFRESH and outcome.verdict.state is DeliveryState.PENDING


def _settled(outcome: Outcome) -> Verdict:
    """An edit never becomes pending again itself (see `store.cards.put_off`): it gives way to another row."""
    if not _is_edit_again(outcome):
        return outcome.verdict
    reason = f"put off, a new edit follows: {outcome.verdict.reason}"
    return Verdict(id=outcome.verdict.id, state=DeliveryState.SKIPPED, reason=reason)


def _edit_again(outcome: Outcome, now: datetime) -> Row:
    delivery, verdict = outcome.delivery, outcome.verdict
    tries = delivery.attempts if verdict.counted else delivery.attempts - 1
    return deliveries.row(
        Purpose.REFRESH, Lane.CARD, channel=delivery.channel, address=delivery.address, at=now,
        facts=f'{{"tries":{tries}}}', due_at=verdict.retry_at, lead=delivery.lead, staff=delivery.staff,
    )  # fmt: skip


def _stopped(outcome: Outcome, now: datetime) -> Row:
    return outcome.delivery.channel, outcome.delivery.address, outcome.verdict.reason, now


def _is_event(outcome: Outcome) -> bool:
    """The steps that a trace shows: what has come to an end and belongs to a lead or a message."""
    delivery, state = outcome.delivery, outcome.verdict.state
    if state is DeliveryState.PENDING or not (delivery.lead or delivery.message):
        return False
    return state is DeliveryState.FAILED or delivery.purpose not in _QUIET


def _event(outcome: Outcome, now: datetime) -> Row:
    delivery, verdict = outcome.delivery, outcome.verdict
    data = {"delivery": str(delivery.id), "purpose": delivery.purpose, "attempts": delivery.attempts}
    data |= {"reason": verdict.reason} if verdict.reason else {}
    data |= {"external_id": verdict.external_id} if verdict.external_id else {}
    text = msgspec.json.encode(data).decode()
    return new_id(), now, f"delivery.{verdict.state}", delivery.channel, delivery.lead, delivery.message, text


def _shown(outcomes: Iterable[Outcome]) -> list[UUID]:
    """The leads whose cards show something else now."""
    ended = (o for o in outcomes if o.verdict.state is not DeliveryState.PENDING)
    return [o.delivery.lead for o in ended if o.delivery.lead and _is_on_card(o)]


def _is_on_card(outcome: Outcome) -> bool:
    """An answer; and what a customer wrote, once it has been relayed or could not be."""
    return outcome.delivery.purpose in (Purpose.REPLY, Purpose.RELAY)
