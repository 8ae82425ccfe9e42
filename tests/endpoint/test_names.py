"""Names and places of files on a hostile disk: none ends a check, none hides a file from it."""

from __future__ import annotations

import errno
import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quetsach.endpoint import checking, machines
from quetsach.endpoint.checking import Options, Result
from quetsach.endpoint.fact import safe
from quetsach.endpoint.files.content import Reader
from quetsach.endpoint.files.places import Walk
from quetsach.endpoint.machines import disk
from quetsach.endpoint.machines.recording import Recording
from quetsach.endpoint.reporting import report
from quetsach.endpoint.reporting import result as document
from quetsach.endpoint.wanted import Wanted
from tests.endpoint import world
from tests.endpoint.test_signs import LINUX_CLEAN

EVIL = b"#!/bin/sh\n# planted by a test\n"
LISTED = hashlib.sha256(EVIL).hexdigest()
RULE = 'rule by_name { condition: filename contains "?" or filepath contains "?" or extension contains "?" }'


@pytest.fixture
def linux(tmp_path: Path) -> Path:
    """A clean Linux disk."""
    made = tmp_path / "linux"
    files = LINUX_CLEAN["files"] | {
        "/etc/passwd": "an:x:1:1:An:/home/an:/bin/sh\n",
        "/home/an/Downloads/x": "",
    }
    for path, content in files.items():
        place = made / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
    return made


@pytest.fixture
def windows(tmp_path: Path) -> Path:
    """A clean Windows disk."""
    return world.tree(world.CLEAN, tmp_path / "windows")


def look(root: Path, *, is_full: bool = False) -> Result:
    wanted = Wanted(indicators=world.LISTED, hashes={LISTED: "Planted"}, rules=(RULE,))
    return checking.check(machines.at(root), wanted, Options(is_full=is_full))


def told(result: Result) -> tuple[str, list[str]]:
    """The verdict and the listed names found; the result can be written in every form."""
    out = io.StringIO()
    document.write(out, result)
    out.getvalue().encode()
    report.write(io.BytesIO(), result)
    return str(result.verdict), [one.indicator for one in result.findings if one.indicator]


def reasons(result: Result) -> set[str]:
    return {gap.reason for gap in result.observed["files"].gaps}


