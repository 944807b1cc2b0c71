"""`leadwire broadcast` and `leadwire template` as a person types them, on a real database."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.broadcast_watch import follow, summary
from broadcasts.checks.finding import Finding
from broadcasts.progress import Progress, Wait
from domain.messages import utcnow
from store.engine import Database
from store.outcomes import Total
from tests.app.test_contacts_cli import Run, _logging_put_back, database, folder, leadwire
from tests.broadcasts.world import TEXT, World, account

__all__ = ["_logging_put_back", "database", "folder", "leadwire"]
CONTENT = json.dumps(TEXT)


@pytest.fixture
def world(database: Database, folder: Path) -> World:
    """With the one channel of the configuration, and an address of its own."""
    with (folder / "leadwire.toml").open("a") as document:
        document.write('[server]\npublic_url = "https://leads.example"\n')
    return World(database, {"bot": account("bot", "telegram")})


async def made(leadwire: Run, *more: str) -> None:
    code, said = await leadwire("broadcast", "new", "News", "--channel", "bot", "--content", CONTENT, *more)
    assert (code, said.startswith("Draft News (")) == (0, True), said


async def ran(world: World) -> None:
    [broadcast] = await world.ask("SELECT id FROM broadcasts WHERE name = 'News'")
    await world.conduct()
    async with world.sending():
        await world.settled(broadcast)
    await world.conduct()


async def test_from_the_draft_to_the_file(leadwire: Run, world: World, folder: Path) -> None:
    await world.person(telegram="1")
    await world.person(telegram="2", consents=())
    await made(leadwire, "--plan", '{"quiet": null}')
    code, said = await leadwire("broadcast", "preflight", "News", "--offline")
    assert code == 0, said
    assert said.splitlines()[:4] == [
        "1 person would get it", "  by bot  1", "1 person would not", "  1  has not agreed to mailings",
    ]  # fmt: skip
    code, said = await leadwire("broadcast", "start", "News", answer="n\n")
    assert (code, "Nothing was sent." in said) == (1, True), said
    code, said = await leadwire("broadcast", "start", "News", "--yes")
    assert (code, "begins now" in said) == (0, True), said
    await ran(world)
    code, said = await leadwire("broadcast", "watch", "News")
    assert code == 0, said
    assert said.splitlines()[0] == "finished: 2 of 2 (100%)"
    assert "has not agreed to mailings" in said
    assert " sent" in (await leadwire("broadcast", "recipients", "News", "--outcome", "sent"))[1]
    assert "News" in (await leadwire("broadcast", "list"))[1]
    assert (await leadwire("broadcast", "export", "News", "out.csv"))[0] == 0
    rows = list(csv.DictReader((folder / "out.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert sorted((row["address"], row["outcome"]) for row in rows) == [("1", "sent"), ("2", "skipped")]
    assert "already: name another one" in (await leadwire("broadcast", "export", "News", "out.csv"))[1]


async def test_a_plan_in_toml_and_a_template(leadwire: Run, world: World, folder: Path) -> None:
    (folder / "plan.toml").write_text(
        'zone = "Europe/Moscow"\n[[steps]]\nchannel = "bot"\n[cap]\ncount = 2\n[repeat]\ndays = 7\n'
        "until = 2030-01-01T00:00:00Z\n"
    )
    ready = (await leadwire("template", "ready", "news", "--language", "ru"))[1]
    (folder / "news.json").write_text(ready, encoding="utf-8")
    assert "version 1" in (await leadwire("template", "put", "spring", "@news.json"))[1]
    assert "version 2" in (await leadwire("template", "put", "spring", "@news.json"))[1]
    assert "spring  version 2" in (await leadwire("template", "list"))[1]
    assert json.loads((await leadwire("template", "show", "spring"))[1].split("cli:", 2)[2].split("\n", 1)[1])
    code, said = await leadwire("broadcast", "new", "News", "--plan", "@plan.toml", "--template", "spring")
    assert code == 0, said
    [plan] = await world.ask("SELECT plan FROM broadcasts")
    plan = json.loads(plan) if isinstance(plan, str) else plan
    assert (plan["cap"]["count"], plan["repeat"]["days"], plan["zone"]) == (2, 7, "Europe/Moscow")
    assert "revision 2" in (await leadwire("broadcast", "change", "News", "--rename", "More news"))[1]
    code, said = await leadwire("broadcast", "show", "More news")
    assert (code, "revision 2, made by cli:" in said) == (0, True), said


@pytest.mark.parametrize(
    ("plan", "more", "said", "begins"),
    [
        ({"zone": "Asia/Tokyo"}, (), "10:00.", "10:00+00:00"),
        ({"zone": "Asia/Tokyo"}, ("--local",), "10:00 of each one’s own clock.", "01:00+00:00"),
        ({"zone": "Asia/Tokyo", "local": True}, (), "10:00 of each one’s own clock.", "01:00+00:00"),
        ({"zone": "Asia/Tokyo", "local": True}, ("--no-local",), "10:00.", "10:00+00:00"),
    ],
)
async def test_whose_clock_a_time_is_of(
    leadwire: Run, world: World, plan: dict[str, Any], more: tuple[str, ...], said: str, begins: str
) -> None:
    await world.person(telegram="1")
    await made(leadwire, "--plan", json.dumps(plan))
    day = f"{utcnow() + timedelta(days=9):%Y-%m-%d}"
    code, told = await leadwire("broadcast", "schedule", "News", "--at", f"{day} 10:00", *more)
    assert (code, told.splitlines()[0]) == (0, f"News begins {day} {said}"), told
    [at] = await world.ask("SELECT scheduled_at FROM broadcasts")
    assert at.astimezone(UTC).isoformat(timespec="minutes") == f"{day}T{begins}"


async def test_stopping_and_going_on(leadwire: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.person(telegram="1")
    await made(leadwire)
    monkeypatch.setenv("LOGNAME", "anna")
    assert "confirmed by cli:anna" in (await leadwire("broadcast", "confirm", "News"))[1]
    at = f"{utcnow() + timedelta(days=2):%Y-%m-%d} 10:00"
    code, said = await leadwire("broadcast", "schedule", "News", "--at", at, "--local")
    assert (code, f"News begins {at} of each one’s own clock." in said) == (0, True), said
    begins: list[tuple[tuple[str, ...], str]] = [
        (("unschedule", "News"), "a draft again"),
        (("start", "News", "--yes"), "begins now"),
    ]
    for words, expected in begins:
        code, said = await leadwire("broadcast", *words)
        assert (code, expected in said) == (0, True), said
    await world.conduct()
    moves: list[tuple[tuple[str, ...], str]] = [
        (("pause", "News", "--reason", "A typing error"), "is paused. It goes on with: leadwire broadcast resume"),
        (("watch", "News", "--once"), "waits: paused: A typing error"),
        (("resume", "News"), "goes on"),
        (("watch", "News", "--once"), "running: 0 of 1 (0%)"),
        (("retry", "News"), "Nobody is written to again"),
        (("cancel", "News", "--yes"), "1 recipient who had not got it will not"),
        (("copy", "News", "Again"), "Draft Again"),
    ]
    for words, expected in moves:
        code, said = await leadwire("broadcast", *words)
        assert (code, expected in said) == (0, True), said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("show", "nobody"), "there is no broadcast nobody"),
        (("new", "x", "--channel", "bot"), "say what is to be sent: --template"),
        (("new", "x", "--content", "{}"), "say by which channel: --channel"),
        (("new", "x", "--channel", "inbox", "--content", "{}"), 'nothing is sent through "inbox"; known are bot'),
        (("new", "x", "--channel", "bot", "--content", "{"), "the content is neither JSON nor the name of a file"),
        (("new", "x", "--channel", "bot", "--content", "@none.json"), '"none.json" cannot be read'),
        (("new", "x", "--channel", "bot", "--content", "[]"), "the content has to be an object"),
        (
            ("new", "x", "--channel", "bot", "--content", '{"blok": []}'),
            "blok: there is no such field; allowed: attachments, blocks",
        ),
        (("new", "x", "--channel", "bot", "--template", "none"), "there is no template none"),
        (
            ("new", "x", "--channel", "bot", "--content", "{}", "--plan", '{"speed": 1}'),
            "speed: there is no such key; known are audience, steps",
        ),
        (("new", "x", "--channel", "bot", "--segment", "Nobody", "--content", "{}"), "there is no segment Nobody"),
        (("retry", "x", "--code", "hard"), "there is no code hard to try again; there are soft"),
        (("schedule", "x", "--local"), "say at which time of each one's clock"),
        (("schedule", "x", "--at", "soon"), "this is no time: soon"),
        (("recipients", "x", "--outcome", "happy"), "there is no"),
    ],
)
async def test_what_is_wrong_is_said_in_a_line(leadwire: Run, words: tuple[str, ...], expected: str) -> None:
    code, said = await leadwire("broadcast", *words)
    assert code == 1
    assert expected.lower() in said.lower()
    assert len(said.strip().splitlines()) == 1, said


async def test_what_is_not_ready_does_not_begin(leadwire: Run, world: World) -> None:
    empty = '{"blocks": [{"type": "button", "text": "Buy"}]}'
    await leadwire("broadcast", "new", "News", "--channel", "bot", "--content", empty)
    code, said = await leadwire("broadcast", "preflight", "News", "--offline")
    assert (code, "error: blocks[0].url:" in said) == (1, True), said
    code, said = await leadwire("broadcast", "start", "News", "--yes")
    assert (code, "blocks[0].url" in said.lower()) == (1, True), said
    assert await world.ask("SELECT state FROM broadcasts") == ["draft"]


async def test_the_preflight_looks_outside_unless_it_is_told_not_to(
    leadwire: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def outside(*given: Any) -> list[Finding]:
        return [Finding(code="link_dead", severity="warning", where="blocks[1].url", facts=DEAD)]

    monkeypatch.setattr("app.broadcast_preflight.outside", outside)
    await world.person(telegram="1")
    await made(leadwire, "--plan", '{"quiet": null}')
    code, said = await leadwire("broadcast", "preflight", "News")
    dead = "warning: blocks[1].url: This link is dead, its site says 404: https://shop.by/"
    assert (code, dead in said, "Begin: leadwire broadcast start" in said) == (0, True, True), said
    code, said = await leadwire("broadcast", "preflight", "News", "--offline")
    assert (code, "link" in said, "Begin: leadwire broadcast start" in said) == (0, False, True), said


async def test_a_second_person_is_asked_for_before_the_question(leadwire: Run, world: World, folder: Path) -> None:
    with (folder / "leadwire.toml").open("a") as document:
        document.write("[broadcasts]\nconfirm_over = 1\n")
    await world.person(telegram="1")
    await world.person(telegram="2")
    await made(leadwire)
    code, said = await leadwire("broadcast", "start", "News", answer="y\n")
    assert (code, "Have somebody else confirm it: leadwire broadcast confirm" in said) == (1, True), said
    assert "Send News" not in said
    assert "Have somebody else" in (await leadwire("broadcast", "preflight", "News", "--offline"))[1]


@pytest.mark.usefixtures("folder")
async def test_what_the_house_lacks_stops_it_as_the_preflight_says(leadwire: Run) -> None:
    await made(leadwire)
    code, said = await leadwire("broadcast", "preflight", "News", "--offline")
    assert code == 1
    assert "0 people would get it\nerror: Nobody gets it" in said
    assert "error: server.public_url is empty" in said
    assert "Begin:" not in said
    code, said = await leadwire("broadcast", "start", "News", answer="y\n")
    assert (code, "Send News" in said, said.endswith("Nothing was sent.\n")) == (1, False, True), said
    code, said = await leadwire("broadcast", "start", "News", "--yes")
    assert (code, said.startswith("server.public_url is empty")) == (1, True), said


DEAD = (("url", "https://shop.by/"), ("status", 404))
NOW = utcnow()
MINUTE = Wait(channel="mail", provider="gmail", reason="minute", until=NOW + timedelta(seconds=34), count=9, limit=20)
RUNNING = Progress(
    totals=[Total("mail", "sent", "", 20), Total("mail", "planned", "", 30)],
    people=50,
    done=20,
    per_minute=20,
    ends_at=NOW + timedelta(seconds=90),
    waits=[MINUTE],
)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["running: 20 of 50 (40%), 20 a minute, 1:30 left",
                "waits: gmail: 20 of 20 this minute, goes on in 0:34"]),
        ("ru", ["идёт: 20 of 50 (40%), 20 a minute, 1:30 left",
                "waits: gmail: 20 из 20 за эту минуту, продолжение через 0:34"]),
    ],
)  # fmt: skip
def test_a_look_in_words(language: str, expected: list[str]) -> None:
    lines = list(summary("running", RUNNING, NOW, language))
    assert lines[:2] == expected
    assert len(lines) == 4


async def test_what_waits_still_is_not_said_again_when_another_wait_comes_or_goes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pause was said anew each time that somebody's quiet hours ended."""
    monkeypatch.setattr("app.broadcast_watch.EVERY", 0.0)
    paused = Wait(channel="", provider="", reason="paused", until=None, count=0, words="by hand")
    looks = iter([("paused", [paused, MINUTE]), ("paused", [paused]), ("paused", [paused, MINUTE]), ("cancelled", [])])

    async def look() -> Any:
        state, waits = next(looks)
        return state, replace(RUNNING, waits=waits), NOW

    await follow(look, "News", "en", once=False)
    err = capsys.readouterr().err
    assert (err.count("paused: by hand"), err.count("gmail: 20 of 20 this minute")) == (1, 2)


async def test_watching_ends_with_the_broadcast_and_says_each_wait_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("app.broadcast_watch.EVERY", 0.0)
    states = iter(["running", "running", "running", "finished"])

    async def look() -> Any:
        return next(states), RUNNING, NOW

    state, _, _ = await follow(look, "News", "en", once=False)
    assert state == "finished"
    assert capsys.readouterr().err.count("gmail: 20 of 20 this minute") == 1
