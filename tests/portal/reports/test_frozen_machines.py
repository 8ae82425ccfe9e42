"""The figures of machines of a sent report: frozen with it, restated when more becomes known."""

from datetime import timedelta
from io import BytesIO

import lxml.html
import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from quetsach.machines.evidence import Key
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns import arrivals
from quetsach.portal.campaigns.cascade.actions import acknowledge
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.queries import progress
from quetsach.portal.cases import actions as cases
from quetsach.portal.cases import lists, owning_actions
from quetsach.portal.cases.histories import FIGURE_WORDS, figure_filter, turns
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.rules import Word
from quetsach.portal.machines import actions as machines
from quetsach.portal.machines.models import StoredDecision
from quetsach.portal.reports.assessment.drafting import draft_text
from quetsach.portal.reports.errors import ReportError
from quetsach.portal.reports.frozen.actions import restate, restate_all, take, take_back
from quetsach.portal.reports.frozen.counting import as_stored, read
from quetsach.portal.reports.frozen.queries import chain_of, restated_below
from quetsach.portal.reports.frozen.words import value_of
from quetsach.portal.reports.models import MachineFigures, Report, Revision
from quetsach.portal.reports.rollup.machines import by_branch
from quetsach.portal.reports.rollup.queries import lines
from quetsach.portal.reports.sealing import seal
from quetsach.portal.sightings.actions import Sender, receive_file
from tests.portal.addresses import url
from tests.portal.cases.test_signs_since import table
from tests.portal.cases.test_which_machine import ADDRESS, PC, lease, whole
from tests.portal.page_text import text_of
from tests.portal.reports.test_review import taken
from tests.portal.reports.test_two_moments import printed
from tests.portal.scan_document import document, noon, publish_list, sighting


@pytest.fixture
def listed(cast, tmp_path):
    return publish_list(cast, tmp_path)


@pytest.fixture
def upload(cast, listed):
    def give(*rows, unit="A1"):
        told = [{"who": "", "runs": whole(row), **row} for row in rows]
        body = document(told, (), set_id=listed.set_id, schema=2)
        return receive_file(BytesIO(body), cast.nodes[unit], Sender("upload", user=cast.user(unit, "it")))

    return give


@pytest.fixture
def tell(cast):
    def give(*rows, unit="A1"):
        claims = [one for one in rows if hasattr(one, "keys")]
        machines.store_evidence(cast.units[unit], claims, [one for one in rows if one not in claims])
        assert arrivals.announce(cast.campaign)

    return give


def chain(cast, unit):
    return chain_of(Report.rows.get(node=cast.nodes[unit]).current)


def holds(cast, unit):
    """Seen, claimed, false, and the reasons of the figures that hold."""
    found = chain(cast, unit).holds
    told = found.whole
    seen = told["infected"] + told["shared"] + told["unlocated"]
    return seen, told["claimed"], told["false"], dict(found.reasons)


def test_what_is_counted_now_is_what_other_pages_show(cast, upload, tell):
    tell(*lease(PC, noon(9)))
    upload(sighting(ADDRESS, noon(9)), sighting("10.1.1.6", noon(8)), sighting("10.1.1.7", noon(8)))
    upload(sighting("10.9.9.9", noon(8)), sighting("198.51.100.7", noon(8)), unit="A2")
    first, second = Case.rows.filter(device__owner=cast.nodes["A1"], device__id_kind="weak").order_by("pk")
    cases.dismiss(first, cast.user("A1", "it"), "máy thử")
    cases.claim_clean(second, cast.user("A1", "it"), done="scan", done_at=noon(5))
    node, now = cast.nodes["A"], timezone.now()
    found = take(node, now).counted.whole[str(node.pk)]
    table = by_branch(node, lines(node))
    words = lists.tally(node, now).words
    assert found.seen == table.total == 4 and found.false == words[Word.DISMISSED] == 1
    # A public address may stand for many machines.
    assert (found.infected, found.shared, found.located, found.claimed, found.verified) == (3, 1, 1, 1, 0)
    assert found.units == 3 and found.clocks["claimed"].all == 4
    assert turns(node) == {"shared": 1, "unlocated": 0, "relapsed": 0, "reinfected": 0}
    for name in FIGURE_WORDS:
        rows = lists.led_by(lists.there(node, below=True), figure_filter(name))
        assert rows.count() == getattr(found, name), name


