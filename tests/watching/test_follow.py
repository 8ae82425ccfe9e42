"""Followed files count once, whatever happens to them: the answers equal a scan of their contents."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import cast
from unittest import mock

import pytest

from quetsach.scanning.engine import Engine
from quetsach.scanning.engines.portable import PortableEngine
from quetsach.watching.content import Handle
from quetsach.watching.names import LEFT_OUT, Paths
from tests.engines.native import ENGINE
from tests.watching.office import Office

pytestmark = pytest.mark.native
ENGINES = cast("tuple[Engine, ...]", (ENGINE, PortableEngine()))


def check(office: Office) -> None:
    office.settle()
    sightings, coverage = office.expected()
    assert office.found() == sightings
    told = [(one.source, one.bytes, one.lines, one.hours) for one in office.coverage() if one.bytes]
    assert told == [(one.source, one.bytes, one.lines, one.hours) for one in coverage if one.bytes]


def lines(office: Office, number: int) -> bytes:
    return b"".join(office.line() for _ in range(number))


def test_a_file_that_grows(office: Office) -> None:
    for number in (1, 40, 2000, 3):
        office.append(lines(office, number))
        assert office.look() == 1
        assert office.look() == 0
    assert sum(row.count for row in office.found()) == 2044
    check(office)


def test_lines_in_which_nothing_is_found_are_written_within_seconds(office: Office) -> None:
    office.append(lines(office, 1500))
    office.look()
    for _ in range(3):
        office.append(office.line("fine.test"))
        office.look()
    office.now += 5
    office.look()
    assert [one.lines for one in office.coverage()] == [1503]
    office.append(office.line("fine.test"))
    office.look()
    office.kill()
    office.start()
    check(office)


def test_text_in_utf_16_is_read_by_place(tmp_path: Path) -> None:
    office = Office(tmp_path, ENGINES[0], is_wide=True)
    for number in (1, 40, 2000, 3):
        office.append(lines(office, number))
        assert office.look() == 1
        assert office.look() == 0
    line = office.line("evil.example")
    office.append(line[:61])
    office.look()
    assert sum(row.count for row in office.found()) == 2044
    reads = 0
    real = Handle.read

    def read(handle: Handle, start: int, size: int) -> bytes:
        nonlocal reads
        reads += size
        return real(handle, start, size)

    with mock.patch.object(Handle, "read", read):
        office.append(line[61:])
        assert office.look() == 1
    assert reads < len(office.contents[office.logs / "dns.log"]) / 2
    assert sum(row.count for row in office.found()) == 2045
    office.rename("dns.log", "dns.log.1")
    office.append(lines(office, 2))
    check(office)
    office.kill()


@pytest.mark.skipif(os.name != "posix", reason="limits of processes")
def test_more_logs_than_a_process_may_open_at_first(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for number in range(90):
        (logs / f"{number}.log").write_text(
            f"2026-09-21T00:00:{number:02} query[A] evil.example from 10.1.2.3\n"
        )
    (tmp_path / "list.txt").write_text("evil.example\n")
    command = (
        "import resource; from quetsach.cli import main;"
        "most = resource.getrlimit(resource.RLIMIT_NOFILE)[1];"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, most)); main()"
    )
    given = ("watch", "--once", "--follow", str(logs), "-i", str(tmp_path / "list.txt"))
    done = subprocess.run(
        [sys.executable, "-c", command, *given, "--state", str(tmp_path / "state")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr


def test_a_line_in_two_pieces_counts_once_and_never_as_its_beginning(office: Office) -> None:
    office.append(lines(office, 3))
    line = office.line("evil.example.org")
    half = line.index(b".org")
    office.append(line[:half])
    office.look()
    office.now += 60
    office.look()
    assert sum(row.count for row in office.found()) == 3
    office.append(line[half:])
    office.look()
    assert sum(row.count for row in office.found()) == 3
    check(office)


@pytest.mark.parametrize("number", [3, 1500])
def test_renamed_while_it_is_written(office: Office, number: int) -> None:
    office.append(lines(office, number))
    office.look()
    office.append(lines(office, 5))
    office.rename("dns.log", "dns.log.1")
    office.append(lines(office, 7))
    office.look()
    office.append(lines(office, 2), "dns.log.1")
    office.look()
    office.rename("dns.log.1", "dns.log.2")
    office.look()
    office.pack("dns.log.2")
    check(office)
    assert not any(one.gaps for one in office.coverage())


@pytest.mark.parametrize("number", [3, 1500])
def test_grown_and_packed_while_nobody_looked(office: Office, number: int) -> None:
    office.append(lines(office, number))
    office.look()
    office.kill()
    office.append(lines(office, 5))
    office.rename("dns.log", "dns.log.1")
    office.pack("dns.log.1")
    office.append(lines(office, 4))
    office.start()
    check(office)


@pytest.mark.parametrize("number", [3, 1500])
def test_copied_and_truncated(office: Office, number: int) -> None:
    office.append(lines(office, number))
    office.look()
    office.append(lines(office, 5))
    office.copy_truncate("dns.log", "dns.log.1")
    office.append(lines(office, 2000))
    office.look()
    check(office)
    assert not any(one.gaps for one in office.coverage())


def test_a_rotated_file_is_found_beside_the_file_that_is_named(office: Office) -> None:
    office.kill()
    office.follow = [str(office.logs / "dns.log")]
    office.start()
    office.append(lines(office, 1500))
    office.look()
    office.append(lines(office, 5))
    office.kill()
    office.copy_truncate("dns.log", "dns.log.1")
    office.append(lines(office, 4))
    # Another log beside it is nobody's past.
    office.append(lines(office, 4), "dns.log.old-server")
    office.start()
    office.look()
    assert sum(row.count for row in office.found()) == 1509
    assert not any(one.gaps for one in office.coverage())


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("names", [("dns.log.2", "dns.log.1"), ("dns-20260921.log", "dns.log-20260922")])
@pytest.mark.parametrize("is_off", [False, True], ids=["stopped", "off"])
def test_two_rotations_while_nobody_looked(
    office: Office, names: tuple[str, str], *, is_packed: bool, is_off: bool
) -> None:
    office.kill()
    office.follow = [str(office.logs / "dns.log")]
    # What was rotated before the first look is there to be read, however long ago.
    office.append(lines(office, 3), "dns.log.9")
    office.now += 86400
    office.start()
    office.append(lines(office, 1500))
    office.look()
    if is_off:
        office.kill()
    office.now += 60
    office.append(lines(office, 5))
    office.rename("dns.log", names[0])
    office.now += 60
    office.append(lines(office, 700))
    office.rename("dns.log", names[1])
    if is_packed:
        office.pack(names[0])
        office.pack(names[1])
    office.now += 60
    office.append(lines(office, 4))
    if is_off:
        office.start()
    # The watcher is killed while packed logs still rest.
    office.look()
    office.kill()
    office.start()
    check(office)
    assert sum(row.count for row in office.found()) == 2212
    assert not any(one.gaps for one in office.coverage())


def test_a_link_that_leads_to_itself_hides_no_log_beside_it(office: Office, tmp_path: Path) -> None:
    (office.logs / "loop").symlink_to("loop")
    (office.logs / "elsewhere").symlink_to(tmp_path)
    (office.logs / "again").symlink_to(office.logs)
    office.append(lines(office, 3))
    office.look()
    assert sum(row.count for row in office.found()) == 3
    found = Paths([str(office.logs)], []).now()
    assert set(found.errors) == {str(office.logs / "loop")}
    assert found.left_out == {str(office.logs / "elsewhere"): "folder"}


@pytest.mark.parametrize("follow", ["logs", "logs/*", "each"])
def test_what_is_no_file_is_told_by_name_and_never_waited_for(office: Office, follow: str) -> None:
    os.mkfifo(office.logs / "pipe")
    (office.logs / "to-pipe").symlink_to("pipe")
    (office.logs / "to-device").symlink_to("/dev/zero")
    (office.logs / "to-nothing").symlink_to("nothing")
    office.append(lines(office, 3))
    with socket.socket(socket.AF_UNIX) as listening, contextlib.chdir(office.logs):
        listening.bind("socket")
    names = sorted(path.name for path in office.logs.iterdir())
    office.follow = [str(office.logs.parent / follow)]
    if follow == "each":
        office.follow = [str(office.logs / name) for name in names]
    office.kill()
    office.start()
    office.look()
    found = Paths(office.follow, []).now()
    told = found.errors | {path: LEFT_OUT[why] for path, why in found.left_out.items()}
    assert {Path(path).name for path in told} == set(names) - {"dns.log"}
    assert "link to a file that is not there" in found.errors[str(office.logs / "to-nothing")]
    others = [why for path, why in told.items() if not path.endswith("nothing")]
    assert all("is a pipe, a socket or a device" in why for why in others)
    # A scan ends with 0 beside a pipe in a folder, and with 2 where it is named.
    assert (len(found.errors), len(found.left_out)) == ((5, 0) if follow == "each" else (1, 4))
    assert sum(row.count for row in office.found()) == 3
    # It took the place of a log between two looks.
    with pytest.raises(OSError, match="is a pipe"):
        Handle(office.logs / "pipe")


@pytest.mark.parametrize("name", ["dns[1].log", "*.log", "d?s.log", "[dns].log"])
def test_a_name_with_the_letters_of_a_pattern_is_that_name(name: str, office: Office) -> None:
    for other in ("dns1.log", "dns.log", "d.log"):
        office.append(office.line("a.evil.example"), other)
    office.append(lines(office, 3), name)
    office.follow = [str(office.logs / name)]
    office.kill()
    office.start()
    office.look()
    assert [row.matched for row in office.found()] == ["evil.example"] * 3
    # Rotated, and the new log is not there yet.
    office.rename(name, name + ".1")
    office.settle()
    office.append(lines(office, 2), name)
    office.look()
    assert sum(row.count for row in office.found()) == 5
    assert {row.matched for row in office.found()} == {"evil.example"}
    assert not office.follower.troubles


@pytest.mark.parametrize("pattern", ["{}/*/dns.log", "{}/**/dns.log", "{}/closed/*.log", "{}/open/dns.log"])
def test_a_folder_that_may_not_be_listed_is_told(pattern: str, tmp_path: Path) -> None:
    """Also where the pattern finds other files, or the file itself is named and only its past is unseen."""
    for name in ("open", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dns.log").write_bytes(b"x\n")
    closed = tmp_path / ("closed" if "open" not in pattern else "open")
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path) == str(closed):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    with mock.patch.object(os, "scandir", scandir):
        found = Paths([pattern.format(tmp_path)], []).now()
    assert list(found.errors) == [str(closed)]
    assert "Permission denied" in found.errors[str(closed)]
    assert tmp_path / "open" / "dns.log" in found.files or "closed" in pattern


def test_truncated_without_a_copy_is_a_gap(office: Office) -> None:
    office.append(lines(office, 30))
    office.look()
    (office.logs / "dns.log").write_bytes(b"")
    office.contents.clear()
    office.append(lines(office, 4))
    office.look()
    office.now += 20
    office.look()
    gaps = [one.gaps for one in office.coverage() if one.gaps]
    assert len(gaps) == 1
    assert sum(row.count for row in office.found()) == 34


def test_logs_with_one_beginning_that_go_on_otherwise_are_told(office: Office) -> None:
    """A copy that ends earlier is none of them."""
    begin = lines(office, 200)
    office.append(begin + lines(office, 90))
    path = office.logs / "clone.log"
    office.contents[path] = begin + b"".join(office.line() for _ in range(30))
    path.write_bytes(office.contents[path])
    (office.logs / "copy.log").write_bytes(begin)
    for _ in range(2):
        office.look()
        assert set(office.follower.troubles) == {str(path), str(office.logs / "dns.log")}
        found, coverage = office.expected()
        assert office.found() == found
        told, true = (
            sorted((one.bytes, len(one.errors)) for one in each) for each in (office.coverage(), coverage)
        )
        assert told == true
        assert [errors for _bytes, errors in told] == [1, 1]
        office.kill()
        office.start()


@pytest.mark.parametrize("kind", ["utf-32", "cp037", "cp500", "cut"])
def test_what_cannot_be_read_as_text_is_told_also_after_a_restart(kind: str, office: Office) -> None:
    text = lines(office, 100).decode()
    path = office.logs / "dns.log"
    data = b"\xff\xfe" + text.encode("utf-16-le")[:-31]
    if kind != "cut":
        data = text.encode(kind.replace("utf-32", "utf-32-le"))
    path.write_bytes(data)
    os.utime(path, (office.now, office.now))
    office.contents[path] = data
    office.look()
    if kind != "cut":
        said = "neither text" if kind == "utf-32" else "such as EBCDIC"
        assert said in office.follower.troubles[str(path)]
    for _ in range(2):
        office.kill()
        office.start()
        office.settle()
        (told,), (true,) = office.coverage(), office.expected()[1]
        assert [error.replace(told.path, true.path) for error in told.errors] == true.errors != []
        assert office.follower.troubles == {str(path): told.errors[0]}


def test_of_lines_that_are_no_text_the_first_is_told_as_a_scan_tells_it(office: Office) -> None:
    office.append(lines(office, 100))
    office.look()
    for _piece in range(6):
        for odd in (office.line().decode().encode("cp037"), office.line()[:-1] + bytes(9) + office.line()):
            office.append(odd + b"\n" + office.line())
        office.look()
    office.rename("dns.log", "dns.log.1")
    office.settle()
    (told,), (true,) = office.coverage(), office.expected()[1]
    said = [[error.partition(".log: ")[2] for error in one.errors] for one in (told, true)]
    assert said[0] == said[1] and all(said[0]) and len(said[0]) == 2
    assert office.found() == office.expected()[0]


def test_deleted_while_it_is_open(office: Office) -> None:
    office.append(lines(office, 30))
    office.look()
    office.append(lines(office, 4))
    office.delete("dns.log")
    check(office)


def test_restored_under_its_name_goes_on(office: Office) -> None:
    office.append(lines(office, 1500))
    office.look()
    office.rename("dns.log", "kept")
    office.append(lines(office, 9))
    office.look()
    office.kill()
    office.rename("dns.log", "other")
    office.rename("kept", "dns.log")
    office.append(lines(office, 6))
    office.start()
    check(office)


def test_a_short_log_remembers_the_ids_that_it_had(office: Office) -> None:
    """Each id is the hash of what the log held then; from 4,096 bytes on it stays (docs/contract.md 4)."""
    data, ids = b"", []
    while len(data) < 4096:
        line = office.line()
        office.append(line)
        office.look()
        data += line
        ids.append(hashlib.sha256(data[:4096]).hexdigest())
    office.append(lines(office, 2000))
    office.look()
    (told,) = office.coverage()
    assert told.source == hashlib.sha256(data[:4096]).hexdigest()
    assert office.state.earlier_ids(0) == {told.source: ids[:-1]}
    assert office.state.earlier_ids(office.state.last_change()) == {told.source: []}
    check(office)


def test_a_long_line_without_an_end_is_read_after_a_minute(office: Office) -> None:
    office.append(lines(office, 1000))
    office.look()
    office.append(office.line()[:-1] + b" " * ((1 << 20) + 1))
    office.look()
    assert [one.lines for one in office.coverage()] == [1000]
    office.now += 61
    office.look()
    assert [one.lines for one in office.coverage()] == [1001]
    office.append(b"\n" + lines(office, 3))
    office.look()
    assert [one.lines for one in office.coverage()] == [1004]
    check(office)


def test_a_lost_state_changes_nothing(office: Office) -> None:
    office.append(lines(office, 1500))
    office.look()
    before = office.found()
    office.kill()
    office.state_file.unlink()
    office.start()
    office.look()
    assert office.found() == before


def test_from_now_passes_over_what_there_is_but_keeps_its_header(office: Office) -> None:
    head = "#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tid.resp_h\tid.resp_p\tquery\n"
    line = "1790000000.5\t10.1.2.3\t10.0.0.53\t53\tevil.example\n"
    office.append((head + line * 5).encode())
    office.kill()
    office.start(from_now=True)
    office.look()
    office.append((line * 2).encode())
    office.look()
    office.append((line * 2000).encode())
    office.look()
    found = office.found()
    assert [(row.device, row.count, row.logformat) for row in found] == [("10.1.2.3", 2002, "zeek.dns")]


def test_from_now_passes_over_what_was_rotated_before(office: Office) -> None:
    office.kill()
    office.follow = [str(office.logs / "dns.log")]
    office.append(lines(office, 3), "dns.log.1")
    office.now += 60
    office.start(from_now=True)
    office.look()
    office.append(lines(office, 1500))
    office.now += 60
    office.rename("dns.log", "dns.log.0")
    office.settle()
    assert sum(row.count for row in office.found()) == 1500
    office.kill()
    office.start()
    office.settle()
    assert sum(row.count for row in office.found()) == 1500


def test_a_new_list_searches_what_is_kept(office: Office) -> None:
    office.append(office.line("fine.test") + lines(office, 1500))
    office.rename("dns.log", "dns.log.1")
    office.append(lines(office, 3))
    office.look()
    office.kill()
    old = office.set_id
    office.use(["evil.example", "fine.test"])
    office.start()
    check(office)
    assert {row.indicator for row in office.found()} == {"evil.example", "fine.test"}
    from quetsach.sightings.sighting import Sighting

    assert {row.indicator for row in office.state.rows(old, Sighting)} == {"evil.example"}
