"""A machine in cases is known by what offices told, whenever they tell it."""

from datetime import datetime
from io import BytesIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns import arrivals
from quetsach.portal.cases import actions, machine_words, noting_actions, queries
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, Device
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.machines import actions as machines
from quetsach.portal.machines.models import EvidenceFile, StoredBinding
from quetsach.portal.machines.register.filling_actions import drop_gone, list_waiting
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Sighting
from tests.portal.page_text import text_of
from tests.portal.scan_document import alive_of, coverage, document, hours_of, noon, publish_list, sighting

HOUR = 3_600_000_000
PC, LAPTOP = Key("mac", "00-00-5e-00-53-01"), Key("mac", "00-00-5e-00-53-02")
ADDRESS = "10.1.1.5"


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
    """Evidence of a unit arrives, and the cases follow."""

    def give(*rows, unit="A1", file=None):
        machines.store_evidence(
            cast.units[unit],
            [one for one in rows if isinstance(one, Claim)],
            [one for one in rows if isinstance(one, Binding)],
            file=file,
        )
        assert arrivals.announce(cast.campaign)

    return give


def micro(at):
    return round(at.timestamp() * 1_000_000)


def lease(key, at, hours=2, address=ADDRESS, name=None, source="dhcp"):
    """A lease around a moment, with the host name in it."""
    begin = micro(at) - HOUR
    end = begin + hours * HOUR
    rows = [Binding(address, key, begin, end, source, "lease")]
    return rows + ([Claim((key, Key("host", name)), begin, end, source)] if name else [])


def runs(*times):
    """Runs of a row, each of one line."""
    return [[*[(at.hour * 3600 + at.minute * 60) * 1_000_000] * 2, 1] for at in times]


def whole(row):
    """The row as one run."""
    (first, last, _), *_ = runs(datetime.fromisoformat(row["first_seen"]))
    return [[first, last, row["count"]]]


def counted():
    """The current cases: id of the machine, lines, state."""
    rows = Case.rows.filter(is_current=True).select_related("device").order_by("device__id_value")
    return [
        (row.device.id_kind, row.device.id_value.rpartition(" ")[2], row.count, row.state) for row in rows
    ]


def test_a_lease_that_comes_later_names_the_machine(cast, upload, tell):
    upload(sighting(ADDRESS, noon(9), count=3))
    assert counted() == [("weak", ADDRESS, 3, "assigned")]
    old = Case.rows.get()
    tell(*lease(PC, noon(9), name="pc-ketoan"))
    assert counted() == [("mac", PC.value, 3, "assigned")]
    new = Case.rows.get(is_current=True)
    assert (new.device.key, new.device.strength, new.device.owner) == (
        "pc-ketoan",
        "located",
        cast.nodes["A1"],
    )
    old.refresh_from_db()
    assert (old.is_current, old.merged_into, old.device.merged_into) == (False, new, new.device)
    assert old.count == 0 and not CaseSighting.rows.filter(case=old).exists()
    assert first_broken_entry() is None
    assert Entry.objects.filter(action="case.merge").count() == 1


def test_late_or_early_the_same_machines_and_figures(cast, upload, tell):
    tell(*lease(PC, noon(9), name="pc-ketoan"), *lease(LAPTOP, noon(8)))
    upload(sighting(ADDRESS, noon(9), count=3), sighting(ADDRESS, noon(8)), sighting("10.1.1.6", noon(8)))
    assert counted() == [
        ("mac", PC.value, 3, "assigned"),
        ("mac", LAPTOP.value, 1, "assigned"),
        ("weak", "10.1.1.6", 1, "assigned"),
    ]


def test_a_push_follows_evidence_for_a_bounded_time_and_the_night_the_rest(cast, upload, tell, monkeypatch):
    upload(sighting(ADDRESS, noon(9)), sighting("10.1.1.6", noon(8)))
    monkeypatch.setattr("quetsach.portal.cases.pull_actions.EVIDENCE_SECONDS", 0.0)
    monkeypatch.setattr("quetsach.portal.machines.taking_actions.BINDINGS", 1)
    monkeypatch.setattr("quetsach.portal.machines.taking_actions.CLAIMS", 1)
    tell(*lease(PC, noon(9)), *lease(LAPTOP, noon(8), address="10.1.1.6"))
    assert StoredBinding.rows.filter(is_taken=False).count() == 1
    call_command("pull_sightings")
    assert not StoredBinding.rows.filter(is_taken=False).exists()
    assert counted() == [("mac", PC.value, 1, "assigned"), ("mac", LAPTOP.value, 1, "assigned")]


