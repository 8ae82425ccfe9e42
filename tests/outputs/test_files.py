"""Saved results: safe to open, complete, and never half written."""

import csv
import errno
import io
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import pytest
from python_calamine import CalamineWorkbook

from quetsach.files import openers
from quetsach.results import csv as csv_output
from quetsach.results import html as html_output
from quetsach.results import jsonl, output, xlsx
from quetsach.results.output import OutputError, Report
from quetsach.text import language
from tests.outputs import cast


@pytest.fixture(autouse=True, params=["en", "vi"])
def lang(request: pytest.FixtureRequest, catalogue: Path) -> Iterator[str]:
    language.use(request.param)
    yield request.param
    language.use("en")


def written(writer: object, report: Report) -> bytes:
    out = io.BytesIO()
    writer.write(out, report)  # type: ignore[attr-defined]
    return out.getvalue()


@pytest.mark.parametrize("start", [*"=+-@\t\r\n＝＋－＠", " =", "\u00a0="])
def test_no_cell_of_a_csv_is_a_formula(start: str) -> None:
    hostile = cast.sighting(family=f"{start}cmd|' /C calc'!A0", device=f"{start}1", evidence=f"{start}2")
    text = written(csv_output, cast.report([hostile])).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))[1:]
    assert len(rows) == 1 + 3
    for cell in chain.from_iterable(rows):
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))


def test_a_csv_holds_every_sighting_with_its_log() -> None:
    data = written(csv_output, cast.report())
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    sighted = [row for row in rows if row["indicator"]]
    assert len(sighted) == len(cast.SIGHTINGS)
    (zeek,) = [row for row in rows if row["device"] == "10.47.1.100"]
    assert zeek["path"] == "/var/log/zeek/dns.log"
    assert (zeek["count"], zeek["first_seen"], zeek["host"]) == (
        "1204",
        "2022-09-16T01:14:22.000000Z",
        "PC-VANTHU-07",
    )


def test_a_csv_holds_the_lines_that_no_machine_could_be_tied_to() -> None:
    data = written(csv_output, cast.report())
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    told = [row for row in rows if row["field"] == "not_understood"]
    assert [(row["count"], row["evidence"]) for row in told] == [
        ("1", "'＝2+2 evil.example <b>hỏi</b> \\x1b[2J"), ("1", "10.9.9.9 bad.example"), ("1", ""),
    ]  # fmt: skip
    assert {(row["device"], row["indicator"], row["source"]) for row in told} == {("", "", cast.TEXT)}


def test_a_workbook_has_no_formula_and_no_link() -> None:
    data = written(xlsx, cast.report())
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/")]
    assert len(sheets) == 5
    for sheet in sheets:
        assert "<f>" not in sheet and "<hyperlink" not in sheet and "<autoFilter" in sheet


def test_a_workbook_reads_back(lang: str) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(written(xlsx, cast.report())))
    names = {
        "en": ["Machines", "Sightings", "Lines not understood", "Looked at", "Notes"],
        "vi": ["Các máy", "Lượt phát hiện", "Dòng không hiểu được", "Đã xem", "Ghi chú"],
    }
    assert book.sheet_names == names[lang]
    machines = book.get_sheet_by_index(0).to_python()
    assert [row[0] for row in machines[1:4]] == ["10.47.1.100", "10.47.1.102", "10.47.1.101"]
    assert machines[1][4] == 1204
    assert str(machines[1][5]) == "2022-09-16 08:14:22"
    assert machines[2][2] == "=HYPERLINK(0)"
    assert len(book.get_sheet_by_index(1).to_python()) == 1 + len(cast.SIGHTINGS)
    told = book.get_sheet_by_index(2).to_python()[1:]
    assert [row[1:] for row in told[:2]] == [
        [1, "＝2+2 evil.example <b>hỏi</b> \\x1b[2J"], [1, "10.9.9.9 bad.example"],
    ]  # fmt: skip
    assert sum(row[1] for row in told) == 3


def test_rows_beyond_a_worksheet_are_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 2)
    book = CalamineWorkbook.from_filelike(io.BytesIO(written(xlsx, cast.report())))
    rows = book.get_sheet_by_index(1).to_python()
    assert len(rows) == 3
    assert ".jsonl" in str(rows[-1][0])


