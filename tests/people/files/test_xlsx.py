"""The reader of .xlsx says what the library says that holds a whole sheet; bombs are refused."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
import python_calamine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from people.files import cells, sheet, xlsx
from people.files.cells import moment
from people.files.opening import open_table
from people.files.sheet import written
from people.files.texts import Unreadable
from people.files.xlsx import Broken, kind_of
from tests.people.files import books

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
FORMATS = {0: "", 14: "", 22: "", 46: "", 170: "[h]:mm", 171: '"day" 0', 172: "[$-419]d mmmm yyyy", 173: "[Red]0.00"}
"""Number formats of the cell formats 0, 1, 2 ..."""
_SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def book(
    path: Path, rows: str, shared: str = "", *, before: str = "", prefix: str = "", since_1904: bool = False
) -> Path:
    """A workbook with this XML in its only sheet."""
    codes = "".join(f'<numFmt numFmtId="{n}" formatCode={quoteattr(code)}/>' for n, code in FORMATS.items() if code)
    formats = "".join(f'<xf numFmtId="{n}"/>' for n in FORMATS)
    styles = f"<numFmts>{codes}</numFmts><cellXfs>{formats}</cellXfs>"
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    types = {"r1": ("worksheet", "worksheets/s1.xml"), "r2": ("sharedStrings", "/xl/sharedStrings.xml")}
    types |= {"r3": ("styles", "styles.xml")}
    relations = "".join(f'<Relationship Id="{i}" Type="{related}/{t}" Target="{to}"/>' for i, (t, to) in types.items())
    colon = f"{prefix}:" if prefix else ""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="a" '
        f'Type="{related}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{related}"><workbookPr date1904="{int(since_1904)}"/>'
        '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">{relations}</Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{shared}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>',
        "xl/worksheets/s1.xml": f'{before}<{colon}worksheet xmlns{colon and ":" + prefix}="{MAIN}"><{colon}sheetData>'
        f"{rows}</{colon}sheetData></{colon}worksheet>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def ours(path: Path) -> list[list[str]]:
    """What our reader says, with the empty rows."""
    with zipfile.ZipFile(path) as archive:
        opened = xlsx.opened(archive)
        found = dict(cells.rows(archive, opened, next(iter(opened.sheets))))
    return [[written(cell) for cell in found.get(number, [])] for number in range(1, max(found, default=0) + 1)]


def theirs(path: Path) -> list[list[str]]:
    """What the library says, without what is empty at the ends."""
    read = python_calamine.load_workbook(str(path)).get_sheet_by_index(0).iter_rows()
    rows = [[written(cell) for cell in row] for row in read]
    for row in rows:
        while row and not row[-1]:
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    return rows


_SIGNS = st.text(alphabet="aЯ é€😀<&>\"'_x04 \t\n", max_size=12)
_NUMBERS = st.one_of(
    st.integers(-(10**15), 10**15),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.floats(0, 2_900_000).map(lambda days: round(days * 1440) / 1440),
)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@st.composite
def _cell(draw: st.DrawFn, place: str, strings: int) -> str:
    at = f' r="{place}"' if draw(st.booleans()) else ""
    kind = draw(st.sampled_from(["n", "date", "s", "inlineStr", "str", "b", "e", "d", "none", "runs"]))
    text, space = _escaped(draw(_SIGNS)), draw(st.sampled_from(["", ' xml:space="preserve"']))
    if kind in ("n", "date"):
        number = draw(_NUMBERS if kind == "n" else st.floats(0, 2_900_000).map(lambda n: round(n, 4)))
        style = (
            f' s="{draw(st.integers(0, len(FORMATS) - 1))}"'
            if kind == "date"
            else draw(st.sampled_from(["", ' t="n"']))
        )
        return f"<c{at}{style}><v>{number!r}</v></c>"
    return {
        "s": f'<c{at} t="s"><v>{draw(st.integers(0, strings - 1))}</v></c>',
        "inlineStr": f'<c{at} t="inlineStr"><is><t{space}>{text}</t></is></c>',
        "runs": f'<c{at} t="inlineStr"><is><r><t{space}>{text}</t></r><r><t>b</t></r><rPh><t>x</t></rPh></is></c>',
        "str": f'<c{at} t="str"><f>A1</f><v>{text}</v></c>',
        "b": f'<c{at} t="b"><v>{draw(st.integers(0, 1))}</v></c>',
        "e": f'<c{at} t="e"><v>{draw(st.sampled_from(["#N/A", "#REF!", "#DIV/0!"]))}</v></c>',
        "d": f'<c{at} t="d"><v>2020-01-02T03:04:05</v></c>',
        "none": f"<c{at}/>",
    }[kind]


@st.composite
def _sheets(draw: st.DrawFn) -> tuple[str, str]:
    """(rows, shared strings), as XML."""
    shared = ["<si><t>first</t></si>", *(f"<si><t>{_escaped(t)}</t></si>" for t in draw(st.lists(_SIGNS, max_size=3)))]
    rows, number = [], 0
    for _ in range(draw(st.integers(0, 5))):
        number += draw(st.integers(1, 3))
        width = draw(st.integers(0, 5))
        row = "".join(draw(_cell(f"{chr(65 + column)}{number}", len(shared))) for column in range(width))
        rows.append(f'<row r="{number}">{row}</row>')
    return "".join(rows), "".join(shared)


@_SAME_FOLDER
@given(_sheets(), st.booleans())
def test_it_says_what_the_library_says(tmp_path: Path, drawn: tuple[str, str], since_1904: bool) -> None:
    path = book(tmp_path / "a.xlsx", *drawn, since_1904=since_1904)
    found = ours(path)
    for row in found:
        while row and not row[-1]:
            row.pop()
    assert found == theirs(path)


@pytest.mark.parametrize("prefix", ["", "x"])
def test_names_may_have_a_prefix(tmp_path: Path, prefix: str) -> None:
    colon = f"{prefix}:" if prefix else ""
    rows = '<row r="2"><c r="B2" t="s"><v>0</v></c><c><v>7</v></c></row>'.replace("</", "</@").replace("<", "<@")
    rows = rows.replace("<@/@", f"</{colon}").replace("<@", f"<{colon}")
    path = book(tmp_path / "a.xlsx", rows, "<si><t>Анна</t></si>", prefix=prefix)
    assert ours(path) == [[], ["", "Анна", "7"]]


@pytest.mark.parametrize(
    ("number", "since_1904", "shown"),
    [
        (0.5, False, time(12)),
        (1, False, date(1900, 1, 1)),
        (59, False, date(1900, 2, 28)),
        (61, False, date(1900, 3, 1)),
        (44000.5, False, datetime.fromisoformat("2020-06-18T12:00")),
        (44000, True, date(2024, 6, 19)),
        (0.25, True, time(6)),
    ],
)
def test_days_are_counted_as_excel_does(number: float, since_1904: bool, shown: date | time) -> None:
    assert moment(number, since_1904) == shown


@pytest.mark.parametrize("number", [-1, 3_000_000, 1e300])
def test_what_no_calendar_has_stays_a_number(tmp_path: Path, number: float) -> None:
    with pytest.raises((ValueError, OverflowError)):
        moment(number)
    path = book(tmp_path / "a.xlsx", f'<row r="1"><c r="A1" s="1"><v>{number}</v></c></row>')
    assert ours(path) == [[written(float(number))]]


@pytest.mark.parametrize(
    ("code", "kind"),
    [("yyyy-mm-dd", "date"), ("d mmm", "date"), ('0 "days"', ""), ("[h]:mm:ss", "elapsed"), (r"\d0", ""), ("0;d", "")],
)
def test_formats(code: str, kind: str) -> None:
    assert kind_of(200, {200: code}) == kind


_LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("rows", "before"),
    [
        ('<row r="1"><c r="A1" t="str"><v>&b;</v></c></row>', _LAUGHS),
        ("<row/>", '<!DOCTYPE a SYSTEM "http://example.org/a.dtd">'),
        ('<row r="1"><c r="A1" t="s"><v>9</v></c></row>', ""),
        ('<row r="1"><c r="A1" t="s"><v>-1</v></c></row>', ""),
        ('<row r="1"><c r="ZZZZ1"><v>1</v></c></row>', ""),
        ('<row r="1"><c r="XFE1"><v>1</v></c></row>', ""),
        ('<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>', ""),
        ('<row r="2"/><row r="1"/>', ""),
        ('<row r="1048577"/>', ""),
        (f'<row><c t="str"><v>{"x" * 200_000}</v></c></row>', ""),
        ("<row><c>", ""),
    ],
    ids=[
        "entities",
        "dtd",
        "no string",
        "below",
        "no cell",
        "too far",
        "out of place",
        "rows",
        "too low",
        "long",
        "cut",
    ],
)
def test_hostile_sheets_are_refused(tmp_path: Path, rows: str, before: str) -> None:
    path = book(tmp_path / "a.xlsx", rows, before=before)
    with pytest.raises(Broken):
        ours(path)
    with pytest.raises(Unreadable) as caught:
        open_table(path)
    assert caught.value.reason.key == "bad_workbook"


def test_a_sheet_of_nothing_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lone cell at the right end of each row writes 16,000 commas a row."""
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 9))
    path = book(tmp_path / "a.xlsx", rows)
    monkeypatch.setattr(sheet, "MAX_CELLS", 100_000)
    monkeypatch.setattr("resource.setrlimit", lambda *given: None)
    with pytest.raises(Broken, match="100,000 cells"):
        sheet.main(str(path), "", str(tmp_path / "a.csv"))


def test_what_is_held_does_not_grow_with_the_sheet(tmp_path: Path) -> None:
    """Memory of ours at its highest: a sheet of four times the rows takes no more."""

    def highest(rows: int) -> int:
        made: Sequence[Sequence[Any]] = [[f"name {n}", n, books.Day(n)] for n in range(rows)]
        path = books.write(tmp_path / f"{rows}.xlsx", {"S": made})
        del made
        tracemalloc.start()
        with zipfile.ZipFile(path) as archive:
            assert sum(1 for _ in cells.rows(archive, xlsx.opened(archive), "S")) == rows
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert highest(20_000) < 1.2 * highest(5_000)


def test_elapsed_time_is_no_day(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", '<row><c s="3"><v>1.5</v></c><c s="4"><v>1.5</v></c></row>')
    assert ours(path) == [[str(timedelta(days=1.5))] * 2] == theirs(path)
