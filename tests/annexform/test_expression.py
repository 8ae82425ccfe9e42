"""Conditions in people's spelling."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.annexes.form.expression import (
    ExpressionError,
    evaluate,
    kind_of,
    read_expression,
    write_expression,
)

names = st.sampled_from(["r1", "r2", "children", "staff"])
numbers = st.recursive(
    names | st.integers(0, 500),
    lambda inner: st.tuples(st.sampled_from(["add", "mul", "sub"]), inner, inner).map(list),
    max_leaves=6,
)
compared = st.tuples(st.sampled_from(["gt", "ge", "lt", "le", "eq", "ne"]), numbers, numbers).map(list)
truths = st.recursive(
    compared | names.map(lambda name: ["blank", name]),
    lambda inner: (
        st.tuples(st.sampled_from(["and", "or"]), inner, inner).map(list)
        | inner.map(lambda one: ["not", one])
    ),
    max_leaves=5,
)
facts = st.fixed_dictionaries(
    {name: st.none() | st.integers(0, 500) for name in ("r1", "r2", "children", "staff")}
)


@given(truths, facts)
def test_what_is_written_means_the_same_when_read_back(tree, known):
    again = read_expression(write_expression(tree))
    assert evaluate(again, known) == evaluate(tree, known)
    assert kind_of(again, ()) == "truth"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("r3 > r1", ["gt", "r3", "r1"]),
        (
            "r2 = 0 và r1 > 0 hoặc r4 > r2",
            ["or", ["and", ["eq", "r2", 0], ["gt", "r1", 0]], ["gt", "r4", "r2"]],
        ),
        ("r2 ≥ 10 × (r1 + 1)", ["ge", "r2", ["mul", 10, ["add", "r1", 1]]]),
        ("trống(r1)", ["blank", "r1"]),
        ("length(narrative) < 20", ["lt", ["length", "narrative"], 20]),
        ("r1 - r2 - 3 <> 0", ["ne", ["sub", "r1", "r2", 3], 0]),
    ],
)
def test_conditions_are_read_as_a_person_means_them(text, tree):
    assert read_expression(text) == tree


@pytest.mark.parametrize(
    "text", ["", "r1 >", "> r1", "r1 r2", "(r1 > 2", "r1 > 2)", "r1 ; r2", "and", "length r1", "(" * 99]
)
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(ExpressionError):
        read_expression(text)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(ExpressionError):
        read_expression(text)


def test_a_number_beside_a_text_is_refused():
    with pytest.raises(ExpressionError):
        kind_of(["gt", "r1", "narrative"], {"narrative"})
    with pytest.raises(ExpressionError):
        kind_of(["and", "r1", ["gt", "r1", 2]], ())
    assert kind_of(["gt", ["length", "narrative"], 5], {"narrative"}) == "truth"
