"""A file handed in over the API, by a real client: drafted, mapped, looked at, written, stopped, resumed, undone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from people import importing
from people.files.texts import Unreadable
from people.import_jobs import ImportJobs
from store.engine import Database
from store.files import Folder
from store.locks import exclusive
from tests.api.conftest import client, token_for
from tests.router.conftest import Ask

FILE = (
    "Name;Email;City;Shoe\nAnna;anna@example.org;Perm;38\nPetr;petr@example.org;;\n"
    ";nonsense;Omsk;\nA;anna@example.org;;\n"
)


@pytest.fixture
def files(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "files")


@pytest.fixture
async def http(database: Database, files: Folder) -> AsyncIterator[httpx2.AsyncClient]:
    """With a key for imports alone, and files of at most 200 KB."""
    async with client(database, files=files, max_file=200_000) as found:
        found.headers["Authorization"] = f"Bearer {await token_for(database, 'imports:write')}"
        yield found


@pytest.fixture
def jobs(database: Database, files: Folder) -> ImportJobs:
    return ImportJobs(database, files)


async def upload(http: httpx2.AsyncClient, text: str = FILE, **form: Any) -> dict[str, Any]:
    answer = await http.post("/imports", files={"file": ("people.csv", text.encode())}, data=form)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def drafted(http: httpx2.AsyncClient, text: str = FILE, **form: Any) -> str:
    """Its address."""
    return f"/imports/{(await upload(http, text, **form))['id']}"


async def test_a_draft_says_what_was_found_in_the_file(http: httpx2.AsyncClient, ask: Ask, tmp_path: Path) -> None:
    made = await upload(http, name="Клиенты")
    assert (made["name"], made["state"], made["format"]) == ("Клиенты", "draft", "csv")
    assert made["columns"] == ["Name", "Email", "City", "Shoe"]
    assert made["mapping"] == {"Name": "name", "Email": "email", "City": "city", "Shoe": "skip"}
    assert made["sample"][0] == ["Anna", "anna@example.org", "Perm", "38"]
    assert await ask("SELECT count(*) FROM contacts") == [0]
    assert len([path for path in (tmp_path / "files").rglob("*") if path.is_file()]) == 1
    assert str(tmp_path) not in json.dumps(made)


async def test_the_whole_way(http: httpx2.AsyncClient, jobs: ImportJobs, ask: Ask) -> None:
    path = await drafted(http)
    assert (await http.post(f"{path}/check")).json()["state"] == "checking"
    assert await jobs.look() == 1
    found = (await http.get(path)).json()
    assert (found["state"], found["counts"]) == ("checked", {"new": 2, "rejected": 1, "same": 1})
    assert (found["total"], found["done"], found["progress"]) == (5, 5, None)
    assert await ask("SELECT count(*) FROM contacts") == [0], "a dry run writes no card"
    [rejected] = (await http.get(f"{path}/rows?outcome=rejected", headers={"Accept-Language": "ru"})).json()
    assert rejected["row"] == 4
    assert any("нет ни имени" in words.lower() for words in rejected["words"])
    assert [row["contact"] for row in (await http.get(f"{path}/rows?outcome=new")).json()] == [None, None]
    assert (await http.post(f"{path}/undo")).json()["code"] == "import-state"
    assert (await http.post(f"{path}/start")).status_code == 202
    assert await jobs.look() == 1
    done = (await http.get(path)).json()
    assert (done["state"], done["counts"]) == ("done", {"new": 2, "rejected": 1, "same": 1})
    assert await ask("SELECT count(*) FROM contacts") == [2]
    assert await jobs.look() == 0, "what is done is not taken up again"
    assert (await http.post(f"{path}/undo")).json() == {"removed": 2, "kept": 0}


async def test_a_dry_run_shows_the_difference(http: httpx2.AsyncClient, jobs: ImportJobs) -> None:
    first = await drafted(http)
    await http.post(f"{first}/start")
    await jobs.look()
    other = await drafted(http, "Name;Email;City\nPetr;petr@example.org;Tver\n")
    await http.post(f"{other}/check")
    await jobs.look()
    [row] = (await http.get(f"{other}/rows?outcome=changed")).json()
    assert row["changes"] == {"city": ["", "Tver"]} or row["changes"] == {"city": [None, "Tver"]}
    assert row["contact"]


async def test_the_mapping_is_corrected(http: httpx2.AsyncClient, jobs: ImportJobs, ask: Ask) -> None:
    path = await drafted(http, mapping=json.dumps({"Shoe": "note"}))
    await http.post(f"{path}/check")
    await jobs.look()
    changed = (await http.patch(path, json={"mapping": {"City": "skip"}, "replace": True})).json()
    assert changed["mapping"] == {"Name": "name", "Email": "email", "City": "skip", "Shoe": "note"}
    assert (changed["state"], changed["counts"], changed["replace"]) == ("draft", {}, True)
    assert (await http.get(f"{path}/rows")).json() == []
    await http.post(f"{path}/start")
    await jobs.look()
    assert await ask("SELECT count(*) FROM field_values WHERE field = 'city'") == [0]
    assert await ask("SELECT text FROM notes") == ["38"]
    late = await http.patch(path, json={"mapping": {"City": "city"}})
    assert (late.status_code, late.json()["code"]) == (409, "import-state")


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"Shoe": "field:shoe"}, "shoe"),
        ({"Nothing": "name"}, "Nothing"),
        ({"Shoe": "city"}, "several columns"),
        ({"Name": "skip", "Email": "skip"}, "name or an address"),
    ],
)
async def test_a_mapping_that_cannot_be_used(http: httpx2.AsyncClient, mapping: dict[str, str], said: str) -> None:
    answer = await http.patch(await drafted(http), json={"mapping": mapping})
    assert (answer.status_code, answer.json()["code"]) == (422, "import-mapping")
    assert said in answer.json()["reasons"][0]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"%PDF-1.7 not contacts", 422, "import-file"),
        (b"", 422, "import-file"),
        (b"Name\n" + b"x" * 320_000, 413, "too-large"),
    ],
)
async def test_a_file_that_is_refused(http: httpx2.AsyncClient, ask: Ask, data: bytes, status: int, code: str) -> None:
    answer = await http.post("/imports", files={"file": ("people.csv", data)})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await ask("SELECT count(*) FROM imports") == [0]


async def test_only_an_upload_may_be_large(http: httpx2.AsyncClient, database: Database) -> None:
    key = {"Authorization": f"Bearer {await token_for(database, 'admin')}"}
    large = {"file": ("a", b"x" * 1_100_000)}
    assert (await http.post("/contacts", files=large, headers=key)).status_code == 413


async def test_the_same_upload_twice_is_one_draft(http: httpx2.AsyncClient, ask: Ask) -> None:
    request = http.build_request(
        "POST", "/imports", files={"file": ("a.csv", FILE.encode())}, headers={"Idempotency-Key": "1"}
    )
    body = request.read()
    headers = {name: request.headers[name] for name in ("Content-Type", "Idempotency-Key")}
    answers = [await http.post("/imports", content=body, headers=headers) for _ in range(2)]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert await ask("SELECT count(*) FROM imports") == [1]


async def test_stopped_it_keeps_what_is_written_and_goes_on(
    http: httpx2.AsyncClient, jobs: ImportJobs, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    path, write = await drafted(http), importing._write_batch
    await http.post(f"{path}/start")

    async def then_stopped(*given: Any) -> Any:
        counts = await write(*given)
        assert (await http.post(f"{path}/cancel")).json()["state"] == "stopped"
        return counts

    with monkeypatch.context() as patched:
        patched.setattr(importing, "_write_batch", then_stopped)
        await jobs.look()
    stopped = (await http.get(path)).json()
    assert (stopped["state"], stopped["done"], stopped["counts"]) == ("stopped", 2, {"new": 1})
    assert (await http.post(f"{path}/cancel")).json()["code"] == "import-state"
    assert await jobs.look() == 0
    await http.post(f"{path}/start")
    await jobs.look()
    assert (await http.get(path)).json()["counts"] == {"new": 2, "rejected": 1, "same": 1}
    assert await ask("SELECT count(*) FROM contacts") == [2]


async def test_a_process_that_dies_is_followed_by_another(
    http: httpx2.AsyncClient, jobs: ImportJobs, database_url: str, files: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it lives nobody else writes, nor undoes; where it died, the other one goes on."""
    monkeypatch.setattr(importing, "BATCH", 1)
    path, write = await drafted(http), importing._write_batch
    await http.post(f"{path}/start")
    second, reached = asyncio.Event(), asyncio.Event()

    async def hanging(*given: Any) -> Any:
        if second.is_set():
            reached.set()
            await asyncio.Event().wait()
        second.set()
        return await write(*given)

    database = Database(database_url)
    other = ImportJobs(database, files)
    with monkeypatch.context() as patched:
        patched.setattr(importing, "_write_batch", hanging)
        dying = asyncio.create_task(jobs.look())
        await asyncio.wait_for(reached.wait(), 20)
        running = (await http.get(path)).json()
        assert (running["done"], running["state"]) == (2, "running")
        assert 0 <= running["progress"]["share"] <= 1
        assert (await http.post(f"{path}/undo")).json()["code"] == "import-running"
        assert await other.look() == 0, "one process at a time"
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
    assert await other.look() == 1
    await database.aclose()
    assert (await http.get(path)).json()["counts"] == {"new": 2, "rejected": 1, "same": 1}


