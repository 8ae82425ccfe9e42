"""A guess of a unit, an annex of last year and other figures of one unit: doubted, never silently counted."""

from pathlib import Path

import pytest

from quetsach.annexes.collect import Collection, collect
from quetsach.annexes.collecting.heads import author_in
from quetsach.annexes.collecting.names import Directory, Unit
from tests.collect import papers_by_hand as by
from tests.collect.truth import TOP, UNITS

DIRECTORY = Directory(Unit(name, name, (TOP,)) for name in UNITS)
SCHOOL = Unit("school", "Trường Tiểu học Mường So", (TOP, "Xã Mường So"))
DEEP = Directory([*DIRECTORY.units, SCHOOL])


def head(*lines: str) -> str:
    return "".join(by.paragraph(line) for line in lines)


def collected(folder: Path, **files: bytes) -> Collection:
    for name, data in files.items():
        (folder / f"{name}.docx").write_bytes(data)
    return collect([folder], DIRECTORY.units)


def codes(one: object) -> set[str]:
    return {doubt.code for doubt in one.doubts if doubt.level != "info"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [
        "Tờ trình 12_TTr Phong Thổ",
        "15/TTr-UBND huyện Phong Thổ",
        "TT Y tế Phong Thổ",
        "TTYT Phong Tho",
        "UBND HUYỆN PHONG THỔ",
        "baocaohuyenphongtho",
        "Trường THCS số 9 xã Mường So",
        "Trạm y tế Mường So",
    ],
)
def test_a_text_about_another_office_names_no_commune_or_town(text: str) -> None:
    assert DIRECTORY.inside(text).unit is None


@pytest.mark.parametrize(
    ("typed", "doubt"),
    [("UBND huyện Phong Thổ", "unit_superior"), ("Huyện Phong Thổ", "unit_superior")],
)
def test_the_superior_is_not_a_unit_that_reports(typed: str, doubt: str) -> None:
    found = DIRECTORY.match(typed)
    assert found.unit is None and found.doubt == doubt
    assert DIRECTORY.match("TTr Phong Thổ").unit is None
    assert DIRECTORY.match("Trung tâm Phong Thổ").unit is None


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["UBND HUYỆN PHONG THỔ PHÒNG NỘI VỤ", "CỘNG HÒA"], "Phòng Nội vụ"),
        (["ỦY BAN NHÂN DÂN HUYỆN PHONG THỔ", "Phong Thổ, ngày 20 tháng 9 năm 2022"], None),
        (["UBND XÃ MƯỜNG SO", "TRƯỜNG TIỂU HỌC MƯỜNG SO"], "Trường Tiểu học Mường So"),
        (["UBND XÃ MƯỜNG SO", "CỘNG HÒA XÃ HỘI", "TRƯỜNG MẦM NON SAO MAI"], None),
        (["UBND XÃ MƯỜNG SO TRƯỜNG MẦM NON SAO MAI"], None),
        (["ỦY BAN NHÂN DÂN XÃ MÙ SANG", "Kính gửi: UBND xã Mường So"], "Xã Mù Sang"),
        (["Kính gửi: UBND thị trấn Phong Thổ"], None),
        (["UBND XÃ MÙ SANG", "UBND XÃ MƯỜNG SO"], None),
    ],
)
def test_a_head_names_the_superior_first_and_the_author_below(lines: list[str], name: str | None) -> None:
    unit = author_in(lines, DEEP).unit
    assert (unit.name if unit else None) == name


def test_a_guess_never_takes_the_place_of_a_certain_annex(tmp_path: Path) -> None:
    certain = by.docx(by.form("UBND xã Mường So", ("1", "20", "1", "19")), saved="2022-09-18T08:00:00Z")
    guess = by.docx(by.form("", ("0", "7", "0", "7")), saved="2022-09-22T08:00:00Z")
    found = collected(tmp_path, so=certain, **{"muong so sửa": guess})
    assert [tuple(one.values.values()) for one in found.counted] == [(1, 20, 1, 19)]
    assert codes(found.counted[0]) == set() and not found.repeated
    (stray,) = found.unplaced
    assert stray.unit is None and [unit.name for unit in stray.candidates] == ["Xã Mường So"]
    assert "unit_taken" in codes(stray)
    copied = collected(tmp_path, **{"muong so sửa": by.docx(by.form("", ("1", "20", "1", "19")))})
    assert not copied.unplaced and [one.doubts[-1].code for one in copied.repeated] == ["duplicate"]


def test_two_guesses_with_other_figures_are_both_left_open(tmp_path: Path) -> None:
    one, two = (by.docx(by.form("", ("0", count, "0", count))) for count in ("7", "8"))
    found = collected(tmp_path, **{"muong so": one, "BC Muong So": two})
    assert not found.counted and len(found.unplaced) == 2


def test_other_figures_of_one_unit_are_doubtful_unless_the_file_says_that_it_replaces(tmp_path: Path) -> None:
    old = by.docx(by.form("Phòng Y tế", ("0", "7", "0", "7")), saved="2022-09-18T08:00:00Z")
    told = "Báo cáo này thay thế báo cáo ngày 18/9 của phòng."
    silent, says = (
        by.docx(by.form("Phòng Y tế", ("0", "9", "0", "9"), assessment=text), saved="2022-09-21T08:00:00Z")
        for text in ("Đã rà soát toàn bộ máy của phòng.", told)
    )
    for new, doubts in ((silent, {"newer_by_time"}), (says, set())):
        found = collected(tmp_path, a=old, b=new)
        assert found.totals["r2"].value == 9 and codes(found.counted[0]) == doubts


@pytest.mark.parametrize("how", ["head", "name", "saved"])
def test_an_annex_of_last_year_is_doubtful(tmp_path: Path, how: str) -> None:
    files = {f"bc {at}": by.docx(by.form(name, ("0", "7", "0", "6"))) for at, name in enumerate(UNITS[17:20])}
    dated = head("Phong Thổ, ngày 20 tháng 9 năm 2021") if how == "head" else ""
    last = by.docx(
        dated + by.form("Xã Mù Sang", ("1", "9", "1", "9")),
        saved="2021-09-20T08:00:00Z" if how == "saved" else "2022-09-20T08:00:00Z",
    )
    found = collected(tmp_path, **files, **{"mu sang 2021" if how == "name" else "mu sang": last})
    by_unit = {one.unit.name: one for one in found.counted if one.unit}
    assert codes(by_unit["Xã Mù Sang"]) == {"earlier_campaign"}
    assert all(not codes(one) for name, one in by_unit.items() if name != "Xã Mù Sang")


def test_this_years_annex_counts_before_last_years(tmp_path: Path) -> None:
    files = {f"bc {at}": by.docx(by.form(name, ("0", "7", "0", "6"))) for at, name in enumerate(UNITS[17:20])}
    now = by.docx(by.form("Xã Mù Sang", ("1", "9", "1", "9")))
    # A copy of last year's file that was saved again later.
    last = by.docx(
        head("Mù Sang, ngày 20 tháng 9 năm 2021") + by.form("Xã Mù Sang", ("1", "5", "1", "5")),
        saved="2022-09-25T08:00:00Z",
    )
    found = collected(tmp_path, **files, a=now, b=last)
    (counted,) = (one for one in found.counted if one.unit and one.unit.name == "Xã Mù Sang")
    assert counted.values["r2"] == 9 and not codes(counted)
