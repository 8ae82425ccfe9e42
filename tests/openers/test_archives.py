"""Archives: every file inside is a log of its own; hostile and damaged archives end in an error, not in a
crash."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quetsach.files.inputs import discover
from quetsach.files.openers import Meter, Opened, opened
from quetsach.files.openers import read as leaves
from quetsach.scanning import work
from quetsach.scanning.engine import Engine, SourceResult, choose
from quetsach.scanning.result import ScanResult
from quetsach.sightings.sighting import Sighting
from tests.openers.reading import log, read
from tests.packing import tarred, zipped, zstd

METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


ARCHIVE: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    **{f"zip {method}": lambda files, method=method: zipped(files, method) for method in METHODS},
    "tar": tarred,
    "tar.gz": lambda files: gzip.compress(tarred(files)),
    "tar.xz": lambda files: lzma.compress(tarred(files)),
    "tar.bz2": lambda files: bz2.compress(tarred(files)),
    "tar.zst": lambda files: zstd(tarred(files)),
    "tar gnu": lambda files: tarred(files, tarfile.GNU_FORMAT),
    "tar ustar": lambda files: tarred(files, tarfile.USTAR_FORMAT),
}


def paths(result: ScanResult, start: Path) -> list[str]:
    return sorted(seen.path.removeprefix(str(start)) for seen in result.coverage)


@pytest.mark.parametrize("kind", ARCHIVE)
def test_each_member_is_a_log_with_its_own_name_and_id(kind: str, engine: Engine, tmp_path: Path) -> None:
    files = {"a.log": log(90), "year/b.log": log(3, 1000), "empty.log": b"", "x" * 150 + "/c.log": log(1, 9)}
    if kind == "tar ustar":
        files = dict(list(files.items())[:3])
    packed, plain = tmp_path / "packed", tmp_path / "plain"
    packed.write_bytes(ARCHIVE[kind](files))
    for name, data in files.items():
        (plain / name).parent.mkdir(parents=True, exist_ok=True)
        (plain / name).write_bytes(data)
    result, expected = read(packed, engine), read(plain, engine)
    assert not result.errors
    assert list(result.sightings) == list(expected.sightings)
    assert paths(result, packed) == sorted(f"!/{name}" for name in files)
    assert [seen._replace(path="") for seen in result.coverage] == [
        seen._replace(path="") for seen in expected.coverage
    ]


def counts(sightings: list[Sighting]) -> dict[tuple[str, str | None], int]:
    return {(s.indicator, s.device): s.count for s in sightings}


WRAPS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "zip": lambda data: zipped({"in.zip": data}),
    "stored": lambda data: zipped({"in.zip": data}, zipfile.ZIP_STORED),
    "tar": lambda data: tarred({"in.tar": data}),
    "tar.xz": lambda data: lzma.compress(tarred({"in.txz": data})),
}


@given(
    wraps=st.lists(st.sampled_from(sorted(WRAPS)), max_size=3),
    lines=st.integers(1, 200),
    newline=st.sampled_from([b"\n", b"\r\n"]),
)
@settings(max_examples=40)
def test_any_nesting_gives_the_answer_of_the_plain_file(
    wraps: list[str], lines: int, newline: bytes, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = body = log(lines).replace(b"\n", newline)
    for wrap in wraps:
        data = WRAPS[wrap](data)
    folder = tmp_path_factory.mktemp("nest")
    (folder / "packed").write_bytes(data)
    (folder / "plain").write_bytes(body)
    result, expected = read(folder / "packed", engine), read(folder / "plain", engine)
    assert not result.errors
    assert list(result.sightings) == list(expected.sightings)
    [seen], [wanted] = result.coverage, expected.coverage
    assert seen._replace(path="") == wanted._replace(path="")


def test_every_layer_of_a_bomb_is_counted(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quetsach.files.decompress.FREE", 1 << 20)
    layer = gzip.compress(b"0" * (64 << 10)) * 300
    for name, data in (("a.gz", gzip.compress(layer)), ("b.zip", zipped({"b.gz": layer}))):
        (tmp_path / name).write_bytes(data)
        result = read(tmp_path / name, engine)
        assert ["unpacks without end" in error for _path, error in result.errors] == [True]
        assert sum(seen.bytes for seen in result.coverage) < 10 << 20


def test_too_deep_is_said(engine: Engine, tmp_path: Path) -> None:
    data = log()
    for _ in range(4):
        data = zipped({"in": data})
    path = tmp_path / "deep.zip"
    path.write_bytes(data)
    result = read(path, engine)
    [(shown, error)] = result.errors
    assert shown == f"{path}!/in!/in!/in"
    assert "more than 3 archives deep" in error
    assert not len(result.sightings)


def test_names_are_labels_and_links_are_passed_over(engine: Engine, tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in (
            ("../../etc/out\x1b[2J\u202e.log", tarfile.REGTYPE),
            ("link", tarfile.SYMTYPE),
            ("hard", tarfile.LNKTYPE),
            ("tty", tarfile.CHRTYPE),
            ("folder", tarfile.DIRTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            info.size = len(log()) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(log()))
    (tmp_path / "a.tar").write_bytes(out.getvalue())
    outz = io.BytesIO()
    with zipfile.ZipFile(outz, "w") as archive_zip:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive_zip.writestr(link, "/etc/passwd")
        archive_zip.writestr("folder/", "")
        archive_zip.writestr("b.log", log(2, 50))
    (tmp_path / "b.zip").write_bytes(outz.getvalue())
    result = read(tmp_path, engine)
    assert not result.errors
    assert paths(result, tmp_path) == ["/a.tar!/../../etc/out\\x1b[2J\\u{202e}.log", "/b.zip!/b.log"]
    passed = {str(one.path).removeprefix(str(tmp_path)): one.why for one in result.skipped}
    assert passed == dict.fromkeys(["/a.tar!/hard", "/a.tar!/link", "/a.tar!/tty", "/b.zip!/link"], "link")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tar", "b.zip"]


def test_of_copies_in_several_archives_the_longest_counts_once(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(
        zipped({"dns.log": log(200), "results.jsonl": b'{"type":"scan","schema":1}'})
    )
    (tmp_path / "b.tar.gz").write_bytes(gzip.compress(tarred({"old/dns.log": log(210)})))
    (tmp_path / "dns.log").write_bytes(log(190))
    result = read(tmp_path, engine)
    assert paths(result, tmp_path) == ["/b.tar.gz!/old/dns.log"]
    assert sum(s.count for s in result.sightings) == 210
    assert sorted(one.why for one in result.skipped) == ["duplicate", "duplicate", "result"]


OTHER_MACHINE = b"2026-01-02T03:04:05Z 10.9.9.9 asks n7.evil.example\n"
NO_MACHINE = b"2026-01-02T03:04:05Z Failed password of 10.0.0.1 or 10.0.0.2 from evil.example\n"


@pytest.mark.parametrize("changed", [OTHER_MACHINE, NO_MACHINE])
def test_packed_logs_with_one_beginning_lose_no_row(changed: bytes, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "long.log.gz").write_bytes(gzip.compress(log(300)))
    (tmp_path / "short.log.gz").write_bytes(gzip.compress(log(200) + changed))
    (tmp_path / "copy.log.gz").write_bytes(gzip.compress(log(250)))
    result = read(tmp_path, engine)
    assert paths(result, tmp_path) == ["/long.log.gz", "/short.log.gz"]
    assert [len(one.errors) for one in result.coverage] == [1, 1]
    assert [str(one.path) for one in result.skipped] == [str(tmp_path / "copy.log.gz")]
    assert sum(s.count for s in result.sightings) + result.not_understood == 301


@pytest.mark.parametrize("order", list(permutations(["copy", "long", "short"])))
def test_logs_with_one_beginning_are_told_in_any_order(
    order: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = {"long": log(300), "short": log(200) + NO_MACHINE, "copy": log(250)}
    for name, data in logs.items():
        (tmp_path / f"{name}.log.gz").write_bytes(gzip.compress(data))
    keep, held = work._Work._keep, {}

    def late(run: work._Work, result: SourceResult) -> None:
        held[Path(result.coverage.path).name.partition(".")[0]] = result
        if len(held) == len(logs):
            for name in order:
                keep(run, held[name])

    monkeypatch.setattr(work._Work, "_keep", late)
    result = read(tmp_path, choose("native"))
    assert paths(result, tmp_path) == ["/long.log.gz", "/short.log.gz"]
    assert [len(one.errors) for one in result.coverage] == [1, 1]
    assert sum(one.count for one in result.sightings) == 301


def test_large_members_of_a_zip_are_read_by_threads_of_their_own(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"a.log": log(300), "b.log": log(300, 400), "c.log": log(3, 800), "d\x1b.log": log(200, 900)}
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(files, zipfile.ZIP_STORED))
    whole = read(path, engine)
    monkeypatch.setattr("quetsach.files.openers.zip.LARGE_BYTES", 10_000)
    parts = discover([str(path)]).logs
    assert sorted(one.part.only for one in parts) == ["", "a.log", "b.log", "d\\x1b.log"]
    assert sum(one.size for one in parts) == path.stat().st_size
    result = read(path, engine, jobs=3)
    assert not result.errors
    assert list(result.sightings) == list(whole.sightings)
    assert result.coverage == whole.coverage


def _encrypted(data: bytes) -> bytes:
    """The archive with the flag of a password set in the directory and in the first member's header."""
    out = bytearray(data)
    out[6] |= 1
    out[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(out)


def _method(data: bytes, method: int) -> bytes:
    out = bytearray(data)
    out[data.index(b"PK\x01\x02") + 10] = method
    return bytes(out)


@pytest.mark.parametrize(
    ("data", "words", "found"),
    [
        (_encrypted(zipped({"a.log": log(), "b.log": log(2, 60)})), "is encrypted; unpack it with its", 2),
        (_method(zipped({"a.log": log(), "b.log": log(2, 60)}), 9), "zip method 9, which is not read", 2),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "is a 7z archive, which is not read", 0),
        (b"Rar!\x1a\x07\x01\x00" + bytes(100), "is a RAR archive, which is not read", 0),
        (zipped({"b.log": log(2, 60), "a.rar": b"Rar!\x1a\x07\x01\x00" + bytes(9)}), "is a RAR archive", 2),
        (zipped({"b.log": log(2, 60), "a.evtx": b"ElfFile\0" + bytes(9)}), "Windows event log", 2),
        (zipped({}), "holds no file", 0),
        (tarred({"b.log": log(2, 60)}) + b"more", "something that is no tar follows", 2),
        (tarred({"b.log": log(2, 60)})[:1024], "cut off at decompressed byte 1024", 2),
        (tarred({"b.log": log(300, 60)})[:5512], "cut off at decompressed byte 5000", 92),
    ],
)
def test_what_cannot_be_read_is_said_and_the_rest_counts(
    data: bytes, words: str, found: int, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "archive"
    path.write_bytes(data)
    result = read(path, engine)
    assert any(words in error for _path, error in result.errors), result.errors
    assert sum(s.count for s in result.sightings) == found


PASSED_ON = b"2026-01-01 10.1.2.3 evil.example\n" * 100
OTHERS = {
    "a LZMA (.lzma) archive": [
        lzma.compress(PASSED_ON, lzma.FORMAT_ALONE, preset=preset) for preset in (0, 6, 9)
    ],
    # From lzip 1.23, lzop 1.04 and python-snappy, recognised by `file`.
    "a lzip archive": [b"LZIP\x01\x0c"],
    "a lzop archive": [b"\x89LZO\0\r\n\x1a\n\x10\x40"],
    "a Snappy archive": [b"\xff\x06\0\0sNaPpY"],
    # lz4 -l
    "a LZ4 archive": [b"\x02\x21\x4c\x18"],
    # gpg 2.2.40: for a password, with --armor, for keys of 3072 bits and of Curve25519; openssl enc
    "an encrypted file": [
        bytes.fromhex("8c0d04090302a3d9bcfcb01d9339ffd2"),
        b"-----BEGIN PGP MESSAGE-----\n\njA0ECQMC",
        bytes.fromhex("85018c039f68b8ac"),
        bytes.fromhex("845e03f0f48bd500"),
        b"Salted__\x01\x02",
        b"age-encryption.org/v1\n-> X25519 ",
    ],
    "an event log of Windows XP": [bytes.fromhex("300000004c664c650100000001000000")],
}


@pytest.mark.parametrize(
    ("kind", "start"), [(kind, one) for kind, starts in OTHERS.items() for one in starts]
)
def test_what_other_programs_packed_or_encrypted_is_named(
    kind: str, start: bytes, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "dns.log"
    path.write_bytes(start + bytes(range(256)) * 20)
    result = read(path, engine)
    [(_path, error)] = result.errors
    assert error.startswith(f"is {kind}") and "which is not read" in error
    result = read(_in_zip(path), engine)
    assert [kind in error for _path, error in result.errors] == [True]


def _in_zip(path: Path) -> Path:
    packed = path.with_suffix(".zip")
    packed.write_bytes(zipped({"a/dns.log": path.read_bytes()}))
    return packed


@pytest.mark.parametrize(
    "start", [b"]\0\0\0\0", b"] a line that begins oddly\n", b"\x30\0\0\0\0\0\0\0", b"LZIP a\n"]
)
def test_what_begins_nearly_so_is_still_a_log(start: bytes, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "dns.log"
    path.write_bytes(start + b"\n" + log())
    result = read(path, engine)
    assert not result.errors and sum(s.count for s in result.sightings) == 3


@pytest.mark.parametrize("method", METHODS)
def test_a_zip_without_its_directory_gives_what_lies_before(
    method: int, engine: Engine, tmp_path: Path
) -> None:
    whole = zipped({"a.log": log(), "b.log": log(400, 60), "c.log": log(1, 600)}, method)
    path = tmp_path / "a.zip"
    path.write_bytes(whole[: whole.index(b"PK\x01\x02")])
    result = read(path, engine)
    assert sum(s.count for s in result.sightings) == 404
    [(shown, error)] = result.errors
    assert shown == str(path) and "zip: damaged at decompressed byte" in error


def test_a_streamed_zip_without_its_directory_gives_what_lies_before(engine: Engine, tmp_path: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

        def tell(self) -> int:
            raise io.UnsupportedOperation

    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.log", log())
        archive.writestr("b.log", log(40, 60))
    path = tmp_path / "a.zip"
    path.write_bytes(out.getvalue()[: out.getvalue().index(b"PK\x01\x02")])
    result = read(path, engine)
    assert sum(s.count for s in result.sightings) == 43


@pytest.mark.parametrize("kind", ARCHIVE)
def test_no_changed_byte_ends_in_an_exception(kind: str, tmp_path: Path) -> None:
    """Bytes all over a small archive are changed in three ways, and the archive is cut there."""
    data = ARCHIVE[kind]({"a.log": log(2), "b.log": log(2, 60)})
    path = tmp_path / "archive"
    step = max(1, len(data) // 150)
    for at in range(0, len(data), step):
        for new in (data[at] ^ 0xFF, data[at] ^ 0x01, 0):
            path.write_bytes(data[:at] + bytes([new]) + data[at + 1 :])
            assert read_through(path) <= 1 << 20
        path.write_bytes(data[:at])
        assert read_through(path) <= 1 << 20


def read_through(path: Path) -> int:
    """Read all members like an engine: only SourceError is allowed."""
    total = 0
    for one in leaves(path, Meter()):
        if not isinstance(one, Opened):
            continue
        try:
            while block := one.stream.read(1 << 16):
                total += len(block)
        except opened.SourceError:
            pass
    return total


def test_a_member_that_unpacks_without_end_stops_and_the_rest_counts(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quetsach.files.decompress.FREE", 1 << 20)
    bomb = zipped({"bomb.log": b"0" * (64 << 20), "b.log": log(2, 60)}, zipfile.ZIP_BZIP2)
    (tmp_path / "a.zip").write_bytes(bomb)
    (tmp_path / "b.log.xz").write_bytes(lzma.compress(b"1" * (32 << 20)))
    result = read(tmp_path, engine)
    assert sum(s.count for s in result.sightings) == 2
    assert len(result.errors) == 2
    assert all("unpacks without end" in error for _path, error in result.errors)
    assert all(seen.bytes < 20 << 20 for seen in result.coverage)


def _split(whole: bytes, at: int) -> tuple[bytes, bytes]:
    """Two parts in the form of Info-ZIP's `zip -s` (APPNOTE 8.5.4): a mark at the start, and the last part
    holds its number and that of the part with the directory."""
    first, last = b"PK\x07\x08" + whole[:at], bytearray(whole[at:])
    last[-18:-14] = b"\1\0\1\0"
    return first, bytes(last)


def test_parts_of_a_zip_and_one_behind_a_program_are_named(engine: Engine, tmp_path: Path) -> None:
    whole = zipped({"a.log": log(900)})
    names = {
        "a.z01": _split(whole, 2000)[0],
        "a.zip": _split(whole, 2000)[1],
        "b.exe": b"MZ\x90\0" * 99 + whole,
    }
    for name, data in names.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "c.log").write_bytes(log(2, 60))
    result = read(tmp_path, engine)
    assert sorted(Path(path).name for path, error in result.errors if "split or self-extr" in error) == [
        *names
    ]
    assert len(result.errors) == 3
    assert sum(s.count for s in result.sightings) == 2


def _sparse_tar(name: str, content: bytes, hole: int) -> bytes:
    """Content before a hole, in GNU's own layout (tar's manual, "Storing Sparse Files")."""
    head = bytearray(512)
    places = ((100, 0o644, 7), (108, 0, 7), (116, 0, 7), (124, len(content), 11), (136, 0, 11))
    size = len(content) + hole
    for at, number, digits in (
        *places,
        (386, 0, 11),
        (398, len(content), 11),
        (410, size, 11),
        (483, size, 11),
    ):
        head[at : at + digits] = b"%0*o" % (digits, number)
    head[: len(name)] = name.encode()
    head[422:433] = b"%011o" % 0
    head[156:157], head[257:265] = b"S", b"ustar  \0"
    head[148:156] = b"%06o\0 " % (sum(head) + 8 * 32)
    return bytes(head) + content + bytes(-len(content) % 512)


def test_a_hole_in_a_tar_is_no_way_around_the_limit(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = _sparse_tar("small.log", log(3), 300_000), _sparse_tar("large.log", log(2, 60), 1 << 28)
    path = tmp_path / "a.tar"
    path.write_bytes(small + large + bytes(1024))
    with tarfile.open(path) as found:
        assert [(info.name, info.size) for info in found] == [
            ("small.log", len(log(3)) + 300_000),
            ("large.log", len(log(2, 60)) + (1 << 28)),
        ]
    monkeypatch.setattr("quetsach.files.decompress.FREE", 1 << 20)
    result = read(path, engine)
    [(shown, error)] = result.errors
    assert shown == f"{path}!/large.log" and "unpacks without end" in error
    assert sum(s.count for s in result.sightings) == 5
    assert all(seen.bytes < 20 << 20 for seen in result.coverage)


@pytest.mark.parametrize(
    ("data", "found", "words"),
    [
        (log(2), 2, ""),
        (gzip.compress(log(2)), 2, ""),
        (lzma.compress(log(2)), 2, ""),
        (zipped({"a.log": log(2)}), 2, ""),
        (gzip.compress(tarred({"a.log": log(2)})), 2, ""),
        (b"SQLite format 3\0" + bytes(99), 0, "SQLite: damaged"),
    ],
    ids=["plain", "gz", "xz", "zip", "tar.gz", "damaged"],
)
def test_standard_input_is_recognised_like_a_file(
    data: bytes, found: int, words: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, into = os.pipe()
    os.write(into, data)
    os.close(into)
    with os.fdopen(out, encoding="latin-1") as pipe:
        monkeypatch.setattr("sys.stdin", pipe)
        result = read("-", engine)
    assert sum(s.count for s in result.sightings) == found
    assert [words in error for _path, error in result.errors] == ([True] if words else [])
