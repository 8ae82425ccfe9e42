"""The list of machines and the work list read what machines keep of their cases; it must be what they say."""

import random
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.portal.cases import actions, lists, noting_actions, owning_actions
from quetsach.portal.cases.escalating.queries import rule_of
from quetsach.portal.cases.false_alarms.actions import propose
from quetsach.portal.cases.flags import COUNTED, Flag, conditions
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.cases.rules import OPEN, TRANSITIONS, Act, State, word
from quetsach.portal.cases.work import queries as work
from quetsach.portal.kit.figures import ALL, OWN
from quetsach.portal.kit.inserting import create, rewrite
from tests.portal.leads_by_hand import ORDER, by_hand, stored

UNITS = ("A", "A1", "A2", "B1")
MOVES = [act for act in Act if act is not Act.UNDO]


def sown(cast, seed, machines=12):
    """Machines of several units, with up to three cases each, some of an earlier episode."""
    chance, now = random.Random(seed), timezone.now()
    for number in range(machines):
        kind = chance.choice(["host", "mac", "weak"])
        device = Device.rows.create(
            campaign=cast.campaign, owner=cast.nodes[chance.choice(UNITS)], key=f"pc-{number}",
            id_kind=kind, id_value=f"{seed} {number}", is_assigned=number % 3 > 0,
            strength="weak" if kind == "weak" else "located",
            identity=chance.choice([{}, {"host": f"pc-{number}"}]),
        )  # fmt: skip
        for family in chance.sample(["ramnit", "mirai", "qakbot"], chance.randint(0, 3)):
            state = chance.choice(ORDER)
            claimed = now - timedelta(days=chance.randint(0, 30)) if "cl" in state or "re" in state else None
            Case.rows.create(
                device=device, family=family, state=state, opened_at=now, relapses=chance.randint(0, 2),
                last_seen=now - timedelta(minutes=chance.randint(0, 5)), claimed_at=claimed,
                is_current=chance.random() < 0.8,
                aside_until=now + timedelta(days=chance.choice([-1, 1])) if chance.random() < 0.3 else None,
            )  # fmt: skip


def leads(node, below):
    """The leading case of each machine of a node, in the order of the list, by a look at each case."""
    of = by_hand()
    cases = [
        Case.rows.select_related("device__owner").get(pk=values[0]) for values in of.values() if values[0]
    ]
    own = [
        case for case in cases
        if case.device.owner_id == node.pk or (below and case.device.owner.path.startswith(node.path))
    ]  # fmt: skip
    own.sort(key=lambda case: case.pk)
    own.sort(key=lambda case: case.last_seen, reverse=True)
    own.sort(key=lambda case: (ORDER.index(case.state), -case.relapses))
    return own


@pytest.mark.parametrize("unit", ["centre", "A", "A1"])
@pytest.mark.parametrize("below", [True, False])
def test_lists_and_numbers_are_those_of_a_look_at_each_case(cast, unit, below):
    sown(cast, f"{unit} {below}")
    node, now = cast.nodes[unit], timezone.now()
    expected = leads(node, below)
    for in_order in (True, False):
        pages = lists.Pages(lists.there(node, below=below, in_order=in_order), 5)
        shown = [case for number in pages.page_range for case in pages.page(number)]
        assert shown == expected and pages.count == len(expected)
    assert all(case.more == case.device.cases.filter(is_current=True).count() - 1 for case in shown)
    days = cast.campaign.quiet_days
    words = Counter(word(State(case.state), case.claimed_at, days, now) for case in expected)
    told = lists.tally(node, now, reach=ALL if below else OWN)
    assert told.words == words | Counter(dict.fromkeys(lists.SHOWN, 0)) and told.total == len(expected)
    if below:
        own, signs_below, _unlocated, unplaced = lists.to_do(node)
        of_signs = [case for case in expected if case.state in ("new", "assigned")]
        assert own["signs"] == sum(case.device.owner_id == node.pk for case in of_signs)
        assert own["signs"] + signs_below == len(of_signs)
        here = [case for case in of_signs if case.device.owner_id == node.pk]
        assert unplaced == sum(not case.device.is_assigned for case in here)


