"""Any tree, any acts: the live total is the sum of the active nodes with an accepted report.

The oracle is a plain dictionary that knows only the meaning of each act.
"""

import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.annexes.form.figures import Figures
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.nodes.actions import change_node
from quetsach.portal.reports.actions import submit
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.recompute.figures import Recomputed
from quetsach.portal.reports.review.actions import accept, allow_amendment, ask_amendment, send_back, withdraw
from quetsach.portal.reports.rollup.queries import roll_up, total_of
from quetsach.portal.units.models import Unit, path_segment
from tests.portal.reports.figures import annex

pytestmark = pytest.mark.django_db

# Rows 1 and 3 count units that must be named; people are free.
people = st.integers(0, 4000)
change = st.integers(-20, 500)
deeds = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from(
            [
                "submit",
                "submit",
                "submit",
                "accept",
                "accept",
                "accept",
                "return",
                "withdraw",
                "ask",
                "allow",
                "merge",
                "void",
                "back",
            ]
        ),
        people,
        change,
    ),
    max_size=26,
)
STANDS = {"merge": "merged", "void": "void", "back": "active"}
trees = st.lists(st.integers(0, 100), min_size=1, max_size=9)


@dataclass
class Oracle:
    """The figures that each node would add, computed without the program."""

    waiting: dict = field(default_factory=dict)
    accepted: dict = field(default_factory=dict)
    state: dict = field(default_factory=dict)
    gone: set = field(default_factory=set)

    def total(self, nodes, top):
        mine = (n for n in nodes if n.path.startswith(top.path) and n.pk not in self.gone)
        return tuple(map(sum, zip((0, 0), *(self.accepted.get(n.pk, (0, 0)) for n in mine), strict=True)))


def grow(cast, places):
    nodes = []
    for n, place in enumerate(places):
        parent = nodes[place % n] if n else None
        unit = Unit(name=f"Xã {n}")
        unit.path = (parent.path if parent else "") + path_segment(uuid4())
        unit.save(force_insert=True)
        node = CampaignNode.rows.create(
            campaign=cast.campaign, unit=unit, parent=parent, path=unit.path, position=n, name=unit.name,
            depth=parent.depth + 1 if parent else 0, kind="other", due_at=cast.campaign.due_at,
        )  # fmt: skip
        nodes.append(node)
    return nodes


def number(report):
    return report.current.number if report and report.current else 0


def do(cast, oracle, nodes, where, deed, r2, adjust):
    """Do one act through the program if it is allowed, and its meaning in the oracle."""
    node, person = nodes[where % len(nodes)], cast.user("centre", "coordinator")
    report = Report.rows.filter(node=node).first()
    state = oracle.state.get(node.pk, "draft")
    if node.pk in oracle.gone and deed in {"submit", "withdraw", "ask"}:
        return  # a unit that takes no part does nothing; its superior still may
    if deed == "submit" and state in {"draft", "returned"}:
        r4, adjust = r2 // 2, max(adjust, -r2)
        data = {
            "r1": "0", "r2": str(r2), "r3": "0", "r4": str(r4), "a2": str(adjust), "narrative": "x" * 30,
            "adjust_reason": "đã đối chiếu lại sổ", **{f"n{n}": "đã đối chiếu" for n in range(1, 5)},
        }  # fmt: skip
        ticks = ["W08:figures", "W04:figures", "W06:figures", "W10:figures", "W02:r2"]
        submit(person, node, data, report.version if report else 0, uuid4(), ticked=ticks)
        oracle.waiting[node.pk] = (r2 + adjust, r4)
        oracle.state[node.pk] = "submitted"
        if node.parent_id is None:
            oracle.accepted[node.pk], oracle.state[node.pk] = oracle.waiting[node.pk], "accepted"
    elif deed == "accept" and state == "submitted":
        accept(person, node, number(report))
        oracle.accepted[node.pk], oracle.state[node.pk] = oracle.waiting[node.pk], "accepted"
    elif deed == "return" and state in {"submitted", "accepted"}:
        send_back(person, node, number(report), "Xem lại dòng 2.")
        if state == "accepted":
            oracle.accepted.pop(node.pk)
        oracle.state[node.pk] = "returned"
    elif deed == "withdraw" and state in {"submitted", "asked"}:
        withdraw(person, node, number(report))
        oracle.state[node.pk] = "draft" if state == "submitted" else "accepted"
    elif deed == "ask" and state == "accepted":
        ask_amendment(person, node, number(report), "Đếm thiếu.")
        oracle.state[node.pk] = "draft" if node.parent_id is None else "asked"
    elif deed == "allow" and state == "asked":
        allow_amendment(person, node)
        oracle.state[node.pk] = "draft"
    elif deed in STANDS and node.parent_id is not None:
        others = [one for one in nodes if one.pk not in {*oracle.gone, node.pk}]
        change_node(node, STANDS[deed], "Nghị quyết sáp nhập", person, successor=others[r2 % len(others)])
        (oracle.gone.discard if deed == "back" else oracle.gone.add)(node.pk)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=trees, acts=deeds)
