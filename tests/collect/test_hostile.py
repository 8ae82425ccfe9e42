"""Files that would break a careless reader: each gets one precise answer and costs no other file."""

import io
import json
import os
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quetsach.annexes.collect import FileProblem, Unread, collect, read_upload
from quetsach.annexes.collecting import messages, reading
from quetsach.annexes.collecting.answers import listing, workbook
from quetsach.annexes.collecting.files import archive
from quetsach.annexes.collecting.paper import Cell, Paper, Row
from tests.collect import papers_by_hand as by
from tests.packing import zipped

GOOD = by.docx(by.form("UBND xã Mường So", ("1", "2", "1", "2")))


def problem_of(data: bytes) -> str:
    with pytest.raises(FileProblem) as caught:
        reading.read(data)
    return caught.value.code


def sheet_with(xml: str) -> bytes:
    """A workbook whose only sheet holds these cells."""
    parts = {}
    with zipfile.ZipFile(io.BytesIO(by.xlsx({"A": [["x"]]}))) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    name = "xl/worksheets/sheet1.xml"
    head, _rows, tail = parts[name].decode().partition("<sheetData>")[0], "", "</worksheet>"
    parts[name] = f"{head}<sheetData>{xml}</sheetData>{tail}".encode()
    return zipped(parts)


def test_two_far_cells_do_not_claim_the_memory() -> None:
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    assert problem_of(sheet_with(far)) == "too_many_cells"


def test_a_hundred_thousand_rows_are_read_as_far_as_an_annex_can_reach() -> None:
    rows = by.grid("UBND xã Mường So", (1, 2, 1, 2)) + [[at, "x"] for at in range(100_000)]
    paper, (annex,) = reading.read(by.xlsx({"A": rows}))
    assert annex.figures["r2"].value == 2
    assert "too_long" in paper.notes


def test_entities_are_never_followed() -> None:
    for declared in ('<!DOCTYPE w SYSTEM "http://192.0.2.1/x">', '<!DOCTYPE w [<!ENTITY a "aa">]>'):
        assert problem_of(zipped({"word/document.xml": f"{declared}<w>&a;</w>".encode()})) == "hostile_xml"


def test_a_member_larger_than_its_directory_says_is_stopped() -> None:
    packed = bytearray(zipped({"word/document.xml": b"<a>" + b" " * 100_000 + b"</a>"}))
    at = packed.rindex(b"PK\x01\x02")
    packed[at + 24 : at + 28] = (10).to_bytes(4, "little")
    assert problem_of(bytes(packed)) in {"bomb", "damaged"}


def test_archives_in_archives_end() -> None:
    data = GOOD
    for level in range(archive.MOST_DEEP + 2):
        data = zipped({f"{level}.zip" if level else "a.docx": data})
    ((_found, given_back),) = read_upload("x.zip", data, None)
    assert isinstance(given_back, Unread) and given_back.problem.code == "too_deep"


def test_many_small_bombs_in_one_archive_are_stopped_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_TOGETHER", 1_000_000)
    inner = zipped({"a.docx": bytes(400_000)})
    # The function of the reading process runs in this process, where the bound is lowered.
    batch = archive._batch.__wrapped__(zipped({f"{n}.zip": inner for n in range(9)}), "x.zip", None, 0)
    assert [one.problem for one in batch.members] == ["", "", *["bomb"] * 7]


def test_control_characters_never_leave_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PDF's text may hold any character."""
    lines = ["Tên đơn vị: A\x00B\ud800", *(f"{at} {row} {at}" for at, row in enumerate(by.ROWS, 1))]
    paper = Paper(tuple(Row((Cell(line),)) for line in lines))
    monkeypatch.setitem(reading._BY_NAME, "pdf", lambda _data: paper)
    # The function of the reading process runs in this process, where the reader is replaced.
    (annex,) = reading._of_pdf.__wrapped__(b"%PDF-1.4").annexes
    assert annex.unit == "A\ufffdB\ufffd"


def test_names_that_climb_out_are_only_names() -> None:
    ((found, given_back),) = read_upload("x.zip", zipped({"../../etc/a.docx": GOOD}), None)
    assert not isinstance(given_back, Unread) and found.path is None


def test_a_protected_archive_says_so() -> None:
    packed = bytearray(zipped({"a.docx": GOOD}))
    packed[6] |= 1
    packed[packed.rindex(b"PK\x01\x02") + 8] |= 1
    ((_found, given_back),) = read_upload("x.zip", bytes(packed), None)
    assert isinstance(given_back, Unread) and given_back.problem.code == "encrypted"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"Rar!\x1a\x07\x01\x00" + bytes(100), "other_archive"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "other_archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "__substg1.0_".encode("utf-16-le"), "outlook"),
    ],
)
def test_what_holds_the_annex_unopened_says_how_to_get_at_it(data: bytes, code: str) -> None:
    assert problem_of(data) == code
    assert messages.problem(FileProblem(code), "vi") != messages.problem(FileProblem(code), "en")


def test_tables_in_tables_without_end_are_read_once_each() -> None:
    deep = "<w:tbl><w:tr><w:tc>" * 20_000 + by.paragraph("x") + "</w:tc></w:tr></w:tbl>" * 20_000
    assert problem_of(by.docx(deep)) == "not_an_annex"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out.docx").write_bytes(GOOD)
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.docx").symlink_to(tmp_path / "out.docx")
    (inbox / "b.docx").write_bytes(GOOD)
    found = collect([inbox])
    assert [one.problem.code for one in found.unread] == ["no_file"]
    assert len(found.counted) == 1


@pytest.mark.parametrize("size", [1, 10, 100, 500, len(GOOD) // 2, len(GOOD) - 1])
def test_a_cut_file_is_damaged(size: int) -> None:
    assert problem_of(GOOD[:size]) in {"damaged", "other_kind"}


@settings(max_examples=150)
@given(st.data())
def test_changed_bytes_give_an_annex_or_a_reason(data: st.DataObject) -> None:
    base = bytearray(
        data.draw(st.sampled_from([GOOD, by.xlsx({"A": by.grid("x", (1, 2, 1, 2))}), by.pdf_of_picture()]))
    )
    for _ in range(data.draw(st.integers(1, 8))):
        base[data.draw(st.integers(0, len(base) - 1))] = data.draw(st.integers(0, 255))
    try:
        reading.read(bytes(base))
    except FileProblem as problem:
        assert messages.problem(problem, "en")


@pytest.mark.skipif(sys.platform != "linux", reason="file systems elsewhere keep only Unicode names")
def test_a_file_name_that_is_no_utf_8_stays_out_of_no_form_of_the_total(tmp_path: Path) -> None:
    """Archivers of old systems leave such names: the row is counted, and its file has no link."""
    (inbox := tmp_path / "inbox").mkdir()
    (inbox / os.fsdecode(b"\xff\xfe.docx")).write_bytes(GOOD)
    found = collect([inbox])
    assert len(found.counted) == 1
    out = io.BytesIO()
    workbook.write(out, found, folder=tmp_path)
    with zipfile.ZipFile(out) as packed:
        assert packed.testzip() is None
    json.dumps(listing.as_data(found, "vi"), ensure_ascii=False).encode()
