"""Ranges of addresses: asked for, decided, ended; and the machines that follow them."""

import ipaddress
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from quetsach.portal.audit.models import Entry
from quetsach.portal.cases import owning
from quetsach.portal.cases.actions import claim_clean, start_cleaning
from quetsach.portal.cases.models import Case, Device, NotOurs
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.cases.rules import State
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Scan, Sighting
from quetsach.portal.units import range_actions
from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.networks import Network, held_on
from quetsach.portal.units.range_actions import RangeRefusedError, read_range
from tests.portal.page_text import text_of
from tests.portal.scan_document import alive_of, coverage, document, hours_of, noon, publish_list, sighting


def page(cast, seat, unit):
    answer = cast.client(*seat).get(reverse("unit_ranges", args=[cast.units[unit].pk]))
    assert answer.status_code == 200
    return text_of(answer)


def ask(cast, seat, unit, cidr, **more):
    return cast.client(*seat).post(
        reverse("unit_ranges", args=[cast.units[unit].pk]), {"cidr": cidr, **more}, follow=True
    )


def do(cast, seat, network, act, **more):
    return (
        cast.client(*seat)
        .post(reverse("unit_range_act", args=[network.pk, act]), more, follow=True)
        .status_code
    )


def seen_by(cast, tmp_path, unit, *devices, at=None):
    """A log of the unit, in which machines call a listed address."""
    listed = publish_list(cast, tmp_path)
    rows = [sighting(device, at or noon(2)) for device in devices]
    body = document(rows, [coverage(noon(3), noon(1))], set_id=listed.set_id)
    sender = Sender(Scan.Door.UPLOAD, user=cast.user(unit, "officer"))
    receive_file(BytesIO(body), cast.nodes[unit], sender)
    pull_sightings(cast.campaign)


def owner(key):
    return Device.rows.get(key=key).owner.name


def test_a_unit_asks_and_its_superior_agrees(cast):
    assert ask(cast, ("A1", "it"), "A1", "10.1.9.0/24", note="Trụ sở mới").status_code == 200
    asked = Network.rows.get(cidr="10.1.9.0/24")
    assert asked.state == "asked"
    assert not Network.rows.filter(held_on(timezone.localdate()), pk=asked.pk).exists()
    # Neither the unit nor a stranger decides.
    for seat in (("A1", "coordinator"), ("A1", "officer"), ("B", "coordinator"), ("A", "officer")):
        assert do(cast, seat, asked, "dong-y") == 404
    assert "10.1.9.0/24" in page(cast, ("A", "coordinator"), "A")
    assert do(cast, ("A", "coordinator"), asked, "dong-y") == 200
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == ("held", cast.user("A", "coordinator"))
    assert [e.action for e in Entry.objects.filter(action__startswith="range.").order_by("pk")] == [
        "range.ask",
        "range.approve",
    ]


def test_a_superior_who_enters_a_range_has_agreed(cast):
    ask(cast, ("A", "coordinator"), "A1", "10.1.9.7")
    one = Network.rows.get(cidr="10.1.9.7/32")
    assert (one.state, one.asked_by, one.decided_by) == ("held", *[cast.user("A", "coordinator")] * 2)


def test_a_refusal_needs_a_reason_and_can_be_taken_back(cast):
    ask(cast, ("A1", "officer"), "A1", "10.1.9.0/24")
    asked = Network.rows.get(cidr="10.1.9.0/24")
    do(cast, ("A", "coordinator"), asked, "tu-choi")
    asked.refresh_from_db()
    assert asked.state == "asked"
    do(cast, ("A", "coordinator"), asked, "tu-choi", reason="Dải này của Đơn vị A2")
    assert "Dải này của Đơn vị A2" in page(cast, ("A1", "officer"), "A1")
    do(cast, ("A", "coordinator"), asked, "hoan-tac")
    asked.refresh_from_db()
    assert (asked.state, asked.reason) == ("asked", "")