def test_one_row_of_two_machines_is_parted_by_its_runs(cast, upload, tell):
    morning, evening = noon(9).replace(hour=3), noon(9).replace(hour=9)
    upload(sighting(ADDRESS, morning, until=evening, count=2, runs=runs(morning, evening)))
    assert counted() == [("weak", ADDRESS, 2, "assigned")]
    tell(*lease(PC, morning), *lease(LAPTOP, evening))
    assert counted() == [("mac", PC.value, 1, "assigned"), ("mac", LAPTOP.value, 1, "assigned")]
    cases = {case.device.id_value: case for case in Case.rows.filter(is_current=True)}
    assert cases[PC.value].last_seen == morning and cases[LAPTOP.value].first_seen == evening
    (row,) = queries.story(cases[LAPTOP.value]).facts.sightings
    assert (row.count, row.first_seen, row.last_seen) == (1, evening, evening)


def test_a_claim_goes_along_and_a_later_sign_of_the_other_address_ends_it(cast, upload, tell):
    upload(sighting(ADDRESS, noon(9)))
    case = Case.rows.get()
    actions.claim_clean(case, cast.user("A1", "it"), done="scan", done_at=noon(7))
    tell(*lease(PC, noon(9)))
    assert counted() == [("mac", PC.value, 1, "claimed_clean")]
    assert Case.rows.get(is_current=True).claimed_at == noon(7)
    upload(sighting("10.1.1.9", noon(5)))
    assert counted() == [("mac", PC.value, 1, "claimed_clean"), ("weak", "10.1.1.9", 1, "assigned")]
    tell(*lease(PC, noon(5), address="10.1.1.9"))
    # It was handled before that sign, and nobody handled the second address: the least proven of both.
    assert [(kind, count, state) for kind, _, count, state in counted()] == [("mac", 2, "assigned")]
    assert "relapse" in Case.rows.get(is_current=True).events.values_list("act", flat=True)


def test_one_machine_by_a_decision_and_two_again_when_it_is_taken_back(cast, upload, tell):
    tell(*lease(PC, noon(9), name="pc-1"), *lease(LAPTOP, noon(8), address="10.1.1.6", name="pc-2"))
    upload(sighting(ADDRESS, noon(9), count=2), sighting("10.1.1.6", noon(8)))
    it = cast.user("A1", "it")
    first = Case.rows.get(device__id_value=PC.value)
    actions.claim_clean(first, it, done="scan", done_at=noon(7))
    row = machines.decide(cast.units["A1"], "same", PC, LAPTOP, cast.user("A1", "officer"), "one desk")
    pull_sightings(cast.campaign)
    # The other half was not handled: the least proven of both counts.
    assert counted() == [("mac", PC.value, 3, "assigned")]
    machines.withdraw(row, cast.user("A1", "officer"), cast.units["A1"])
    pull_sightings(cast.campaign)
    assert counted() == [("mac", PC.value, 2, "claimed_clean"), ("mac", LAPTOP.value, 1, "assigned")]
    assert not Device.rows.exclude(merged_into=None).exists()
    told = CaseEvent.rows.filter(case=first).values_list("act", flat=True)
    assert list(told) == ["open", "claim", "merge", "part"]


def test_the_page_of_the_case_tells_its_addresses_why_and_what_was_done_before(cast, upload, tell):
    upload(sighting(ADDRESS, noon(9), count=3))
    actions.start_cleaning(Case.rows.get(), cast.user("A1", "it"))
    tell(*lease(PC, noon(9), name="pc-ketoan"), *lease(PC, noon(7), address="10.1.1.9"))
    upload(sighting("10.1.1.9", noon(7)))
    old, new = Case.rows.get(merged_into__isnull=False), Case.rows.get(is_current=True)
    client = cast.client("A1", "officer")
    page = client.get(reverse("case", args=[cast.campaign.slug, new.pk])).content.decode()
    assert "không dòng nhật ký nào ghi tên này" in page and "Trong nhật ký, máy có tên" not in page
    for told in ("pc-ketoan", ADDRESS, "10.1.1.9", "lúc đó máy được cấp địa chỉ này (DHCP)", "Bắt đầu xử lý"):
        assert told in page, told
    assert reverse("case", args=[cast.campaign.slug, old.pk]) in page
    page = client.get(reverse("case", args=[cast.campaign.slug, old.pk])).content.decode()
    assert "Theo thông tin có sau, đây là máy pc-ketoan." in page
    assert "Dấu hiệu nay là của máy pc-ketoan." in page and "Kiểm tra máy thấy dấu hiệu" not in page
    assert "kiểm tra trực tiếp trên máy" not in page
    found = client.get(reverse("cases", args=[cast.campaign.slug]), {"tim": "10.1.1.9"}).content.decode()
    assert "pc-ketoan" in found


