"""`leadwire contacts` and `leadwire keys` as a person types them, on a real database."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from app.cli import cli
from app.document import load
from app.wiring import rules_of
from domain.messages import Address, AddressKind, ChannelName, Inbound, utcnow
from people import importing
from router.route import Router
from store.engine import Database

Run = Callable[..., Awaitable[tuple[int, str]]]
Ask = Callable[[str], Awaitable[list[Any]]]
HEAD = "ФИО;Телефон;E-mail;Город\n"
ROWS = (
    "Пётр Иванов;8 916 123-45-67;p@example.org;Москва\n"
    "Anna Smith;;anna@example.org;London\n"
    ";нет;;Тверь\n"
    "Иванов Пётр;;petr@example.org;Москва\n"
)


@pytest.fixture(autouse=True)
def _logging_put_back() -> Iterator[None]:
    """Each command sets up logging for a process of its own."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def folder(tmp_path: Path, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a configuration, and a file of four rows."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    (tmp_path / "token").write_text(f"12345:{'A' * 35}")
    (tmp_path / "leadwire.toml").write_text(
        f'[storage]\ndata = "{tmp_path}"\n[channels.bot]\nkind = "telegram"\ntoken = "file:{tmp_path / "token"}"\n'
        '[[operators]]\nchannel = "bot"\nchat = "-100"\n'
    )
    (tmp_path / "people.csv").write_text(HEAD + ROWS, encoding="cp1251")
    return tmp_path


