"""Dovecot, Postfix, smtp-sink and a faulty network as pytest fixtures.

A conftest takes what it needs: `from tests.counterparts.counterparts import dovecot, dovecot_server`. Each test worker
has servers of its own on free ports, and each test makes mailboxes of its own (`dovecot.mailbox()`), so nothing is
shared.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

HERE = Path(__file__).parent
PASSWORD = "s3cret"
Sink = Callable[..., int]


def require(what: str, *programs: str, root: bool = False) -> None:
    """Skip when a counterpart cannot run here; under CI=true that is a failure."""
    missing = [program for program in programs if not Path(program).exists()]
    if root and os.geteuid() != 0:
        missing.append("root")
    if not missing:
        return
    reason = f"{what} cannot run here, missing: {', '.join(missing)} (tests/counterparts/install.sh)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody has now. All are held until all are found."""
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 15) -> None:
    """Block until the condition holds. Fails the test, naming `what`, when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)


async def until(condition: Callable[[], bool], what: str, seconds: float = 15) -> None:
    """`wait_until` for a test whose event loop must go on."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds} s in vain for {what}")
        await asyncio.sleep(0.02)


def listening(port: int) -> bool:
    """Whether somebody answers on this port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _lives(process: psutil.Process) -> bool:
    """Without an init that reaps them, ended daemons stay as zombies."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _run(*command: str | Path) -> None:
    with tempfile.TemporaryFile("w+") as said:  # not a pipe: the servers keep it open when they go to the background
        if subprocess.run(list(map(str, command)), stdout=said, stderr=said, check=False).returncode:
            said.seek(0)
            pytest.fail(f"{command[1]} failed: {said.read()}")


def _folder(prefix: str) -> Path:
    """Short, for socket paths are at most 108 bytes; open, for the servers step down from root."""
    folder = Path(tempfile.mkdtemp(prefix=f"lw-{prefix}-", dir="/tmp"))
    folder.chmod(0o755)
    return folder


@dataclass(frozen=True)
class MailboxUser:
    """One account of the Dovecot, seen from behind: its maildir."""

    user: str
    password: str
    home: Path

    def deliver(self, *mails: bytes, folder: str = "INBOX") -> None:
        """Put mails there at once, in this order, as a delivery agent does."""
        place = self._place(folder)
        owner = self.home.parent.stat()
        for part in (self.home, place, *(place / name for name in ("tmp", "new", "cur"))):
            part.mkdir(exist_ok=True)
            os.chown(part, owner.st_uid, owner.st_gid)
        batch = f"{time.time_ns()}.{uuid.uuid4().hex}"
        for number, mail in enumerate(mails):
            name = f"{batch}_{number:06}.test"
            (place / "tmp" / name).write_bytes(mail)
            os.chown(place / "tmp" / name, owner.st_uid, owner.st_gid)
            (place / "tmp" / name).rename(place / "new" / name)

    def files(self, folder: str = "INBOX") -> list[Path]:
        """The mails in a folder, read or not."""
        place = self._place(folder)
        return sorted(file for name in ("new", "cur") if (place / name).is_dir() for file in (place / name).iterdir())

    def mails(self, folder: str = "INBOX") -> list[bytes]:
        """What is in a folder."""
        return [file.read_bytes() for file in self.files(folder)]

    def new_uidvalidity(self) -> None:
        """Make the server number everything anew, as after a restored backup."""
        for file in self.home.rglob("dovecot*"):
            file.unlink(missing_ok=True)
        uidlist = self.home / "dovecot-uidlist"  # without it the number could come out the same within one second
        uidlist.write_text(f"3 V{int(time.time()) + 1000} N1 G{uuid.uuid4().hex}\n")
        owner = self.home.parent.stat()
        os.chown(uidlist, owner.st_uid, owner.st_gid)

    def _place(self, folder: str) -> Path:
        return self.home if folder == "INBOX" else self.home / f".{folder.replace('/', '.')}"


