"""`leadwire broadcast test`, `tests` and `show` as a person types them, on a real database."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import Rejected
from domain.messages import Outbound, utcnow
from tests.app.test_broadcast_commands import database, folder, leadwire, made, world
from tests.app.test_contacts_cli import Run, _logging_put_back
from tests.broadcasts.world import World

__all__ = ["_logging_put_back", "database", "folder", "leadwire", "world"]


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody sends, nothing comes of waiting."""
    monkeypatch.setattr("app.broadcast_trials.WAIT", 0.0)
    monkeypatch.setattr("app.broadcast_trials.EVERY", 0.01)


async def test_a_test_letter_that_nobody_sends_is_on_its_way(leadwire: Run, world: World) -> None:
    await world.person(telegram="1", values={"name": "Anna"})
    await made(leadwire)
    code, said = await leadwire("broadcast", "test", "News", "1")
    first, hint = said.splitlines()
    assert (code, first) == (0, "1: still on its way, bot")
    assert hint.startswith("See how it ends: leadwire broadcast tests ")
    rows: list[Any] = await world.ask("SELECT purpose, priority, broadcast_id, address FROM deliveries")
    assert rows == [("test", 2, None, "1")]
    assert (await leadwire("broadcast", "tests", "News"))[1].split()[2:] == ["bot", "1", "still", "on", "its", "way"]


def _refused(message: Outbound) -> Exception | None:
    return Rejected("Bad Request: chat not found") if message.to == "2" else None


async def test_the_command_says_how_a_test_ends(leadwire: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """To an address that there is not it said "on its way", and nothing ever told of its failure."""
    monkeypatch.setattr("app.broadcast_trials.WAIT", 15.0)
    await made(leadwire)
    world.wires["bot"].script = _refused
    async with world.sending():
        code, said = await leadwire("broadcast", "test", "News", "1")
        assert (code, said) == (0, "1: sent, bot\n")
        code, said = await leadwire("broadcast", "test", "News", "1", "2")
    good, bad = said.splitlines()
    assert (code, good, bad.startswith("2: failed, bot: The bot may not write")) == (1, "1: sent, bot", True), said
    assert bad.endswith("(Bad Request: chat not found)")
    lines = (await leadwire("broadcast", "tests", "News"))[1].splitlines()
    assert sorted(line.split()[4] for line in lines) == ["failed", "sent", "sent"]


async def test_one_is_shown_in_words_and_whole_as_json(leadwire: Run, world: World) -> None:
    code, said = await leadwire("segment", "new", "Perm", "--rule", '{"field": "city", "op": "is", "value": "Perm"}')
    assert code == 0, said
    await made(leadwire, "--segment", "Perm", "--plan", '{"cap": {"count": 2}, "repeat": {"days": 7}}')
    code, said = await leadwire("broadcast", "show", "News")
    assert code == 0, said
    parts = {line.split("  ")[0]: line.split("  ", 1)[1].strip() for line in said.splitlines()[2:-1]}
    assert parts["to"] == "the segment Perm"
    assert parts["by"] == "bot"
    assert parts["hours"] == "nothing from 21:00 to 09:00 (UTC)"
    assert parts["limits"] == "2 in 7 days to one person"
    assert parts["also"] == "again every 7 days"
    assert '{"' not in said
    assert len(said.splitlines()) < 15
    shown = json.loads((await leadwire("broadcast", "show", "News", "--json"))[1])
    assert (shown["name"], shown["state"], shown["plan"]["cap"]["count"]) == ("News", "draft", 2)
    assert list(shown["plan"])[:2] == ["audience", "steps"]


async def test_a_draft_that_was_taken_off_the_calendar_has_no_date_there(leadwire: Run, world: World) -> None:
    await world.person(telegram="1")
    await made(leadwire)
    day = f"{utcnow() + timedelta(days=30):%Y-%m-%d}"
    assert (await leadwire("broadcast", "schedule", "News", "--at", f"{day} 10:00"))[0] == 0
    assert day in (await leadwire("broadcast", "list"))[1]
    assert (await leadwire("broadcast", "unschedule", "News"))[0] == 0
    assert day not in (await leadwire("broadcast", "list"))[1]
    assert "begins" not in (await leadwire("broadcast", "show", "News"))[1]


@pytest.mark.parametrize("source", ["cid:logo.png", "host:logo.png"])
async def test_a_picture_that_was_not_given_is_missed_at_once(leadwire: Run, world: World, source: str) -> None:
    """The template was kept without a word, and the broadcast made of it did not begin."""
    shown = {"subject": "x", "blocks": [{"type": "image", "src": source, "alt": "Logo"}]}
    code, said = await leadwire("template", "put", "spring", json.dumps(shown))
    kept, *warned = said.splitlines()
    assert (code, kept) == (0, "Template spring is at version 1.")
    assert warned == [
        "warning: blocks[0].src: The picture “logo.png” does not come along: "
        "leadwire template put ... --picture logo.png"
    ]


@pytest.mark.parametrize("name", ["", "news"])
async def test_what_is_ready_ends_its_last_line(leadwire: Run, world: World, name: str) -> None:
    said = (await leadwire("template", "ready", *filter(None, [name])))[1]
    assert said.endswith("\n") and not said.endswith("\n\n")
