"""What is written reads back equal, and opens in a spreadsheet without running anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TextIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.messages import Address, AddressKind
from people.draft import Draft, Rejection, drafts
from people.files.opening import open_table
from people.files.texts import reason
from people.files.write import COLUMNS, write_csv, write_rejected, write_vcards
from people.mapping import guess

_SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
EVERY = (*COLUMNS, "field:=Размер", "consent:sms", "external:amocrm")
_WORDS = st.text(alphabet="aяЁ=+-@'\"\\,;|/ №é€😀", min_size=1, max_size=90).map(lambda text: " ".join(text.split()))
_TAGS = st.text(alphabet="aя=+-@'\"\\,;", min_size=1, max_size=5)
_NOTES = st.text(alphabet="aя=@\t\n,;'\\:", max_size=90).map(str.strip)


_POOLS = {
    AddressKind.EMAIL: ["a@x.org", "b+c@x.org", "-d@x.org", "я@xn--e1afmkfd.xn--p1ai", "'e@x.org"],
    AddressKind.PHONE: ["+79161234567", "+74951234567;ext=12", "+12125550142"],
    AddressKind.TELEGRAM: ["12345", "-100200"],
}


def _addresses() -> st.SearchStrategy[tuple[Address, ...]]:
    lists = [
        st.lists(st.sampled_from([Address(kind=kind, value=value) for value in pool]), unique=True, max_size=2)
        for kind, pool in _POOLS.items()
    ]
    return st.tuples(*lists).map(lambda found: tuple(chain.from_iterable(found)))


def _optional(values: dict[str, st.SearchStrategy[str]]) -> st.SearchStrategy[dict[str, str]]:
    filled = {key: value.filter(bool) for key, value in values.items()}
    return st.fixed_dictionaries({}, optional=filled)


PEOPLE = st.builds(
    Draft,
    row=st.just(2),
    name=_WORDS.filter(bool),
    addresses=_addresses(),
    company=_WORDS,
    tags=st.lists(_TAGS, unique=True, max_size=3).map(tuple),
    notes=_NOTES.map(lambda note: (note,) if note else ()),
    external=st.sampled_from([(), (("vk", "id1"),)]),
    fields=_optional(
        dict.fromkeys(("surname", "given_name", "patronymic", "city", "position"), _WORDS)
        | {"born": st.dates().map(str).filter(lambda day: "1880" <= day < "2100"), "telegram": st.just("ann_sample")}
        | {"language": st.just("ru")}
    ),
)
WHOLE = st.builds(
    lambda one, more, consents, ids, owner: replace(
        one, fields={**one.fields, **more}, consents=consents, external=one.external + ids, owner=owner
    ),
    PEOPLE,
    _optional({"field:=Размер": _WORDS}),
    st.sampled_from([{}, {"sms": True}, {"sms": False}]),
    st.sampled_from([(), (("amocrm", "=5"), ("amocrm", "6"))]),
    _WORDS,
)


def _back(path: Path, write: Callable[[TextIO], int]) -> Sequence[Draft | Rejection]:
    with path.open("w", encoding="utf-8", newline="") as out:
        write(out)
    with open_table(path) as table:
        return list(drafts(table, guess(table.headers), "RU"))


def _numbered(people: Sequence[Draft], first: int) -> list[Draft]:
    return [replace(one, row=row) for row, one in enumerate(people, first)]


@_SAME_FOLDER
@given(st.lists(WHOLE, min_size=1, max_size=4))
def test_csv_reads_back_equal(tmp_path: Path, people: list[Draft]) -> None:
    back = _back(tmp_path / "a.csv", lambda out: write_csv(out, people, EVERY))
    assert back == _numbered(people, 2)


@_SAME_FOLDER
@given(st.lists(WHOLE, min_size=1, max_size=4))
def test_vcards_read_back_equal(tmp_path: Path, people: list[Draft]) -> None:
    """But for custom fields and the ids of other systems."""
    back = _back(tmp_path / "a.vcf", lambda out: write_vcards(out, people))
    assert back == _numbered([_of_card(one) for one in people], 1)


def _of_card(one: Draft) -> Draft:
    fields = {name: value for name, value in one.fields.items() if not name.startswith("field:")}
    return replace(one, fields=fields, external=tuple(pair for pair in one.external if pair[0] == "vk"))


def test_a_card_has_what_is_ours() -> None:
    out = io.StringIO(newline="")
    fields = {'field:si"ze': "42; wide"}
    write_vcards(out, [Draft(row=1, name="Anna", fields=fields, consents={"sms": False, "email": True}, owner="Olga")])
    assert out.getvalue().split("\r\n")[3:-2] == [
        "X-LEADWIRE-OWNER:Olga",
        "X-LEADWIRE-CONSENT;CHANNEL=email:yes",
        "X-LEADWIRE-CONSENT;CHANNEL=sms:no",
        'X-LEADWIRE-FIELD;NAME="si^\'ze":42\\; wide',
    ]


@_SAME_FOLDER
@given(WHOLE)
def test_no_cell_is_a_formula(one: Draft) -> None:
    """A customer who calls himself =HYPERLINK(...) would run it on the machine of whoever opens the export."""
    out = io.StringIO(newline="")
    assert write_csv(out, [one], EVERY) == 1
    rows = list(csv.reader(io.StringIO(out.getvalue().removeprefix("\ufeff"), newline="")))
    assert not [cell for row in rows for cell in row if cell[:1] in set("=+-@\t\r") - {""}]


@_SAME_FOLDER
@given(WHOLE)
def test_lines_of_cards_are_short(one: Draft) -> None:
    out = io.StringIO(newline="")
    write_vcards(out, [one])
    lines = out.getvalue().encode().split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert lines[0] == b"BEGIN:VCARD" and lines[-2:] == [b"END:VCARD", b""]


@pytest.mark.parametrize(("language", "header"), [("en", "Row,Reason,Name,=x"), ("ru", "Строка,Причина,Name,=x")])
def test_rejected_rows_can_be_corrected_and_imported(tmp_path: Path, language: str, header: str) -> None:
    refused = Rejection(row=7, reason=reason("empty"), values=("", "=1"), details=(reason("phone", value="нет"),))
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        assert write_rejected(out, ("Name", "=x"), [refused], language) == 1
    with open_table(path) as table:
        assert ",".join(table.headers) == header
        (row,) = table.rows()
    why = f"{refused.reason.words(language)} {refused.details[0].words(language)}"
    assert row.values == ("7", why, "", "=1")
    assert set(list(guess(table.headers, [row.values]).values())[:2]) == {"skip"}
