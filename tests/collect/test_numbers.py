"""Counts in people's spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.annexes.collecting.numbers import MOST, read_count
from quetsach.text.vietnamese import number

counts = st.integers(0, MOST)


@pytest.mark.parametrize(
    ("typed", "value", "doubt"),
    [
        ("", None, "blank"),
        ("   ", None, "blank"),
        ("-", None, "dash"),
        ("–", None, "dash"),
        ("....", None, "dash"),
        ("0", 0, ""),
        ("00", 0, ""),
        ("Không", 0, "none_in_words"),
        ("không có", 0, "none_in_words"),
        ("1.234", 1234, ""),
        ("1 234", 1234, ""),
        ("1.234.567", 1234567, ""),
        ("１２", 12, ""),
        ("12.", 12, ""),
        ("1,234", 1234, "comma"),
        ("12,0", 12, "decimal_zero"),
        ("1,5", None, "decimal"),
        ("12.5", None, "decimal"),
        ("1.23", None, "decimal"),
        ("1.2345", None, "decimal"),
        ("-3", None, "negative"),
        ("\u22123", None, "negative"),
        ("100%", None, "percent"),
        ("12/15", None, "several"),
        ("12 - 15", None, "several"),
        ("12+3", None, "several"),
        ("12 đơn vị, 30 người", None, "several"),
        ("khoảng 12", 12, "about"),
        ("trên 1.000 người", 1000, "about"),
        ("12 (mười hai)", 12, ""),
        ("12 (mười ba)", None, "contradiction"),
        ("mười hai", 12, "words"),
        ("hai mươi mốt", 21, "words"),
        ("một trăm linh năm người", 105, "words"),
        ("hai nghìn ba trăm", 2300, "words"),
        ("12 máy in", 12, "more_text"),
        ("O5", None, "letters"),
        ("1O", None, "letters"),
        ("12người", 12, ""),
        ("2 trăm", None, "letters"),
        ("1k", None, "letters"),
        ("12¹", 12, "more_text"),
        ("12\n150", None, "several"),
        ("đủ", None, "letters"),
        ("9.999.999", 9999999, ""),
        ("10.000.000", None, "too_big"),
        ("99999999999999999999", None, "too_big"),
    ],
)
def test_a_cell(typed: str, value: int | None, doubt: str) -> None:
    count = read_count(typed)
    assert (count.value, count.doubt) == (value, doubt)


@pytest.mark.parametrize(
    ("typed", "of", "doubt"),
    [
        ("12 đơn vị", "units", ""),
        ("12 đơn vị", "people", "other_unit"),
        ("12 người", "people", ""),
        ("12 người", "units", "other_unit"),
        ("12 CBCC", "people", ""),
    ],
)
def test_the_word_behind_a_number_must_fit_the_row(typed: str, of: str, doubt: str) -> None:
    assert read_count(typed, of=of).doubt == doubt


@given(counts)
def test_every_count_survives_the_ways_to_write_it(count: int) -> None:
    plain = number(count)
    for typed in (
        str(count),
        plain,
        plain.replace(".", " "),
        f" {plain} ",
        f"{plain}.",
        f"{plain} người",
        f"{plain}\u200b",
    ):
        assert (read_count(typed).value, read_count(typed).doubt) == (count, ""), typed


@given(st.text(max_size=40))
def test_any_text_gives_a_count_or_a_reason(typed: str) -> None:
    count = read_count(typed)
    assert count.value is None or 0 <= count.value <= MOST
    assert count.value is not None or count.doubt


@given(st.text(st.characters(exclude_categories=["Nd", "No", "Nl"]), max_size=30))
def test_a_number_is_never_made_of_nothing(typed: str) -> None:
    """Without a digit there is a value only where words name one, and it is doubted."""
    count = read_count(typed)
    assert count.value is None or count.doubt in {"words", "none_in_words"}


_ONES = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]


def spoken(count: int) -> str:
    """A number from 1 to 999 in spoken words."""
    hundreds, tens, ones = count // 100, count // 10 % 10, count % 10
    parts = [f"{_ONES[hundreds]} trăm"] if hundreds else []
    if tens == 1:
        parts.append("mười")
    elif tens:
        parts.append(f"{_ONES[tens]} mươi")
    elif ones and hundreds:
        parts.append("linh")
    if ones:
        parts.append("mốt" if ones == 1 and tens > 1 else "lăm" if ones == 5 and tens else _ONES[ones])
    return " ".join(parts)


@given(st.integers(1, 999))
def test_spoken_numbers(count: int) -> None:
    assert read_count(spoken(count)).value == count
