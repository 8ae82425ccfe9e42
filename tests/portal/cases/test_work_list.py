"""The work list: many cases saved at once, and taken back; one row that refuses; the sheet on paper."""

from datetime import timedelta
from io import BytesIO

import lxml.html
import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from quetsach.portal.audit.models import Entry
from quetsach.portal.cases import actions
from quetsach.portal.cases.models import Case, CaseEvent, Device, FalseAlarm
from quetsach.portal.cases.work import actions as work
from quetsach.portal.cases.work import views
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.units.models import Membership
from tests.portal.page_text import text_of
from tests.portal.scan_document import coverage, document, noon, publish_list, sighting

WORK = reverse("case_work", args=["lam-sach"])


@pytest.fixture
def cases(cast, tmp_path):
    listed = publish_list(cast, tmp_path)
    rows = [sighting(f"10.1.1.{n}", noon(5), count=n) for n in range(1, 5)]
    body = document(rows, [coverage(noon(6), noon(4))], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    return {case.device.key: case for case in Case.rows.select_related("device")}


def chosen(cases, **choices):
    told = {f"may-{cases[f'10.1.1.{name[1:]}'].pk}": value for name, value in choices.items()}
    return {"done_at": f"{timezone.localtime():%d/%m/%Y %H:%M}", "tool": "", "note": "", **told}


def states(cases):
    return {case.device.key: case.state for case in Case.rows.select_related("device")}


def undo(client, page=None, **other):
    """Press the button of the page; where it has none, send what an old page would."""
    fields = lxml.html.fromstring((page or client.get(WORK)).content).xpath(
        f"//form[@action='{reverse('case_work_undo', args=['lam-sach'])}']//input"
    )
    sent = {field.get("name"): field.get("value") for field in fields} | other
    sent.pop("csrfmiddlewaretoken", None)
    return client.post(reverse("case_work_undo", args=["lam-sach"]), sent) if fields else None


def test_all_choices_are_saved_at_once_and_taken_back_at_once(cast, cases):
    before = states(cases)
    client = cast.client("A1", "it")
    told = chosen(cases, m1="start", m2="reinstall", m3="false") | {
        "tool": "KVRT 20.0", f"vi-sao-{cases['10.1.1.3'].pk}": "máy của đoàn kiểm tra, đã hỏi",
    }  # fmt: skip
    assert client.post(WORK, told).status_code == 302
    assert states(cases) == before | {"10.1.1.1": "cleaning", "10.1.1.2": "claimed_clean"}
    said = FalseAlarm.rows.get()
    assert said.case == cases["10.1.1.3"] and said.is_waiting, "a second person must agree"
    claim = cases["10.1.1.2"].events.get(act="claim")
    assert claim.data["done"] == "reinstall" and claim.data["tool"] == "KVRT 20.0"
    answer = client.get(WORK)
    page = text_of(answer)
    assert (
        "Rút lại lần lưu vừa rồi" in page
        and "3 hồ sơ, anh/chị lưu lúc" in page
        and "Đã ghi cho 3 hồ sơ. Trong đó 1 hồ sơ vẫn mở cho đến khi người thứ hai đồng ý" in page
        and "10.1.1.2" not in page
        and "10.1.1.3" not in page
        and "10.1.1.4" in page
    )
    undo(client, answer)
    assert states(cases) == before
    assert Case.rows.get(pk=cases["10.1.1.2"].pk).claimed_at is None
    assert cases["10.1.1.2"].events.filter(act="claim").exists(), "the act stays in the history"
    assert Entry.objects.filter(action="case.undo").count() == 3
    assert not FalseAlarm.rows.get().is_waiting
    page = text_of(client.get(reverse("false_alarms", args=["lam-sach"])))
    assert "Đã rút lại khi người thứ hai chưa quyết định." in page and "không còn là báo nhầm" not in page
    # A second click finds nothing.
    undo(client, answer)
    answer = client.get(WORK)
    assert "không còn gì để rút lại" in text_of(answer).lower()
    assert undo(client, answer) is None, "nothing is offered any more"
    assert Entry.objects.filter(action="case.undo").count() == 3


def test_of_one_machine_with_two_cases_the_list_says_so(cast, cases):
    page = text_of(cast.client("A1", "it").get(WORK))
    assert "4 hồ sơ" in page and "Đó là hồ sơ của" not in page
    first = cases["10.1.1.1"]
    Case.rows.create(device=first.device, family="mirai", state="assigned", opened_at=first.opened_at)
    page = text_of(cast.client("A1", "it").get(WORK))
    assert "5 hồ sơ" in page and "Đó là hồ sơ của 4 máy." in page


def test_a_row_that_refuses_does_not_stop_the_others(cast, cases):
    told = chosen(cases, m1="scan", m2="start") | {"done_at": f"{timezone.localtime(noon(6)):%d/%m/%Y %H:%M}"}
    answer = cast.client("A1", "it").post(WORK, told)
    assert answer.status_code == 422
    assert states(cases)["10.1.1.2"] == "cleaning" and states(cases)["10.1.1.1"] != "claimed_clean"
    assert "dấu hiệu sau thời điểm" in text_of(answer).lower()


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_head_of_the_page_names_each_refusal(cast, cases, monkeypatch, elsewhere):
    monkeypatch.setattr(views, "PAGE", 2)
    client = cast.client("A1", "it")
    key = client.get(WORK).context["rows"][0][0].case.device.key
    other = next(one for one in cases if one != key)
    told = chosen(cases, **{f"m{key[-1]}": "scan", f"m{other[-1]}": "seen"})
    told["done_at"] = f"{timezone.localtime(noon(6)):%d/%m/%Y %H:%M}"
    answer = client.post(f"{WORK}?trang={2 if elsewhere else 1}", told)
    page = lxml.html.fromstring(answer.content)
    (alert,) = page.xpath("//*[@role='alert']")
    said = " ".join(alert.text_content().split())
    assert said.startswith("1 lựa chọn bị từ chối") and "dấu hiệu sau thời điểm" in said.lower()
    assert alert.xpath(".//a/@href") == [reverse("case", args=["lam-sach", cases[key].pk])]
    field = f"may-{cases[key].pk}"
    kept = page.xpath(f"//input[@name='{field}']/@value | //select[@name='{field}']/option[@selected]/@value")
    assert kept == ["scan"] and page.xpath("//table/@data-row-answered") == [f"may-{cases[other].pk}"]


@pytest.mark.parametrize("reason", ["", "ngắn"])
def test_each_false_alarm_needs_its_own_reason(cast, cases, monkeypatch, reason):
    """A note for all rows is no reason. A row without a reason stays chosen, with its text."""
    monkeypatch.setattr(views, "PAGE", 2)
    why = {
        f"vi-sao-{cases[key].pk}": text
        for key, text in {
            "10.1.1.2": "máy của đoàn kiểm tra, đã hỏi", "10.1.1.3": "máy thử của phòng tin học",
            "10.1.1.4": reason, "10.1.1.1": "chọn rồi lại thôi, việc khác",
        }.items()
    }  # fmt: skip
    told = chosen(cases, m1="scan", m2="false", m3="false", m4="false") | why | {"note": "đã quét cả phòng"}
    answer = cast.client("A1", "it").post(WORK, told)
    assert answer.status_code == 422
    assert dict(FalseAlarm.rows.values_list("case__device__key", "reason")) == {
        "10.1.1.2": "máy của đoàn kiểm tra, đã hỏi", "10.1.1.3": "máy thử của phòng tin học",
    }  # fmt: skip
    assert cases["10.1.1.1"].events.get(act="claim").reason == "đã quét cả phòng"
    page = lxml.html.fromstring(answer.content)
    (alert,) = page.xpath("//*[@role='alert']")
    assert "1 lựa chọn bị từ chối" in alert.text_content() and "từ mười ký tự" in alert.text_content()
    pk = cases["10.1.1.4"].pk
    kept = page.xpath(f"//input[@name='vi-sao-{pk}']/@value")
    assert kept == [reason] if reason else kept in ([], [""])
    assert "đã quét cả phòng" in page.xpath("//textarea[@name='note']")[0].text_content()


def test_what_moved_on_is_not_taken_back(cast, cases):
    outcome = work.act_on(
        [(cases["10.1.1.1"], "start"), (cases["10.1.1.2"], "start")], cast.user("A1", "it"),
        done_at=timezone.now(),
    )  # fmt: skip
    later = Case.rows.get(pk=cases["10.1.1.2"].pk)
    actions.claim_clean(later, cast.user("A1", "officer"), done="scan", done_at=timezone.now())
    stranger = work.take_back(outcome.batch, cast.nodes["A1"], cast.user("A1", "officer"))
    assert not stranger.done, "only the own acts"
    back = work.take_back(outcome.batch, cast.nodes["A1"], cast.user("A1", "it"))
    assert [case.pk for case in back.done] == [cases["10.1.1.1"].pk]
    assert [case.pk for case, _why in back.refused] == [cases["10.1.1.2"].pk]
    assert states(cases)["10.1.1.2"] == "claimed_clean"


def test_what_was_saved_is_taken_back_in_another_browser_by_that_person_alone(cast, cases):
    """Also after signing in anew; and only where that person still works on cases."""
    it = cast.user("A1", "it")
    cast.client("A1", "it").post(WORK, chosen(cases, m1="start"))
    other = cast.client("A1", "it")
    other.post(WORK, chosen(cases, m2="start", m3="seen"))
    assert "Rút lại lần lưu" not in text_of(cast.client("A1", "officer").get(WORK))
    assert "2 hồ sơ, anh/chị lưu lúc" in text_of(cast.client("A1", "it").get(WORK))
    assert undo(cast.client("A1", "it")).status_code == 302
    assert states(cases)["10.1.1.2"] == "assigned" and states(cases)["10.1.1.1"] == "cleaning"
    assert Case.rows.get(pk=cases["10.1.1.3"].pk).acknowledged_at is None
    page = cast.client("A1", "it").get(WORK)
    assert "1 hồ sơ, anh/chị lưu lúc" in text_of(page), "what was saved before that"
    Membership.ever.filter(user=it).delete()
    Membership.ever.create(user=it, unit=cast.units["A2"], role="it")
    assert undo(cast.client("A1", "it"), page).status_code == 404
    assert undo(cast.client("A1", "it"), page, **{"don-vi": cast.nodes["A2"].pk}).status_code == 302
    assert states(cases)["10.1.1.1"] == "cleaning"
    assert "Rút lại lần lưu" not in text_of(cast.client("A1", "it").get(WORK))


def test_an_old_batch_stays(cast, cases):
    outcome = work.act_on([(cases["10.1.1.1"], "start")], cast.user("A1", "it"), done_at=timezone.now())
    cases["10.1.1.1"].events.filter(act="start").update(at=timezone.now() - timedelta(hours=25))
    assert not work.take_back(outcome.batch, cast.nodes["A1"], cast.user("A1", "it")).done


def test_cases_of_another_unit_cannot_be_chosen(cast, cases):
    before = states(cases)
    cast.client("B1", "it").post(WORK, chosen(cases, m1="start"))
    assert states(cases) == before
    assert cast.client("A1", "reader").post(WORK, chosen(cases, m1="start")).status_code == 404


def test_the_sheet_names_unit_machine_and_steps(cast, cases):
    page = text_of(cast.client("A", "officer").get(reverse("case_work_sheet", args=["lam-sach"]) + "?duoi=1"))
    assert page.count("☐") == 3 * len(cases) and "10.1.1.4" in page and cast.nodes["A1"].name in page


CUT_OFF = """() => {
  const list = document.querySelector("td select"), style = getComputedStyle(list);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const arrow = 20, padding = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
  const room = list.clientWidth - padding - arrow;
  return [...list.options].map(one => one.text).filter(text => pen.measureText(text).width > room);
}"""
"""The choices whose words do not fit into the list that is closed."""


def test_a_choice_that_says_what_stands_already_changes_nothing_and_says_so(cast, cases):
    client = cast.client("A1", "it")
    client.post(WORK, chosen(cases, m1="start", m2="seen"), follow=True)
    before = CaseEvent.rows.count()
    answer = client.post(WORK, chosen(cases, m1="start", m2="seen", m3="seen"), follow=True)
    page = text_of(answer)
    assert len(list(answer.context["messages"])) == 1, "one message of two sentences"
    assert "Đã ghi cho 1 hồ sơ" in page and "2 hồ sơ vốn đã như vậy" in page
    assert CaseEvent.rows.count() == before + 1


def test_a_save_of_what_is_being_handled_says_why_nothing_is_saved(cast, cases):
    """The key 2 on such a row chooses what it shows already; the browser then sends an empty choice."""
    client = cast.client("A1", "it")
    said = "Việc đang xử lý vẫn giữ nguyên, không cần lưu."
    assert said not in text_of(client.post(WORK, chosen(cases, m1="", m2="")))
    client.post(WORK, chosen(cases, m1="start"))
    assert said in text_of(client.post(WORK, chosen(cases, m1="", m2="")))
    assert states(cases)["10.1.1.1"] == "cleaning"


def test_taking_back_names_the_machines_that_stay(cast, cases):
    client = cast.client("A1", "it")
    client.post(WORK, chosen(cases, m1="start", m2="start"))
    page = client.get(WORK)
    later = Case.rows.get(pk=cases["10.1.1.2"].pk)
    actions.claim_clean(later, cast.user("A1", "officer"), done="scan", done_at=timezone.now())
    batch = CaseEvent.rows.filter(act="start").first().data["batch"]
    undo(client, page, lan=batch)
    told = text_of(client.get(WORK))
    assert "1 hồ sơ giữ nguyên: 10.1.1.2 – Báo đã xử lý (officer-a1)." in told and "10.1.1.1." not in told


MARKS = """() => [...document.querySelectorAll(".works tbody tr")].map(row => {
  const marks = [...row.querySelectorAll(".tag")].map(one => one.getBoundingClientRect());
  return [row.getBoundingClientRect().height, marks.length,
    marks.some((one, n) => n && one.left < marks[n - 1].right && one.top < marks[n - 1].bottom)];
})"""
"""Of each row its height, the number of its marks, and whether any two of them lie over each other."""


def test_a_choice_of_another_page_comes_back_with_an_error(cast, cases, monkeypatch):
    monkeypatch.setattr(views, "PAGE", 2)
    client = cast.client("A1", "it")
    first = client.get(WORK)
    shown = {row.case.device.key for row, *_ in first.context["rows"]}
    other = next(key for key in cases if key not in shown)
    told = chosen(cases, **{f"m{other[-1]}": "start"})
    page = lxml.html.fromstring(client.post(WORK, told | {"done_at": "hôm qua"}).content)
    (field,) = page.xpath("//form//input[@data-row-elsewhere]")
    assert (field.get("name"), field.get("value")) == (f"may-{cases[other].pk}", "start")
    assert client.post(WORK, told).status_code == 302 and states(cases)[other] == "cleaning"


def test_what_was_saved_is_not_chosen_again_beside_a_row_that_refuses(cast, cases, monkeypatch):
    monkeypatch.setattr(views, "PAGE", 2)
    before = f"{timezone.localtime(noon(6)):%d/%m/%Y %H:%M}"
    told = chosen(cases, m1="scan", m2="seen", m3="seen", m4="seen") | {"done_at": before}
    page = cast.client("A1", "it").post(WORK, told)
    picked = {row.case.device.key: was for row, was, *_ in page.context["rows"]}
    assert page.status_code == 422 and set(picked.values()) <= {"", "scan"}
    assert [pk for pk, *_ in page.context["elsewhere"]] in ([], [cases["10.1.1.1"].pk])


def test_choices_beyond_one_save_are_told_and_stay_for_the_next(cast, cases, monkeypatch):
    monkeypatch.setattr(work, "MOST_TOGETHER", 3)
    client, told = cast.client("A1", "it"), chosen(cases, m1="start", m2="start", m3="start", m4="start")
    page = text_of(client.post(WORK, told, follow=True))
    assert sorted(states(cases).values()).count("cleaning") == 3
    assert "Còn 1 lựa chọn chưa lưu: bấm Lưu thêm một lần nữa." in page
    left = [key for key, state in states(cases).items() if state != "cleaning"]
    client.post(WORK, chosen(cases, **{f"m{key[-1]}": "start" for key in left}))
    assert set(states(cases).values()) == {"cleaning"}


def test_a_name_stands_once(cast, cases):
    Device.rows.filter(key="10.1.1.1").update(key="ms-dia-chinh", identity={"host": "MS-DIA-CHINH"})
    Device.rows.filter(key="10.1.1.2").update(identity={"host": "ke-toan"})
    client = cast.client("A1", "it")
    for url in (WORK, reverse("case_work_sheet", args=["lam-sach"])):
        page = lxml.html.fromstring(client.get(url).content)
        names = [
            " ".join(one.text_content().split()) for one in page.xpath("//th/span[@class='whole'] | //h3")
        ]
        assert [name for name in names if "chinh" in name.casefold()] == ["ms-dia-chinh"]
        assert any("10.1.1.2" in name and "ke-toan" in name for name in names)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_choices_stay_on_the_way_through_the_pages_and_are_saved_together(window, cast, cases, monkeypatch):
    monkeypatch.setattr(views, "PAGE", 2)
    cast.user("A1", "it")
    page = window("it-A1", width=1366)
    page.goto(WORK)
    page.keyboard.press("2")
    page.get_by_role("link", name="Sau").click()
    expect(page.locator("main")).to_contain_text("0 / 2 đã chọn")
    expect(page.locator("main")).to_contain_text("1 ở trang khác")
    page.locator("td select").first.focus()
    page.keyboard.press("2")
    page.keyboard.press("o")
    expect(page.locator("h1")).to_contain_text("10.1.1.")
    page.go_back()
    expect(page.locator("main")).to_contain_text("1 / 2 đã chọn")
    page.get_by_role("link", name="Trước").click()
    expect(page.locator("main")).to_contain_text("1 / 2 đã chọn")
    page.route("**/*", lambda route: route.fulfill(status=502, body="no way to the portal"))
    page.keyboard.press("Control+Enter")
    expect(page.locator("body")).to_have_text("no way to the portal")
    page.unroute("**/*")
    page.goto(WORK)
    expect(page.locator("main")).to_contain_text("1 / 2 đã chọn")
    expect(page.locator("main")).to_contain_text("1 ở trang khác")
    page.keyboard.press("Control+Enter")
    expect(page.locator("main")).to_contain_text("Đã ghi cho 2 hồ sơ")
    expect(page.locator("main")).to_contain_text("0 / 2 đã chọn")
    expect(page.get_by_role("button", name="Bỏ các lựa chọn ở trang khác")).to_be_hidden()
    assert sorted(states(cases).values()) == ["assigned", "assigned", "cleaning", "cleaning"]


WHOLE = """() => [...document.querySelectorAll(".works .whole")].filter(
  one => one.scrollWidth > one.clientWidth || getComputedStyle(one).textOverflow === "ellipsis"
).map(one => one.textContent)"""
"""Names and terms of which a part is not shown."""


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [360, 1366])
def test_names_and_terms_can_be_read_whole(window, cast, cases, width):
    cast.user("A1", "it")
    Case.rows.update(opened_at=noon(40))
    Device.rows.update(identity={"host": "may-ke-toan-truong-phong-2-lau-3.xa-a1.lan"})
    page = window("it-A1", width=width)
    page.goto(WORK)
    assert page.locator(".works .whole").count() == 2 * len(cases), "a name and a term in each row"
    assert page.evaluate(WHOLE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [360, 1366])
