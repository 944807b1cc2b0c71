"""`leadwire broadcast` and `template`: what is refused and how, looking before sending, names that several have."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from app import broadcast_preview
from app.installed import no
from broadcasts.content.marks import House
from broadcasts.content.parse import parse
from broadcasts.content.preview import preview
from store.engine import Database
from tests.app.test_contacts_cli import Run, _logging_put_back, database, folder, leadwire
from tests.broadcasts.world import TEXT, World, account

__all__ = ["_logging_put_back", "database", "folder", "leadwire"]
CONTENT = json.dumps(TEXT)
MAIL = """[channels.inbox]
kind = "email"
address = "us@example.com"
smtp = { host = "localhost" }
"""


@pytest.fixture
def world(database: Database, folder: Path) -> World:
    with (folder / "leadwire.toml").open("a") as document:
        document.write('[server]\npublic_url = "https://leads.example"\n' + MAIL)
    accounts = {"bot": account("bot", "telegram"), "inbox": account("inbox", "email")}
    return World(database, accounts)


def in_russian(folder: Path) -> None:
    with (folder / "leadwire.toml").open("a") as document:
        document.write('[company]\nlanguage = "ru"\n')


async def made(leadwire: Run, *more: str, name: str = "News", content: Any = CONTENT) -> str:
    """Its short id."""
    code, said = await leadwire("broadcast", "new", name, "--channel", "bot", "--content", content, *more)
    assert code == 0, said
    return said.split("(")[1].split(")")[0]


async def test_it_does_not_begin_for_nobody_whatever_is_agreed_to(leadwire: Run, world: World, folder: Path) -> None:
    in_russian(folder)
    await world.person(telegram="1", consents=())
    await made(leadwire)
    code, said = await leadwire("broadcast", "start", "News", "--yes")
    assert (code, "Рассылку не получит никто" in said) == (1, True), said
    assert await world.ask("SELECT state FROM broadcasts") == ["draft"]
    await world.person(telegram="2")
    assert (await leadwire("broadcast", "start", "News", "--yes"))[0] == 0
    code, said = await leadwire("broadcast", "resume", "News")
    assert (code, "Рассылка запланирована, продолжить её нельзя" in said) == (1, True), said


async def test_a_name_of_several_is_refused_with_their_ids(leadwire: Run, world: World) -> None:
    first = await made(leadwire)
    code, said = await leadwire("broadcast", "copy", "News")
    second = said.split("(")[1].split(")")[0]
    assert (code, f'Others are called "News", too: from now on name it by its id, {second}.' in said) == (0, True)
    code, said = await leadwire("broadcast", "start", "News", "--yes")
    lines = said.splitlines()
    assert (code, lines[0]) == (1, '"News" is the name of several broadcasts; give the id of one:')
    assert [line.split()[:2] for line in lines[1:]] == [[second, "draft"], [first, "draft"]]
    assert all(line.split()[2].startswith("20") for line in lines[1:])
    assert (await leadwire("broadcast", "show", first))[0] == 0


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"subject": "Hi {{ name"}', "subject: it is not read"),
        ('{"blocks": [{"type": "buton"}]}', "blocks[0].type: allowed here: button"),
        ('{"subject": 5}', "subject: a text in quotes is expected, for example"),
    ],
)
async def test_a_broken_template_is_not_kept(leadwire: Run, world: World, content: str, expected: str) -> None:
    code, said = await leadwire("template", "put", "spring", content)
    assert (code, expected in said) == (1, True), said
    assert await world.ask("SELECT name FROM templates") == []


async def test_reasons_are_said_in_the_companys_language(leadwire: Run, world: World, folder: Path) -> None:
    in_russian(folder)
    asked: list[tuple[tuple[str, ...], str]] = [
        (("template", "put", "x", '{"subject": "{{"}'), "subject: не читается"),
        (("broadcast", "new", "x", "--plan", '{"steps": [], "zone": "UTC"}', "--content", "{}"), "steps: не подходит"),
        (("broadcast", "new", "x", "--channel", "fax", "--content", "{}"), "Через «fax» рассылки не отправляются"),
    ]
    for words, expected in asked:
        code, said = await leadwire(*words)
        assert (code, expected in said) == (1, True), said


async def test_a_code_that_nobody_can_have_is_named_as_such(leadwire: Run, world: World, folder: Path) -> None:
    await made(leadwire)
    for words in (("recipients", "News"), ("export", "News", "out.csv")):
        code, said = await leadwire("broadcast", *words, "--code", "no_concent")
        assert (code, "no code no_concent; there are cancelled, capped" in said, "no_consent" in said) == (
            1,
            True,
            True,
        )
    assert not (folder / "out.csv").exists()
    assert (await leadwire("broadcast", "recipients", "News", "--code", "no_consent"))[1] == "Nobody.\n"


async def test_the_file_has_names_and_no_formula(leadwire: Run, world: World, folder: Path) -> None:
    await world.person(telegram="1", values={"name": "Anna Kotova"})
    await world.person(telegram="2", values={"name": "=HYPERLINK(1)"})
    await world.person(telegram="3", values={"surname": "Котов", "given_name": "Пётр"})
    await made(leadwire, "--plan", '{"quiet": null}')
    await leadwire("broadcast", "start", "News", "--yes")
    await world.conduct()
    assert (await leadwire("broadcast", "export", "News", "out.csv"))[0] == 0
    rows = list(csv.DictReader((folder / "out.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {row["address"]: row["name"] for row in rows} == {
        "1": "Anna Kotova", "2": "'=HYPERLINK(1)", "3": "Котов Пётр",
    }  # fmt: skip
    with (folder / "leadwire.toml").open("a") as document:
        document.write("[people]\nexport_delay_hours = 24\n")
    assert (await leadwire("broadcast", "export", "News", "late.csv"))[0] == 0
    rows = list(csv.DictReader((folder / "late.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["name"] + row["address"] for row in rows] == [""] * 3


async def test_it_is_looked_at_as_somebody_gets_it(leadwire: Run, world: World, folder: Path) -> None:
    await world.person(telegram="1", email="anna@example.com", values={"name": "Anna <b>"})
    await made(leadwire)
    code, said = await leadwire("broadcast", "preview", "News", "--as", "anna@example.com")
    assert (code, "Hello, Anna <b>" in said, "[To the shop] https://shop.example/apples" in said) == (0, True, True), (
        said
    )
    code, said = await leadwire("broadcast", "preview", "News", "--channel", "inbox", "--out", "letter.html")
    assert (code, "Subject: News for friend" in said, 'The HTML is in "letter.html".' in said) == (0, True, True), said
    html = (folder / "letter.html").read_text(encoding="utf-8")
    assert "Hello, dear customer" in html and "<html" in html
    code, said = await leadwire(
        "broadcast", "preview", "News", "--channel", "inbox", "--as", "anna@example.com", "--out", "anna.html"
    )
    assert (code, "Anna &lt;b&gt;" in (folder / "anna.html").read_text(encoding="utf-8")) == (0, True), said
    for words, expected in (
        (("--channel", "inbox", "--out", "letter.html"), 'There is a file "letter.html" already'),
        (("--out", "chat.html"), "Only a mail has HTML, and bot is of kind telegram"),
        (("--as", "nobody@example.com"), "Nobody has nobody@example.com"),
    ):
        code, said = await leadwire("broadcast", "preview", "News", *words)
        assert (code, expected in said) == (1, True), said


def test_of_whatsapp_the_template_is_shown_and_not_the_text() -> None:
    whatsapp = {"template": f"HX{'0' * 32}", "values": {"1": "{{ given_name | default('friend') }}"}}
    content = parse({"variants": {"sms": {"text": "Another text"}, "whatsapp": whatsapp}})
    found = preview(content, "whatsapp", {"name": "Joe"}, house=House(company="Orchard"))
    shown = broadcast_preview.lines(found, None)
    assert [line for line in shown if line] == [f"The approved template HX{'0' * 32}", "  {{1}} = Joe"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("there is none", "There is none"),
        ("нет такого", "Нет такого"),
        ("plan.toml is no plan", "plan.toml is no plan"),
        ("data/news.json: no", "data/news.json: no"),
        ("my_file", "my_file"),
        ("steps[0].channel: no", "steps[0].channel: no"),
        ('"news" cannot be read', '"news" cannot be read'),
    ],
)
def test_a_files_name_stays_as_it_is_written(said: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert no(said) == 1
    assert capsys.readouterr().err == f"{shown}\n"


async def test_a_picture_comes_along_with_the_template(leadwire: Run, world: World, folder: Path) -> None:
    shown = {**TEXT, "blocks": [{"type": "image", "src": "cid:logo.png", "alt": "Logo"}, *TEXT["blocks"]]}
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n a logo")
    (folder / "logo.txt").write_bytes(b"no picture")
    put = ("template", "put", "spring", json.dumps(shown), "--picture")
    for name, expected in (("logo.txt", '"logo.txt" is no PNG'), ("none.png", '"none.png" cannot be read')):
        code, said = await leadwire(*put, name)
        assert (code, expected in said) == (1, True), said
    assert (await leadwire(*put, "logo.png"))[0] == 0
    await made(leadwire, "--channel", "inbox", name="Without", content=json.dumps(shown))
    code, said = await leadwire("broadcast", "preflight", "Without", "--offline")
    assert "error: blocks[0].src: The picture “logo.png” does not come along" in said
    code, said = await leadwire("broadcast", "new", "With", "--channel", "inbox", "--template", "spring")
    assert code == 0, said
    assert "does not come along" not in (await leadwire("broadcast", "preflight", "With", "--offline"))[1]
    code, said = await leadwire("broadcast", "preview", "With")
    assert (code, "Attached: logo.png, 15 bytes" in said) == (0, True), said


async def test_a_picture_is_hosted(leadwire: Run, world: World, folder: Path) -> None:
    shown = {**TEXT, "blocks": [{"type": "image", "src": "host:logo.png", "alt": "Logo"}, *TEXT["blocks"]]}
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n a logo")
    assert (await leadwire("template", "put", "spring", json.dumps(shown), "--picture", "logo.png"))[0] == 0
    assert (await leadwire("broadcast", "new", "News", "--channel", "inbox", "--template", "spring"))[0] == 0
    code, said = await leadwire("broadcast", "preview", "News", "--out", "letter.html")
    [address] = [line.removeprefix("Picture: logo.png, ") for line in said.splitlines() if "Picture:" in line]
    assert (code, "Attached" in said) == (0, False), said
    assert address.startswith("https://leads.example/i/")
    assert f'src="{address}"' in (folder / "letter.html").read_text()
    document = folder / "leadwire.toml"
    document.write_text(document.read_text().replace('public_url = "https://leads.example"\n', ""))
    assert "Picture:" not in (await leadwire("broadcast", "preview", "News"))[1]
    said = (await leadwire("broadcast", "preflight", "News", "--offline"))[1]
    assert "error: blocks[0].src: The picture “logo.png” can be fetched nowhere" in said
    code, said = await leadwire("broadcast", "test", "News", "me@example.com")
    assert (code, "set server.public_url, or write cid:logo.png" in said) == (1, True), said
