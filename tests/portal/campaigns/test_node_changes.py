"""Units that merge, end or need not report while the campaign runs: nothing is counted twice."""

from __future__ import annotations

import io

import pytest
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.cascade import actions
from quetsach.portal.campaigns.contacts import contacts
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.nodes.actions import change_node
from quetsach.portal.campaigns.queries import active_nodes, known_figures, progress
from quetsach.portal.units import reorg_actions as reorg
from quetsach.portal.units.models import Unit


@pytest.fixture
def change(cast):
    """`change("A2", "merged", successor="A1")` as the coordinator would, over the page."""
    client = cast.client("centre", "coordinator")

    def do(unit, state, successor="", expected="1", reason="Nghị quyết sáp nhập"):
        url = reverse("node_change", args=[cast.campaign.slug, cast.nodes[unit].pk])
        data = {"state": state, "expected": expected, "reason": reason}
        data["successor"] = str(cast.nodes[successor].pk) if successor else ""
        return client.post(url, data)

    return do


def names(nodes):
    return set(nodes.values_list("name", flat=True))


def test_a_merged_unit_counts_nowhere_and_can_come_back(cast, change):
    for unit in ("A1", "A2"):
        actions.deploy(cast.nodes[unit], None)
    assert known_figures(cast.nodes["A"])["r1"] == 2
    assert change("A2", "merged", "A1").status_code == 302
    node = CampaignNode.rows.get(pk=cast.nodes["A2"].pk)
    assert (node.state, node.successor) == ("merged", cast.nodes["A1"])
    assert known_figures(cast.nodes["A"]) | {"r2": 0, "r4": 0} == {"r1": 1, "r2": 0, "r3": 1, "r4": 0}
    seen = progress(cast.campaign, cast.nodes["A"].path)
    assert (seen.units, seen.acknowledged, seen.deployed) == (1, 1, 1)
    change("A2", "active")
    node.refresh_from_db()
    assert (node.state, node.successor) == ("active", None)
    assert known_figures(cast.nodes["A"])["r1"] == 2


def test_units_below_a_void_one_go_on_counting(cast, change):
    change("A", "void")
    below = names(active_nodes(cast.campaign, cast.nodes["centre"].path))
    assert below == {"Đơn vị centre", "Đơn vị A1", "Đơn vị A2", "Đơn vị B", "Đơn vị B1"}
    page = cast.client("centre", "coordinator").get(reverse("progress", args=[cast.campaign.slug]))
    assert page.status_code == 200 and "Đơn vị A" in page.content.decode()


def test_who_and_why_are_kept(cast, change):
    change("A2", "void", reason="Giải thể theo quyết định 12")
    entry = Entry.objects.get(action="campaign.change_node")
    assert entry.actor == cast.user("centre", "coordinator")
    assert entry.data["reason"] == "Giải thể theo quyết định 12" and entry.unit_path == cast.nodes["A2"].path
    change("A2", "active", reason="")
    assert CampaignNode.rows.get(pk=cast.nodes["A2"].pk).state == "void"


def test_a_unit_that_takes_no_part_does_nothing_any_more(cast, change):
    change("A2", "void")
    with pytest.raises(actions.NotAllowedNowError):
        actions.acknowledge(cast.nodes["A2"], None)


def test_a_report_may_not_be_expected(cast, change):
    change("A2", "active", expected="")
    due = CampaignNode.rows.due_to_report().filter(campaign=cast.campaign)
    assert "Đơn vị A2" not in names(due) and "Đơn vị A1" in names(due)


@pytest.mark.parametrize(("unit", "successor"), [("A2", ""), ("A2", "B1"), ("A2", "A2")])
def test_a_successor_is_an_active_sibling(cast, change, unit, successor):
    assert change(unit, "merged", successor).status_code == 200
    assert CampaignNode.rows.get(pk=cast.nodes[unit].pk).state == "active"


def test_the_issuer_always_takes_part(cast, change):
    assert change("centre", "void").status_code == 404
    with pytest.raises(actions.NotAllowedNowError):
        change_node(cast.nodes["centre"], "void", "x", cast.user("centre", "coordinator"))


def test_a_unit_is_found_without_marks(cast):
    client = cast.client("centre", "coordinator")
    page = client.get(reverse("nodes", args=[cast.campaign.slug]) + "?tim=don vi a1").content.decode()
    assert "Đơn vị A1" in page and "Đơn vị A2" not in page
    assert cast.client("A", "coordinator").get(reverse("nodes", args=[cast.campaign.slug])).status_code == 404


def test_a_unit_that_ended_is_named_with_who_goes_on_and_whom_to_call(cast):
    on = timezone.localdate()
    client, slug = cast.client("centre", "coordinator"), cast.campaign.slug
    client.cookies["django_language"] = "en"

    def page(name, *keys):
        return client.get(reverse(name, args=[slug, *keys])).content.decode()

    assert "Ceased to exist" not in page("nodes")
    reorg.merge(None, [cast.units["A1"]], into=cast.units["A2"], on=on)
    parts = [reorg.Part("Xã Một", {"kind": "ubnd_commune"}), reorg.Part("Xã Hai", {"kind": "ubnd_commune"})]
    reorg.split(None, cast.units["B1"], parts, keep=False, on=on)
    Unit.rows.filter(pk=cast.units["A2"].pk).update(contact_name="Lò Thị Mai", contact_phone="0900 000 777")
    told = page("nodes")
    assert "The people of Đơn vị A2 go on with its report." in told
    assert "Nobody goes on with its report yet." in told
    reorg.rename(None, cast.units["B"], name="Huyện Mới", on=on)
    assert contacts([cast.nodes["B"]])[cast.nodes["B"].pk].today == "Huyện Mới"
    called = contacts([cast.nodes["A1"], cast.nodes["A2"]])
    assert [called[cast.nodes[name].pk].phone for name in ("A1", "A2")] == ["0900 000 777"] * 2
    assert [called[cast.nodes[name].pk].today for name in ("A1", "A2")] == ["Đơn vị A2", ""]
    late = page("chase", cast.nodes["A"].pk)
    assert late.count("tel:0900000777") == 2 and late.count("today: Đơn vị A2") == 1
    asked = reverse("chase_messages", args=[slug, cast.nodes["A"].pk])
    told = client.post(asked, {"unit": [cast.nodes["A1"].pk]}).content.decode()
    assert "Đơn vị A1 (today: Đơn vị A2)" in told
    whole = client.get(reverse("chase_xlsx", args=[slug, cast.nodes["A"].pk])).content
    names = [
        row[1] for row in CalamineWorkbook.from_filelike(io.BytesIO(whole)).get_sheet_by_index(0).to_python()
    ]
    assert {"Đơn vị A1 (nay là Đơn vị A2)", "Đơn vị A2"} <= set(names)
