"""A folder of forty files like those of real units: every figure, unit and reason equals the truth."""

from collections import Counter
from pathlib import Path

import pytest

from quetsach.annexes.collect import Collection, Reading, collect, read_units
from quetsach.annexes.collecting import messages
from quetsach.annexes.collecting.form import ROWS
from tests.collect import make_annexes
from tests.collect.truth import OFFICES, UNITS, Made, Truth


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Made]]:
    folder = tmp_path_factory.mktemp("annexes")
    (folder / "units.xlsx").write_bytes(make_annexes.tree())
    return folder, make_annexes.write(folder / "inbox")


@pytest.fixture(scope="module")
def found(made: tuple[Path, list[Made]]) -> Collection:
    folder, _files = made
    return collect([folder / "inbox"], read_units(folder / "units.xlsx"))


def states(found: Collection) -> dict[str, list[Reading]]:
    repeated = {
        code: [one for one in found.repeated if one.doubts[-1].code == code]
        for code in ("duplicate", "older")
    }
    return {"counted": list(found.counted), "unplaced": list(found.unplaced), **repeated}


def test_every_annex_reads_as_a_person_reads_it(made: tuple[Path, list[Made]], found: Collection) -> None:
    by_state = states(found)
    wrong = []
    for truth in (truth for one in made[1] for truth in one.truths):
        there = [one for one in by_state[truth.state] if one.file == truth.file]
        match = next((one for one in there if (one.unit.name if one.unit else None) == truth.unit), None)
        if match is None:
            wrong.append((truth.file, truth.unit, "not found", [one.unit for one in there]))
            continue
        wrong += [(truth.file, *difference) for difference in differences(match, truth)]
    assert wrong == []


def _is_told_loudly(code: str) -> bool:
    return code[0] == "H" or (code[0] != "W" and messages.level(code) != "info")


def differences(one: Reading, truth: Truth) -> list[tuple[object, ...]]:
    wrong: list[tuple[object, ...]] = []
    if tuple(one.values.values()) != truth.figures:
        wrong.append((tuple(one.values.values()), truth.figures))
    told = {(doubt.field, doubt.name) for doubt in one.doubts}
    # W rules depend on the neighbours; the form's own tests cover them.
    ours = {(each.field, each.name) for each in one.doubts if each.level != "info" and each.name[0] != "W"}
    must = {(name, code) for name, code in truth.doubts if _is_told_loudly(code)}
    if ours != must or not truth.doubts <= told:
        wrong.append(("doubts", ours, must, truth.doubts - told))
    if truth.proposals is not None and one.annex.proposals != truth.proposals:
        wrong.append(("proposals", one.annex.proposals))
    notes = {row: one.annex.figures[row].note for row in ROWS if one.annex.figures[row].note}
    if truth.notes and notes != truth.notes:
        wrong.append(("notes", notes))
    return wrong


def test_every_other_file_tells_why_it_gives_none(made: tuple[Path, list[Made]], found: Collection) -> None:
    told = {one.file: one.problem.code for one in found.unread}
    assert told == {one.name: one.problem for one in made[1] if one.problem}


def test_each_unit_counts_once_and_the_total_is_the_sum_of_the_truth(
    made: tuple[Path, list[Made]], found: Collection
) -> None:
    truths = [truth for one in made[1] for truth in one.truths if truth.state == "counted"]
    assert Counter(one.unit.name for one in found.counted if one.unit) == Counter(t.unit for t in truths)
    for at, row in enumerate(ROWS):
        known = [value for truth in truths if (value := truth.figures[at]) is not None]
        assert (found.totals[row].value, found.totals[row].units) == (sum(known), len(known))


def test_the_missing_are_named_even_where_an_unreadable_file_is_there(found: Collection) -> None:
    names = [unit.name for unit in found.missing]
    assert names == ["Phòng Nông nghiệp và Phát triển nông thôn", "Trường THPT Hòa Bình"]
    scan = next(one for one in found.unread if one.problem.code == "scan")
    assert scan.unit is not None and scan.unit.name == names[0]
    assert found.expected == len(UNITS)


def test_an_ambiguous_name_shows_its_candidates_and_is_in_no_sum(found: Collection) -> None:
    (open_one,) = found.unplaced
    assert {unit.name for unit in open_one.candidates} == set(OFFICES[-2:])


def test_a_figure_tells_where_it_stands(found: Collection) -> None:
    by_unit = {one.unit.name: one for one in found.counted if one.unit}
    assert by_unit["Xã Vàng Ma Chải"].annex.figures["r1"].place.cell == "C9"
    word = by_unit["Xã Dào San"].annex.figures["r2"].place
    assert (word.table, word.row, word.column) == (1, 3, 3)


def test_collecting_twice_gives_the_same(made: tuple[Path, list[Made]], found: Collection) -> None:
    folder, _files = made
    again = collect([folder / "inbox"], read_units(folder / "units.xlsx"))
    assert (again.counted, again.repeated, again.totals) == (found.counted, found.repeated, found.totals)


def test_without_a_list_the_annex_names_its_unit(made: tuple[Path, list[Made]]) -> None:
    found = collect([made[0] / "inbox"])
    assert found.expected is None and found.missing == () and found.unplaced == ()
    assert "UBND xã Mường So" in {one.unit.name for one in found.counted if one.unit}
