"""Victims' reports in the portal: previewed, stored once, taken into cases by the rules, risks kept apart."""

import itertools
import json
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.models import Entry
from quetsach.portal.cases import actions as cases
from quetsach.portal.cases.models import Alias, Case, CaseEvent, Device, VictimFile, VictimReport
from quetsach.portal.cases.victims import actions, pull_actions, queries
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.units.actions import issue_token
from quetsach.portal.units.networks import Network
from quetsach.victims import document, reading
from quetsach.victims.document import Head
from quetsach.victims.report import Leftover, Meaning, Report
from tests.portal.page_text import text_of
from tests.portal.questions import MOST, is_asked
from tests.portal.scan_document import coverage, days_alive, noon, publish_list, sighting
from tests.portal.scan_document import document as scan_document

SINKHOLE, SMB = "2026-03-01-event4_sinkhole-a.csv", "2026-03-01-scan_smb-a.csv"


def stamp(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def sinkhole(*rows):
    """A report of Shadowserver: (address, moment, family)."""
    lines = (f"{stamp(at)},{address},50111,0,critical,{family}" for address, at, family in rows)
    return "\n".join(["timestamp,src_ip,src_port,src_naics,severity,infection", *lines]).encode()


def smb(*rows):
    lines = ["timestamp,ip,port,naics,severity"]
    return "\n".join([*lines, *(f"{stamp(at)},{address},445,0,high" for address, at in rows)]).encode()


@pytest.fixture
def bring(cast):
    """Upload a file for a unit and agree to its preview, as its IT staff would."""

    def give(data, name=SINKHOLE, unit="A", **told):
        user, told = cast.user(unit, "it"), actions.zone_told(told.get("kind", ""), told.get("day"))
        file = reading.opened(name, BytesIO(data), told)
        draft = actions.keep_draft(cast.nodes[unit], user, name, data, file, told)
        return actions.accept(draft, user)

    return give


def state():
    """All that an import may change."""
    of_case = "device__key", "device__owner__name", "family", "episode", "state", "first_seen", "last_seen"
    return (
        sorted(Case.rows.values_list(*of_case)),
        sorted(VictimReport.rows.values_list("key", "address", "owner__name", "case__family", "first_seen",
                                             "last_seen", "severity")),
        CaseEvent.rows.count(),
    )  # fmt: skip


# --- the page ---


def test_a_coordinator_sees_what_would_happen_and_agrees(cast, django_capture_on_commit_callbacks):
    client = cast.client("A", "coordinator")
    told = {"10.1.2.9": "mirai", "10.1.1.5": "qakbot", "203.0.113.99": "mirai", "192.168.1.7": "mirai"}
    rows = [(address, noon(3), family) for address, family in (*told.items(), ("nonsense", ""))]
    data = sinkhole(*rows, ("10.1.1.5", noon(2), "qakbot"))
    answer = client.post("/cd/lam-sach/nan-nhan/", {"file": SimpleUploadedFile(SINKHOLE, data)})
    assert answer.status_code == 302

    client.cookies["django_language"] = "en"
    page = client.get(answer.url).content.decode()
    assert "2 new cases would be opened" in page and "Nothing is stored yet" in page
    assert "203.0.113.99" in page and "192.168.1.7" in page and "nonsense" in page
    assert not VictimReport.rows.exists() and not Case.rows.exists()
    stored = VictimFile.rows.get().content.name
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(answer.url, {"do": "take"})
    page = client.get(answer.url).content.decode()
    opened = rf'<dt>Machines with new signs</dt><dd><a href="[^"]*tep={VictimFile.rows.get().pk}">2</a></dd>'
    assert re.search(opened, page) and re.search(r"<dt>Reports of no unit</dt><dd>2</dd>", page)
    assert set(Case.rows.values_list("device__key", "device__owner", "family", "state")) == {
        ("10.1.1.5", cast.nodes["A1"].pk, "qakbot", "assigned"),
        ("10.1.2.9", cast.nodes["A2"].pk, "mirai", "assigned"),
    }
    assert set(VictimReport.rows.filter(owner=None).values_list("address", "why")) == {
        ("203.0.113.99", "nobody"), ("192.168.1.7", "several"),
    }  # fmt: skip
    assert not default_storage.exists(stored), "the file itself goes"
    assert Entry.objects.filter(action="victims.accept").count() == 1 and first_broken_entry() is None
    case = Case.rows.get(family="qakbot")
    page = client.get(f"/cd/lam-sach/may/{case.pk}/").content.decode()
    assert "Others report that the machine is infected" in page and "event4_sinkhole" in page
    assert "50111" in page and "critical" in page


def test_a_draft_is_its_authors_alone_and_can_be_thrown_away(cast):
    client = cast.client("A", "it")
    url = client.post(
        "/cd/lam-sach/nan-nhan/", {"file": SimpleUploadedFile(SINKHOLE, sinkhole(("10.1.1.5", noon(1), "x")))}
    ).url
    assert cast.client("A", "coordinator").get(url).status_code == 404
    assert cast.client("centre", "coordinator").post(url, {"do": "take"}).status_code == 404
    assert client.post(url, {"do": "drop"}).status_code == 302
    assert client.get(url).status_code == 404 and not VictimReport.rows.exists()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.csv", b""),
        ("x.csv", b"C2,port\n198.51.100.9,443\n"),
        ("x.xlsx", b"PK\x03\x04junk"),
        (SINKHOLE, b"a,b\n1,2\n"),
    ],
)
def test_what_is_no_report_stores_nothing_and_says_why(cast, name, data):
    client = cast.client("A", "it")
    answer = client.post("/cd/lam-sach/nan-nhan/", {"file": SimpleUploadedFile(name, data or b" ")})
    assert answer.status_code == 422 and b'class="err"' in answer.content
    assert not VictimFile.rows.exists()


