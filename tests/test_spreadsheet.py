"""Text in cells of spreadsheets."""

import pytest

from quetsach.text.cells import column_name, guarded, unguarded


def test_columns_are_named_as_in_excel() -> None:
    names = ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
    assert [column_name(index) for index in (0, 25, 26, 51, 52, 701, 702)] == names


@pytest.mark.parametrize("text", ["=1+1", "＝1", "﹣x", " +84", "\t@", "'quoted'", "Xã A", ""])
def test_what_was_guarded_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