class Dovecot:
    """An IMAP and LMTP server."""

    def __init__(self) -> None:
        self.folder = _folder("dc")
        self.imap_port, self.imaps_port, self.lmtp_port, self.auth_port = self._ports = free_ports(4)
        self.ca = self.folder / "tls" / "ca.pem"

    def start(self) -> None:
        """Start, or start again on the same ports with the same mail."""
        _run("bash", HERE / "dovecot-up.sh", self.folder, *map(str, self._ports))
        wait_until(lambda: listening(self.imap_port), "Dovecot to listen")

    def stop(self) -> None:
        """Stop as an administrator would."""
        with contextlib.suppress(psutil.NoSuchProcess):
            master = self._master()
            master.terminate()
            wait_until(lambda: not _lives(master), "Dovecot to stop")

    def sessions(self) -> list[psutil.Process]:
        """The processes that serve logged-in clients."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return [child for child in self._master().children() if child.name() == "imap"]
        return []

    def kill_sessions(self) -> int:
        """kill -9 what serves the clients; says how many there were."""
        victims = self.sessions()
        for victim in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.send_signal(signal.SIGKILL)
        return len(victims)

    def mailbox(self, name: str = "leads") -> MailboxUser:
        """A new empty account."""
        user = f"{name}-{uuid.uuid4().hex[:12]}@shop.test"
        return MailboxUser(user=user, password=PASSWORD, home=self.folder / "mail" / user)

    def _master(self) -> psutil.Process:
        try:
            return psutil.Process(int((self.folder / "run" / "master.pid").read_text()))
        except FileNotFoundError as error:
            raise psutil.NoSuchProcess(0) from error


class Postfix:
    """An SMTP server that delivers to Dovecot and bounces what `refusing` (an smtp-sink) does not take."""

    def __init__(self, dovecot: Dovecot, relay: int) -> None:
        self.folder = _folder("pf")
        self.smtp_port, self.submission_port = free_ports(2)
        self.ca = dovecot.ca
        ports = (self.smtp_port, self.submission_port, dovecot.lmtp_port, dovecot.auth_port, relay)
        self._start: tuple[str | Path, ...] = (
            "bash",
            HERE / "postfix-up.sh",
            self.folder,
            *map(str, ports),
            dovecot.folder / "tls",
        )

    def start(self) -> None:
        _run(*self._start)
        wait_until(lambda: listening(self.submission_port), "Postfix to listen")

    def stop(self) -> None:
        _run("postfix", "-c", self.folder / "etc", "stop")

    def log(self) -> str:
        """Its mail log so far."""
        return (self.folder / "maillog").read_text()


@contextlib.contextmanager
def sink(*options: str) -> Iterator[int]:
    """Postfix's smtp-sink: takes or refuses mail as its options say (`man smtp-sink`). Gives the port."""
    require("smtp-sink", "/usr/sbin/smtp-sink")
    [port] = free_ports(1)
    drop = ("-u", "nobody") if os.geteuid() == 0 else ()
    process = subprocess.Popen(["/usr/sbin/smtp-sink", *drop, *options, f"127.0.0.1:{port}", "100"])
    try:
        wait_until(lambda: listening(port), "smtp-sink to listen")
        yield port
    finally:
        process.terminate()
        process.wait(10)


class Proxy:
    """A TCP proxy that can turn into a black hole, or cut the line, as bad networks do."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.port = 0
        self.connections = 0
        self.cut_after: int | None = None
        """Bytes from the server after which the line is cut, once."""
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def freeze(self) -> None:
        """From now on nothing comes through, and nobody is told."""
        self._flows.clear()

    def thaw(self) -> None:
        self._flows.set()

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def close(self) -> None:
        self.thaw()
        self.cut()
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers |= {writer, far_writer}
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer, server=True))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: bool = False) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._flows.wait()
                if server and self._is_over(len(data)):
                    self.cut()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    def _is_over(self, size: int) -> bool:
        if self.cut_after is None:
            return False
        self.cut_after -= size
        if self.cut_after > 0:
            return False
        self.cut_after = None
        return True


@pytest.fixture(scope="session")
def dovecot_server() -> Iterator[Dovecot]:
    """One Dovecot for this worker. Tests use `dovecot`, which makes sure that it lives."""
    require("Dovecot", "/usr/sbin/dovecot", "/usr/lib/dovecot/imap", "/usr/lib/dovecot/lmtp")
    server = Dovecot()
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture
def dovecot(dovecot_server: Dovecot) -> Dovecot:
    """A running Dovecot, also when the test before has stopped it."""
    if not listening(dovecot_server.imap_port):
        dovecot_server.start()
    return dovecot_server


@pytest.fixture(scope="session")
def postfix_server(dovecot_server: Dovecot) -> Iterator[Postfix]:
    """One Postfix for this worker, whose way into the world refuses every recipient: it bounces for real."""
    require("Postfix", "/usr/sbin/postfix", "/usr/sbin/smtp-sink", root=True)
    with sink("-f", "RCPT", "-B", "550 5.1.1 User unknown") as refusing:
        server = Postfix(dovecot_server, refusing)
        server.start()
        yield server
        server.stop()
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture
def postfix(postfix_server: Postfix, dovecot: Dovecot) -> Postfix:
    """A running Postfix that delivers into the running Dovecot."""
    return postfix_server


@pytest.fixture
def smtp_sink() -> Iterator[Sink]:
    """Starts smtp-sinks: `port = smtp_sink("-f", "RCPT", "-B", "550 5.1.1 User unknown")`."""
    with contextlib.ExitStack() as stack:
        yield lambda *options: stack.enter_context(sink(*options))


@pytest.fixture
async def proxies() -> AsyncIterator[Callable[[int], Proxy]]:
    """Makes proxies in front of a port; `await proxy.open()` before use."""
    made: list[Proxy] = []

    def make(port: int) -> Proxy:
        made.append(Proxy(port))
        return made[-1]

    yield make
    for proxy in made:
        await proxy.close()