def test_the_live_total_is_the_sum_of_what_counts_after_any_acts(cast, places, acts):
    with transaction.atomic():
        nodes, oracle = grow(cast, places), Oracle()
        for where, deed, r2, adjust in acts:
            do(cast, oracle, nodes, where, deed, r2, adjust)
            top = nodes[0]
            rolled = roll_up(top)
            assert (rolled.total.row("r2"), rolled.total.row("r4")) == oracle.total(nodes, top)
        for node in nodes:
            rolled = roll_up(node)
            assert (rolled.total.row("r2"), rolled.total.row("r4")) == oracle.total(nodes, node)
            assert total_of(node, rolled_form(node))[0] == rolled.total
        below = [n for n in nodes[1:] if n.pk not in oracle.gone]
        lacking = {n.pk for n in below if n.pk not in oracle.accepted}
        rolled = roll_up(nodes[0])
        assert {place.pk for place in rolled.missing} == lacking
        assert (rolled.missing_count, rolled.expected) == (len(lacking), len(below))
        assert list(Recomputed(cast.campaign).findings()) == []
        transaction.set_rollback(True)


def rolled_form(node):
    from quetsach.portal.reports.queries import form_of

    return form_of(node)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(st.integers(0, 100), min_size=2, max_size=7),
    sent=st.lists(st.tuples(people, change), min_size=7, max_size=7),
    order=st.permutations(range(7)),
)
def test_the_order_of_the_same_reports_does_not_matter(cast, places, sent, order):
    def after(way):
        with transaction.atomic():
            nodes, oracle = grow(cast, places), Oracle()
            for n in way:
                if n < len(nodes):
                    do(cast, oracle, nodes, n, "submit", *sent[n])
            for n in reversed(way):
                if n < len(nodes):
                    do(cast, oracle, nodes, n, "accept", 0, 0)
            totals = [roll_up(node).total for node in nodes]
            transaction.set_rollback(True)
        return totals

    assert after(order) == after(range(7))


@pytest.mark.usefixtures("in_english")
def test_recomputing_finds_what_was_changed_behind_the_programs_back(cast, capsys):
    person = cast.user("centre", "coordinator")
    data = {"r1": "0", "r2": "5", "r3": "0", "r4": "4", "narrative": "Đã rà soát xong tất cả các máy."}
    for unit in ("A1", "A2"):
        submit(person, cast.nodes[unit], data, 0, uuid4())
        accept(person, cast.nodes[unit], 1)
    ticks = ["W08:figures", "W02:r3"]
    submit(person, cast.nodes["A"], data, 0, uuid4(), ticked=ticks)
    call_command("recompute_report", "--all")
    assert "3 reports recomputed, 0 differences" in capsys.readouterr().out
    revision = Report.rows.get(node=cast.nodes["A1"]).accepted
    revision.counts = {**revision.counts, "r2": 50}
    revision.save()
    Report.rows.filter(node=cast.nodes["A2"]).update(accepted=None)
    with pytest.raises(SystemExit) as stopped:
        call_command("recompute_report", "--all")
    said = capsys.readouterr().out
    assert stopped.value.code == 1
    assert "Đơn vị A1, revision 1: own figures and adjustment" in said
    assert "Đơn vị A2: state, current and accepted revision" in said
    assert "live total" in said
    with pytest.raises(SystemExit):
        call_command("recompute_report", str(cast.nodes["A2"].pk))


