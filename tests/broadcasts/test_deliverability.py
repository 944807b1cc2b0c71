"""The floor under deliverability: the mails of our ready templates, as a real server has got and saved them.

What large providers ask of everybody who sends in bulk: RFC 8058 and RFC 2369 to leave, one From that is aligned with
the envelope and the Message-ID, a text beside the HTML, nothing that is loaded but pictures.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from broadcasts.checks.spam import SpamAssassin
from broadcasts.content.blocks import to_json
from broadcasts.content.ready import LANGUAGES, NAMES, ready
from channels.email.channel import EmailChannel
from channels.email.settings import EmailSettings
from domain.messages import ChannelName
from domain.ports import Host
from notifications.letters import House, compiler
from notifications.mailing import Mailings
from tests.broadcasts.world import Wire, World
from tests.channels.email.conftest import Memory
from tests.counterparts.counterparts import require, sink

OWN = "news@orchard.test"
HOUSE = House(company="Сад Orchard", address="1 Apple Lane, Ely", language="en", site="https://orchard.by")
TEMPLATES = [(name, language) for name in NAMES for language in LANGUAGES]


class Real(World):
    """A world whose mail goes over the wire."""

    def mailings(self, **given: Any) -> Mailings:
        accounts = {ChannelName(name): one for name, one in self.accounts.items()}
        base, mails = "https://leads.example", {ChannelName("mail"): OWN}
        return Mailings(accounts, compiler(HOUSE), public_url=base, leave_by_mail=mails)

    @asynccontextmanager
    async def over(self, port: int) -> AsyncIterator[None]:
        """With the real channel, which hands in at this port."""
        smtp = {"host": "127.0.0.1", "port": port, "security": "none"}
        raw = {"kind": "email", "address": OWN, "name": "Сад «Orchard»", "smtp": smtp}
        channel = EmailChannel(ChannelName("mail"), EmailSettings.model_validate(raw), Host(cursors=Memory()))
        self.wires["mail"] = cast(Wire, channel)
        try:
            async with self.sending():
                yield
        finally:
            await channel.aclose()


@dataclass(frozen=True, slots=True)
class Saved:
    """One mail as the server has saved it."""

    envelope: str
    raw: bytes
    """Without what the server has put above it; its lines end in LF."""

    @property
    def head(self) -> bytes:
        return self.raw.partition(b"\n\n")[0]

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=default)

    def part(self, kind: str) -> str:
        body = self.mail.get_body((kind,))
        assert isinstance(body, EmailMessage)
        return str(body.get_content())

    @property
    def ways(self) -> list[str]:
        """Of List-Unsubscribe."""
        return re.findall(r"<([^<>]+)>", str(self.mail["List-Unsubscribe"]))


@pytest.fixture
def box() -> Iterator[Path]:
    """A folder that smtp-sink can write to when it has given up its rights: others may go through all above it."""
    usual = Path(tempfile.gettempdir())
    is_open = all(above.stat().st_mode & 0o001 for above in (usual, *usual.parents))
    folder = Path(tempfile.mkdtemp(prefix="leadwire-sink-", dir=usual if is_open else "/tmp"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def mails() -> dict[tuple[str, str], Saved]:
    """Each is sent once."""
    return {}


@pytest.fixture(params=TEMPLATES, ids=".".join)
async def saved(request: pytest.FixtureRequest, mails: dict[tuple[str, str], Saved], world: World, box: Path) -> Saved:
    """One ready template as a broadcast to one person, sent over the wire, and read from the server's disk."""
    if request.param in mails:
        return mails[request.param]
    real = Real(world.database)
    await real.person(email="anna@customer.test", values={"given_name": "Анна"})
    with sink("-d", f"{box}/%H%M%S.") as port:
        broadcast = await real.broadcast(content=json.loads(to_json(ready(*request.param))))
        await real.conduct()
        async with real.over(port):
            await real.settled(broadcast)
        assert await real.outcomes(broadcast) == {"sent": 1}
    return mails.setdefault(request.param, _read(box))