def test_one_candidate_is_not_one_of_several():
    device = Device(strength="unlocated")
    assert "một trong số vài máy" in machine_words.strength_in_words(device, 2)
    assert "chưa nguồn nào cho biết" in machine_words.strength_in_words(device, 1)


def test_a_decision_that_comes_and_goes_stands_once_in_the_history(cast, upload, tell):
    """Nothing is removed; the page tells how often, and with whom the machine is joined now."""
    tell(*lease(PC, noon(9), name="pc-1"), *lease(LAPTOP, noon(8), address="10.1.1.6", name="pc-1"))
    upload(sighting(ADDRESS, noon(9), count=2), sighting("10.1.1.6", noon(8)))
    officer, client = cast.user("A1", "officer"), cast.client("A1", "officer")
    for turn in range(3):
        row = machines.decide(cast.units["A1"], "same", PC, LAPTOP, officer, "one desk")
        pull_sightings(cast.campaign)
        joined = Case.rows.get(merged_into__isnull=False)
        page = text_of(client.get(reverse("case", args=[cast.campaign.slug, joined.merged_into_id])))
        if turn < 2:
            machines.withdraw(row, officer, cast.units["A1"])
            pull_sightings(cast.campaign)
    assert page.count("Một máy khác được xác định chính là máy này") == 1 and "3 lần, lần đầu" in page
    # Both bear one name: the card stands for the joined machine, once.
    assert page.count("được xác định là máy này") == 1 and "MAC 00-00-5e-00-53-0" in page
    assert "pc-1 được xác định là máy này" not in page


def test_a_row_of_an_earlier_episode_stays_there_when_it_is_placed_again(cast, upload):
    upload(sighting(ADDRESS, noon(9), count=3))
    first = Case.rows.get()
    actions.claim_clean(first, cast.user("A1", "it"), done="scan", done_at=noon(8))
    actions.confirm_clean(first, cast.user("A", "officer"), "seen on the spot")
    Case.rows.filter(pk=first.pk).update(quiet_until=noon(7))
    upload(sighting(ADDRESS, noon(5)))
    before = set(CaseSighting.rows.values_list("case__episode", "sighting"))
    CaseSighting.rows.update(count=None, first=None, last=None)  # as the version before left them
    Sighting.rows.update(is_pulled=False)
    pull_sightings(cast.campaign)
    assert set(CaseSighting.rows.values_list("case__episode", "sighting")) == before
    assert list(Case.rows.order_by("episode").values_list("count", flat=True)) == [3, 1]


def test_silence_of_a_shared_address_proves_no_machine_clean(cast, listed):
    def log(first, last):
        alive = alive_of(first, last)
        told = {"hours": hours_of(first, last), "order": "kept", "alive": {public: alive, ADDRESS: alive}}
        return coverage(first, last, source=f"log-{first}-{last}", **told)

    def give(rows, *logs):
        body = document(rows, logs, set_id=listed.set_id, asked=[public, ADDRESS])
        receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))

    public = "203.0.113.9"
    give([sighting(public, noon(30)), sighting(ADDRESS, noon(30))], log(noon(38), noon(30)))
    for case in Case.rows.all():
        noting_actions.locate(case, cast.user("A1", "it"), place="phòng 204")
        actions.claim_clean(case, cast.user("A1", "it"), done="scan", done_at=noon(28))
    give([], log(noon(29), noon(1)))
    states = dict(Case.rows.values_list("device__strength", "state"))
    assert states["weak"] == "verified_clean" and states["shared"] != "verified_clean"


def test_a_file_that_is_taken_back_leaves_no_trace_in_the_figures(cast, upload, tell):
    upload(sighting(ADDRESS, noon(9), count=3))
    file = EvidenceFile.rows.create(
        unit=cast.units["A1"], source="dhcp", name="leases.csv", digest="1", created_at=noon(1)
    )
    tell(*lease(PC, noon(9), name="pc-1"), file=file)
    assert counted()[0][0] == "mac"
    machines.take_back(file)
    pull_sightings(cast.campaign)
    assert counted() == [("weak", ADDRESS, 3, "assigned")]
    list_waiting()
    drop_gone()
    assert not StoredBinding.rows.exists()


