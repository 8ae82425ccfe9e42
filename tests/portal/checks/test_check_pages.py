"""The pages of checks and licences: rights, codes that work once, hostile text."""

import json
import re

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.machines.evidence import Binding, Key
from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.checks.models import CheckResult, Pack, Replacement, UnitPlan, UploadCode
from quetsach.portal.checks.unit_actions import issue_code
from quetsach.portal.machines.actions import store_evidence
from quetsach.portal.machines.models import RegisterFigures
from quetsach.portal.machines.register.filling_actions import list_waiting
from tests.portal.checks.results import ago, content, listed, sign
from tests.portal.page_text import markup_of, text_of
from tests.portal.scan_document import publish_list

SLUG = ["lam-sach"]
HOSTILE = "<script>alert(1)</script>\u202egpj"


def upload(*pairs):
    return {"results": [SimpleUploadedFile(name, data) for name, data in pairs]}


def test_the_details_of_a_check_are_for_its_own_unit_and_counts_for_those_above(cast, give):
    result = give("A1", HOSTILE, findings=[sign(), listed(HOSTILE, HOSTILE)])
    url = reverse("check_result", args=[*SLUG, result.pk])
    for unit, role, status in (("A1", "reader", 200), ("A", "coordinator", 404), ("centre", "reader", 404),
                               ("A2", "officer", 404), ("B1", "it", 404)):  # fmt: skip
        assert cast.client(unit, role).get(url).status_code == status, unit
    assert Client().get(url).status_code == 404
    inside = cast.client("A1", "reader").get(url).content.decode()
    assert "<script>alert" not in inside and "\u202e" not in inside
    for page in ("checks", "licences"):
        place = reverse(page, args=SLUG) + f"?don-vi={cast.nodes['A1'].pk}"
        above = cast.client("A", "coordinator").get(place)
        assert above.status_code == 200
        assert "alert(1)" not in above.content.decode()
        assert cast.client("B1", "coordinator").get(place).status_code == 404


def test_a_result_is_told_in_words_and_names_what_was_not_looked_at(cast, give):
    seen = {"fact": "threat", "name": "Trojan:Win32/X", "outcome": "allowed", "is_stopped": "no"}
    seen |= {"time": "2026-11-02T01:00:00Z", "detection": "{37522D93}"}
    probes = [
        {
            "name": "tasks",
            "state": "not_checked",
            "items": 0,
            "gaps": [{"reason": "no_permission", "detail": "T"}],
        },
        {
            "name": "event_logs",
            "state": "ok",
            "items": 3,
            "gaps": [{"reason": "missing", "detail": "System"}],
        },
        {
            "name": "cron",
            "state": "not_checked",
            "items": 0,
            "gaps": [{"reason": "other_system", "detail": ""}],
        },
        {"name": "sockets", "state": "ok", "items": 4, "gaps": []},
    ]
    found = sign("AV-08", "malware", "D2") | {"evidence": [seen]}
    result = give("A1", "PC-07", findings=[found], unseen=["tasks"], probes=probes)
    client = cast.client("A1", "reader")
    client.cookies["django_language"] = "en"
    text = text_of(client.get(reverse("check_result", args=[*SLUG, result.pk])))
    for told in (
        "allowed by a person",
        "What became of it",
        "needs administrator rights: T",
        "Scheduled tasks",
    ):
        assert told in text
    assert "the conclusion does not rest on it Event logs" in " ".join(text.split())
    assert "02/11/2026 08:00" in text
    for raw in ("{37522D93}", "no_permission", "is_stopped", "event_logs", "Scheduled tasks (cron)"):
        assert raw not in text


def test_a_crack_that_only_ran_is_no_copy_to_be_replaced(cast, give):
    active, ran = sign("KMS-01"), sign("EXEC-02", confidence="D2") | {"kind": "behaviour"}
    give("A1", "PC-07", ago(days=3), findings=[active, ran])
    give("A1", "PC-07", ago(days=1), findings=[ran])
    give("A1", "PC-08", ago(days=1), findings=[ran])
    url = reverse("licences", args=SLUG)
    copies = cast.client("A1", "reader").get(url).context["copies"]
    assert (copies.found, copies.replaced, copies.remaining) == (1, 1, 0)


