"""The content-addressed store, in a folder and in a bucket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from store.files import Bucket, FileMissing, Files, Folder, key_of


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    """A bucket of an S3 server on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    ).create_bucket(Bucket="leads")
    yield Bucket.open("leads", endpoint=url, region="us-east-1", access_key="a", secret_key="b", prefix="files")
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    """Each kind of store."""
    if request.param == "folder":
        return Folder(tmp_path)
    opened: Bucket = request.getfixturevalue("bucket")
    return opened


async def test_what_was_put_is_got_back_by_its_content(files: Files) -> None:
    key = await files.put(b"hello")
    assert key == key_of(b"hello") == await files.put(b"hello")
    assert await files.get(key) == b"hello"


@pytest.mark.parametrize("key", ["0" * 64, "../../etc/passwd", "", "a" * 63 + "/"])
async def test_what_is_not_there_is_said_so(files: Files, key: str) -> None:
    with pytest.raises(FileMissing):
        await files.get(key)


async def test_a_half_written_file_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await Folder(tmp_path).put(b"hello")
    monkeypatch.undo()
    with pytest.raises(FileMissing):
        await Folder(tmp_path).get(key_of(b"hello"))


async def test_a_bucket_that_is_away_is_an_oserror() -> None:
    url = "http://127.0.0.1:1"
    away = Bucket.open("leads", endpoint=url, region="x", access_key="a", secret_key="b", retries=0)
    with pytest.raises(OSError, match="file store"):
        await away.put(b"x")


@given(st.binary(max_size=200))
def test_keys_are_names_of_content(data: bytes) -> None:
    assert len(key_of(data)) == 64
