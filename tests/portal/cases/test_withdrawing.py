"""A version of the list is withdrawn: the version before comes back, and its false alarms are closed."""

import json
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.portal.cases import actions, flags, noting_actions, reviewing
from quetsach.portal.cases.escalating.queries import rule_of
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.cases.undoing_actions import take_back_last
from quetsach.portal.cases.withdrawing import actions as following
from quetsach.portal.checks.packs.actions import NoListError, build_pack
from quetsach.portal.indicators import queries
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.reports.frozen.actions import restate_all
from quetsach.portal.reports.frozen.queries import chain_of
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Sighting
from tests.portal.page_text import text_of
from tests.portal.reports.test_review import taken
from tests.portal.scan_document import (
    alive_of,
    coverage,
    document,
    hours_of,
    noon,
    publish_list,
    sighting,
)

GOOD = "indicator,type,family\nevil.example,domain,ramnit\n"
BAD = GOOD + "busy.example,domain,ramnit\nshared.example,domain,mirai\n"
WHY = "busy.example là tên miền sạch"


@pytest.fixture
def versions(cast, tmp_path):
    return publish_list(cast, tmp_path, GOOD), publish_list(cast, tmp_path, BAD)


@pytest.fixture
def scan(cast, versions):
    def give(*rows, row=None, unit="A1", coverages=(), asked=()):
        body = document(rows, coverages, set_id=(row or versions[1]).set_id, asked=asked)
        return receive_file(BytesIO(body), cast.nodes[unit], Sender("upload", user=cast.user(unit, "it")))

    return give


@pytest.fixture
def withdraw(cast):
    def do(row, reason=WHY, client=None):
        url = reverse("indicator_withdraw", args=["lam-sach", row.pk])
        return (client or cast.client("centre", "coordinator")).post(url, {"reason": reason}, follow=True)

    return do


def publish_again(cast, row):
    client = cast.client("centre", "coordinator")
    at = client.post(reverse("indicator_draft", args=["lam-sach", row.pk]), {"verb": "again"})["Location"]
    return client.post(at, {"verb": "publish", "typed": row.count, "reason": "đã kiểm tra lại"})


def states():
    return dict(Case.rows.filter(is_current=True).values_list("device__key", "state"))


def test_the_version_before_comes_back_for_everybody(cast, versions, withdraw):
    first, second = versions
    old_pack = build_pack(cast.nodes["A1"], cast.user("A1", "it"), "https://portal.example/")
    withdraw(second)
    current = queries.current(cast.campaign)
    assert (current.version, current.set_id, current.again_of) == (3, first.set_id, 1)
    answer = Client().get("/api/v1/indicators?campaign=lam-sach")
    assert (answer["X-Set-Id"], answer["X-Set-Version"]) == (first.set_id, "3")
    assert b"busy.example" not in b"".join(answer.streaming_content)
    gone = Client().get("/danh-sach/lam-sach/v2.csv")
    assert gone.status_code == 410 and "bản 3" in gone.content.decode()
    sums = Client().get("/danh-sach/lam-sach/sha256.txt").content.decode()
    assert "-v2." not in sums and "-v3." in sums
    assert "Bản 3," in Client().get("/danh-sach/").content.decode()
    person = cast.client("A1", "it")
    download = person.get(reverse("pack_file", args=["lam-sach", old_pack.pk]))
    assert download.status_code == 302, "a pack with a withdrawn list is not handed out"
    pack = build_pack(cast.nodes["A1"], cast.user("A1", "it"), "https://portal.example/")
    assert pack.version == old_pack.version + 1 and pack.indicator_set_id == current.pk


def test_without_a_version_before_there_is_no_list_and_every_place_says_so(cast, versions, withdraw):
    first, second = versions
    withdraw(first)
    assert queries.current(cast.campaign).pk == second.pk, "a replaced version is withdrawn without a change"
    page = withdraw(second).content.decode()
    assert queries.current(cast.campaign) is None and "không có danh sách nào đang dùng" in page
    answer = Client().get("/api/v1/indicators?campaign=lam-sach")
    assert answer.status_code == 410 and json.loads(answer.content)["code"] == "withdrawn"
    public = Client().get("/danh-sach/").content.decode()
    assert "danh sách bản 2 đã bị thu hồi" in public
    with pytest.raises(NoListError):
        build_pack(cast.nodes["A1"], cast.user("A1", "it"), "https://portal.example/")
    assert Client().get("/danh-sach/lam-sach/muc/").status_code == 404


