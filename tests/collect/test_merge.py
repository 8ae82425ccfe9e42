"""Copies and versions of one unit, and the rules beside the portal's own evaluator."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.collecting import rules
from quetsach.collecting.annex import Annex, Figure
from quetsach.collecting.form import ROWS
from quetsach.collecting.merge import Reading, merge
from quetsach.collecting.names import Unit
from quetsach.portal.reports.annex import load_form, read_entry
from quetsach.portal.reports.rules import check

DAY = datetime(2022, 9, 20, tzinfo=UTC)
UNIT = Unit("1", "Xã Mường So")


def sent(file: str, count: int, *, saved: int | None = None, changed: int | None = None) -> Reading:
    """A reading whose file was saved or came so many days after the first."""
    figures = {row: Figure(count, str(count)) for row in ROWS}
    at = [None if days is None else DAY + timedelta(days=days) for days in (saved, changed)]
    return Reading(file, file, Annex(figures), saved=at[0], changed=at[1], unit=UNIT)


@pytest.mark.parametrize(
    ("readings", "chosen", "doubt"),
    [
        ([sent("a.docx", 1, saved=0), sent("b.docx", 2, saved=1)], "b.docx", "newer_version"),
        (
            [sent("a.docx", 1, saved=0, changed=9), sent("b.docx", 2, saved=1, changed=3)],
            "b.docx",
            "newer_version",
        ),
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
    assert [one.doubts[-1].code for one in found.repeated] == ["older"]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.randoms())
def test_the_order_of_files_changes_nothing(counts: list[int], random: object) -> None:
    readings = [sent(f"{at}.docx", count, saved=at) for at, count in enumerate(counts)]
    straight = merge(readings, [], None)
    random.shuffle(readings)  # type: ignore[attr-defined]
    shuffled = merge(readings, [], None)
    assert straight.totals == shuffled.totals
    assert len(straight.counted) == 1 and len(straight.repeated) == len(counts) - 1


figures = st.one_of(st.none(), st.integers(0, 60), st.integers(0, 9_999_999))


@given(
    st.fixed_dictionaries(dict.fromkeys(ROWS, figures)),
    st.sampled_from(["", "ngắn", "Đã làm xong mọi việc được giao"]),
)
def test_the_rules_agree_with_those_of_the_portal(values: dict[str, int | None], assessment: str) -> None:
    typed = {row: "" if value is None else str(value) for row, value in values.items()}
    entry = read_entry({**typed, "narrative": assessment})
    facts = dict.fromkeys(
        ("children", "known1", "known2", "known3", "known4", "staff", "missing", "changed", "sibling_ratio"),
        None,
    )
    problems = check(load_form("annex-2022"), entry, {**facts, "twin": 0, "late_hours": 0, "self_counted": 0})
    ours = {rule.removesuffix("_self") for rule, _row in rules.broken(values, assessment)} - {"W02"}
    theirs = {problem.rule for problem in problems} & {"H02", "H03", "W04", "W05", "W07", "W09"}
    assert ours == theirs
