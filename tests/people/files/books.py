"""The smallest workbook that Excel would open, written by hand (ECMA-376, part 1, section 18)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

_TYPES = """<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"""
_SCHEMAS = "http://schemas.openxmlformats.org"
_RELATED = f'<Relationships xmlns="{_SCHEMAS}/package/2006/relationships">{{}}</Relationships>'
_RELATION = f'<Relationship Id="r{{}}" Type="{_SCHEMAS}/officeDocument/2006/relationships/{{}}" Target="{{}}"/>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STYLES = f"""<?xml version="1.0"?><styleSheet xmlns="{_MAIN}"><cellXfs count="2">
<xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>"""


class Day(int):
    """A date as Excel counts it: days since 1899-12-30."""


Cell = str | int | float | bool | Day | None


def write(path: Path, sheets: dict[str, Iterable[Sequence[Cell]]]) -> Path:
    """The workbook, its strings inline."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", _TYPES)
        book.writestr("_rels/.rels", _RELATED.format(_RELATION.format(1, "officeDocument", "xl/workbook.xml")))
        names = "".join(f'<sheet name="{escape(n)}" sheetId="{i}" r:id="r{i}"/>' for i, n in enumerate(sheets, 1))
        book.writestr(
            "xl/workbook.xml",
            f'<?xml version="1.0"?><workbook xmlns="{_MAIN}" '
            'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
            f"<sheets>{names}</sheets></workbook>",
        )
        relations = [_RELATION.format(i, "worksheet", f"worksheets/s{i}.xml") for i in range(1, len(sheets) + 1)]
        relations.append(_RELATION.format("s", "styles", "styles.xml"))
        book.writestr("xl/_rels/workbook.xml.rels", _RELATED.format("".join(relations)))
        book.writestr("xl/styles.xml", _STYLES)
        for number, rows in enumerate(sheets.values(), 1):
            with book.open(f"xl/worksheets/s{number}.xml", "w") as file:
                file.write(f'<?xml version="1.0"?><worksheet xmlns="{_MAIN}"><sheetData>'.encode())
                for position, row in enumerate(rows, 1):
                    file.write(_row(position, row).encode())
                file.write(b"</sheetData></worksheet>")
    return path


def _row(position: int, row: Sequence[Cell]) -> str:
    cells = "".join(_cell(f"{chr(65 + column)}{position}", cell) for column, cell in enumerate(row))
    return f'<row r="{position}">{cells}</row>'


def _cell(place: str, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    if isinstance(cell, bool):
        return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
    style = ' s="1"' if isinstance(cell, Day) else ""
    return f'<c r="{place}"{style}><v>{cell}</v></c>'
