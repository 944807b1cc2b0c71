"""flufl.bounce's own test mails: real bounces of two decades. They are not ours to keep, so they never enter git."""

from __future__ import annotations

import fcntl
import re
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = Path(sys.prefix) / "counterparts"


def bounce_mails() -> dict[str, bytes]:
    """The mails by name ("postfix_01"), from the source distribution of the flufl.bounce that is installed.

    pip fetches it once into the virtual environment and checks it against the hashes of requirements-dev.lock.
    """
    number = version("flufl.bounce")
    archive = CACHE / f"flufl_bounce-{number}.tar.gz"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:  # test workers come together
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            _download(number)
    with tarfile.open(archive) as tar:
        members = [member for member in tar if re.search(r"/tests/data/\w+\.txt$", member.name)]
        return {Path(member.name).stem: file.read() for member in members if (file := tar.extractfile(member))}


def _download(number: str) -> None:
    lock = (ROOT / "requirements-dev.lock").read_text()
    pinned = re.search(rf"^flufl-bounce=={re.escape(number)}(?:.*\\\n)+.*\n", lock, re.MULTILINE)
    assert pinned, "requirements-dev.lock names another flufl.bounce than the one that is installed"
    wanted = CACHE / "flufl.txt"
    wanted.write_text(pinned[0])
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check")
    source = ("--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--require-hashes")
    subprocess.run([*pip, *source, "--dest", str(CACHE), "--requirement", str(wanted)], check=True)