def test_a_table_that_is_taken_back_keeps_no_network_for_itself(cast, upload, tell):
    """An office with leases of its own hears no other office. The register has not followed yet."""
    file = EvidenceFile.rows.create(
        unit=cast.units["A1"], source="dhcp", name="leases.csv", digest="1", created_at=noon(1)
    )
    tell(*lease(LAPTOP, noon(30), address="10.77.0.9"), file=file)
    tell(*lease(PC, noon(9), address="10.77.0.5", name="pc-1"), unit="A")
    upload(sighting("10.77.0.5", noon(9)))
    assert counted() == [("weak", "10.77.0.5", 1, "assigned")]
    assert machines.take_back(file) == 1
    pull_sightings(cast.campaign)
    assert counted() == [("mac", PC.value, 1, "assigned")]
    tell(*lease(LAPTOP, noon(30), address="10.77.0.9"), file=file)
    assert counted() == [("weak", "10.77.0.5", 1, "assigned")]


def test_a_lease_that_was_given_back_early_frees_the_later_signs(cast, upload, tell):
    late = noon(9).replace(hour=18)
    upload(sighting(ADDRESS, noon(9)), sighting(ADDRESS, late, indicator="bad.example"))
    tell(*lease(PC, noon(9), hours=24))
    assert {kind for kind, *_ in counted()} == {"mac"}
    tell(*lease(PC, noon(9), hours=2), *lease(LAPTOP, late))
    assert {value for _, value, *_ in counted()} == {PC.value, LAPTOP.value}


def test_two_machines_at_once_are_named_and_none_is_picked(cast, upload, tell):
    tell(*lease(PC, noon(9), name="pc-1"), *lease(LAPTOP, noon(9), name="pc-2"))
    upload(sighting(ADDRESS, noon(9)))
    assert counted() == [("unlocated", ADDRESS, 1, "assigned")]
    assert sorted(CaseSighting.rows.get().candidates) == ["pc-1", "pc-2"]


def test_a_card_in_another_unit_takes_no_machine_away(cast, upload, tell):
    """A unit that tells a lease of a foreign card gets no case of another unit by it."""
    tell(*lease(PC, noon(9), address="10.2.1.5"), unit="B1")
    upload(sighting(ADDRESS, noon(9), identity={"mac": PC.value}))
    assert Device.rows.get().owner == cast.nodes["A1"]


CARD, OTHER_CARD = {"mac": PC.value}, {"mac": LAPTOP.value}


@pytest.mark.parametrize("together", [True, False])
def test_a_router_writes_its_card_into_lines_of_all_machines(cast, upload, tell, together):
    """Two machines behind one router stay two, whether their signs come together or one after the other."""
    rows = [sighting(ADDRESS, noon(9), identity=CARD), sighting("10.1.1.6", noon(7), identity=CARD)]
    two = [("weak", ADDRESS, 1, "assigned"), ("weak", "10.1.1.6", 1, "assigned")]
    if together:
        upload(*rows)
    else:
        upload(rows[0])
        assert counted() == [("mac", PC.value, 1, "assigned")]
        upload(rows[1])
    assert counted() == two
    upload(*rows)
    assert counted() == two
    # The office tells that the card is a computer's own: it had the addresses in turn.
    tell(Claim((PC, Key("host", "pc-1")), micro(noon(20)), micro(noon(1)), "register"))
    assert counted() == [("mac", PC.value, 2, "assigned")]


def test_a_card_with_two_addresses_is_believed_where_leases_say_so(cast, upload, tell):
    tell(*lease(PC, noon(9)), *lease(PC, noon(7), address="10.1.1.6"))
    upload(sighting(ADDRESS, noon(9), identity=CARD), sighting("10.1.1.6", noon(7), identity=CARD))
    assert counted() == [("mac", PC.value, 2, "assigned")]


def test_a_unit_takes_no_machine_of_another_units_range_by_a_lease(cast, upload, tell):
    """The superior's log sees both; a lease of A1 for an address of A2 tells nothing."""
    upload(sighting("10.1.2.7", noon(9), count=3), unit="A")
    before = counted(), Device.rows.get().owner
    assert before[1] == cast.nodes["A2"]
    tell(*lease(PC, noon(9), address="10.1.2.7", name="ours-now"), unit="A1")
    assert (counted(), Device.rows.get(merged_into=None).owner) == before
    # The superior's table names the machine, and the range says which unit has it.
    tell(*lease(LAPTOP, noon(9), address="10.1.2.7", name="pc-a2"), unit="A")
    device = Device.rows.get(merged_into=None)
    assert (device.key, device.owner) == ("pc-a2", cast.nodes["A2"])


