"""`quetsach watch` tells files that it cannot look at, or leaves out, as a scan tells them."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from quetsach.watching import beating, folder, rewritten
from quetsach.watching.state import State
from tests.command_line import Run


def test_what_cannot_be_read_is_told_by_a_dump_in_the_words_of_a_scan(
    quetsach: Run, watch: Callable[..., tuple[int, str, str]], log: Path, feed: Path, place: Path
) -> None:
    logs, text = log.parent / "logs", log.read_bytes()
    logs.mkdir()
    bad, half, encrypted = (
        bytearray(zipped({name: text.replace(b"10.1.2", b"10.%d.2" % number) * 40 for name in "ab"}))
        for number in (7, 8, 9)
    )
    bad[60] ^= 0xFF
    encrypted[6] |= 1
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    for name, data in {
        "cut.gz": gzip.compress(text * 20)[:-30],
        "head.gz": gzip.compress(text)[:12],
        "bad.zip": bad,
        "encrypted.zip": encrypted,
        "half.zip": half[: len(half) // 2],
        "packed.7z": b"7z\xbc\xaf\x27\x1c" + bytes(100),
        "old.rar": b"Rar!\x1a\x07\x01\x00" + bytes(100),
        "mainframe.log": ("10.1.2.3 asked for evil.example\n" * 9).encode("cp500"),
        "queries.db": b"SQLite format 3\0" + bytes(4096),
    }.items():
        (logs / name).write_bytes(data)
        os.utime(logs / name, (1_663_300_900, 1_663_300_900))
    missing = str(log.with_name("missing.log"))
    follow = ("--follow", str(logs), "--follow", missing)
    assert watch("--once", *follow)[0] == 2
    dump, scan = log.with_name("dump.jsonl"), log.with_name("scan.jsonl")
    quetsach("watch", "--state", str(place), "--dump", str(dump))
    quetsach("scan", str(logs), missing, "-i", str(feed), "-o", str(scan))
    assert errors(dump) == errors(scan)
    told = {Path(path.partition("!/")[0]).name for path, _why in errors(dump)}
    assert told == {path.name for path in logs.iterdir()} | {"missing.log"}


def test_what_a_folder_holds_beside_logs_is_told_and_changes_no_exit_code(
    quetsach: Run, log: Path, feed: Path, place: Path
) -> None:
    """As of a scan (docs/contract.md 6)."""
    logs, elsewhere = log.parent / "logs", log.parent / "elsewhere"
    for folder_of in (logs, elsewhere):
        folder_of.mkdir()
    (logs / "quiet.log").write_bytes(log.read_bytes().replace(b"evil", b"fine"))
    os.mkfifo(logs / "pipe")
    (logs / "link").symlink_to(elsewhere)
    dump, scan = log.with_name("dump.jsonl"), log.with_name("scan.jsonl")

    def watch(*more: str | Path) -> tuple[int, str, str]:
        return quetsach("watch", "--state", place, "-i", feed, "--follow", logs, *more)

    for named, code in ((logs / "pipe", 2), (logs, 0)):
        got, _out, err = watch("--follow", named, "--once")
        assert got == code
        assert "is a pipe, a socket or a device" in err and "link to a folder" in err
        assert watch("--follow", named, "--show")[0] == watch("--follow", named, "--check")[0] == code
    assert quetsach("watch", "--state", place, "--dump", dump)[0] == 0
    assert quetsach("scan", logs, "-i", feed, "-o", scan)[0] == 0
    told, true = (json.loads(file.read_text().splitlines()[0])["left_out"] for file in (dump, scan))
    assert sorted(told) == sorted(true) == [[str(logs / "link"), "folder"], [str(logs / "pipe"), "special"]]


def test_lines_that_count_twice_are_told_once_and_for_as_long_as_they_are_kept(
    quetsach: Run, watch: Callable[..., tuple[int, str, str]], log: Path, place: Path
) -> None:
    """Also when their file has another name, or is gone."""
    lines = [
        f"{1663300800 + n}.5 1 10.1.2.3 TCP_MISS/200 9 GET http://{n % 7 or 'evil'}.example/ -\n"
        for n in range(400)
    ]

    def write(data: list[str]) -> None:
        log.write_text("".join(data))
        os.utime(log, (1_663_300_900, 1_663_300_900))

    def told() -> tuple[int, int, int, list[str]]:
        """Exit codes, the logs with a problem as a portal hears of them, and errors of a dump."""
        code = watch("--once")[0]
        shown = watch("--show")[0]
        quetsach("watch", "--state", str(place), "--dump", str(dump))
        state = State(place / folder.STATE, is_read_only=True)
        beat = beating.beat(state, (0, ""), 0, 0.0, 1_663_400_000.0)
        state.close()
        problems = [one.path for one in beat.sources if one.problem]
        return code, shown, len(problems), [why for _path, why in errors(dump)]

    dump = log.with_name("dump.jsonl")
    write(lines[:300])
    assert watch("--once")[0] == 1
    write(lines[100:290])
    assert told() == (2, 2, 1, [rewritten.REPEATED])
    log.rename(log.with_name(log.name + ".1"))
    write(lines[350:])
    for _time in range(2):
        assert told() == (2, 2, 1, [rewritten.REPEATED])
    log.with_name(log.name + ".1").unlink()
    assert told() == (2, 2, 1, [rewritten.REPEATED])


def errors(document: Path) -> set[tuple[str, str]]:
    """Paths of logs of which something could not be read, and why."""
    records = map(json.loads, document.read_text().splitlines())
    return {(one["path"], error) for one in records if one["type"] == "coverage" for error in one["errors"]}


def zipped(members: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()
