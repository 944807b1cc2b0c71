"""The systemd units: hardened, and yet a home for the embedded servers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app import embedded
from app.cli import ROLES
from tests.deploy.files import DEPLOY, text, unit

ALL_IN_ONE, ROLE = unit("leadwire.service"), unit("leadwire@.service")
UNITS = {"leadwire.service": ALL_IN_ONE, "leadwire@.service": ROLE}

OWN = {"ExecStart", "KillMode", "TimeoutStopSec", "OOMPolicy"}
"""What the two units may differ in."""

ROLES_FINISH = 30
"""Seconds: requests, consumers and senders have ten each at most (app/http.py, notifications/sender.py)."""


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_can_write_to_its_state_alone_and_gain_nothing(name: str) -> None:
    wanted = {
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "User": "leadwire",
        "StateDirectory": "leadwire",
        "StateDirectoryMode": "0700",
        "UMask": "0077",
        "EnvironmentFile": "-/etc/leadwire/leadwire.env",
        "Restart": "on-failure",
    }
    assert {key: UNITS[name][key] for key in wanted} == {key: [value] for key, value in wanted.items()}
    assert "ReadWritePaths" not in UNITS[name]


def test_both_units_are_hardened_alike() -> None:
    assert {k: v for k, v in ALL_IN_ONE.items() if k not in OWN} == {k: v for k, v in ROLE.items() if k not in OWN}


def test_the_embedded_servers_can_live_under_it() -> None:
    assert ALL_IN_ONE["KillMode"] == ["mixed"], "systemd must not stop PostgreSQL beside Leadwire"
    assert ALL_IN_ONE["SystemCallFilter"][0] == "@system-service", "PostgreSQL needs shared memory"
    for taboo in ("DynamicUser", "RemoveIPC", "PrivateIPC"):
        assert taboo not in ALL_IN_ONE
    assert "AF_UNIX" in ALL_IN_ONE["RestrictAddressFamilies"][0].split()


def test_a_stop_has_the_time_that_it_may_take() -> None:
    assert int(ALL_IN_ONE["TimeoutStopSec"][0]) > ROLES_FINISH + 2 * embedded._STOP
    assert int(ROLE["TimeoutStopSec"][0]) > ROLES_FINISH


def test_the_units_run_commands_that_exist() -> None:
    assert ALL_IN_ONE["ExecStart"] == ["/opt/leadwire/bin/leadwire up"]
    assert ROLE["ExecStart"] == ["/opt/leadwire/bin/leadwire %i"]
    named = set(re.findall(r"leadwire@(\w+)", text("README.md")))
    assert named == set(ROLES)
    assert f"leadwire@{{{','.join(ROLES)}}}" in text("systemd/leadwire@.service")


def test_they_never_give_up_and_never_run_beside_each_other() -> None:
    assert all("\nStartLimitIntervalSec=0\n" in text(f"systemd/{name}") for name in UNITS)
    assert "\nConflicts=leadwire.service\n" in text("systemd/leadwire@.service")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")
def test_systemd_understands_them(tmp_path: Path) -> None:
    for name in ("leadwire.service", "leadwire@.service"):
        there = (DEPLOY / "systemd" / name).read_text().replace("/opt/leadwire/bin/leadwire", "/bin/true")
        (tmp_path / name).write_text(there)
    done = subprocess.run(
        ["systemd-analyze", "verify", "leadwire.service", "leadwire@web.service"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in done.stderr.splitlines() if "leadwire" in line] == []
