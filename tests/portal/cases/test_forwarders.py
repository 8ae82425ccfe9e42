"""Resolvers and proxies: named by people of the unit, asked about by what logs show, and undone."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.db import transaction
from django.urls import reverse

from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.cases import actions
from quetsach.portal.cases.histories import turns
from quetsach.portal.cases.models import Case, CaseSighting, Device
from quetsach.portal.machines.actions import withdraw
from quetsach.portal.machines.addresses.actions import say
from quetsach.portal.machines.models import AskedAddress, StoredDecision
from quetsach.portal.machines.tasks import addresses_to_answer
from quetsach.portal.units.roles import places_of
from tests.portal.cases.test_which_machine import PC, counted, lease, listed, tell, upload
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon, sighting

__all__ = ["listed", "tell", "upload"]
RESOLVER = "10.1.1.2"


def page_of(cast, case, unit="A1", role="officer"):
    return cast.client(unit, role).get(reverse("case", args=[cast.campaign.slug, case.pk]))


def named(cast, **more):
    return say(cast.units["A1"], RESOLVER, "resolver", cast.user("A1", "officer"), **more)


def current():
    return Case.rows.select_related("device__owner").get(is_current=True)


def test_one_click_on_the_page_of_the_case_changes_it_and_one_click_undoes_it(cast, upload):
    upload(sighting(RESOLVER, noon(9), count=3))
    old = current()
    assert old.device.strength == "weak"
    page = text_of(page_of(cast, old))
    assert "Địa chỉ này hỏi thay máy khác" in page
    client = cast.client("A1", "officer")
    url = reverse("case_forwarder", args=[cast.campaign.slug, old.pk])
    assert client.post(url, {"address": RESOLVER, "kind": "resolver"}).status_code == 302
    assert counted() == [("unlocated", RESOLVER, 3, "assigned")]
    old.refresh_from_db()
    assert old.merged_into == current() and CaseSighting.rows.get().why == "forwarder"
    shown = text_of(page_of(cast, current()))
    assert "nhật ký câu hỏi của chính máy phân giải" in shown
    entry = Entry.objects.get(action="machine.forwarder")
    assert entry.data["left"] == RESOLVER and entry.actor == cast.user("A1", "officer")
    told = text_of(client.get(reverse("forwarders", args=[cast.units["A1"].pk])))
    assert RESOLVER in told and "máy phân giải (máy chủ DNS)" in told
    undo = {"decision": StoredDecision.rows.get().pk}
    assert client.post(reverse("decision_undo", args=[cast.units["A1"].pk]), undo).status_code == 302
    assert counted() == [("weak", RESOLVER, 3, "assigned")]
    assert current() == old and not Device.rows.exclude(merged_into=None).filter(pk=old.device_id).exists()
    assert "đã rút lại" in text_of(client.get(reverse("forwarders", args=[cast.units["A1"].pk])))


def test_only_people_of_the_unit_itself_say_it(cast, upload):
    upload(sighting(RESOLVER, noon(9)))
    url = reverse("case_forwarder", args=[cast.campaign.slug, current().pk])
    for unit, role in (("A", "officer"), ("A2", "officer"), ("A1", "reader")):
        assert cast.client(unit, role).post(url, {"address": RESOLVER, "kind": "proxy"}).status_code == 404
    assert "Địa chỉ này hỏi thay máy khác" not in text_of(page_of(cast, current(), "A"))
    it = cast.client("A1", "it")
    assert it.post(url, {"address": "10.1.1.99", "kind": "proxy"}).status_code == 404, "not of this case"
    assert counted() == [("weak", RESOLVER, 1, "assigned")]


def test_a_name_counts_on_its_days_only(cast, upload):
    upload(sighting(RESOLVER, noon(9), count=2), sighting(RESOLVER, noon(5)))
    day = noon(5).date()
    named(cast, begin=day, until=day)
    assert sorted(counted()) == [("unlocated", RESOLVER, 1, "assigned"), ("weak", RESOLVER, 2, "assigned")]


def test_the_page_refuses_what_is_no_address_and_days_in_wrong_order(cast):
    client, url = cast.client("A1", "officer"), reverse("forwarder_say", args=[cast.units["A1"].pk])
    for told in (
        {"address": "255.255.255.255", "kind": "proxy"},
        {"address": "pc-1", "kind": "proxy"},
        {"address": RESOLVER, "kind": "printer"},
        {"address": RESOLVER, "kind": "proxy", "begin": "05/11/2026", "until": "04/11/2026"},
    ):
        assert client.post(url, told).status_code == 422
    assert not StoredDecision.rows.exists()
    told = {"address": " 010.1.1.2".replace("010", "10"), "kind": "gateway", "begin": "04/11/2026"}
    assert client.post(url, told).status_code == 302
    assert StoredDecision.rows.get().left_value.endswith(" " + RESOLVER)


def test_the_unlocated_case_keeps_what_people_did(cast, upload):
    upload(sighting(RESOLVER, noon(9)))
    actions.claim_clean(current(), cast.user("A1", "it"), done="scan", done_at=noon(7))
    named(cast)
    assert counted() == [("unlocated", RESOLVER, 1, "claimed_clean")]
    upload(sighting(RESOLVER, noon(3)))
    assert counted() == [("unlocated", RESOLVER, 2, "assigned")]


def test_in_the_log_of_the_superior_too_and_not_in_that_of_the_neighbour(cast, upload):
    upload(sighting(RESOLVER, noon(9), source="outer"), unit="A")
    upload(sighting(RESOLVER, noon(9), source="x"), unit="A2")
    named(cast)
    kinds = {case.device.owner.name: case.device.id_kind
             for case in Case.rows.filter(is_current=True).select_related("device__owner")}  # fmt: skip
    assert kinds == {"Đơn vị A1": "unlocated", "Đơn vị A2": "weak"}


def test_every_order_gives_the_same_machines_cases_and_figures(cast, upload, tell):
    people = [cast.user("A1", role) for role in ("officer", "it")]  # they stay when a turn is undone

    def lines():
        upload(sighting(RESOLVER, noon(9), count=2), sighting("10.1.1.7", noon(9)))

    def table():
        tell(*lease(PC, noon(9), address=RESOLVER, name="dns01"))

    def word():
        named(cast)

    told = []
    for order in permutations((lines, table, word)):
        with pytest.raises(RuntimeError), transaction.atomic():
            for step in order:
                step()
            rows = Case.rows.filter(is_current=True).select_related("device")
            told.append((counted(), sorted((one.device.owner.name, one.device.key) for one in rows)))
            raise RuntimeError
    assert told[0][0] == [("unlocated", RESOLVER, 2, "assigned"), ("weak", "10.1.1.7", 1, "assigned")]
    assert people and all(one == told[0] for one in told)


# --- questions by what lines show ---


def crowded(n=3, unit_minutes=10):
    at = noon(9)
    return [
        sighting(RESOLVER, at + timedelta(minutes=unit_minutes * k), identity={"host": f"pc-{k}"},
                 who=f"host:pc-{k}")
        for k in range(n)
    ]  # fmt: skip


def tasks(cast, unit="A1"):
    user, node = cast.user(unit, "officer"), cast.nodes[unit]
    return [
        str(one.title) for one in addresses_to_answer(Seat(user, cast.campaign, node, node, places_of(user)))
    ]


def test_several_names_in_an_hour_ask_a_person_and_change_nothing_by_themselves(cast, upload):
    upload(*crowded())
    assert {kind for kind, *_ in counted()} == {"host"}
    (asked,) = AskedAddress.rows.all()
    assert (asked.unit, asked.address, asked.is_open) == (cast.units["A1"], RESOLVER, True)
    assert asked.machines == ["host:pc-0", "host:pc-1", "host:pc-2"]
    assert len(tasks(cast)) == 1 and tasks(cast, "A2") == []
    page = text_of(page_of(cast, Case.rows.filter(is_current=True).first()))
    assert "nêu tên 3 máy" in page and "pc-2" in page
    client, url = cast.client("A1", "officer"), reverse("forwarder_say", args=[cast.units["A1"].pk])
    assert "nêu tên 3 máy" in text_of(client.get(reverse("forwarders", args=[cast.units["A1"].pk])))
    assert client.post(url, {"address": RESOLVER, "kind": ""}).status_code == 302
    assert tasks(cast) == [] and {kind for kind, *_ in counted()} == {"host"}
    # The answer is taken back: the question stands again.
    withdraw(StoredDecision.rows.get(), cast.user("A1", "officer"), cast.units["A1"])
    assert len(tasks(cast)) == 1
    client.post(url, {"address": RESOLVER, "kind": "proxy"})
    assert tasks(cast) == [] and counted() == [("unlocated", RESOLVER, 3, "assigned")]
    assert sorted(CaseSighting.rows.values_list("candidates", flat=True)) == [["pc-0"], ["pc-1"], ["pc-2"]]


def test_nobody_is_told_to_clean_an_address_that_asks_for_others(cast, upload):
    upload(sighting(RESOLVER, noon(9), count=3))
    old = current()
    today = reverse("today", args=[cast.campaign.slug])
    assert "Xử lý 1 máy có dấu hiệu" in text_of(cast.client("A1", "it").get(today))
    assert "Bắt đầu xử lý" in text_of(page_of(cast, old))
    named(cast)
    page = text_of(page_of(cast, current()))
    assert "không phải làm sạch gì ở đó" in page
    for word in ("Bắt đầu xử lý", "Ba bước", "Máy đã ngắt khỏi mạng"):
        assert word not in page
    shown = text_of(cast.client("A1", "it").get(today))
    assert "Tìm máy đứng sau 1 địa chỉ có dấu hiệu" in shown and "Xử lý 1 máy" not in shown
    upload(sighting("10.1.1.7", noon(9)))
    shown = text_of(cast.client("A1", "it").get(today))
    assert "Xử lý 2 máy có dấu hiệu" in shown and "1 máy trong số đó chưa biết là máy nào" in shown
    # Taken back at once: one line for each of both acts, and the address is no other machine.
    undo = {"decision": StoredDecision.rows.get().pk}
    cast.client("A1", "officer").post(reverse("decision_undo", args=[cast.units["A1"].pk]), undo)
    history = page_of(cast, old).context["tale"].history
    told = [str(one.title) for one in history if one.is_anew]
    assert told == ["Đã xem lại địa chỉ này là của máy nào", "Có người nói địa chỉ này hỏi thay máy khác"]
    page = text_of(page_of(cast, old))
    assert "Được xác định là một máy khác" not in page and "Bắt đầu xử lý" in page


@pytest.mark.parametrize(("n", "minutes"), [(2, 10), (3, 60)])
def test_two_names_or_names_hours_apart_ask_nobody(upload, n, minutes):
    upload(*crowded(n, minutes))
    assert not AskedAddress.rows.exists()


def test_a_question_does_not_hang_on_the_order_of_lines(cast, upload):
    for row in reversed(crowded(4)):
        upload(row)
    assert AskedAddress.rows.get().machines == [f"host:pc-{k}" for k in range(4)]
    named(cast)
    upload(*crowded(5))
    assert not AskedAddress.rows.get().is_open, "more names ask nobody who has answered"
    assert len(AskedAddress.rows.get().machines) == 5


def test_figures_follow(cast, upload):
    upload(sighting(RESOLVER, noon(9)), sighting("10.1.1.7", noon(9)))
    node = cast.nodes["A1"]
    assert turns(node)["unlocated"] == 0
    named(cast)
    assert turns(node)["unlocated"] == 1
    page = cast.client("A1", "officer").get(reverse("cases", args=[cast.campaign.slug]), {"so": "unlocated"})
    assert [row.device.key for row, *_ in page.context["rows"]] == [RESOLVER]
