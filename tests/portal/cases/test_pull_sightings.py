"""From sightings to cases: one per machine and family, moved only by the evidence of the logs."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.cases import actions, looks, owning_actions, pull_actions, waiting_rows
from quetsach.portal.cases.lists import Pages, there
from quetsach.portal.cases.models import Alias, Case, CaseEvent, CaseSighting, Device
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Scan, Sighting
from tests.portal.scan_document import (
    alive_of,
    coverage,
    document,
    hours_of,
    noon,
    publish_list,
    sighting,
    stamp,
)

DEVICE = "10.1.1.5"


@pytest.fixture
def listed(cast, tmp_path):
    return publish_list(cast, tmp_path)


@pytest.fixture
def upload(cast, listed):
    """Upload a scan file for a unit, as its IT staff would."""

    def give(rows, coverages=(), unit="A1", **more):
        more.setdefault("asked", {name for one in coverages for name in one.get("alive") or ()})
        body = document(rows, coverages, set_id=more.pop("set_id", listed.set_id), **more)
        return receive_file(BytesIO(body), cast.nodes[unit], Sender("upload", user=cast.user(unit, "it")))

    return give


def only():
    return Case.rows.get()


def claim(cast, at, case=None):
    return actions.claim_clean(case or only(), cast.user("A1", "it"), done="scan", done_at=at)


def clean_logs(first, last, device=DEVICE, **more):
    """A log of the hours, with lines and the machine in each of them."""
    told = {"hours": hours_of(first, last), "order": "kept", "alive": {device: alive_of(first, last)}, **more}
    return coverage(first, last, **{"source": f"log-{first}-{last}", **told})


def test_one_case_for_a_machine_and_family_whatever_the_day_and_indicator(cast, upload):
    upload([sighting(DEVICE, noon(9), count=2), sighting(DEVICE, noon(8), count=3),
            sighting(DEVICE, noon(8), indicator="bad.example", family="")])  # fmt: skip
    assert sorted(Case.rows.values_list("family", "state", "count")) == [
        ("", "assigned", 1),
        ("ramnit", "assigned", 5),
    ]
    case = Case.rows.get(family="ramnit")
    assert (case.first_seen, case.last_seen) == (noon(9), noon(8))
    assert case.device.owner == cast.nodes["A1"]


@pytest.mark.parametrize(("batch", "most"), [(400, 1600), (2, 1600), (400, 3), (1, 1), (400, 8)])
def test_batches_of_any_size_make_the_same_cases(upload, monkeypatch, batch, most):
    for module in (pull_actions, waiting_rows):
        monkeypatch.setattr(module, "BATCH", batch)
        monkeypatch.setattr(module, "MOST", most)
    rows = [sighting(f"10.1.1.{pc}", noon(day), count=pc, indicator=name, family=name[:3])
            for name in ("bad.example", "evil.example") for pc in (5, 6, 7) for day in (9, 8)]  # fmt: skip
    upload([*rows, sighting(None, noon(9))])
    expected = [(f"10.1.1.{pc}", name, 2 * pc, 2) for pc in (5, 6, 7) for name in ("bad", "evi")]
    assert [(*told, case.links.count()) for case in Case.rows.order_by("device__key", "family")
            for told in [(case.device.key, case.family, case.count)]] == expected  # fmt: skip
    assert not Sighting.rows.filter(is_pulled=False).exists()


def test_the_owner_is_the_longest_network_below_the_reporter(cast, upload):
    upload([sighting("10.1.1.5", noon(5)), sighting("10.1.2.9", noon(5)), sighting("10.2.1.7", noon(5)),
            sighting("192.168.1.20", noon(5)), sighting("PC-07", noon(5))], unit="A")  # fmt: skip
    owners = {d.key: (d.owner, d.is_assigned) for d in Device.rows.select_related("owner")}
    a, a1, a2 = cast.nodes["A"], cast.nodes["A1"], cast.nodes["A2"]
    # 10.2.1.0/24 is B1's and outside A's subtree; 192.168.1.0/24 is claimed by A1 and A2 alike.
    assert owners == {"10.1.1.5": (a1, True), "10.1.2.9": (a2, True), "10.2.1.7": (a, False),
                      "192.168.1.20": (a, False), "PC-07": (a, False)}  # fmt: skip
    assert Counter(Case.rows.values_list("state", flat=True)) == {"assigned": 2, "new": 3}


def test_a_machine_given_to_a_unit_stays_there_for_later_sightings(cast, upload):
    upload([sighting("PC-07", noon(5))], unit="A")
    owning_actions.assign_device(Device.rows.get(), cast.nodes["A2"], cast.user("A", "it"))
    upload([sighting("PC-07", noon(3), source="log-2")], unit="A")
    assert (only().device.owner, only().state, only().count) == (cast.nodes["A2"], "assigned", 2)


def test_a_machine_cannot_be_given_outside_the_subtree(cast, upload):
    upload([sighting("PC-07", noon(5))], unit="A")
    with pytest.raises(actions.CaseError):
        owning_actions.assign_device(Device.rows.get(), cast.nodes["B1"], cast.user("A", "it"))


def test_repeating_everything_changes_no_case(cast, upload):
    rows, seen = [sighting(DEVICE, noon(9), count=2)], [coverage(noon(10), noon(8))]
    upload(rows, seen)
    before = list(Case.rows.values()), CaseEvent.rows.count(), CaseSighting.rows.count()
    upload(rows, seen)
    pull_sightings(cast.campaign)
    call_command("pull_sightings")
    assert (list(Case.rows.values()), CaseEvent.rows.count(), CaseSighting.rows.count()) == before


def test_a_hit_after_the_claim_is_a_relapse_and_one_before_it_is_history(cast, upload):
    upload([sighting(DEVICE, noon(9))])
    claim(cast, noon(6))
    upload([sighting(DEVICE, noon(7), source="late-log")])
    assert (only().state, only().relapses, only().count) == ("claimed_clean", 0, 2)
    upload([sighting(DEVICE, noon(4), source="new-log")])
    assert (only().state, only().relapses) == ("assigned", 1)


def test_a_row_of_the_day_that_grows_past_the_claim_is_a_relapse(cast, upload):
    upload([sighting(DEVICE, noon(6, 8), count=1)])
    claim(cast, noon(6, 10))
    upload([sighting(DEVICE, noon(6, 8), until=noon(6, 15), count=3)])
    assert (only().state, only().count) == ("assigned", 3)


def test_signs_came_back_at_the_earliest_time_after_the_claim_that_the_rows_tell(cast, upload):
    upload([sighting(DEVICE, noon(9))])
    claim(cast, noon(6, 10))
    # Two rows of one document: the second ends later, and begins earlier.
    upload([
        sighting(DEVICE, noon(4, 10), until=noon(4, 11), source="log-2"),
        sighting(DEVICE, noon(4, 9), until=noon(4, 14), count=3, source="log-3"),
    ])  # fmt: skip
    assert only().events.get(act="relapse").data["seen"] == noon(4, 9).isoformat()
    claim(cast, noon(3, 10))
    upload([sighting(DEVICE, noon(3, 8), until=noon(3, 15), count=3, source="log-4")])
    last = only().events.filter(act="relapse").last()
    assert last.data["seen"] == noon(3, 15).isoformat(), (
        "its lines between the first and the last are not known"
    )


def test_quiet_logs_verify_only_after_the_campaigns_days(cast, upload):
    upload([sighting(DEVICE, noon(30))], [clean_logs(noon(38), noon(30))])
    claim(cast, noon(28))
    assert only().state == "claimed_clean"
    upload([], [clean_logs(noon(29), noon(25))])
    assert only().state == "rechecked"
    upload([], [clean_logs(noon(25), noon(14, 11))])
    assert only().state == "rechecked"
    upload([], [clean_logs(noon(15), noon(14))])
    case = only()
    assert (case.state, case.quiet_until, case.confirmed_by) == ("verified_clean", noon(14), None)
    assert [e.act for e in case.events.all()] == ["open", "claim", "recheck", "verify"]
    assert first_broken_entry() is None


@pytest.mark.parametrize(
    "spoil",
    [
        {"name": "another-place"},
        {"errors": ["log.gz: truncated at byte 5"]},
        {"time": "suspect"},
        {"alive": None},
    ],
)
def test_what_cannot_prove_does_not_verify(cast, upload, spoil):
    upload([sighting(DEVICE, noon(30))], [clean_logs(noon(38), noon(30))])
    claim(cast, noon(28))
    upload([], [clean_logs(noon(28), noon(1), **spoil)])
    assert only().state in ("claimed_clean", "rechecked")


def test_where_no_lines_were_counted_the_proof_says_that_it_is_weaker(cast, upload):
    upload([sighting(DEVICE, noon(30))], [clean_logs(noon(38), noon(30))])
    claim(cast, noon(28))
    upload([], [clean_logs(noon(28), noon(1), hours=None, order=None)])
    proof = only().events.get(act="verify").data
    assert only().state == "verified_clean" and proof["is_weak"] and proof["place"] == "fw"


def test_logs_in_which_only_other_machines_are_alive_do_not_verify(cast, upload):
    upload([sighting(DEVICE, noon(30))], [clean_logs(noon(38), noon(30))])
    claim(cast, noon(28))
    upload([], [clean_logs(noon(28), noon(1), device="10.1.1.99")])
    assert only().state == "rechecked"


def test_a_scan_with_another_list_does_not_verify(cast, upload):
    upload([sighting(DEVICE, noon(30))], [clean_logs(noon(38), noon(30))])
    claim(cast, noon(28))
    upload([], [clean_logs(noon(28), noon(1))], set_id="f" * 64)
    assert only().state == "claimed_clean"


def test_a_later_list_without_the_indicator_does_not_verify(cast, upload, tmp_path):
    upload([sighting(DEVICE, noon(30))], [clean_logs(noon(38), noon(30))])
    claim(cast, noon(28))
    smaller = publish_list(cast, tmp_path, "bad.example\n")
    upload([], [clean_logs(noon(28), noon(1))], set_id=smaller.set_id)
    assert only().state == "claimed_clean"


def test_another_units_logs_of_the_same_name_do_not_verify(cast, upload):
    upload([sighting(DEVICE, noon(30))], [clean_logs(noon(38), noon(30))])
    claim(cast, noon(28))
    upload([], [clean_logs(noon(28), noon(1))], unit="B1")
    assert only().state == "claimed_clean"


def test_a_gap_in_the_logs_starts_the_quiet_days_anew(cast, upload):
    upload([sighting(DEVICE, noon(40))], [clean_logs(noon(48), noon(40))])
    claim(cast, noon(38))
    upload([], [clean_logs(noon(38), noon(30)), clean_logs(noon(27), noon(15))])
    assert only().state == "rechecked"
    upload([], [clean_logs(noon(30), noon(27))])
    assert only().state == "verified_clean"


def test_after_verified_clean_a_hit_opens_a_new_episode_but_a_late_one_takes_the_proof_back(cast, upload):
    upload([sighting(DEVICE, noon(40))], [clean_logs(noon(48), noon(40))])
    claim(cast, noon(38))
    upload([], [clean_logs(noon(38), noon(20))])
    assert only().state == "verified_clean"
    upload([sighting(DEVICE, noon(10), source="later")])
    old, new = Case.rows.order_by("episode")
    assert (old.state, old.is_current, new.state, new.episode, new.is_current) == (
        "verified_clean", False, "assigned", 2, True,
    )  # fmt: skip
    assert list(Pages(there(cast.nodes["A1"], below=False), 9).page(1)) == [new]


def test_a_late_log_with_a_hit_inside_the_proven_time_takes_the_proof_back(cast, upload):
    upload([sighting(DEVICE, noon(40))], [clean_logs(noon(48), noon(40))])
    claim(cast, noon(38))
    upload([], [clean_logs(noon(38), noon(20))])
    upload([sighting(DEVICE, noon(30), source="found-in-a-drawer")])
    assert (only().state, only().relapses, only().verified_at) == ("assigned", 1, None)


def test_a_person_confirms_and_is_shown_as_such(cast, upload):
    upload([sighting(DEVICE, noon(9))])
    claim(cast, noon(6))
    actions.confirm_clean(only(), cast.user("A", "officer"), "Đã xem tận nơi, máy cài lại.")
    assert (only().state, only().confirmed_by) == ("verified_clean", cast.user("A", "officer"))


def test_a_false_alarm_stays_one_for_the_same_evidence_and_ends_with_other_evidence(cast, upload):
    upload([sighting(DEVICE, noon(9), indicator="evil.example", family="ramnit")])
    actions.dismiss(only(), cast.user("A1", "it"), "Máy của phòng thử nghiệm.")
    upload([sighting(DEVICE, noon(3), source="log-2")])
    assert (only().state, only().count) == ("false_positive", 2)
    upload([sighting(DEVICE, noon(2), source="log-3", indicator="bad.example", family="ramnit")])
    assert only().state == "assigned"


def test_a_claim_before_the_last_sign_is_refused(cast, upload):
    upload([sighting(DEVICE, noon(9))])
    with pytest.raises(actions.CaseError):
        claim(cast, noon(10))
    with pytest.raises(actions.CaseError):
        claim(cast, datetime.now(UTC) + timedelta(hours=1))


def test_a_sighting_without_a_machine_opens_no_case(cast, upload):
    upload([sighting(None, noon(9))])
    assert not Case.rows.exists() and Sighting.rows.get().is_pulled


def test_unlisted_sightings_open_no_case_until_the_list_has_them(cast, upload, tmp_path):
    upload([sighting(DEVICE, noon(9), indicator="late.example")], set_id="f" * 64)
    assert not Case.rows.exists()
    publish_list(cast, tmp_path, "late.example\n")
    call_command("pull_sightings")
    assert only().count == 1


def test_a_crash_while_pulling_leaves_everything_waiting(cast, upload, monkeypatch):
    whole = pull_actions._refresh

    def die(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(pull_actions, "_refresh", die)
    with pytest.raises(KeyboardInterrupt):
        upload([sighting(DEVICE, noon(9))])
    assert not Case.rows.exists() and not Sighting.rows.get().is_pulled
    monkeypatch.setattr(pull_actions, "_refresh", whole)
    call_command("pull_sightings")
    assert only().count == 1


def test_lost_lines_are_no_silence_and_every_page_says_when_nobody_could_look(cast, upload):
    upload([sighting(DEVICE, noon(30))], [clean_logs(noon(38), noon(30))])
    claim(cast, noon(28))
    gap = [stamp(noon(15, 5)), stamp(noon(15, 6))]
    upload([], [clean_logs(noon(29), noon(25)), clean_logs(noon(25), noon(7), gaps=[gap], name="fw")])
    assert (only().state, only().quiet_until) == ("rechecked", None)
    it, slug = cast.client("A1", "it"), cast.campaign.slug
    scan = Scan.rows.order_by("-accepted_at").first()
    for url in (
        reverse("case", args=[slug, only().pk]),
        reverse("scans", args=[slug]),
        reverse("scan", args=[slug, scan.pk]),
    ):
        page = it.get(url).content.decode()
        assert "Không xem được" in page, url
    # Logs after the loss prove it as soon as they are long enough by themselves.
    upload([], [clean_logs(noon(7), noon(0, 0))])
    assert only().state == "verified_clean"


def test_a_file_that_could_not_be_read_spoils_no_other_file_of_its_scan(cast, upload):
    upload([sighting(DEVICE, noon(30))], [clean_logs(noon(38), noon(30))])
    claim(cast, noon(28))
    broken = coverage(noon(20), noon(18), source="broken", errors=["b.gz: truncated at byte 5"])
    upload([], [clean_logs(noon(28), noon(1)), broken])
    assert only().state == "verified_clean"


def test_a_file_that_could_not_be_read_keeps_its_days_open(cast, upload):
    upload([sighting(DEVICE, noon(30))], [clean_logs(noon(38), noon(30))])
    claim(cast, noon(28))
    broken = coverage(noon(20, 1), noon(20, 9), source="broken", errors=["b.gz: truncated at byte 5"])
    upload([], [clean_logs(noon(28), noon(20, 0)), broken, clean_logs(noon(20, 10), noon(14))])
    assert only().state == "rechecked"


def claimed_machines(cast, number, first=0):
    """Machines that other logs of the same unit saw, and that were claimed clean long ago."""
    node = cast.nodes["A1"]
    keys = [f"10.9.{n >> 8}.{n & 255}" for n in range(first, first + number)]
    devices = Device.rows.bulk_create(
        Device(campaign=cast.campaign, owner=node, key=key, id_kind="weak", id_value=key, is_assigned=True)
        for key in keys
    )
    Alias.rows.bulk_create(Alias(reporter=node, key=d.key, device=d) for d in devices)
    rows = Sighting.rows.bulk_create(
        Sighting(
            node=node, key=f"{d.key:0>64}", source="e" * 64, source_name="other", indicator="evil.example",
            kind="domain", family="ramnit", matched="evil.example", field="query", device=d.key,
            day=noon(40).date(), first_seen=noon(40), last_seen=noon(40), count=1, action="allowed",
            logformat="zeek.dns", evidence="", set_id="0" * 64, is_listed=True, is_pulled=True,
            received_at=noon(40),
        )
        for d in devices
    )  # fmt: skip
    cases = Case.rows.bulk_create(
        Case(
            device=d, family="ramnit", state="claimed_clean", opened_at=noon(40), claimed_at=noon(30), count=1
        )
        for d in devices
    )
    CaseSighting.rows.bulk_create(
        CaseSighting(case=case, sighting=row) for case, row in zip(cases, rows, strict=True)
    )


def judged_by(monkeypatch, act):
    """The machines that are judged while something is done, and the number of queries."""
    seen = []
    gather = looks.gather

    def spy(cases, since=None):
        cases = list(cases)
        seen.extend(case.device.key for case in cases)
        return gather(cases, since)

    monkeypatch.setattr(looks, "gather", spy)
    with CaptureQueriesContext(connection) as queries:
        act()
    monkeypatch.undo()
    return sorted(seen), len(queries)


def test_a_push_judges_its_own_machine_and_not_ten_thousand_others(cast, upload, monkeypatch):
    upload([sighting(DEVICE, noon(30))], [clean_logs(noon(38), noon(30))])
    claim(cast, noon(28))
    cost = []
    for number, (first, others) in enumerate([(0, 2), (2, 9_998)]):
        claimed_machines(cast, others, first)
        log = clean_logs(noon(28), noon(20 - number))
        rows = [sighting(DEVICE, noon(29 + number), source="old")]
        judged, queries = judged_by(monkeypatch, lambda rows=rows, log=log: upload(rows, [log]))
        assert judged == [DEVICE]
        cost.append(queries)
    assert cost[1] <= cost[0]


def test_coverage_alone_judges_the_machines_of_its_place_once_it_is_long_enough(cast, upload, monkeypatch):
    claimed_machines(cast, 3)
    upload([sighting(DEVICE, noon(30))], [clean_logs(noon(38), noon(30))])
    claim(cast, noon(28), only_of(DEVICE))
    too_short = clean_logs(noon(28), noon(28, 20), alive=None)
    assert judged_by(monkeypatch, lambda: upload([], [too_short]))[0] == []
    assert judged_by(monkeypatch, lambda: upload([], [clean_logs(noon(28), noon(20), alive=None)]))[0] == [
        DEVICE
    ]
    assert only_of(DEVICE).state == "rechecked"
    # The same again changes no coverage.
    assert judged_by(monkeypatch, lambda: upload([], [clean_logs(noon(28), noon(20), alive=None)]))[0] == []
    upload([], [clean_logs(noon(20), noon(1))])
    assert only_of(DEVICE).state == "verified_clean"


def test_the_nightly_command_judges_all_and_moves_nothing_that_pushes_have_moved(cast, upload, monkeypatch):
    claimed_machines(cast, 3)
    for device, until in ((DEVICE, 1), ("10.1.1.6", 22), ("10.1.1.7", 28)):
        name = f"fw-{device}"
        before = clean_logs(noon(38), noon(30), device, source=f"{device}-old", name=name)
        upload([sighting(device, noon(30), source=device)], [before], name=name)
        claim(cast, noon(28), only_of(device))
        log = clean_logs(noon(29), noon(until, 13), device, source=f"{device}-log", name=name)
        upload([], [log], name=name)
    states = sorted(Case.rows.values_list("device__key", "state"))
    judged, _queries = judged_by(monkeypatch, lambda: call_command("pull_sightings"))
    assert len(judged) == 5  # all that are claimed and not verified
    assert sorted(Case.rows.values_list("device__key", "state")) == states
    assert Counter(state for _key, state in states) == {
        "claimed_clean": 4, "rechecked": 1, "verified_clean": 1
    }  # fmt: skip


def only_of(device):
    return Case.rows.get(device__key=device)