def test_results_are_handed_in_on_the_page_and_each_file_is_answered_for(cast):
    client = cast.client("A1", "it")
    client.cookies["django_language"] = "en"
    url = reverse("checks", args=SLUG)
    assert client.post(url, {}).status_code == 422
    answer = client.post(url, upload(("PC-07.json", content()), ("x.json", b"?")), follow=True)
    text = answer.content.decode()
    assert "1 result taken" in text and "x.json" in text and "not the result of a check" in text
    assert "1 result taken" not in client.get(url).content.decode(), "told once"
    assert cast.client("A1", "reader").post(url, upload(("y.json", content("PC-08")))).status_code == 404
    place = f"{url}?don-vi={cast.nodes['A1'].pk}"
    assert cast.client("A", "officer").post(place, upload(("y.json", content("PC-08")))).status_code == 404
    assert CheckResult.rows.count() == 1


def test_a_code_hands_results_in_once_for_its_unit_and_tells_nothing(cast):
    client = cast.client("A1", "officer")
    answer = client.post(reverse("check_codes", args=SLUG), {"act": "issue"})
    code = answer.context["secret"]
    assert code not in client.get(reverse("checks", args=SLUG)).content.decode()
    assert code.replace("-", "") not in json.dumps(list(UploadCode.rows.values()), default=str)
    visitor, url = Client(), reverse("hand_in")
    visitor.cookies["django_language"] = "en"
    wrong = visitor.post(url, {"code": "AAAA-BBBB-CCCC", **upload(("a.json", content()))})
    assert wrong.status_code == 422
    empty = visitor.post(url, {"code": code, **upload(("a.json", b"?"))})
    assert "can still be used" in empty.content.decode()
    spoken = code.lower().replace("-", " ")
    body = content(findings=[sign()])
    taken = visitor.post(url, {"code": spoken, **upload(("a.json", body))})
    assert "1 result taken" in taken.content.decode() and "PC-07" not in taken.content.decode()
    assert visitor.post(url, {"code": code, **upload(("b.json", content("PC-08")))}).status_code == 422
    again = visitor.post(url, {"code": code, **upload(("a.json", body))}).content.decode()
    assert "1 was here already" in again and "can still be used" not in again
    assert CheckResult.rows.get().device.owner == cast.nodes["A1"]
    assert first_broken_entry() is None


def test_codes_that_open_something_and_the_ten_used_last(cast):
    node, officer = cast.nodes["A1"], cast.user("A1", "officer")
    made = [issue_code(node, officer)[0] for _ in range(14)]
    for n, code in enumerate(made[:12]):
        UploadCode.rows.filter(pk=code.pk).update(used_at=ago(hours=n + 1), taken=1)
    UploadCode.rows.filter(pk=made[12].pk).update(revoked_at=ago(hours=1))
    issue_code(cast.nodes["A2"], cast.user("A2", "officer"))
    page = cast.client("A1", "officer").get(reverse("checks", args=SLUG)).context
    assert (page["codes"], page["used"]) == ([made[13]], made[:10])


def test_every_machine_stands_on_a_page_of_the_list(cast, give):
    for n in range(27):
        give("A1", f"PC-{n:02}")
    client, url = cast.client("A1", "officer"), reverse("checks", args=SLUG)
    pages = [client.get(f"{url}?trang={n}").context["results"] for n in (1, 2, 9)]
    assert list(map(len, pages)) == [25, 2, 2]
    assert len({row.device_id for page in pages for row, _shape in page}) == 27
    assert cast.client("A", "officer").get(f"{url}?don-vi={cast.nodes['A1'].pk}").context["results"] == []


def test_units_that_nothing_is_known_of_stand_apart_from_the_table(cast, give):
    give("A1", "PC-01")
    page = cast.client("A", "officer").get(reverse("checks", args=SLUG))
    assert [row.node.pk for row in page.context["rows"]] == [cast.nodes["A1"].pk]
    assert [node.pk for node in page.context["silent"]] == [cast.nodes["A2"].pk]
    assert f"?don-vi={cast.nodes['A2'].pk}" in page.content.decode()


def test_guessing_codes_is_stopped(cast):
    cache.clear()
    statuses = {
        Client().post(reverse("hand_in"), {"code": "AAAA", **upload(("a.json", b"?"))}).status_code
        for _ in range(61)
    }
    assert statuses == {422, 429}