def test_a_hostile_file_name_is_kept_short_and_visible(cast):
    client, name = cast.client("A", "it"), f"2026-03-01-{'x' * 200}-a\u202e.csv"
    data = b"timestamp,ip,naics\n2026-03-01 00:00:00,203.0.113.1,0\n"
    url = client.post("/cd/lam-sach/nan-nhan/", {"file": SimpleUploadedFile(name, data)}).url
    row = VictimFile.rows.get()
    assert row.kind == "x" * 80 and "\u202e" not in row.name
    assert client.get(url).status_code == 200 and client.post(url, {"do": "take"}).status_code == 302
    assert not VictimReport.rows.exists()


def test_readers_cannot_upload(cast):
    client = cast.client("A", "reader")
    assert client.get("/cd/lam-sach/nan-nhan/").status_code == 200
    assert (
        client.post("/cd/lam-sach/nan-nhan/", {"file": SimpleUploadedFile(SINKHOLE, b"x")}).status_code == 404
    )


def test_risks_stand_apart_and_are_in_no_figure_of_infected_machines(cast, bring):
    receipt = bring(smb(("10.1.1.5", noon(3)), ("10.1.2.9", noon(2))), SMB)
    assert (receipt.new_cases, receipt.risks) == (0, 2)
    assert not Case.rows.exists() and not Device.rows.exists()
    client = cast.client("A1", "officer")
    client.cookies["django_language"] = "en"
    page = client.get("/cd/lam-sach/rui-ro/").content.decode()
    assert "10.1.1.5" in page and "10.1.2.9" not in page and "scan_smb" in page and "high" in page
    assert "10.1.1.5" not in client.get("/cd/lam-sach/may/").content.decode()


# --- stored once ---


def test_the_same_report_again_changes_nothing(bring):
    data = sinkhole(("10.1.1.5", noon(3), "qakbot"), ("10.1.2.9", noon(3), "mirai"))
    bring(data)
    before = state(), Entry.objects.count()
    receipt = bring(data)
    assert (receipt.changed, receipt.unchanged, receipt.new_cases) == (0, 2, 0)
    assert (state(), Entry.objects.count()) == before
    assert VictimFile.rows.count() == 1


