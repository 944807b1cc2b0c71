"""The pre-flight: one look at a draft in a real database, with everything outside faked at its seams."""

from __future__ import annotations

import asyncio
import string
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from broadcasts import lifecycle
from broadcasts.checks.domain import From
from broadcasts.checks.finding import Finding
from broadcasts.checks.links import Link, Links, State
from broadcasts.checks.outside import Sending, Surroundings
from broadcasts.checks.spam import Score, SpamAssassin
from broadcasts.conducting import Conductor
from broadcasts.content.texts import FINDINGS
from broadcasts.preflight import Preflight, Setting, outside, preflight
from broadcasts.preflight_words import WORDS
from domain.errors import Rejected
from domain.messages import Outbound
from tests.broadcasts.world import EVERYBODY, HOUSE, TEXT, World, account

NOON = datetime(2027, 3, 10, 12, 0, tzinfo=UTC)
NIGHT = NOON.replace(hour=23)
SETTING = Setting(house=HOUSE, public_url="https://leads.example", topics=frozenset({"news"}))
QUIET = {"since": "21:00", "to": "09:00"}


async def draft(world: World, content: Any = TEXT, *, name: str = "News", **plan: Any) -> UUID:
    """A draft to everybody by mail, without quiet hours."""
    raw = {"audience": EVERYBODY, "steps": [{"channel": "mail"}], "quiet": None, **plan}
    async with world.database.begin() as connection:
        made = await lifecycle.create(connection, world.rules, name=name, plan=raw, content=content, actor="staff:1")
    return made.id


async def look(
    world: World,
    broadcast: UUID,
    setting: Setting = SETTING,
    *,
    now: datetime = NOON,
    looked: Sequence[Finding] | None = (),
    accounts: Mapping[str, Any] | None = None,
    compared_with: UUID | None = None,
) -> Preflight:
    conductor = Conductor(world.database, accounts or world.accounts)
    async with world.database.begin() as connection:
        row = await lifecycle.one(connection, broadcast)
        return await preflight(connection, conductor, row, now, setting, looked=looked, compared_with=compared_with)


def facts(found: Preflight, code: str) -> dict[str, str | int]:
    """Of the one finding with this code."""
    [one] = [one for one in found.findings if one.code == code]
    return dict(one.facts)


def codes(found: Preflight) -> list[str]:
    return [one.code for one in found.findings]


async def finished(world: World, name: str = "News", content: Any = TEXT) -> UUID:
    """A broadcast that everybody of now was sent."""
    broadcast = await draft(world, content, name=name)
    async with world.database.begin() as connection:
        await lifecycle.schedule(connection, world.rules, broadcast, None, actor="staff:1")
    await world.conduct()
    async with world.sending():
        await world.settled(broadcast)
    await world.conduct()
    assert (await world.get(broadcast)).state == "finished"
    return broadcast


async def test_who_gets_it_who_does_not_and_what_it_costs(world: World) -> None:
    world.accounts["sms"] = account("sms", "sms", price=Decimal("2.50"))
    await world.crowd(3)
    await world.person(phone="+79161234567")
    await world.person(email="no@example.com", consents=())
    await world.person(telegram="42")
    found = await look(world, await draft(world, steps=[{"channel": "mail"}, {"channel": "sms"}]))
    assert found.forecast.gets == {"mail": 3, "sms": 1}
    assert found.forecast.not_ == {"no_consent": 1, "no_address": 1}
    assert found.forecast.cost == Decimal("2.50")
    assert found.findings == ()
    assert found.is_clear and not found.needs_confirmation


async def test_an_sms_is_paid_by_the_part(world: World) -> None:
    world.accounts["sms"] = account("sms", "sms", price=Decimal(2))
    await world.person(phone="+79161234567")
    content = {**TEXT, "variants": {"sms": {"text": "я" * 100}}}
    found = await look(world, await draft(world, content, steps=[{"channel": "sms"}]))
    assert found.forecast.cost == 4


async def test_nobody(world: World) -> None:
    found = await look(world, await draft(world))
    assert codes(found) == ["nobody"]
    assert not found.is_clear


