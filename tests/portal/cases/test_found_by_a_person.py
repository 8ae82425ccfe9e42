"""Addresses behind which nobody knows a machine: a person finds it, says so, and may take it back."""

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.cases import actions, noting_actions
from quetsach.portal.cases.false_alarms import actions as alarms
from quetsach.portal.cases.models import Case, Device, FalseAlarm
from quetsach.portal.cases.owning_actions import assign_device
from quetsach.portal.cases.undoing_actions import take_back_last
from tests.portal.cases.test_which_machine import ADDRESS, listed, upload
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon, sighting

__all__ = ["listed", "upload"]


@pytest.mark.parametrize("kind", ["shared", "unlocated"])
def test_nobody_cleans_an_address_of_several_machines_until_the_machine_is_found(cast, upload, kind):
    """Today, the page of the case, the work list and its sheet follow one rule."""
    upload(sighting(ADDRESS, noon(3)))
    Device.rows.update(id_kind=kind, strength=kind)
    case, client = Case.rows.get(), cast.client("A1", "it")
    page_of = reverse("case", args=["lam-sach", case.pk])
    start = reverse("case_act", args=["lam-sach", case.pk, "bat-dau"])
    work, sheet = reverse("case_work", args=["lam-sach"]), reverse("case_work_sheet", args=["lam-sach"])

    def told():
        pages = [
            text_of(client.get(url)) for url in (reverse("today", args=["lam-sach"]), page_of, work, sheet)
        ]
        return (
            "Tìm máy đứng sau 1 địa chỉ" in pages[0], "Bắt đầu xử lý" not in pages[1],
            "Đang xử lý" not in pages[2], "không phải làm sạch gì ở đó" in pages[3],
            *("Hãy ghi ở mục “Đã tìm thấy máy”" in pages[n] for n in (0, 1, 3)),
        )  # fmt: skip

    assert all(told())
    page = text_of(client.get(page_of))
    assert "không phải làm sạch gì ở đó" in page and "Nộp bảng cấp hoặc bảng chuyển đổi địa chỉ" in page
    assert "Ba bước" not in page and "Máy đã ngắt khỏi mạng" not in page
    answer = client.post(start)
    assert answer.status_code == 422 and "trước hết hãy tìm ra máy có dấu hiệu" in text_of(answer)
    chosen = {
        f"may-{case.pk}": "start",
        "done_at": f"{timezone.localtime():%d/%m/%Y %H:%M}",
        "tool": "",
        "note": "",
    }
    assert client.post(work, chosen).status_code == 422 and Case.rows.get().state == "assigned"
    assert client.get(work).context["rows"][0][0].choices == ("seen", "false")
    answer = client.post(work, chosen | {f"may-{case.pk}": "scan"})
    assert answer.status_code == 422 and "hãy ghi vào “Đã tìm thấy máy”" in text_of(answer)
    claim = reverse("case_act", args=["lam-sach", case.pk, "da-xu-ly"])
    told_now = {"done": "scan", "done_at": chosen["done_at"]}
    assert client.post(claim, told_now).status_code == 422 and Case.rows.get().state == "assigned"
    assert "Ghi việc đã làm" not in text_of(client.get(page_of))
    # Somebody found the machine by hand.
    found = reverse("case_act", args=["lam-sach", case.pk, "tim-thay"])
    assert client.post(found, {"place": "phòng 204, máy kế toán"}).status_code == 302
    assert not any(told()) and "Ba bước" in text_of(client.get(page_of))
    assert client.post(start).status_code == 302 and Case.rows.get().state == "cleaning"
    assert client.post(claim, told_now).status_code == 302