def _read(box: Path) -> Saved:
    """smtp-sink writes the envelope and a Received above the mail."""
    [file] = box.iterdir()
    dumped = file.read_bytes()
    above = re.match(rb"(?:X-[A-Z][^\n]*\n)+Received:[^\n]*\n(?:[ \t][^\n]*\n)*", dumped)
    assert above, dumped[:500]
    return Saved(above[0].decode(), dumped[above.end() :])


def test_it_can_be_left_by_one_click_and_by_mail(saved: Saved) -> None:
    web, mail = saved.ways
    assert urlsplit(web).scheme == "https" and urlsplit(web).hostname == "leads.example"
    assert mail.startswith(f"mailto:{OWN}?subject=")
    assert saved.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert web in saved.part("plain")
    assert f'href="{web}"' in saved.part("html")


def test_it_is_from_one_sender_who_is_the_same_everywhere(saved: Saved) -> None:
    [sender] = saved.mail.get_all("From", [])
    [address] = sender.addresses
    assert address.addr_spec == OWN
    assert address.display_name == "Сад «Orchard»"
    assert re.search(rf"^X-Mail-Args: <{OWN}>", saved.envelope, re.MULTILINE)
    assert str(saved.mail["Message-ID"]).endswith(f"@{OWN.rpartition('@')[2]}>")
    assert saved.mail["To"] == "anna@customer.test"
    assert saved.mail["Subject"]


def test_it_says_what_it_is(saved: Saved) -> None:
    assert saved.mail["Precedence"] == "bulk"
    assert saved.mail["Auto-Submitted"] == "auto-generated"
    assert saved.mail["List-Id"] == "<marketing.leads.example>"
    assert re.fullmatch(r"[0-9a-f-]{36}:marketing:broadcast:leadwire", str(saved.mail["Feedback-ID"]))
    assert parsedate_to_datetime(str(saved.mail["Date"])).tzinfo is not None


def test_it_has_a_text_beside_the_html(saved: Saved) -> None:
    assert saved.mail["MIME-Version"] == "1.0"
    assert saved.mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in saved.mail.iter_parts()] == ["text/plain", "text/html"]
    assert len(saved.part("plain").strip()) > 200
    assert HOUSE.address in saved.part("plain") and HOUSE.address in saved.part("html")
    assert not saved.mail.defects


def test_it_keeps_to_the_form(saved: Saved) -> None:
    assert saved.head.isascii()
    assert b"\x00" not in saved.raw and b"\r" not in saved.raw
    assert max(map(len, saved.raw.split(b"\n"))) <= 998  # RFC 5322, section 2.1.1
    names = re.findall(rb"^([!-9;-~]+):", saved.head, re.MULTILINE)
    assert len(names) == len({name.lower() for name in names}), "a field stands there twice"
    assert len(saved.raw) < 102_000


def test_nothing_is_loaded_but_pictures(saved: Saved) -> None:
    html = saved.part("html")
    assert not re.search(
        r"@font-face|@import|fonts\.|<link|<script|<iframe|<form|javascript:|url\(", html, re.IGNORECASE
    )
    assert all(src.startswith("https://") for src in re.findall(r'src="([^"]*)"', html))
    assert not re.search(r"\{[{%]|lwslot|[«“]undefined", html + saved.part("plain"))


async def test_the_filter_lets_it_through(saved: Saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the rules that came with it, and not by what it has learnt from somebody's own mail."""
    require("SpamAssassin", "/usr/bin/spamassassin")
    monkeypatch.setenv("HOME", str(tmp_path))
    score = await SpamAssassin().score(saved.raw.replace(b"\n", b"\r\n"))
    assert score is not None
    assert score.score < 2, score.rules
    assert not {rule for rule in score.rules if "FONT" in rule}, "its words can be read, the hidden ones too"