def test_the_unit_can_stop_asking_and_nobody_else_can(cast):
    ask(cast, ("A1", "officer"), "A1", "10.1.9.0/24")
    asked = Network.rows.get(cidr="10.1.9.0/24")
    assert do(cast, ("B1", "officer"), asked, "rut") == 404
    assert "Không đề nghị nữa" in page(cast, ("A1", "officer"), "A1")
    decides = page(cast, ("A", "coordinator"), "A1")
    assert "Từ chối" in decides and "Không đề nghị nữa" not in decides
    assert do(cast, ("A1", "officer"), asked, "rut") == 200
    assert not Network.rows.filter(pk=asked.pk).exists()


def test_a_former_range_counts_until_its_end_and_can_come_back(cast):
    held = Network.rows.get(unit=cast.units["A1"], cidr="10.1.1.0/24")
    today = timezone.localdate()
    do(cast, ("A", "coordinator"), held, "het", on=f"{today:%d/%m/%Y}", reason="Chuyển trụ sở")
    held.refresh_from_db()
    assert held.end == today
    assert Network.rows.filter(held_on(today - timedelta(days=1)), pk=held.pk).exists()
    assert not Network.rows.filter(held_on(today), pk=held.pk).exists()
    # The range may go to another unit, and the first unit may have it again later.
    ask(cast, ("A", "coordinator"), "A2", "10.1.1.0/24", begin=f"{today:%d/%m/%Y}")
    assert Network.rows.filter(held_on(today), cidr="10.1.1.0/24").get().unit == cast.units["A2"]
    do(cast, ("A", "coordinator"), held, "hoan-tac", sure="1")
    held.refresh_from_db()
    assert held.end is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("10.1.2", "not_a_range"),
        ("phòng 3", "not_a_range"),
        ("10.1.2.3/24", "host_bits"),
        ("0.0.0.0/0", "too_wide"),
        ("::/0", "too_wide"),
        ("127.0.0.0/8", "special"),
        ("169.254.0.0/16", "special"),
        ("224.0.0.0/8", "special"),
        ("::ffff:203.0.113.77", "host_bits"),
        ("::ffff:10.47.40.0/120", "host_bits"),
    ],
)
def test_what_is_no_range_of_an_office_is_refused(text, code):
    with pytest.raises(RangeRefusedError) as refused:
        read_range(text)
    assert refused.value.code == code


@given(st.ip_addresses(), st.integers(0, 128), st.text(max_size=4))
def test_a_range_that_is_read_is_the_range_that_was_written(address, length, rest):
    try:
        found = read_range(f" {address}/{length}{rest}")
    except RangeRefusedError:
        return
    assert found == ipaddress.ip_network(f"{address}/{length}{rest.strip()}")


def test_the_same_range_twice_is_told(cast):
    answer = ask(cast, ("A1", "officer"), "A1", "10.1.1.0/24")
    assert answer.status_code == 422
    assert Network.rows.filter(unit=cast.units["A1"], cidr="10.1.1.0/24").count() == 1


def test_public_addresses_of_a_unit_elsewhere_are_for_the_superior_of_both(cast):
    ask(cast, ("B", "coordinator"), "B1", "113.160.7.0/24")
    ask(cast, ("A", "coordinator"), "A1", "113.160.7.128/25")
    asked = Network.rows.get(cidr="113.160.7.128/25")
    assert asked.state == "asked"
    shown = page(cast, ("A", "coordinator"), "A")
    assert "113.160.7.0/24" in shown
    assert "Đơn vị B1" not in shown
    do(cast, ("A", "coordinator"), asked, "dong-y")
    asked.refresh_from_db()
    assert asked.state == "asked"
    assert "Đơn vị B1" in page(cast, ("centre", "coordinator"), "centre")
    address = reverse("unit_range_act", args=[asked.pk, "dong-y"])
    question = text_of(cast.client("centre", "coordinator").post(address))
    assert "Đơn vị B1" in question and "Dải nhỏ hơn được tính" in question
    do(cast, ("centre", "coordinator"), asked, "dong-y", sure="1")
    asked.refresh_from_db()
    assert asked.state == "held"


