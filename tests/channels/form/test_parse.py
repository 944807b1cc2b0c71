"""Bodies as browsers and programs send them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.form.parse import Submission, Unreadable, clean, language_of, parse
from tests.channels.form.samples import NAMES, sample

JSON, FORM, MULTIPART = b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x"


def read(body: bytes | str, kind: bytes = FORM, **headers: str) -> Submission:
    raw = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return parse(body.encode() if isinstance(body, str) else body, {b"content-type": kind, **raw})


@pytest.mark.parametrize(
    ("body", "kind", "values"),
    [
        ("a=1&b=%D0%B9+x&c=", FORM, {"a": "1", "b": "й x", "c": ""}),
        ("a=й", FORM, {"a": "й"}),  # curl -d
        (b"a=%E9%F6", FORM, {"a": "йц"}),  # a page in windows-1251
        (b"a=\xe9\xf6", FORM, {"a": "йц"}),
        ("a=1&a=2&a=", FORM + b"; charset=utf-8", {"a": "1, 2, "}),
        ('{"a": "x", "b": 1, "c": true, "d": false, "e": null, "f": 1.5}', JSON,
         {"a": "x", "b": "1", "c": "yes", "d": "", "e": "", "f": "1.5"}),
        ('{"a": ["x", "y"]}', JSON, {"a": "x, y"}),
        ("{}", JSON, {}),
        ("", FORM, {}),
        ('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nй\r\n--x--\r\n', MULTIPART, {"a": "й"}),
    ],
)  # fmt: skip
def test_values(body: bytes | str, kind: bytes, values: dict[str, str]) -> None:
    assert read(body, kind).values == values


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("[1]", JSON),
        ('{"a": {"b": 1}}', JSON),
        ('{"a": [[1]]}', JSON),
        ('{"a": 1', JSON),
        ('{"a": 1e999}', JSON),
        ('{"a": "\\ud800"}', JSON),
        ('{"a": "x\\u0000"}', JSON),
        (b'{"a": "\xff"}', JSON),
        ("[" * 100_000, JSON),
        ("a=%00", FORM),
        ("&".join(f"a{number}=1" for number in range(201)), FORM),
        ("a=1", b"text/plain"),
        ("a=1", b""),
        ("a=1", b"multipart/form-data"),
        ("a=1", MULTIPART),
        ("--x\r\nbroken", MULTIPART),
        ('--x\r\nContent-Disposition: form-data; name="f"; filename="cut.pdf"\r\n\r\nhalf a', MULTIPART),
        ('--x\r\nContent-Disposition: form-data; name="a\x00"\r\n\r\n1\r\n--x--\r\n', MULTIPART),
        ("".join(f'--x\r\nContent-Disposition: form-data; name="a{n}"\r\n\r\n1\r\n' for n in range(300)), MULTIPART),
    ],
)
def test_unreadable(body: bytes | str, kind: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body, kind)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (" a ", "a"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\x07\x1b[31mb\x7f", "a[31mb"),
        ("tab\tstays", "tab\tstays"),
        ("safe\u202eexe.txt", "safeexe.txt"),
        ("\ufeffbom", "bom"),
        ("half \ud83d", "half"),
        ("👩‍👩‍👧 семья", "👩‍👩‍👧 семья"),  # the joiner stays
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "ru", "ru"),
        ("", "ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("", "en;q=0.5, ru;q=0.7", "ru"),
        ("", "de-DE,de;q=0.9", "en"),
        ("", "de,ru;q=0.3", "ru"),
        ("", ";;q=x,,", "en"),
        ("ru", "en", "ru"),
        ("RU-ru", "en", "ru"),
        ("de", "ru", "ru"),
    ],
)
def test_language(wanted: str, accepted: str, language: str) -> None:
    assert language_of(wanted, accepted, "en") == language


def test_key_and_page_come_from_the_headers() -> None:
    assert read("_key=b", idempotency_key="a").key == "a"
    assert read("_key=b").key == "b"
    assert read("", referer="https://s.example/page").page == "https://s.example/page"


@pytest.mark.parametrize("name", NAMES)
def test_captured(name: str) -> None:
    headers, body, expected = sample(name)
    found = parse(body, headers)
    files = [[one.field, one.file.name, one.file.type, one.file.size] for one in found.uploads]
    assert {"values": found.values, "files": files, "language": found.language} == expected


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\plan.pdf", "plan.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("/", "file"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_name_of_a_file_is_no_path(given: str, name: str) -> None:
    head = f'--x\r\nContent-Disposition: form-data; name="f"; filename="{given}"\r\n\r\n'
    (upload,) = read(head + "data\r\n--x--\r\n", MULTIPART).uploads
    assert (upload.file.name, upload.file.data) == (name, b"data")


@given(st.binary(max_size=300), st.sampled_from([JSON, FORM, MULTIPART]))
def test_no_body_raises_anything_else(body: bytes, kind: bytes) -> None:
    with suppress(Unreadable):
        read(body, kind)


PART = st.binary(max_size=30)


@given(st.lists(st.tuples(PART, PART), max_size=4))
def test_no_multipart_raises_anything_else(parts: list[tuple[bytes, bytes]]) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\n\r\n\xd0\r\n'
    with suppress(Unreadable):
        read(b"".join(head % part for part in parts) + b"--x--\r\n", MULTIPART)
