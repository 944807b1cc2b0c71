"""Leaving by a link: one POST is enough, and nothing else does it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.ids import new_id
from people import signed
from people.signed import Kind
from portal.wish_texts import WISH_TEXTS
from store.engine import Database
from tests.people.law import NEWS, agreed, proved, queued
from tests.portal.law import CLICK, key_of, path, visitor
from tests.router.conftest import Ask, ask, database

__all__ = ["ask", "database"]
MAIL = "anna@example.org"
SCANNERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1; Trident/6.0) Barracuda Sentinel (EE)",
    "GoogleImageProxy",
    "Microsoft Office Outlook SafeLinks",
    "curl/8.5.0",
    "",
)


@pytest.fixture
async def delivery(database: Database) -> AsyncIterator[UUID]:
    """One waiting letter of a mailing about news."""
    async with database.begin() as connection:
        card = await proved(connection, ("email", MAIL))
        await agreed(connection, card)
        made = await queued(connection, card, MAIL, purpose=NEWS)
    yield made


NOTHING: tuple[list[str], list[str]] = ([], ["pending"])


async def state(ask: Ask) -> tuple[list[str], list[str]]:
    """Opt-outs, and what became of the queue."""
    told = await ask("SELECT purpose || ' ' || reason FROM opt_outs ORDER BY purpose")
    return told, await ask("SELECT state FROM deliveries ORDER BY id")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("agent", SCANNERS)
async def test_following_a_link_changes_nothing(
    database: Database, delivery: UUID, ask: Ask, method: str, agent: str
) -> None:
    """Scanners open every link of a letter, some of them twice: they must not unsubscribe its reader."""
    async with visitor(database) as http:
        for kind in (Kind.UNSUBSCRIBE, Kind.PREFERENCES):
            where = await path(database, kind, delivery)
            for suffix in ("", "", "?List-Unsubscribe=One-Click&do=leave&scope=all"):
                answer = await http.request(method, where + suffix, headers={"User-Agent": agent})
                assert answer.status_code == 200
                assert (method == "HEAD") == (answer.text == "")
    assert await state(ask) == NOTHING
    assert await ask("SELECT count(*) FROM consents WHERE NOT granted") == [0]


@pytest.mark.parametrize("form", ["urlencoded", "multipart", "charset"])
async def test_one_click_leaves_at_once_and_works_twice(
    database: Database, delivery: UUID, ask: Ask, form: str
) -> None:
    """RFC 8058, section 3.2: no cookie, no redirect, both types of a form's body."""
    boundary = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    types = {
        "urlencoded": ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
        "charset": ("application/x-www-form-urlencoded; charset=utf-8", b"List-Unsubscribe=One-Click"),
        "multipart": ("multipart/form-data; boundary=b", boundary),
    }
    async with visitor(database) as http:
        for _ in range(2):
            where = await path(database, Kind.UNSUBSCRIBE, delivery)
            answer = await http.post(where, content=types[form][1], headers={"Content-Type": types[form][0]})
            assert answer.status_code == 200
            assert "set-cookie" not in answer.headers
            assert WISH_TEXTS["en"].left in answer.text
    assert await state(ask) == (["news one-click"], ["skipped"])
    assert await ask("SELECT purpose FROM consents WHERE NOT granted") == [NEWS, NEWS]
    assert await ask("SELECT count(*) FROM deliveries WHERE left_at IS NOT NULL") == [1]
    assert await ask("SELECT code FROM deliveries") == ["withdrawn"]


def main(page: str) -> str:
    """What the page says, without its frame."""
    return page.partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_who_has_left_reads_since_when_and_may_change_his_mind(
    database: Database, delivery: UUID, ask: Ask, language: Any
) -> None:
    t, where = WISH_TEXTS[language], await path(database, Kind.UNSUBSCRIBE, delivery) + f"?lang={language}"
    async with visitor(database) as http:
        asked = main((await http.get(where)).text)
        assert t.from_this in asked and t.from_all in asked and t.undo not in asked
        assert t.undo in (await http.post(where, data={**CLICK, "page": "1"})).text
        again = main((await http.get(where)).text)
        assert t.already.partition("{")[0] in again and t.undo in again
        assert t.from_all in again and 'class="primary"' not in again
        assert await state(ask) == (["news link"], ["skipped"])
        for _ in range(2):
            answer = await http.post(where, data={"undo": "1"})
            assert answer.status_code == 200 and t.undone in answer.text
        assert main((await http.get(where)).text) == asked
    assert await state(ask) == ([], ["skipped"])
    assert await ask("SELECT channel, granted, text FROM consents ORDER BY at, id") == [
        ("", True, "I agree"), ("*", False, ""), ("*", True, t.undo),
    ]  # fmt: skip


async def test_a_way_back_is_offered_where_there_is_one(database: Database, delivery: UUID) -> None:
    """What was said on the page of preferences is changed there."""
    async with visitor(database) as http:
        await http.post(await path(database, Kind.PREFERENCES, delivery), data={"do": "leave"})
        where = await path(database, Kind.UNSUBSCRIBE, delivery)
        page = main((await http.get(where)).text)
    assert WISH_TEXTS["en"].already.partition("{")[0] in page
    assert WISH_TEXTS["en"].undo not in page
    assert WISH_TEXTS["en"].from_all not in page