async def test_the_content_is_checked_for_its_channels(world: World) -> None:
    await world.crowd(1)
    content = {"subject": "", "blocks": [{"type": "text", "text": "{{ nobody_has_this }}"}]}
    found = await look(world, await draft(world, content))
    assert {"subject_empty", "no_unsubscribe", "variable_unknown"} <= set(codes(found))
    severities = [one.severity for one in found.findings]
    assert severities == sorted(severities, key=("error", "warning", "note").index)
    assert not found.is_clear


async def test_fields_of_the_house_are_known_variables(world: World) -> None:
    await world.crowd(1)
    content = {**TEXT, "subject": "{{ given_name | default('friend') }}"}
    assert codes(await look(world, await draft(world, content))) == []


async def test_a_channel_that_is_configured_no_more(world: World) -> None:
    await world.crowd(1)
    broadcast = await draft(world, steps=[{"channel": "mail"}, {"channel": "bot"}])
    found = await look(world, broadcast, accounts={"mail": world.accounts["mail"]})
    assert facts(found, "channel_gone") == {"channel": "bot"}


async def test_it_is_compared_with_the_last_one_of_its_name(world: World) -> None:
    await world.crowd(2)
    last = await finished(world, "News", {**TEXT, "subject": "Older"})
    await world.person(email="late@example.com")
    await finished(world, "Another", {**TEXT, "subject": "Another"})
    await world.person(email="later@example.com")
    found = await look(world, await draft(world))
    assert found.compared == last
    assert facts(found, "new_people") == {"name": "News", "people": 4, "before": 2, "new": 2}


async def test_without_one_of_its_name_with_the_last_one(world: World) -> None:
    await world.crowd(2)
    last = await finished(world, "Another", {**TEXT, "subject": "Another"})
    found = await look(world, await draft(world))
    assert found.compared == last


@pytest.mark.parametrize("name", ["News", "Another"])
async def test_the_same_content_to_the_same_people(world: World, name: str) -> None:
    await world.crowd(2)
    await finished(world, name)
    await finished(world, "News", {**TEXT, "subject": "Between"})
    await world.person(email="late@example.com")
    assert facts(await look(world, await draft(world)), "same_content") == {"name": name, "before": 2}


async def test_what_has_not_gone_out_is_compared_with_nothing(world: World) -> None:
    await world.crowd(1)
    await draft(world)
    found = await look(world, await draft(world))
    assert found.compared is None
    assert found.findings == ()


async def test_the_same_content_to_others_is_no_matter(world: World) -> None:
    await world.crowd(1)
    await finished(world)
    await world.person(email="late@example.com", values={"city": "Ely"})
    rule = {"field": "city", "op": "is", "value": "Ely"}
    found = await look(world, await draft(world, audience=rule))
    assert found.forecast.people == 1
    assert "same_content" not in codes(found)


async def test_quiet_hours_of_everybody(world: World) -> None:
    await world.crowd(2)
    broadcast = await draft(world, quiet=QUIET, zone="Europe/Moscow")
    assert "wait_quiet" not in codes(await look(world, broadcast))
    found = await look(world, broadcast, now=NIGHT)
    assert facts(found, "wait_quiet") == {"count": 2, "until": "2027-03-11 09:00 (Europe/Moscow)"}


async def test_quiet_hours_of_each_ones_own_clock(world: World) -> None:
    await world.crowd(2)
    await world.person(email="east@example.com", values={"timezone": "Asia/Vladivostok"})
    await world.person(email="west@example.com", values={"timezone": "Europe/Lisbon"})
    await world.person(email="none@example.com", values={"timezone": "Asia/Vladivostok"}, consents=())
    found = await look(world, await draft(world, quiet=QUIET))
    assert facts(found, "wait_quiet") == {"count": 1, "until": "2027-03-10 23:00 (UTC)"}


async def test_a_time_of_each_ones_own_clock(world: World) -> None:
    await world.crowd(1)
    await world.person(email="west@example.com", values={"timezone": "America/New_York"})
    broadcast = await draft(world, local=True)
    async with world.database.begin() as connection:
        await lifecycle.schedule(connection, world.rules, broadcast, NOON - timedelta(days=90), actor="staff:1")
    at = NOON - timedelta(days=90)
    found = await look(world, broadcast, now=at)
    assert facts(found, "wait_local") == {"count": 1, "until": f"{at:%Y-%m-%d} 17:00 (UTC)"}