def test_private_ranges_repeat_and_only_a_neighbour_is_told(cast):
    ask(cast, ("A1", "officer"), "A1", "172.20.0.0/16")
    asked = Network.rows.get(cidr="172.20.0.0/16")
    Network.rows.create(unit=cast.units["B1"], cidr="172.20.0.0/16")
    assert [clash.unit for clash in range_actions.clashes(asked)] == []
    Network.rows.create(unit=cast.units["A2"], cidr="172.20.5.0/24")
    (clash,) = range_actions.clashes(asked)
    assert (clash.unit, clash.relation) == (cast.units["A2"], "inside")
    do(cast, ("A", "coordinator"), asked, "dong-y")
    asked.refresh_from_db()
    assert asked.state == "held"


def test_a_superior_who_enters_a_neighbours_range_is_told(cast):
    """Before it happens: from then on no log above says whose a machine with such an address is."""
    asked = text_of(ask(cast, ("A", "coordinator"), "A1", "10.1.2.0/24"))
    assert "Đơn vị A2 có đúng dải này: 10.1.2.0/24" in asked and "nằm lại ở đơn vị cấp trên" in asked
    assert "Không có máy nào về đây ngay" in asked and "Kết thúc" not in asked
    assert not Network.rows.filter(unit=cast.units["A1"], cidr="10.1.2.0/24").exists()
    answer = ask(cast, ("A", "coordinator"), "A1", "10.1.2.0/24", sure="1")
    held = Network.rows.get(unit=cast.units["A1"], cidr="10.1.2.0/24")
    assert held.state == "held"
    assert "Đơn vị A2 có đúng dải này: 10.1.2.0/24" in text_of(answer)
    # So it is where an end is taken back.
    day = f"{timezone.localdate():%d/%m/%Y}"
    do(cast, ("A", "coordinator"), held, "het", on=day, reason="Nhập nhầm đơn vị")
    do(cast, ("A", "coordinator"), held, "hoan-tac")
    held.refresh_from_db()
    assert held.end is not None
    do(cast, ("A", "coordinator"), held, "hoan-tac", sure="1")
    held.refresh_from_db()
    assert held.end is None


def test_no_move_is_promised_that_does_not_happen(cast, tmp_path):
    """A range that another unit has as well, a smaller one of another unit in it, days that have not come."""
    Network.rows.create(unit=cast.units["A2"], cidr="10.1.9.0/24")
    Network.rows.create(unit=cast.units["A2"], cidr="10.1.8.128/25")
    Network.rows.create(unit=cast.units["B1"], cidr="113.160.7.0/24")
    seen_by(cast, tmp_path, "A", "10.1.9.5", "10.1.8.5", "10.1.8.200", "10.1.7.5", "113.160.7.9")
    Device.rows.update(owner=cast.nodes["A"], is_assigned=False)
    seat = ("A", "coordinator")
    asked = text_of(ask(cast, seat, "A1", "10.1.9.0/24"))
    assert "Không có máy nào về đây ngay" in asked and "Đơn vị A2 có đúng dải này" in asked
    ask(cast, seat, "A1", "10.1.9.0/24", sure="1")
    assert owner("10.1.9.5") == "Đơn vị A"
    assert "Tối đa 1 máy chưa rõ đơn vị" in text_of(ask(cast, seat, "A1", "10.1.8.0/24"))
    ask(cast, seat, "A1", "10.1.8.0/24", sure="1")
    assert (owner("10.1.8.5"), owner("10.1.8.200")) == ("Đơn vị A1", "Đơn vị A")
    # Without a question: no machine goes, or the superior of both decides.
    ask(cast, seat, "A1", "10.1.7.0/24", begin=f"{timezone.localdate():%d/%m/%Y}")
    ask(cast, seat, "A1", "113.160.7.0/24")
    told = dict(Network.rows.filter(unit=cast.units["A1"]).values_list("cidr", "state"))
    assert (told["10.1.7.0/24"], told["113.160.7.0/24"]) == ("held", "asked")
    assert {owner("10.1.7.5"), owner("113.160.7.9")} == {"Đơn vị A"}