def test_sending_freezes_the_figures_under_the_seal(cast, upload):
    upload(sighting(ADDRESS, noon(9)))
    sent = taken(cast, "A1")
    frozen = chain(cast, "A1").frozen
    assert (frozen.number, frozen.at, frozen.whole["infected"]) == (1, sent.at, 1)
    assert sent.totals["machines"] == frozen.whole and seal(sent, cast.nodes["A1"]) == sent.sha256
    (part,) = frozen.parts.all()
    assert part.node == cast.nodes["A1"] and list(part.machines) == [str(Case.rows.get().device_id)]
    # Work that is done later, and machines that are infected later, are no news about that moment.
    cases.claim_clean(Case.rows.get(), cast.user("A1", "it"), done="scan", done_at=timezone.now())
    upload(sighting("10.1.1.66", timezone.now() + timedelta(minutes=1)))
    assert restate(cast.nodes["A1"]) is None


def test_a_late_log_restates_the_unit_and_every_report_above_with_the_reason(cast, upload):
    upload(sighting(ADDRESS, noon(9)))
    for unit in ("A1", "A", "centre"):
        taken(cast, unit)
    upload(sighting("10.1.1.6", noon(4)))
    call_command("restate_figures")
    for unit in ("A1", "A", "centre"):
        assert holds(cast, unit) == (2, 0, 0, {"late": 1})
        frozen = chain(cast, unit).frozen
        assert frozen.whole["infected"] == 1, "the frozen figure never moves"
        assert Revision.rows.get(pk=frozen.revision_id).totals["machines"]["infected"] == 1
    (below,) = restated_below(cast.nodes["A"], chain(cast, "A").frozen)
    assert (below.name, below.number) == (cast.nodes["A1"].name, 2)
    assert restate_all(cast.campaign) == 0 and MachineFigures.rows.count() == 6


def test_two_machines_were_one(cast, upload, tell):
    upload(sighting(ADDRESS, noon(9)), sighting("10.1.1.6", noon(4)))
    taken(cast, "A1")
    tell(*lease(PC, noon(9)), *lease(PC, noon(4), address="10.1.1.6"))
    assert restate_all(cast.campaign) == 1
    seen, claimed, _false, why = holds(cast, "A1")
    assert (seen, claimed) == (1, 0) and why == {"merged": 1, "renamed": 1}
    assert chain(cast, "A1").frozen.whole["infected"] == 2


def test_a_handled_machine_that_a_file_names_is_one_machine_with_its_handling(cast, upload):
    upload(sighting(ADDRESS, noon(9)))
    case = Case.rows.get()
    Case.rows.update(opened_at=case.opened_at - timedelta(days=5))
    cases.claim_clean(case, cast.user("A1", "it"), done="reinstall", done_at=timezone.now())

    def hours():
        return as_stored(read(cast.nodes["A1"]).at(timezone.now()).whole[str(cast.nodes["A1"].pk)])["hours"]

    before = hours()
    assert before["claimed"] == pytest.approx(120, abs=0.2)
    file = table(cast, lease(PC, noon(9), name="tram-pc-21"))
    assert Case.rows.get(is_current=True).device.key == "tram-pc-21" and hours() == before
    taken(cast, "A1")
    machines.take_back(file)
    arrivals.announce(cast.campaign)
    assert hours() == before
    assert restate_all(cast.campaign) == 1 and holds(cast, "A1") == (1, 1, 0, {"renamed": 1})
    page, paper = told(cast), printed(cast, "report_pdf", "A1")
    table(cast, lease(PC, noon(9), name="tram-pc-21"))
    assert hours() == before
    assert restate_all(cast.campaign) == 1 and holds(cast, "A1") == (1, 1, 0, {"named": 1})
    assert "1 máy nay được biết theo tên hoặc địa chỉ khác" in page and "hai máy là một" not in page
    assert "vẫn là máy đó. Trong đó: đã xác định được máy: 1 → 0" in paper


