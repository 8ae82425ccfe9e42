"""Lists of bodies from offices: the lines read, and an error for each other line."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.units.bodies import HEADINGS, BodyTableError, as_xlsx, read_grid, read_text
from quetsach.units.table import read_cells

CHANNELS = {"zalo": "zalo", "loa truyen thanh": "loudspeaker"}


def test_an_excel_paste_with_numbers_headings_and_a_lost_zero():
    text = (
        "DANH SÁCH DOANH NGHIỆP TRÊN ĐỊA BÀN\n"
        "STT\tTên doanh nghiệp\tMST\tĐịa chỉ\tĐT\n"
        '1\tCông ty Ví Dụ\t100109106\t"Số 1,\nphố Mẫu"\t0213 3000 000\n'
        "\n"
        "2\tChi nhánh Ví Dụ\t0100109106-001\tBản Chang\t\n"
    )
    first, second = read_text(text, CHANNELS)
    assert (first.name, first.tax_code, first.address) == ("Công ty Ví Dụ", "0100109106", "Số 1, phố Mẫu")
    assert second.tax_code == "0100109106-001"
    assert not first.problems and not second.problems


def test_semicolons_without_headings():
    [row] = read_text("Hợp tác xã Mẫu; ; Bản Chang; 0213.3000.000", CHANNELS)
    assert (row.name, row.tax_code, row.address, row.phone) == (
        "Hợp tác xã Mẫu", "", "Bản Chang", "0213.3000.000",
    )  # fmt: skip


def test_each_wrong_line_says_what_is_wrong_and_the_others_stay():
    text = "\n".join([
        "Tên đơn vị;MST;Điện thoại;Ngày phổ biến;Kênh phổ biến;Số người được phổ biến;Số người đã thực hiện",
        "Tốt;0101243150;0213300000;05/09/2022;Zalo;1.200;7",
        ";0100109106",
        "Sai số;0100109107",
        "Hộ gia đình;012345678901",
        "Gọi;;hỏi lễ tân",
        "Ngày;;;31/02/2022",
        "Kênh;;;;chim bồ câu",
        "Người;;;;;1,5",
        "Quá;;;;;3;4",
        "Tốt lần nữa;0101243150",
    ])  # fmt: skip
    rows = read_text(text, CHANNELS)
    said = [(row.line, row.problems[0].code if row.problems else "") for row in rows]
    assert said == [
        (2, ""), (3, "no_name"), (4, "check"), (5, "person"), (6, "phone"), (7, "day"), (8, "channel"),
        (9, "count"), (10, "more_done"), (11, "twice"),
    ]  # fmt: skip
    assert rows[0].marks == {
        "informed_on": date(2022, 9, 5), "channel": "zalo", "persons_informed": 1200, "persons_done": 7,
    }  # fmt: skip


def test_the_same_household_twice_is_seen_without_a_tax_code():
    first, second, other = read_text("Hộ A;;Bản 1\nHỘ  a;;bản 1\nHộ A;;Bản 2", CHANNELS)
    assert not first.problems and second.problems[0].value == "1" and not other.problems


def test_signs_that_hide_something_are_gone():
    [row] = read_text("Công ty \u202egnud iV\u2066\x07; ; '=1+1", CHANNELS)
    assert row.name == "Công ty gnud iV"
    assert row.address == "=1+1"


@pytest.mark.parametrize(
    ("text", "why"), [("", "empty"), (" \n\t\n", "empty"), ("MST;Địa chỉ\n1;2", "no_name")]
)
def test_what_is_no_list_says_why(text, why):
    with pytest.raises(BodyTableError) as error:
        read_text(text, CHANNELS)
    assert error.value.code == why


def test_a_quotation_mark_swallows_no_line():
    with pytest.raises(BodyTableError) as error:
        read_text('Công ty A;1\n"Công ty B;2\nCông ty C;3\n', CHANNELS)
    assert (error.value.code, error.value.value) == ("quotes", 2)
    rows = read_text('Công ty "A";x\n\n"Công ty ""B""";"x\ny"\nCông ty C;x\n', CHANNELS)
    assert [row.name for row in rows] == ['Công ty "A"', 'Công ty "B"', "Công ty C"]


@given(st.text(max_size=300))
def test_no_text_breaks_it(text):
    try:
        rows = read_text(text, CHANNELS)
    except BodyTableError:
        return
    assert all(row.name or row.problems for row in rows)


@given(
    st.lists(
        st.tuples(
            st.text(alphabet="aăâbcdđ =+-@'\"1", min_size=1).map(str.strip), st.sampled_from(["", "Zalo"])
        ),
        min_size=1,
        max_size=8,
    )
)
def test_a_workbook_comes_back_as_it_went_out_and_holds_no_formula(pairs):
    rows = [{"name": f"X{name}", "address": name, "channel": channel} for name, channel in pairs]
    grid, marked = read_cells("a.xlsx", as_xlsx(rows, ["Zalo"]), HEADINGS)
    assert not marked
    clean = [" ".join(f"X{name}".split()) for name, _ in pairs]
    assert [row.name for row in read_grid(grid, CHANNELS)] == clean
