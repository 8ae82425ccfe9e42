"""Both engines tell the place of a line that is no text. They tell nothing of text in any encoding in which
names can be read."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from quetsach.scanning.engine import ScanOptions
from quetsach.scanning.engines.portable import PortableEngine, PortableMatcher
from tests.engines.both import compare
from tests.engines.indicator_sets import make_set
from tests.engines.native import ENGINE


def line(number: int, name: str = "fine.example", client: str = "10.1.2.3") -> str:
    when = f"2026-09-21T00:{number // 60 % 60:02}:{number % 60:02}Z"
    return f"{when} ns dnsmasq[6]: query[A] {name} from {client}\n"


GOOD = "".join(map(line, range(20)))
BAD = line(30, "evil.example")
LATER = "".join(line(30 + number, "evil.example") for number in range(20))
CYRILLIC = "Сообщение от сервера имён: запрос не выполнен, потому что узел не отвечает"
CHINESE = "域名服务器没有回答因为这个主机已经关闭请稍后再试谢谢您的使用祝您生活愉快再见朋友们大家好"


def told(data: bytes) -> list[str]:
    """The errors of a log, without its path: the same of both engines."""
    coverage = compare(["evil.example"], data).coverage
    return [error.partition("/log: ")[2] for error in coverage.errors]


@pytest.mark.parametrize(
    "behind",
    [
        gzip.compress(BAD.encode(), mtime=0),
        gzip.compress(LATER.encode(), mtime=0),
        LATER.encode("cp037"),
        LATER.replace("\n", "\x85").encode("cp500"),
        BAD.encode("cp1140"),
        LATER.encode("utf-32-le"),
        LATER.encode("utf-32-be"),
        BAD.encode("utf-32"),
    ],
    ids=["gzip", "gzip-long", "cp037", "cp500", "cp1140-line", "utf-32-le", "utf-32-be", "utf-32-line"],
)
@pytest.mark.parametrize("before", [GOOD, GOOD.rstrip("\n")], ids=["line-end", "torn"])
def test_what_goes_on_in_another_way_is_told_with_its_place(behind: bytes, before: str) -> None:
    at = before.rindex("\n") + 1 if before[-1] != "\n" else len(before)
    (problem,) = told(before.encode() + behind)
    first = int(problem.removeprefix("the line at byte ").split()[0])
    assert at <= first < at + 300 and "is no text, such as gzip, EBCDIC or UTF-32" in problem


@pytest.mark.parametrize(
    "behind",
    [
        "đường dẫn không tìm thấy: xin thử lại sau ít phút nữa nhé các bạn ơi\n".encode() * 3,
        "không tìm thấy đường dẫn, xin thử lại\n".encode("cp1258", "replace") * 3,
        f"{CYRILLIC}\n".encode("koi8-r") * 3,
        f"{CYRILLIC}\n".encode("cp1251") * 3,
        f"{CHINESE}\n".encode("gb18030") * 3,
        BAD.encode("utf-16-le"),
        b"user \xff\xfe\x80 said \x01\x02\n" * 3,
        "\x1b[31mđỏ\x1b[0m \x1b[32mxanh\x1b[0m\n".encode() * 9,
    ],
    ids=["utf-8", "cp1258", "koi8-r", "cp1251", "gb18030", "utf-16", "odd-bytes", "colours"],
)
def test_text_in_which_names_can_be_read_is_not_told(behind: bytes) -> None:
    assert told(GOOD.encode() + behind + GOOD.encode()) == []


@pytest.mark.parametrize("part", ["\r", "\0", "\0" * 400], ids=["cr", "zero", "zeros"])
def test_lines_without_line_feeds_are_told_where_one_is_listed(part: str) -> None:
    """A power cut leaves zeros between two lines."""
    for lines in (GOOD + BAD, BAD + GOOD):
        begin = GOOD * 2
        (problem,) = told((begin + lines.replace("\n", part)).encode())
        assert problem.startswith(
            f"the line at byte {len(begin)} is several lines with carriage returns or z"
        )
    # Each byte was looked at: where nothing is listed, nothing is missed.
    assert told((begin + GOOD.replace("\n", part)).encode()) == []


@pytest.mark.parametrize("end", ["\r\n", "\r\r\n"])
def test_line_ends_of_windows_are_not_told(end: str) -> None:
    assert told((GOOD + BAD).replace("\n", end).encode()) == []


def test_a_wrong_checksum_is_told_in_the_same_words(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(GOOD.encode(), mtime=0))
    packed[-6] ^= 1
    log = tmp_path / "log"
    log.write_bytes(packed)
    items = make_set(["evil.example"])
    found = [
        ENGINE.compile(items).scan(log, ScanOptions(), ENGINE.progress()).coverage.errors,
        PortableMatcher(items).scan(log, ScanOptions(), PortableEngine().progress()).coverage.errors,
    ]
    assert found[0] == found[1] and "(incorrect checksum)" in found[0][0]


def test_a_name_of_a_file_that_is_not_utf_8_is_told_as_it_is(tmp_path: Path) -> None:
    log = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.log"))
    log.write_bytes(GOOD.encode() + gzip.compress(BAD.encode(), mtime=0))
    items = make_set(["evil.example"])
    found = ENGINE.compile(items).scan(log, ScanOptions(), ENGINE.progress()).coverage
    oracle = PortableMatcher(items).scan(log, ScanOptions(), PortableEngine().progress()).coverage
    assert found == oracle and found.path == str(log) and found.errors[0].startswith(f"{log}: ")


@pytest.mark.parametrize("said", ["\\tevil.example", "evil.e\\u0078ample", "plain evil.example"])
def test_escapes_far_behind_in_a_line_hide_no_name(tmp_path: Path, said: str) -> None:
    log = tmp_path / "log"
    log.write_text(GOOD + '{"m":"client 10.1.2.3 asked ' + "of nothing " * 110_000 + said + '"}\n')
    items = make_set(["evil.example"])
    for matcher, engine in ((ENGINE.compile(items), ENGINE), (PortableMatcher(items), PortableEngine())):
        found = matcher.scan(log, ScanOptions(), engine.progress())
        assert found.coverage.long_lines == 1
        assert [row.indicator for row in found.sightings] == ["evil.example"] or found.coverage.not_understood