def test_a_code_can_be_ended_by_its_own_unit_only(cast):
    client = cast.client("A1", "officer")
    client.post(reverse("check_codes", args=SLUG), {"act": "issue"})
    code = UploadCode.rows.get()
    revoke = {"act": "revoke", "code": str(code.pk)}
    assert cast.client("A2", "officer").post(reverse("check_codes", args=SLUG), revoke).status_code == 404
    client.post(reverse("check_codes", args=SLUG), revoke)
    code.refresh_from_db()
    assert code.revoked_at is not None


def test_a_unit_that_said_no_number_is_told_to_begin(cast):
    from quetsach.portal.campaigns.seat import Seat
    from quetsach.portal.checks.tasks import checks_to_do
    from quetsach.portal.units.roles import places_of

    def titles(role: str) -> list[str]:
        user, node = cast.user("A1", role), cast.nodes["A1"]
        return [
            str(one.title) for one in checks_to_do(Seat(user, cast.campaign, node, node, places_of(user)))
        ]

    begin = "Kiểm tra các máy tính của đơn vị"
    assert titles("officer") == [begin] and titles("reader") == []
    cast.client("A1", "officer").post(reverse("check_computers", args=SLUG), {"computers": "3"})
    assert titles("officer") == ["Kiểm tra thêm 3 máy tính", "Đưa sổ máy tính của đơn vị lên"]
    cast.client("A1", "officer").post(reverse("check_computers", args=SLUG), {"computers": "0"})
    assert titles("officer") == []


def test_unchecked_machines_follow_from_what_the_unit_says_it_has(cast, give):
    client = cast.client("A1", "officer")
    give("A1", "PC-01")
    client.post(reverse("check_computers", args=SLUG), {"computers": "5"})
    assert UnitPlan.rows.get().computers == 5
    page = client.get(reverse("checks", args=SLUG))
    assert page.context["whole"].unchecked == 4
    assert client.post(reverse("check_computers", args=SLUG), {"computers": "-1"}).status_code == 422
    above = cast.client("A", "reader").get(reverse("checks", args=SLUG))
    assert above.context["whole"].computers.coverage == pytest.approx((0.2, 0.2))
    # A unit without a number of computers is not counted as fully checked.
    assert above.context["whole"].silent_units == 2
    assert "Trong 3 đơn vị, gồm đơn vị này và mọi đơn vị bên dưới, 2 đơn vị chưa có sổ máy" in text_of(above)


def test_a_share_says_of_how_many_units_it_is(cast, give):
    """A has two units below; of one of them all is checked, and nothing is known of the others."""
    give("A1", "PC-01")
    keep_register(cast, "A1", 1, 1)
    keep_register(cast, "B1", 4, 4)
    give("B1", "PC-02")
    client = cast.client("centre", "coordinator")
    page = client.get(reverse("machine_figures", args=[*SLUG, cast.nodes["centre"].pk]))
    assert [one.name for one in page.context["branches"]] == ["Đơn vị B", "Đơn vị A"]
    lines = text_of(page).split("Đơn vị A")
    assert "100 % tính được 1/3 đơn vị" in lines[-1] and "25 % tính được 1/2 đơn vị" in lines[-2]
    assert "(tính được 2/6 đơn vị)" in text_of(page)
    checks = client.get(reverse("checks", args=SLUG))
    assert "1 trên 4, ở 1/2 đơn vị" in text_of(checks) and "tính được 1/3 đơn vị" in text_of(checks)
    own = cast.client("B1", "coordinator").get(reverse("checks", args=SLUG))
    assert "tính được" not in text_of(own), "all of its one unit is counted"


def test_signs_that_are_cracked_software_are_called_so_and_lead_there(cast, give):
    give("A1", "PC-01", findings=[sign()])
    give("A1", "PC-02", findings=[sign("AV-08", "malware", "D1")])
    page = cast.client("A", "reader").get(reverse("checks", args=SLUG))
    whole = page.context["whole"]
    assert (whole.signs, whole.cracked) == (2, 1)
    assert "Kiểm tra thấy dấu hiệu 2 trong đó 1 máy có phần mềm bẻ khóa" in text_of(page)
    assert f'href="{reverse("licences", args=SLUG)}?don-vi={cast.nodes["A"].pk}"' in page.content.decode()


def test_computers_that_nobody_checked_are_known_before_the_first_check(cast):
    keep_register(cast, "A1", 8, 8)
    page = text_of(cast.client("A", "reader").get(reverse("checks", args=SLUG)))
    assert "Chưa ai biết" not in page and "Ít nhất 8 máy chưa kiểm tra, 0 máy đã kiểm tra." in page
    page = text_of(cast.client("B", "reader").get(reverse("checks", args=SLUG)))
    assert "Chưa ai biết" in page