def test_a_late_lease_and_a_late_register_keep_what_was_done_and_when_it_began(cast, upload, tell):
    upload(sighting(ADDRESS, noon(12), count=3), sighting(ADDRESS, noon(9), indicator="bad.example", count=5))
    case = Case.rows.get()
    Case.rows.filter(pk=case.pk).update(opened_at=noon(8))
    actions.claim_clean(Case.rows.get(), cast.user("A1", "it"), done="scan", done_at=noon(7))
    # The first lease begins after the first signs, which stay with the address and its claim.
    tell(Binding(ADDRESS, PC, micro(noon(10)), micro(noon(1)), "dhcp", "lease"))
    assert ("weak", ADDRESS, 3, "claimed_clean") in counted()
    tell(Binding(ADDRESS, PC, micro(noon(20)), micro(noon(10)), "dhcp", "lease"))
    assert counted() == [("mac", PC.value, 8, "claimed_clean")]
    joined = Case.rows.get(is_current=True)
    assert (joined.claimed_at, joined.opened_at) == (noon(7), noon(8))


def test_a_clean_machine_of_another_unit_cleans_none_by_a_claim(cast, upload, tell):
    """Machines that become one have the least proven state."""
    upload(sighting(ADDRESS, noon(20), identity=CARD), sighting("10.1.1.6", noon(30), identity=OTHER_CARD))
    clean = Case.rows.get(device__id_value=LAPTOP.value)
    actions.claim_clean(clean, cast.user("A1", "it"), done="scan", done_at=noon(28))
    Case.rows.filter(pk=clean.pk).update(state="verified_clean", verified_at=noon(1), quiet_until=noon(2))
    both = Claim((PC, LAPTOP), micro(noon(35)), micro(noon(2)), "x")
    tell(both, unit="B1")
    machines.decide(cast.units["B1"], "same", PC, LAPTOP, cast.user("B1", "officer"), "they are one")
    pull_sightings(cast.campaign)
    assert counted() == [("mac", PC.value, 1, "assigned"), ("mac", LAPTOP.value, 1, "verified_clean")]
    tell(both)
    (one,) = counted()
    assert one[2] == 2 and one[3] in ("assigned", "cleaning")


def test_leases_of_the_unit_give_the_case_of_a_superiors_log(cast, upload, tell):
    """The superior sees an address of no range; the unit below has the lease."""
    tell(*lease(PC, noon(9), address="10.77.0.5"), unit="A2")
    upload(sighting("10.77.0.5", noon(9)), unit="A")
    device = Device.rows.get()
    assert (device.owner, device.is_assigned, device.id_value) == (cast.nodes["A2"], True, PC.value)


def test_nothing_changes_when_everything_comes_again(cast, upload, tell):
    rows = [sighting(ADDRESS, noon(9), count=3), sighting("10.1.1.6", noon(8))]
    leases = [*lease(PC, noon(9), name="pc-1"), *lease(LAPTOP, noon(8), address="10.1.1.6")]
    upload(*rows)
    tell(*leases)
    before = counted(), list(CaseEvent.rows.values_list("pk", "act")), Device.rows.count()
    upload(*rows)
    tell(*leases)
    Sighting.rows.update(is_pulled=False)
    pull_sightings(cast.campaign)
    assert (counted(), list(CaseEvent.rows.values_list("pk", "act")), Device.rows.count()) == before


def test_the_address_of_a_whole_network_is_no_machine_unless_a_table_says_so(cast, upload, tell):
    """A1 has 10.1.1.0/24. Where that is half of a larger network, a lease may give it to a machine."""
    upload(sighting("10.1.1.255", noon(9)), sighting("10.1.1.0", noon(9)), sighting("10.1.1.254", noon(9)))
    assert counted() == [
        ("unlocated", "10.1.1.0", 1, "assigned"),
        ("weak", "10.1.1.254", 1, "assigned"),
        ("unlocated", "10.1.1.255", 1, "assigned"),
    ]
    case = Case.rows.get(device__key="10.1.1.255")
    page = text_of(cast.client("A1", "officer").get(reverse("case", args=[cast.campaign.slug, case.pk])))
    assert "địa chỉ của cả mạng" in page
    tell(*lease(PC, noon(9), address="10.1.1.255"))
    assert ("mac", PC.value, 1, "assigned") in counted()


def test_a_listed_address_that_calls_is_no_machine_unless_it_is_the_units_own(cast, upload):
    upload(sighting("198.51.5.7", noon(9)), sighting("198.51.5.8", noon(9)))
    assert counted() == [
        ("unlocated", "198.51.5.7", 1, "assigned"),
        ("shared", "198.51.5.8", 1, "assigned"),
    ]
    link = CaseSighting.rows.get(case__device__key="198.51.5.7")
    assert link.why == "listed address"