def test_rows_are_low_and_their_marks_apart(window, cast, cases, width):
    cast.user("A1", "it")
    now = timezone.now()
    Case.rows.update(opened_at=noon(40), family="qakbot", relapses=2)
    Device.rows.update(
        isolated_at=now, strength="shared", identity={"host": "may-ke-toan-truong-phong-2-lau-3.xa-a1.lan"}
    )
    for case in cases.values():
        actions.start_cleaning(case, cast.user("A1", "it"))
    page = window("it-A1", width=width)
    page.goto(WORK)
    rows = page.evaluate(MARKS)
    assert len(rows) == 4 and all(marks >= 4 for _height, marks, _over in rows), rows
    assert not any(over for _height, _marks, over in rows)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width == 1366:
        assert max(height for height, _marks, _over in rows) <= 80, "two lines of a long name, and the marks"
    lists = page.locator("td select")
    lists.first.focus()
    page.keyboard.press("2")
    expect(page.locator("main")).to_contain_text("Máy đang được xử lý rồi: không có gì để lưu")
    expect(lists.nth(1)).to_be_focused()
    Device.rows.update(id_kind="shared")
    Case.rows.update(located_at=None)
    page.reload()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.keyboard.press("3")
    expect(page.locator("main")).to_contain_text("0 / 4 đã chọn. Chưa chọn gì: trước hết hãy tìm ra máy")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [360, 1366])
