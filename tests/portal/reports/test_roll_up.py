"""The roll-up equals a plain recursive sum over any tree and any pattern of acceptance."""

from uuid import uuid4

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.models import Report, Revision
from quetsach.portal.reports.rollup import snapshots
from quetsach.portal.reports.rollup.queries import roll_up
from quetsach.portal.units.models import Unit, path_segment
from tests.portal.reports.figures import annex

counts = st.integers(0, 5000)
spot = st.tuples(
    st.integers(0, 100),
    st.sampled_from(["none", "draft", "submitted", "returned", "accepted", "amending"]),
    st.tuples(counts, counts, counts, counts),
    st.sampled_from(["must", "may", "ended"]),
)


def plant(cast, spots):
    """A new tree below the cast's campaign: spot n hangs on any earlier one. A unit must report, need not, or
    has ended since."""
    nodes, states, figures = [], {}, {}
    author = cast.user("centre", "coordinator")
    for n, (where, state, own, part) in enumerate(spots):
        parent = nodes[where % n] if n else None
        unit = Unit(name=f"Xã {n}")
        unit.path = (parent.path if parent else "") + path_segment(uuid4())
        unit.save(force_insert=True)
        node = CampaignNode.rows.create(
            campaign=cast.campaign,
            unit=unit,
            parent=parent,
            path=unit.path,
            depth=parent.depth + 1 if parent else 0,
            position=n,
            name=unit.name,
            kind="other",
            due_at=cast.campaign.due_at,
            expected=part != "may",
            state=CampaignNode.State.VOID if part == "ended" else CampaignNode.State.ACTIVE,
        )
        nodes.append(node)
        states[node.pk], figures[node.pk] = state, annex(*own)
        if state == "none":
            continue
        report = Report.rows.create(node=node, state="draft" if state == "amending" else state)
        if state != "draft":
            revision = Revision.rows.create(
                report=report,
                number=1,
                form="annex-2022",
                author=author,
                at=timezone.now(),
                client_uuid=uuid4(),
                sha256="",
                own=figures[node.pk].as_dict(),
                counts=figures[node.pk].as_dict(),
            )
            report.current = revision
            report.accepted = revision if state in {"accepted", "amending"} else None
            report.save()
    return nodes, states, figures


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spots=st.lists(spot, min_size=1, max_size=14))
def test_roll_up_is_the_recursive_sum_with_each_unit_once(cast, spots):
    with transaction.atomic():
        nodes, states, figures = plant(cast, spots)
        parts = {node.pk: part for node, (*_, part) in zip(nodes, spots, strict=True)}
        accepted = {pk for pk, state in states.items() if state in {"accepted", "amending"}}
        counts_for = {pk for pk in accepted if parts[pk] != "ended"}
        must = {pk for pk, part in parts.items() if part == "must"}

        def children(node):
            return [n for n in nodes if n.parent_id == node.pk]

        def below(node):
            return [d for child in children(node) for d in (child, *below(child))]

        def takes_part(node):
            """A unit that has ended stays only for units below it that must report or count."""
            branch = {node.pk, *(d.pk for d in below(node))}
            return parts[node.pk] != "ended" or bool(branch & (must | counts_for))

        def naive(node):
            own = figures[node.pk] if node.pk in counts_for else annex(0, 0, 0, 0)
            return [a + sum(naive(c)[i] for c in children(node)) for i, a in enumerate(own.values())]

        for node in nodes:
            rolled = roll_up(node)
            assert list(rolled.total.values()) == naive(node)
            assert rolled.own == (figures[node.pk] if node.pk in counts_for else None)
            shown = [child for child in children(node) if takes_part(child)]
            assert [(line.node.pk, list(line.total.values())) for line in rolled.children] == [
                (child.pk, naive(child)) for child in shown
            ]
            asked = {d.pk for d in below(node)} & must
            assert {place.pk for place in rolled.missing} == asked - counts_for
            assert len(rolled.missing) == len(asked - counts_for)
            assert (rolled.accepted, rolled.expected) == (len(asked & counts_for), len(asked))
            for line, child in zip(rolled.children, shown, strict=True):
                assert line.missing_below == len(({d.pk for d in below(child)} & must) - counts_for)
        transaction.set_rollback(True)


def test_roll_up_takes_the_same_few_queries_at_any_size(cast, django_assert_max_num_queries):
    nodes, _, _ = plant(cast, [(0, "accepted", (1, 2, 1, 2), "must")] * 40)
    with django_assert_max_num_queries(6):
        assert roll_up(nodes[0]).total == annex(40, 80, 40, 80)


def test_a_campaign_never_counts_another_campaigns_report_of_the_same_unit(cast):
    from quetsach.portal.campaigns.cascade.actions import publish
    from quetsach.portal.campaigns.models import Campaign

    other = Campaign.objects.create(
        slug="khac", issuer=cast.units["centre"], title="Chiến dịch khác", due_at=cast.campaign.due_at
    )
    publish(other, cast.user("centre", "coordinator"))
    author = cast.user("A1", "officer")
    report = Report.rows.create(node=cast.nodes["A1"], state="accepted")
    report.accepted = Revision.rows.create(
        report=report,
        number=1,
        form="annex-2022",
        author=author,
        at=timezone.now(),
        client_uuid=uuid4(),
        sha256="",
        own=annex(0, 7, 0, 5).as_dict(),
        counts=annex(0, 7, 0, 5).as_dict(),
    )
    report.save()
    assert roll_up(cast.nodes["A"]).total == annex(0, 7, 0, 5)
    twin = other.nodes.get(unit=cast.units["A"])
    assert roll_up(twin).total == annex(0, 0, 0, 0)
    assert roll_up(twin).expected == 2


def test_a_large_trees_page_may_be_two_seconds_old_and_says_so_while_sums_to_send_are_fresh(
    cast, monkeypatch
):
    monkeypatch.setattr(snapshots, "LARGE", 3)
    nodes, _, _ = plant(
        cast, [(0, "accepted", (0, 0, 0, 0), "must")] + [(0, "submitted", (1, 2, 1, 2), "must")] * 5
    )
    with time_machine.travel(timezone.now(), tick=False) as clock:
        first = snapshots.page_roll_up(nodes[0], None)
        for report in Report.rows.filter(node__in=nodes[1:]):
            report.state, report.accepted = "accepted", report.current
            report.save()
        clock.shift(1)
        again = snapshots.page_roll_up(nodes[0], None)
        assert (again.total, again.as_of) == (first.total, first.as_of)
        assert roll_up(nodes[0]).total == annex(5, 10, 5, 10)
        clock.shift(2)
        assert snapshots.page_roll_up(nodes[0], None).total == annex(5, 10, 5, 10)
