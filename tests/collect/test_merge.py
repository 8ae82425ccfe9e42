"""Copies and versions of one unit's annex, and the rules compared with the portal's own evaluator."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.annexes.collecting.annex import Annex
from quetsach.annexes.collecting.figures import Figure
from quetsach.annexes.collecting.form import ROWS
from quetsach.annexes.collecting.merge import merge
from quetsach.annexes.collecting.names import Unit
from quetsach.annexes.collecting.readings import Reading

DAY = datetime(2022, 9, 20, tzinfo=UTC)
UNIT = Unit("1", "Xã Mường So")


def sent(file: str, count: int, *, saved: int | None = None, changed: int | None = None) -> Reading:
    """A reading whose file was saved or came `saved` or `changed` days after the first."""
    figures = {row: Figure(count, str(count)) for row in ROWS}
    at = [None if days is None else DAY + timedelta(days=days) for days in (saved, changed)]
    return Reading(file, file, Annex(figures), saved=at[0], changed=at[1], unit=UNIT)


@pytest.mark.parametrize(
    ("readings", "chosen", "doubt"),
    [
        ([sent("a.docx", 1, saved=0), sent("b.docx", 2, saved=1)], "b.docx", "newer_by_time"),
        (
            [sent("a.docx", 1, saved=0, changed=9), sent("b.docx", 2, saved=1, changed=3)],
            "b.docx",
            "newer_by_time",
        ),
        ([sent("a.docx", 1, saved=0), sent("a (1).docx", 2, saved=1)], "a (1).docx", "newer_by_time"),
        ([sent("a.docx", 1, saved=-400), sent("b.docx", 2, saved=0)], "b.docx", "newer_version"),
        ([sent("a_sửa.docx", 1, saved=1), sent("a.docx", 2, saved=0)], "a_sửa.docx", "newer_version"),
        ([sent("a (lần 2).docx", 1), sent("a (lần 1).docx", 2)], "a (lần 2).docx", "newer_version"),
        ([sent("a_sửa.docx", 1, saved=0), sent("a.docx", 2, saved=1)], "a.docx", "version_unsure"),
        ([sent("a.docx", 1), sent("b.docx", 2)], "b.docx", "version_unsure"),
    ],
)
def test_which_version_counts(readings: list[Reading], chosen: str, doubt: str) -> None:
    found = merge(readings, [], None)
    assert [one.file for one in found.counted] == [chosen]
    assert [one.code for one in found.counted[0].doubts if one.field == "file"] == [doubt]
    assert [one.doubts[-1].code for one in found.repeated] == [
        "older" if doubt == "newer_version" else "other_figures"
    ]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.randoms())
def test_the_order_of_files_changes_nothing(counts: list[int], random: object) -> None:
    readings = [sent(f"{at}.docx", count, saved=at) for at, count in enumerate(counts)]
    straight = merge(readings, [], None)
    random.shuffle(readings)  # type: ignore[attr-defined]
    shuffled = merge(readings, [], None)
    assert straight.totals == shuffled.totals
    assert len(straight.counted) == 1 and len(straight.repeated) == len(counts) - 1


def test_a_rule_of_the_form_tells_in_both_languages() -> None:
    figures = {row: Figure(count) for row, count in zip(ROWS, (5, 60, 7, 61), strict=True)}
    (one,) = merge([Reading("a", "a", Annex(figures), unit=UNIT)], [], None).counted
    told = {(doubt.field, doubt.name): doubt for doubt in one.doubts}
    assert {("r3", "H02"), ("r4", "H03"), ("narrative", "W09")} <= told.keys()
    assert "Dòng 3 là 7" in told["r3", "H02"].facts["vi"] and "Row 3 is 7" in told["r3", "H02"].facts["en"]


def test_the_same_four_figures_in_two_units_are_told() -> None:
    twins = [
        Reading(name, name, Annex({row: Figure(60) for row in ROWS}), unit=Unit(name, name)) for name in "ab"
    ]
    for one in merge(twins, [], None).counted:
        assert "W06" in {doubt.name for doubt in one.doubts}
