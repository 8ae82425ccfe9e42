"""Object storage gives the same answer as the same files on disk; credentials are never shown."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Iterator
from pathlib import Path

import pytest

from quetsach.errors import SourceError
from quetsach.files import objectstore
from quetsach.files.inputs import discover
from quetsach.files.objectstore import Remote, listing
from quetsach.scanning.engine import Engine
from tests.openers.reading import log, read
from tests.openers.s3 import Server, serving
from tests.packing import tarred, zipped

pytest.importorskip("obstore", reason="the extra 'cloud' is not installed")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(monkeypatch) as server:
        yield server


FILES = {
    "dns/a.log": log(200),
    "dns/b.log.gz": gzip.compress(log(40, 500)),
    "dns/ngày 1/c.log.xz": lzma.compress(log(9, 900)),
    "dns/d.zip": zipped({"x/d.log": log(3, 1000), "e.log": log(4, 1100)}),
    "dns/f.tar.gz": gzip.compress(tarred({"f.log": log(5, 1200)})),
}


def test_the_answer_is_that_of_the_same_files_on_disk(bucket: Server, engine: Engine, tmp_path: Path) -> None:
    bucket.objects = {**FILES, "other.log": log(7, 5000)}
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    result, expected = read("s3://logs/dns", engine), read(tmp_path / "dns", engine)
    assert not result.errors
    assert list(result.sightings) == list(expected.sightings)
    assert [seen.path for seen in result.coverage] == [
        seen.path.replace(str(tmp_path), "s3://logs") for seen in expected.coverage
    ]
    assert [seen._replace(path="") for seen in result.coverage] == [
        seen._replace(path="") for seen in expected.coverage
    ]
    [one] = read("s3://logs/dns/a.log", engine).coverage
    assert (one.path, one.bytes) == ("s3://logs/dns/a.log", len(FILES["dns/a.log"]))


def test_an_object_named_twice_is_read_once(bucket: Server) -> None:
    bucket.objects = dict(FILES)
    found = discover(["s3://logs/dns", "s3://logs/dns/a.log", "s3://logs"])
    assert [one.shown for one in found.logs] == [f"s3://logs/{name}" for name in sorted(FILES)]


def test_a_large_object_is_read_in_pieces_and_here_and_there(
    bucket: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objectstore, "PIECE_BYTES", 1000)
    data = bucket.objects["big.log"] = bytes(range(256)) * 40
    [stored] = listing("s3://logs/big.log")
    with Remote(stored) as file:
        assert file.read() == data
        for at, size in ((5, 3), (9000, 5000), (4000, 1500), (4100, 1), (0, 2500)):
            file.seek(at)
            assert file.read(size) == data[at : at + size]
            assert file.tell() == min(at + size, len(data))
    ranges = [asked for _key, asked in bucket.asked if asked]
    assert len(ranges) > 11
    assert all(int(r.split("-")[1]) - int(r.removeprefix("bytes=").split("-")[0]) < 1000 for r in ranges)


def test_an_object_that_changes_is_an_error_and_not_a_mixture(
    bucket: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objectstore, "PIECE_BYTES", 1000)
    bucket.objects["a.log"] = b"a" * 50_000
    [stored] = listing("s3://logs/a.log")
    with Remote(stored) as file:
        assert file.read(500) == b"a" * 500
        bucket.objects["a.log"] = b"b" * 50_000
        with pytest.raises(SourceError, match="changed while it was read"):
            file.read(49_000)


@pytest.mark.parametrize(
    ("address", "refuses", "words"),
    [
        ("s3://logs/nothing", False, "the folder holds no file"),
        ("s3://elsewhere/x", False, "404 Not Found"),
        ("s3://logs/x", True, "access refused"),
        ("s3://reader:top-secret@logs/x", False, "is no address of object storage"),
    ],
)
def test_what_cannot_be_listed_is_said_without_credentials(
    address: str, refuses: bool, words: str, bucket: Server, engine: Engine
) -> None:
    bucket.refuses = refuses
    result = read(address, engine)
    [(_shown, error)] = result.errors
    assert words in error
    assert "secret" not in error


def test_without_the_extra_the_way_to_install_it_is_said(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "obstore", None)
    [(shown, error)] = read("s3://logs/dns", engine).errors
    assert shown == "s3://logs/dns"
    assert "pip install 'quetsach[cloud]'" in error