async def test_those_who_have_had_enough(world: World) -> None:
    await world.crowd(2)
    await finished(world, content={**TEXT, "subject": "Older"})
    await world.person(email="late@example.com")
    broadcast = await draft(world, cap={"count": 1, "days": 7})
    now = datetime.now(UTC)
    assert facts(await look(world, broadcast, now=now), "capped") == {"count": 2, "most": 1, "days": 7}
    assert "capped" not in codes(await look(world, broadcast, now=now + timedelta(days=8)))
    assert "capped" not in codes(await look(world, await draft(world, cap={"count": 2}), now=now))


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        ({"pace": {"day": 1}}, "ends_late"),
        ({"pace": {"hour": 1}}, None),
        ({"pace": {"day": 1}, "repeat": {"days": 1}}, "ends_after_next"),
    ],
)
async def test_an_end_that_is_late(world: World, plan: dict[str, Any], code: str | None) -> None:
    await world.crowd(4)
    found = [one for one in codes(await look(world, await draft(world, **plan))) if one.startswith("ends")]
    assert (code in found) if code else not found


@pytest.mark.parametrize(
    ("changes", "plan", "code", "severity"),
    [
        ({"public_url": ""}, {}, "no_public_url", "error"),
        ({"public_url": "http://leads.example"}, {}, "public_url_plain", "warning"),
        ({"house": type(HOUSE)(company="Orchard")}, {}, "no_postal_address", "warning"),
        ({}, {"purpose": "gossip"}, "purpose_unknown", "error"),
        ({"topics": frozenset()}, {"purpose": "gossip"}, "purpose_unknown", "warning"),
        ({"confirm_over": 1}, {}, "second_person", "warning"),
    ],
)
async def test_what_the_house_lacks(
    world: World, changes: dict[str, Any], plan: dict[str, Any], code: str, severity: str
) -> None:
    await world.crowd(2)
    setting = Setting(**{"house": HOUSE, "public_url": "https://leads.example", "topics": SETTING.topics, **changes})
    broadcast = await draft(world, **plan)
    assert code not in codes(await look(world, await draft(world)))
    assert (code, severity) in [(one.code, one.severity) for one in (await look(world, broadcast, setting)).findings]


@pytest.mark.parametrize("purpose", ["news", "marketing"])
async def test_a_topic_is_a_purpose(world: World, purpose: str) -> None:
    assert "purpose_unknown" not in codes(await look(world, await draft(world, purpose=purpose)))


async def test_a_second_person_has_confirmed_it(world: World) -> None:
    await world.crowd(2)
    broadcast = await draft(world)
    setting = Setting(house=HOUSE, public_url="https://leads.example", confirm_over=1)
    assert (await look(world, broadcast, setting)).needs_confirmation
    async with world.database.begin() as connection:
        await lifecycle.confirm(connection, broadcast, revision=1, actor="staff:2")
    found = await look(world, broadcast, setting)
    assert not found.needs_confirmation
    assert facts(found, "confirmed") == {"count": 2, "most": 1, "who": "staff:2"}


class Fixed(Links):
    """Says of each link what stands in it."""

    urls: Sequence[str] = ()

    async def look(self, urls: Sequence[str]) -> list[Link]:
        self.urls = urls
        return [Link(url, next((s for s in State if s.value in url), State.OK), 404) for url in urls]


class Judge(SpamAssassin):
    """Gives the score that it is made with, and keeps what it saw."""

    def __init__(self, score: Score | None) -> None:
        super().__init__(())
        self.said, self.seen = score, b""

    async def score(self, mail: bytes) -> Score | None:
        self.seen = mail
        return self.said


def mime(message: Outbound) -> bytes:
    return f"{message.subject}|{message.unsubscribe}|{message.list_id}|{message.automatic}".encode()


def around(**given: Any) -> Setting:
    sending = Sending(sender=From(account="mail", domain="shop.example"), mime=mime)
    surroundings = Surroundings(accounts={"mail": sending}, **given)
    return Setting(house=HOUSE, public_url="https://leads.example", around=surroundings)


def linked(*urls: str) -> dict[str, Any]:
    return {**TEXT, "blocks": [*({"type": "button", "text": "Go", "url": url} for url in urls), {"type": "footer"}]}


