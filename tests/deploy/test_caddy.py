"""The Caddyfile goes with the web role behind it."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from app.settings import Server, Storage
from channels.form.channel import TEXT_BYTES
from tests.deploy.files import DEPLOY, text

CADDYFILE = text("Caddyfile")
MIB = 2**20


def test_the_body_limit_is_a_little_above_the_largest_file() -> None:
    """So that Leadwire itself says, in the visitor's language, what is too large."""
    [limit] = re.findall(r"max_size (\d+)MiB", CADDYFILE)
    largest = Storage().max_file_mb * MIB + TEXT_BYTES
    assert largest < int(limit) * MIB <= largest + MIB


def test_it_finds_the_web_role_where_it_is_by_default() -> None:
    server = Server()
    assert f"reverse_proxy {{$LEADWIRE_UPSTREAM:{server.host}:{server.port}}}" in CADDYFILE
    assert server.proxies == ("127.0.0.1",)


def test_it_leaves_the_headers_alone_that_say_who_may_frame_a_form() -> None:
    assert not re.search(
        r"^\s*[?+-]?(X-Frame-Options|Content-Security-Policy)", CADDYFILE, re.MULTILINE | re.IGNORECASE
    )
    assert "Strict-Transport-Security" in CADDYFILE


def test_what_people_read_is_in_both_languages() -> None:
    [answer] = re.findall(r'respond @away "([^"]+)"', CADDYFILE)
    english, russian = answer.split(" / ")
    assert english.isascii()
    assert re.search("[а-я]", russian)


@pytest.mark.skipif(not shutil.which("caddy"), reason="there is no caddy")
def test_caddy_understands_it() -> None:
    command = ["caddy", "validate", "--adapter", "caddyfile", "--config", "Caddyfile"]
    done = subprocess.run(command, cwd=DEPLOY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