def deep(root: Path, names: list[str], name: str) -> None:
    """A file in nested folders, with any length of path."""
    at = os.open(root, os.O_RDONLY)
    for one in names:
        os.mkdir(one, dir_fd=at)
        below = os.open(one, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    number = os.open(name, os.O_WRONLY | os.O_CREAT, dir_fd=at)
    os.write(number, EVIL)
    os.close(number)
    os.close(at)


@pytest.mark.parametrize("is_full", [False, True])
def test_a_name_that_is_no_text_ends_no_check_and_hides_nothing(linux: Path, is_full: bool) -> None:
    (linux / "home/an/Downloads" / os.fsdecode(b"\xe9t\xe9.sh")).write_bytes(EVIL)
    assert told(look(linux, is_full=is_full)) == ("found", [LISTED])


def test_a_name_that_is_no_text_on_a_windows_disk(windows: Path) -> None:
    place = windows / "C:/Users/an/Downloads" / os.fsdecode(b"\xff\xfe.exe")
    place.write_bytes(EVIL)
    assert told(look(windows)) == ("found", [LISTED])


def test_half_a_letter_of_utf_16_as_windows_allows_it() -> None:
    files = {"C:\\Users\\an\\Downloads\\a\ud800\udcff.exe": EVIL.decode()}
    machine = Recording(world.recording(world.planted({"files": files})))
    wanted = Wanted(indicators=world.LISTED, hashes={LISTED: "Planted"}, rules=(RULE,))
    result = checking.check(machine, wanted)
    assert told(result) == ("found", [LISTED])
    assert safe("a\ud800\udcff") == "a\\u{d800}\\xff"


@pytest.mark.parametrize("fault", [TypeError, UnicodeEncodeError, MemoryError, "PanicException"])
def test_an_unforeseen_fault_costs_one_file_only(
    fault: Any, windows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloads = windows / "C:/Users/an/Downloads"
    for name in ("a.exe", "KMSpico.exe", "c.exe"):
        (downloads / name).write_bytes(EVIL if name == "c.exe" else b"MZ")
    read = Reader.read

    def broken(self: Reader, files: Any, entry: Any) -> Any:
        if entry.name in ("a.exe", "KMSpico.exe"):
            if fault == "PanicException":
                raise type(fault, (BaseException,), {})
            raise fault("utf-8", "", 0, 1, "no") if fault is UnicodeEncodeError else fault("x")
        return read(self, files, entry)

    monkeypatch.setattr(Reader, "read", broken)
    result = look(windows)
    assert told(result) == ("found", [LISTED])
    assert "FILE-01" in {one.sign for one in result.findings}
    gaps = [gap for gap in result.observed["files"].gaps if gap.reason == "failed"]
    assert [gap.detail.rpartition("\\")[2] for gap in gaps] == ["KMSpico.exe", "a.exe"]


@pytest.mark.parametrize("where", ["entries", "follow", "walk"])
def test_an_unforeseen_fault_of_the_walk_is_never_clean(
    where: str, linux: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (linux / "tmp").mkdir()
    (linux / "tmp/x").write_bytes(EVIL)
    asked = getattr(disk.UnixFiles, where, None)

    def broken(self: Any, path: str) -> Any:
        if path == "/opt":
            raise TypeError("x")
        assert asked is not None
        return asked(self, path)

    def files(_self: Any, _targets: Any) -> Iterator[Any]:
        raise TypeError("x")

    (linux / "opt").mkdir(exist_ok=True)
    if where == "walk":
        monkeypatch.setattr(Walk, "files", files)
    else:
        monkeypatch.setattr(disk.UnixFiles, where, broken)
    result = look(linux)
    assert told(result) == (("unknown", []) if where == "walk" else ("found", [LISTED]))
    assert reasons(result) == {"failed"}


def test_sockets_that_cannot_be_sampled_are_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: Any) -> Any:
        raise TypeError("x")

    monkeypatch.setattr(Recording, "processes", broken)
    result = checking.check(Recording(world.recording(world.CLEAN)), Wanted(indicators=world.LISTED))
    assert told(result)[0] == "unknown"
    assert "sockets" in result.unseen


@pytest.mark.parametrize("names", [["a" * 200] * 25, ["ab"] * 70], ids=["long", "deep"])
@pytest.mark.parametrize("system", ["linux", "windows"])
def test_what_lies_too_far_down_is_told(names: list[str], system: str, linux: Path, windows: Path) -> None:
    deep(linux if system == "linux" else windows / "C:/Users/an", names, "x")
    result = look(linux if system == "linux" else windows, is_full=True)
    assert told(result) == ("unknown", [])
    assert reasons(result) == {"too_long"}


@pytest.mark.parametrize("length", [150, 180, 255])
def test_a_path_that_is_just_too_long(length: int, windows: Path) -> None:
    """The folder can be listed; the file or folder in it cannot be looked at or opened."""
    names = ["a" * 250] * 15
    names.append("b" * (4095 - len(os.fsencode(windows / "C:/Users/an")) - 251 * 15 - 120))
    deep(windows / "C:/Users/an", names, "x" * length)
    assert told(look(windows, is_full=True)) == ("unknown", [])


def test_a_name_that_no_disk_has_is_no_gap(linux: Path) -> None:
    files = machines.at(linux).files
    assert files.entry("/etc/" + "9" * 5000) is None
    assert files.entries("/etc/" + "9" * 300) == []
    assert files.entry("/etc/\ud800") is None


@pytest.mark.parametrize("name", ["a\\x.exe", "a\\b", "..\\x.exe", "\\"])
def test_a_backslash_in_a_name_of_a_windows_disk(name: str, windows: Path) -> None:
    """Beside a harmless file at the path that it imitates."""
    downloads = windows / "C:/Users/an/Downloads"
    (downloads / "a").mkdir()
    (downloads / "a/x.exe").write_bytes(b"MZ")
    if name == "a\\b":
        (downloads / name).mkdir()
        (downloads / name / "y.exe").write_bytes(EVIL)
    else:
        (downloads / name).write_bytes(EVIL)
    assert told(look(windows)) == ("found", [LISTED])


def test_two_names_that_only_the_backslash_tells_apart_are_told(windows: Path) -> None:
    for name in ("a\\x.exe", "a\uf05cx.exe"):
        (windows / "C:/Users/an/Downloads" / name).write_bytes(EVIL)
    assert told(look(windows)) == ("unknown", [])


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOENT, errno.EIO, errno.EACCES, errno.ENAMETOOLONG])
@pytest.mark.parametrize("name", ["x.exe", "x"])
def test_what_a_folder_lists_and_the_system_does_not_find_is_told(
    number: int, name: str, windows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a mount that cannot spell a name: the folder lists it, but no question about it is answered."""
    place = windows / "C:/Users/an/Downloads" / name
    place.write_bytes(EVIL)
    lstat = Path.lstat

    def refuse(path: Path) -> os.stat_result:
        if path == place:
            raise OSError(number, os.strerror(number), str(path))
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", refuse)
    assert told(look(windows)) == ("unknown", [])
