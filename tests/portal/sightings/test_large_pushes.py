"""A push of thousands of machines is many small transactions: others write in between, and a sender who was
cut off sends it again."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.models import Entry
from quetsach.portal.cases import pull_actions
from quetsach.portal.cases.models import Alias, Case, CaseEvent, CaseSighting, Device
from quetsach.portal.sightings import actions, intake, storing_actions
from quetsach.portal.sightings.models import Scan, Sighting
from quetsach.portal.units.actions import issue_token
from tests.portal.scan_document import coverage, document, noon, publish_list, sighting


@pytest.fixture
def push(cast, tmp_path):
    listed = publish_list(cast, tmp_path)
    token, _secret = issue_token(cast.user("A", "it"), cast.units["A"], "gateway")

    def give(rows):
        body = document(rows, [coverage(noon(4), noon(2))], set_id=listed.set_id)
        return actions.receive_chunk(body, token, None)

    return give


def machines(count, seen=3):
    return [sighting(f"10.1.{n % 2 + 1}.{n}", noon(3), count=seen) for n in range(count)]


def statements(queries):
    """The number of statements in each transaction; transactions of a test are savepoints in one another."""
    found, depth, inside = [], 0, 0
    for query in queries:
        sql = query["sql"]
        if sql.startswith("SAVEPOINT"):
            depth, inside = depth + 1, inside + 1
        elif sql.startswith("RELEASE"):
            depth -= 1
            if not depth:
                found.append(inside)
                inside = 0
        elif depth:
            inside += 1
    return found


def test_two_hundred_new_machines_take_no_more_statements_than_a_few(push):
    with CaptureQueriesContext(
        connection,
    ) as caught:
        receipt = push(machines(200))
    assert receipt.new == 200 and Case.rows.filter(count=3).count() == 200
    assert max(statements(caught)) < 40
    with CaptureQueriesContext(connection) as caught:
        push(machines(200))
    assert max(statements(caught)) < 10, "what is here already is looked up before anybody has to wait"


def test_many_batches_leave_what_one_would(cast, push, monkeypatch):
    monkeypatch.setattr(actions, "AT_ONCE", 7)
    monkeypatch.setattr(pull_actions, "BATCH", 5)
    receipt = push([*machines(20), *machines(20, seen=9)])
    assert (receipt.new, receipt.updated, receipt.unchanged) == (20, 20, 0)
    assert {row.count for row in Sighting.rows.all()} == {9}
    assert [model.rows.count() for model in (Sighting, Device, Alias, Case, CaseEvent, CaseSighting)] == [
        20
    ] * 6
    assert set(Case.rows.values_list("count", "first_seen", "last_seen")) == {(9, noon(3), noon(3))}
    owners = set(Device.rows.values_list("owner__unit__name", "is_assigned"))
    assert owners == {("Đơn vị A1", True), ("Đơn vị A2", True)}
    assert Entry.objects.filter(action="case.open").count() == 20 and first_broken_entry() is None


def test_what_can_be_done_before_the_turn_to_write_is_done_before(cast, monkeypatch):
    """The coverage of ten thousand files stands or falls together, so it is one transaction."""
    token, _secret = issue_token(cast.user("A", "it"), cast.units["A"], "gateway")
    alive = {"2026-11-01": ["10.1.1.1", "máy-ở-xã"]}
    seen = [
        coverage(noon(4), noon(2), source=f"log-{n}", name=f"tường lửa {n}", devices=alive, errors=["x"])
        for n in range(300)
    ]
    whole, depths = intake.to_moment, []

    def noted(text):
        depths.append(len(connection.savepoint_ids))
        return whole(text)

    monkeypatch.setattr(intake, "to_moment", noted)
    outside = len(connection.savepoint_ids)
    receipt = actions.receive_chunk(document(machines(3), seen), token, None)
    assert len(depths) > 600 and set(depths) == {outside}
    kept = receipt.scan.coverages.get(name="tường lửa 7")
    assert (kept.errors, kept.first, kept.last) == (["x"], noon(4), noon(2))
    assert kept.days.get(day="2026-11-01").devices == sorted(alive["2026-11-01"])
    again = actions.receive_chunk(document(machines(3), seen), token, None)
    assert again.is_repeat and again.scan.pk == receipt.scan.pk and again.scan.coverages.count() == 300


def test_who_is_cut_off_between_two_batches_tells_it_again(push, monkeypatch):
    monkeypatch.setattr(actions, "AT_ONCE", 4)
    whole, calls = storing_actions.store, []

    def dies(*given):
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(*given)

    with monkeypatch.context() as patch:
        patch.setattr(storing_actions, "store", dies)
        with pytest.raises(KeyboardInterrupt):
            push(machines(10))
    assert Sighting.rows.count() == 8 and not Scan.rows.exists()
    told = Entry.objects.filter(action="scan.chunk").values_list("data", flat=True)
    assert [data["new"] for data in told] == [4, 4], "nothing is stored without its entry"
    receipt = push(machines(10))
    assert (receipt.new, receipt.unchanged, receipt.scan is not None) == (2, 8, True)
    assert Sighting.rows.count() == Case.rows.count() == 10 and Scan.rows.count() == 1
    assert first_broken_entry() is None