def test_cases_that_rest_on_it_alone_are_closed_and_others_stay(cast, versions, scan, withdraw):
    scan(
        sighting("10.1.1.5", noon(3), indicator="busy.example"),
        sighting("10.1.1.6", noon(3), indicator="busy.example"), sighting("10.1.1.6", noon(2)),
        sighting("10.1.1.7", noon(3), indicator="shared.example", family="mirai"),
        sighting("10.1.1.8", noon(3)),
    )  # fmt: skip
    before = dict.fromkeys(("10.1.1.5", "10.1.1.6", "10.1.1.7", "10.1.1.8"), "assigned")
    assert states() == before
    client = cast.client("centre", "coordinator")
    look = client.get(reverse("indicator_withdraw", args=["lam-sach", versions[1].pk])).content.decode()
    assert "2 hồ sơ máy đang mở" in look and "1 hồ sơ máy còn có căn cứ khác" in look and states() == before
    withdraw(versions[1])
    assert states() == before | {"10.1.1.5": "false_positive", "10.1.1.7": "false_positive"}
    event = CaseEvent.rows.get(case__device__key="10.1.1.5", act="withdraw")
    assert (event.reason, event.data["version"], event.by) == (WHY, 2, cast.user("centre", "coordinator"))
    officer = cast.client("A1", "officer")
    case = officer.get(reverse("case", args=["lam-sach", event.case_id])).content.decode()
    assert "Báo nhầm do danh sách bản 2" in case and WHY in case
    listed = officer.get("/cd/lam-sach/may/?ban=2").content.decode()
    assert "10.1.1.5" in listed and "10.1.1.7" in listed and "10.1.1.8" not in listed
    officer.cookies["django_language"] = "en"
    for choice, tab, rest in (
        ("", "All 2", 1),
        ("so=false", "All 2 False alarm 2", 0),
        ("tim=1.1.5", "All 1", 0),
    ):
        head = text_of(officer.get(f"/cd/lam-sach/may/?{choice}"))
        assert tab in head and ("At least" in head) == rest, "the head is of the rows below it"
    assert Entry.objects.filter(action="case.withdraw").count() == 2
    assert CaseSighting.rows.count() == 5, "what the logs showed is kept"


def test_a_case_of_an_entry_that_an_older_version_lists_stays_open(cast, versions, scan, withdraw, tmp_path):
    """The list in between lacks the name; the case is older than the version that is withdrawn."""
    scan(sighting("10.1.1.5", noon(3)), row=versions[0])
    publish_list(cast, tmp_path, "other.example\n")
    latest = publish_list(cast, tmp_path, GOOD + "other.example,domain,\n")
    withdraw(latest)
    assert queries.current(cast.campaign).count == 1 and states() == {"10.1.1.5": "assigned"}


def test_proof_and_claims_are_not_touched(cast, versions, scan, withdraw):
    machine, told = "10.1.1.5", {"order": "kept", "name": "fw"}
    before = alive_of(noon(38), noon(30))
    old = coverage(
        noon(38), noon(30), hours=hours_of(noon(38), noon(30)), alive={machine: before}, source="old", **told
    )
    scan(sighting(machine, noon(30), indicator="busy.example"), coverages=[old], asked=[machine])
    scan(sighting("10.1.1.6", noon(30), indicator="busy.example"))
    it = cast.user("A1", "it")
    for case in Case.rows.all():
        actions.claim_clean(case, it, done="scan", done_at=noon(28))
    after = alive_of(noon(29), noon(12))
    new = coverage(noon(29), noon(12), hours=hours_of(noon(29), noon(12)), alive={machine: after}, **told)
    scan(coverages=[new], asked=[machine])
    proven = Case.rows.get(device__key="10.1.1.5")
    assert proven.state == "verified_clean"
    withdraw(versions[1])
    left = Case.rows.get(pk=proven.pk)
    assert (left.state, left.verified_at, left.quiet_until, left.claimed_at) == (
        proven.state, proven.verified_at, proven.quiet_until, proven.claimed_at,
    )  # fmt: skip
    other = Case.rows.get(device__key="10.1.1.6")
    assert (other.state, other.claimed_at) == ("false_positive", noon(28))
    person = cast.client("A1", "it")
    person.cookies["django_language"] = "en"
    page = text_of(person.get(reverse("case", args=["lam-sach", proven.pk])))
    assert "By the rules and logs of today" not in page, "the same place, the same logs"
    assert not list(reviewing.doubtful(cast.campaign, timezone.now()))


