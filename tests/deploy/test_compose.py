"""compose.yml: durable servers, every role, no right and no door too many."""

from __future__ import annotations

import ipaddress
import json
import re
import subprocess
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest

from app.cli import ROLES
from bus.durability import _WANTED as DURABLE
from store.engine import _SETTINGS
from tests.deploy.files import DEPLOY, ROOT, compose, text

DOCUMENT = compose()
SERVICES: Mapping[str, Mapping[str, Any]] = DOCUMENT["services"]
OURS = (*ROLES, "migrate")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_there_is_one_service_per_role_and_one_that_migrates() -> None:
    assert {name: s["command"] for name, s in SERVICES.items() if s["image"].startswith("leadwire:")} == {
        name: [name] for name in OURS
    }
    assert {SERVICES[name]["image"] for name in OURS} == {f"leadwire:{VERSION}"}


def test_valkey_is_durable() -> None:
    words = SERVICES["valkey"]["command"]
    given = dict(zip(words[1::2], words[2::2], strict=True))
    assert {name: given[f"--{name}"] for name in DURABLE} == {name: wanted for name, (wanted, _) in DURABLE.items()}


def test_postgres_is_durable() -> None:
    given = {word for word in SERVICES["postgres"]["command"] if word.startswith("-c")}
    asked = set(re.findall(r"'(\w+)'", _SETTINGS))
    assert {f"-c{name}=on" for name in asked} <= given


def test_postgres_keeps_its_data_where_the_image_of_18_has_it() -> None:
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]


def test_postgres_is_laid_out_as_the_embedded_one() -> None:
    embedded = (ROOT / "app" / "postgres.py").read_text()
    locale = SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]
    assert f'"{locale}"' in embedded


@pytest.mark.parametrize("name", OURS)
def test_ours_run_without_root_and_without_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "USER 10001:10001" in text("Dockerfile")


def test_the_servers_do_not_run_as_root() -> None:
    assert {SERVICES[name]["user"] for name in ("postgres", "valkey")} == {"postgres", "valkey"}


def test_only_caddy_publishes_ports_and_it_meets_only_the_web_role() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["caddy"]
    assert {name for name, service in SERVICES.items() if "edge" in service["networks"]} == {"caddy", "web"}
    assert DOCUMENT["networks"]["servers"]["internal"] is True
    assert all(SERVICES[name]["networks"] == ["servers"] for name in ("postgres", "valkey"))


def test_leadwire_believes_just_the_network_of_caddy() -> None:
    [pool] = DOCUMENT["networks"]["edge"]["ipam"]["config"]
    assert ipaddress.ip_network(pool["subnet"]).is_private
    server = tomllib.loads(text("leadwire.compose.toml"))["server"]
    assert server["proxies"] == [pool["subnet"]]
    assert SERVICES["caddy"]["environment"]["LEADWIRE_UPSTREAM"] == f"web:{server['port']}"


def test_roles_wait_for_their_servers_and_come_back() -> None:
    for name in ROLES:
        waits = {other: how["condition"] for other, how in SERVICES[name]["depends_on"].items()}
        assert waits == {
            "postgres": "service_healthy",
            "valkey": "service_healthy",
            "migrate": "service_completed_successfully",
        }
        assert SERVICES[name]["restart"] == "unless-stopped"
    assert "migrate" not in SERVICES["migrate"]["depends_on"]


def test_health_is_asked_of_whoever_can_answer() -> None:
    assert all("test" in SERVICES[name]["healthcheck"] for name in ("postgres", "valkey"))
    asleep = {name for name in OURS if SERVICES[name]["healthcheck"]["disable"]}
    assert asleep == set(OURS) - {"web"}


def test_no_secret_stands_in_the_document() -> None:
    listed = {secret for service in SERVICES.values() for secret in service.get("secrets", ())}
    assert listed == DOCUMENT["secrets"].keys()
    assert all(entry == {"file": f"./secrets/{name}"} for name, entry in DOCUMENT["secrets"].items())
    assert "secrets/" in text(".gitignore").splitlines()
    assert not [
        key for s in SERVICES.values() for key in s.get("environment", ()) if key.endswith(("PASSWORD", "TOKEN"))
    ]


def test_the_readme_makes_every_secret() -> None:
    made = set(re.findall(r"> secrets/(\w+)", text("README.md")))
    assert made == DOCUMENT["secrets"].keys()


def test_volumes_and_networks_are_declared() -> None:
    named = {v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", ())}
    assert {name for name in named if not name.startswith(".")} == DOCUMENT["volumes"].keys()
    assert {name for s in SERVICES.values() for name in s["networks"]} == DOCUMENT["networks"].keys()


def test_docker_reads_it_where_there_is_a_docker() -> None:
    try:
        done = subprocess.run(
            ["docker", "compose", "-f", "compose.yml", "config", "--format", "json"],
            cwd=DEPLOY,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LEADWIRE_DOMAIN": "leads.example.com"},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("docker is not installed")
    if "unknown" in done.stderr or "is not a docker command" in done.stderr:
        pytest.skip("docker has no compose")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["services"].keys() == SERVICES.keys()
