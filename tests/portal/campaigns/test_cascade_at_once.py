"""Two taps at the same moment do it once."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from functools import partial
from threading import Barrier, Event

import pytest
from django.db import connection, connections
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns import actions
from quetsach.portal.campaigns.join_actions import JoinError, issue_codes, open_account
from quetsach.portal.campaigns.models import (
    Acknowledgement,
    Campaign,
    CampaignNode,
    Dispatch,
    Headcount,
    Participation,
)
from quetsach.portal.units.models import Membership


@pytest.fixture
def on_disk(transactional_db, cast, tmp_path):
    """Threads get a database in which they wait for each other: on SQLite a copy on disk."""
    user = cast.user("A", "officer")
    if connection.vendor != "sqlite":
        yield user
        return
    with closing(sqlite3.connect(tmp_path / "copy.sqlite3")) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=WAL")  # as an installed one is; turning it on waits for nobody
    name = connections.settings["default"]["NAME"]
    connections.settings["default"]["NAME"] = str(tmp_path / "copy.sqlite3")
    yield user
    connections.settings["default"]["NAME"] = name


def at_once(calls):
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait()
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.django_db(transaction=True)
def test_each_act_happens_once(on_disk, cast):
    node, children = cast.nodes["A"], [cast.nodes["A1"], cast.nodes["A2"]]
    acts = [
        lambda: actions.acknowledge(node, on_disk),
        lambda: actions.pass_on(node, children, on_disk),
        lambda: actions.deploy(node, on_disk),
        lambda: actions.count_people(node, 9, 7, on_disk),
    ]
    at_once([act for act in acts for _ in range(2)])

    def counts():
        models = (Acknowledgement, Dispatch, Participation, Headcount)
        done = Entry.objects.filter(action__startswith="campaign.", object_id=str(node.pk))
        return (
            [m.rows.count() for m in models],
            sorted(done.values_list("action", flat=True)),
            first_broken_entry(),
        )

    rows, entries, broken = at_once([counts])[0]
    assert rows == [1, 2, 1, 2]
    assert entries == ["campaign.acknowledge", "campaign.count_people", "campaign.deploy", "campaign.pass_on"]
    assert broken is None


@pytest.mark.django_db(transaction=True)
def test_a_code_opens_one_account_and_a_draft_is_published_once(on_disk, cast):
    """Four people type one code, two tabs publish one draft."""

    def prepare():
        [(_node, code)] = issue_codes([cast.nodes["A1"]], on_disk)
        due = timezone.now() + timedelta(days=9)
        return code, Campaign.objects.create(
            slug="hai-tab", issuer=cast.units["A"], title="Hai tab", due_at=due
        )

    [(code, draft)] = at_once([prepare])

    def open_one(n):
        try:
            return open_account(code, f"nguoi-{n}", "quet-sach-123", f"Người {n}", "")[0].username
        except JoinError as error:
            return error.code

    answers = at_once([partial(open_one, n) for n in range(4)])
    assert sorted(a == "used" for a in answers) == [False, True, True, True]
    assert at_once([partial(actions.publish, draft, on_disk)] * 2) == [3, 3]

    def counts():
        return (
            Membership.rows.filter(unit=cast.units["A1"]).count(),
            User.objects.filter(username__startswith="nguoi-").count(),
            CampaignNode.rows.filter(campaign=draft).count(),
        )

    assert at_once([counts]) == [(1, 1, 3)]


@pytest.mark.django_db(transaction=True)
def test_passing_on_with_deadlines_and_receiving_do_not_wait_for_each_other(on_disk, cast, monkeypatch):
    """The audit trail has one writer at a time: who has written holds it until the end of the transaction."""

    written, record = Event(), actions.record

    def slow(*args, **kwargs):
        entry = record(*args, **kwargs)
        if not written.is_set():
            written.set()
            time.sleep(0.5)
        return entry

    def receive(node):
        written.wait(10)
        return actions.acknowledge(node, on_disk)

    monkeypatch.setattr(actions, "record", slow)
    below = [cast.nodes["A1"], cast.nodes["A2"]]
    due = {node.pk: timezone.now() + timedelta(days=3) for node in below}
    passing = partial(actions.pass_on, cast.nodes["A"], below, on_disk, due=due)
    at_once([passing, *[partial(receive, node) for node in below]])
    assert at_once([Acknowledgement.rows.count]) == [3]
