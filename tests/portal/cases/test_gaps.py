"""Gaps of proofs as tasks of the unit that can close them, and the judgement of each night."""

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import lxml.html
import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from quetsach.machines.proof.gaps import Lack
from quetsach.portal.audit.models import Entry
from quetsach.portal.cases import actions, night_actions, transfer_actions
from quetsach.portal.cases.gaps.spans import joined
from quetsach.portal.cases.missing import PARTS
from quetsach.portal.cases.models import Case, CaseEvent, CaseGap, Device, JudgingRun
from quetsach.portal.cases.pull_actions import Pulled
from quetsach.portal.sightings.actions import Sender, receive_file
from tests.portal.page_text import text_of
from tests.portal.scan_document import (
    alive_of,
    bypass,
    coverage,
    document,
    hours_of,
    noon,
    publish_list,
    sighting,
)

ONE, TWO, THREE = "10.1.1.5", "10.1.1.6", "10.1.1.7"
HELP = reverse("handbook_page", args=["khi-nao-sach"])


@pytest.fixture
def listed(cast, tmp_path):
    return publish_list(cast, tmp_path)


@pytest.fixture
def upload(cast, listed):
    def give(rows, coverages=(), unit="A1", **more):
        body = document(rows, coverages, set_id=listed.set_id, **more)
        return receive_file(BytesIO(body), cast.nodes[unit], Sender("upload", user=cast.user(unit, "it")))

    return give


def log(first, last, machines=(ONE,), source="log", name="fw"):
    alive = {machine: alive_of(first, last) for machine in machines}
    told = {"hours": hours_of(first, last), "order": "kept", "alive": alive}
    return coverage(first, last, source=f"{source}-{first:%d-%H}", name=name, **told)


def claimed(cast, upload, machines=(ONE,), unit="A1", at=20):
    """Machines that were seen with signs and by hours for eight days, then handled."""
    signs = [sighting(machine, noon(at + 1), source=f"s-{machine}") for machine in machines]
    upload(signs, [log(noon(at + 9), noon(at + 1), machines)], unit=unit, asked=machines)
    for case in Case.rows.filter(device__key__in=machines):
        actions.claim_clean(case, cast.user("A1", "it"), done="scan", done_at=noon(at))
    return list(Case.rows.order_by("device__key"))


def today(cast, unit="A1"):
    url = reverse("today", args=[cast.campaign.slug]) + f"?don-vi={cast.nodes[unit].pk}"
    return text_of(cast.client(unit, "officer").get(url))


def door(cast, case, unit="A1", role="it"):
    """Address and words of the button that leads to what closes the first gap."""
    page = cast.client(unit, role).get(reverse("case", args=["lam-sach", case.pk]))
    (link,) = lxml.html.fromstring(page.content).xpath(
        "//div[contains(@class, 'actions')]/a[contains(@class, 'btn-main')]"
    )
    return link.get("href"), link.text_content()


def gaps(cast, unit="A1"):
    url = reverse("case_gaps", args=[cast.campaign.slug]) + f"?don-vi={cast.nodes[unit].pk}"
    answer = cast.client(unit, "officer").get(url)
    assert answer.status_code == 200
    return text_of(answer)


def hole(first, last):
    """The words for a gap between two days ago; 0 is now, which may be a day later here than in UTC."""
    end = noon(last) if last else timezone.localtime()
    return f"từ {noon(first):%d/%m} đến {end:%d/%m}"


def test_a_gap_of_one_log_is_one_task_for_all_its_machines_until_it_is_closed(cast, upload):
    machines = (ONE, TWO, THREE)
    claimed(cast, upload, machines)
    upload([], [log(noon(20), noon(12, 8), machines), log(noon(8, 16), noon(0, 0), machines)], asked=machines)
    title = f"Quét nhật ký fw {hole(12, 8)} với --asked (3 máy chờ)"
    assert title in today(cast)
    page = gaps(cast)
    assert title in page and all(machine in page for machine in machines)
    assert "A2" not in page and title not in today(cast, "A2")
    # A part of the log comes: the days that are left stay a task.
    upload([], [log(noon(12, 8), noon(10), machines)], asked=machines)
    assert f"Quét nhật ký fw {hole(10, 8)} với --asked (3 máy chờ)" in today(cast)
    upload([], [log(noon(10), noon(8, 16), machines)], asked=machines)
    assert "Quét nhật ký fw" not in today(cast)
    assert set(Case.rows.values_list("state", flat=True)) == {"verified_clean"}
    assert "Không có gì mà đơn vị mình bù được" in gaps(cast)


