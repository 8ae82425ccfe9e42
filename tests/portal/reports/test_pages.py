"""The roll-up page, the page of one number, and the tasks of a unit about reports."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from quetsach.portal.campaigns.cascade.actions import acknowledge, count_people
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.reports.actions import submit
from quetsach.portal.reports.models import Report, ReportPolicy
from quetsach.portal.reports.proposals.queries import split_proposals
from quetsach.portal.reports.review.actions import accept, ask_amendment, send_back, unlock
from quetsach.portal.reports.tasks import reports_to_do
from quetsach.portal.units.roles import places_of
from tests.portal.addresses import url
from tests.portal.page_text import markup_of

NARRATIVE = "Đã rà soát toàn bộ máy của đơn vị."


def send(cast, unit, r2, r4, **more):
    data = {
        "r1": "0",
        "r2": str(r2),
        "r3": "0",
        "r4": str(r4),
        "narrative": NARRATIVE,
        "n3": "chưa có",
        **more,
    }
    return submit(cast.user(unit, "officer"), cast.nodes[unit], data, 0, uuid4(), ticked=["W08:figures"])


def text(cast, who, route, unit, *more):
    return markup_of(cast.client(*who).get(url(cast, route, unit, *more)))


def test_the_roll_up_names_who_is_missing_and_never_estimates(cast):
    send(cast, "A1", 12, 9)
    accept(cast.user("A", "officer"), cast.nodes["A1"], 1)
    page = text(cast, ("A", "reader"), "rollup", "A")
    assert "1 đơn vị chưa có trong tổng" in page
    assert ">Đơn vị A2</a>" in page
    assert "<b>12</b>" in page and "<b>9</b>" in page


def test_the_same_wish_of_two_units_stands_once_with_both_names(cast):
    for unit in ("A1", "A2"):
        send(cast, unit, 12, 9, proposals="Hỗ trợ bản quyền phần mềm.")
        accept(cast.user("A", "officer"), cast.nodes[unit], 1)
    page = text(cast, ("A", "reader"), "wishes", "A")
    assert page.count("Hỗ trợ bản quyền phần mềm.") == 1
    assert "Đơn vị A1" in page and "Đơn vị A2" in page
    assert 'type="checkbox"' not in page


def test_a_ticked_wish_is_taken_over_once_with_its_source(cast):
    for unit, asked in (
        ("A1", "- Hỗ trợ bản quyền phần mềm.\n- Cấp máy mới"),
        ("A2", "Hỗ trợ bản quyền, phần mềm"),
    ):
        send(cast, unit, 12, 9, proposals=asked)
        accept(cast.user("A", "officer"), cast.nodes[unit], 1)
    client, page = cast.client("A", "officer"), url(cast, "wishes", "A")
    for _ in range(2):
        client.post(page, {"wish": ["hỗ trợ bản quyền phần mềm", "không ai xin"]})
    draft = Report.rows.get(node=cast.nodes["A"]).draft["proposals"]
    assert draft == "- Hỗ trợ bản quyền phần mềm (Nguồn: Đơn vị A1, Đơn vị A2)"
    assert "Cấp máy mới" in client.get(page).content.decode()


def test_a_wish_is_read_without_its_source_in_time_that_grows_with_its_length():
    sources = "- Cấp máy (mới) (Nguồn: Đơn vị A1 (cũ), Đơn vị A2) \n2) Hỗ trợ (Nguồn: A1) ngay"
    assert split_proposals(sources) == ["Cấp máy (mới)", "Hỗ trợ (Nguồn: A1) ngay"]
    never_closed = "(Nguồn: " * 50_000  # minutes, for a pattern that tries each
    assert split_proposals(f"Cấp máy {never_closed}x") == [f"Cấp máy {never_closed}x"]


def test_a_superior_accepts_in_one_click_from_the_roll_up_and_a_reader_cannot(cast):
    send(cast, "A1", 12, 9)
    action = url(cast, "report_act", "A1", "accept")
    assert action in text(cast, ("A", "officer"), "rollup", "A")
    assert action not in text(cast, ("A", "reader"), "rollup", "A")
    answer = cast.client("A", "officer").post(action, {"number": 1, "then": "rollup"})
    assert answer["Location"] == url(cast, "rollup", "A")
    assert action not in text(cast, ("A", "officer"), "rollup", "A")


def test_an_accepted_report_that_was_unlocked_shows_at_once_how_to_amend_it(cast):
    send(cast, "A1", 12, 9)
    superior = cast.user("A", "officer")
    accept(superior, cast.nodes["A1"], 1)
    closed, opened = '<section id="xin-sua"><details>', '<section id="xin-sua"><details open>'
    assert closed in text(cast, ("A1", "officer"), "report", "A1")
    unlock(superior, cast.nodes["A1"], timezone.now() + timedelta(days=1), "Nhập nhầm số người.")
    assert opened in text(cast, ("A1", "officer"), "report", "A1")


def test_why_calls_a_figure_not_counted_only_if_it_differs_from_the_one_that_counts(cast):
    send(cast, "A1", 12, 9)
    page = (("A1", "officer"), "why", "A1", "r2")
    assert "Đã nhập, chưa được tính" in text(cast, *page)
    accept(cast.user("A", "officer"), cast.nodes["A1"], 1)
    ask_amendment(cast.user("A1", "officer"), cast.nodes["A1"], 1, "Nhập nhầm số người.")
    assert "Đã nhập, chưa được tính" not in text(cast, *page)


def test_why_shows_the_dated_acts_behind_a_number(cast):
    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    count_people(cast.nodes["A"], 15, 11, cast.user("A", "officer"))
    data = {"r1": "1", "r2": "20", "r3": "0", "r4": "11", "narrative": NARRATIVE}
    ticks = ["W08:figures", "W02:r3"]
    submit(cast.user("A", "officer"), cast.nodes["A"], data, 0, uuid4(), ticked=ticks)
    accept(cast.user("centre", "officer"), cast.nodes["A"], 1)
    first = text(cast, ("A", "reader"), "why", "A", "r1")
    assert "Vì sao dòng 1 là 1?" in first
    assert "Đơn vị A1" in first and "officer-a1" in first
    second = text(cast, ("A", "reader"), "why", "A", "r2")
    assert "<b>20</b>" in second and "<b>15</b>" in second and "con số do đơn vị nhập tay" in second


def test_a_figure_of_people_leads_back_to_the_head_counts_by_unit(cast):
    device = Device.rows.create(
        campaign=cast.campaign,
        owner=cast.nodes["A1"],
        key="10.1.1.5",
        is_assigned=True,
        id_kind="weak",
        id_value="10.1.1.5",
    )
    Case.rows.create(device=device, family="ramnit", state="new", opened_at=timezone.now())
    count_people(cast.nodes["A1"], 15, 11, cast.user("A1", "officer"))
    count_people(cast.nodes["A1"], 16, 11, cast.user("A1", "officer"))
    send(cast, "A2", 12, 9)
    accept(cast.user("A", "officer"), cast.nodes["A2"], 1)
    page = text(cast, ("A", "reader"), "why", "A", "r2")
    people = page.partition('id="nguoi"')[2].partition("</section>")[0]
    first, second = people.partition("<tbody>")[2].split("</tr>")[:2]
    assert "Đơn vị A1" in first and ">16</a>" in first and "officer-a1" in first and "chưa có" in first
    assert "Đơn vị A2" in second and "chưa đếm" in second and ">12</a>" in second
    assert url(cast, "known", "A1", "r2") in first and url(cast, "why", "A2", "r2") in second
    assert "10.1.1.5" not in people and "10.1.1.5" in page, "people first, then machines"
    assert 'id="nguoi"' not in text(cast, ("A", "reader"), "why", "A", "r1")


def test_why_of_an_unknown_row_is_404(cast):
    assert cast.client("A", "reader").get(url(cast, "why", "A", "r9")).status_code == 404


def test_machines_are_counted_once_per_branch_and_link_to_their_case(cast):
    states = {"A1": ["new", "cleaning"], "A2": ["verified_clean"], "A": ["new"], "B1": ["new"]}
    for unit, kept in states.items():
        for n, state in enumerate(kept):
            device = Device.rows.create(
                campaign=cast.campaign,
                owner=cast.nodes[unit],
                key=f"pc-{unit}-{n}",
                is_assigned=True,
                id_kind="host",
                id_value=f"pc-{unit}-{n}",
            )
            Case.rows.create(
                device=device, family="ramnit", state=state, opened_at=cast.campaign.published_at
            )
    page = text(cast, ("A", "reader"), "rollup", "A")
    machines = page[page.index('id="may"') :]
    assert "4 máy đã thấy dấu hiệu" in machines
    listed = text(cast, ("A", "reader"), "why", "A", "r2")
    assert "pc-A1-0" in listed and "pc-A2-0" in listed and "pc-B1-0" not in listed


def test_the_roll_up_page_asks_the_same_number_of_queries_whatever_is_below(
    cast, django_assert_max_num_queries
):
    client = cast.client("A", "officer")
    send(cast, "A1", 10, 5)
    client.get(url(cast, "rollup", "A"))
    with django_assert_max_num_queries(16) as before:
        assert client.get(url(cast, "rollup", "A")).status_code == 200
    send(cast, "A2", 10, 5)
    with django_assert_max_num_queries(len(before)):
        assert client.get(url(cast, "rollup", "A")).status_code == 200


def seat(cast, unit, role):
    node = cast.nodes[unit]
    user = cast.user(unit, role)
    return Seat(user=user, campaign=cast.campaign, node=node, home=node, places=places_of(user))


def titles(cast, unit, role="officer"):
    return [str(task.title) for task in reports_to_do(seat(cast, unit, role))]


def test_today_asks_to_send_then_to_review_then_to_correct(cast):
    assert titles(cast, "A1") == ["Gửi báo cáo"]
    assert titles(cast, "A1", "reader") == []
    send(cast, "A1", 12, 9)
    assert titles(cast, "A1") == []
    assert titles(cast, "A") == ["Gửi báo cáo", "Tiếp nhận 1 báo cáo"]
    send_back(cast.user("A", "officer"), cast.nodes["A1"], 1, "Thiếu trạm y tế.")
    assert titles(cast, "A") == ["Gửi báo cáo"]
    [task] = reports_to_do(seat(cast, "A1", "officer"))
    assert (str(task.title), task.text) == ("Sửa báo cáo bị trả lại", "Thiếu trạm y tế.")


def test_today_says_what_is_overdue_here_and_below(cast):
    CampaignNode.rows.update(due_at=timezone.now() - timedelta(days=2))
    late = {unit: CampaignNode.rows.get(pk=node.pk) for unit, node in cast.nodes.items()}
    cast.nodes.update(late)
    [own] = reports_to_do(seat(cast, "A1", "officer"))
    assert (own.shape, str(own.word), own.url) == ("bad", "quá hạn 2 ngày", url(cast, "report", "A1"))
    assert "vẫn được tính" in str(own.text)
    ReportPolicy.rows.create(campaign=cast.campaign, grace_until=timezone.now() - timedelta(hours=1))
    [own] = reports_to_do(seat(cast, "A1", "officer"))
    assert "mở khóa" in str(own.text)
    assert titles(cast, "A") == ["Gửi báo cáo", "Đôn đốc 2 đơn vị gửi báo cáo quá hạn"]
    CampaignNode.rows.filter(pk=cast.nodes["A2"].pk).update(due_at=timezone.now() + timedelta(days=1))
    below = reports_to_do(seat(cast, "A", "officer"))[-1]
    assert (str(below.title), str(below.text)) == ("Đôn đốc 1 đơn vị gửi báo cáo quá hạn", "Đơn vị A1")
    page = cast.client("A", "officer").get(below.url).content.decode()
    assert "Đơn vị A1" in page and "Đơn vị A2" not in page.partition("<main")[2]
    assert titles(cast, "A", "reader") == []


def test_a_locked_unit_reads_whom_to_ask_and_others_do_not(cast):
    boss = cast.user("A", "officer")
    boss.full_name, boss.phone = "Trần Thị Hoa", "0912 345 678"
    boss.save()
    ReportPolicy.rows.create(campaign=cast.campaign, grace_until=timezone.now() - timedelta(hours=1))
    page = cast.client("A1", "officer").get(url(cast, "report", "A1")).content.decode()
    assert "hãy đề nghị Đơn vị A mở khóa" in page
    assert 'href="tel:0912345678">Gọi Trần Thị Hoa, 0912 345 678<' in page
    for unit, role in (("A1", "reader"), ("A", "officer"), ("centre", "officer")):
        seen = cast.client(unit, role).get(url(cast, "report", "A1")).content.decode()
        assert "Đã hết thời gian báo cáo" in seen and "hãy đề nghị" not in seen


@pytest.mark.parametrize("route", ["report", "report_history", "rollup", "why"])
def test_english_pages_are_wholly_english(cast, route):
    send(cast, "A1", 12, 9)
    client = cast.client("A", "officer")
    client.cookies["django_language"] = "en"
    more = ["r1"] if route == "why" else []
    page = client.get(url(cast, route, "A1", *more)).content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    for word in ("Báo cáo", "Đơn vị dưới", "đã tiếp nhận", "Dòng 1"):
        assert word not in main
