"""The pages of the tree as officers use them; nobody sees beyond their part of it."""

import re

import pytest
from django.urls import reverse

from quetsach.portal.audit.models import Entry
from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.models import ReorgEvent, Unit
from quetsach.portal.units.queries import search


def page(client, route, *args, **query):
    client.cookies["django_language"] = "en"
    answer = client.get(reverse(route, args=args), query)
    return answer, answer.content.decode()


def send(client, route, *args, **data):
    client.cookies["django_language"] = "en"
    return client.post(reverse(route, args=args), data, follow=True)


def test_a_coordinator_walks_down_the_tree(cast):
    client = cast.client("A", "coordinator")
    answer, text = page(client, "units")
    assert answer.status_code == 200 and "Đơn vị A1" in text and "Đơn vị B1" not in text
    answer, text = page(client, "unit", cast.units["A"].pk)
    assert "2 units directly below. 2 have no phone number." in text
    assert len(answer.content) < 100_000


@pytest.mark.parametrize("role", ["officer", "it", "reader"])
def test_only_coordinators_see_and_use_the_changes(cast, role):
    client, unit = cast.client("A", role), cast.units["A1"]
    assert "Dissolve" not in page(client, "unit", unit.pk)[1]
    for act in ("doi-ten", "chuyen", "them", "giai-the"):
        assert client.get(reverse("unit_change", args=[unit.pk, act])).status_code == 404
        assert client.post(reverse("unit_change", args=[unit.pk, act]), {"name": "X"}).status_code == 404
    assert client.get(reverse("unit_upload", args=[unit.pk])).status_code == 404


def test_add_then_take_back(cast):
    client, top = cast.client("A", "coordinator"), cast.units["A"]
    form = {
        "name": "  Xã   Tân  Thành",
        "kind": "ubnd_commune",
        "on": "01/07/2025",
        "contact_phone": "0213 896 123",
    }
    answer = send(client, "unit_change", top.pk, "them", **form)
    assert answer.status_code == 200
    made = Unit.rows.get(name="Xã Tân Thành")
    assert (made.parent, str(made.valid_from), made.contact_phone) == (top, "2025-07-01", "0213 896 123")
    event = ReorgEvent.rows.get()
    answer = send(client, "unit_undo", event.pk)
    assert "Undone" in answer.content.decode()
    made.refresh_from_db()
    assert made.is_retired
    assert list(Entry.objects.order_by("pk").values_list("action", flat=True))[-2:] == [
        "unit.create",
        "unit.undo",
    ]


def test_a_refusal_names_the_reason_and_keeps_what_was_typed(cast):
    client, top = cast.client("A", "coordinator"), cast.units["A"]
    answer = send(client, "unit_change", top.pk, "them", name="Đơn vị A1", kind="other", on="24/11/2026")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "There is already a unit named Đơn vị A1" in text and 'value="Đơn vị A1"' in text
    answer = send(client, "unit_change", top.pk, "them", name="X", kind="other", on="31/02/2026")
    assert "Write the day as 01/07/2025." in answer.content.decode()


def test_moving_needs_both_ends(cast):
    unit, into = cast.units["A1"], cast.units["B"]
    own = cast.client("A", "coordinator")
    assert send(own, "unit_change", unit.pk, "chuyen", parent=into.pk, on="24/11/2026").status_code == 404
    above = cast.client("centre", "coordinator")
    assert "Đơn vị B" in page(above, "unit_change", unit.pk, "chuyen")[1]
    answer = send(
        above, "unit_change", unit.pk, "chuyen", parent=into.pk, on="01/07/2025", legal_basis="NQ 9"
    )
    text = answer.content.decode()
    assert "Moved from Đơn vị A to Đơn vị B." in text and "NQ 9" in text
    unit.refresh_from_db()
    assert unit.parent == into


def test_a_units_own_coordinator_renames_it_but_does_not_dissolve_it(cast):
    client, unit = cast.client("A1", "coordinator"), cast.units["A1"]
    assert client.get(reverse("unit_change", args=[unit.pk, "doi-ten"])).status_code == 200
    for act in ("chuyen", "sap-nhap", "chia-tach", "giai-the"):
        assert client.get(reverse("unit_change", args=[unit.pk, act])).status_code == 404


def test_who_served_in_a_unit_that_ended_still_finds_it(cast):
    client = cast.client("A1", "officer")
    send(cast.client("A", "coordinator"), "unit_change", cast.units["A1"].pk, "giai-the", on="01/07/2025")
    assert "Đơn vị A1" in page(client, "units")[1]
    assert "Ceased to exist on 01/07/2025" in page(client, "unit", cast.units["A1"].pk)[1]


def test_who_takes_another_in_is_not_said_to_be_formed_from_it(cast):
    client = cast.client("A", "coordinator")
    form = {"others": cast.units["A2"].pk, "into": cast.units["A1"].pk, "on": "01/07/2025"}
    text = send(client, "unit_change", cast.units["A1"].pk, "sap-nhap", **form).content.decode()
    assert "Took in Đơn vị A2." in text and "Formed from" not in text