def test_a_merger_that_a_person_takes_back_is_restated_again(cast, upload, tell):
    other = Key("mac", "00-00-5e-00-53-02")
    tell(*lease(PC, noon(9)), *lease(other, noon(4), address="10.1.1.6"))
    upload(sighting(ADDRESS, noon(9)), sighting("10.1.1.6", noon(4)))
    taken(cast, "A1")
    person = cast.user("A1", "it")
    said = machines.decide(cast.units["A1"], "same", PC, other, person, "cùng một máy")
    arrivals.announce(cast.campaign)
    assert restate_all(cast.campaign) == 1 and holds(cast, "A1")[0] == 1
    assert holds(cast, "A1")[3] == {"merged": 1}
    machines.withdraw(StoredDecision.rows.get(pk=said.pk), person, cast.units["A1"], "nhầm")
    arrivals.announce(cast.campaign)
    assert restate_all(cast.campaign) == 1 and holds(cast, "A1")[0] == 2
    assert [one.number for one in chain(cast, "A1").all] == [1, 2, 3]


def test_a_false_alarm_and_a_machine_of_another_unit(cast, upload):
    upload(sighting(ADDRESS, noon(9)), sighting("10.1.1.6", noon(9)))
    for unit in ("A1", "A"):
        taken(cast, unit)
    first, second = Case.rows.order_by("pk")
    cases.dismiss(first, cast.user("A1", "it"), "máy thử")
    owning_actions.say_not_ours(second.device, cast.user("A1", "it"), "máy của phòng")
    assert restate_all(cast.campaign) == 2
    assert holds(cast, "A1") == (0, 0, 1, {"false": 1, "left": 1})
    assert holds(cast, "A") == (1, 0, 1, {"false": 1, "moved": 1})


def test_a_person_restates_and_takes_it_back_and_the_portal_respects_that(cast, upload):
    upload(sighting(ADDRESS, noon(9)))
    taken(cast, "A1")
    upload(sighting("10.1.1.6", noon(4)))
    node, person = cast.nodes["A1"], cast.user("A1", "officer")
    assert restate(node, person).number == 2 and holds(cast, "A1")[0] == 2
    take_back(node, 2, person)
    assert holds(cast, "A1")[0] == 1 and restate_all(cast.campaign) == 0
    upload(sighting("10.1.1.7", noon(4)))
    assert restate_all(cast.campaign) == 1 and holds(cast, "A1")[0] == 3
    for number in (1, 3):
        with pytest.raises(ReportError):
            take_back(node, number, person)
    said = Entry.objects.filter(action__startswith="report.restate").order_by("pk")
    assert [one.action for one in said] == ["report.restate", "report.restate_undo", "report.restate"]