@pytest.mark.parametrize("kind", ["weak", "shared", "unlocated"])
def test_the_word_of_a_person_says_which_machine_it_is_until_it_is_taken_back(cast, upload, kind):
    """Where logs know only an address, the page, the lists and the sheet name the machine and who said it."""
    upload(sighting(ADDRESS, noon(3)))
    Device.rows.update(id_kind=kind, strength=kind)
    case, client = Case.rows.get(), cast.client("A1", "it")
    who, place = str(cast.user("A1", "it")), "phòng 204, máy kế toán"
    deed = {one: reverse("case_act", args=["lam-sach", case.pk, one])
            for one in ("tim-thay", "nham-may", "bat-dau", "hoan-tac")}  # fmt: skip
    names = [
        reverse("case", args=["lam-sach", case.pk]),
        *(reverse(one, args=["lam-sach"]) for one in ("cases", "case_work", "case_work_sheet")),
    ]

    def told():
        pages = [text_of(client.get(url)) for url in names]
        return [place in one.split("Lịch sử")[0] and who in one.split("Lịch sử")[0] for one in pages]

    because = {"reason": "Máy ở phòng 204 là máy khác, đã xem số máy."}
    assert client.post(deed["nham-may"], because).status_code == 422, "nobody has named a machine"
    client.post(deed["tim-thay"], {"place": place})
    assert told() == [True] * 4
    alarms.propose(case, cast.user("A1", "officer"), FalseAlarm.Scope.CASE, "Máy của đoàn kiểm tra.")
    listed = client.get(reverse("false_alarms", args=["lam-sach"]))
    assert place in text_of(listed), "the second person must know which machine it is"
    take_back_last(case, cast.user("A1", "officer"))
    assert f"theo lời của {who}; trong nhật ký: " in text_of(client.get(names[0]))
    client.post(deed["bat-dau"])
    assert told() == [True] * 4, "somebody works on the machine that was named"
    assert client.post(deed["nham-may"], because).status_code == 302
    assert told() == [False] * 4 and Case.rows.get().located_at is None
    # The work was on another machine: nobody works on this one, and all pages ask for it again.
    answer = client.get(names[0])
    assert (Case.rows.get().state, answer.context["tale"].shape) == ("assigned", "bad")
    assert "Đang có người xử lý máy" not in text_of(answer)
    if kind != "weak":
        assert "Tìm máy đứng sau 1 địa chỉ" in text_of(client.get(reverse("today", args=["lam-sach"])))
        assert client.get(names[2]).context["rows"][0][0].choices == ("seen", "false")
    client.post(deed["hoan-tac"])
    assert told() == [True] * 4 and Case.rows.get().located_at is not None
    assert Case.rows.get().state == "cleaning"
    client.post(deed["nham-may"], because)
    client.post(deed["tim-thay"], {"place": "phòng 301"})
    pages = [text_of(client.get(url)).split("Lịch sử")[0] for url in names]
    assert all("phòng 301" in one and place not in one for one in pages)


@pytest.mark.parametrize("kind", ["weak", "shared", "unlocated"])
def test_what_is_passed_on_while_it_is_handled_waits_for_the_new_unit(cast, upload, kind):
    """Work list, Today, the list and the page of the new unit call for somebody; nobody there has begun."""
    upload(sighting("10.9.9.9", noon(3)), unit="A")
    Device.rows.update(id_kind=kind, strength=kind)
    case, it = Case.rows.get(), cast.user("A", "it")
    noting_actions.locate(case, it, place="phòng 204, máy kế toán")
    actions.start_cleaning(case, it)
    assign_device(case.device, cast.nodes["A1"], it)
    client, page_of = cast.client("A1", "it"), reverse("case", args=["lam-sach", case.pk])
    page, names = client.get(page_of), ("today", "cases", "case_work")
    today, listed, _work = (text_of(client.get(reverse(name, args=["lam-sach"]))) for name in names)
    assert page.context["tale"].shape == "bad" and "Đang có người xử lý máy" not in text_of(page)
    assert "1 máy có dấu hiệu mà chưa được xử lý" in listed and "Đang xử lý 1" not in listed
    choices = client.get(reverse("case_work", args=["lam-sach"])).context["rows"][0][0].choices
    if kind == "weak":
        assert "Xử lý 1 máy có dấu hiệu" in today and "start" in choices
    else:
        assert "Tìm máy đứng sau 1 địa chỉ" in today and choices == ("seen", "false")


def test_who_begins_to_clean_an_address_has_named_no_machine(cast, upload):
    upload(sighting(ADDRESS, noon(3)))
    case, client = Case.rows.get(), cast.client("A1", "it")
    client.post(reverse("case_act", args=["lam-sach", case.pk, "bat-dau"]))
    page = text_of(client.get(reverse("case", args=["lam-sach", case.pk])))
    assert Case.rows.get().located_at and "theo lời của" not in page and "Không phải máy này" not in page
