"""Two people, two tabs, one retry: one revision, one acceptance, one opening, whoever comes first."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection, connections

from quetsach.portal.reports.actions import submit
from quetsach.portal.reports.actions_review import accept, allow_amendment, ask_amendment
from quetsach.portal.reports.errors import ReportError, StaleReport
from quetsach.portal.reports.models import Report, ReportComponent, ReportEvent, Revision

DATA = {"r1": "0", "r2": "5", "r3": "0", "r4": "4", "narrative": "Đã rà soát xong tất cả các máy."}


def together(*calls):
    """Run the calls in threads that start at one moment; their results or ReportErrors."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait()
            return call()
        except ReportError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def ask(question):
    """The answer of a query, asked where the threads wrote."""
    return together(question)[0]


@pytest.fixture
def shared(transactional_db, cast, tmp_path):
    """A database in which connections wait for each other: on SQLite a copy on disk, for the threads only."""
    people = [cast.user("A1", "officer"), cast.user("A", "officer")]
    if connection.vendor != "sqlite":
        yield people
        return
    with closing(sqlite3.connect(tmp_path / "shared.sqlite3")) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=WAL")  # as an installed one is; turning it on waits for nobody
    name = connection.settings_dict["NAME"]
    connections.settings["default"]["NAME"] = str(tmp_path / "shared.sqlite3")
    yield people
    connections.settings["default"]["NAME"] = name


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_twice_at_once_is_one_revision(shared, cast):
    node, key = cast.nodes["A1"], uuid4()
    answers = together(*[lambda: submit(shared[0], node, DATA, 0, key)] * 3)
    assert {answer.pk for answer in answers} == {ask(lambda: Revision.rows.get().pk)}
    assert ask(lambda: ReportEvent.rows.filter(type="submit").count()) == 1


@pytest.mark.django_db(transaction=True)
def test_two_forms_sent_at_once_are_one_revision_and_one_refusal(shared, cast):
    node = cast.nodes["A1"]
    sends = [lambda n=n: submit(shared[0], node, {**DATA, "r2": str(n)}, 0, uuid4()) for n in (5, 6)]
    assert sum(isinstance(answer, StaleReport) for answer in together(*sends)) == 1
    assert ask(Revision.rows.count) == 1


@pytest.mark.django_db(transaction=True)
def test_accepting_twice_at_once_is_one_acceptance(shared, cast):
    node = cast.nodes["A1"]
    together(lambda: submit(shared[0], node, DATA, 0, uuid4()))
    answers = together(*[lambda: accept(shared[1], node, 1)] * 3)
    assert [answer.state for answer in answers] == ["accepted"] * 3
    assert ask(lambda: ReportEvent.rows.filter(type="accept").count()) == 1


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
