"""The drafted assessment on the page of the annex and on paper: an officer's own words are never lost."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.utils import timezone
from python_calamine import CalamineWorkbook

from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.cascade.actions import acknowledge
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.checks.models import CheckResult, CrackedCopy, UnitPlan
from quetsach.portal.reports.assessment.facts import (
    Machines,
    Scope,
    Software,
    acts,
    machines,
    reports,
    software,
)
from quetsach.portal.reports.export import papers
from quetsach.portal.reports.models import Report
from tests.portal.addresses import url
from tests.portal.page_text import text_of
from tests.portal.reports.test_review import taken

RECEIVED_NONE = "Chưa có đơn vị nào trong 2 đơn vị bên dưới xác nhận nhận được văn bản."
RECEIVED_ONE = "Có 1 trên 2 đơn vị bên dưới đã xác nhận nhận được văn bản; còn 1 đơn vị chưa xác nhận."
FIGURES = {"r1": "0", "r2": "5", "r3": "0", "r4": "4", "proposals": ""}


def page(answer):
    assert answer.status_code == 200
    return answer


def narrative(shown) -> str:
    """The text in the box, as the page sends it."""
    box = re.search(r'<textarea id="danh-gia"[^>]*>(.*?)</textarea>', shown.content.decode(), re.DOTALL)
    return unescape(box[1])


def ids(shown) -> dict[str, str]:
    return {name: str(shown.context[name]) for name in ("version", "client_uuid")}


def opened(cast, unit="A"):
    return page(cast.client(unit, "officer").get(url(cast, "report", unit)))


def post(cast, do, text, soup, **more):
    data = {**FIGURES, **ids(soup), "narrative": text, "do": do, **more}
    return page(cast.client("A", "officer").post(url(cast, "report_assessment", "A"), data))


def test_beside_an_empty_box_stands_the_draft_of_now_and_nothing_is_stored(cast):
    soup, address = opened(cast), url(cast, "report_assessment", "A")
    assert narrative(soup) == "" and f'hx-get="{address}" hx-trigger="load"' in soup.content.decode()
    script = {"HX-Request": "true"}
    assert RECEIVED_NONE in text_of(cast.client("A", "officer").get(address, headers=script))
    assert not Report.rows.exists()
    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    assert RECEIVED_ONE in text_of(cast.client("A", "officer").get(address, headers=script))
    assert cast.client("A", "officer").get(address).url == url(cast, "report", "A")
    soup = post(cast, "add", "", soup)
    assert RECEIVED_ONE in narrative(soup).splitlines() and narrative(opened(cast)) == narrative(soup)


def test_a_saved_text_is_never_drafted_anew(cast):
    client, soup = cast.client("A", "officer"), opened(cast)
    mine = f"Lời của đơn vị.\n{RECEIVED_NONE}"
    client.post(url(cast, "report", "A"), {**FIGURES, **ids(soup), "narrative": mine, "do": "save"})
    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    assert narrative(opened(cast)) == mine
    empty = post(cast, "compare", "", opened(cast))
    assert narrative(empty) == "" and narrative(opened(cast)) == ""


def test_an_officer_asks_for_new_figures_and_takes_them_back(cast):
    soup = opened(cast)
    mine = f"Lời của đơn vị.\n{RECEIVED_NONE}\nHết."
    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    soup = post(cast, "compare", mine, soup)
    told = text_of(soup).split("Số liệu đã thay đổi")[1]
    assert narrative(soup) == mine and RECEIVED_NONE in told and RECEIVED_ONE in told
    soup = post(cast, "update", mine, soup)
    assert narrative(soup) == f"Lời của đơn vị.\n{RECEIVED_ONE}\nHết."
    assert Report.rows.get().draft["narrative"] == narrative(soup)
    before = soup.context["assessed"].before
    assert f'type="hidden" name="narrative_before" value="{before}"' in soup.content.decode()
    soup = post(cast, "restore", narrative(soup), soup, narrative_before=before)
    assert narrative(soup) == mine == Report.rows.get().draft["narrative"]
    soup = post(cast, "add", mine, soup)
    assert narrative(soup).startswith(mine + "\n") and narrative(soup).count("phần mềm bẻ khóa") == 1
    assert Entry.objects.filter(action="report.save").count() == 1  # one open form, one entry


def test_a_report_that_was_sent_is_not_changed(cast):
    taken(cast, "A1")
    taken(cast, "A", "8")
    sent = Report.rows.get(node=cast.nodes["A"])
    fields = {**FIGURES, "version": str(sent.version), "client_uuid": str(uuid4()), "narrative": "Khác."}
    answer = cast.client("A", "officer").post(url(cast, "report_assessment", "A"), fields | {"do": "add"})
    assert answer.status_code == 302
    again = Report.rows.get(pk=sent.pk)
    assert again.draft == sent.draft and again.version == sent.version


def test_another_persons_change_meanwhile_loses_neither_text(cast):
    soup = opened(cast)
    post(cast, "compare", "Bản của tôi.", soup)
    fields = {**FIGURES, "version": "0", "client_uuid": str(uuid4()), "narrative": "Bản khác.", "do": "add"}
    answer = cast.client("A", "coordinator").post(url(cast, "report_assessment", "A"), fields)
    assert answer.status_code == 409 and "Bản của tôi." in answer.content.decode()
    assert Report.rows.get().draft["narrative"] == "Bản của tôi."


def test_who_may_not_edit_does_not_compare(cast):
    for unit, role in (("A", "reader"), ("A1", "officer"), ("B", "officer")):
        answer = cast.client(unit, role).post(url(cast, "report_assessment", "A"), {"do": "compare"})
        assert answer.status_code == 404
    assert not Report.rows.exists()


def test_the_form_for_a_place_without_a_connection_brings_the_draft_along(cast):
    answer = cast.client("A", "officer").get(url(cast, "report_template", "A"))
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    cells = [
        str(cell)
        for sheet in book.sheet_names
        for row in book.get_sheet_by_name(sheet).to_python()
        for cell in row
    ]
    assert any(RECEIVED_NONE in cell.splitlines() for cell in cells)


def test_on_paper_stand_the_officers_words_and_the_draft_only_without_them(cast):
    node = cast.nodes["A"]
    drafted = papers.official_report(node)
    assert RECEIVED_NONE in drafted.narrative and RECEIVED_NONE in drafted.annex.assessment
    post(cast, "compare", "Lời của đơn vị.", opened(cast))
    assert papers.official_report(node).narrative == ("Lời của đơn vị.",)
    taken(cast, "A1")
    taken(cast, "A", "8")
    assert papers.official_report(node).narrative == ("Đã rà soát xong tất cả các máy.",)


@pytest.fixture
def seen(cast):
    """A1: three machines (new, claimed, verified) and a false alarm; A2: one claimed; B1: another branch."""
    states = {
        "A1": ("new", "claimed_clean", "verified_clean", "false_positive"),
        "A2": ("rechecked",),
        "B1": ("new",),
    }
    for unit, listed in states.items():
        for n, state in enumerate(listed):
            device = Device.rows.create(
                campaign=cast.campaign,
                owner=cast.nodes[unit],
                key=f"{unit}-{n}",
                is_assigned=True,
                id_kind="host",
                id_value=f"{unit}-{n}",
                strength="located",
            )
            Case.rows.create(device=device, state=state, opened_at=timezone.now())
            Case.rows.create(
                device=device, family="x", episode=1, is_current=False, state="new", opened_at=timezone.now()
            )
    return cast


def test_machines_are_counted_once_by_their_state(seen):
    assert machines(Scope(seen.nodes["A"])) == Machines(
        is_listed=True, senders=0, found=4, handled=3, verified=1, false_alarms=1, least=4, most=4
    )
    assert machines(Scope(seen.nodes["A2"])) == Machines(senders=0, found=1, handled=1, least=1, most=1)


def test_a_campaign_without_a_list_has_not_asked_about_machines(cast):
    assert not machines(Scope(cast.nodes["A"])).is_listed


def test_software_is_counted_as_on_the_page_of_licences(seen):
    assert software(Scope(seen.nodes["A"])) == Software(units=3, silent=3)
    now = timezone.now()
    for n, device in enumerate(Device.rows.filter(owner=seen.nodes["A1"]).order_by("key")[:2]):
        CheckResult.rows.create(
            campaign=seen.campaign, device=device, digest=f"{n}" * 64, machine=device.key, system="x",
            tool="x", is_running=True, is_full=True, is_latest=True, started=now, finished=now,
            verdict="found", unseen=["wmi"] if n else [],
        )  # fmt: skip
        CrackedCopy.rows.create(
            device=device,
            product="office",
            found_at=now - timedelta(days=2),
            last_at=now,
            gone_at=now if n else None,
        )
    UnitPlan.rows.create(node=seen.nodes["A1"], computers=5, by=seen.user("A1", "officer"))
    expected = Software(checked=2, whole=1, found=2, replaced=1, unchecked=3, silent=2, units=3)
    assert software(Scope(seen.nodes["A"])) == expected
    report = papers.official_report(seen.nodes["A"])
    assert [(row.found, row.replaced) for row in report.software] == [(2, 1)]
    assert (
        report.software[0].name == "Microsoft Office" and "Còn ít nhất 3 máy tính" in report.software_examined
    )


@pytest.mark.parametrize(
    ("letter", "asked"),
    [
        ({}, True),
        ({"paragraphs": ["Rà soát máy tính."]}, False),
        ({"paragraphs": ["Từng bước chấm dứt sử dụng các phần mềm bẻ khóa, không bản quyền."]}, True),
        ({"paragraphs": ["Gỡ phần mềm bẻ khoá."]}, True),
    ],
    ids=["no letter typed", "only machines", "both aims", "the other spelling"],
)
def test_whether_the_letter_asks_about_cracked_software(cast, letter, asked):
    Campaign.objects.filter(pk=cast.campaign.pk).update(letter=letter)
    node = type(cast.nodes["A"]).rows.get(pk=cast.nodes["A"].pk)
    assert software(Scope(node)).is_asked is asked
    told = papers.official_report(node).software_examined
    assert ("không yêu cầu" in told) is not asked and ("chưa biết có hay không" in told) is asked


def test_acts_and_reports_are_those_of_units_that_take_part(cast):
    acknowledge(cast.nodes["A"], cast.user("A", "officer"))
    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    taken(cast, "A1")
    found = acts(Scope(cast.nodes["A"]))
    assert (found.units, found.received, found.deployed) == (2, 1, 0)
    assert found.received_on == timezone.localdate() and found.deployed_on is None and not found.is_issuer
    one = reports(Scope(cast.nodes["A"]))
    assert (one.units, one.expected, one.accepted, one.on_time) == (2, 2, 1, 1)
    type(cast.nodes["A"]).rows.filter(pk=cast.nodes["A2"].pk).update(state="void")
    assert acts(Scope(cast.nodes["A"])).units == 1 and reports(Scope(cast.nodes["A"])).expected == 1
    assert acts(Scope(cast.nodes["centre"])).is_issuer