@pytest.fixture
def leadwire(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`await leadwire("contacts", "imports")`: the exit code and what was printed."""
    monkeypatch.chdir(folder)

    async def run(*words: str, answer: str = "") -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, cli, [*words], input=answer)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return run


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.aclose()


@pytest.fixture
def ask(database: Database) -> Ask:
    async def asked(sql: str) -> list[Any]:
        async with database.begin() as connection:
            rows = [tuple(row) for row in await connection.execute(text(sql))]
        return [row[0] if len(row) == 1 else row for row in rows]

    return asked


async def imported(leadwire: Run) -> str:
    """The import's short id."""
    code, said = await leadwire("contacts", "import", "people.csv", "--yes")
    assert code == 0, said
    found = re.search(r"Import (\w{8}) is done", said)
    assert found
    return found[1]


async def test_an_import_is_shown_and_asked_for(leadwire: Run, ask: Ask) -> None:
    code, said = await leadwire("contacts", "import", "people.csv", answer="n\n")
    assert code == 1
    assert "people.csv: CSV, encoding windows-1251, delimiter ;" in said
    assert re.search(r"Телефон +phone +8 916 123-45-67", said)
    assert re.search(r"\b3  new\n", said)
    assert "row 4: Neither a name nor an address. “нет” is not a phone number." in said
    assert "Nothing was written" in said
    assert await ask("SELECT count(*) FROM contacts") == [0]


async def test_a_dry_run_asks_nothing_and_writes_nothing(leadwire: Run, ask: Ask) -> None:
    code, said = await leadwire("contacts", "import", "people.csv", "--dry-run")
    assert (code, said.splitlines()[-1]) == (0, "A dry run: nothing was written.")
    assert await ask("SELECT count(*) FROM contacts") == [0]


async def test_an_import_and_what_is_left_of_it(leadwire: Run, ask: Ask, folder: Path) -> None:
    short = await imported(leadwire)
    assert "нет" in (folder / "people.rejected.csv").read_text(encoding="utf-8")
    assert await ask("SELECT DISTINCT actor FROM imports") == ["cli"]
    _, listed = await leadwire("contacts", "imports")
    assert re.match(rf"{short}  .* done  people.csv  3 new, 1 rejected\n", listed)
    again, said = await leadwire("contacts", "import", "people.csv", "--yes")
    assert again == 0 and "There is nothing to import" in said


async def test_changes_are_shown_before_they_are_made(leadwire: Run, folder: Path) -> None:
    await imported(leadwire)
    (folder / "more.csv").write_text(HEAD + "Anna Smith;8 916 000-00-11;anna@example.org;Paris\n", encoding="utf-8")
    _, said = await leadwire("contacts", "import", "more.csv", "--dry-run")
    assert "row 2: addresses: 1 more" in said and "city:" not in said
    _, said = await leadwire("contacts", "import", "more.csv", "--dry-run", "--replace")
    assert "row 2: city: London → Paris" in said


async def test_the_rejected_are_written_over_nothing(leadwire: Run, folder: Path) -> None:
    (folder / "people.rejected.csv").write_text("mine")
    short = await imported(leadwire)
    assert (folder / "people.rejected.csv").read_text() == "mine"
    assert (folder / "people.rejected-2.csv").exists()
    code, said = await leadwire("contacts", "rejected", short, "people.rejected.csv")
    assert code == 1 and "already" in said
    code, _ = await leadwire("contacts", "rejected", short, "third.csv")
    assert code == 0
    assert (folder / "third.csv").read_bytes() == (folder / "people.rejected-2.csv").read_bytes()


async def test_undo_is_typed(leadwire: Run, ask: Ask) -> None:
    short = await imported(leadwire)
    code, said = await leadwire("contacts", "undo", short, answer="yes\n")
    assert code == 1 and "Nothing was taken back" in said
    code, said = await leadwire("contacts", "undo", short, answer=f"{short}\n")
    assert code == 0 and "3 cards and all else" in said
    assert await ask("SELECT count(*) FROM contacts") == [0]
    assert await ask("SELECT actor FROM events WHERE kind = 'import.undone'") == ["cli"]
    code, said = await leadwire("contacts", "undo", short, "--yes")
    assert (code, said.splitlines()[-1]) == (1, "This import is undone already")


async def test_a_stopped_import_goes_on_as_it_was_begun(
    leadwire: Run, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    write, left = importing._write_batch, iter([True, True, False])

    async def failing(*given: Any) -> Any:
        if not next(left):
            raise OSError("the disk is full")
        return await write(*given)

    with monkeypatch.context() as patched:
        patched.setattr(importing, "_write_batch", failing)
        code, said = await leadwire("contacts", "import", "people.csv", "--yes")
    assert code == 1 and "To go on, give the same command again" in said
    code, said = await leadwire("contacts", "import", "people.csv", "--yes", "--map", "Город=skip")
    assert code == 0
    assert "going on behind row 3" in said and "BECOMES" not in said
    assert await ask("SELECT counts ->> 'new' FROM imports") == ["3"]
    assert await ask("SELECT count(*) FROM field_values WHERE field = 'city'") == [3]


async def test_a_mapping_is_corrected_saved_and_used(leadwire: Run, ask: Ask, folder: Path) -> None:
    assert (await leadwire("contacts", "fields", "add", "home", "--ru", "Дом"))[0] == 0
    words = ("contacts", "import", "people.csv", "--map", "Город=field:home", "--save-mapping", "m.json")
    assert (await leadwire(*words, "--dry-run"))[0] == 0
    assert json.loads((folder / "m.json").read_text(encoding="utf-8"))["Город"] == "field:home"
    assert (await leadwire("contacts", "import", "people.csv", "--mapping", "m.json", "--yes"))[0] == 0
    assert await ask("SELECT DISTINCT field FROM field_values WHERE value = 'London'") == ["home"]


WRONG = [
    ("import nothing.csv", "The file nothing.csv is not there."),
    ("import .", "This is a folder, no file: ."),
    ("import token --encoding klingon", "There is no encoding 'klingon'."),
    ("import people.csv --map Город", '"Город" maps nothing: write --map "Column=target"'),
    ("import people.csv --map Город=field:home", 'Correct it with --map "Column=target", as often as needed.'),
    ("import people.csv --map Город=town", 'Correct it with --map "Column=target", as often as needed.'),
    ("import people.csv --mapping leadwire.toml", "This is no mapping, since it is not JSON: leadwire.toml"),
    ("undo 12345678", "There is no import 12345678: give an import's id, or the last 8 signs of it"),
    ("rejected 12345678 x.csv", "There is no import 12345678: give an import's id, or the last 8 signs of it"),
    ("export people.csv", "There is a file people.csv already: name another one"),
    ("export x.csv --owner Olga", "Nobody who works here is called Olga: nobody does"),
    ("export x.csv --company Horns", "There is no company Horns"),
    ("export x.csv --since yesterday", 'This is no time: yesterday. Write 2026-11-26 or "2026-11-26 14:05"'),
    ("export x.csv --format pdf", "There is no format pdf: csv or vcard"),
    ("veto 12345678", "There is no export 12345678: give an export's id, or the last 8 signs of it"),
    ("show nobody@example.org", "Nobody has nobody@example.org"),
    ("show #42", "There is no lead #42"),
    ("show 00000000-0000-7000-8000-000000000001", "There is no contact 00000000-0000-7000-8000-000000000001"),
    (
        "find Nobody",
        "Nobody has the name or address Nobody. Names that came just now are found once the router has run",
    ),
    ("unmerge", "Say which merges: either their ids, or --rule, --since, --until. See: leadwire contacts merges"),
    ("unmerge --rule certain --yes", "None of these merges holds: there is nothing to take back"),
    (
        "duplicates decide 12345678 same",
        "There is no suggestion 12345678: give a suggestion's id, or the last 8 signs of it",
    ),
    ("duplicates decide 12345678 perhaps", "This is no answer: perhaps. There are same, different, later, undo"),
    ("duplicates learn", "0 cards are too few to learn from: 500 are needed"),
    ("fields add x --type big", "There is no type big: text, number, date, phone, email, choice, flag"),
    ("fields archive x", "There is no field “x”. Define it first, or check the name."),
    ("share nobody", "This is no address: nobody. Give an e-mail or a phone"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[words for words, _ in WRONG])
async def test_what_is_wrong_is_one_line(leadwire: Run, ask: Ask, words: str, said: str) -> None:
    code, printed = await leadwire("contacts", *words.split())
    assert (code, printed.splitlines()[-1]) == (1, said)
    assert "Traceback" not in printed
    assert await ask("SELECT count(*) FROM exports") == [0]


async def test_a_contact_is_shown_whole(leadwire: Run) -> None:
    short = await imported(leadwire)
    for who in ("p@example.org", "8 (916) 123-45-67"):
        code, said = await leadwire("contacts", "show", who)
        assert code == 0
        assert said.startswith("Пётр Иванов   ")
        assert re.search(rf"phone +\+79161234567 +claimed +import {short} \d", said)
        assert re.search(rf"city  Москва +import {short}", said)
    found = re.search(r"[0-9a-f-]{36}", said)
    assert found
    for who in (found[0], found[0][-8:]):
        assert (await leadwire("contacts", "show", who))[1] == said
    assert (await leadwire("contacts", "find", "smith"))[1].split()[1:3] == ["Anna", "Smith"]


async def test_a_contact_is_found_by_a_lead(leadwire: Run, database: Database, folder: Path) -> None:
    customer = Address(kind=AddressKind.TELEGRAM, value="80", proved=True)
    asked = Inbound(
        channel=ChannelName("bot"), external_id="80:1", addresses=(customer,), received_at=utcnow(), text="Hello"
    )
    await Router(database, rules_of(load(folder / "leadwire.toml"))).route([asked])
    code, said = await leadwire("contacts", "show", "#1")
    assert code == 0
    assert re.search(r"telegram +80 +proved +channel by bot \d", said)
    assert re.search(r"#1 +sales +open +nobody's", said) and re.search(r"message +bot +Hello", said)


async def test_an_address_of_several_names_all_of_them(leadwire: Run, folder: Path) -> None:
    rows = "Anna Smith;;info@example.org;London\nPetr Volkov;;info@example.org;Omsk\n"
    (folder / "people.csv").write_text(HEAD + rows, encoding="utf-8")
    assert (await leadwire("contacts", "import", "people.csv", "--yes"))[0] == 0
    code, said = await leadwire("contacts", "show", "info@example.org")
    assert code == 1 and "several people" in said and "Anna Smith" in said and "Petr Volkov" in said


async def test_joining_choosing_and_parting(leadwire: Run, ask: Ask) -> None:
    await imported(leadwire)
    pair = ("p@example.org", "anna@example.org")
    code, said = await leadwire("contacts", "merge", *pair, "--field", "city=other")
    assert code == 0
    assert "Пётр Иванов and Anna Smith are one person now" in said
    _, card = await leadwire("contacts", "show", "anna@example.org")
    assert card.startswith("Пётр Иванов") and re.search(r"city  London .* others say: Москва", card)
    assert (await leadwire("contacts", "merge", *pair)) == (1, "They are one person already\n")
    assert await ask("SELECT rule, actor FROM merges") == [("hand", "cli")]
    merge = said.split()[-1]
    assert merge in (await leadwire("contacts", "merges", "p@example.org"))[1]
    assert (await leadwire("contacts", "unmerge", merge))[1].endswith("Taken back: 1 merge.\n")
    assert (await leadwire("contacts", "show", "anna@example.org"))[1].startswith("Anna Smith")
    assert "taken back" in (await leadwire("contacts", "merges", "--undone"))[1]
    for wrong in ("city", "city=third", "shoes=one"):
        assert (await leadwire("contacts", "merge", *pair, "--field", wrong))[0] == 1


async def test_many_merges_are_asked_for(leadwire: Run, ask: Ask) -> None:
    await imported(leadwire)
    await leadwire("contacts", "merge", "p@example.org", "anna@example.org")
    await leadwire("contacts", "merge", "p@example.org", "petr@example.org")
    mass = ("contacts", "unmerge", "--rule", "hand", "--since", "2020-01-01")
    code, said = await leadwire(*mass, answer="n\n")
    assert code == 1 and "Take 2 merges back?" in said
    assert (await leadwire(*mass, "--until", "2020-01-02", "--yes"))[0] == 1
    assert (await leadwire(*mass, "--yes"))[1].endswith("Taken back: 2 merges.\n")
    assert await ask("SELECT count(*) FROM contacts WHERE leader_id IS NOT NULL") == [0]


async def test_duplicates_are_decided(leadwire: Run, ask: Ask) -> None:
    await imported(leadwire)
    ids = await ask("SELECT id FROM contacts ORDER BY id")
    await ask(
        f"""INSERT INTO suggestions (id, one, other, score, band, reasons, due_at) VALUES
            ('{ids[0]}', '{ids[0]}', '{ids[2]}', 9.5, 'likely', '[["name", "same", 8.0], ["city", "differs", -2.0]]',
             now()) RETURNING 1"""
    )
    _, said = await leadwire("contacts", "duplicates", "list")
    assert "likely, +9.5 bits" in said and "Иванов Пётр, petr@example.org" in said
    assert "for: name the same" in said and "against: city different" in said
    decide = ("contacts", "duplicates", "decide", said.split()[0])
    assert (await leadwire(*decide, "later"))[0] == 0
    assert (await leadwire(*decide, "same"))[1].startswith("They are one person now.")
    assert (await leadwire(*decide, "different"))[0] == 1
    assert (await leadwire(*decide, "undo"))[0] == 0
    assert await ask("SELECT count(*) FROM contacts WHERE leader_id IS NOT NULL") == [0]


async def test_an_address_is_marked(leadwire: Run, ask: Ask) -> None:
    for word, shared in (("share", True), ("unshare", False)):
        code, _ = await leadwire("contacts", word, "8 916 123-45-67")
        assert code == 0
        assert await ask("SELECT kind, value, shared, reason FROM shared_addresses") == [
            ("phone", "+79161234567", shared, "cli")
        ]
    assert await ask("SELECT count(*) FROM events WHERE kind = 'address.marked' AND actor = 'cli'") == [2]


async def test_fields_come_and_go(leadwire: Run) -> None:
    made = await leadwire("contacts", "fields", "add", "size", "--type", "choice", "--choice", "S", "--choice", "M")
    assert made[0] == 0
    assert re.search(r"size +choice +Size +custom; S, M\n", (await leadwire("contacts", "fields", "list"))[1])
    assert (await leadwire("contacts", "fields", "archive", "size"))[0] == 0
    assert "archived" in (await leadwire("contacts", "fields", "list"))[1]
    assert (await leadwire("contacts", "fields", "archive", "size", "--back"))[0] == 0


async def test_an_export_is_written_whole(leadwire: Run, folder: Path) -> None:
    await imported(leadwire)
    code, said = await leadwire("contacts", "export", "out.csv", "--columns", "name,city")
    assert code == 0 and "3 contacts in out.csv" in said
    assert (folder / "out.csv").read_text(encoding="utf-8-sig").splitlines()[1:3] == [
        "Пётр Иванов,Москва",
        "Anna Smith,London",
    ]
    assert (folder / "out.csv").stat().st_mode & 0o077 == 0
    assert (await leadwire("contacts", "export", "some.vcf", "--city", "london"))[0] == 0
    assert (folder / "some.vcf").read_text(encoding="utf-8").count("BEGIN:VCARD") == 1
    _, listed = await leadwire("contacts", "exports")
    assert "done, 1 contact   cli  vCard, city: london" in listed


async def test_a_delayed_export(leadwire: Run, ask: Ask, folder: Path) -> None:
    await imported(leadwire)
    with (folder / "leadwire.toml").open("a") as file:
        file.write("[people]\nexport_delay_hours = 24\n")
    code, said = await leadwire("contacts", "export", "out.csv")
    assert code == 0 and "the operators are told" in said
    short = said.split()[-1]
    assert await ask("SELECT address, facts ->> 'key' FROM deliveries") == [("-100", "export_asked")]
    for _ in range(2):
        await leadwire("contacts", "export", "out.csv")
    await leadwire("contacts", "export", "out.csv", "--resume", short)
    assert not (folder / "out.csv").exists()
    assert await ask("SELECT count(*) FROM exports") == [1]
    await ask("UPDATE exports SET due_at = now() RETURNING 1")
    assert (await leadwire("contacts", "export", "out.csv", "--resume", short))[0] == 0
    assert (folder / "out.csv").exists()
    _, said = await leadwire("contacts", "export", "other.csv", "--tag", "vip")
    assert (await leadwire("contacts", "veto", said.split()[-1]))[0] == 0
    code, refused = await leadwire("contacts", "export", "other.csv", "--resume", said.split()[-1])
    assert (code, refused) == (1, "This export was vetoed\n")
    assert "vetoed by cli" in (await leadwire("contacts", "exports"))[1]


async def test_keys_are_shown_once(leadwire: Run, ask: Ask) -> None:
    assert (await leadwire("keys", "add", "shop", "--scope", "everything"))[0] == 1
    code, said = await leadwire("keys", "add", "shop", "--scope", "contacts:read", "--scope", "exports:read")
    token = said.split()[-1]
    assert code == 0 and token.startswith("lw_")
    _, listed = await leadwire("keys", "list")
    assert token not in listed and "contacts:read, exports:read" in listed
    assert token not in str(await ask("SELECT data FROM events"))
    assert (await leadwire("keys", "revoke", listed.split()[0]))[0] == 0
    assert (await leadwire("keys", "revoke", listed.split()[0]))[0] == 1
    assert "revoked" in (await leadwire("keys", "list"))[1]