@pytest.mark.parametrize(("unit", "below"), [("centre", True), ("A", True), ("A1", False)])
def test_machines_of_a_filter_are_the_same_where_they_are_few_and_where_they_are_many(
    cast, monkeypatch, unit, below
):
    sown(cast, f"filter {unit}", machines=80)
    node, now, rule = cast.nodes[unit], timezone.now(), rule_of(cast.campaign)
    some = Case.rows.filter(is_current=True).order_by("pk").values_list("pk", flat=True)
    Case.rows.filter(pk__in=list(some)[::2]).update(opened_at=now - timedelta(days=40))
    for case in Case.rows.filter(is_current=True, claimed_at__isnull=False):
        # A claim that was made anew: the clock of the proof runs from the first one.
        case.events.create(at=now - timedelta(days=30), act="claim", to_state="claimed_clean")
    late = {
        case.device_id for case in Case.rows.filter(is_current=True)
        if (due := rule.due(case)) is not None and due.at <= now
    }  # fmt: skip
    expected = [case for case in leads(node, below) if case.device_id in late]
    assert 3 < len(expected) < len(leads(node, below))
    condition = conditions(rule, now)[Flag.OVERDUE]
    for many in (2000, 2):
        monkeypatch.setattr(lists, "MANY", many)
        machines = lists.there(node, below=below, in_order=many == 2)
        some, in_order = lists.flagged(machines, node, condition, below=below)
        found = lists.picked(some, cast.campaign, now, in_order)
        pages = lists.Pages(found.machines, 3, found.listed(None))
        assert [case for number in pages.page_range for case in pages.page(number)] == expected
        assert found.listed(None) == len(expected)
        for shown in lists.SHOWN:
            words = [
                word(State(case.state), case.claimed_at, cast.campaign.quiet_days, now) for case in expected
            ]
            assert found.listed(shown) == words.count(shown)
        named = lists.picked(lists.named(machines, cast.campaign, "pc-1"), cast.campaign, now)
        assert named.listed(None) == sum("pc-1" in case.device.key for case in leads(node, below))


@pytest.mark.parametrize("unit", ["centre", "A", "A1"])
def test_the_number_of_a_work_list_and_its_filters_are_those_of_its_cases(cast, unit):
    sown(cast, unit, machines=40)
    node, now, rule = cast.nodes[unit], timezone.now(), rule_of(cast.campaign)
    there = Case.rows.filter(is_current=True, state__in=OPEN).select_related("device__owner")
    some = list(there.filter(device__owner__path__startswith=cast.nodes["A"].path).order_by("pk"))
    for case in some[:3]:  # of these some are put aside as well
        propose(case, cast.user("A", "coordinator"), "case", "máy của đoàn kiểm tra")
    noting_actions.isolate(some[4], cast.user("A", "coordinator"), since=now, reason="rút dây mạng")
    Case.rows.filter(pk=some[5].pk).update(unreachable_at=now)
    for below in (True, False):
        told = work.overview(node, rule, now, below=below)
        listed = list(work.open_cases(node, rule, now, below=below))
        assert listed == list(work.open_cases(node, rule, now, below=below, in_order=True))
        assert told.to_do == len(listed)
        of_node = [
            case.pk for case in there
            if case.device.owner_id == node.pk or (below and case.device.owner.path.startswith(node.path))
        ]  # fmt: skip
        of = conditions(rule, now)
        assert told.flags == [flag for flag in COUNTED if Case.rows.filter(of[flag], pk__in=of_node).exists()]
        if below and unit != "A1":
            assert {Flag.PROPOSED, Flag.ISOLATED, Flag.UNREACHABLE} <= set(told.flags)


def act_at_random(cast, chance, number):
    """One write, of any kind that the portal knows."""
    cases = list(Case.rows.select_related("device__owner").order_by("pk"))
    case, by = chance.choice(cases), cast.user("centre", "coordinator")
    match chance.randrange(7):
        case 0 | 1:
            step = chance.choice(MOVES)
            if (State(case.state), step) in TRANSITIONS:
                actions.move(actions.held(case.pk), step, by=by, reason="vì lý do")
        case 2:
            with suppress(actions.CaseError):  # not a unit below
                owning_actions.assign_device(case.device, cast.nodes[chance.choice(UNITS)], by)
        case 3:
            Case.rows.filter(pk__in=[one.pk for one in chance.sample(cases, 3)]).update(
                state=chance.choice(ORDER), last_seen=timezone.now()
            )
        case 4:
            for one in (some := chance.sample(cases, 3)):
                one.relapses, one.is_current = chance.randint(0, 3), False
            Case.rows.bulk_update(some, ["relapses", "is_current"])
        case 5:
            create([
                Case(device=case.device, family=f"mới {number}", state="new", opened_at=timezone.now()),
                Case(device=case.device, family=f"cũ {number}", state="rechecked", opened_at=timezone.now()),
            ])  # fmt: skip
        case 6:
            case.last_seen = case.first_seen = timezone.now()
            rewrite([case], ["first_seen", "last_seen"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_after_any_acts_machines_keep_what_a_fresh_count_says(cast, seed):
    Device.rows.all().delete()
    sown(cast, seed)
    chance = random.Random(seed)
    for number in range(12):
        act_at_random(cast, chance, number)
        assert stored() == by_hand()
