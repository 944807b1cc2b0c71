"""`leadwire consent`, `contacts erase` and `retention` as a person types them, on a real database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from people import opting
from people.opting import Subject, Way
from store.engine import Database
from tests.app.test_contacts_cli import Run, _logging_put_back, folder, leadwire
from tests.people.law import agreed, proved, queued

__all__ = ["_logging_put_back", "folder", "leadwire"]
MAIL = "anna@example.org"
MORE = '[consent.topics.news]\nen = "News"\n[retention]\nevents_days = 30\n'


async def prepared(folder: Path, url: str) -> None:
    """Anna, who has agreed and has a letter waiting."""
    file = folder / "leadwire.toml"
    file.write_text(file.read_text() + MORE)
    await _do(url, _anna)


async def _anna(connection: Any) -> None:
    card = await proved(connection, ("email", MAIL))
    await agreed(connection, card)
    await queued(connection, card, MAIL)


async def _do(url: str, work: Any) -> Any:
    database = Database(url)
    try:
        async with database.begin() as connection:
            return await work(connection)
    finally:
        await database.aclose()


async def test_from_a_yes_to_a_refusal(folder: Path, leadwire: Run, database_url: str) -> None:
    await prepared(folder, database_url)
    _, said = await leadwire("consent", "show", MAIL)
    assert [line.split() for line in said.splitlines()] == [[MAIL, "marketing", "yes"], [MAIL, "news", "yes"]]
    code, said = await leadwire("consent", "withdraw", MAIL, "--purpose", "Not a purpose")
    assert code == 1
    assert 'no topic "Not a purpose"' in said
    _, said = await leadwire("consent", "withdraw", MAIL)
    assert "1 waiting message dropped" in said
    _, said = await leadwire("consent", "show", MAIL)
    assert said.count("withdrawn") == 2
    page = folder / "proof.html"
    assert (await leadwire("consent", "proof", MAIL, "--out", str(page)))[0] == 0
    assert "I agree" in page.read_text()
    assert (await leadwire("consent", "proof", "nobody@example.org"))[0] == 1


async def test_a_consent_by_word_is_written_down_with_its_proof(folder: Path, leadwire: Run, database_url: str) -> None:
    file = folder / "leadwire.toml"
    file.write_text(file.read_text() + MORE)
    await _do(database_url, lambda connection: proved(connection, ("email", MAIL), ("phone", "+79161234567")))
    words = ("--text", "I want the news.", "--source", "paper, folder 7")
    for wrong, named in (
        (("--purpose", "nws"), 'no topic "nws": known are marketing, news'),
        (("--channel", "pigeon"), 'no channel "pigeon"'),
        (("--text", " "), "--text is empty"),
        (("--source", ""), "--source is empty"),
    ):
        code, said = await leadwire("consent", "grant", MAIL, *words, *wrong)
        assert (code, named in said) == (1, True), said
    assert (await leadwire("consent", "grant", MAIL, "--source", "paper"))[0] == 2
    code, said = await leadwire("consent", "grant", "8 916 123-45-67", *words, "--purpose", "news", "--channel", "sms")
    assert code == 0, said
    assert [line.split()[:3] for line in said.splitlines()[1:]] == [
        [MAIL, "news", "no"], ["+79161234567", "news", "yes"]
    ]  # fmt: skip

    async def receipt(connection: Any) -> Any:
        asked = "SELECT purpose, channel, text, source, address, actor LIKE 'cli%' FROM consents"
        return (await connection.execute(text(asked))).all()

    [kept] = await _do(database_url, receipt)
    assert kept == ("news", "sms", "I want the news.", "cli:paper, folder 7", "+79161234567", True)


async def test_who_has_left_stays_out_whatever_is_written_down(folder: Path, leadwire: Run, database_url: str) -> None:
    await prepared(folder, database_url)
    subject = Subject(kind="email", value=MAIL)
    await _do(database_url, lambda connection: opting.opt_out(connection, subject, "marketing", Way.LINK))
    code, said = await leadwire("consent", "grant", MAIL, "--text", "Yes.", "--source", "phone")
    assert (code, "withdrawn" in said) == (0, True), said


async def test_what_waits_to_be_confirmed_is_shown(folder: Path, leadwire: Run, database_url: str) -> None:
    """Who ticked a box and has not opened the letter looked as if he had never been here."""

    async def asked(connection: Any) -> None:
        card = await proved(connection, ("email", MAIL))
        subject = Subject(kind="email", value=MAIL, card=card)
        for purpose in ("news", "sales"):
            one = await opting.ask(connection, subject, purpose, text="News!", source="form:site", actor="")
        request = await opting.asked(connection, one)
        assert request
        await opting.confirm(connection, request)

    await _do(database_url, asked)
    _, said = await leadwire("consent", "show", MAIL)
    [line] = [line for line in said.splitlines() if "form:site" in line]
    assert line.split()[:3] == [MAIL, "news", "asked"]
    assert "Waits to be confirmed" in said


async def test_a_folder_that_is_not_there_is_named(folder: Path, leadwire: Run, database_url: str) -> None:
    """It said "[Errno 2] No such file or directory", of a file that was to be made."""
    await prepared(folder, database_url)
    for command in (("proof", MAIL, "--out", str(folder / "a" / "x.html")), ("tombstones", str(folder / "a" / "x"))):
        code, said = await leadwire("consent", *command)
        assert (code, "Errno" in said) == (1, False)
        assert "there is no folder" in said.lower() and "make it first" in said
    (folder / "b").mkdir()
    _, said = await leadwire("consent", "proof", MAIL, "--out", str(folder / "b"))
    assert "is a folder: name a file in it" in said


WHATSAPP = """
[server]
public_url = "https://leads.example.com"
[channels.whatsapp]
kind = "sms"
account_sid = "AC0123456789abcdef0123456789abcdef"
auth_token = "env:TWILIO_AUTH_TOKEN"
number = "whatsapp:+15005550006"
"""


async def test_whatsapp_is_asked_for_by_itself(
    folder: Path, leadwire: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "a" * 32)
    file = folder / "leadwire.toml"
    file.write_text(file.read_text() + WHATSAPP)

    async def joe(connection: Any) -> None:
        card = await proved(connection, ("phone", "+79000000012"))
        await agreed(connection, card, channel="whatsapp")

    await _do(database_url, joe)
    _, said = await leadwire("consent", "show", "+79000000012")
    by_sms, by_whatsapp = said.splitlines()
    assert "marketing  no consent" in by_sms
    assert by_whatsapp.split() == ["+79000000012", "(WhatsApp)", "marketing", "yes"]


async def test_erasing_wants_the_name(folder: Path, leadwire: Run, database_url: str) -> None:
    await prepared(folder, database_url)
    code, said = await leadwire("contacts", "erase", MAIL, "--confirm", "Ann")
    assert (code, "nothing was erased" in said.lower()) == (1, True)
    code, said = await leadwire("contacts", "erase", MAIL, "--confirm", "Anna")
    assert code == 0, said
    assert (await leadwire("contacts", "erase", MAIL, "--confirm", "Anna"))[0] == 1
    kept = folder / "tombstones.jsonl"
    assert (await leadwire("consent", "tombstones", str(kept)))[0] == 0
    assert MAIL not in kept.read_text()

    async def restored(connection: Any) -> None:
        await connection.execute(text("DELETE FROM tombstones"))
        await proved(connection, ("email", MAIL))
        await connection.execute(text("UPDATE identities SET created_at = now() - interval '1 day'"))

    await _do(database_url, restored)
    _, said = await leadwire("consent", "restored", str(kept))
    assert "Erased again: 1 card" in said
    kept.write_text("no such thing")
    assert (await leadwire("consent", "restored", str(kept)))[0] == 1


async def test_retention_counts_first(folder: Path, leadwire: Run, database_url: str) -> None:
    assert "Everything is kept" in (await leadwire("retention", "--dry-run"))[1]
    await prepared(folder, database_url)

    async def aged(connection: Any) -> None:
        await opting.opt_out(connection, Subject(kind="email", value="x@example.org"), "marketing", Way.LINK)
        await connection.execute(
            text(
                """INSERT INTO events (id, at, kind, actor, data) VALUES (gen_random_uuid(), now() - interval '40 days',
                     'lead.opened', 'inbox', '{}')"""
            )
        )

    await _do(database_url, aged)
    _, said = await leadwire("retention", "--dry-run")
    assert said.split()[0] == "events"
    assert said.split()[-1] == "1"
    assert "Removed" in (await leadwire("retention", "--yes"))[1]
    assert (await leadwire("retention", "--dry-run"))[1].split()[-1] == "0"