def test_right_after_the_handling_nothing_can_be_missing_yet(cast, upload):
    signs = [sighting(ONE, noon(1), source="s")]
    upload(signs, [log(noon(9), noon(1))], asked=[ONE])
    now = timezone.now()
    actions.claim_clean(Case.rows.get(), cast.user("A1", "it"), done="scan", done_at=now)
    call_command("pull_sightings")
    assert not CaseGap.rows.exists() and "Quét nhật ký" not in today(cast) + gaps(cast)
    url = reverse("case", args=[cast.campaign.slug, Case.rows.get().pk])
    answer = cast.client("A1", "it").get(url)
    begins = timezone.localtime(now + timedelta(hours=1))
    (one,) = answer.context["tale"].missing
    assert one.span == f"từ {begins:%d/%m/%Y %H:%M} trở đi"
    page = text_of(answer)
    assert f"Chưa có gì để thấy: thời gian im lặng bắt đầu lúc {begins:%H:%M}" in page
    assert "Quét nhật ký" not in page and "mà chưa xem nhật ký" not in page


def test_the_superior_scans_its_own_log_and_the_unit_is_told_so(cast, upload):
    signs = [sighting(ONE, noon(21), source="s-outer")]
    upload(signs, [log(noon(29), noon(21), name="ngoai")], unit="A", asked=[ONE], name="ngoai")
    (case,) = Case.rows.all()
    assert case.device.owner == cast.nodes["A1"]
    actions.claim_clean(case, cast.user("A1", "it"), done="scan", done_at=noon(20))
    call_command("pull_sightings")
    # Its log is asked for up to today, which is the next day in Vietnam while UTC is still behind.
    until = timezone.localdate()
    order = f"Quét nhật ký ngoai từ {noon(20):%d/%m} đến {until:%d/%m} với --asked (1 máy chờ)"
    assert order in today(cast, "A") and order in gaps(cast, "A") and ONE in gaps(cast, "A")
    assert "Quét nhật ký ngoai" not in today(cast) and "Bổ sung nhật ký cho" not in today(cast)
    page = reverse("case", args=[cast.campaign.slug, case.pk])
    assert "Xem đơn vị nào bù được" in text_of(cast.client("A1", "it").get(page))
    above = text_of(cast.client("A", "it").get(page))
    assert "Xem đơn vị nào bù được" not in above and "Bổ sung nhật ký" in above
    own = gaps(cast)
    assert "Việc đơn vị khác làm giúp" in own and order in own and "Đơn vị A" in own


def test_what_is_done_at_the_machine_is_the_task_of_the_unit_that_has_it(cast, upload):
    (case,) = claimed(cast, upload)
    assert "Bổ sung nhật ký cho 1 máy" in today(cast), "nobody knows yet what closes it"
    ways = [bypass(ONE, noon(day), source=f"w-{day}") for day in (8, 1)]
    upload([], [log(noon(20), noon(0, 0))], bypasses=ways, asked=[ONE])
    call_command("pull_sightings")
    told = today(cast)
    assert "Tắt đường đi vòng qua nhật ký trên 1 máy" in told and "Bổ sung nhật ký cho" not in told
    assert door(cast, case) == (f"{HELP}#the-machine-goes-around-the-logs", "Cách tắt đường đi vòng")
    case.device.owner = cast.nodes["A2"]
    case.device.save()
    transfer_actions.pass_on(case.device, cast.nodes["A1"], None)
    assert "Tắt đường đi vòng" not in today(cast)
    assert "Tắt đường đi vòng qua nhật ký trên 1 máy" in today(cast, "A2")


def test_a_machine_that_works_few_hours_is_checked_by_its_unit(cast, upload):
    """The log that would be scanned is the superior's; the machine is the unit's."""
    few = {day: mask & 0b110 for day, mask in alive_of(noon(29), noon(21)).items()}
    told = {"hours": hours_of(noon(29), noon(21)), "order": "kept", "alive": {ONE: few}}
    before = coverage(noon(29), noon(21), source="outer", name="ngoai", **told)
    upload([sighting(ONE, noon(21, 1), source="s-outer")], [before], unit="A", asked=[ONE], name="ngoai")
    case = Case.rows.get()
    actions.claim_clean(case, cast.user("A1", "it"), done="scan", done_at=noon(20))
    upload([], [log(noon(20), noon(1), ["10.1.1.9"], name="ngoai")], unit="A", asked=[ONE, "10.1.1.9"])
    call_command("pull_sightings")
    assert "Kiểm tra trực tiếp 1 máy" in today(cast) and "Kiểm tra trực tiếp" not in today(cast, "A")
    checks = reverse("checks", args=["lam-sach"])
    assert door(cast, case) == (f"{checks}?don-vi={cast.nodes['A1'].pk}", "Kiểm tra trực tiếp máy này")