def test_any_order_of_arrival_gives_the_same_cases_and_reports(bring):
    files = [
        (sinkhole(("10.1.1.5", noon(5), "qakbot"), ("10.1.1.5", noon(3), "qakbot")), SINKHOLE),
        (
            sinkhole(("10.1.1.5", noon(3), "qakbot"), ("10.1.2.9", noon(4), "mirai")),
            "2026-03-02-event4_sinkhole-a.csv",
        ),
        (smb(("10.1.1.5", noon(6))), SMB),
        (smb(("10.1.1.5", noon(2))), "2026-03-02-scan_smb-a.csv"),
    ]
    seen = set()
    for order in itertools.permutations(range(4)):
        Case.rows.all().delete()
        VictimFile.rows.all().delete()
        CaseEvent.rows.all().delete()
        for n in order:
            bring(files[n][0], files[n][1])
        seen.add(repr(state()))
    assert len(seen) == 1
    risk = VictimReport.rows.get(kind="scan_smb")
    assert (risk.first_seen, risk.last_seen) == (noon(6), noon(2))


def test_a_range_that_is_named_later_opens_the_case(cast, bring):
    data = sinkhole(("203.0.113.99", noon(3), "mirai"))
    bring(data)
    assert not Case.rows.exists()
    Network.rows.create(unit=cast.units["A2"], cidr="203.0.113.0/24")
    client = cast.client("A", "it")
    assert client.post("/cd/lam-sach/nan-nhan/chua-ro/tim-lai/").status_code == 302
    case = Case.rows.get()
    assert (case.device.key, case.device.owner) == ("203.0.113.99", cast.nodes["A2"])
    assert VictimReport.rows.get().why == ""


def test_another_import_finds_the_owner_too(cast, bring):
    data = sinkhole(("203.0.113.99", noon(3), "mirai"))
    bring(data)
    Network.rows.create(unit=cast.units["A2"], cidr="203.0.113.0/24")
    assert bring(data).new_cases == 1


# --- the rules ---


def claim(cast, at):
    return cases.claim_clean(Case.rows.get(), cast.user("A1", "it"), done="scan", done_at=at)


def test_a_machine_that_only_others_saw_has_no_newer_logs_to_add(cast, bring):
    bring(sinkhole(("10.1.1.5", noon(9), "qakbot")))
    case = claim(cast, noon(6))
    text = text_of(cast.client("A1", "it").get(f"/cd/lam-sach/may/{case.pk}/"))
    assert "Thêm nhật ký của mạng có máy này" in text and "Bổ sung nhật ký" not in text


def test_addresses_of_no_unit_count_reports_as_reports(cast, bring):
    bring(sinkhole(("203.0.113.99", noon(3), "mirai"), ("203.0.113.99", noon(2), "mirai")))
    text = text_of(cast.client("A", "it").get("/cd/lam-sach/nan-nhan/chua-ro/"))
    assert "Báo cáo về nhiễm mã độc" in text and "Báo cáo về rủi ro" in text


def test_a_report_from_before_the_handling_is_history_and_one_from_after_a_relapse(cast, bring):
    bring(sinkhole(("10.1.1.5", noon(9), "qakbot")))
    claim(cast, noon(6))
    bring(sinkhole(("10.1.1.5", noon(8), "qakbot")), "2026-03-02-event4_sinkhole-a.csv")
    assert Case.rows.get().state == "claimed_clean"
    bring(sinkhole(("10.1.1.5", noon(3), "qakbot")), "2026-03-03-event4_sinkhole-a.csv")
    case = Case.rows.get()
    assert (case.state, case.relapses, case.first_seen, case.last_seen) == ("assigned", 1, noon(9), noon(3))


def test_after_a_confirmed_cleaning_a_report_opens_a_new_episode(cast, bring):
    bring(sinkhole(("10.1.1.5", noon(9), "qakbot")))
    cases.confirm_clean(claim(cast, noon(6)), cast.user("A", "coordinator"), "đã kiểm tra")
    Case.rows.update(quiet_until=noon(5))
    bring(sinkhole(("10.1.1.5", noon(3), "qakbot")), "2026-03-03-event4_sinkhole-a.csv")
    assert sorted(Case.rows.values_list("episode", "is_current", "state")) == [
        (1, False, "verified_clean"), (2, True, "assigned"),
    ]  # fmt: skip


