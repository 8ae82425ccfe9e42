"""Rules that a campaign brings are tried on small files, and refused where a machine would never be done."""

import pytest

from quetsach.endpoint.files import rules
from quetsach.files.bounded_process import reader

LOOP = "rule a { condition: for all i in (1..2) : (for any j in (1..20000000) : (i * j == 7)) }"


def test_a_rule_that_works_long_on_a_small_file_is_refused(monkeypatch):
    monkeypatch.setattr(reader, "inside", True)  # tried here, where the bound can be lowered
    assert rules.judge(LOOP).names == ("a",)
    monkeypatch.setattr(rules, "MOST_SECONDS", 0.03)
    with pytest.raises(rules.ProblemsError) as told:
        rules.judge(LOOP)
    assert [one.code for one in told.value.problems] == ["slow"]
    assert rules.judge("rule a { condition: false }").names == ("a",)