async def test_a_dry_run_that_is_stopped_leaves_nothing(
    http: httpx2.AsyncClient, jobs: ImportJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await drafted(http)
    await http.post(f"{path}/check")

    async def stop(*given: Any) -> Any:
        await http.post(f"{path}/cancel")
        return await importing.choices_of(*given)

    monkeypatch.setattr("people.checking.choices_of", stop)
    await jobs.look()
    found = (await http.get(path)).json()
    assert (found["state"], found["counts"]) == ("draft", {})
    assert (await http.get(f"{path}/rows")).json() == []


async def test_a_file_that_is_gone_or_broken_ends_in_words(
    http: httpx2.AsyncClient, jobs: ImportJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await drafted(http)
    await http.post(f"{path}/start")

    def broken(source: Any) -> Any:
        raise Unreadable("no_rows")

    with monkeypatch.context() as patched:
        patched.setattr(importing, "opened", broken)
        await jobs.look()
    found = (await http.get(path, headers={"Accept-Language": "ru"})).json()
    assert (found["state"], found["problem"].startswith("Файл пуст")) == ("failed", True)
    other = await drafted(http)
    for kept in [one for one in (tmp_path / "files").rglob("*") if one.is_file()]:
        kept.unlink()
    await http.post(f"{other}/check")
    await jobs.look()
    assert (await http.get(other)).json()["state"] == "failed"


async def test_the_rejected_rows_are_a_file(http: httpx2.AsyncClient, jobs: ImportJobs) -> None:
    path = await drafted(http)
    await http.post(f"{path}/start")
    await jobs.look()
    answer = await http.get(f"{path}/rejected", headers={"Accept-Language": "ru"})
    assert answer.headers["content-disposition"] == 'attachment; filename="rejected.csv"'
    head, row = answer.text.removeprefix("\ufeff").splitlines()
    assert head == "Строка;Причина;Name;Email;City;Shoe"
    assert row.startswith("4;") and row.endswith(";;nonsense;Omsk;")
    clean = await drafted(http, "Name;Email\nOlga;olga@example.org\n")
    assert (await http.get(f"{clean}/rejected")).status_code == 204


async def test_nobody_undoes_while_another_holds_it(
    http: httpx2.AsyncClient, jobs: ImportJobs, database: Database
) -> None:
    made = (await upload(http))["id"]
    await http.post(f"/imports/{made}/start")
    await jobs.look()
    async with exclusive(database, f"import:{made}"):
        answer = await http.post(f"/imports/{made}/undo")
    assert (answer.status_code, answer.json()["code"]) == (409, "import-running")


async def test_the_terminal_and_the_jobs_leave_each_other_alone(
    http: httpx2.AsyncClient, database: Database, jobs: ImportJobs, tmp_path: Path
) -> None:
    made = await upload(http)
    await http.post(f"/imports/{made['id']}/start")
    path = tmp_path / "people.csv"
    path.write_text(FILE, encoding="utf-8")
    source = importing.Source(path=path, mapping={"Name": "name", "Email": "email"}, country="RU")
    begun = await importing.begin(database, source, "cli")
    assert str(begun) != made["id"]
    await jobs.look()
    states = {one["id"]: one["state"] for one in (await http.get("/imports")).json()}
    assert states == {made["id"]: "done", str(begun): "running"}, "a file on somebody's disk is for the terminal alone"