def test_a_restatement_of_the_portal_is_a_task_until_somebody_of_the_unit_has_read_it(cast, upload):
    upload(sighting(ADDRESS, noon(9)))
    for unit in ("A1", "A"):
        taken(cast, unit)
    upload(sighting("10.1.1.6", noon(4)))
    officer, words = cast.client("A1", "officer"), "Đọc số liệu máy tính đã điều chỉnh của báo cáo"

    def today(client):
        return text_of(client.get("/cd/lam-sach/viec-hom-nay/"))

    assert words not in today(officer)
    assert restate_all(cast.campaign) == 2
    assert words in today(officer) and words not in today(cast.client("A1", "it"))
    upload(sighting("10.1.1.7", noon(4)))
    assert restate_all(cast.campaign) == 2
    page = url(cast, "machine_figures", "A1")
    assert "Tôi đã đọc" in text_of(officer.get(page))
    stranger = cast.client("A1", "it").post(url(cast, "machine_figures_note", "A1", 3))
    assert stranger.status_code == 404 and words in today(officer)
    assert officer.post(url(cast, "machine_figures_note", "A1", 3)).status_code == 302
    assert words not in today(officer)
    assert [bool(one.noted_by) for one in chain(cast, "A1").all] == [False, True, True]
    assert words in today(cast.client("A", "officer")), "each unit reads its own"
    assert Entry.objects.filter(action="report.restate_note").get().data == {"revision": 1, "number": 3}
    officer.post(url(cast, "machine_figures_note", "A1", 3))
    assert Entry.objects.filter(action="report.restate_note").count() == 1
    # What a person of the unit restates needs no reading.
    upload(sighting("10.1.1.8", noon(4)))
    restate(cast.nodes["A1"], cast.user("A1", "officer"))
    assert words not in today(officer)


def test_a_relapse_in_a_late_log_and_an_infection_after_the_proof(cast, upload):
    upload(sighting(ADDRESS, noon(20)), sighting("10.1.1.6", noon(20)))
    first, second = Case.rows.order_by("pk")
    for case in (first, second):
        cases.claim_clean(case, cast.user("A1", "it"), done="scan", done_at=noon(15))
    cases.confirm_clean(second, cast.user("A", "officer"), "đã xem tận nơi")
    Case.rows.filter(pk=second.pk).update(quiet_until=noon(10))
    taken(cast, "A1")
    assert holds(cast, "A1") == (2, 2, 0, {})
    upload(sighting(first.device.key, noon(8)), sighting(second.device.key, noon(7)))
    assert restate_all(cast.campaign) == 1
    figures = chain(cast, "A1").holds.whole
    assert (figures["claimed"], figures["relapsed"], figures["reinfected"]) == (0, 1, 1)
    assert holds(cast, "A1")[3] == {"back": 2} and chain(cast, "A1").frozen.whole["verified"] == 1
    node = cast.nodes["A1"]
    assert turns(node)["relapsed"] == turns(node)["reinfected"] == 1
    said = draft_text(node)
    assert "Có 1 máy có dấu hiệu trở lại sau khi xử lý và 1 máy nhiễm lại" in said


def test_page_and_papers_show_both_numbers_and_the_reason(cast, upload):
    upload(sighting(ADDRESS, noon(9)))
    for unit in ("A1", "A"):
        taken(cast, unit)
    upload(sighting("10.1.1.6", noon(4)))
    restate_all(cast.campaign)
    page = text_of(cast.client("A", "officer").get(url(cast, "machine_figures", "A")))
    assert "1 máy có dấu hiệu trước thời điểm đó, theo nhật ký hoặc báo cáo của nơi khác đến sau" in page
    assert f"{cast.nodes['A1'].name}: lần 2" in page.replace(" : ", ": ")
    sent = text_of(cast.client("A", "officer").get(url(cast, "report", "A")))
    assert (
        "1 máy có dấu hiệu, trong đó 0 máy đã xử lý" in sent
        and "Đã điều chỉnh, thành số liệu lần 2: 2 máy" in sent
    )
    for route in ("report_pdf", "report_docx"):
        told = printed(cast, route)
        assert "số đã chốt không bao giờ thay đổi" in told, route
        assert "1 máy có dấu hiệu trước thời điểm đó, theo nhật ký hoặc báo cáo" in told, route
    book = cast.client("A", "officer").get(url(cast, "report_xlsx", "A")).content
    sheet = CalamineWorkbook.from_filelike(BytesIO(book)).get_sheet_by_name("Số liệu máy tính")
    rows = {row[0]: row[1:4] for row in sheet.to_python(skip_empty_area=False)}
    assert rows["Máy từng có dấu hiệu, phân biệt được từng máy"] == [2.0, 1.0, 2.0]