def test_of_many_machines_behind_an_address_the_page_asks_for_the_translations(cast, upload):
    case = Case.rows.get(pk=claimed(cast, upload)[0].pk)
    assert door(cast, case) == (reverse("scans", args=["lam-sach"]), "Bổ sung nhật ký")
    Device.rows.update(id_kind="shared", strength="shared")
    evidence = reverse("evidence", args=[cast.units["A1"].pk])
    assert door(cast, case) == (evidence, "Nộp nhật ký chuyển đổi địa chỉ (NAT)")
    assert door(cast, case, "A", "reader")[0] == f"{HELP}#many-machines-behind-one-address"


def test_a_task_goes_with_its_claim(cast, upload):
    (case,) = claimed(cast, upload)
    call_command("pull_sightings")
    assert CaseGap.rows.count() == 1 and "Quét nhật ký fw" in today(cast)
    actions.reopen(case, cast.user("A1", "it"), "làm lại")
    assert "Quét nhật ký fw" not in today(cast)
    actions.claim_clean(case, cast.user("A1", "it"), done="scan", done_at=noon(1))
    assert "Quét nhật ký fw" not in today(cast), "the new claim was not judged yet"
    case.refresh_from_db()
    actions.dismiss(case, cast.user("A1", "it"), "nhầm")
    call_command("pull_sightings")
    assert not CaseGap.rows.exists()


def test_a_run_that_is_cut_short_goes_on_and_nothing_happens_twice(cast, upload, monkeypatch):
    machines = [f"10.1.1.{n}" for n in range(20, 31)]
    claimed(cast, upload, machines)
    upload([], [log(noon(20), noon(0, 0), machines)], asked=machines)
    Case.rows.update(state="claimed_clean", verified_at=None)
    CaseEvent.rows.exclude(act__in=["open", "claim"]).delete()
    monkeypatch.setattr(night_actions, "AT_ONCE", 4)
    judged = []
    real = night_actions.judge_some

    def dies(cases, pulled):
        judged.extend(cases.values_list("pk", flat=True))
        done = real(cases, pulled)
        if len(judged) == 8:
            raise KeyboardInterrupt  # behind the work of the second part, before it is noted
        return done

    monkeypatch.setattr(night_actions, "judge_some", dies)
    with pytest.raises(KeyboardInterrupt):
        night_actions.judge_all(cast.campaign, Pulled())
    assert Case.rows.filter(state="verified_clean").count() == 8
    monkeypatch.setattr(night_actions, "judge_some", real)
    call_command("pull_sightings")
    assert CaseEvent.rows.filter(act="verify").count() == len(machines)
    run = JudgingRun.rows.get()
    assert (run.restarts, run.verified, run.ended_at is None) == (1, 7, False)
    entry = Entry.objects.get(action="cases.judge_all")
    assert entry.data["judged"] == run.judged and entry.data["seconds"] >= 0
    page = gaps(cast, "centre")
    assert "bị ngắt rồi chạy tiếp" in page and f"Trong {run.judged} hồ sơ đã xử lý: thêm 7 hồ sơ" in page
    JudgingRun.rows.update(verified=0)
    page = gaps(cast, "centre")
    assert f"Trong {run.judged} hồ sơ đã xử lý chưa có thêm hồ sơ nào được xác minh sạch" in page
    assert "giây" not in page and "thêm 0" not in page


def test_the_top_hears_when_the_night_was_left_out(cast, upload):
    claimed(cast, upload)
    assert "Yêu cầu chạy việc xét máy mỗi đêm" in today(cast, "centre")
    assert "Yêu cầu chạy" not in today(cast)
    call_command("pull_sightings")
    assert "Yêu cầu chạy" not in today(cast, "centre")
    JudgingRun.rows.update(ended_at=timezone.now() - timedelta(hours=40))
    assert "Yêu cầu chạy việc xét máy mỗi đêm" in today(cast, "centre")


def test_every_gap_has_its_part_of_the_help_page():
    pages = Path("src/quetsach/portal/handbook/pages.json").read_text(encoding="utf-8")
    for language in ("vi", "en"):
        parts = {part for part, _words in json.loads(pages)[language]["khi-nao-sach"]["contents"]}
        assert {PARTS[lack] for lack in Lack} <= parts


def test_days_that_adjoin_are_one_span():
    def day(n):
        return noon(0).date() + timedelta(days=n)

    assert joined([(day(5), day(6)), (day(0), day(1)), (day(2), day(2)), (day(1), day(1))]) == [
        (day(0), day(2)),
        (day(5), day(6)),
    ]