def test_machines_that_were_only_seen_are_no_register_on_every_page(cast, give):
    client = cast.client("A1", "officer")
    give("A1", "PC-01")
    keep_register(cast, "A1", 0, 0)
    RegisterFigures.rows.update(visitors=3)
    today = text_of(client.get(reverse("today", args=SLUG)))
    assert "Xác nhận 3 máy trong sổ máy của đơn vị" in today and "Đưa sổ máy tính" not in today
    page = text_of(client.get(reverse("register", args=[cast.units["A1"].pk])))
    assert "Chưa có máy tính nào: mới thấy 3 máy, dưới ba ngày." in page
    above = text_of(cast.client("A", "officer").get(reverse("register", args=[cast.units["A"].pk])))
    assert "chưa có máy tính nào: mới thấy 3 máy" in above and "chưa có sổ máy" in above


def keep_register(cast, unit, least, most):
    RegisterFigures.rows.create(
        unit=cast.units[unit], path=cast.units[unit].path, least=least, most=most, at=timezone.now()
    )


def test_unchecked_computers_are_those_of_the_register_where_there_is_one(cast, give):
    client = cast.client("A1", "officer")
    give("A1", "PC-01")
    client.post(reverse("check_computers", args=SLUG), {"computers": "2"})
    today = reverse("today", args=SLUG)
    assert "Kiểm tra thêm 1 máy tính" in text_of(client.get(today))
    assert "Đưa sổ máy tính của đơn vị lên" in text_of(client.get(today))
    keep_register(cast, "A1", 7, 9)
    page = client.get(reverse("checks", args=SLUG))
    whole = page.context["whole"]
    assert (whole.unchecked, whole.unchecked_most) == (6, 8)
    assert "Từ 6 đến 8 máy chưa được kiểm tra" in text_of(page)
    tasks = text_of(client.get(today))
    assert "Kiểm tra thêm ít nhất 6 máy tính" in tasks and "Đưa sổ máy tính" not in tasks
    figures = client.get(reverse("machine_figures", args=[*SLUG, cast.nodes["A1"].pk])).context["whole"]
    assert figures.computers == whole.computers, "one number of computers on both pages"
    assert page.context["computers_form"].initial == {"computers": 2}, "its own word stays its own"


def test_more_computers_than_the_register_knows_are_not_called_checked(cast, give):
    client = cast.client("A1", "officer")
    give("A1", "PC-01")
    keep_register(cast, "A1", 1, 1)
    assert "Không còn" in text_of(client.get(reverse("checks", args=SLUG)))
    client.post(reverse("check_computers", args=SLUG), {"computers": "30"})
    page = text_of(client.get(reverse("checks", args=SLUG)))
    assert "Không còn" not in page and "còn 29 máy có thể chưa được kiểm tra" in page
    assert "Kiểm tra các máy còn lại, hoặc sửa sổ máy" in text_of(client.get(reverse("today", args=SLUG)))


def test_units_without_a_register_stand_behind_those_that_have_one(cast, give):
    for unit in ("A1", "A2"):
        give(unit, f"PC-{unit}")
    keep_register(cast, "A2", 4, 4)
    cast.client("A1", "officer").post(reverse("check_computers", args=SLUG), {"computers": "1"})
    above = cast.client("A", "coordinator")
    figures = above.get(reverse("machine_figures", args=[*SLUG, cast.nodes["A"].pk]))
    assert [one.name for one in figures.context["branches"]] == ["Đơn vị A2", "Đơn vị A1"]
    line = text_of(figures).split("Đơn vị A1")[-1]
    assert "1 chưa có sổ máy, theo số tự khai" in line
    chart = above.get(reverse("checks", args=SLUG)).context["chart"]
    assert chart.index("Đơn vị A2") < chart.index("Đơn vị A1")


