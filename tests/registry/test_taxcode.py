"""Tax codes: the check digit against codes on companies' own invoices, and spellings of offices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.units.taxcode import TaxCodeError, check_digit, read_tax_code

# Public codes of large state companies: Viettel, MISA, VNPT, EVN, Vietcombank.
REAL = ["0100109106", "0101243150", "0100684378", "0100100079", "0100112437"]


@pytest.mark.parametrize("code", REAL)
def test_real_codes_are_taken(code):
    assert read_tax_code(code) == code
    assert read_tax_code(f" {code}–001 ") == f"{code}-001"
    assert read_tax_code(f"{code}001") == f"{code}-001"
    assert read_tax_code(code[1:]) == code, "a spreadsheet drops the zero in front"


@pytest.mark.parametrize("code", REAL)
@given(place=st.integers(0, 9), by=st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(code, place, by):
    digit = (int(code[place]) + by) % 10
    wrong = f"{code[:place]}{digit}{code[place + 1 :]}"
    with pytest.raises(TaxCodeError) as error:
        read_tax_code(wrong)
    assert error.value.code == "check"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "shape"),
        ("abc", "shape"),
        ("12345", "shape"),
        ("0100109106-01", "shape"),
        ("0100109106-0011", "shape"),
        ("012345678901", "person"),
        ("０１００１０９１０６", "shape"),
        ("0100109107", "check"),
    ],
)
def test_what_is_none_says_why(typed, why):
    with pytest.raises(TaxCodeError) as error:
        read_tax_code(typed)
    assert error.value.code == why


@given(st.from_regex(r"[0-9]{9}", fullmatch=True))
def test_the_check_digit_makes_the_weighted_sum_divide(nine):
    digit = check_digit(nine)
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    rest = sum(w * int(d) for w, d in zip(weights, nine, strict=True)) % 11
    assert digit is None if rest == 0 else (rest + digit) % 11 == 10 % 11