class Page(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def page(report: Report) -> Page:
    parsed = Page()
    parsed.feed(written(html_output, report).decode())
    return parsed


def test_the_page_runs_and_loads_nothing() -> None:
    seen = page(cast.report())
    assert not {"script", "img", "iframe", "link", "form", "object", "a"} & {tag for tag, _ in seen.tags}
    for _tag, attributes in seen.tags:
        assert not {name for name in attributes if name.startswith("on") or name in ("style", "src", "href")}
    (policy,) = [a["content"] for t, a in seen.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None and policy.startswith("default-src 'none'")
    assert "<script>alert(1)</script>" in seen.text
    assert "<img src=x onerror=alert(1)>" in seen.text


def test_the_page_puts_errors_before_machines_and_machines_before_coverage() -> None:
    text = page(cast.report()).text
    places = [text.index(part) for part in ("gzip data ends early", "10.47.1.100", "/var/log/zeek/dns.log")]
    assert places == sorted(places)


def test_nothing_seen_stands_beside_what_was_looked_at(lang: str) -> None:
    text = page(cast.report([], cast.COVERAGE[:1], notes=[])).text
    said = {
        "en": "No address on the list was seen. Looked at: from 16/09/2022 00:00 to 17/09/2022 23:59",
        "vi": "Không thấy địa chỉ nào trong danh sách. Đã xem từ 16/09/2022 00:00 đến 17/09/2022 23:59",
    }
    assert said[lang] in text


def test_a_log_that_could_not_be_read_never_reads_like_a_clean_one(lang: str) -> None:
    unread = cast.coverage(lines=0, bytes=0, first=None, last=None, time="none", errors=["Permission denied"])
    text = page(cast.report([], [unread])).text
    assert {"en": "Nothing could be looked at.", "vi": "Chưa xem được gì."}[lang] in text
    assert {"en": "No address on the list", "vi": "Không thấy địa chỉ nào"}[lang] not in text


TOLD = ["10.9.9.9 reached evil.example"]


def test_a_line_without_a_machine_is_a_headline_and_never_none_seen(lang: str) -> None:
    seen = page(cast.report([], [cast.coverage(not_understood=1, unattributed=TOLD)], notes=[]))
    assert {
        "en": "Malicious addresses on the list were seen, but no machine could be tied to them. 1 line names",
        "vi": "Có thấy địa chỉ độc hại trong danh sách nhưng chưa xác định được máy nào. 1 dòng nêu",
    }[lang] in seen.text
    assert TOLD[0] in seen.text
    assert {"en": "Nothing seen", "vi": "Không thấy gì"}[lang] not in seen.text
    assert {"en": "No address on the list was seen", "vi": "Không thấy địa chỉ nào"}[lang] not in seen.text
    assert ("Lines not understood 1" if lang == "en" else "Dòng không hiểu được 1") in seen.text
    assert ("Lines that name no machine 0" if lang == "en" else "Dòng không ghi máy 0") in seen.text


def test_a_line_without_a_machine_stands_below_the_machines() -> None:
    text = page(cast.report(cast.SIGHTINGS[:1], [cast.coverage(not_understood=1, unattributed=TOLD)])).text
    assert text.index("10.47.1.100") < text.index(TOLD[0])


def test_a_log_with_an_unread_part_never_reads_like_none_seen(lang: str) -> None:
    text = page(cast.report([], [cast.coverage(errors=["gzip data ends early"])], notes=[])).text
    assert {"en": "some of it could not be read.", "vi": "có phần chưa đọc được."}[lang] in text
    assert {"en": "Nothing seen", "vi": "Không thấy gì"}[lang] not in text


def test_what_does_not_fit_the_page_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_output, "MOST_MACHINES", 1)
    assert re.search(r"\b3\b[^.]*\.xlsx", page(cast.report()).text)


def test_an_interrupted_scan_says_so_in_every_form_that_can(lang: str) -> None:
    report = cast.report(is_interrupted=True)
    assert {"en": "The scan was interrupted", "vi": "Lần quét bị dừng giữa chừng"}[lang] in page(report).text
    assert b'"type":"end"' not in written(jsonl, report)
    book = CalamineWorkbook.from_filelike(io.BytesIO(written(xlsx, report)))
    assert book.get_sheet_by_index(4).to_python()[1][0] == {"en": "INCOMPLETE", "vi": "CHƯA ĐẦY ĐỦ"}[lang]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".xlsx", ".html"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / f"result{suffix}"
    target.write_text("yesterday")

    def full(out: BinaryIO, report: Report) -> None:
        out.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(f"{output.WRITERS[suffix]}.write", full)
    with pytest.raises(OutputError) as caught:
        output.save(target, cast.report())
    assert caught.value.code == "disk_full"
    assert str(target) in str(caught.value)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [(target.name, "yesterday")]


def test_a_name_that_no_writer_knows_is_refused_before_the_scan(tmp_path: Path) -> None:
    for name, code in (("result.pdf", "suffix"), ("nowhere/result.csv", "folder")):
        with pytest.raises(OutputError) as caught:
            output.check(tmp_path / name)
        assert caught.value.code == code


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".xlsx", ".html"])
def test_a_result_given_as_a_log_is_told_for_what_it_is(tmp_path: Path, suffix: str) -> None:
    saved, mail = tmp_path / f"result{suffix}", tmp_path / "mail.zip"
    output.save(saved, cast.report())
    with zipfile.ZipFile(mail, "w") as archive:
        archive.write(saved, saved.name)
    passed = [one for path in (saved, mail) for one in openers.read(path, openers.Meter())]
    assert [(one.member, one.why) for one in passed if isinstance(one, openers.Passed)] == [
        ("", "result"),
        (saved.name, "result"),
    ]
    assert len(passed) == 2
