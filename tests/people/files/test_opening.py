"""What files of contacts are read into, and what is refused in words."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from people.files import opening, workbook
from people.files.opening import open_table
from people.files.table import Row, unique
from people.files.texts import TEXTS, Unreadable
from tests.people.files import books

CAPTURED = Path(__file__).parents[2] / "captured" / "contacts"
_SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def _read(path: Path, **how: str) -> tuple[tuple[str, ...], list[Row]]:
    with open_table(path, **how) as table:  # type: ignore[arg-type]
        return table.headers, list(table.rows())


def _file(folder: Path, data: str | bytes) -> Path:
    path = folder / "contacts"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize(
    ("text", "headers", "rows"),
    [
        ("a,b\n1,2\n", ("a", "b"), [(2, ("1", "2"))]),
        ('a;b\n"1;x";2\n', ("a", "b"), [(2, ("1;x", "2"))]),
        ("a\tb\n1\t2\n", ("a", "b"), [(2, ("1", "2"))]),
        ("a|b\r1|2\r", ("a", "b"), [(2, ("1", "2"))]),
        ("sep=;\r\na;b\r\n1;2\r\n", ("a", "b"), [(2, ("1", "2"))]),
        ("\n\na,b\n\n1,2\n,\n3,4", ("a", "b"), [(5, ("1", "2")), (7, ("3", "4"))]),
        ('a,b\n"x\ny",2\n3,4\n', ("a", "b"), [(2, ("x\ny", "2")), (3, ("3", "4"))]),
        ("a,,a\n1\n", ("a", "Column 2", "a (2)"), [(2, ("1", "", ""))]),
        ("a,b\n1,2,,\n1,2,3\n", ("a", "b"), [(2, ("1", "2")), (3, ("1", "2", "3"))]),
        ("a@x.org,Ann\n", ("Column 1", "Column 2"), [(1, ("a@x.org", "Ann"))]),
        ("Name\nAnn\n", ("Name",), [(2, ("Ann",))]),
        ("a,b\n'=1,'+7916\n'a,''-\n", ("a", "b"), [(2, ("=1", "+7916")), (3, ("'a", "'-"))]),
        ("a,b\n1\0,2\n", ("a", "b"), [(2, ("1", "2"))]),
    ],
)
def test_csv(tmp_path: Path, text: str, headers: tuple[str, ...], rows: list[tuple[int, tuple[str, ...]]]) -> None:
    encoding = {"encoding": "utf-8"} if "\0" in text else {}
    assert _read(_file(tmp_path, text), **encoding) == (headers, rows)


def test_rows_can_be_read_again_and_from_the_middle(tmp_path: Path) -> None:
    with open_table(_file(tmp_path, "a,b\n1,2\n3,4\n5,6\n")) as table:
        assert [row.number for row in table.rows()] == [2, 3, 4]
        assert [row.number for row in table.rows(after=3)] == [4]
        assert table.progress.read == table.progress.size > 0


def test_a_workbook(tmp_path: Path) -> None:
    """A phone as a number has no point and no zero behind it; a date is ISO; a row keeps Excel's number."""
    people: list[list[books.Cell]] = [
        ["Имя", "Телефон", "Дата", "Доля", "Да"],
        ["Анна", 79161234567.0, books.Day(29586), 0.1, True],
        [None, None],
        ["Пётр", "+7 916", None, 2.0, False],
    ]
    path = books.write(tmp_path / "a.xlsx", {"Люди": people, "Ещё": [["a", "b"], ["1", "2"]]})
    with open_table(path) as table:
        assert (table.format, table.sheet, table.sheets) == ("xlsx", "Люди", ("Люди", "Ещё"))
        spooled = table.rows()
        assert list(spooled) == [
            (2, ("Анна", "79161234567", "1980-12-31", "0.1", "yes")),
            (4, ("Пётр", "+7 916", "", "2", "no")),
        ]
    assert _read(path, sheet="Ещё") == (("a", "b"), [(2, ("1", "2"))])
    with pytest.raises(Unreadable, match="no sheet Нет"):
        open_table(path, sheet="Нет")


