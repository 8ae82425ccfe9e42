"""The figures for annex and dashboard: compared with a count by hand over the rows, in few queries."""

from datetime import timedelta

from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.portal.campaigns import queries
from quetsach.portal.campaigns.cascade import actions
from quetsach.portal.campaigns.models import Headcount

NAMES = ["centre", "A", "A1", "A2", "B", "B1"]
BELOW = {"centre": ["A", "B"], "A": ["A1", "A2"], "B": ["B1"], "A1": [], "A2": [], "B1": []}


def act(cast, name, step):
    kind, amount = step
    node = cast.nodes[name]
    if kind == "ack":
        actions.acknowledge(node, None)
    elif kind == "deploy":
        actions.deploy(node, None)
    elif kind == "pass":
        actions.pass_on(node, [cast.nodes[b] for b in BELOW[name]], None)
    else:
        actions.count_people(node, amount, amount // 2, None)


steps = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.tuples(st.sampled_from(["ack", "deploy", "pass", "people"]), st.integers(0, 500)),
    ),
    max_size=12,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_figures_follow_the_acts(cast, steps):
    from django.db import transaction

    with transaction.atomic():
        acknowledged, deployed, people = set(), set(), {}
        for name, step in steps:
            act(cast, name, step)
            if step[0] in {"ack", "deploy"} or step[0] == "pass":
                acknowledged.add(name)
            if step[0] == "deploy":
                deployed.add(name)
            if step[0] == "people":
                people[name] = (step[1], step[1] // 2)
        acknowledged.discard("centre")
        for name in NAMES:
            informed, done = people.get(name, (None, None))
            assert queries.known_figures(cast.nodes[name]) == {
                "r1": sum(b in acknowledged for b in BELOW[name]),
                "r2": informed,
                "r3": sum(b in deployed for b in BELOW[name]),
                "r4": done,
            }
        sums = queries.progress(cast.campaign, cast.nodes["centre"].path)
        assert (sums.units, sums.acknowledged, sums.deployed) == (
            5,
            len(acknowledged),
            len(deployed - {"centre"}),
        )
        people.pop("centre", None)  # units and people are of the same units: those below
        counted = tuple(sum(p[i] for p in people.values()) if people else None for i in (0, 1))
        assert (sums.informed, sums.done) == counted, "nobody has counted: not zero"
        transaction.set_rollback(True)


def test_the_latest_headcount_counts_and_zero_is_a_value(cast):
    node = cast.nodes["A1"]
    for days, count in ((1, 7), (5, 30), (1, 0)):
        at = timezone.now().replace(microsecond=0) - timedelta(days=days)
        Headcount.rows.create(node=node, kind="informed", count=count, at=at)
    assert queries.known_figures(node)["r2"] == 0
    assert queries.statuses(node)[0].informed == 0
    assert queries.known_figures(cast.nodes["A2"])["r2"] is None


def test_a_subtrees_state_in_one_query(cast, django_assert_num_queries):
    actions.pass_on(cast.nodes["A"], [cast.nodes["A1"]], None)
    actions.count_people(cast.nodes["A2"], 5, 5, None)
    with django_assert_num_queries(1):
        own, below = queries.statuses(cast.nodes["A"])
    by_name = {s.node.name: s for s in below}
    assert own.node == cast.nodes["A"] and set(by_name) == {"Đơn vị A1", "Đơn vị A2"}
    assert by_name["Đơn vị A1"].dispatched_at and not by_name["Đơn vị A1"].acknowledged_at
    assert (by_name["Đơn vị A2"].informed, by_name["Đơn vị A1"].informed) == (5, None)
    with django_assert_num_queries(4):
        queries.progress(cast.campaign, cast.nodes["centre"].path)


def test_silence_is_counted_in_days_since_passing_on(cast):
    past = timezone.now() - timedelta(days=3)
    actions.pass_on(cast.nodes["A"], [cast.nodes["A1"], cast.nodes["A2"]], None, at=past)
    actions.acknowledge(cast.nodes["A2"], None)
    assert [(s.node.name, s.days_silent) for s in queries.statuses(cast.nodes["A"])[1]] == [
        ("Đơn vị A1", 3),
        ("Đơn vị A2", 0),
    ]
