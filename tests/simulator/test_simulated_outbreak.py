"""Eleven weeks of an outbreak of which the truth is known: no infected machine is said to be clean, most of
the clean ones are, and every planted fault is noticed.

./dev test tests/simulator --seed 4711
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from quetsach.machines.proof.judgement import Rung
from tests.simulator import outbreak, proving
from tests.simulator.proving import Verdict, prove, with_fault


@pytest.fixture(scope="module")
def outbreak_world(seed: int, pytestconfig: pytest.Config) -> outbreak.World:
    return outbreak.Outbreak(seed, pytestconfig.getoption("--computers", 200)).play()


@pytest.fixture(scope="module")
def verdict(outbreak_world: outbreak.World) -> Verdict:
    return prove(outbreak_world)


def test_truth_imports_nothing_of_the_programs_that_it_judges() -> None:
    tree = ast.parse(Path(outbreak.__file__).read_text(encoding="utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert names and not [name for name in names if "quetsach" in name or "tests" in name]


def test_the_outbreak_has_all_its_troubles(outbreak_world: outbreak.World) -> None:
    """Else the other tests would prove little."""
    ill = [one for one in outbreak_world.computers if one.family]
    assert len(ill) == round(len(outbreak_world.computers) * outbreak.INFECTED)
    assert len([one for one in ill if not one.is_cleaned]) > len(ill) / 8
    assert any(one.goes_around for one in ill) and any(not one.is_around_told for one in ill)
    assert len([one for one in ill if one.clone]) == 3
    wrong = [one for one in outbreak_world.indicators if one.is_wrong]
    assert len(wrong) == 10 and any(one.recalled for one in wrong)
    for office in outbreak_world.offices:
        if not office.is_in_trouble:
            assert 0.02 < len(office.down) / (outbreak.DAYS * 24) < 0.08
    assert any(sign.arrived - sign.hour > 3 * 24 for one in ill for sign in one.signs)
    assert any(one.is_indirect and not one.is_cleaned for one in ill)
    lines = [line for number in outbreak.RESOLVERS for line in outbreak_world.offices[number].nameless]
    assert {(line.is_answer, line.is_relayed) for line in lines} == {
        (False, False), (True, False), (False, True),
    }  # fmt: skip


def test_no_infected_machine_is_clean_and_most_clean_ones_are(verdict: Verdict) -> None:
    assert verdict.faults() == []
    assert verdict.seen > 15


def test_every_machine_without_a_proof_is_told_what_would_close_its_gaps(verdict: Verdict) -> None:
    rungs = Counter(one.rung for one in verdict.judgements.values())
    assert set(rungs) == set(Rung)
    for one in verdict.judgements.values():
        if one.rung in (Rung.CLAIMED, Rung.RECHECKED):
            assert one.gaps and all(gap.closing and gap.first <= gap.end for gap in one.gaps)


@pytest.mark.parametrize(
    "fault",
    ["ignores_expiry", "ignores_around", "counts_outage", "keeps_claim", "ignores_recall", "lives_by_one_log",
     "joins_gaps", "takes_arrival", "ignores_nameless", "blames_everybody",
     "trusts_any_asker"],
)  # fmt: skip
def test_a_planted_fault_is_noticed(outbreak_world: outbreak.World, fault: str) -> None:
    assert prove(outbreak_world, with_fault(fault), judged=(21,)).faults()


def test_the_faults_are_all_that_there_are() -> None:
    assert len(proving.Faults.__dataclass_fields__) == 11