def test_a_monday_with_the_keyboard(window, cast, cases, width):
    cast.user("A1", "it")
    page = window("it-A1", width=width)
    page.goto(WORK)
    assert page.evaluate(CUT_OFF) == []
    page.keyboard.press("3")
    page.keyboard.press("j")
    page.keyboard.press("5")
    page.keyboard.press("k")
    page.keyboard.press("2")
    page.keyboard.press("0")
    expect(page.locator("main")).to_contain_text("2 / 4 đã chọn")
    page.keyboard.press("Control+Enter")
    expect(page.locator("main")).to_contain_text("Đã ghi cho 2 hồ sơ")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Rút lại lần lưu vừa rồi").click()
    expect(page.locator("main")).to_contain_text("như trước")
    assert set(Case.rows.values_list("state", flat=True)) == {"assigned"}


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [360, 1366])
def test_a_false_alarm_takes_three_keys_and_its_words(window, cast, cases, monkeypatch, width):
    monkeypatch.setattr(views, "PAGE", 3)
    cast.user("A1", "it")
    page = window("it-A1", width=width)
    page.goto(WORK)
    assert page.locator(".row-why:visible").count() == 0
    page.keyboard.press("9")
    page.keyboard.type("jk: máy của đoàn kiểm tra")
    page.keyboard.press("Enter")
    page.keyboard.press("9")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("9")
    page.keyboard.type("máy thử của phòng tin học")
    assert page.locator(".row-why:visible").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Sau").click()
    expect(page.locator("main")).to_contain_text("3 ở trang khác")
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    expect(page.locator("main")).to_contain_text("Đã ghi cho 4 hồ sơ")
    said = sorted(FalseAlarm.rows.values_list("reason", flat=True))
    assert said == ["jk: máy của đoàn kiểm tra"] * 2 + ["máy thử của phòng tin học"]
    assert sorted(states(cases).values()) == ["assigned"] * 3 + ["cleaning"]