def test_chart_and_figures_show_one_number_and_one_order_where_few_units_are_counted(cast, give):
    """B: all machines known of one of its two units are checked. A: one of two, in two of its three units."""
    for unit, name, computers in (("B", "PC-B", 1), ("A1", "PC-1", 2), ("A2", None, 2)):
        if name:
            give(unit, name)
        client = cast.client(unit, "officer")
        client.post(reverse("check_computers", args=SLUG), {"computers": str(computers)})
    above = cast.client("centre", "coordinator")
    figures = above.get(reverse("machine_figures", args=[*SLUG, cast.nodes["centre"].pk])).context["branches"]
    assert [(one.name, one.share) for one in figures] == [("Đơn vị A", "25 %"), ("Đơn vị B", "100 %")]
    chart = above.get(reverse("checks", args=SLUG)).context["chart"]
    assert chart.index("Đơn vị A") < chart.index("Đơn vị B")
    said = re.sub(r"<[^>]+>", "", chart)
    assert "1 trên 4, ở 2/3 đơn vị" in said and "1 trên 1, ở 1/2 đơn vị" in said and "?" not in said


def test_machines_of_the_logs_beyond_the_stated_number_are_explained(cast, give):
    client = cast.client("A1", "officer")
    give("A1", "PC-01")
    client.post(reverse("check_computers", args=SLUG), {"computers": "1"})
    assert "hoặc đơn vị có nhiều máy hơn số đã khai" not in text_of(client.get(reverse("checks", args=SLUG)))
    node = cast.nodes["A1"]
    device = Device.rows.create(
        owner=node,
        campaign=node.campaign,
        key="10.1.1.5",
        id_kind="weak",
        id_value="10.1.1.5",
        is_assigned=True,
    )
    case = Case.rows.create(device=device, state="assigned", opened_at=timezone.now())
    page = text_of(client.get(reverse("checks", args=SLUG)))
    assert "1 máy có dấu hiệu, trong nhật ký hoặc theo báo cáo của nơi khác, chưa được kiểm tra" in page
    assert "Đơn vị đã khai có 1 máy, trong đó đã kiểm tra 1 máy." in page
    client.post(reverse("check_computers", args=SLUG), {"computers": "2"})
    assert "hoặc đơn vị có nhiều máy hơn số đã khai" not in text_of(client.get(reverse("checks", args=SLUG)))
    for name, host, shown in (("pc-5", "PC-5", "pc-5"), ("10.1.1.5", "pc-5", "10.1.1.5 pc-5")):
        Device.rows.filter(pk=device.pk).update(key=name, identity={"host": host})
        listed = text_of(client.get(reverse("checks", args=SLUG)))
        assert shown in listed and "pc-5 PC-5" not in listed
    Case.rows.filter(pk=case.pk).update(state="false_positive")
    assert "chưa được kiểm tra lần nào" not in text_of(client.get(reverse("checks", args=SLUG)))


def test_nothing_unchecked_among_some_units_is_not_known_and_never_at_least_none(cast, give):
    give("A1", "PC-01")
    cast.client("A1", "officer").post(reverse("check_computers", args=SLUG), {"computers": "1"})
    answer = cast.client("centre", "reader").get(reverse("checks", args=SLUG))
    assert answer.context["whole"].unchecked == 0
    page = text_of(answer)
    assert "ít nhất 0" not in page.lower() and "Chưa kiểm tra không rõ" in page
    assert 'class="bar"' not in answer.context["chart"], "a full bar would say that all are checked"


def test_the_date_is_the_units_own_and_counts_travel_up(cast, give):
    give("A1", at=ago(days=3), findings=[sign()])
    give("A1", at=ago(days=1))
    give("A2", at=ago(days=1), findings=[sign()])
    client = cast.client("A1", "officer")
    url = reverse("licences", args=SLUG)
    assert client.post(url, {"act": "set", "replace_by": "2020-01-01"}).status_code == 422
    client.post(url, {"act": "set", "replace_by": "2099-12-31"})
    assert str(UnitPlan.rows.get().replace_by) == "2099-12-31"
    copies = cast.client("centre", "reader").get(url).context["copies"]
    assert (copies.found, copies.replaced, copies.remaining) == (2, 1, 1)
    assert "PC-07" not in cast.client("A", "coordinator").get(url).content.decode()
    client.post(url, {"act": "undo"})
    assert UnitPlan.rows.get().replace_by is None
    facts = {"act": "facts", "volume_agreement": "yes", "kms_hosts": "kms.example 10.0.0.0/8"}
    facts["own_names"] = "a1.example.gov.vn, 203.0.113.0/24"
    client.post(url, facts)
    assert UnitPlan.rows.get().kms_hosts == ["kms.example", "10.0.0.0/8"]
    assert UnitPlan.rows.get().own_names == ["a1.example.gov.vn", "203.0.113.0/24"]
    for name in ("kms_hosts", "own_names"):
        assert client.post(url, facts | {name: "<b>"}).status_code == 422


