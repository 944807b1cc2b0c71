"""What is shipped: the wheel has all that runs and nothing else, and the image is made of it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.deploy.files import ROOT, text

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
DOCKERFILE = text("Dockerfile")
CONTEXT = (ROOT / ".dockerignore").read_text().splitlines()


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_has_every_file_of_the_rooms(shipped: set[str]) -> None:
    there = {str(path.relative_to(ROOT)) for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file()}
    assert {name for name in there - shipped if "__pycache__" not in name} == set()


@pytest.mark.parametrize(
    "kind", ["portal/templates/", "portal/static/", "notifications/templates/", "store/migrations/"]
)
def test_the_wheel_has_what_is_no_code(shipped: set[str], kind: str) -> None:
    assert any(name.startswith(kind) for name in shipped)


def test_the_wheel_has_the_browser_libraries(shipped: set[str]) -> None:
    for name in ("htmx.js", "golos-text-latin-wght-normal.woff2", "golos-text-cyrillic-wght-normal.woff2"):
        assert {f"portal/static/vendor/{name}", f"simulator/static/vendor/{name}"} <= shipped
    assert "simulator/static/vendor/icons.svg" in shipped


def test_the_wheel_has_nothing_else(shipped: set[str]) -> None:
    tops = {name.split("/")[0] for name in shipped}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(ROOMS)


def test_the_context_has_the_rooms_and_nothing_that_is_secret() -> None:
    assert CONTEXT[1] == "*", "first everything is left out, then what is needed is let in"
    let_in = {line.removeprefix("!") for line in CONTEXT if line.startswith("!")}
    assert set(ROOMS) <= let_in
    assert not let_in & {"data", ".git", ".venv", "tests", "leadwire.toml"}
    assert {name for name in let_in if name.startswith("deploy/")} == {"deploy/assets.py"}
    assert all((ROOT / name).exists() for name in let_in)


def test_what_the_build_copies_is_in_the_context() -> None:
    lines = re.findall(r"^COPY (?!--from)(.+) \./$", DOCKERFILE, re.MULTILINE)
    assert lines
    assert {name for line in lines for name in line.split()} <= {c.removeprefix("!") for c in CONTEXT}


def test_the_image_installs_only_what_is_locked_and_runs() -> None:
    installs = re.findall(r"(?:uv )?pip install [^&]+?(?=&&|\n[A-Z#\n])", DOCKERFILE, re.DOTALL)
    assert len(installs) == 3
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    extras = re.findall(r"--extra (\w+)", DOCKERFILE)
    assert extras == ["s3"], "no demo and no embedded servers in the image"


def test_the_installer_is_locked_with_hashes() -> None:
    [expression] = re.findall(r"sed -n '([^']+)' requirements-dev\.lock", DOCKERFILE)
    lines = subprocess.run(
        ["sed", "-n", expression, "requirements-dev.lock"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert re.match(r"uv==[\d.]+ \\", lines[0])
    assert all("--hash=sha256:" in line for line in lines[1:])


def test_the_image_runs_as_nobody_special_with_its_data_in_a_volume() -> None:
    last = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert "python:3.13-slim" in last.splitlines()[0]
    for line in ("USER 10001:10001", "VOLUME /data", 'ENTRYPOINT ["leadwire"]', 'CMD ["up"]'):
        assert f"\n{line}" in last
    assert "http://127.0.0.1:8080/health" in last
    assert "COPY --from=build" in last
    assert "node" not in last


def test_the_python_of_the_image_is_supported() -> None:
    images = set(re.findall(r"FROM (python:\S+)", DOCKERFILE))
    assert len(images) == 1, "a virtual environment must meet the Python that made it"
    minor = int(Path(images.pop()).name.split(":3.")[1].split("-")[0])
    assert minor >= int(PROJECT["project"]["requires-python"].removeprefix(">=3."))
