"""What papers and letters about cases say: work that holds, machines that count, whom they go to."""

from datetime import UTC, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from quetsach.documents import lint_printed, reading
from quetsach.portal.audit.models import Entry
from quetsach.portal.cases import actions as case_actions
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.cases.owning_actions import say_not_ours
from quetsach.portal.cases.relapse_actions import relapse
from quetsach.portal.cases.rules import State
from quetsach.portal.cases.undoing_actions import take_back_last
from quetsach.portal.incidents import actions
from quetsach.portal.incidents.clocks import Kind
from quetsach.portal.incidents.queries import incidents_of
from tests.portal.incidents.drafts import in_draft, opened, url, words
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon


@pytest.mark.parametrize("form", ["pdf", "docx"])
def test_the_evidence_is_an_official_notice_to_the_unit(cast, cases, form):
    asked = "&".join(f"ho-so={case.pk}" for case in cases)
    client = cast.client("A", "officer")
    both = client.get(url("evidence_notice", form) + f"?{asked}")
    assert both.status_code == 422 and "Đơn vị A1, Đơn vị A2" in both.content.decode(), "a letter each"
    of_a1, of_a2 = (
        words(client.get(url("evidence_notice", form) + f"?{asked}&den={cast.nodes[unit].pk}"))
        for unit in ("A1", "A2")
    )
    page = client.get(url("incident_choose") + f"?{asked}").content.decode()
    assert page.count("&amp;den=") == 4 and "Mỗi đơn vị có công văn riêng" in page
    # No unit sees a machine, a line or the name of another one.
    assert not [said for said in ("Đơn vị A2", "10.1.2.9", "dòng của máy 9") if said in of_a1]
    assert not [said for said in ("Đơn vị A1", "10.1.1.6", "dòng của máy 6") if said in of_a2]
    headings = ["2. Cách xử lý từng loại", "2.1. Cách xử lý mã độc", "2.2. Cách xử lý mã độc"]
    places = [of_a1.lower().find(heading.lower()) for heading in headings]
    assert -1 not in places and places == sorted(places), "two malwares"
    assert "2. cách xử lý mã độc ramnit" in of_a2.lower() and "2.1." not in of_a2
    nobodys = url("evidence_notice", form) + f"?{asked}&den={cast.nodes['A'].pk}"
    assert client.get(nobodys).status_code == 404
    told = of_a1 + of_a2
    seen = noon(5)
    for said in (
        "V/v xử lý máy tính có kết nối đến địa chỉ độc hại", "UBND Đơn vị A1", "UBND Đơn vị A2",
        f"{timezone.localtime(seen):%d/%m/%Y %H:%M:%S}", f"{seen.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        "203.0.113.9:40112", "KE-TOAN-01", "c2[.]example", "Ramnit chép mình vào tệp chương trình",
        "Quét máy và ổ USB", "dòng của máy 9", "<script>alert(1)</script>",
    ):  # fmt: skip
        assert said.lower() in told.lower(), said
    for hidden in ("\u202e", "\ufffe", "\x07"):
        assert hidden not in told
    assert [one.data["cases"] for one in Entry.objects.filter(action="incident.evidence")].count(2) == 1


def test_a_reader_of_english_gets_the_papers_in_vietnamese(cast, cases):
    client = cast.client("A1", "officer")
    client.cookies["django_language"] = "en"
    told = words(
        client.get(url("evidence_notice", "pdf") + f"?don-vi={cast.nodes['A1'].pk}&ho-so={cases[0].pk}")
    )
    assert "Bộ phận, cá nhân quản lý và sử dụng máy" in told and "Số dòng nhật ký" in told