def test_publishing_it_again_opens_the_cases_where_they_stood(cast, versions, scan, withdraw):
    scan(sighting("10.1.1.5", noon(3), indicator="busy.example"))
    scan(sighting("10.1.1.7", noon(3), indicator="shared.example", family="mirai"))
    actions.start_cleaning(Case.rows.get(device__key="10.1.1.5"), cast.user("A1", "it"))
    withdraw(versions[1])
    assert set(states().values()) == {"false_positive"}
    assert not Sighting.rows.filter(is_listed=True).exists()
    sent = taken(cast, "A1")
    publish_again(cast, versions[1])
    assert queries.current(cast.campaign).set_id == versions[1].set_id
    assert states() == {"10.1.1.5": "cleaning", "10.1.1.7": "assigned"}
    assert Case.rows.filter(false_alarm_of=None).count() == 2 and Case.rows.count() == 2
    assert Sighting.rows.filter(is_listed=True).count() == 2
    # The frozen figures follow, and say that it was the list: nobody was wrong about a false alarm.
    restate_all(cast.campaign)
    assert chain_of(sent).holds.reasons == [["returned", 2]]


def test_publishing_it_again_keeps_the_clocks_and_what_the_unit_said(cast, versions, scan, withdraw):
    """The days in which the list was withdrawn do not count against the unit; those before do."""
    scan(sighting("10.1.1.5", noon(3), indicator="busy.example"))
    scan(sighting("10.1.1.7", noon(3), indicator="shared.example", family="mirai"))
    noting_actions.acknowledge(Case.rows.get(device__key="10.1.1.5"), cast.user("A1", "it"))
    Case.rows.update(opened_at=noon(28), tries=2, aside_until=timezone.now() + timedelta(days=9))
    names = ("device__key", "acknowledged_at", "located_at", "tries", "aside_until")
    before, rule = set(Case.rows.values_list(*names)), rule_of(cast.campaign)
    withdraw(versions[1])
    closed = timezone.now() - timedelta(days=4)
    CaseEvent.rows.filter(act="withdraw").update(at=closed)
    publish_again(cast, versions[1])
    assert set(Case.rows.values_list(*names)) == before
    for case in Case.rows.all():
        assert timedelta() <= case.clock_at - noon(28) - timedelta(days=4) < timedelta(minutes=5)
        assert (rule.due(case).clock == "locate") == (case.device.key == "10.1.1.5")
    assert Case.rows.filter(flags.late(rule, timezone.now())).count() == 2


def test_a_corrected_list_opens_only_the_cases_that_it_still_names(cast, versions, scan, withdraw, tmp_path):
    scan(sighting("10.1.1.5", noon(3), indicator="busy.example"),
         sighting("10.1.1.7", noon(3), indicator="shared.example", family="mirai"))  # fmt: skip
    withdraw(versions[1])
    publish_list(cast, tmp_path, GOOD + "shared.example,domain,mirai\n")
    pull_sightings(cast.campaign)
    assert states() == {"10.1.1.5": "false_positive", "10.1.1.7": "assigned"}


def test_later_logs_with_the_withdrawn_list_open_nothing(cast, versions, scan, withdraw):
    scan(sighting("10.1.1.5", noon(3), indicator="busy.example", count=1))
    withdraw(versions[1])
    receipt = scan(
        sighting("10.1.1.5", noon(3), indicator="busy.example", count=9),
        sighting("10.1.1.9", noon(1), indicator="busy.example", source="log-2"),
    )
    assert states() == {"10.1.1.5": "false_positive"}
    assert receipt.scan is None or receipt.scan.indicator_set_id == versions[1].pk


def test_a_case_that_a_person_opens_again_is_not_closed_twice(cast, versions, scan, withdraw):
    scan(sighting("10.1.1.5", noon(3), indicator="busy.example"))
    withdraw(versions[1])
    actions.reopen(Case.rows.get(), cast.user("A1", "it"), "Máy vẫn có mã độc khác")
    IndicatorSet.rows.filter(pk=versions[1].pk).update(is_followed=False)
    pull_sightings(cast.campaign)
    assert states() == {"10.1.1.5": "assigned"} and Case.rows.get().false_alarm_of is None


