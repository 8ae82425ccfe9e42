"""Small JSON values are read and written as the standard library does it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.text.json_values import parsed, writer

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
STYLES = [
    {},
    {"ensure_ascii": False, "separators": (",", ":")},
    {"ensure_ascii": False, "sort_keys": True, "separators": (",", ":")},
]


@pytest.mark.parametrize("style", STYLES)
@given(VALUES)
def test_a_value_is_written_as_the_standard_library_writes_it(style, value):
    assert writer(**style)(value) == json.dumps(value, **style)


def test_what_is_no_json_is_not_written():
    with pytest.raises(TypeError):
        writer()({"host": {1, 2}})


@given(st.one_of(st.text(), VALUES.map(json.dumps).map(lambda text: f" \t{text}\r\n")))
def test_a_text_is_read_as_the_standard_library_reads_it(text):
    try:
        expected = json.dumps(json.loads(text))
    except ValueError:
        with pytest.raises(ValueError):
            parsed(text)
    else:
        assert json.dumps(parsed(text)) == expected


@pytest.mark.parametrize("text", ["\ufeff{}", "{} {}", "[1]\x0b", "", " ", "\xa0{}"])
def test_nothing_but_blanks_may_stand_around_the_value(text):
    with pytest.raises(ValueError):
        parsed(text)
