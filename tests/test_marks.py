"""Normal forms of text with rows of marks that nobody types: bounded, and unchanged for everything else."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.indicators.reading import read_text
from quetsach.text.marks import MOST, is_piled, normalize
from quetsach.text.vietnamese import search_key

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
ACUTE, BELOW, VOICED, VOICED_SMALL = "\u0301", "\u0316", "\u3099", "\uff9e"


@pytest.mark.parametrize("form", FORMS)
def test_a_row_of_marks_ends_with_its_30th(form):
    for row in (ACUTE * 9_000 + BELOW * 9_000, VOICED * 100, (ACUTE + VOICED_SMALL) * 50):
        text = f"xã a{row}b ề"
        assert is_piled(text)
        assert normalize(form, text) == unicodedata.normalize(form, f"xã a{row[:MOST]}b ề")


SIGNS = ["a", "đ", "ế", ACUTE, BELOW, VOICED_SMALL, "─", "\U0001f3fd", "\n"]


@given(st.text(st.sampled_from(SIGNS), max_size=99))
def test_every_pile_is_found_and_nothing_else(text):
    longest = max(map(len, "".join("x" if is_mark(char) else " " for char in text).split()), default=0)
    assert is_piled(text) is (longest > MOST)
    if longest <= MOST:
        assert all(normalize(form, text) == unicodedata.normalize(form, text) for form in FORMS)


@pytest.mark.parametrize("before", range(MOST + 2))
def test_a_pile_is_found_wherever_it_begins(before):
    assert is_piled("ă" * before + ACUTE * (MOST + 1))
    assert not is_piled("ă" * before + ACUTE * MOST + "ă" + ACUTE * MOST)


def is_mark(char):
    return unicodedata.category(char).startswith("M") or char == VOICED_SMALL


def test_what_becomes_a_mark_counts_as_one():
    for char in map(chr, range(0x80, 0x20000)):
        if unicodedata.combining(unicodedata.normalize("NFKD", char)[0]):
            assert is_piled(char * (MOST + 1)), hex(ord(char))


def test_names_are_found_and_lists_are_read_in_bounded_time():
    pile = "a" + ACUTE * 9_000 + BELOW * 9_000
    assert search_key(pile) == "a"
    found = read_text(f"{pile[:3_000]}.example\n{pile}.example\ngood.example\nb\u0301.example\n")
    assert [item.value for item in found.indicators] == ["good.example", "xn--b-xbb.example"]
    assert [(one.line, one.code) for one in found.rejects] == [(1, "bad-name"), (2, "mangled")]
    table = read_text(f"Tên miền,{pile}\ngood.example,x\n")
    assert [item.value for item in table.indicators] == ["good.example"]