@pytest.mark.parametrize(
    ("kind", "value", "channel", "shown"),
    [("telegram", "80123456", "bot", "in Telegram."), ("phone", "+79161234567", "sms", "the number ***4567")],
)
async def test_the_page_speaks_of_the_way_it_came_by(
    database: Database, kind: str, value: str, channel: str, shown: str
) -> None:
    """A chat's number is nothing that its holder knows."""
    async with database.begin() as connection:
        card = await proved(connection, (kind, value))
        await agreed(connection, card)
        made = await queued(connection, card, value, channel=channel, purpose=NEWS)
    async with visitor(database) as http:
        for one in (Kind.UNSUBSCRIBE, Kind.PREFERENCES):
            page = main((await http.get(await path(database, one, made))).text)
            assert "letter" not in page.replace(WISH_TEXTS["en"].left_hint, "")
            assert value[-4:] not in page or kind == "phone"
        assert shown in main((await http.get(await path(database, Kind.UNSUBSCRIBE, made))).text)


async def test_from_all_mailings(database: Database, delivery: UUID, ask: Ask) -> None:
    async with visitor(database) as http:
        where = await path(database, Kind.UNSUBSCRIBE, delivery)
        answer = await http.post(where, data={**CLICK, "page": "1", "scope": "all"})
    assert answer.status_code == 200
    assert await state(ask) == (["marketing link"], ["skipped"])


@pytest.mark.parametrize("body", [b"", b"List-Unsubscribe=", b"scope=all", b"x" * 100_000])
async def test_a_post_that_does_not_say_so_asks(database: Database, delivery: UUID, ask: Ask, body: bytes) -> None:
    async with visitor(database) as http:
        answer = await http.post(
            await path(database, Kind.UNSUBSCRIBE, delivery),
            content=body,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
    assert answer.status_code == 400
    assert await state(ask) == NOTHING


def _forged(token: str, key: bytes, delivery: UUID) -> list[str]:
    flipped = token[:-1] + ("A" if token[-1] != "A" else "B")
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[0] ^= 0x10
    other_version = base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
    return [
        flipped,
        token[:-1],
        token[:20],
        token + "A",
        token + "=",
        "A" * len(token),
        "%00",
        "ж" * 44,
        other_version,
        signed.token(b"another key", Kind.UNSUBSCRIBE, delivery),
        signed.token(key, Kind.OPEN, delivery),
        signed.token(key, Kind.PREFERENCES, delivery),
        signed.token(key, Kind.UNSUBSCRIBE, new_id()),
    ]


async def test_forged_links_have_one_answer(database: Database, delivery: UUID, ask: Ask) -> None:
    key = await key_of(database)
    pages = set()
    async with visitor(database) as http:
        for token in _forged(signed.token(key, Kind.UNSUBSCRIBE, delivery), key, delivery):
            for answer in (await http.get(f"/u/{token}"), await http.post(f"/u/{token}", data=CLICK)):
                assert answer.status_code == 404, token
                pages.add(answer.text.replace(token, ""))
    assert await state(ask) == NOTHING
    assert len({page.partition("<main")[2].partition("</main>")[0] for page in pages}) == 1


async def test_pages_keep_the_key_to_themselves(database: Database, delivery: UUID) -> None:
    async with visitor(database) as http:
        for kind in (Kind.UNSUBSCRIBE, Kind.PREFERENCES):
            answer = await http.get(await path(database, kind, delivery), headers={"Accept-Language": "ru"})
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert 'lang="ru"' in answer.text
            assert MAIL not in answer.text  # a letter is forwarded, and its links with it


async def test_who_was_erased_may_still_leave(database: Database, delivery: UUID, ask: Ask) -> None:
    await ask("UPDATE deliveries SET address = 'erased' RETURNING 1")
    async with visitor(database) as http:
        where = await path(database, Kind.UNSUBSCRIBE, delivery)
        assert (await http.get(where)).status_code == 404
        assert (await http.post(where, data=CLICK)).status_code == 200
    assert await state(ask) == NOTHING


async def test_the_secret_is_one_for_all_processes(database: Database) -> None:
    async with database.begin() as one, database.begin() as other:
        for connection in (one, other):
            assert (await connection.execute(text("SELECT count(*) FROM secrets"))).scalar_one() == 0
    first, second = await key_of(database), await key_of(database)
    assert first == second
    assert len(first) == 32


@pytest.mark.parametrize("kind", [Kind.UNSUBSCRIBE, Kind.PREFERENCES])
async def test_a_full_stop_behind_the_address_is_no_part_of_it(
    database: Database, delivery: UUID, ask: Ask, kind: Kind
) -> None:
    async with visitor(database) as http:
        where = f"{await path(database, kind, delivery)}."
        assert (await http.get(where)).status_code == 200
        if kind is Kind.UNSUBSCRIBE:
            assert (await http.post(where, data=CLICK)).status_code == 200
            assert (await state(ask))[0] != []
