"""Results of many machines in one sheet: each machine counts once, and a hostile result does no harm."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from quetsach.endpoint import keys, merging, pack, sealing
from quetsach.endpoint.refusal import Refused
from quetsach.endpoint.reporting import result
from tests.command_line import Run
from tests.endpoint.packs import PACK, SIGNING, UNIT_KEY
from tests.endpoint.world import CLEAN, look_at_recording, planted

TABLE = result.as_table(look_at_recording(CLEAN))
BAD = result.as_table(look_at_recording(planted({"resolver_cache": ["evil.example"]})))


def told(name: str, day: int = 1, people: str = "", base: dict[str, Any] = TABLE) -> dict[str, Any]:
    time = f"2026-11-{day:02d}T03:00:00Z"
    return base | {"machine": name, "finished": time, "answers": {"unit": "Tân Phú", "people": people}}


def row(table: dict[str, Any], machine: str = "") -> merging.Checked:
    text = json.dumps(table)
    return merging.checked(table, "f", digest=text, machine=machine)


def test_copies_count_once_and_the_newest_check_wins() -> None:
    old, new = row(told("PC-1", 1, "2", BAD)), row(told("PC-1", 2, "3"))
    merged = merging.merge([new, old, new, row(told("PC-2", 1, "4"))])
    assert [(one.name, one.people) for one in merged.rows] == [("PC-1", 3), ("PC-2", 4)]
    assert (merged.people, merged.older, len(merged.copies)) == (7, [old], 1)


def test_machines_of_one_name_are_told_apart_by_their_ids() -> None:
    a, b = row(told("PC", 1), "a" * 32), row(told("PC", 2), "b" * 32)
    assert len(merging.merge([a, b]).rows) == 2
    # Nobody can know to which of the two machines an unsealed result belongs.
    assert len(merging.merge([a, b, row(told("PC", 3))]).rows) == 3
    assert len(merging.merge([a, row(told("PC", 3))]).rows) == 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 28)), max_size=12), st.randoms())
def test_the_order_of_files_is_no_matter(machines: list[tuple[str, int]], chance: random.Random) -> None:
    rows = [row(told(name, day)) for name, day in machines]
    mixed = rows * 2
    chance.shuffle(mixed)
    merged = merging.merge(mixed)
    newest = {name: max(day for one, day in machines if one == name) for name, _day in machines}
    assert {one.name: one.finished.day for one in merged.rows} == newest


FINDING = {
    "sign": "KMS-01", "confidence": "D1", "kind": "active", "product": "windows_office", "family": "",
    "fix": "none", "count": 1, "evidence": [],
}  # fmt: skip


def test_a_finding_is_taken() -> None:
    assert row(told("PC") | {"findings": [FINDING]}).findings[0].count == 1


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "great"},
        {"finished": "yesterday"},
        # A clock time that no sheet can show: one such machine must not cost the others their sheet.
        {"finished": "9999-12-31T23:59:59Z"},
        {"finished": "0001-01-01T00:00:00Z"},
        {"machine": 5},
        {"findings": [{}]},
        {"findings": "x"},
        {"findings": [FINDING | {"count": 10**400}]},
        {"findings": [FINDING | {"count": -1}]},
        {"answers": None},
        {"unseen": [1]},
        {"schema": 2},
    ],
)
def test_another_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        row(told("PC") | change)
    assert refused.value.code == "result_form"


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)
    )
)
def test_no_json_stops_it(value: Any) -> None:
    with pytest.raises(Refused):
        merging.plain(json.dumps(value).encode(), "x.json")


def test_groups_without_end_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "loads", lambda _text: pytest.fail("parsed"))
    with pytest.raises(Refused):
        merging.plain(b'{"a": [' + b"[]," * 2_000_000 + b"1]}", "x.json")


@pytest.mark.parametrize("people", ["-3", "1e9", "99999", "٣", "two"])
def test_a_number_of_people_that_is_none_counts_nobody(people: str) -> None:
    assert merging.merge([row(told("PC", 1, people))]).people == 0


def test_a_folder_of_machines_becomes_one_sheet(quetsach: Run, tmp_path: Path) -> None:
    folder = tmp_path / "kết quả"
    (folder / "sub").mkdir(parents=True)
    now = datetime.now(UTC).replace(microsecond=0)
    good = replace(PACK, created=now, expires=now + timedelta(days=5))
    file, key = tmp_path / "tan-phu.qspack", tmp_path / "unit.key"
    file.write_bytes(pack.build(good, SIGNING))
    keys.write(key, "sealing", UNIT_KEY)
    for number in range(28):
        table = told(f"PC-{number:02d}", 3, "1", BAD if number < 3 else TABLE)
        sealed = sealing.seal(table, good, f"{number:032x}", now=now)
        (folder / f"{number}.qsresult").write_bytes(sealed)
    (folder / "sub" / "copy.qsresult").write_bytes((folder / "0.qsresult").read_bytes())
    hostile = told('=HYPERLINK("http://example.org")\u202egpj.exe\x1b[31m', 3, "2")
    (folder / "plain.json").write_text(json.dumps(hostile), encoding="utf-8")
    (folder / "other.json").write_text("{", encoding="utf-8")
    out = tmp_path / "machines.xlsx"

    code, shown, err = quetsach("check", "merge", folder, "-o", out)
    assert code == 2 and "0.qsresult: is sealed" in err

    trust = keys.fingerprint(keys.public("signing", SIGNING))
    code, shown, err = quetsach(
        "check", "merge", folder, "-o", out, "--key", key, "--pack", file, "--trust", trust
    )
    assert code == 2 and "other.json: is no result" in err
    assert "29 machines, used by 30 people" in shown and "Copies, counted once: 1" in shown
    book = CalamineWorkbook.from_path(str(out))
    machines, signs, left = (book.get_sheet_by_index(at).to_python() for at in range(3))
    assert len(machines) == 1 + 29 + 1 and machines[-1][3] == 30
    assert sum("evil" in str(cells[5]) or "listed" in str(cells[5]) for cells in machines[1:-1]) == 3
    assert [cells[0] for cells in left[1:]] == ["other.json", "sub/copy.qsresult"]
    assert not any(str(cell).startswith("=") or "\x1b" in str(cell) for line in machines for cell in line)
    assert len(signs) >= 4


@pytest.mark.parametrize(
    ("tables", "code"), [([TABLE], 0), ([TABLE, BAD], 1), ([BAD, TABLE | {"verdict": "unknown"}], 2)]
)
def test_the_exit_code_is_that_of_all_machines(
    quetsach: Run, tmp_path: Path, tables: list[dict[str, Any]], code: int
) -> None:
    for number, table in enumerate(tables):
        (tmp_path / f"{number}.json").write_text(json.dumps(table | {"machine": f"PC-{number}"}))
    assert quetsach("check", "merge", tmp_path, "-o", tmp_path / "out.xlsx")[0] == code