def test_a_part_of_a_range_under_another_superior_is_for_the_superior_of_both(cast):
    """A log of the unit above both would give the machines to the smaller range."""
    below = create_unit(None, cast.units["B1"], "Trường B1", kind="ubnd_commune")
    ask(cast, ("B1", "coordinator"), "B1", "10.7.0.0/16")
    network = range_actions.ask_for(cast.user("B1", "coordinator"), below, "10.1.1.7")
    other = range_actions.ask_for(cast.user("A", "coordinator"), cast.units["A1"], "10.2.1.7")
    assert (network.state, other.state) == ("held", "asked")
    with pytest.raises(RangeRefusedError) as refused:
        range_actions.decide(cast.user("A", "coordinator"), other, approves=True)
    assert refused.value.code == "elsewhere"
    assert range_actions.decide(cast.user("centre", "coordinator"), other, approves=True).state == "held"


def test_machines_of_no_known_unit_go_to_the_unit_that_gets_their_range(cast, tmp_path):
    seen_by(cast, tmp_path, "A", "10.1.9.5", "10.1.8.5")
    assert {owner(key) for key in ("10.1.9.5", "10.1.8.5")} == {"Đơn vị A"}
    ask(cast, ("A1", "it"), "A1", "10.1.9.0/24")
    start_cleaning(Case.rows.get(device__key="10.1.9.5"), cast.user("A", "it"))
    address = reverse("unit_range_act", args=[Network.rows.get(cidr="10.1.9.0/24").pk, "dong-y"])
    asked = text_of(cast.client("A", "coordinator").post(address))
    assert "1 máy chưa rõ đơn vị sẽ về đây ngay" in asked and "Việc đang xử lý ở 1 hồ sơ sẽ kết thúc" in asked
    assert owner("10.1.9.5") == "Đơn vị A" and Network.rows.get(cidr="10.1.9.0/24").state == "asked"
    answer = cast.client("A", "coordinator").post(address, {"sure": "1"}, follow=True)
    assert "1 máy" in text_of(answer)
    assert (owner("10.1.9.5"), owner("10.1.8.5")) == ("Đơn vị A1", "Đơn vị A")
    case = Case.rows.get(device__key="10.1.9.5")
    assert case.state == State.ASSIGNED
    assert Device.rows.get(key="10.1.9.5").is_assigned
    story = text_of(cast.client("A1", "it").get(reverse("case", args=[cast.campaign.slug, case.pk])))
    assert "Theo dải 10.1.9.0/24, do it-a1 nhập." in " ".join(story.split())
    # A superior who enters a range decides with it.
    asked = text_of(ask(cast, ("A", "coordinator"), "A2", "10.1.8.0/24", note="tầng 2"))
    assert "1 máy chưa rõ đơn vị" in asked and "Việc đang xử lý" not in asked
    assert not Network.rows.filter(cidr="10.1.8.0/24").exists()
    ask(cast, ("A", "coordinator"), "A2", "10.1.8.0/24", note="tầng 2", sure="1")
    assert owner("10.1.8.5") == "Đơn vị A2"


