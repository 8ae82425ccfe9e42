"""Finding an annex's unit: names shortened and misspelled by people, against the tree."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.annexes.collecting import tree
from quetsach.annexes.collecting.names import Directory, Unit
from quetsach.annexes.collecting.paper import FileProblem
from tests.collect.truth import TOP, UNITS

DIRECTORY = Directory(Unit(name, name, (TOP,)) for name in UNITS)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("UBND xã Mường So", "Xã Mường So"),
        ("Ủy ban nhân dân xã Mường So", "Xã Mường So"),
        ("ỦY BAN NHÂN DÂN XÃ MƯỜNG SO", "Xã Mường So"),
        ("muong so", "Xã Mường So"),
        ("Mường So", "Xã Mường So"),
        ("Xã Mường So, huyện Phong Thổ, tỉnh Lai Châu", "Xã Mường So"),
        ("UBND xã Mường So - Phong Thổ", "Xã Mường So"),
        ("UBND thị trấn", "Thị trấn Phong Thổ"),
        ("TT. Phong Thổ", "Thị trấn Phong Thổ"),
        ("Trường THCS Hoà Bình", "Trường THCS Hòa Bình"),
        ("Trường trung học cơ sở Hòa Bình", "Trường THCS Hòa Bình"),
        ("Phòng GDĐT", "Phòng Giáo dục và Đào tạo"),
        ("Phòng GD-ĐT huyện Phong Thổ", "Phòng Giáo dục và Đào tạo"),
        ("Phòng NN&PTNT", "Phòng Nông nghiệp và Phát triển nông thôn"),
        ("Xã Không Có Tên", None),
        ("", None),
    ],
)
def test_a_name(typed: str, name: str | None) -> None:
    unit = DIRECTORY.match(typed).unit
    assert (unit.name if unit else None) == name


def test_other_marks_are_doubted_and_two_units_are_never_chosen_between() -> None:
    twins = Directory(
        [
            Unit("1", "Xã Tân Thành", ("A",)),
            Unit("2", "Xã Tân Thạnh", ("A",)),
            Unit("3", "Xã Tân Thành", ("B",)),
        ]
    )
    assert twins.match("xã Tân Thạnh").unit == twins.units[1]
    assert {unit.key for unit in twins.match("xã Tân Thành").candidates} == {"1", "3"}
    assert len(twins.match("xa Tan Thanh").candidates) == 3
    one = Directory([Unit("1", "Xã Mù Sang")])
    assert one.match("Xã Mú Sang").doubt == "unit_marks"


def test_a_school_is_known_without_the_kind_of_its_place() -> None:
    schools = Directory(
        [
            Unit("1", "Trường Mầm non xã Bản Lang"),
            Unit("2", "Trường Mầm non xã Phong Thổ"),
            Unit("3", "Trường Mầm non thị trấn Phong Thổ"),
        ]
    )
    found = schools.match("Trường MN Bản Lang")
    assert found.unit == schools.units[0] and not found.doubt
    assert len(schools.match("Trường MN Phong Thổ").candidates) == 2
    assert schools.match("Trường MN phường Bản Lang").doubt


@pytest.mark.parametrize("typed", ["Phường 12", "Trường Tiểu học Kim Đồng 2", "Trường THCS số 3 Kim Đồng"])
def test_a_unit_of_another_number_is_another_unit(typed: str) -> None:
    units = ("Phường 1", "Trường Tiểu học Kim Đồng", "Trường THCS số 1 Kim Đồng")
    wards = Directory(Unit(name, name) for name in units)
    assert wards.match("Phường 01").unit == wards.units[0]
    assert wards.match(typed).unit is None and wards.match(typed).candidates
    assert wards.inside("PLphuong12").unit is None and wards.inside("PLphuong1").unit == wards.units[0]


def test_another_kind_of_unit_is_doubted() -> None:
    assert DIRECTORY.match("Phường Mường So").doubt == "unit_kind"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("BC_MuongSo_2022", "Xã Mường So"),
        ("muongso", "Xã Mường So"),
        ("02. UBND xa Sin Suoi Ho (ban cuoi)", "Xã Sin Suối Hồ"),
        ("Phu luc phong noi vu", "Phòng Nội vụ"),
        ("bao cao", None),
    ],
)
def test_a_file_name_is_a_hint(file: str, name: str | None) -> None:
    unit = DIRECTORY.inside(file).unit
    assert (unit.name if unit else None) == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Xã Sin Suôi Hồ", "Xã Sin Suối Hồ"),
        ("Phòng Tư phap", "Phòng Tư pháp"),
        ("Xã Mương Sao", "Xã Mường So"),
    ],
)
def test_a_slip_of_the_pen_is_a_doubted_guess(typed: str, name: str) -> None:
    found = DIRECTORY.match(typed)
    assert found.unit is not None and found.unit.name == name and found.doubt


def stripped(text: str) -> str:
    parts = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(char for char in parts if not unicodedata.combining(char))


@given(
    st.sampled_from(UNITS),
    st.sampled_from([str, str.upper, str.lower, stripped, lambda t: unicodedata.normalize("NFD", t)]),
    st.sampled_from(["", "UBND ", "  "]),
    st.sampled_from(["", ", huyện Phong Thổ", ".", " "]),
)
def test_every_unit_is_found_however_it_is_written(name: str, way: object, before: str, behind: str) -> None:
    assert callable(way)
    unit = DIRECTORY.match(way(before + name + behind)).unit
    assert unit is not None and unit.name == name


@given(st.text(max_size=60))
def test_any_text_is_answered(text: str) -> None:
    found = DIRECTORY.match(text)
    assert found.unit or found.doubt
    DIRECTORY.inside(text)


def test_a_quotation_mark_swallows_no_unit_of_a_list() -> None:
    with pytest.raises(FileProblem) as error:
        tree.read("t.csv", 'Tên đơn vị;Mã\nXã A;1\n"Xã B;2\nXã C;3\n'.encode())
    assert (error.value.code, error.value.facts) == ("tree_quotes", {"line": 3})
    units = tree.read("t.csv", 'Tên đơn vị;Mã\nXã A;1\n"Xã ""B""";2\n'.encode())
    assert [unit.name for unit in units] == ["Xã A", 'Xã "B"']
