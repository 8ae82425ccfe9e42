"""The list of late units: their open work, filters that survive, messages, and the file."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from quetsach.portal.campaigns.models import CampaignNode, JoinCode
from quetsach.portal.reports.dashboard.late_units import Sieve, counts, selected
from quetsach.portal.units.models import Unit


def names(cast, unit="centre", **asked):
    return [n.name[-2:].strip() for n in selected(cast.nodes[unit], Sieve.read(asked))]


@pytest.fixture
def url(cast):
    return reverse("chase", args=[cast.campaign.slug, cast.nodes["centre"].pk])


def test_each_filter_finds_exactly_those_who_owe_it(cast, act, plant):
    act("A", received=1, deployed=1)
    act("A1", received=1)
    plant("A", (1, 1, 1, 1), "accepted")
    plant("B", (0, 1, 0, 1), "submitted")
    plant("A1", (0, 1, 0, 1), "returned")
    deep = {"cap": "moi-cap"}
    assert names(cast) == ["B"]
    assert set(names(cast, **deep)) == {"A1", "A2", "B", "B1"}
    assert set(names(cast, thieu="nhan", **deep)) == {"A2", "B", "B1"}
    assert set(names(cast, thieu="trien-khai", **deep)) == {"A1", "A2", "B", "B1"}
    assert set(names(cast, thieu="bao-cao", **deep)) == {"A1", "A2", "B1"}
    assert names(cast, thieu="tre", **deep) == []
    CampaignNode.rows.exclude(parent=None).update(due_at=timezone.now() - timedelta(days=1))
    assert set(names(cast, thieu="tre", **deep)) == {"A1", "A2", "B1"}
    assert counts(cast.nodes["centre"], is_deep=True) == {
        "": 4, "tre": 3, "nhan": 3, "trien-khai": 4, "bao-cao": 3, "tep": 0,
    }  # fmt: skip


def test_name_and_kind_narrow_it(cast):
    assert names(cast, cap="moi-cap", tim="DON VI a1") == ["A1"]
    assert set(names(cast, cap="moi-cap", loai="ubnd_district")) == {"A", "B"}
    assert names(cast, "A", cap="moi-cap", loai="x' OR 1=1") == names(cast, "A", cap="moi-cap")


def test_who_counts_no_more_is_not_chased(cast):
    CampaignNode.rows.filter(pk=cast.nodes["B"].pk).update(state="merged")
    assert names(cast) == ["A"]


def test_the_page_calls_and_keeps_its_filters(cast, url):
    officer = cast.user("B1", "officer")
    officer.phone = "0900 000 117"
    officer.save()
    page = (
        cast.client("centre", "officer").get(f"{url}?cap=moi-cap&nhom=cap-tren&thieu=nhan").content.decode()
    )
    assert 'href="tel:0900000117"' in page
    assert re.search(r'href="\?[^"]*cap=moi-cap[^"]*thieu=tre', page)
    assert re.search(r'don-doc\.xlsx\?[^"]*cap=moi-cap', page)
    assert 'value="cap-tren" selected' in page


@pytest.mark.parametrize("group", ["", "cap-tren", "loai"])
def test_each_group_stands_once(cast, url, act, group):
    act("A", received=1), act("A1", received=1), act("B1", received=1, deployed=1)
    page = cast.client("centre", "coordinator").get(f"{url}?cap=moi-cap&nhom={group}").content.decode()
    heads = re.findall(r'scope="rowgroup"[^>]*>(.*?) · \d+<', page)
    assert len(heads) == len(set(heads)) > 1


def test_messages_for_the_ticked_units_in_at_most_500_characters(cast, url):
    cast.user("B", "officer")
    client = cast.client("centre", "officer")
    post = reverse("chase_messages", args=[cast.campaign.slug, cast.nodes["centre"].pk])
    units = [str(cast.nodes[name].pk) for name in ("A1", "B")]
    page = client.post(post, {"unit": units, "query": "cap=moi-cap"}).content.decode()
    texts = re.findall(r"<textarea[^>]*>([^<]+)</textarea>", page)
    assert len(texts) == 2 and all(len(text) <= 500 for text in texts)
    [a1], [b] = ([text for text in texts if f"Đơn vị {name}" in text] for name in ("A1 ", "B "))
    assert "http://testserver/cd/lam-sach/cong-van/" in b and "đăng nhập" in b
    assert "http://testserver/ma/" in a1 and "đăng nhập" not in a1, "A1 has no account to sign in with"
    assert f'href="{url}?cap=moi-cap"' in page and not JoinCode.rows.exists()


def test_a_message_can_carry_a_new_code_for_who_has_no_account(cast):
    cast.user("B", "officer")
    client = cast.client("centre", "officer")
    post = reverse("chase_messages", args=[cast.campaign.slug, cast.nodes["centre"].pk])
    units = [str(cast.nodes[name].pk) for name in ("A1", "B")]
    page = client.post(post, {"unit": units, "codes": "1"}).content.decode()
    [code] = re.findall(r"[0-9A-Z]{5}-[0-9A-Z]{5}", page)
    assert JoinCode.rows.get().node == cast.nodes["A1"]
    assert client.get(reverse("join", args=[code])).status_code == 200


@pytest.mark.parametrize("role", ["reader", "auditor", "it"])
def test_who_only_looks_reads_the_list_and_writes_to_nobody(cast, url, role):
    post = reverse("chase_messages", args=[cast.campaign.slug, cast.nodes["centre"].pk])
    client = cast.client("centre", role)
    told = {"unit": [str(cast.nodes["A"].pk)], "which": "all", "codes": "1"}
    assert client.post(post, told).status_code == 404
    assert not JoinCode.rows.exists()
    page = client.get(url).content.decode()
    assert "Đơn vị A" in page and post not in page and 'name="unit"' not in page
    page = cast.client("centre", "officer").get(url).content.decode()
    assert post in page and 'name="unit"' in page


def test_units_of_others_get_no_message(cast):
    post = reverse("chase_messages", args=[cast.campaign.slug, cast.nodes["A"].pk])
    answer = cast.client("A", "officer").post(post, {"unit": [str(cast.nodes["B1"].pk), "x"]})
    assert answer.status_code == 302  # none of the ticked units was theirs


def test_the_file_has_every_late_unit_and_no_formula(cast, act):
    hostile = '=HYPERLINK("http://e.example")'
    CampaignNode.rows.filter(pk=cast.nodes["A1"].pk).update(name=hostile)
    Unit.rows.filter(pk=cast.units["A1"].pk).update(name=hostile)
    act("A2", received=1)
    url = reverse("chase_xlsx", args=[cast.campaign.slug, cast.nodes["centre"].pk])
    answer = cast.client("centre", "coordinator").get(f"{url}?cap=moi-cap")
    sheet = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    head = next(n for n, row in enumerate(sheet) if row[0] == "TT")
    rows = {row[1]: row for row in sheet[head + 1 :]}
    assert set(rows) == {hostile, "Đơn vị A", "Đơn vị A2", "Đơn vị B", "Đơn vị B1"}
    assert rows["Đơn vị A2"][2] == "Đơn vị centre › Đơn vị A"
    assert b"<f>" not in answer.content


def test_the_file_is_vietnamese_whatever_language_the_reader_uses(cast, act):
    act("A", received=1)
    client = cast.client("centre", "coordinator")
    client.cookies["django_language"] = "en"
    answer = client.get(reverse("chase_xlsx", args=[cast.campaign.slug, cast.nodes["centre"].pk]))
    sheet = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    [missing] = [row[3] for row in sheet if row[1] == "Đơn vị A"]
    assert missing.split("; ")[0] == "chưa triển khai"


def test_the_list_asks_few_questions_at_any_size(cast, url, act, django_assert_max_num_queries):
    client = cast.client("centre", "coordinator")
    with django_assert_max_num_queries(17):
        assert client.get(f"{url}?cap=moi-cap").status_code == 200
    with django_assert_max_num_queries(17):
        assert client.get(url).status_code == 200


def test_all_units_of_the_list_get_a_message_in_one_act(cast):
    client = cast.client("centre", "officer")
    post = reverse("chase_messages", args=[cast.campaign.slug, cast.nodes["centre"].pk])
    for query, units in (("cap=moi-cap", "A A1 A2 B B1"), ("", "A B"), ("cap=moi-cap&tim=A1", "A1")):
        page = client.post(post, {"which": "all", "query": query}).content.decode()
        named = re.findall(r'<h2 class="h3">Đơn vị (\w+)', page)
        assert sorted(named) == units.split(), query


def test_units_whose_report_is_overdue_stand_first(cast, url):
    """B1 is due first but owes no report; A2 is due later, and its report is overdue."""
    now = timezone.now()
    CampaignNode.rows.filter(pk=cast.nodes["B1"].pk).update(due_at=now - timedelta(days=9), expected=False)
    CampaignNode.rows.filter(pk=cast.nodes["A2"].pk).update(due_at=now - timedelta(days=2))
    found = selected(cast.nodes["centre"], Sieve(is_deep=True))
    assert [node.name for node in found][:2] == ["Đơn vị A2", "Đơn vị B1"]