@pytest.mark.parametrize("is_in_order", [True, False])
def test_a_sign_goes_to_the_unit_that_had_the_range_on_its_day(cast, tmp_path, is_in_order):
    moved = timezone.localdate() - timedelta(days=5)
    old = Network.rows.get(unit=cast.units["A1"], cidr="10.1.1.0/24")
    range_actions.end_on(cast.user("A", "coordinator"), old, moved, "Chuyển trụ sở")
    ask(cast, ("A", "coordinator"), "A2", "10.1.1.0/24", begin=f"{moved:%d/%m/%Y}")
    signs = [noon(9), noon(2)] if is_in_order else [noon(2), noon(9)]
    for at in signs:
        seen_by(cast, tmp_path, "A", "10.1.1.5", at=at)
    expected = [("Đơn vị A1", "assigned", 1), ("Đơn vị A2", "assigned", 1)]
    assert had(cast) == expected
    Case.rows.all().delete()
    Device.rows.all().delete()
    Sighting.rows.update(is_pulled=False)
    pull_sightings(cast.campaign)
    assert had(cast) == expected  # also where both come at once
    Sighting.rows.update(is_pulled=False)
    pull_sightings(cast.campaign)
    assert had(cast) == expected


def test_the_days_of_a_range_that_are_told_late_move_the_signs_since_then(cast, tmp_path):
    for at in (noon(9), noon(2)):
        seen_by(cast, tmp_path, "A", "10.1.1.5", at=at)
    assert had(cast) == [("Đơn vị A1", "assigned", 2)]
    moved = timezone.localdate() - timedelta(days=5)
    old = Network.rows.get(unit=cast.units["A1"], cidr="10.1.1.0/24")
    do(cast, ("A", "coordinator"), old, "het", on=f"{moved:%d/%m/%Y}", reason="Chuyển trụ sở")
    ask(cast, ("A", "coordinator"), "A2", "10.1.1.0/24", begin=f"{moved:%d/%m/%Y}")
    pull_sightings(cast.campaign)
    assert had(cast) == [("Đơn vị A1", "assigned", 1), ("Đơn vị A2", "assigned", 1)]
    shown = text_of(cast.client("A2", "officer").get(reverse("cases", args=[cast.campaign.slug])))
    assert "10.1.1.5" in shown


