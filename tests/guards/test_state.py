"""Names of the state outside gov.vn are judged as those under it: left out, and in no form that blocks."""

from __future__ import annotations

from datetime import date

import pytest

from quetsach.files import packaged
from quetsach.indicators import guard, reading, writing
from quetsach.indicators.guard import Group
from quetsach.indicators.indicator import IndicatorSet

NAMES = (
    "mil.vn", "bqp.vn", "bocongan.vn", "csgt.vn", "mattran.org.vn", "tuyengiao.vn", "noichinh.vn",
    "ubkttw.vn", "dangkiem.vn", "vr.org.vn", "chinhphu.vn", "congdoan.vn", "nhandan.vn", "laichau.gov.vn",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_the_state_is_left_out_with_that_reason(name: str) -> None:
    for text in (name, f"mail.{name}", f"http://www.{name}/a/b", f"https://{name}:8443/?x"):
        (stopped,) = guard.apply(reading.read_text(text).indicators).stopped
        assert (stopped.code, stopped.group) == ("government", Group.MANY), text
        assert "name of the state" in stopped.reason


def test_no_form_that_blocks_holds_one() -> None:
    table = packaged.read("indicators/guards/state.txt").decode()
    names = [line.split("\t")[0] for line in table.splitlines() if line and line[0] != "#"]
    assert len(names) > 40 and len(names) == len(set(names))
    listed = IndicatorSet(reading.read_text("\n".join((*names, *(f"mail.{n}" for n in names)))).indicators)
    for name, form in writing.FORMS.items():
        if form.blocks:
            written = writing.write(listed, form, writing.Settings(day=date(2026, 10, 15)))
            assert written.losses.withheld == len(listed), name
            assert not any(one in "".join(written.parts) for one in names), name


@pytest.mark.parametrize("name", ["evilmil.vn", "bqp.vn.evil.com", "bocongan.com", "dangkiemxe.vn"])
def test_a_name_that_only_looks_so_stays(name: str) -> None:
    """Criminals imitate the state: such names are what lists are for."""
    assert len(guard.apply(reading.read_text(name).indicators).kept) == 1
