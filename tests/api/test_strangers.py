"""Wrong keys: counted by the caller's address, refused for a while, and nobody else is locked out with him."""

from __future__ import annotations

from typing import Any

import pytest

from api.limits import Strangers
from store import keys
from store.engine import Database
from tests.api.conftest import client, token_for

WRONG = {"Authorization": f"Bearer lw_{'x' * 43}"}


async def test_who_guesses_is_told_to_wait(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    right = {"Authorization": f"Bearer {await token_for(database, 'admin')}"}
    new = {"Authorization": f"Bearer {await token_for(database, 'admin')}"}
    async with client(database) as http:
        assert (await http.get("/fields", headers=right)).status_code == 200
        assert {(await http.get("/fields", headers=WRONG)).status_code for _ in range(20)} == {401}

        async def looked_up(*given: Any) -> Any:
            raise AssertionError("a key is looked up")

        with monkeypatch.context() as patched:
            patched.setattr(keys, "by_token", looked_up)
            for headers, language in ((WRONG, "en"), (new, "ru")):
                answer = await http.get("/fields", headers=headers | {"Accept-Language": language})
                assert (answer.status_code, answer.json()["code"]) == (429, "wrong-keys")
                assert 0 < int(answer.headers["retry-after"]) <= 60
        assert (await http.get("/fields", headers=right)).status_code == 200, "a known key is not locked out"
        assert (await http.get("/openapi.json")).status_code == 200


async def test_no_key_is_no_wrong_key(database: Database) -> None:
    async with client(database) as http:
        assert {(await http.get("/fields")).status_code for _ in range(25)} == {401}


def test_a_minute_later_he_may_try_again() -> None:
    now = [0.0]
    strangers = Strangers(2, 60, lambda: now[0])
    for _ in range(2):
        assert strangers.wait("192.0.2.1", "a") == 0
        strangers.wrong("192.0.2.1")
    assert strangers.wait("192.0.2.1", "a") == 60
    now[0] = 59
    assert strangers.wait("192.0.2.1", "a") == 1
    now[0] = 61
    assert strangers.wait("192.0.2.1", "a") == 0
    strangers.wrong("192.0.2.1")
    assert strangers.wait("192.0.2.1", "a") == 0, "counted anew"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "", True),
    ],
)
def test_addresses_of_one_host(one: str, other: str, same: bool) -> None:
    strangers = Strangers(1)
    strangers.wrong(one)
    assert bool(strangers.wait(other, "a")) is same


def test_it_remembers_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.limits._REMEMBERED", 3)
    strangers = Strangers(1)
    for number in range(5):
        strangers.wrong(f"192.0.2.{number}")
        strangers.right(f"key {number}")
    assert [bool(strangers.wait(f"192.0.2.{n}", "")) for n in range(5)] == [False, False, True, True, True]
    assert [bool(strangers.wait("192.0.2.4", f"key {n}")) for n in range(5)] == [True, True, False, False, False]
