"""Archives, workbooks and folders: every list inside by its own name, nothing without end."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from quetsach.errors import IndicatorError
from quetsach.indicators import reading
from quetsach.indicators.lists import unpack
from quetsach.text import language
from quetsach.text.problems import explain
from tests.packing import tarred, zipped, zstd

LIST = b"evil.example\n/gate.php\n"


@pytest.mark.parametrize(
    ("data", "source"),
    [
        (gzip.compress(LIST), ""),
        (bz2.compress(LIST), ""),
        (lzma.compress(LIST), ""),
        (lzma.compress(LIST[:5]) + lzma.compress(LIST[5:]), ""),
        (zipped({"a/full.csv": LIST}), "!/a/full.csv"),
        (tarred({"x": LIST}), "!/x"),
        (gzip.compress(tarred({"x": LIST})), "!/x"),
        (tarred({"./x": LIST}), "!/./x"),
        (zipped({"x.gz": gzip.compress(LIST)}), "!/x.gz"),
        (lzma.compress(tarred({"y.zip": zipped({"z": LIST})})), "!/y.zip!/z"),
    ],
    ids=["gz", "bz2", "xz", "two xz", "zip", "tar", "tar.gz", "tar of a dot", "gz in zip", "zip in tar.xz"],
)
def test_a_list_in_an_archive_is_read_under_its_name(data: bytes, source: str, tmp_path: Path) -> None:
    path = tmp_path / "full"
    path.write_bytes(data)
    result = reading.read(path)
    assert [i.value for i in result.indicators] == ["evil.example"]
    assert [(r.source, r.line, r.code) for r in result.rejects] == [(f"{path}{source}", 2, "no-host")]


def test_a_list_in_zstd_in_an_archive_is_read(tmp_path: Path) -> None:
    packed = zstd(LIST)
    for name, data in {"x.zip": zipped({"y": packed}), "x.tar": tarred({"y": packed})}.items():
        (tmp_path / name).write_bytes(data)
        assert [i.value for i in reading.read(tmp_path / name).indicators] == ["evil.example"]


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2.compress, lzma.compress, lambda d: zipped({"a": d}), lambda d: tarred({"a": d})],
)
def test_a_damaged_archive_is_told_by_name(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "full"
    path.write_bytes(cut(pack(bytes(range(97, 123)) * 1000)))
    with pytest.raises(IndicatorError, match=r"full(!/a)?: .*(cut off|damaged)"):
        reading.read(path)


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MOST_BYTES", 1 << 20)
    zeros = bytes(1 << 19)
    for data in (
        zipped({f"n{i}": zeros for i in range(4)}),
        lzma.compress(bytes(1 << 21)),
        zipped({"a": zipped({"b": zipped({"c": bytes(1 << 21)})})}),
    ):
        # The function of the reading process runs in this process, where the bound is lowered.
        with pytest.raises(IndicatorError, match="more than 1 MB unpacked"):
            unpack._batch.__wrapped__(data, "bomb", 0, 0)


def test_archives_do_not_nest_without_end(tmp_path: Path) -> None:
    data = LIST
    for _ in range(5):
        data = zipped({"a": data})
    (tmp_path / "deep.zip").write_bytes(data)
    with pytest.raises(IndicatorError, match="more than 3 deep"):
        reading.read(tmp_path / "deep.zip")


def test_a_locked_zip_is_told(tmp_path: Path) -> None:
    data = bytearray(zipped({"a": LIST}))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + at] |= 1
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(IndicatorError, match="!/a: is encrypted; nothing of the list was used"):
        reading.read(tmp_path / "x.zip")


def test_what_no_list_should_lie_in_is_passed_over(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        for name, kind in {
            "dev": tarfile.CHRTYPE,
            "link": tarfile.SYMTYPE,
            "__MACOSX/._x": tarfile.REGTYPE,
        }.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            info.size = 4 if kind == tarfile.REGTYPE else 0
            packed.addfile(info, io.BytesIO(b"\0\1\2\3"[: info.size]))
        info = tarfile.TarInfo("../x.txt")
        info.size = len(LIST)
        packed.addfile(info, io.BytesIO(LIST))
    (tmp_path / "x.tar").write_bytes(buffer.getvalue())
    result = reading.read(tmp_path / "x.tar")
    assert [(r.source, r.accepted) for r in result.recognised] == [(f"{tmp_path}/x.tar!/../x.txt", 1)]


@pytest.mark.usefixtures("catalogue")
def test_a_list_cut_off_is_not_said_to_be_used(tmp_path: Path) -> None:
    language.use("vi")
    for name, data in {"x.gz": gzip.compress(LIST * 9999), "y.zip": zipped({"a": LIST * 9999})}.items():
        (tmp_path / name).write_bytes(cut(data))
        with pytest.raises(IndicatorError) as caught:
            reading.read(tmp_path / name)
        translated = explain(str(caught.value).partition(": ")[2])
        assert "chưa dùng mục nào của danh sách" in translated
        assert "cut off" not in translated and "đã quét" not in translated


def misp_feed(folder: Path) -> Path:
    uuid = "5a7c1f3e-0b1c-4d2e-8f3a-0123456789ab"
    event = {"Event": {"Attribute": [{"type": "domain", "value": "evil.example", "to_ids": True}]}}
    folder.mkdir()
    manifest = {uuid: {"Orgc": {"name": "x"}, "timestamp": "1", "info": "y"}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / f"{uuid}.json").write_text(json.dumps(event))
    (folder / "hashes.csv").write_text(f"00112233445566778899aabbccddeeff,{uuid}\n")
    return folder / f"{uuid}.json"


def test_a_misp_feed_is_read_by_its_manifest(tmp_path: Path) -> None:
    event = misp_feed(tmp_path / "feed")
    result = reading.read(tmp_path / "feed")
    assert [(r.source, r.format, r.accepted, r.rejected) for r in result.recognised] == [
        (str(event), "misp", 1, 0)
    ]
    packed = zipped({f"f/{p.name}": p.read_bytes() for p in event.parent.iterdir()})
    (tmp_path / "feed.zip").write_bytes(packed)
    assert reading.read(tmp_path / "feed.zip").indicators.id == result.indicators.id
    event.unlink()
    with pytest.raises(IndicatorError, match=event.name):
        reading.read(tmp_path / "feed")


def test_a_manifest_leads_nowhere_else(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"../../etc/passwd":{}}')
    with pytest.raises(IndicatorError, match="no UUID"):
        reading.read(folder)


def test_a_folder_that_is_no_feed_is_told(tmp_path: Path) -> None:
    with pytest.raises(IndicatorError, match="folder without a manifest"):
        reading.read(tmp_path)
