"""Every rule of the annex: one case that breaks it, and one case, barely different, that does not."""

import pytest

from quetsach.annexes.form.definition import built_in
from quetsach.annexes.form.entry import read_entry
from quetsach.annexes.form.rules import check, fired

FORM = built_in("annex-2022")
FACTS = {
    "children": 5, "staff": None, "missing": 0, "changed": 0, "late_hours": 0, "late_days": 0,
    "self_counted": 0, "sibling_ratio": None, "twin": 0, "as_before": 0, "raw": 0, "own_unit": 1,
    "form_current": 1, "locked": 0,
    "stale": 0, "claimed": 0, "hours_after_superior": None,
    **{f"{kind}_r{n}": None for kind in ("known", "total", "paper") for n in range(1, 5)},
}  # fmt: skip
TYPED = {"r1": "3", "r2": "40", "r3": "2", "r4": "30", "narrative": "Đã rà soát xong tất cả các máy."}
NOBODY = {f"r{n}": "0" for n in range(1, 5)}

CASES = [
    ("H01:r2", ({"r2": ""}, {}), ({"r2": "40"}, {})),
    ("H02:r3", ({"r3": "4"}, {}), ({"r3": "3"}, {})),
    ("H02:r3", ({"r3": "5"}, {"raw": 1}), ({"r3": "3"}, {"raw": 1})),
    ("H03:r4", ({"r4": "41"}, {}), ({"r4": "40"}, {})),
    ("H04:r1", ({"r1": "6"}, {}), ({"r1": "6", "external": "Hợp tác xã"}, {})),
    ("H04:r1", ({"r1": "6"}, {"raw": 1}), ({"r1": "5"}, {"raw": 1})),
    ("H05:r3", ({"r1": "6", "r3": "6"}, {}), ({"r1": "6", "r3": "5"}, {})),
    ("H06:adjust_reason", ({"a2": "-1"}, {}), ({"a2": "-1", "adjust_reason": "đếm hai lần một người"}, {})),
    ("H06:r2", ({}, {"total_r2": -1}), ({}, {"total_r2": 0})),
    ("H07:figures", ({}, {"own_unit": 0}), ({}, {})),
    ("H07:figures", ({}, {"form_current": 0}), ({}, {})),
    ("H07:figures", ({}, {"locked": 1}), ({}, {})),
    ("H08:figures", ({}, {"stale": 1}), ({}, {})),
    ("H09:figures", ({}, {"claimed": 1}), ({}, {"claimed": 0})),
    ("H11:narrative", ({"narrative": "a" * 10_001}, {}), ({"narrative": "a" * 10_000}, {})),
    ("H11:n1", ({"n1": "a\x07"}, {}), ({"n1": "a\nb"}, {})),
    ("W01:r1", ({}, {"known_r1": 4}), ({}, {"known_r1": 3})),
    ("W01:r3", ({}, {"known_r3": 3}), ({}, {"known_r3": 2})),
    ("W02:r2", ({"r2": "0", "r4": "0"}, {}), ({"r2": "0", "r4": "0"}, {"children": 0})),
    ("W02:r3", ({"r3": "0"}, {}), ({"r3": "1"}, {})),
    ("W02:r3", ({"r3": "0"}, {"self_counted": 1}), ({"r3": "1"}, {"self_counted": 1})),
    ("W02:r4", ({"r4": "0"}, {}), ({"r4": "1"}, {})),
    ("W03:r2", ({}, {"staff": 39}), ({}, {"staff": 40})),
    ("W04:figures", ({**NOBODY}, {}), ({**NOBODY, "r1": "1"}, {})),
    ("W05:r2", ({"r2": "2001"}, {}), ({"r2": "2000"}, {})),
    ("W05:r2", ({}, {"sibling_ratio": 0.9}), ({}, {"sibling_ratio": 1.0})),
    ("W06:figures", ({"r2": "50"}, {"twin": 1}), ({"r2": "49"}, {"twin": 1})),
    ("W06:figures", ({"r2": "50"}, {"as_before": 1}), ({"r2": "50"}, {})),
    ("W07:r4", ({"r2": "50", "r4": "50", "r3": "3"}, {}), ({"r2": "50", "r4": "49", "r3": "3"}, {})),
    ("W08:figures", ({}, {"missing": 1}), ({}, {})),
    ("W09:narrative", ({"narrative": "x" * 19}, {}), ({"narrative": "x" * 20}, {})),
    ("W10:figures", ({}, {"changed": 1}), ({}, {})),
    ("W11:r4", ({}, {"paper_r4": 31, "total_r4": 30}), ({}, {"paper_r4": 30, "total_r4": 30})),
    ("I01:figures", ({}, {"late_hours": 48}), ({}, {"late_hours": 0})),
    ("I02:figures", ({}, {"late_hours": 49, "late_days": 3}), ({}, {"late_hours": 48, "late_days": 2})),
]  # fmt: skip


def keys(typed, facts):
    entry = read_entry({**TYPED, **typed}, FORM.keys)
    return {problem.key for problem in check(FORM, entry, {**FACTS, **facts})}


@pytest.mark.parametrize(("key", "fires", "rests"), CASES)
def test_the_rule_fires_there_and_not_a_hair_away(key, fires, rests):
    assert key in keys(*fires)
    assert key not in keys(*rests)


def test_the_table_knows_every_rule_of_the_form():
    # H10 needs a deadline, and is tested below.
    assert {key.split(":")[0] for key, _, _ in CASES} == {rule["id"] for rule in FORM.rules} - {"H10"}


@pytest.mark.parametrize(("hours", "levels"), [(1, ["block"]), (0, ["warn"]), (-1, []), (None, [])])
def test_a_deadline_after_the_superiors_is_refused_and_the_same_is_warned_of(hours, levels):
    found = fired(FORM, {**FACTS, "hours_after_superior": hours}, stage="deadline")
    assert [(p.rule, p.level) for p in found] == [("H10", level) for level in levels]


def test_a_paper_one_over_warns_of_self_counting_and_two_over_is_stopped():
    def level(r3):
        entry = read_entry({**TYPED, "r3": r3}, FORM.keys)
        return {p.level for p in check(FORM, entry, {**FACTS, "raw": 1}) if p.rule == "H02"}

    assert (level("3"), level("4"), level("5")) == (set(), {"warn"}, {"block"})