def test_only_who_may_report_restates_and_nobody_from_elsewhere(cast, upload):
    upload(sighting(ADDRESS, noon(9)))
    taken(cast, "A1")
    upload(sighting("10.1.1.6", noon(4)))
    there = url(cast, "machine_figures_restate", "A1")
    assert cast.client("B", "coordinator").post(there).status_code == 404
    assert cast.client("A1", "reader").post(there).status_code in (403, 404)
    nothing = cast.client("A2", "officer").post(url(cast, "machine_figures_restate", "A2"), follow=True)
    assert "Chưa gửi báo cáo nào" in text_of(nothing)
    assert not Report.rows.filter(node=cast.nodes["A2"]).exists()
    assert chain(cast, "A1").holds.number == 1
    answer = cast.client("A1", "officer").post(there, follow=True)
    assert "Đã điều chỉnh, thành số liệu lần 2." in text_of(answer) and chain(cast, "A1").holds.number == 2
    back = reverse("machine_figures_take_back", args=[cast.campaign.slug, cast.nodes["A1"].pk, 2])
    page = text_of(cast.client("A1", "officer").post(back, follow=True))
    assert "được dùng trở lại" in page and "chỉ tự điều chỉnh lại khi biết thêm điều khác" in page
    assert "trong đêm nay" not in page and restate_all(cast.campaign) == 0
    assert chain(cast, "A1").holds.number == 1
    upload(sighting("10.1.1.7", noon(4)))
    assert "tự điều chỉnh trong đêm nay" in text_of(
        cast.client("A1", "officer").get(url(cast, "machine_figures", "A1"))
    )
    assert restate_all(cast.campaign) == 1


def test_the_writer_of_the_letter_is_in_neither_number_of_its_way(cast):
    page = cast.client("centre", "coordinator").get(url(cast, "machine_figures", "centre"))
    letter = page.context["letter"]
    below = cast.nodes["centre"].path
    others = CampaignNode.rows.filter(campaign=cast.campaign, path__startswith=below, state="active")
    assert letter["units"] == others.exclude(pk=cast.nodes["centre"].pk).count()
    assert letter["told"] <= letter["units"] and page.context["letter_reach"] == "below"
    own = cast.client("A1", "officer").get(url(cast, "machine_figures", "A1"))
    assert own.context["letter"]["units"] == 1 and own.context["letter_reach"] == "all"


def test_who_confirmed_the_letter_was_told_and_the_base_is_that_of_the_progress(cast):
    """A unit may confirm the letter before its superior passed it on to it in the portal."""
    node = cast.nodes["A"]
    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    acknowledge(cast.nodes["A"], cast.user("A", "officer"))
    letter = cast.client("A", "officer").get(url(cast, "machine_figures", "A")).context["letter"]
    below = progress(cast.campaign, node.path)
    assert letter == {"units": below.units, "told": 1, "acknowledged": below.acknowledged}
    assert below.acknowledged == 1


def test_one_name_of_a_figure_has_one_number_in_both_tables(cast, upload):
    upload(sighting("10.1.1.6", noon(8)), sighting("198.51.100.7", noon(8)))
    page = lxml.html.fromstring(cast.client("A", "officer").get(url(cast, "machine_figures", "A")).content)

    def row(name):
        (found,) = page.xpath(f"//section[@id='so']//tr[normalize-space(th)='{name}']/td[2]")
        return int(found.text_content())

    name = "Tổng số từng có dấu hiệu"
    column = page.xpath(f"//section[@id='don-vi']//td[@data-label='{name}']")
    assert sum(int(cell.text_content()) for cell in column) == row(name) == 2
    assert row("Máy từng có dấu hiệu, phân biệt được từng máy") == 1
    # No unit has a register or a number of its own: nothing is known, by nobody's word.
    assert "theo số tự khai" not in page.text_content()