def test_only_the_issuer_edits_the_replacements(cast):
    url = reverse("replacements", args=SLUG)
    fields = {"product": "office", "name": "LibreOffice", "terms": "free", "link": "https://example.org/",
              "note": ""}  # fmt: skip
    for unit, role in (("A", "coordinator"), ("centre", "officer"), ("B1", "it")):
        assert cast.client(unit, role).post(url, fields).status_code == 404
    editor = cast.client("centre", "coordinator")
    assert editor.post(url, fields | {"link": "javascript:alert(1)"}).status_code == 422
    editor.post(url, fields)
    editor.post(url, fields | {"note": "in Vietnamese"})
    row = Replacement.rows.get()
    assert row.note == "in Vietnamese"
    assert "LibreOffice" in cast.client("A1", "reader").get(reverse("licences", args=SLUG)).content.decode()
    editor.post(reverse("replacement_withdraw", args=[*SLUG, row.pk]))
    assert not Replacement.rows.exists()


def test_the_pack_is_downloaded_by_those_who_hand_results_in(cast, pack, tmp_path):
    publish_list(cast, tmp_path)
    client = cast.client("A1", "it")
    client.post(reverse("pack_build", args=SLUG))
    row = Pack.rows.get()
    url = reverse("pack_file", args=[*SLUG, row.pk])
    answer = client.get(url)
    assert answer.status_code == 200 and len(answer.content) == row.bytes
    assert "no-store" in answer["Cache-Control"]
    for unit, role in (("A1", "reader"), ("A", "coordinator"), ("A2", "it")):
        assert cast.client(unit, role).get(url).status_code == 404, (unit, role)
    assert cast.client("A", "coordinator").post(reverse("pack_rotate", args=SLUG)).status_code == 404


def test_the_pages_stay_light(cast, give):
    for number in range(30):
        give("A1", f"PC-{number:02}", findings=[sign()] if number % 2 else ())
    for page in ("checks", "licences"):
        body = cast.client("A1", "officer").get(reverse(page, args=SLUG)).content
        assert len(body) <= 100 * 1024, page


def test_the_machines_stand_beside_the_row_of_people_for_their_unit_and_as_counts_above(cast, give):
    give("A1", "KE-TOAN-1", people="3")
    result = give("A1", "KE-TOAN-2", people="2")

    def why(unit, role, node, row):
        url = reverse("why", args=[*SLUG, cast.nodes[node].pk, row])
        return markup_of(cast.client(unit, role).get(url))

    own = why("A1", "officer", "A1", "r4")
    assert "KE-TOAN-1" in own and reverse("check_result", args=[*SLUG, result.pk]) in own
    above = why("A", "coordinator", "A", "r4")
    section = above[above.index('id="may-da-kiem-tra"') :].split("</section>")[0]
    assert "KE-TOAN" not in above and '<td class="num">2</td><td class="num">5</td>' in section
    assert "may-da-kiem-tra" not in why("A1", "officer", "A1", "r2")


def test_pages_say_that_the_number_of_known_computers_still_moves(cast, give):
    """Files that no register follows yet: on the pages of the unit and of those above, not of a sibling."""
    give("A1", "PC-01")
    list_waiting()
    RegisterFigures.rows.all().delete()
    for unit in ("A1", "A2"):
        keep_register(cast, unit, 7, 9)
    told = "chưa được cộng vào"

    def saying(unit, of=None):
        client = cast.client(unit, "officer")
        pages = {name: reverse(name, args=SLUG) for name in ("checks", "today")}
        pages["figures"] = reverse("machine_figures", args=[*SLUG, cast.nodes[unit].pk])
        if of:
            pages["register"] = reverse("register", args=[cast.units[of].pk])
        return {name for name, page in pages.items() if told in text_of(client.get(page))}

    assert not saying("A1") and not saying("A", of="A1")
    store_evidence(
        cast.units["A1"], [], [Binding("10.1.1.5", Key("mac", "9c:1c:12:00:00:05"), 0, 9, "l", "lease")]
    )
    assert saying("A1") == {"checks", "today", "figures"}
    today = text_of(cast.client("A1", "officer").get(reverse("today", args=SLUG)))
    assert "số này còn thay đổi đêm nay hoặc khi có tệp tiếp theo" in today
    assert saying("A", of="A1") == {"checks", "figures", "register"}
    assert not saying("A2")
    list_waiting()
    assert not saying("A1")
