"""Two taps at the same moment count as one."""

from datetime import timedelta
from functools import partial
from threading import Event, Semaphore

from django.db import connection
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.cascade import actions
from quetsach.portal.campaigns.joining.actions import JoinError, issue_codes, open_account
from quetsach.portal.campaigns.models import (
    Acknowledgement,
    Campaign,
    CampaignNode,
    Dispatch,
    Headcount,
    Participation,
)
from quetsach.portal.units.models import Membership


def test_each_act_happens_once(at_once, cast):
    user = cast.user("A", "officer")
    node, children = cast.nodes["A"], [cast.nodes["A1"], cast.nodes["A2"]]
    acts = [
        lambda: actions.acknowledge(node, user),
        lambda: actions.pass_on(node, children, user),
        lambda: actions.deploy(node, user),
        lambda: actions.count_people(node, 9, 7, user),
    ]
    at_once(*acts, *acts)

    def counts():
        models = (Acknowledgement, Dispatch, Participation, Headcount)
        done = Entry.objects.filter(action__startswith="campaign.", object_id=str(node.pk))
        return (
            [m.rows.count() for m in models],
            sorted(done.values_list("action", flat=True)),
            first_broken_entry(),
        )

    rows, entries, broken = at_once(counts)[0]
    assert rows == [1, 2, 1, 2]
    assert entries == ["campaign.acknowledge", "campaign.count_people", "campaign.deploy", "campaign.pass_on"]
    assert broken is None


def test_a_code_opens_one_account_and_a_draft_is_published_once(at_once, cast):
    """Four people type one code, and two tabs publish one draft."""
    user = cast.user("A", "officer")

    def prepare():
        [(_node, code)] = issue_codes([cast.nodes["A1"]], user)
        due = timezone.now() + timedelta(days=9)
        return code, Campaign.objects.create(
            slug="hai-tab", issuer=cast.units["A"], title="Hai tab", due_at=due
        )

    [(code, draft)] = at_once(prepare)

    def open_one(n):
        try:
            return open_account(code, f"nguoi-{n}", "quet-sach-123", f"Người {n}", "")[0].username
        except JoinError as error:
            return error.code

    answers = at_once(*[partial(open_one, n) for n in range(4)])
    assert sorted(a == "used" for a in answers) == [False, True, True, True]
    assert at_once(*[partial(actions.publish, draft, user)] * 2) == [3, 3]

    def counts():
        return (
            Membership.ever.filter(unit=cast.units["A1"]).count(),
            User.objects.filter(username__startswith="nguoi-").count(),
            CampaignNode.rows.filter(campaign=draft).count(),
        )

    assert at_once(counts) == [(1, 1, 3)]


def test_passing_on_with_deadlines_and_receiving_do_not_wait_for_each_other(at_once, cast, monkeypatch):
    """The audit trail has one writer at a time, which holds it until the end of its transaction."""
    user = cast.user("A", "officer")
    written, there, record = Event(), Semaphore(0), actions.record

    def slow(*args, **kwargs):
        if written.is_set():
            there.release()
            return record(*args, **kwargs)
        entry = record(*args, **kwargs)
        written.set()
        # Wait until both others hold their rows and want to write; SQLite lets no second writer come so far.
        for _other in below if connection.vendor != "sqlite" else ():
            there.acquire(timeout=10)
        return entry

    def receive(node):
        written.wait(10)
        return actions.acknowledge(node, user)

    monkeypatch.setattr(actions, "record", slow)
    below = [cast.nodes["A1"], cast.nodes["A2"]]
    due = {node.pk: timezone.now() + timedelta(days=3) for node in below}
    passing = partial(actions.pass_on, cast.nodes["A"], below, user, due=due)
    at_once(passing, *[partial(receive, node) for node in below])
    assert at_once(Acknowledgement.rows.count) == [3]