@pytest.mark.parametrize(
    ("cidr", "begin"),
    [
        ("10.1.0.0/16", "10.1."), ("10.1.2.0/23", "10.1."), ("10.1.2.3/32", "10.1.2.3"), ("10.0.0.0/7", ""),
        ("2001:db8::/32", "2001:"), ("2001:db8::/12", ""), ("fd00::/8", ""),
    ],
)  # fmt: skip
def test_all_addresses_of_a_range_begin_so(cidr, begin):
    network = ipaddress.ip_network(cidr, strict=False)
    assert owning.text_of(network) == begin
    assert all(str(network[n]).startswith(begin) for n in (0, -1, network.num_addresses // 2))


def had(cast):
    """Cases by the unit that has the machine: their states and log lines."""
    told = Case.rows.filter(is_current=True).order_by("device__owner__unit__name")
    return list(told.values_list("device__owner__unit__name", "state", "count"))


def test_an_address_of_another_unit_proves_no_machine_clean(cast, tmp_path):
    """The log of the superior saw the address all the time, and nothing bad any more: since the range went to
    another unit it was that unit's machine."""
    listed = publish_list(cast, tmp_path)

    def push(rows, *logs):
        body = document(rows, logs, set_id=listed.set_id, asked=["10.1.1.5", "10.1.2.5"])
        receive_file(BytesIO(body), cast.nodes["A"], Sender("upload", user=cast.user("A", "it")))

    def log(first, last, name):
        alive = dict.fromkeys(("10.1.1.5", "10.1.2.5"), alive_of(first, last))
        told = {"hours": hours_of(first, last), "order": "kept", "alive": alive}
        return coverage(first, last, source=name, **told)

    push([sighting(one, noon(30)) for one in ("10.1.1.5", "10.1.2.5")], log(noon(38), noon(30), "log-1"))
    for case in Case.rows.all():
        claim_clean(case, cast.user("A", "it"), done="scan", done_at=noon(28))
    old = Network.rows.get(unit=cast.units["A1"], cidr="10.1.1.0/24")
    moved = timezone.localdate() - timedelta(days=26)
    range_actions.end_on(cast.user("A", "coordinator"), old, moved, "Chuyển trụ sở")
    push([], log(noon(29), noon(1), "log-2"))
    states = dict(Case.rows.values_list("device__key", "state"))
    assert states == {"10.1.1.5": "rechecked", "10.1.2.5": "verified_clean"}


def test_not_ours_goes_up_with_its_reason_and_no_range_brings_it_back(cast, tmp_path):
    seen_by(cast, tmp_path, "A", "10.1.1.5")
    case = Case.rows.get()
    assert case.device.owner == cast.nodes["A1"]
    address = reverse("device_not_ours", args=[cast.campaign.slug, case.pk])
    assert cast.client("A2", "officer").post(address, {"reason": "Không có máy này ở xã."}).status_code == 404
    assert cast.client("A1", "officer").post(address, {"reason": "ngắn"}).status_code == 422
    said = "Đã tìm ở cả hai tầng, không có máy này."
    assert cast.client("A1", "it").post(address, {"reason": said, "sure": "1"}).status_code == 302
    case.refresh_from_db()
    assert (case.state, owner("10.1.1.5")) == (State.NEW, "Đơn vị A")
    shown = text_of(cast.client("A", "officer").get(reverse("case", args=[cast.campaign.slug, case.pk])))
    assert said in shown
    assert "Đơn vị A1" in shown
    assert range_actions.follow(Network.rows.get(unit=cast.units["A1"], cidr="10.1.1.0/24")) == 0
    # A person of the superior may still give it to a unit.
    cast.client("A", "it").post(
        reverse("device_assign", args=[cast.campaign.slug, case.pk]),
        {"to": cast.nodes["A2"].pk, "sure": "1"},
    )
    case.refresh_from_db()
    assert (case.state, owner("10.1.1.5")) == (State.ASSIGNED, "Đơn vị A2")


def test_a_machine_that_nobody_has_stays_at_the_top_with_its_trail(cast, tmp_path):
    seen_by(cast, tmp_path, "A", "113.160.9.9")
    case = Case.rows.get()
    address = reverse("device_not_ours", args=[cast.campaign.slug, case.pk])
    said = {"reason": "Không thuộc huyện, đã hỏi các phòng.", "sure": "1"}
    assert cast.client("A", "coordinator").post(address, said).status_code == 302
    case.refresh_from_db()
    assert (case.state, owner("113.160.9.9")) == (State.NEW, "Đơn vị centre")
    # There is nobody above: saying so again would change nothing.
    assert cast.client("centre", "coordinator").post(address, said).status_code == 422
    assert NotOurs.rows.count() == 1
    page = cast.client("centre", "officer").get(reverse("case", args=[cast.campaign.slug, case.pk]))
    assert "116/2025" in text_of(page)


def test_not_ours_is_over_when_somebody_has_handled_the_machine(cast, tmp_path):
    seen_by(cast, tmp_path, "A1", "10.1.1.5")
    case = Case.rows.get()
    Case.rows.update(state=State.CLAIMED_CLEAN, claimed_at=timezone.now())
    address = reverse("device_not_ours", args=[cast.campaign.slug, case.pk])
    assert cast.client("A1", "it").post(address, {"reason": "Không phải máy của xã."}).status_code == 422
    assert owner("10.1.1.5") == "Đơn vị A1"


def test_a_waiting_range_is_work_of_today_for_who_decides(cast):
    ask(cast, ("A1", "officer"), "A1", "10.1.9.0/24")
    today = reverse("today", args=[cast.campaign.slug])
    wanted = reverse("unit_ranges", args=[cast.units["A"].pk])
    assert wanted in cast.client("A", "coordinator").get(today).content.decode()
    assert wanted not in cast.client("A", "officer").get(today).content.decode()


def test_networks_entered_before_are_held_for_ever(cast):
    assert Network.rows.filter(held_on(date(1999, 1, 1))).count() == Network.rows.count() == 6
