"""What is refused says what is wrong, what is expected and how it may look, in words of ours and in two languages."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from broadcasts import lifecycle, plan, plan_words
from broadcasts.content.check import require_templates
from broadcasts.content.parse import NotContent, parse
from broadcasts.lifecycle import INSTEAD, Refused
from broadcasts.plan import WrongPlan
from broadcasts.words import code_said, refused_said
from store.broadcasts import State
from tests.broadcasts.content.test_parse import WRONG
from tests.broadcasts.world import TEXT, World

GOOD: dict[str, Any] = {"audience": {"all": []}, "steps": [{"channel": "mail"}]}
PLANS: list[tuple[Any, str, str]] = [
    (5, "", "wrong"),
    ({}, "audience", "missing"),
    ({"audience": {"all": []}}, "steps", "missing"),
    (GOOD | {"stps": 1}, "stps", "unknown"),
    (GOOD | {"audience": []}, "audience", "wrong"),
    (GOOD | {"steps": []}, "steps", "wrong"),
    (GOOD | {"steps": ["mail"]}, "steps[0]", "wrong"),
    (GOOD | {"steps": [{"channel": "m"}] * 2}, "steps", "wrong"),
    (GOOD | {"steps": [{"channel": "m"}, {"chanel": "m"}]}, "steps[1].chanel", "unknown"),
    (GOOD | {"steps": [{}]}, "steps[0].channel", "missing"),
    (GOOD | {"steps": [{"channel": "M X"}]}, "steps[0].channel", "wrong"),
    (GOOD | {"steps": [{"channel": "m", "until": "x"}]}, "steps[0].until", "wrong"),
    (GOOD | {"steps": [{"channel": "m", "wait_minutes": 0}]}, "steps[0].wait_minutes", "wrong"),
    (GOOD | {"choose": "best"}, "choose", "wrong"),
    (GOOD | {"zone": "Moscow"}, "zone", "wrong"),
    (GOOD | {"local": "yes"}, "local", "wrong"),
    (GOOD | {"quiet": {"since": "25:00"}}, "quiet.since", "wrong"),
    (GOOD | {"cap": {"count": 0}}, "cap.count", "wrong"),
    (GOOD | {"pace": {"minutes": 5}}, "pace.minutes", "unknown"),
    (GOOD | {"repeat": {"days": 7, "until": "tomorrow"}}, "repeat.until", "wrong"),
    (GOOD | {"split": {"salt": "x", "since": 50, "to": 50}}, "split.since", "wrong"),
]
FOREIGN = re.compile(r"Expected|Object |Input should|valid |`str`|regex|\$")
"""What msgspec and pydantic say."""


@pytest.mark.parametrize(("given", "path", "key"), PLANS)
def test_a_plan_that_is_wrong_is_told_how_it_may_look(given: Any, path: str, key: str) -> None:
    with pytest.raises(WrongPlan) as wrong:
        plan.read(given)
    assert (wrong.value.path, wrong.value.key) == (path, key)
    english, russian = wrong.value.words("en"), wrong.value.words("ru")
    assert str(wrong.value) == english
    assert english.startswith(path) and russian.startswith(path)
    assert not FOREIGN.search(english + russian)
    assert re.search("[а-я]{4}", russian)
    assert key == "unknown" or ("for example" in english and "например" in russian)


def test_each_key_of_a_plan_has_its_example_and_the_example_is_right() -> None:
    keys = {""} | {
        f"{outer}.{name}" if outer else name
        for outer, struct in plan._STRUCTS.items()
        for name in struct.__struct_fields__
    }
    assert set(plan_words.EXPECTED) == keys
    for place, (_, _, example) in plan_words.EXPECTED.items():
        given = msgspec.json.decode(example if not place else f"{{{example}}}")
        outer, _, _ = place.rpartition(".")
        inner = {"steps": [{"channel": "mail"} | given]} if outer == "steps" else {outer: _whole(outer) | given}
        plan.read(GOOD | (inner if outer else given))


def _whole(outer: str) -> dict[str, Any]:
    known: dict[str, dict[str, Any]] = {"cap": {"count": 1}, "split": {"salt": "x"}, "repeat": {"days": 1}}
    return known.get(outer, {})


@pytest.mark.parametrize("given", [one[0] for one in WRONG])
def test_a_content_that_is_wrong_is_told_how_it_may_look(given: Any) -> None:
    with pytest.raises(NotContent) as wrong:
        parse(given)
    english, russian = wrong.value.words("en"), wrong.value.words("ru")
    assert not FOREIGN.search(english + russian)
    assert re.search("[а-я]{4}", russian)


BROKEN = [
    ({"subject": "Hi {{ name"}, "subject", "template"),
    ({"preheader": "{{ a b }}"}, "preheader", "template"),
    ({"blocks": [{"type": "text", "text": "{% if vip %}x"}]}, "blocks[0].text", "template"),
    ({"blocks": [{"type": "text", "text": "{% for x in y %}"}]}, "blocks[0].text", "template_forbidden"),
    ({"blocks": [{"type": "button", "text": "x", "url": "{{ a() }}"}]}, "blocks[0].url", "template_forbidden"),
    (
        {"variants": {"sms": {"text": "{{ }}"}, "email": {"text": "x"}, "telegram": {"text": "x"}}},
        "variants.sms.text",
        "template",
    ),
    ({"blocks": [{"type": "text", "text": "**a {% if x %}b**{% endif %}"}]}, "blocks", "template_cut"),
]


@pytest.mark.parametrize(("given", "path", "code"), BROKEN)
def test_what_is_kept_is_a_template(given: Any, path: str, code: str) -> None:
    with pytest.raises(NotContent) as wrong:
        require_templates(parse(given))
    assert [(one.path, one.code) for one in wrong.value.problems] == [(path, code)]
    for language in ("en", "ru"):
        assert "{{ given_name | default('there') }}" in wrong.value.words(language)


def test_all_broken_texts_are_named_at_once_and_a_draft_may_be_unfinished() -> None:
    with pytest.raises(NotContent) as wrong:
        require_templates(parse({"subject": "{{", "preheader": "{%"}))
    assert [one.path for one in wrong.value.problems] == ["subject", "preheader"]
    require_templates(parse({"blocks": [{"type": "button", "text": "{{ x }}"}, {"type": "image", "src": ""}]}))


async def test_what_cannot_be_done_says_what_can(world: World) -> None:
    broadcast = await world.broadcast()
    async with world.database.begin() as connection:
        with pytest.raises(Refused) as refused:
            await lifecycle.pause(connection, broadcast, actor="staff:1")
    assert str(refused.value) == (
        "it is scheduled and cannot be paused: take it off the calendar (unschedule), which makes it a draft again, or "
        "give it up (cancel)"
    )
    assert refused_said(refused.value, "ru") == (
        "Рассылка запланирована, поставить на паузу её нельзя: её можно снять с расписания (unschedule), тогда это "
        "снова черновик, или отменить (cancel)."
    )


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("to", [*lifecycle._BECOMES.values(), "changed", "tried again"])
def test_each_state_has_its_way_out_in_both_languages(state: State, to: str) -> None:
    error = Refused("state", f"{INSTEAD[state]}", state=state.value, to=to)
    russian = refused_said(error, "ru")
    assert re.fullmatch(r"Рассылка [а-яё ]+, [а-яё ]+ её нельзя: .+\.", russian)


def test_a_code_of_the_ledger_has_words() -> None:
    assert code_said("no_file", "ru") != "no_file" != code_said("no_file", "en")
    assert code_said("no_file", "en") == "has no such file on the card"


async def test_a_draft_is_called_a_draft(world: World) -> None:
    async with world.database.begin() as connection:
        made = await lifecycle.create(connection, world.rules, name="x", plan=GOOD, content=TEXT, actor="staff:1")
        with pytest.raises(Refused, match="it is a draft and cannot be paused"):
            await lifecycle.pause(connection, made.id, actor="staff:1")


@pytest.mark.parametrize(
    ("purpose", "english", "russian"),
    [
        ("nws", '; did you mean "news"? known are marketing, news, sales', " Может быть, «news»? Темы"),
        ("gossip", "; known are marketing, news, sales", " нет. Темы"),
    ],
)
async def test_a_topic_that_is_not_there_is_refused_where_people_choose_topics(
    world: World, purpose: str, english: str, russian: str
) -> None:
    """It went to all who agreed to mailings as a whole, also to those who had left the right topic."""
    rules = replace(world.rules, topics=frozenset({"news", "sales"}))
    asked: dict[str, Any] = {"name": "x", "content": TEXT, "actor": "staff:1"}
    async with world.database.begin() as connection:
        with pytest.raises(Refused) as refused:
            await lifecycle.create(connection, rules, plan=GOOD | {"purpose": purpose}, **asked)
        made = await lifecycle.create(connection, rules, plan=GOOD | {"purpose": "news"}, **asked)
        with pytest.raises(Refused, match="there is no topic"):
            change: dict[str, Any] = {"plan": GOOD | {"purpose": purpose}, "revision": made.revision}
            await lifecycle.change(connection, rules, made.id, actor="staff:1", **change)
        await lifecycle.create(connection, world.rules, plan=GOOD | {"purpose": purpose}, **asked)
    assert str(refused.value) == f'purpose: there is no topic "{purpose}"{english}'
    assert russian in refused_said(refused.value, "ru")
