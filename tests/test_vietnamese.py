"""Orders come from ICU (Intl.Collator("vi") of a browser), the rest from Decree 30/2020 and the alphabet."""

from __future__ import annotations

import random
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.text.vietnamese import letter_date, nfc, number, search_key, short_date, sort_key

ICU = (
    "An, Án, Ạn, An Giang, Ăn, Ân, Dak, Dào San, Đak Pơ, Đồng Tháp, Hoà, Hoá, Hòa, Hóa, Huổi Luông, "
    "Huội Luông, Ma Ly Pho, Mồ Sì San, Mù Sang, Mường So, Ong, Ông, Ơn, Tà Mung, Tan Thành, Tan Thánh, "
    "Tàn Thành, Tản Thành, Tãn Thành, Tán Thành, Tạn Thành, Tân Thành, ung, Ung, Ưng, Xã 10, Xã 2"
)
NAMES = ICU.split(", ")


def test_names_sort_as_icu_sorts_them() -> None:
    shuffled = random.Random(30).sample(NAMES, len(NAMES))
    assert sorted(shuffled, key=sort_key) == NAMES


def test_the_alphabet_is_in_order() -> None:
    alphabet = list("aăâbcdđeêghiklmnoôơpqrstuưvxy")
    assert sorted(random.Random(1).sample(alphabet, len(alphabet)), key=sort_key) == alphabet


@pytest.mark.parametrize("letter", list("aăâeêioôơuưy"))
def test_tones_sort_from_level_to_heavy(letter: str) -> None:
    marks = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
    tones = [unicodedata.normalize("NFC", letter + mark) for mark in marks]
    assert sorted(set(tones), key=sort_key) == tones


@given(st.text(), st.text())
def test_spelling_in_parts_changes_no_order(left: str, right: str) -> None:
    parts = [unicodedata.normalize("NFD", text) for text in (left, right)]
    assert sort_key(parts[0])[:2] == sort_key(unicodedata.normalize("NFC", left))[:2]
    assert (sort_key(parts[0])[:2] < sort_key(parts[1])[:2]) == (sort_key(left)[:2] < sort_key(right)[:2])


@given(st.text())
def test_a_search_key_holds_no_marks_and_folds_once(text: str) -> None:
    key = search_key(text)
    assert not any(unicodedata.combining(c) for c in key)
    assert "đ" not in key
    assert search_key(key) == key


def test_search_finds_with_and_without_marks() -> None:
    assert search_key("  Xã  Đồng   Tháp ") == search_key("xa dong thap") == "xa dong thap"
    assert search_key(unicodedata.normalize("NFD", "Thị trấn Phong Thổ")) == "thi tran phong tho"


def test_names_are_composed_and_trimmed() -> None:
    assert nfc(unicodedata.normalize("NFD", "Xã Bình Thanh ")) == "Xã Bình Thanh"


def test_numbers_have_points() -> None:
    assert [number(n) for n in (0, 999, 1234, 1_234_567)] == ["0", "999", "1.234", "1.234.567"]


def test_dates_get_zeros_where_the_decree_puts_them() -> None:
    assert letter_date(date(2022, 9, 5)) == "ngày 05 tháng 9 năm 2022"
    assert letter_date(date(2022, 2, 26)) == "ngày 26 tháng 02 năm 2022"
    assert short_date(date(2022, 12, 5)) == "05/12/2022"