def test_merging_by_ticks(cast):
    client = cast.client("A", "coordinator")
    form = {"others": cast.units["A2"].pk, "name": "Xã Gộp", "on": "01/07/2025"}
    text = send(client, "unit_change", cast.units["A1"].pk, "sap-nhap", **form).content.decode()
    assert "Formed from Đơn vị A1, Đơn vị A2." in text
    old = page(client, "unit", cast.units["A1"].pk)[1]
    assert "Ceased to exist on 01/07/2025" in old and "Went over to Xã Gộp" in old


def test_dividing_asks_where_the_units_below_go(cast):
    client, unit = cast.client("centre", "coordinator"), cast.units["A"]
    form = {
        "part_0": "Huyện Bắc",
        "part_2": "Huyện Nam",
        "on": "01/07/2025",
        f"child-{cast.units['A1'].pk}": "0",
    }
    answer = send(client, "unit_change", unit.pk, "chia-tach", **form)
    assert "Missing: Đơn vị A2" in answer.content.decode()
    form |= {f"child-{cast.units['A2'].pk}": "2", "heir": "2"}
    assert send(client, "unit_change", unit.pk, "chia-tach", **form).status_code == 200
    assert Unit.rows.get(pk=cast.units["A2"].pk).parent.name == "Huyện Nam"
    text = page(client, "unit", unit.pk)[1]
    assert "A part became Huyện Bắc" in text and "Let its people go on" in text


def test_contact_and_numbers(cast):
    client, unit = cast.client("A1", "officer"), cast.units["A1"]
    form = {
        "contact_name": "Phàn A Sính",
        "contact_phone": "0213.3896.123",
        "organ_id": "H35.12",
        "staff_count": "25",
    }
    text = send(client, "unit_change", unit.pk, "sua", **form).content.decode()
    assert 'href="tel:0213.3896.123"' in text and "H35.12" in text
    other = send(cast.client("A2", "officer"), "unit_change", cast.units["A2"].pk, "sua", organ_id="H35.12")
    assert "H35.12 already belongs to another unit" in other.content.decode()
    bad = send(client, "unit_change", unit.pk, "sua", contact_phone="javascript:alert(1)")
    assert bad.status_code == 422


def test_a_line_of_work_is_shown_on_both_sides(cast):
    client = cast.client("centre", "coordinator")
    unit, guide = cast.units["A1"], cast.units["B"]
    send(client, "unit_change", unit.pk, "nganh-doc", parent=guide.pk, on="01/07/2025")
    assert "Guided by Đơn vị B." in page(client, "unit", unit.pk)[1]
    assert "Đơn vị A1" in page(client, "unit", guide.pk)[1]
    unit.refresh_from_db()
    assert unit.parent == cast.units["A"], "the tree is as it was"
    send(client, "unit_change", unit.pk, "nganh-doc", parent="", on="02/07/2025")
    assert "Guided by" not in page(client, "unit", unit.pk)[1]


def test_search_puts_the_very_letters_first(cast):
    for district in ("A", "B"):
        create_unit(None, cast.units[district], "Xã Tân Thành", kind="ubnd_commune")
    create_unit(None, cast.units["A"], "Xã Tân Thạnh", kind="ubnd_commune")
    create_unit(None, cast.units["A"], "Xã Tan Thanh Đông", kind="ubnd_commune")
    user = cast.user("centre", "reader")
    found = [hit.unit.name for hit in search(user, "Xã Tân Thành")[0]]
    assert found[:2] == ["Xã Tân Thành"] * 2 and len(found) == 4
    _, text = page(cast.client("centre", "reader"), "units", q="tan thanh")
    assert len(re.findall(r"Đơn vị centre › Đơn vị [AB]", text)) == 4, "each with its path"
    own = [hit.above for hit in search(cast.user("A", "reader"), "tan thanh")[0]]
    assert len(own) == 3, "the other district's is not shown"
    for path in ("Xã Tân Thành / Đơn vị B", "tan thanh / don vi b / don vi centre"):
        assert [hit.unit.parent for hit in search(user, path)[0]] == [cast.units["B"]], path
    assert search(user, "tan thanh / don vi centre / don vi b")[1] == 0
    assert search(user, "  ")[1] == 0
    for text, status in (("%_", 200), ("%_\x00", 400)):
        assert page(cast.client("centre", "reader"), "units", q=text)[0].status_code == status


def test_a_search_and_a_page_cost_the_same_for_many(cast, django_assert_max_num_queries):
    for n in range(60):
        create_unit(None, cast.units["A"], f"Xã Số {n}", kind="ubnd_commune")
    client = cast.client("centre", "coordinator")
    with django_assert_max_num_queries(12):
        assert client.get(reverse("units"), {"q": "xa so"}).status_code == 200
    with django_assert_max_num_queries(24):
        assert client.get(reverse("unit", args=[cast.units["A"].pk])).status_code == 200
