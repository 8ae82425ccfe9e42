"""Counts as officers write them (reporting: "1.234" is 1234; "12.5", "1,5", "-3" are refused)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.portal.kit.fields import read_count


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