def test_a_day_without_a_time_does_not_undo_the_handling_on_that_day(cast, bring):
    bring(b"IP,Malware\n10.1.1.5,qakbot\n", "m.csv", day=timezone.localdate() - timedelta(days=9))
    claim(cast, noon(6))
    bring(b"IP,Malware\n10.1.1.5,qakbot\n", "m2.csv", day=timezone.localtime(noon(6)).date())
    assert Case.rows.get().state == "claimed_clean"
    bring(b"IP,Malware\n10.1.1.5,qakbot\n", "m3.csv", day=timezone.localtime(noon(5)).date())
    assert Case.rows.get().state == "assigned"


def test_a_false_alarm_is_opened_again_by_another_kind_of_report_only(cast, bring):
    bring(sinkhole(("10.1.1.5", noon(9), "qakbot")))
    cases.dismiss(Case.rows.get(), cast.user("A1", "it"), "máy thử nghiệm")
    bring(sinkhole(("10.1.1.5", noon(3), "qakbot")), "2026-03-02-event4_sinkhole-a.csv")
    assert Case.rows.get().state == "false_positive"
    event = {
        "category": "bots",
        "name": "qakbot",
        "time": noon(2).isoformat(),
        "address": [{"ip": "10.1.1.5"}],
    }
    bring(json.dumps(event).encode(), "n6.json")
    assert Case.rows.get().state == "assigned"


def test_silent_logs_prove_nothing_about_a_machine_that_only_others_saw(cast, bring, tmp_path):
    listed = publish_list(cast, tmp_path)
    bring(sinkhole(("10.1.1.5", noon(19), "qakbot")))
    claim(cast, noon(18))
    quiet = coverage(noon(18), noon(0), devices=days_alive("10.1.1.5", noon(18), noon(0)))
    receive_file(BytesIO(scan_document([], [quiet], set_id=listed.set_id)), cast.nodes["A1"],
                 Sender("upload", user=cast.user("A1", "it")))  # fmt: skip
    assert Case.rows.get().state == "claimed_clean"
    client = cast.client("A1", "it")
    client.cookies["django_language"] = "en"
    page = client.get(f"/cd/lam-sach/may/{Case.rows.get().pk}/").content.decode()
    assert "No log has seen its signs" in page


def test_logs_and_reports_of_one_machine_and_malware_are_one_case(cast, bring, tmp_path):
    listed = publish_list(cast, tmp_path)
    receive_file(BytesIO(scan_document([sighting("10.1.1.5", noon(5))], [], set_id=listed.set_id)),
                 cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))  # fmt: skip
    bring(sinkhole(("10.1.1.5", noon(3), "ramnit")), unit="A1")
    case = Case.rows.get()
    assert (case.count, case.first_seen, case.last_seen) == (1, noon(5), noon(3))


def test_a_withdrawn_list_does_not_close_a_case_that_others_report(cast, bring, tmp_path):
    from quetsach.portal.cases.withdrawing.queries import resting_on
    from quetsach.portal.indicators import queries as lists

    listed = publish_list(cast, tmp_path)
    receive_file(BytesIO(scan_document([sighting("10.1.1.5", noon(5))], [], set_id=listed.set_id)),
                 cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))  # fmt: skip
    assert resting_on(cast.campaign, [listed], lists.lists_of(cast.campaign)).alone == [Case.rows.get().pk]
    bring(sinkhole(("10.1.1.5", noon(3), "ramnit")), unit="A1")
    resting = resting_on(cast.campaign, [listed], lists.lists_of(cast.campaign))
    assert (resting.alone, resting.others) == ([], 1)


def test_reports_whose_cases_failed_wait_for_the_nightly_command(cast, bring, monkeypatch):
    from django.core.management import call_command

    monkeypatch.setattr(actions, "take_reports", lambda _campaign: 1 / 0)
    assert bring(sinkhole(("10.1.1.5", noon(3), "qakbot"))).new_cases is None
    assert not Case.rows.exists()
    call_command("pull_sightings")
    assert Case.rows.get().family == "qakbot"


