"""`quetsach reports collect` run by a coordinator, and its files."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from tests.collect import papers_by_hand as by
from tests.collect.truth import COMMUNES

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Two annexes in a folder and a list of three units; one annex proposes a formula."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    good = by.form(
        "UBND xã Mường So", ("12", "1.234", "12", "1.000"), assessment="Đã làm xong mọi việc được giao."
    )
    (folder / "a.docx").write_bytes(by.docx(good))
    (folder / "=b&c.xlsx").write_bytes(
        by.xlsx({"PL": by.grid("Xã Bản Lang", (8, 70, "-", 60), proposals='=HYPERLINK("x")')})
    )
    rows = [
        ["Tên đơn vị", "Cấp trên"],
        ["UBND huyện", ""],
        *([name, "UBND huyện"] for name in COMMUNES[:2]),
    ]
    rows.append(["Xã Mường So", "UBND huyện"])
    (tmp_path / "units.csv").write_text("\n".join(";".join(row) for row in rows), encoding="utf-8-sig")
    return tmp_path


def test_the_folder_becomes_a_table_a_total_and_a_list_of_who_is_missing(quetsach: Run, inbox: Path) -> None:
    code, out, err = quetsach("reports", "collect", inbox / "inbox", "--units", inbox / "units.csv")
    assert (code, err) == (1, "")
    assert "Total (2 of 3 units)" in out and "1,304" in out
    assert "Not received (1)" in out and "Thị trấn Phong Thổ" in out
    assert "Only a dash" in out and "PL, cell C11" in out


def test_the_next_step_names_the_senders_to_ask_again(quetsach: Run, inbox: Path) -> None:
    (inbox / "inbox" / "hong.docx").write_bytes(by.docx(by.form("Xã Mường So", ("1",) * 4))[:700])
    (inbox / "inbox" / "quet.pdf").write_bytes(by.pdf_of_picture())
    _code, out, _err = quetsach("reports", "collect", inbox / "inbox", "--units", inbox / "units.csv")
    steps = " ".join(out.partition("Next:")[2].split())
    assert "Ask the sender of this file again, with the reason above: hong.docx." in steps
    (inbox / "inbox" / "rong.xlsx").write_bytes(b"")
    _code, out, _err = quetsach("reports", "collect", inbox / "inbox", "--units", inbox / "units.csv")
    steps = " ".join(out.partition("Next:")[2].split())
    assert "Ask the senders of these files again" in steps and "hong.docx, rong.xlsx" in steps


def test_the_workbook_reads_back_and_holds_no_foreign_formula(quetsach: Run, inbox: Path) -> None:
    out = inbox / "total.xlsx"
    assert quetsach("reports", "collect", inbox / "inbox", "--units", inbox / "units.csv", "-o", out)[0] == 1
    book = CalamineWorkbook.from_path(out)
    assert book.sheet_names == ["Total", "Units", "To look at", "Not received", "Proposals"]
    total = book.get_sheet_by_name("Total").to_python()
    assert [row[2] for row in total[3:7]] == [20, 1304, 12, 1060]
    units = book.get_sheet_by_name("Units").to_python()
    assert units[1][1:6] == ["Xã Bản Lang", 8, 70, "", 60]
    assert book.get_sheet_by_name("Proposals").to_python()[1][1] == '=HYPERLINK("x")'
    with zipfile.ZipFile(out) as packed:
        sheets = b"".join(packed.read(name) for name in packed.namelist() if "worksheets/sheet" in name)
        links = packed.read("xl/worksheets/_rels/sheet2.xml.rels").decode()
    assert sheets.count(b"<f>") == sheets.count(b"<f>SUM(") == 4
    assert r'Target="inbox\a.docx"' in links


def test_the_annex_holds_the_total_as_pdf_and_word(quetsach: Run, inbox: Path) -> None:
    outs = [inbox / "annex.pdf", inbox / "annex.docx"]
    arguments = [part for out in outs for part in ("-o", out)]
    assert (
        quetsach("reports", "collect", inbox / "inbox", "--issuer", "UBND huyện Phong Thổ", *arguments)[0]
        == 1
    )
    text = " ".join(page.extract_text() for page in PdfReader(outs[0]).pages)
    assert "UBND huyện Phong Thổ" in text and "1.304" in text
    with zipfile.ZipFile(io.BytesIO(outs[1].read_bytes())) as packed:
        assert "1.304" in packed.read("word/document.xml").decode()


def test_what_it_writes_it_can_read(quetsach: Run, inbox: Path) -> None:
    """The consolidated annex of a district is an annex for the province."""
    district = inbox / "district"
    district.mkdir()
    for name in ("a.pdf", "a.docx"):
        quetsach(
            "reports", "collect", inbox / "inbox", "--issuer", "UBND huyện Phong Thổ", "-o", district / name
        )
    code, out, _err = quetsach("reports", "collect", district, "--json")
    found = json.loads(out)
    assert [found["totals"][row]["value"] for row in ("r1", "r2", "r3", "r4")] == [20, 1304, 12, 1060]
    assert len(found["units"]) == 1 and len(found["repeated"]) == 1, code


def test_json_tells_the_place_of_every_figure(quetsach: Run, inbox: Path) -> None:
    code, out, _err = quetsach(
        "reports", "collect", inbox / "inbox", "--units", inbox / "units.csv", "--json"
    )
    found = json.loads(out)
    bans = next(one for one in found["units"] if one["unit"] == "Xã Bản Lang")
    assert bans["figures"]["r3"] == {"value": None, "typed": "-", "note": "", "place": "PL, cell C11"}
    assert code == 1


def test_exit_codes_and_plain_errors(quetsach: Run, inbox: Path) -> None:
    (inbox / "inbox" / "scan.pdf").write_bytes(by.pdf_of_picture())
    assert quetsach("reports", "collect", inbox / "inbox")[0] == 2
    code, _out, err = quetsach("reports", "collect", inbox / "none")
    assert code == 2 and "no such folder" in err
    code, _out, err = quetsach("reports", "collect", inbox / "inbox", "-o", inbox / "x.doc")
    assert code == 2 and ".xlsx, .docx, .pdf" in err
    code, _out, err = quetsach("reports", "collect", inbox / "inbox", "--units", inbox / "inbox" / "scan.pdf")
    assert code == 2 and "damaged" in err


def test_all_clear_is_zero(quetsach: Run, tmp_path: Path) -> None:
    form = by.form("UBND xã Mường So", ("1", "20", "1", "19"), assessment="Đã làm xong mọi việc được giao.")
    (tmp_path / "a.docx").write_bytes(by.docx(form))
    assert quetsach("reports", "collect", tmp_path)[0] == 0