def told(cast, unit="A1"):
    page = lxml.html.fromstring(cast.client(unit, "officer").get(url(cast, "machine_figures", unit)).content)
    return " ".join(" ".join(page.get_element_by_id("chot").itertext()).split()).replace(" :", ":")


def test_each_restatement_says_what_it_moved_and_what_holds_when_it_is_taken_back(cast, upload):
    upload(sighting(ADDRESS, noon(9)))
    taken(cast, "A1")
    nothing, tonight = "không làm thay đổi số liệu của thời điểm đó", "tự điều chỉnh trong đêm nay"
    assert nothing in told(cast) and tonight not in told(cast)
    upload(sighting("10.1.1.6", noon(4)))
    assert tonight in told(cast) and nothing not in told(cast)
    node, person = cast.nodes["A1"], cast.user("A1", "officer")
    restate(node, person)
    assert "Hệ thống không tự lập lại lần điều chỉnh này" in told(cast)
    upload(sighting("10.1.1.7", noon(4)))
    restate(node, person)
    take_back(node, 3, person)
    upload(sighting("10.1.1.8", noon(4)))
    restate(node, person)
    total = "Tổng số từng có dấu hiệu"
    said = told(cast)
    second, third, fourth = (
        said[said.index(f"Số liệu lần {n},") :].split(f"Số liệu lần {n + 1},")[0] for n in (2, 3, 4)
    )
    assert "Khác với số liệu lần 1: Máy từng có dấu hiệu, phân biệt được từng máy: 1 → 2" in second
    assert f"{total}: 1 → 2" in second
    assert "Khác với số liệu lần 2:" in third and f"{total}: 2 → 3" in third
    assert "Khác với số liệu lần 2:" in fourth and f"{total}: 2 → 4" in fourth
    assert f"{total}: 2 → 4" in printed(cast, "report_pdf", "A1")
    upload(sighting("10.1.1.9", noon(4)))
    assert tonight in told(cast)
    Campaign.objects.filter(pk=cast.campaign.pk).update(status=Campaign.Status.CLOSED)
    assert tonight not in told(cast) and "hệ thống không tự điều chỉnh nữa" in told(cast)


def test_what_taking_a_restatement_back_changes_is_told_before_the_click(cast, upload):
    upload(sighting(ADDRESS, noon(9)))
    taken(cast, "A1")
    node, person, client = cast.nodes["A1"], cast.user("A1", "officer"), cast.client("A1", "officer")
    for address in ("10.1.1.6", "10.1.1.7", "10.1.1.8"):
        upload(sighting(address, noon(4)))
        restate(node, person)
    take_back(node, 4, person)
    upload(sighting("10.1.1.9", noon(4)))
    restate(node, person)

    def offered():
        page = lxml.html.fromstring(client.get(url(cast, "machine_figures", "A1")).content)
        (deed,) = page.xpath("//details[.//form[contains(@action, '/rut/')]]")
        assert "open" not in deed.attrib and len(page.xpath("//form[contains(@action, '/rut/')]")) == 1
        return " ".join(deed.text_content().split()), deed.xpath(".//form/@action")[0]

    words, there = offered()
    assert "Số liệu lần 3 được dùng trở lại" in words and "Rút lại số liệu lần 5" in words
    assert "Tổng số từng có dấu hiệu: 5 → 3" in words, "number 4 does not hold: it is passed over"
    client.post(there)
    assert value_of(chain(cast, "A1").holds.whole, "seen") == 3
    words, there = offered()
    assert "Số liệu lần 2 được dùng trở lại" in words and "Tổng số từng có dấu hiệu: 3 → 2" in words
    # The page is older than the number of a colleague.
    restate(node, person)
    assert "lần sau" in text_of(client.post(there, follow=True)) and chain(cast, "A1").holds.number == 6
