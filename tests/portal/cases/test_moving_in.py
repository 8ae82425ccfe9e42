"""Machines of the version before: each stays the machine that it was, with its case, name and check."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from quetsach.portal.cases.models import Case, CaseSighting, Device
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.checks.actions import Sender, receive
from quetsach.portal.checks.arriving.opening import Opened
from quetsach.portal.checks.models import CheckResult
from quetsach.portal.machines.models import StoredBinding
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.units.models import path_segment
from tests.portal.checks.results import content
from tests.portal.leads_by_hand import by_hand, stored

BEFORE = [("cases", "0004_victims_reports")]
SEEN = datetime(2026, 10, 6, 3, tzinfo=UTC)
CARD = "00-00-5e-00-53-01"
BOARD = "4c4c4544-0042-3510-8051-b7c04f564433"


def migrate(to=None):
    """To these migrations; by default to the latest of all apps."""
    to = to or MigrationExecutor(connection).loader.graph.leaf_nodes()
    MigrationExecutor(connection).migrate(to)
    return MigrationExecutor(connection).loader.project_state(to).apps


@pytest.fixture
def before(cast):
    yield migrate(BEFORE)
    migrate()


@pytest.mark.django_db(transaction=True)
def test_machines_of_before_move_in_with_their_cases(cast, before):
    a, a1, b1 = (cast.nodes[name] for name in ("A", "A1", "B1"))

    def machine(owner, key, reporter=None, *, state="assigned", identity=None, refused=False):
        device = before.get_model("cases", "Device")._base_manager.create(
            campaign_id=cast.campaign.pk, owner_id=owner.pk, key=key, identity=identity or {},
            is_assigned=True, created_at=SEEN,
        )  # fmt: skip
        before.get_model("cases", "Alias")._base_manager.create(
            reporter_id=(reporter or owner).pk, key=key, device=device
        )
        case = before.get_model("cases", "Case")._base_manager.create(
            device=device, family="ramnit", state=state, opened_at=SEEN, first_seen=SEEN, last_seen=SEEN,
            count=3, claimed_at=timezone.now() if state == "claimed_clean" else None,
        )  # fmt: skip
        before.get_model("cases", "CaseEvent")._base_manager.create(
            case=case, at=SEEN, act="claim" if state == "claimed_clean" else "open", to_state=state
        )
        if refused:
            before.get_model("cases", "NotOurs")._base_manager.create(
                device=device, node_id=owner.pk, at=SEEN, by_id=cast.user("A1", "it").pk, reason="x"
            )
        row = Sighting.rows.create(
            node_id=(reporter or owner).pk, key=f"{key:0>64}"[-64:], source="e" * 64, source_name="fw",
            indicator="evil.example", kind="domain", family="ramnit", matched="evil.example", field="query",
            device=key, identity=identity or {}, day=SEEN.date(), first_seen=SEEN, last_seen=SEEN, count=3,
            action="allowed", logformat="zeek.dns", evidence="", set_id="0" * 64, is_listed=True,
            is_pulled=True, received_at=SEEN,
        )  # fmt: skip
        before.get_model("cases", "CaseSighting")._base_manager.create(case=case, sighting_id=row.pk)
        return device.pk

    weak = machine(a1, "10.1.1.5", a, refused=True)
    same_address = machine(b1, "10.1.1.5")
    public = machine(a1, "203.0.113.9")
    named = machine(a1, "PC-KETOAN", a)
    whole = machine(a1, "pc-1.soyte.gov.vn")
    odd = machine(a1, "máy của chị Lan")
    card = machine(a1, "10.1.1.7", state="claimed_clean", identity={"mac": CARD})
    check = before.get_model("cases", "Device")._base_manager.create(
        campaign_id=cast.campaign.pk, owner_id=a1.pk, key="PC-02", identity={}, is_assigned=True,
        created_at=SEEN,
    ).pk  # fmt: skip

    CheckResult.rows.create(
        campaign=cast.campaign, device_id=check, digest="0" * 64, machine="PC-02", system="windows", tool="x",
        is_running=True, is_full=True, is_latest=True, started=SEEN, finished=SEEN, verdict="clean",
    )  # fmt: skip

    migrate()
    assert stored() == by_hand(), "machines of before know the case that speaks for them"

    def known(pk):
        device = Device.rows.get(pk=pk)
        return device.id_kind, device.id_value, device.strength

    end = {name: path_segment(cast.units[name].pk) for name in ("A", "A1", "B1")}
    assert known(weak) == ("weak", f"{end['A1']} 10.1.1.5", "weak")
    assert known(same_address) == ("weak", f"{end['B1']} 10.1.1.5", "weak")
    assert known(public) == ("shared", f"{end['A1']} 203.0.113.9", "shared")
    assert known(named) == ("host", f"{end['A']} pc-ketoan", "located")
    assert known(whole) == ("domainhost", "pc-1.soyte.gov.vn", "located")
    assert known(odd) == ("weak", f"{end['A1']} máy của chị Lan", "weak")
    assert known(check) == ("host", f"{end['A1']} pc-02", "located")
    assert Device.rows.get(pk=weak).is_owner_said and not Device.rows.get(pk=named).is_owner_said
    assert Case.rows.filter(is_current=True).count() == 7 and CaseSighting.rows.count() == 7

    # A result of before stays with its machine; later ones find it by name, and then by board and card.
    assert CheckResult.rows.get().device_id == check

    def hand_in(machine, **network):
        told = Opened(content(machine, network=network)), cast.nodes["A1"]
        return receive(*told, Sender(user=cast.user("A1", "officer")))[0].device_id

    assert hand_in("PC-02", hardware=BOARD, macs=["00-00-5e-00-53-02"], addresses=[]) == check
    assert hand_in("KETOAN-MOI", hardware=BOARD, macs=[], addresses=[]) == check
    assert hand_in("PC-02-CU", hardware="", macs=["00-00-5e-00-53-02"], addresses=[]) == check
    assert CheckResult.rows.filter(is_latest=True).count() == 1

    # What is placed again finds its machine; the card in the line is the machine of its address.
    pull_sightings(cast.campaign)
    assert Case.rows.filter(is_current=True).count() == 7 and not StoredBinding.rows.exists()
    moved = Device.rows.get(pk=card).merged_into
    assert (moved.id_kind, moved.id_value) == ("mac", CARD)
    case = Case.rows.get(device=moved)
    assert (case.state, case.count) == ("claimed_clean", 3) and case.claimed_at
    assert Case.rows.filter(is_current=True, device__in=[weak, public, named, whole, odd]).count() == 5


RELAPSED = [("cases", "0009_reports_taken_back")]


@pytest.fixture
def waited(cast):
    yield migrate(RELAPSED)
    migrate()


@pytest.mark.django_db(transaction=True)
def test_signs_that_came_back_wait_for_somebody_also_where_an_older_version_wrote_them(cast, waited):
    """Older versions wrote that a case is handled as soon as its signs came back."""
    case_of, event_of = (waited.get_model("cases", name)._base_manager for name in ("Case", "CaseEvent"))
    device_of = waited.get_model("cases", "Device")._base_manager

    def told(*moves, relapses=1, state="cleaning"):
        """A case and its machine; `moves` are acts with the states before and after, and their data."""
        n = device_of.count()
        device = device_of.create(
            campaign_id=cast.campaign.pk, owner_id=cast.nodes["A1"].pk, key=f"10.1.1.{n}", id_kind="weak",
            id_value=f"x {n}", identity={}, is_assigned=True, created_at=SEEN,
        )  # fmt: skip
        case = case_of.create(
            device=device, family="ramnit", state=state, opened_at=SEEN, first_seen=SEEN, last_seen=SEEN,
            count=3, relapses=relapses,
        )  # fmt: skip
        is_open = state == "cleaning"
        device_of.filter(pk=device.pk).update(
            lead_id=case.pk, lead_rank=2 if is_open else 3, lead_relapses=relapses, lead_seen=SEEN,
            current_cases=1, open_cases=int(is_open),
        )  # fmt: skip
        for hours, (act, before, after, *data) in enumerate(moves):
            event_of.create(
                case=case, at=SEEN + timedelta(hours=hours), act=act, from_state=before, to_state=after,
                data=data[0] if data else {},
            )  # fmt: skip
        return case.pk

    claim = ("claim", "assigned", "claimed_clean")
    back = ("relapse", "claimed_clean", "cleaning", {"seen": SEEN.isoformat()})
    again = ("claim", "cleaning", "claimed_clean")
    waits = [
        told(claim, back),
        told(claim, back, ("seen", "cleaning", "cleaning"), ("overdue", "cleaning", "cleaning")),
        told(claim, back, again, ("undo", "claimed_clean", "cleaning", {"act": "claim"})),
        told(claim, ("seen_again", "claimed_clean", "cleaning", {"seen": SEEN.isoformat()}), relapses=0),
    ]
    other = told(claim, state="claimed_clean", relapses=0)
    waits.append(told(claim, ("merge", "claimed_clean", "cleaning", {"case": str(other)})))
    handled = told(("start", "assigned", "cleaning"), relapses=0)
    passed = ("assign", "cleaning", "cleaning", {"to": "A1"})
    begun = ("start", "assigned", "cleaning")
    waits.append(told(begun, passed, ("locate", "cleaning", "cleaning"), relapses=0))
    goes_on = [
        handled,
        told(begun, passed, ("mistaken", "cleaning", "assigned"), begun, relapses=0),
        told(claim, back, again, ("reopen", "claimed_clean", "cleaning")),
        told(claim, back, ("not_ours", "cleaning", "new"), ("assign", "new", "assigned"),
             ("start", "assigned", "cleaning")),
        told(("merge", "claimed_clean", "cleaning", {"case": str(handled)})),
    ]  # fmt: skip
    migrate()
    states = dict(Case.rows.values_list("pk", "state"))
    assert {states[pk] for pk in waits} == {"assigned"}
    assert {states[pk] for pk in goes_on} == {"cleaning"} and states[other] == "claimed_clean"
    ranks = dict(Device.rows.values_list("lead", "lead_rank"))
    assert {ranks[pk] for pk in waits} == {1} and {ranks[pk] for pk in goes_on} == {2}
    assert Case.rows.filter(pk__in=waits, to_do=True).count() == len(waits)


@pytest.mark.django_db(transaction=True)
def test_a_proof_behind_a_false_alarm_counts_again_where_an_older_version_hid_it(cast, waited):
    case_of = waited.get_model("cases", "Case")._base_manager
    device_of = waited.get_model("cases", "Device")._base_manager

    def told(*states):
        """The cases of one machine and malware by their states; the last is the current episode."""
        n = device_of.count()
        device = device_of.create(
            campaign_id=cast.campaign.pk, owner_id=cast.nodes["A1"].pk, key=f"10.1.1.{n}", id_kind="weak",
            id_value=f"x {n}", identity={}, is_assigned=True, created_at=SEEN, current_cases=1,
        )  # fmt: skip
        return [
            case_of.create(
                device=device, family="ramnit", state=state, opened_at=SEEN, first_seen=SEEN, last_seen=SEEN,
                count=3, episode=episode, is_current=episode == len(states),
            ).pk
            for episode, state in enumerate(states, 1)
        ]  # fmt: skip

    closed, proven = "false_positive", "verified_clean"
    hidden = [told(proven, closed), told(proven, proven, closed, closed)]
    right = [told(closed), told(closed, closed), told(proven, "assigned"), told(closed, proven)]
    migrate()
    current = set(Case.rows.filter(is_current=True).values_list("pk", flat=True))
    assert current == {hidden[0][0], hidden[1][1], *(cases[-1] for cases in right)}
    leads = dict(Device.rows.values_list("lead", "lead_rank"))
    assert leads[hidden[0][0]] == leads[hidden[1][1]] == 5