async def seen(world: World, content: Any, setting: Setting, **plan: Any) -> dict[str, Finding]:
    """What is found outside, by its code."""
    broadcast = await draft(world, content, **plan)
    async with world.database.begin() as connection:
        row = await lifecycle.one(connection, broadcast)
    return {one.code: one for one in await outside(row, Conductor(world.database, world.accounts), setting)}


async def test_links_are_looked_at(world: World) -> None:
    urls = [f"https://shop.by/{state}" for state in State]
    personal, inner = "https://shop.by/unreachable?{{ name }}", "https://10.0.0.1/refused"
    looked = Fixed()
    found = await seen(world, linked(*urls, personal, inner, "tel:+7916"), around(links=looked))
    assert dict(found["link_dead"].facts) == {"url": urls[1], "status": 404}
    assert found["link_dead"].where == "blocks[1].url"
    assert len(looked.urls) == len(urls)
    assert dict(found["link_unreachable"].facts) == {"url": urls[2]}
    assert dict(found["link_refused"].facts) == {"url": urls[3]}
    assert dict(found["links_unchecked"].facts) == {"count": 1}


async def test_nothing_outside_is_said_to_be_unchecked(world: World) -> None:
    found = await seen(world, linked("https://shop.by/"), around())
    assert set(found) == {"links_unchecked", "dns_missing", "spam_unchecked"}
    assert {one.severity for one in found.values()} == {"note"}


@pytest.mark.parametrize(
    ("score", "code", "severity"),
    [(None, "spam_unchecked", "note"), ("1.9", "spam_score", "note"), ("2.0", "spam_score", "warning")],
)
async def test_the_filter_sees_the_real_mail(world: World, score: str | None, code: str, severity: str) -> None:
    judge = Judge(Score(score=Decimal(score), required=Decimal(5), rules=("A", "B")) if score else None)
    found = await seen(world, TEXT, around(spam=judge))
    assert judge.seen == b"News for friend|https://leads.example/u/" + b"0" * 44 + b"|marketing.shop.example|True"
    assert (found[code].severity, found[code].where) == (severity, "mail")
    assert code == "spam_unchecked" or found[code].say("en").endswith("A, B")


async def test_chats_need_neither_a_domain_nor_a_filter(world: World) -> None:
    found = await seen(world, linked("https://shop.by/"), around(links=Fixed()), steps=[{"channel": "bot"}])
    assert found == {}


class Never:
    """A DNS that does not come back."""

    async def txt(self, name: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return []


async def test_what_takes_too_long_is_left(world: World) -> None:
    found = await seen(world, linked("https://shop.by/dead"), around(links=Fixed(), resolver=Never(), seconds=0.5))
    assert set(found) == {"link_dead", "spam_unchecked", "outside_unchecked"}


async def test_a_mail_that_cannot_be_written_is_not_judged(world: World) -> None:
    def broken(message: Outbound) -> bytes:
        raise Rejected("no such header")

    judge = Judge(Score(score=Decimal(1), required=Decimal(5)))
    sending = Sending(sender=From(account="mail", domain="shop.example"), mime=broken)
    setting = Setting(house=HOUSE, around=Surroundings(accounts={"mail": sending}, spam=judge))
    assert set(await seen(world, TEXT, setting)) == {"links_unchecked", "dns_missing", "spam_unchecked"}
    assert judge.seen == b""


async def test_all_in_one_look(world: World) -> None:
    await world.crowd(1)
    found = await look(world, await draft(world, linked("https://shop.by/dead")), around(links=Fixed()), looked=None)
    assert codes(found) == ["link_dead", "dns_missing", "spam_unchecked"]
    assert found.is_clear


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_everything_is_said_in_both_languages() -> None:
    assert WORDS["en"].keys() == WORDS["ru"].keys()
    assert not WORDS["en"].keys() & FINDINGS["en"].keys()
    assert {code: fields(text) for code, text in WORDS["en"].items()} == {
        code: fields(text) for code, text in WORDS["ru"].items()
    }
    sample = Finding(code="links_more", severity="note", facts=(("count", 3), ("most", 20)))
    assert sample.say("ru") != sample.say("en") == sample.say("de")
