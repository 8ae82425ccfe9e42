"""Counts as officers write them (reporting: "1.234" is 1234; "12.5", "1,5", "-3" are refused)."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from quetsach.portal.kit.fields import CalendarDay, read_count


@given(st.integers(0, 9_999_999))
def test_both_spellings_of_every_count(n):
    assert read_count(str(n)) == n
    assert read_count(f" {n:,} ".replace(",", ".")) == n


@pytest.mark.parametrize(
    "text",
    ["", "1,5", "12.5", "1.23", "-3", "1.2345", "1234.567", "1e3", "٣", "²", "10.000.000", "1 234", ".123"],
)
def test_everything_else_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        read_count(text)


@pytest.mark.parametrize("text", ["01/01/0001", "31/12/1899", "01/01/2200", "31/12/9999", "9999-12-31"])
def test_a_day_that_nobody_means_is_refused(text):
    with pytest.raises(ValidationError):
        CalendarDay(input_formats=["%d/%m/%Y", "%Y-%m-%d"]).clean(text)


def test_the_days_of_three_centuries_are_taken():
    field = CalendarDay(input_formats=["%d/%m/%Y"])
    assert [field.clean(text) for text in ("01/01/1900", "31/12/2199")] == [
        date(1900, 1, 1),
        date(2199, 12, 31),
    ]