def test_a_machine_with_two_addresses_is_one_case(cast, bring):
    device = Device.rows.create(
        campaign=cast.campaign,
        owner=cast.nodes["A1"],
        key="PC-07",
        is_assigned=True,
        identity={},
        id_kind="weak",
        id_value="PC-07",
    )
    for address in ("10.1.1.5", "10.1.1.6"):
        Alias.rows.create(reporter=cast.nodes["A"], key=address, device=device)
    bring(sinkhole(("10.1.1.5", noon(3), "qakbot"), ("10.1.1.6", noon(5), "qakbot")))
    case = Case.rows.get()
    assert (case.device, case.first_seen, case.last_seen, case.reports.count()) == (
        device,
        noon(5),
        noon(3),
        2,
    )


def test_batches_give_the_same_as_one_piece(bring, monkeypatch):
    monkeypatch.setattr(pull_actions, "MACHINES", 3)
    monkeypatch.setattr(actions, "BATCH", 4)
    rows = [(f"10.1.1.{n % 5}", noon(9) + timedelta(minutes=n), f"bot{n % 2}") for n in range(20)]
    assert bring(sinkhole(*rows)).new_cases == 10
    assert VictimReport.rows.filter(case=None).count() == 0
    for case in Case.rows.all():
        told = [at for address, at, family in rows if (address, family) == (case.device.key, case.family)]
        assert (case.first_seen, case.last_seen, case.reports.count()) == (min(told), max(told), 2)


# --- the address for machines ---


def push(token, body, **more):
    return Client().post(
        "/api/v1/victims",
        body,
        content_type="application/x-ndjson",
        HTTP_AUTHORIZATION=f"Bearer {token}",
        **more,
    )


def chunks(*rows):
    return list(document.chunks(Head("a.csv", "1" * 64, "n6", ""), rows))


