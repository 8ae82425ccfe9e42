"""Scanning whole sources: containers, long lines, mixed files, times, counting."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quetsach.errors import IndicatorError, ScanError
from quetsach.indicators.indicator import IndicatorSet, Scope
from quetsach.indicators.lists.item import parse
from quetsach.scanning.engine import ScanOptions, SourceResult
from quetsach.scanning.engines.portable import Limits, PortableMatcher, Progress
from tests.packing import zstd

ITEMS = ("evil.example", "203.0.113.9", "bad.test")
SMALL = Limits(long_line=400, parsed_part=200, piece=1200)


def scan(
    data: bytes | str,
    folder: Path,
    items: Iterable[str] = ITEMS,
    limits: Limits | None = None,
    **options: object,
) -> SourceResult:
    path = folder / "log"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    if (when := options.pop("mtime", None)) is not None:
        assert isinstance(when, datetime)
        os.utime(path, (when.timestamp(), when.timestamp()))
    found = IndicatorSet(i for item in items for i in parse(item, Scope.WITH_SUBDOMAINS)[0])
    matcher = PortableMatcher(found, limits or Limits())
    return matcher.scan(path, ScanOptions(**options), Progress())  # type: ignore[arg-type]


def rows(result: SourceResult) -> dict[tuple[str, str | None, str | None], int]:
    return {(s.indicator, s.device, s.day): s.count for s in result.sightings}


def query(name: str, client: str = "192.168.1.20", when: str = "Sep 16 11:00:00") -> str:
    return f"{when} dnsmasq[612]: query[A] {name} from {client}\n"


def squid(target: str, when: str = "1663300800.123", client: str = "192.168.1.20") -> str:
    return f"{when}    250 {client} TCP_MISS/200 5 GET {target} - HIER_DIRECT/198.51.100.7 text/html\n"


def test_lines_of_one_key_are_counted_and_keep_the_first_lines_words(tmp_path: Path) -> None:
    log = (
        squid("http://B.evil.example/", "1663300801.500")
        + squid("http://a.evil.example/", "1663300800.000001").replace("TCP_MISS/200", "TCP_DENIED/403")
        + squid("http://a.evil.example/", "1663347600.0")
        + squid("http://a.evil.example/", "1663300802.0", "192.168.1.21")
    )
    result = scan(log, tmp_path)
    assert rows(result) == {
        ("evil.example", "192.168.1.20", "2022-09-16"): 3,
        ("evil.example", "192.168.1.21", "2022-09-16"): 1,
    }
    row, _ = result.sightings
    assert (row.matched, row.action) == ("b.evil.example", "allowed")
    assert (row.first_seen, row.last_seen) == ("2022-09-16T04:00:00.000001Z", "2022-09-16T17:00:00.000000Z")
    assert row.evidence.startswith("1663300801.500")


def test_a_line_without_milliseconds_is_no_squid_line_and_counts_as_not_understood(tmp_path: Path) -> None:
    log = squid("http://fine.test/") * 3 + squid("http://evil.example/", "soon")
    coverage = scan(log, tmp_path).coverage
    assert (coverage.lines, coverage.not_understood) == (4, 1)


def test_hit_lines_of_other_formats_in_one_file_are_read_by_theirs(tmp_path: Path) -> None:
    log = squid("http://fine.test/") * 3 + query("evil.example")
    result = scan(log, tmp_path)
    assert [s.logformat for s in result.sightings] == ["dnsmasq"]
    assert result.coverage.not_understood == 0


def test_a_forced_format_tries_no_other(tmp_path: Path) -> None:
    result = scan(query("evil.example"), tmp_path, format="squid")
    assert (list(result.sightings), result.coverage.not_understood) == ([], 1)


def test_a_file_of_mostly_other_lines_is_text(tmp_path: Path) -> None:
    log = "kernel: something\n" * 5 + query("fine.test") + "10.1.1.1 reached evil.example\n"
    (row,) = scan(log, tmp_path).sightings
    assert (row.logformat, row.device, row.field) == ("text", "10.1.1.1", "text")


def test_a_second_zeek_header_changes_the_columns(tmp_path: Path) -> None:
    def part(columns: str, values: str) -> str:
        return (
            "#separator \\x09\n#path\tdns\n#fields\t"
            + columns.replace(" ", "\t")
            + "\n"
            + values.replace(" ", "\t")
            + "\n"
        )

    log = part(
        "ts id.orig_h id.orig_p id.resp_h id.resp_p trans_id query",
        "1 10.0.0.5 50 10.0.0.1 53 1 a.evil.example",
    )
    log += part(
        "ts query id.orig_h id.orig_p id.resp_h id.resp_p trans_id",
        "2 b.evil.example 10.0.0.6 50 10.0.0.1 53 1",
    )
    assert {(s.matched, s.device) for s in scan(log, tmp_path).sightings} == {
        ("a.evil.example", "10.0.0.5"),
        ("b.evil.example", "10.0.0.6"),
    }


def test_a_directive_is_never_a_hit(tmp_path: Path) -> None:
    log = "#separator \\x09\n#path\tdns\n#fields\tts\tevil.example\n#open\tevil.example\nnothing\n"
    result = scan(log, tmp_path)
    assert (list(result.sightings), result.coverage.not_understood, result.coverage.lines) == ([], 0, 5)


@pytest.mark.parametrize("pack", ["plain", "gzip", "members", "zstd"])
def test_containers_give_the_same_answer_and_source_id(pack: str, tmp_path: Path) -> None:
    data = (squid("http://fine.test/") * 200 + squid("http://evil.example/")).encode()
    packed = {
        "plain": lambda: data,
        "gzip": lambda: gzip.compress(data),
        "members": lambda: (
            gzip.compress(data[:5000]) + gzip.compress(b"") + gzip.compress(data[5000:]) + b"\0" * 512
        ),
        "zstd": lambda: zstd(data[:7000]) + zstd(data[7000:]),
    }[pack]()
    result, plain = scan(packed, tmp_path), scan(data, tmp_path)
    assert (rows(result), result.coverage) == (rows(plain), plain.coverage)
    assert result.coverage.bytes == len(data)
    assert not result.coverage.errors


def test_a_truncated_gzip_is_scanned_as_far_as_it_goes_and_said_to_be(tmp_path: Path) -> None:
    noise = "".join(squid(f"http://h{i * 7919 % 99991}.test/") for i in range(3000))
    data = (squid("http://evil.example/") + noise + squid("http://bad.test/")).encode()
    packed = gzip.compress(data)
    result = scan(packed[: len(packed) // 2], tmp_path)
    assert [s.indicator for s in result.sightings] == ["evil.example"]
    (error,) = result.coverage.errors
    assert f"cut off at decompressed byte {result.coverage.bytes}" in error
    assert str(tmp_path / "log") in error


def test_a_damaged_gzip_gives_what_came_before(tmp_path: Path) -> None:
    data = b"".join(squid(f"http://h{i}.test/").encode() for i in range(4000))
    packed = bytearray(gzip.compress(squid("http://evil.example/").encode() + data))
    middle = len(packed) // 2
    packed[middle : middle + 64] = b"\xff" * 64
    result = scan(bytes(packed), tmp_path)
    assert [s.indicator for s in result.sightings] == ["evil.example"]
    assert len(result.coverage.errors) == 1
    assert result.coverage.bytes > len(data) // 4


def test_garbage_after_a_gzip_member_is_an_error(tmp_path: Path) -> None:
    result = scan(gzip.compress(squid("http://evil.example/").encode()) + b"garbage", tmp_path)
    assert [s.indicator for s in result.sightings] == ["evil.example"]
    assert "no gzip" in result.coverage.errors[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04evil.example\n", "zip"),
        (b"BZh91AY&SYevil.example\n", "bzip2"),
    ],
)
def test_what_cannot_be_read_is_an_error_and_no_clean_answer(data: bytes, words: str, tmp_path: Path) -> None:
    result = scan(data, tmp_path)
    assert not list(result.sightings)
    assert words in result.coverage.errors[0]


def test_a_missing_file_is_a_result_with_an_error(tmp_path: Path) -> None:
    matcher = PortableMatcher(IndicatorSet(parse("evil.example", Scope.EXACT)[0]))
    result = matcher.scan(tmp_path / "none", ScanOptions(), Progress())
    assert "none" in result.coverage.errors[0]
    assert result.coverage.time == "none"


def test_a_byte_order_mark_carriage_returns_and_a_last_line_without_newline(tmp_path: Path) -> None:
    log = (
        b"\xef\xbb\xbf"
        + squid("http://evil.example/").replace("\n", "\r\n").encode()
        + b"\r\n"
        + squid("http://bad.test/").strip().encode()
    )
    result = scan(log, tmp_path)
    assert [s.indicator for s in result.sightings] == ["bad.test", "evil.example"]
    assert result.coverage.lines == 3
    assert result.coverage.bytes == len(log)


def test_a_long_text_line_is_matched_to_its_last_byte(tmp_path: Path) -> None:
    log = "10.0.0.5 start " + "filler " * 400_000 + "evil.example end\n" + "second bad.test\n"
    result = scan(log, tmp_path)
    assert {(s.indicator, s.device) for s in result.sightings} == {
        ("evil.example", "10.0.0.5"),
        ("bad.test", None),
    }
    assert (result.coverage.long_lines, result.coverage.lines) == (1, 2)
    assert all(len(s.evidence) <= 2000 for s in result.sightings)


def test_the_unparsed_rest_of_a_long_known_line_is_not_understood(tmp_path: Path) -> None:
    start = squid("http://evil.example/").strip()
    log = squid("http://fine.test/") * 3 + start + " x" * 300 + " bad.test\n" + squid("http://bad.test/")
    result = scan(log, tmp_path, limits=SMALL)
    assert {s.indicator: s.count for s in result.sightings} == {"evil.example": 1, "bad.test": 1}
    assert (result.coverage.long_lines, result.coverage.not_understood) == (1, 1)


@pytest.mark.parametrize("filler", ["x", "x ", "x.", '",'])
def test_no_cut_of_a_long_line_makes_or_loses_a_match(filler: str, tmp_path: Path) -> None:
    for place in (*range(640, 720, 9), *range(1150, 1220, 2)):
        log = (filler * place)[:place] + "|notevil.example|bad.test|" + "y" * 3000 + "\n"
        found = [s.indicator for s in scan(log, tmp_path, limits=SMALL).sightings]
        assert found == ["bad.test"], place


def test_the_year_of_a_year_less_log_is_the_latest_that_fits_its_file(tmp_path: Path) -> None:
    log = query("evil.example", when="Dec 31 23:59:59") + query("evil.example", when="Jan  1 00:00:01")
    result = scan(log, tmp_path, mtime=datetime(2024, 1, 1, 3, tzinfo=UTC))
    assert sorted(s.day or "" for s in result.sightings) == ["2023-12-31"]
    (row,) = result.sightings
    assert (row.first_seen, row.last_seen) == ("2023-12-31T16:59:59.000000Z", "2023-12-31T17:00:01.000000Z")
    assert (result.coverage.time, result.coverage.zone) == ("assumed_year", "Asia/Ho_Chi_Minh")


def test_an_old_year_less_log_is_not_put_into_the_year_of_its_neighbours(tmp_path: Path) -> None:
    log = query("evil.example", when="Feb 29 10:00:00") + query("fine.test", when="Mar  1 10:00:00")
    (row,) = scan(log, tmp_path, mtime=datetime(2023, 6, 1, tzinfo=UTC)).sightings
    assert row.day == "2020-02-29"


def test_two_utc_days_of_one_local_day_are_two_rows(tmp_path: Path) -> None:
    log = query("evil.example", when="Sep 16 06:59:59") + query("evil.example", when="Sep 16 07:00:00")
    result = scan(log, tmp_path, mtime=datetime(2022, 9, 17, tzinfo=UTC))
    assert sorted(s.day or "" for s in result.sightings) == ["2022-09-15", "2022-09-16"]


def test_suspect_times_are_kept_and_marked(tmp_path: Path) -> None:
    result = scan(squid("http://evil.example/", "0000000019.380"), tmp_path)
    assert [s.first_seen for s in result.sightings] == ["1970-01-01T00:00:19.380000Z"]
    assert (result.coverage.time, result.coverage.zone) == ("suspect", "")


def test_first_and_last_are_of_all_lines_not_only_hits(tmp_path: Path) -> None:
    lines = [squid("http://fine.test/", f"16633008{i:02}.000") for i in range(60)]
    coverage = scan("".join(lines), tmp_path).coverage
    assert (coverage.first, coverage.last) == ("2022-09-16T04:00:00.000000Z", "2022-09-16T04:00:59.000000Z")


def test_the_zone_applies_only_to_times_without_one(tmp_path: Path) -> None:
    log = "2022-09-16 11:00:00 evil.example\n2022-09-16T11:00:00Z bad.test\n"
    result = scan(log, tmp_path, tz="Asia/Tokyo")
    assert {s.indicator: s.first_seen for s in result.sightings} == {
        "evil.example": "2022-09-16T02:00:00.000000Z",
        "bad.test": "2022-09-16T11:00:00.000000Z",
    }


def test_an_unknown_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="Asia/Hanoi"):
        scan("x", tmp_path, tz="Asia/Hanoi")


def test_devices_alive_are_listed_by_utc_day_without_a_hit(tmp_path: Path) -> None:
    log = squid("http://fine.test/", "1663300800.000") + squid(
        "http://fine.test/", "1663347600.000", "192.168.1.9"
    )
    log += squid("http://fine.test/", "1663401600.000", "192.168.1.9")
    asked = scan(log, tmp_path, devices=True).coverage.devices
    assert asked == {"2022-09-16": ["192.168.1.20", "192.168.1.9"], "2022-09-17": ["192.168.1.9"]}
    assert scan(log, tmp_path).coverage.devices == {}


def test_an_inbound_line_counts_once_and_its_other_tokens_stay_hits(tmp_path: Path) -> None:
    result = scan(squid("http://evil.example/", client="203.0.113.9"), tmp_path)
    assert [(s.indicator, s.device) for s in result.sightings] == [("evil.example", "203.0.113.9")]
    assert result.coverage.inbound == 1


def test_a_name_as_client_is_the_device_and_a_user_is_identity(tmp_path: Path) -> None:
    log = squid("http://evil.example/", client="PC-07.xa.local").replace(" - HIER", " an.nguyen HIER")
    (row,) = scan(log, tmp_path).sightings
    assert (row.device, row.identity) == ("pc-07.xa.local", {"user": "an.nguyen"})


def test_an_idn_in_a_log_is_found_by_its_a_label(tmp_path: Path) -> None:
    items = ["bücher.example", "việt.test"]
    log = query("www.xn--bcher-kva.example") + query("a.việt.test") + query("xn--vit-hq5a.test.fine")
    assert sorted(s.matched for s in scan(log, tmp_path, items).sightings) == sorted(
        ["www.xn--bcher-kva.example", "a." + "việt".encode("punycode").join([b"xn--", b".test"]).decode()]
    )


def test_odd_bytes_are_matched_and_escaped(tmp_path: Path) -> None:
    log = (
        query("fine.test").encode()
        + b"Sep 16 11:00:00 dnsmasq[6]: query[A] \xff\xfe.evil.example from 10.0.0.1\n"
    )
    (row,) = scan(log, tmp_path).sightings
    assert row.matched == "\\xff\\xfe.evil.example"
    assert "\\xff\\xfe.evil.example" in row.evidence


def test_cancelling_stops_and_is_said(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(squid("http://evil.example/"))
    progress = Progress()
    progress.cancel()
    matcher = PortableMatcher(IndicatorSet(parse("evil.example", Scope.EXACT)[0]))
    result = matcher.scan(path, ScanOptions(), progress)
    assert "cancelled at byte 0" in result.coverage.errors[0]


def test_a_chunk_of_hits_does_not_keep_who_cancels_waiting(tmp_path: Path) -> None:
    class AfterTheFirstHit(Progress):
        @property
        def cancelled(self) -> bool:
            return self.hits > 0

        @cancelled.setter
        def cancelled(self, _value: bool) -> None:
            pass

    path = tmp_path / "log"
    line = squid("http://evil.example/")
    path.write_text(line * 1000)
    matcher = PortableMatcher(IndicatorSet(parse("evil.example", Scope.EXACT)[0]))
    result = matcher.scan(path, ScanOptions(), AfterTheFirstHit())
    assert [one.count for one in result.sightings] == [1]
    (told,) = result.coverage.errors
    assert f"cancelled at byte {len(line)};" in told


def test_progress_counts_stored_bytes_and_hits(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress((squid("http://evil.example/") * 50).encode()))
    progress = Progress()
    matcher = PortableMatcher(IndicatorSet(parse("evil.example", Scope.EXACT)[0]))
    matcher.scan(path, ScanOptions(), progress)
    assert (progress.bytes_read, progress.hits) == (path.stat().st_size, 50)


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(IndicatorError, match="empty"):
        PortableMatcher(IndicatorSet([]))