@pytest.mark.parametrize("form", ["pdf", "docx"])
def test_every_paper_is_laid_out_by_the_decree(cast, cases, form):
    """The reader of offices' finished documents finds no deviation but the blanks for number and date."""
    made, client = opened(cast, cases), cast.client("A", "officer")
    pages = [url("incident_draft", made.pk, kind.value, form) for kind in Kind]
    pages.append(url("evidence_notice", form) + f"?ho-so={cases[0].pk}")
    for page in pages:
        file = client.get(page).content
        found = lint_printed.lint(reading.read(file))
        assert [one.told() for one in found if one.severity != "note"] == [], page


def test_a_letter_names_the_person_to_call_of_the_unit_that_answers(cast, cases):
    """The unit's own contact; else that of the campaign, or the author, with the unit."""
    cast.campaign.contact = {"name": "Bà Tổng Hợp", "phone": "024 111"}
    cast.campaign.save()
    letter = url("evidence_notice", "docx") + f"?don-vi={cast.nodes['A1'].pk}&ho-so={cases[0].pk}"
    told = words(cast.client("A1", "reader").get(letter))
    assert "Liên hệ đầu mối của chiến dịch tại UBND Đơn vị centre: Bà Tổng Hợp, 024 111." in told
    assert opened(cast, cases[:1], "A1").texts["contact_name"] == "officer-a1"
    author, node = cast.user("A", "it"), cast.nodes["A1"]
    made = actions.open_incident(author, node, uuid4(), cases[:1])
    assert made.texts["contact_name"] == "it-a (UBND Đơn vị A)"
    cast.units["A1"].contact_name, cast.units["A1"].contact_phone = "Ông Xã", "0232 222"
    cast.units["A1"].save()
    told = words(cast.client("A1", "reader").get(letter))
    assert "Liên hệ: Ông Xã, 0232 222." in told and "Bà Tổng Hợp" not in told
    made = actions.open_incident(author, node, uuid4(), cases[:1])
    assert (made.texts["contact_name"], made.texts["contact_phone"]) == ("Ông Xã", "0232 222")


def test_work_that_was_taken_back_stands_in_no_paper(cast, cases):
    """Taken back by its author, by a reopening, and by the way of the machine to another unit."""
    made, officer = opened(cast, cases), cast.user("A1", "officer")
    assert "đã bắt đầu xử lý 0, đã báo xử lý xong 0, đã xác minh sạch 0 trên 3 hồ sơ" in in_draft(cast, made)
    case_actions.start_cleaning(cases[0], officer)
    case_actions.claim_clean(cases[0], officer, done="settings", done_at=timezone.now())
    told = in_draft(cast, made)
    assert "đã bắt đầu xử lý 1, đã báo xử lý xong 1" in told
    assert "đặt lại thiết bị hoặc mật khẩu (1 hồ sơ)" in told
    take_back_last(cases[0], officer)
    told = in_draft(cast, made)
    assert "đã bắt đầu xử lý 1, đã báo xử lý xong 0" in told and "đặt lại thiết bị" not in told
    case_actions.claim_clean(cases[0], officer, done="scan", done_at=timezone.now())
    case_actions.reopen(cases[0], officer, "Máy vẫn báo mã độc khi bật lên.")
    assert "đã bắt đầu xử lý 0, đã báo xử lý xong 0" in in_draft(cast, made)
    case_actions.start_cleaning(cases[0], officer)
    say_not_ours(cases[0].device, officer, "Máy này không có ở đơn vị.")
    told = in_draft(cast, made, "notice")
    assert "đã bắt đầu xử lý 0, đã báo xử lý xong 0" in told and "Cách xử lý đã ghi" not in told


def test_work_before_a_sign_came_back_stays_in_the_papers(cast, cases):
    """The machine was handled once. The paper tells that, and tells the new signs beside it."""
    made, officer = opened(cast, cases[:1], "A1"), cast.user("A1", "officer")
    case_actions.claim_clean(cases[0], officer, done="scan", done_at=timezone.now())
    cases[0].refresh_from_db()
    relapse(cases[0], timezone.now() + timedelta(hours=2))
    case_actions.start_cleaning(cases[0], officer)
    take_back_last(cases[0], officer)
    told = in_draft(cast, made)
    assert "đã bắt đầu xử lý 0, đã báo xử lý xong 1" in told and "Có dấu hiệu trở lại" in told


