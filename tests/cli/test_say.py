"""Texts on a terminal: lines broken between words, and answers that mean yes."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.cli import say

WIDTH = 40
WORDS = st.lists(st.text("aăâbcdđêô.:\\-", min_size=1, max_size=60), min_size=1, max_size=30)


@given(WORDS, st.sampled_from(["", "  ", "     ", "  + ", "  - ", "  12. "]))
def test_no_word_is_lost_or_broken_and_no_line_is_too_long(words: list[str], mark: str) -> None:
    text = mark + " ".join(words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(WIDTH))
        patch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        lines = say.wrapped(text).splitlines()
    assert " ".join(lines).split() == text.split()
    assert lines[0].startswith(mark)
    for line in lines:
        assert len(line) < WIDTH or len(line.removeprefix(mark).split()) == 1
        assert line.startswith(" " * len(mark)) or line is lines[0]


def test_a_file_or_a_pipe_gets_whole_lines() -> None:
    assert say.wrapped("từng chữ " * 20) == "từng chữ " * 20


@pytest.mark.parametrize(
    ("typed", "is_yes"),
    [("y", True), ("Có", True), (" C ", True), ("YES", True), ("", False), ("n", False), ("không", False)],
)
def test_yes_in_either_language_and_nothing_else(typed: str, is_yes: bool) -> None:
    assert say.is_yes(typed) is is_yes