def test_a_machine_pushes_reports_and_pushing_again_changes_nothing(cast):
    _, secret = issue_token(cast.user("A", "it"), cast.units["A"], "feed")
    (body,) = chunks(
        Report("10.1.1.5", noon(3), noon(3), Meaning.INFECTION, "n6", "bots", "mirai", 50000),
        Report("10.1.1.6", noon(3), noon(3), Meaning.EXPOSED, "n6", "exposed", port=3389),
        Report("203.0.113.9", noon(3), noon(3), Meaning.INFECTION, "n6", "bots", "mirai"),
        Leftover("a.csv", 7, "time", "soon"),
    )
    answer = push(secret, body).json()
    told = {"new": 3, "unchanged": 0, "new_cases": 1, "risks": 1, "not_ours": 1, "rejected": []}
    assert answer == answer | told
    before = state(), Entry.objects.count()
    again = push(secret, body).json()
    assert (again["new"], again["unchanged"], again["new_cases"]) == (0, 3, 0)
    assert (state(), Entry.objects.count()) == before
    file = VictimFile.rows.get()
    assert (file.lines, file.left, file.leftovers) == (4, {"time": 1}, [[7, "time", "soon", ""]])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [(b"", 422, "not_victims"), (b"[]\n", 422, "not_victims"), (b'{"type":"scan"}\n', 422, "not_victims"),
     (b"x" * (9 << 20), 413, "too_large")],
)  # fmt: skip
def test_another_document_is_refused(cast, body, status, code):
    _, secret = issue_token(cast.user("A", "it"), cast.units["A"], "feed")
    answer = push(secret, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_without_a_token_or_by_another_way_nothing_is_taken(cast):
    assert push("qs_nothing", chunks()[0]).status_code == 401
    assert Client().get("/api/v1/victims").status_code == 405
    _, secret = issue_token(cast.user("A", "it"), cast.units["A"], "feed")
    assert push(secret, chunks()[0], HTTP_CONTENT_ENCODING="gzip").status_code == 415
    assert push(secret, chunks()[0], QUERY_STRING="campaign=khong-co").status_code == 422
    assert not VictimFile.rows.exists()


# --- the self-check ---


def self_check(address):
    visitor = Client(REMOTE_ADDR=address)
    visitor.cookies["django_language"] = "en"
    page = visitor.get("/tu-kiem-tra/").content.decode().partition("<main")[2]
    return re.search(r'class="(?:verdict|empty) ?([\w-]*)', page)[1], page


def test_a_report_of_another_hour_says_only_somebody_behind_the_address(cast, bring):
    bring(sinkhole(("203.0.113.77", timezone.now() - timedelta(hours=5), "mirai")))
    shape, page = self_check("203.0.113.77")
    assert shape == "is-unsure" and "a machine behind your address" in page
    assert self_check("203.0.113.78")[1].count("a machine behind your") == 0


def test_a_report_of_these_minutes_is_about_the_network_in_use(cast, bring):
    bring(sinkhole(("203.0.113.77", timezone.now() - timedelta(minutes=4), "mirai")))
    shape, page = self_check("203.0.113.77")
    assert shape == "is-bad" and "address of a whole network" in page


def test_a_day_without_a_time_is_never_these_minutes(cast, bring):
    bring(b"IP,Malware\n203.0.113.77,mirai\n", "m.csv", day=timezone.localdate())
    assert self_check("203.0.113.77")[0] == "is-unsure"


def test_an_open_service_says_nothing_about_the_visitor(cast, bring):
    bring(smb(("203.0.113.77", timezone.now())), SMB)
    assert "somebody behind" not in self_check("203.0.113.77")[1]


def test_a_false_alarm_and_an_old_report_say_nothing(cast, bring):
    Network.rows.create(unit=cast.units["A2"], cidr="203.0.113.0/24")
    bring(sinkhole(("203.0.113.77", noon(3), "mirai")))
    cases.dismiss(Case.rows.get(), cast.user("A2", "it"), "nhầm")
    assert "somebody behind" not in self_check("203.0.113.77")[1]
    bring(
        sinkhole(("198.51.100.3", datetime(2020, 1, 1, tzinfo=UTC), "mirai")),
        "2026-03-04-event4_sinkhole-a.csv",
    )
    assert "somebody behind" not in self_check("198.51.100.3")[1]


def test_an_inner_address_in_a_sheet_is_one_machine(cast, bring):
    bring(sinkhole(("10.1.1.5", noon(3), "mirai")))
    assert "one machine has this address" in self_check("10.1.1.5")[1]
    Case.rows.update(state="verified_clean")
    assert "has dealt with" in self_check("10.1.1.5")[1]


def test_numbers_of_the_page_are_those_of_the_rows(cast, bring):
    bring(
        sinkhole(
            ("10.1.1.5", noon(3), "qakbot"), ("10.1.1.5", noon(2), "mirai"), ("203.0.113.9", noon(2), "mirai")
        )
    )
    assert queries.standing(cast.nodes["A"]) == queries.Standing(1, 1)
    assert queries.standing(cast.nodes["A1"]) == queries.Standing(1, 0)
    for family, machines in (("mirai", 1), ("qakbot", 0)):  # no machine is counted for a false alarm alone
        Case.rows.filter(family=family).update(state="false_positive")
        assert queries.standing(cast.nodes["A1"]).machines == machines
    bring(smb(("10.1.1.5", noon(3))), SMB)
    bring(smb(("10.1.1.5", noon(2))), SMB, unit="A1")
    assert queries.risk_counts(cast.nodes["A"]).total() == 1 == len(queries.risks_of(cast.nodes["A"]))


def test_a_case_of_logs_and_reports_asks_no_more_than_other_pages(cast, bring, tmp_path):
    seen = coverage(noon(6), noon(1), devices=days_alive("10.1.1.5", noon(6), noon(1)))
    set_id = publish_list(cast, tmp_path).set_id
    receive_file(BytesIO(scan_document([sighting("10.1.1.5", noon(5))], [seen], set_id=set_id)),
                 cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))  # fmt: skip
    bring(sinkhole(("10.1.1.5", noon(3), "ramnit")), unit="A1")
    client, url = cast.client("A1", "officer"), f"/cd/lam-sach/may/{Case.rows.get().pk}/"
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        client.get(url)
    assert sum(map(is_asked, asked)) <= MOST, "\n".join(one["sql"][:160] for one in asked if is_asked(one))