def test_a_false_alarm_is_in_no_number_of_an_incident(cast, cases):
    made, client = opened(cast, cases), cast.client("A", "officer")
    Case.rows.filter(pk=cases[2].pk).update(state=State.FALSE_POSITIVE)  # the latest, of A2, four lines
    told = words(client.get(url("incident_draft", made.pk, "report", "pdf")))
    for said in (
        "Số máy 2 máy", "2 máy tại 1 đơn vị: UBND Đơn vị A1.", "Số dòng nhật ký có dấu hiệu 9",
        f"Dấu hiệu gần nhất {timezone.localtime(noon(4)):%d/%m/%Y}",
        "trên 2 hồ sơ (không tính 1 hồ sơ báo nhầm)", "báo nhầm: 1", "đã được kết luận là báo nhầm",
    ):  # fmt: skip
        assert said in told, said
    page = text_of(client.get(url("incident", made.pk)))
    assert "số máy: 2; số đơn vị: 1" in page and "báo nhầm, không tính vào số nào: 1" in page
    (row,) = incidents_of(cast.nodes["A"])
    assert row.machines == 2
    Case.rows.filter(pk__in=[case.pk for case in cases]).update(state=State.FALSE_POSITIVE)
    assert "0 máy." in in_draft(cast, made)
    assert client.get(url("evidence_notice", "docx") + f"?ho-so={cases[0].pk}").status_code == 404


def test_a_letter_takes_no_machine_of_the_sender_to_another_unit(cast, cases):
    """The page names the addressees and the cases left out, before anything is downloaded."""
    false, own, _theirs = cases
    Device.rows.filter(pk=own.device_id).update(owner=cast.nodes["A"])
    Case.rows.filter(pk=false.pk).update(state=State.FALSE_POSITIVE)
    client, ids = cast.client("A", "officer"), [str(case.pk) for case in cases]
    page = text_of(client.get(url("incident_choose"), {"ho-so": ids}))
    assert "Đơn vị A2 1 hồ sơ" in page
    assert "bỏ ra 1 hồ sơ cùng các dòng nhật ký" in page and "bỏ ra 1 hồ sơ báo nhầm" in page
    told = words(client.get(url("evidence_notice", "docx"), {"ho-so": ids}))
    assert "dòng của máy 9" in told and "phát hiện 1 máy" in told
    assert "dòng của máy 6" not in told and "10.1.1.6" not in told and "KE-TOAN-01" not in told
    assert Entry.objects.get(action="incident.evidence").data["device"] == "10.1.2.9"
    page = text_of(client.get(url("incident_choose"), {"ho-so": ids[:2]}))
    assert "những người dùng máy trong cơ quan" in page
    told = words(client.get(url("evidence_notice", "docx"), {"ho-so": ids[:2]}))
    assert "Bộ phận, cá nhân quản lý và sử dụng máy" in told and "dòng của máy 6" in told


def test_a_letter_and_a_notice_of_a_unit_name_the_same_person(cast, cases):
    """Also where a person of the unit drafts the notice."""
    cast.units["A"].contact_name, cast.units["A"].contact_phone = "Ông Đầu Mối", "0232 333"
    cast.units["A"].save()
    made = opened(cast, [cases[0], cases[1]])
    client = cast.client("A", "officer")
    told = words(client.get(url("evidence_notice", "docx") + f"?ho-so={cases[0].pk}"))
    assert "Liên hệ: Ông Đầu Mối, 0232 333." in told
    told = in_draft(cast, made, "notice")
    assert "Người liên hệ Ông Đầu Mối" in told and "Điện thoại 0232 333" in told
