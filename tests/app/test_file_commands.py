"""`leadwire contacts file` as a person types it, on a real database and a real folder."""

from __future__ import annotations

import re
from pathlib import Path

from tests.app.test_contacts_cli import Ask, Run, ask, database, folder, imported, leadwire

__all__ = ["ask", "database", "folder", "leadwire"]


async def test_a_file_comes_back_as_it_was_put(leadwire: Run, ask: Ask, folder: Path) -> None:
    await imported(leadwire)
    (folder / "offer.pdf").write_bytes(b"%PDF-1.7 \xff\x00")
    code, said = await leadwire("contacts", "file", "add", "anna@example.org", "offer.pdf")
    found = re.search(r"file (\w{8})\.", said)
    assert code == 0 and found, said
    assert await ask("SELECT name, type, size, source FROM contact_files") == [
        ("offer.pdf", "application/pdf", 11, "cli")
    ]
    _, listed = await leadwire("contacts", "file", "list", "anna@example.org")
    assert found[1] in listed and "offer.pdf" in listed
    code, said = await leadwire("contacts", "file", "get", "anna@example.org", found[1], "back.pdf")
    assert code == 0, said
    assert (folder / "back.pdf").read_bytes() == b"%PDF-1.7 \xff\x00"
    assert (folder / "back.pdf").stat().st_mode & 0o777 == 0o600
    code, said = await leadwire("contacts", "file", "get", "anna@example.org", found[1], "back.pdf")
    assert (code, "already" in said) == (1, True)
    code, said = await leadwire("contacts", "file", "get", "p@example.org", found[1], "other.pdf")
    assert (code, "has no file" in said) == (1, True), "another's file is not given by one's own name"
    assert (await leadwire("contacts", "file", "remove", "anna@example.org", found[1], answer="n\n"))[0] == 1
    assert (await leadwire("contacts", "file", "remove", "anna@example.org", found[1], "--yes"))[0] == 0
    assert await ask("SELECT count(*) FROM contact_files") == [0]
    assert await ask("SELECT data ->> 'name' FROM events WHERE kind = 'contact.file_removed'") == ["offer.pdf"]
    assert "no files" in (await leadwire("contacts", "file", "list", "anna@example.org"))[1]


async def test_what_cannot_be_put(leadwire: Run, folder: Path) -> None:
    await imported(leadwire)
    (folder / "leadwire.toml").write_text(
        (folder / "leadwire.toml").read_text().replace("[storage]", "[storage]\nmax_file_mb = 1")
    )
    with (folder / "large").open("wb") as file:
        file.truncate((1 << 20) + 1)
    for what, said in (("large", "larger than 1 MB"), (".", "a folder"), ("absent", "absent")):
        code, told = await leadwire("contacts", "file", "add", "anna@example.org", what)
        assert code == 1 and said in told, told
