"""Notes and marks of a case: isolated, tried, put aside; machines that are gone; and the way back."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.cases import actions, flags, noting_actions
from quetsach.portal.cases.escalating.queries import rule_of
from quetsach.portal.cases.flags import Flag
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.checks.models import CrackedCopy
from quetsach.portal.machines.models import RegisterRow, StoredDecision
from quetsach.portal.sightings.actions import Sender, receive_file
from tests.portal.page_text import text_of
from tests.portal.scan_document import alive_of, coverage, document, hours_of, noon, publish_list, sighting

KEY = "10.1.1.5"
WHY = "Máy của phòng kế toán."


@pytest.fixture
def listed(cast, tmp_path):
    return publish_list(cast, tmp_path)


@pytest.fixture
def upload(cast, listed):
    def give(rows, coverages=()):
        asked = {name for one in coverages for name in one.get("alive") or ()}
        body = document(rows, coverages, set_id=listed.set_id, asked=asked)
        return receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))

    return give


@pytest.fixture
def case(cast, upload):
    upload([sighting(KEY, noon(30))], [log(noon(38), noon(30))])
    return Case.rows.get()


def log(first, last, device=KEY, asked=None):
    """A log with lines in each hour, and the machine in each of them; without it where only `asked`."""
    alive = {asked: {}} if asked else {device: alive_of(first, last)}
    return coverage(first, last, source=f"log-{first}-{last}", hours=hours_of(first, last), order="kept",
                    alive=alive)  # fmt: skip


def marks(cast):
    rows = flags.with_flags(Case.rows.all(), rule_of(cast.campaign), timezone.now())
    return {flag for flag, _words in flags.flags_of(rows.get())}


def act(cast, case, deed, role="it", unit="A1", **fields):
    url = reverse("case_act", args=["lam-sach", case.pk, deed])
    return cast.client(unit, role).post(url, fields)


def moment(at):
    return f"{timezone.localtime(at):%d/%m/%Y %H:%M}"


def test_a_machine_off_the_network_is_marked_and_not_cleaned(cast, case):
    before = case.state
    since = noon(2)
    assert act(cast, case, "co-lap", since=moment(since), reason=WHY).status_code == 302
    assert Case.rows.get().state == before and Flag.ISOLATED in marks(cast)
    page = text_of(cast.client("A1", "it").get(reverse("case", args=["lam-sach", case.pk])))
    assert "đã ngắt khỏi mạng" in page and moment(since) in page
    assert act(cast, case, "co-lap", since=moment(since), reason=WHY).status_code == 422
    assert act(cast, case, "hoan-tac").status_code == 302
    assert Device.rows.get().isolated_at is None and Flag.ISOLATED not in marks(cast)
    assert [event.act for event in case.events.all()] == ["open", "isolate", "undo"]


def test_a_machine_whose_signs_came_back_waits_for_somebody_and_says_since_when(cast, case, upload):
    client = cast.client("A1", "it")
    act(cast, case, "da-xu-ly", done="scan", done_at=moment(noon(20)))
    upload([sighting(KEY, noon(9), source="new"), sighting(KEY, noon(5), source="new")])
    day = f"{timezone.localtime(noon(9)):%d/%m/%Y}"
    listed = text_of(client.get(reverse("cases", args=["lam-sach"])))
    work = text_of(client.get(reverse("case_work", args=["lam-sach"])))
    assert f"lại có dấu hiệu từ {day}" in listed and f"lại có dấu hiệu từ {day[:5]}" in work
    assert "Đang xử lý 1" not in listed and "1 máy có dấu hiệu mà chưa được xử lý" in listed
    assert "Xử lý 1 máy có dấu hiệu" in text_of(client.get(reverse("today", args=["lam-sach"])))
    page = text_of(client.get(reverse("case", args=["lam-sach", case.pk])))
    at = f"{timezone.localtime(noon(9)):%H:%M %d/%m/%Y}"
    assert f"Lại có dấu hiệu từ {at}, dù đã xử lý." in page
    assert "làm đủ mọi bước dưới đây" in page and "Bắt đầu xử lý" in page
    act(cast, case, "bat-dau")
    page = text_of(client.get(reverse("case", args=["lam-sach", case.pk])))
    assert "Lại có dấu hiệu từ" in page and "Đã có người đang xử lý lại" in page
    act(cast, case, "da-xu-ly", done="reinstall", done_at=moment(noon(1)))
    assert "lại có dấu hiệu từ" not in text_of(client.get(reverse("cases", args=["lam-sach"])))


def test_signs_after_the_own_release_are_the_superiors_matter(cast, case, upload):
    act(cast, case, "co-lap", since=moment(noon(20)), reason=WHY)
    told = {"done": "scan", "done_at": moment(noon(6)), "lifts": "on"}
    assert act(cast, case, "da-xu-ly", **told).status_code == 302
    device = Device.rows.get()
    assert device.isolated_at is None and device.released_at is not None
    today = reverse("today", args=["lam-sach"])
    assert "cần cấp trên giúp" not in text_of(cast.client("A", "officer").get(today))
    upload([sighting(KEY, noon(2), source="new")])
    assert Case.rows.get().relapses == 1 and Flag.BACK in marks(cast)
    assert "cần cấp trên giúp" in text_of(cast.client("A", "officer").get(today))


def test_three_dated_tries_reach_the_superior_and_the_case_stays_open(cast, case):
    for n in (5, 4, 3):
        assert Flag.UNREACHABLE not in marks(cast)
        told = {"tried_at": moment(noon(n)), "how": "Gọi văn phòng, không ai biết máy này."}
        assert act(cast, case, "chua-gap", **told).status_code == 302
    assert Flag.UNREACHABLE in marks(cast) and Case.rows.get().state == case.state
    today = text_of(cast.client("A", "officer").get(reverse("today", args=["lam-sach"])))
    assert "cần cấp trên giúp" in today
    noting_actions.locate(case, cast.user("A1", "it"), place="phòng 204")
    assert (Case.rows.get().tries, Case.rows.get().unreachable_at) == (0, None)


def test_what_is_put_aside_leaves_the_list_and_is_counted(cast, case):
    work = reverse("case_work", args=["lam-sach"])
    until = timezone.localdate() + timedelta(days=3)
    assert act(cast, case, "de-sau", until=f"{until:%d/%m/%Y}", reason="Máy đang đi sửa.").status_code == 302
    client = cast.client("A1", "it")
    assert KEY not in text_of(client.get(work)) and KEY in text_of(client.get(work + "?loc=aside"))
    assert KEY in text_of(client.get(reverse("cases", args=["lam-sach"])))
    page = text_of(client.get(reverse("case", args=["lam-sach", case.pk])))
    assert page.lower().count(f"đến hết ngày {until:%d/%m/%Y}") == 2, "the mark and the history"
    assert "00:00" not in page
    assert act(cast, case, "lay-lai-viec").status_code == 302
    assert KEY in text_of(client.get(work))
    page = text_of(client.get(reverse("case", args=["lam-sach", case.pk])))
    assert "nhiều nhất 59 ngày" in page
    for days, status in ((-1, 422), (60, 422), (59, 302)):
        day = timezone.localdate() + timedelta(days=days)
        assert act(cast, case, "de-sau", until=f"{day:%d/%m/%Y}", reason=WHY).status_code == status


@pytest.mark.parametrize(
    "deed", ["co-lap", "chua-gap", "de-sau", "tim-thay", "da-biet", "hoan-tac", "noi-lai"]
)
def test_strangers_and_readers_note_nothing(cast, case, deed):
    for unit, role in (("A2", "it"), ("B", "coordinator"), ("A1", "reader")):
        assert act(cast, case, deed, unit=unit, role=role).status_code == 404
    assert case.events.count() == 1


def test_nobody_takes_back_what_another_person_did(cast, case):
    act(cast, case, "da-biet")
    assert act(cast, case, "hoan-tac", role="officer").status_code == 422
    assert Case.rows.get().acknowledged_at is not None
    act(cast, case, "bat-dau")
    act(cast, case, "da-xu-ly", done="scan", done_at=moment(noon(5)))
    act(cast, case, "hoan-tac")
    again = Case.rows.get()
    assert (again.state, again.claimed_at, again.done) == ("cleaning", None, "")


def test_marks_that_follow_from_facts(cast, case, upload):
    assert marks(cast) == {Flag.OVERDUE} & marks(cast)
    CrackedCopy.rows.create(device=case.device, product="office", found_at=noon(9), last_at=noon(9))
    upload([sighting(KEY, noon(3), source="later", action="blocked")])
    assert {Flag.CRACKED, Flag.BLOCKED} <= marks(cast) and Case.rows.get().state == case.state
    CrackedCopy.rows.update(gone_at=noon(1))
    upload([sighting(KEY, noon(2), source="latest")])
    assert Flag.CRACKED_GONE in marks(cast) and not {Flag.CRACKED, Flag.BLOCKED} & marks(cast)


def test_a_machine_out_of_use_is_proven_by_being_seen_no_more(cast, case, upload):
    assert act(cast, case, "da-xu-ly", done="retire", done_at=moment(noon(28))).status_code == 422
    told = {"done": "retire", "done_at": moment(noon(28)), "asset": "TS-0042"}
    assert act(cast, case, "da-xu-ly", **told).status_code == 302
    upload([], [log(noon(28, 14), noon(12), asked=KEY)])
    assert Case.rows.get().state == "verified_clean"
    page = text_of(cast.client("A1", "it").get(reverse("case", args=["lam-sach", case.pk])))
    assert (
        "Không còn sử dụng (TS-0042), và từ đó không thấy lại" in page
        and "đúng như máy không còn sử dụng" in page
    )
    for word in ("Đã sạch: ", "0 ngày", "có thể máy đã tắt", "khi máy đang bật", "Ba bước"):
        assert word not in page
    # It talks again, without a sign: it is in use, and nothing is proven.
    upload([], [log(noon(11), noon(10))])
    pull_sightings(cast.campaign)
    again = Case.rows.get()
    assert (again.state, again.claimed_at, again.relapses) == ("assigned", None, 0)
    assert again.events.last().act == "seen_again"
    page = text_of(cast.client("A1", "it").get(reverse("case", args=["lam-sach", case.pk])))
    assert "nay lại thấy hoạt động" in page and "TS-0042" in page


def test_another_machine_needs_to_be_seen_where_one_out_of_use_must_not(cast, case, upload):
    actions.claim_clean(case, cast.user("A1", "it"), done="reinstall", done_at=noon(28))
    upload([], [log(noon(28, 14), noon(12), asked=KEY)])
    assert Case.rows.get().state == "rechecked", "silence of a machine that nobody saw proves nothing"


def test_the_machine_that_came_for_another_is_tied_to_it(cast, case, settings):
    device = case.device
    Device.rows.filter(pk=device.pk).update(id_kind="mac", id_value="00:11:22:33:44:55", strength="located")
    new = {"key_kind": "mac", "key_value": "00:11:22:33:44:66", "name": "KT-07", "standing": "computer"}
    RegisterRow.rows.create(unit=cast.units["A1"], **new)
    told = {"done": "replace", "done_at": moment(noon(5)), "asset": "kt-07"}
    assert act(cast, case, "da-xu-ly", **told).status_code == 302
    said = StoredDecision.rows.get(verdict="replaced")
    assert (said.left_value, said.right_value) == ("00:11:22:33:44:55", "00:11:22:33:44:66")
    assert act(cast, case, "hoan-tac").status_code == 302
    assert StoredDecision.rows.filter(verdict="withdrawn", withdraws=said).exists()
    told["asset"] = "máy không có trong sổ"
    assert act(cast, case, "da-xu-ly", **told).status_code == 302
    assert StoredDecision.rows.filter(verdict="replaced").count() == 1


def test_what_was_taken_back_is_named_in_the_history(cast, case):
    act(cast, case, "bat-dau")
    act(cast, case, "hoan-tac")
    page = text_of(cast.client("A1", "it").get(reverse("case", args=["lam-sach", case.pk])))
    assert "Đã rút lại “Bắt đầu xử lý”" in page


@pytest.mark.parametrize(
    ("state", "mark"),
    [
        ("assigned", "có dấu hiệu trở lại sau khi xử lý"),
        ("verified_clean", "từng có dấu hiệu trở lại sau khi xử lý"),
    ],
)
def test_a_machine_that_is_clean_now_only_had_signs_again(cast, case, state, mark):
    Case.rows.update(relapses=1, state=state)
    page = text_of(cast.client("A1", "it").get(reverse("cases", args=["lam-sach"])))
    assert mark in page
    assert ("từng có dấu hiệu" in page) == (state != "assigned")


def test_a_list_of_one_mark_counts_what_it_shows(cast, case, upload):
    upload([sighting("10.1.1.6", noon(30), source="two")])
    Case.rows.filter(device__key=KEY).update(episode=2)
    Case.rows.create(
        device=case.device, family=case.family, state="verified_clean", is_current=False, opened_at=noon(40)
    )
    Device.rows.filter(key=KEY).update(isolated_at=timezone.now())
    client, url = cast.client("A1", "it"), reverse("cases", args=["lam-sach"])
    for choice in ("loc=isolated", "so=reinfected"):
        page = text_of(client.get(f"{url}?{choice}"))
        assert KEY in page and "10.1.1.6" not in page
        assert "1 máy của một số liệu" in page or "1 máy có dấu" in page
        assert client.get(f"{url}?{choice}").context["page"].paginator.count == 1
    assert "nhiễm lại sau khi đã sạch" in text_of(client.get(reverse("case_work", args=["lam-sach"])))


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [360, 1366])
def test_each_tick_box_stands_beside_its_words(window, cast, case, width):
    case.state = "cleaning"
    case.save()
    page = window("it-A1", width=width)
    page.goto(reverse("case", args=["lam-sach", case.pk]))
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    boxes = page.locator("main .field :is(input[type=checkbox], input[type=radio])")
    assert boxes.count() >= 7, "three steps, other malware, three kinds of a false alarm"
    for box in boxes.all():
        at, of = box.bounding_box(), box.locator("xpath=ancestor::label").bounding_box()
        assert at["width"] <= 24 and at["x"] - of["x"] < 4
        assert of["y"] <= at["y"] and at["y"] + at["height"] <= of["y"] + of["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
