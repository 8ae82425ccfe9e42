"""Two people, two tabs, one retry: one revision, one acceptance, one opening, in any order."""

from functools import partial
from uuid import uuid4

from quetsach.portal.reports.actions import submit
from quetsach.portal.reports.errors import StaleReport
from quetsach.portal.reports.models import Report, ReportComponent, ReportEvent, Revision
from quetsach.portal.reports.review.actions import accept, allow_amendment, ask_amendment

DATA = {"r1": "0", "r2": "5", "r3": "0", "r4": "4", "narrative": "Đã rà soát xong tất cả các máy."}


def test_one_form_sent_twice_at_once_is_one_revision(at_once, cast):
    officer, node, key = cast.user("A1", "officer"), cast.nodes["A1"], uuid4()
    answers = at_once(*[lambda: submit(officer, node, DATA, 0, key)] * 3)
    assert {answer.pk for answer in answers} == {at_once(lambda: Revision.rows.get().pk)[0]}
    assert at_once(ReportEvent.rows.filter(type="submit").count) == [1]


def test_two_forms_sent_at_once_are_one_revision_and_one_refusal(at_once, cast):
    officer, node = cast.user("A1", "officer"), cast.nodes["A1"]

    def send(people):
        try:
            return submit(officer, node, {**DATA, "r2": people}, 0, uuid4())
        except StaleReport as refused:
            return refused

    answers = at_once(partial(send, "5"), partial(send, "6"))
    assert sum(isinstance(answer, StaleReport) for answer in answers) == 1
    assert at_once(Revision.rows.count) == [1]


def test_accepting_twice_at_once_is_one_acceptance(at_once, cast):
    node, superior = cast.nodes["A1"], cast.user("A", "officer")
    submit(cast.user("A1", "officer"), node, DATA, 0, uuid4())
    answers = at_once(*[lambda: accept(superior, node, 1)] * 3)
    assert [answer.state for answer in answers] == ["accepted"] * 3
    assert at_once(ReportEvent.rows.filter(type="accept").count) == [1]


def test_a_sent_sum_keeps_what_it_contained(cast):
    submit(cast.user("A1", "officer"), cast.nodes["A1"], DATA, 0, uuid4())
    accept(cast.user("A", "officer"), cast.nodes["A1"], 1)
    parent = {**DATA, "r1": "0", "r2": "3", "r4": "2"}
    ticks = ["W08:figures", "W02:r3"]
    sent = submit(cast.user("A", "officer"), cast.nodes["A"], parent, 0, uuid4(), ticked=ticks)
    assert sent.totals["total"] == {"r1": 0, "r2": 8, "r3": 0, "r4": 6}
    part = ReportComponent.rows.get(revision=sent, node=cast.nodes["A1"])
    assert (tuple(part.figures.values()), part.node_revision.number) == ((0, 5, 0, 4), 1)
    ask_amendment(cast.user("A1", "officer"), cast.nodes["A1"], 1, "Đếm thiếu một phòng.")
    allow_amendment(cast.user("A", "officer"), cast.nodes["A1"])
    version = Report.rows.get(node=cast.nodes["A1"]).version
    submit(cast.user("A1", "officer"), cast.nodes["A1"], {**DATA, "r2": "50"}, version, uuid4())
    accept(cast.user("A", "officer"), cast.nodes["A1"], 2)
    sent.refresh_from_db()
    assert sent.totals["total"]["r2"] == 8
    assert tuple(ReportComponent.rows.get(revision=sent, node=cast.nodes["A1"]).counts.values()) == (
        0,
        5,
        0,
        4,
    )
    page = cast.client("A", "reader").get(f"/cd/lam-sach/tong-hop/{cast.nodes['A'].pk}/").content.decode()
    assert "0 · 5 · 0 · 4" in page and "0 · 50 · 0 · 4" in page


def test_a_revision_is_sealed(cast):
    from quetsach.portal.reports.sealing import seal

    sent = submit(cast.user("A1", "officer"), cast.nodes["A1"], DATA, 0, uuid4())
    sent.refresh_from_db()
    assert seal(sent, cast.nodes["A1"]) == sent.sha256
    sent.own["r2"] += 1
    assert seal(sent, cast.nodes["A1"]) != sent.sha256