def test_the_temporary_file_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    table = open_table(books.write(tmp_path / "a.xlsx", {"S": [["a", "b"], ["1", "2"]]}))
    assert list((tmp_path / "t").iterdir())
    table.close()
    table.close()
    assert not list((tmp_path / "t").iterdir())
    with pytest.raises(Unreadable):
        open_table(books.write(tmp_path / "b.xlsx", {"S": []}))
    assert not list((tmp_path / "t").iterdir())


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/s.xml", "w") as file:
        for _ in range(80):
            file.write(bytes(1 << 20))
    monkeypatch.setattr(workbook, "_spool", None)
    with pytest.raises(Unreadable) as caught:
        open_table(path)
    assert caught.value.reason.key == "bomb"


def test_a_liar_is_stopped(tmp_path: Path) -> None:
    """An archive that says it unpacks to little, and is not a workbook either."""
    packed = zlib.compress(bytes(1 << 20), 9)[2:-4]
    header = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(packed), 10, 1, 0)
    with pytest.raises(Unreadable):
        open_table(_file(tmp_path, header + b"a" + packed))


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "no_rows"),
        (b"\n\n \n", "no_rows"),
        (b'a,b\n"never closed' + b"x" * 200_000, "long_row"),
        (b'a,b\n"never closed\n' + b"x,y\n" * 60_000, "long_row"),
        (b"x" * 200_000, "long_row"),
        (b",".join([b"a"] * 1001), "many_columns"),
        (b"a,b\n" + b",".join([b"1"] * 1001), "many_columns"),
        (b"%PDF-1.7", "binary"),
        (bytes(range(256)) * 9, "binary"),
        (b"<html><body><table><tr><td>ID</td></tr></table>", "web_page"),
        (b"PK\x03\x04 not really", "bad_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 nor this", "bad_workbook"),
        (b"BEGIN:VCARD\nNOTE:" + b"x" * 200_000, "long_row"),
    ],
)
def test_refused(tmp_path: Path, data: bytes, key: str) -> None:
    with pytest.raises(Unreadable) as caught:
        _read(_file(tmp_path, data))
    assert caught.value.reason.key == key
    assert str(caught.value) == caught.value.reason.words("en") != caught.value.reason.words("ru")


def test_absent_and_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreadable, match=r"nobody\.csv is not there"):
        open_table(tmp_path / "nobody.csv")
    with pytest.raises(Unreadable, match="no encoding 'klingon'"):
        open_table(_file(tmp_path, "a,b"), encoding="klingon")
    monkeypatch.setattr(opening, "MAX_FILE", 2)
    with pytest.raises(Unreadable, match="Part it"):
        open_table(_file(tmp_path, "a,b"))


def _cards(name: str) -> list[dict[str, str]]:
    headers, rows = _read(CAPTURED / name)
    return [{h: v for h, v in zip(headers, row.values, strict=True) if v} for row in rows]


def test_vcard_2_1() -> None:
    assert _cards("phone.vcf") == [
        {"Surname": "Ветрова", "Given name": "Анна", "Phone": "+7-916-000-11-22 ::: 84950003344",
         "Email": "anna@example.org", "Birthday": "19800102"}
    ]  # fmt: skip


def test_vcard_3_0() -> None:
    first, second = _cards("mac.vcf")
    assert first == {
        "Name": "John Q. Sample", "Surname": "Sample", "Given name": "John", "Patronymic": "Q.",
        "Company": "Sample, Inc.", "Position": "Head", "City": "Springfield",
        "Email": "john@example.com ::: sample@example.org", "Phone": "+1 (212) 555-0142",
        "Telegram": "https://t.me/John_Sample ::: john_sample", "Tags": "partners ::: a,b",
        "Note": "First line\nsecond; and a very long line that some program has folded",
    }  # fmt: skip
    assert second == {"Name": "Второй Пример", "Email": "second@example.org"}


