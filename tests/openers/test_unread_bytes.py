"""Bytes of an archive that no entry names, and bytes of a copy that cannot be read, are told."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from quetsach.scanning.engine import Engine
from tests.openers.reading import log, read
from tests.packing import zipped


def hiding(shown: bytes, other: bytes) -> bytes:
    """A zip whose directory names only the second of its two entries."""
    both = io.BytesIO()
    with zipfile.ZipFile(both, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.log", other)
        archive.writestr("b.log", shown)
        del archive.filelist[0]
        archive._didModify = True  # type: ignore[attr-defined]
    return both.getvalue()


@pytest.mark.parametrize("kind", ["two archives", "text behind", "no entry"])
def test_bytes_of_a_zip_outside_its_directory_are_told(kind: str, engine: Engine, tmp_path: Path) -> None:
    clean, hits = zipped({"a.log": log(5, 9000)}), log(90)
    made = {
        "two archives": zipped({"b.log": hits}) + clean,
        "text behind": clean + hits,
        "no entry": hiding(log(5, 9000), hits),
    }
    (tmp_path / "clean.zip").write_bytes(clean)
    assert read(tmp_path / "clean.zip", engine).errors == []
    (tmp_path / "logs.zip").write_bytes(made[kind])
    (error,) = (error for _path, error in read(tmp_path / "logs.zip", engine).errors)
    assert "belong to no entry" in error


def test_bytes_behind_large_members_are_told_once(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads of their own read such members."""
    monkeypatch.setattr("quetsach.files.openers.zip.LARGE_BYTES", 100)
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.log", log(9, 1000 * number))
    (tmp_path / "logs.zip").write_bytes((tmp_path / "logs.zip").read_bytes() + log(5, 9000))
    result = read(tmp_path / "logs.zip", engine)
    assert ["belong to no entry" in error for _path, error in result.errors] == [True]
    assert sum(one.lines for one in result.coverage) == 27


def test_a_damaged_copy_is_no_silent_copy(engine: Engine, tmp_path: Path) -> None:
    """What could not be read of it may stand nowhere else."""
    (tmp_path / "1.log.gz").write_bytes(gzip.compress(log(90)))
    (tmp_path / "2.log.gz").write_bytes(gzip.compress(log(90)) + log(5, 9000))
    result = read(tmp_path, engine)
    assert [str(one.path) for one in result.skipped] == [str(tmp_path / "2.log.gz")]
    assert [(path.endswith("2.log.gz"), "no gzip follows" in error) for path, error in result.errors] == [
        (True, True)
    ]