def test_an_exported_workbook_is_recomputed_cell_by_cell_as_of_its_moment(cast, capsys, tmp_path):
    person = cast.user("centre", "coordinator")
    data = {"r1": "0", "r2": "5", "r3": "0", "r4": "4", "narrative": "Đã rà soát xong tất cả các máy."}
    with time_machine.travel("2026-11-24T05:00:30Z", tick=False) as clock:
        Campaign.objects.update(due_at=timezone.now() + timedelta(days=9))
        CampaignNode.rows.update(due_at=timezone.now() + timedelta(days=9))
        submit(person, cast.nodes["A1"], data, 0, uuid4())
        accept(person, cast.nodes["A1"], 1)
        clock.shift(5)
        client = cast.client("centre", "coordinator")
        whole = client.get(reverse("report_xlsx", args=[cast.campaign.slug, cast.nodes["centre"].pk])).content
        # A later report in the same minute counts; an hour later, the first no longer does.
        clock.shift(5)
        submit(person, cast.nodes["B1"], data, 0, uuid4())
        accept(person, cast.nodes["B1"], 1)
        clock.shift(3600)
        send_back(person, cast.nodes["A1"], 1, "Xem lại dòng 2.")
    file = tmp_path / "so-lieu.xlsx"
    file.write_bytes(whole)
    call_command("recompute_report", str(cast.nodes["centre"].pk), "--export", str(file))
    assert re.fullmatch(r"đã tính lại \d\d+ ô; số chỗ lệch: 0\n", capsys.readouterr().out)
    with zipfile.ZipFile(io.BytesIO(whole)) as before, zipfile.ZipFile(file, "w") as after:
        for name in before.namelist():
            part = before.read(name).decode()
            after.writestr(name, re.sub(r"<v>5</v>(</c><c [^>]*><v>0</v>)", r"<v>6</v>\1", part))
    with pytest.raises(SystemExit):
        call_command("recompute_report", str(cast.nodes["centre"].pk), "--export", str(file))
    assert "đã lưu 6.0, tính lại là 5" in capsys.readouterr().out
    file.write_bytes(b"no workbook")
    with pytest.raises(CommandError, match="không phải bảng tính số liệu"):
        call_command("recompute_report", str(cast.nodes["centre"].pk), "--export", str(file))


def test_an_adjustment_needs_a_reason_and_never_makes_a_total_negative(cast):
    from quetsach.portal.reports.errors import BlockedReport

    person, node = cast.user("A1", "officer"), cast.nodes["A1"]
    data = {
        "r1": "0",
        "r2": "5",
        "r3": "0",
        "r4": "4",
        "narrative": "Đã rà soát xong tất cả các máy.",
        "a2": "-2",
    }
    with pytest.raises(BlockedReport) as stopped:
        submit(person, node, data, 0, uuid4())
    assert {p.key for p in stopped.value.problems} == {"H06:adjust_reason"}
    data["adjust_reason"] = "Hai người đã chuyển công tác."
    with pytest.raises(BlockedReport) as stopped:
        submit(person, node, {**data, "a4": "-5"}, 0, uuid4())
    assert {p.key for p in stopped.value.problems} == {"H06:r4"}
    sent = submit(person, node, data, 0, uuid4())
    accept(person, node, 1)
    assert sent.figures == annex(0, 5, 0, 4)
    assert roll_up(cast.nodes["centre"]).total == Figures({"r2": 3, "r4": 4})