def test_vcard_4_0() -> None:
    assert _cards("four.vcf") == [
        {"Name": "Мария Пример", "Phone": "+7-916-000-11-22;ext=5", "Email": "maria@example.org",
         "Birthday": "19801231", "Language": "ru", "VK": "https://vk.com/maria_primer"}
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1251", "koi8-r", "cp866"])
def test_vcards_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = "BEGIN:VCARD\nVERSION:2.1\nN:Соколова;Юлия\nTEL:1234567\nEND:VCARD\n"
    _, rows = _read(_file(tmp_path, text.encode(encoding)))
    assert rows[0].values[1:3] == ("Соколова", "Юлия")


@pytest.mark.parametrize(
    ("line", "column", "cell"),
    [
        (r"N:a\\;b", "Surname", "a\\"),
        (r"N:a\;b;c", "Surname", "a;b"),
        (r"CATEGORIES:a\,b", "Tags", "a,b ::: "),
        ("CATEGORIES:a,b\r\nCATEGORIES:c", "Tags", "a ::: b ::: c"),
        ('TEL;X="a:b;c":123', "Phone", "123"),
        ("NOTE:one\r\nNOTE:two", "Note", "one\ntwo"),
        ("IMPP:tg:ann_sample", "Telegram", "ann_sample"),
        ("IMPP:xmpp:a@x.org", "Telegram", ""),
        ("FN;CHARSET=windows-1251;ENCODING=QUOTED-PRINTABLE:=C0=ED=ED=E0", "Name", "Анна"),
    ],
)
def test_properties(tmp_path: Path, line: str, column: str, cell: str) -> None:
    headers, rows = _read(_file(tmp_path, f"BEGIN:VCARD\r\nVERSION:3.0\r\n{line}\r\nEND:VCARD\r\n"))
    assert rows[0].values[headers.index(column)] == cell


def test_a_fold_may_part_a_letter(tmp_path: Path) -> None:
    """RFC 2425 folded by octets: old programs cut a Cyrillic letter in two, and it became two question marks."""
    head, tail = "FN:Пётр".encode()[:4], "FN:Пётр".encode()[4:]
    data = b"BEGIN:VCARD\r\nVERSION:3.0\r\n" + head + b"\r\n " + tail + b"\r\nEND:VCARD\r\n"
    assert _read(_file(tmp_path, data))[1][0].values[0] == "Пётр"


def test_a_large_picture_costs_nothing(tmp_path: Path) -> None:
    picture = "PHOTO;ENCODING=b:" + "AAAA\r\n " * 100_000
    text = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\n{picture}\r\nEMAIL:a@x.org\r\nEND:VCARD\r\n"
    assert _read(_file(tmp_path, text))[1][0].values[:5] == ("Ann", "", "", "", "a@x.org")


@_SAME_FOLDER
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(alphabet='a"\',;\t|\r\n=\0я@', max_size=60).map(str.encode),
        st.lists(
            st.sampled_from([b"BEGIN:VCARD\n", b"END:VCARD\n", b"N:;;;\n", b" x\n",
                             b"TEL;ENCODING=QUOTED-PRINTABLE:=\n",
                             b"FN;CHARSET=base64:\xff\n", b"NOTE;CHARSET=utf-16:a\n", b"=ZZ=4\n", b"A.B;C=\":\":\\\n"]),
            max_size=12,
        ).map(lambda lines: b"BEGIN:VCARD\n" + b"".join(lines)),
        st.binary(max_size=100).map(lambda data: b"\xff\xfe" + data),
    )
)  # fmt: skip
def test_nothing_but_unreadable_is_raised(tmp_path: Path, data: bytes) -> None:
    path = _file(tmp_path, data)
    try:
        headers, rows = _read(path)
    except Unreadable:
        return
    assert len(set(headers)) == len(headers)
    assert all(len(row.values) >= len(headers) and "\0" not in "".join(row.values) for row in rows)


@given(st.lists(st.sampled_from(["a", "a (2)", "", "Column 2", " a\n"]), max_size=8))
def test_headers_are_unique(headers: list[str]) -> None:
    names = unique(headers)
    assert len(set(names)) == len(headers) and all(names)


def test_every_text_is_in_two_languages() -> None:
    for english, russian in TEXTS.values():
        assert english.isprintable() and russian != english
        assert {*_facts(english)} == {*_facts(russian)}


def _facts(text: str) -> list[str]:
    return [part.partition("}")[0] for part in text.split("{")[1:]]