def test_a_case_that_was_opened_by_mistake_is_that_of_the_withdrawn_list_again(
    cast, versions, scan, withdraw
):
    scan(sighting("10.1.1.5", noon(3), indicator="busy.example"))
    withdraw(versions[1])
    it = cast.user("A1", "it")
    actions.reopen(Case.rows.get(), it, "Mở nhầm hồ sơ.")
    take_back_last(Case.rows.get(), it)
    case = Case.rows.get()
    assert (case.state, case.false_alarm_of) == ("false_positive", versions[1])
    assert "Báo nhầm do danh sách bản 2" in text_of(cast.client("A1", "it").get(
        reverse("case", args=["lam-sach", case.pk])))  # fmt: skip
    publish_again(cast, versions[1])
    assert states() == {"10.1.1.5": "assigned"}


def test_after_a_crash_the_next_run_closes_the_rest(cast, versions, scan, withdraw, monkeypatch):
    scan(*(sighting(f"10.1.1.{n}", noon(3), indicator="busy.example") for n in range(5, 10)))
    monkeypatch.setattr(following, "BATCH", 2)
    close, calls = following._close, []

    def breaks(*some):
        calls.append(some)
        if len(calls) == 2:
            raise OSError("no space left")
        return close(*some)

    monkeypatch.setattr(following, "_close", breaks)
    withdraw(versions[1])
    assert list(states().values()).count("false_positive") == 2
    pull_sightings(cast.campaign)
    assert set(states().values()) == {"false_positive"}
    assert CaseEvent.rows.filter(act="withdraw").count() == 5


@pytest.mark.parametrize(("unit", "role"), [("A", "coordinator"), ("A1", "it"), ("centre", "officer")])
def test_only_those_who_publish_withdraw(cast, versions, withdraw, unit, role):
    assert withdraw(versions[1], client=cast.client(unit, role)).status_code == 404
    assert queries.current(cast.campaign).pk == versions[1].pk


def test_a_reason_is_asked_for_and_stands_in_the_history(cast, versions, withdraw):
    assert withdraw(versions[1], reason="sai").status_code == 422
    assert queries.current(cast.campaign).pk == versions[1].pk
    page = withdraw(versions[1]).content.decode()
    assert f"Thu hồi danh sách bản 2: 3 chỉ dấu. {WHY}" in page
    assert "Phát hành lại danh sách bản 1, thành bản 3" in page
    again = withdraw(versions[1]).content.decode()
    assert "Bản 2 đã được thu hồi trước đó" in again and IndicatorSet.rows.count() == 3


def test_the_same_list_under_two_numbers_does_not_come_back(cast, versions, withdraw):
    publish_again(cast, versions[0])
    assert queries.current(cast.campaign).version == 3
    withdraw(queries.current(cast.campaign))
    current = queries.current(cast.campaign)
    assert (current.version, current.set_id) == (4, versions[1].set_id)
    assert set(queries.withdrawn(cast.campaign.pk).values_list("version", flat=True)) == {1, 3}


def test_a_withdrawn_list_comes_back_only_with_a_reason(cast, versions, withdraw, tmp_path):
    """By its button and as an uploaded file: the page says when it was withdrawn, by whom and why."""
    second = versions[1]
    withdraw(second)
    second.refresh_from_db()
    client = cast.client("centre", "coordinator")
    door = reverse("indicator_draft", args=["lam-sach", second.pk])
    uploaded = {"lists": [SimpleUploadedFile("khac.csv", BAD.encode())]}
    for url, asked in ((door, {"verb": "again"}), ("/cd/lam-sach/chi-dau/", uploaded)):
        at = client.post(url, asked)["Location"]
        page = client.get(at).content.decode()
        assert WHY in page and "phát hành là bản 2 và đã bị thu hồi" in page and 'name="reason"' in page
        for reason in ("", "ngắn"):
            answer = client.post(at, {"verb": "publish", "typed": second.count, "reason": reason})
            assert answer.status_code == 422 and IndicatorSet.rows.filter(version=4).count() == 0
            assert 'aria-invalid="true"' in answer.content.decode()
    client.post(at, {"verb": "publish", "typed": second.count, "reason": "đã xác minh với NCSC"})
    assert queries.current(second.campaign_id).version == 4
    entry = Entry.objects.get(action="indicators.publish_withdrawn")
    assert (entry.data["of"], entry.data["reason"]) == (2, "đã xác minh với NCSC")
    assert "đã xác minh với NCSC" in client.get("/cd/lam-sach/chi-dau/").content.decode()


def test_what_was_never_withdrawn_asks_for_no_reason(cast, versions):
    client = cast.client("centre", "coordinator")
    door = reverse("indicator_draft", args=["lam-sach", versions[0].pk])
    page = client.get(client.post(door, {"verb": "again"})["Location"]).content.decode()
    assert 'name="reason"' not in page
