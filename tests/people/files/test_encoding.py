"""The encodings of Russian files, told by the text alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from people.files.encoding import detect
from people.files.opening import open_table

TEXTS = {
    "names": "Имя;Телефон\nАнна;1\nПётр Ильич;2\nОльга Фёдорова;3\n",
    "capitals": "ИМЯ;ГОРОД\nИВАНОВ ПЁТР;МОСКВА\nСОКОЛОВА ЮЛИЯ;САНКТ-ПЕТЕРБУРГ\nЩУКИН ЭДУАРД;ТВЕРЬ\n",
    "one": "name;phone\nИванов;+79160001122\n",
    "small": "имя;заметка\nмаша;просила перезвонить завтра после обеда\nяна;не хочет писем\n",
    "mixed": "Email;Компания\na@example.org;ООО «Ромашка»\nb@example.org;ИП Щёголев Ю. Я.\n",
}
ENCODINGS = ["windows-1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic", "utf-8", "utf-8-sig", "utf-16",
             "utf-16-le", "utf-16-be"]  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_russian(tmp_path: Path, encoding: str, text: str) -> None:
    path = tmp_path / "a.csv"
    data = text.encode(encoding, "replace")
    path.write_bytes(data)
    with open_table(path) as table:
        read = [table.headers, *(row.values for row in table.rows())]
    assert read == [tuple(line.split(";")) for line in data.decode(encoding).splitlines()]


def test_western(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Name,City\nJosé Müller,Zürich\nÉlodie Français,Besançon\n".encode("windows-1252"))
    assert detect(path) == "windows-1252"


def test_the_letters_may_come_late(tmp_path: Path) -> None:
    """A file whose first hundred thousand rows were ASCII was once read as UTF-8 and came out as question marks."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"name,phone\n" + b"Ivan,1\n" * 100_000 + "Пётр Иванов,2\n".encode("koi8-r"))
    assert detect(path) == "koi8-r"


def test_the_letters_may_stand_at_the_beginning_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("name,phone\nПётр Иванов,2\n".encode("koi8-r") + b"Ivan,1\n" * 100_000)
    assert detect(path) == "koi8-r"


def test_utf8_with_a_broken_letter_is_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Имя;Город\nАнна;Москва\nПётр;Тверь".encode()[:-1])
    assert detect(path) == "utf-8"
