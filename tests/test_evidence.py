"""Evidence is safe to show and never longer than its limit."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.text.escape import escape

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
UNIT = re.compile(r"\\x[0-9a-f]{2}|\\u\{[0-9a-f]+\}|.", re.DOTALL)


@given(st.one_of(st.binary(max_size=80), st.text(st.sampled_from("aé\x00\x1b\t\x85" + BIDI)).map(str.encode)))
def test_nothing_unsafe_is_left(line: bytes) -> None:
    shown = escape(line)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") or c in BIDI for c in shown)


@given(st.text(st.sampled_from("ab\x1b\u202eé"), max_size=60), st.integers(1, 40))
def test_the_cut_never_splits_an_escape(line: str, limit: int) -> None:
    whole, cut = escape(line.encode()), escape(line.encode(), limit)
    units = UNIT.findall(whole)
    wanted = ""
    for unit in units:
        if len(wanted) + len(unit) > limit:
            break
        wanted += unit
    assert cut == wanted


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"a\tb\x7f", "a\\x09b\\x7f"),
        ("\x85\u202e".encode(), "\\x85\\u{202e}"),
        (b"\xff\xc3\xa9\xc3", "\\xffé\\xc3"),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
        ("Tiếng Việt".encode(), "Tiếng Việt"),
    ],
)
def test_examples(line: bytes, shown: str) -> None:
    assert escape(line) == shown


def test_two_thousand_characters_are_kept() -> None:
    assert escape(("é" * 3000).encode()) == "é" * 2000
