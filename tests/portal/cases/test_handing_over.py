"""A machine goes to another unit: the page asks first; the person takes it back while nothing was done."""

import pytest
from django.urls import reverse

from quetsach.portal.audit.models import Entry
from quetsach.portal.cases import actions, noting_actions
from quetsach.portal.cases.models import Case, Device, NotOurs
from quetsach.portal.cases.named import named_now
from quetsach.portal.cases.owning_actions import assign_device
from tests.portal.cases.test_withdrawing import scan, versions
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon, sighting

__all__ = ["scan", "versions"]
PUBLIC, PLACE = "198.51.100.3", "Phòng 204, máy kế toán"


@pytest.fixture
def busy(cast, scan):
    """A public address of the district, whose machine a person found and works on."""
    scan(sighting(PUBLIC, noon(3)), unit="A")
    case, it = Case.rows.get(), cast.user("A", "it")
    noting_actions.locate(case, it, place=PLACE)
    return actions.start_cleaning(case, it)


@pytest.fixture
def post(cast, busy):
    client = cast.client("A", "it")
    client.cookies["django_language"] = "en"

    def send(name="device_assign", follow=True, **said):
        return client.post(reverse(name, args=["lam-sach", busy.pk]), said, follow=follow)

    return send


def stands():
    case = Case.rows.select_related("device").get()
    device = case.device
    return (case.state, case.clock_at, case.located_at, case.acknowledged_at, device.owner_id,
            device.is_assigned, device.is_owner_said, device.id_value)  # fmt: skip


def test_it_asks_first_and_says_what_ends(cast, busy, post):
    before = stands()
    page = text_of(post(to=cast.nodes["A1"].pk))
    assert stands() == before, "nothing has moved yet"
    assert f"Pass {PUBLIC} to Đơn vị A1?" in page and "The handling that runs in 1 case" in page
    assert f"“{PLACE}”, as " in page and f"“{PLACE}” goes along" in page


@pytest.mark.parametrize("goes", [True, False])
def test_the_named_machine_goes_along_if_the_person_says_so(cast, busy, post, goes):
    post(to=cast.nodes["A1"].pk, sure="1", **({"named": "on"} if goes else {}))
    case = Case.rows.get()
    assert case.state == "assigned" and (case.located_at is not None) == goes
    assert (named_now(case) is not None and named_now(case).place == PLACE) == goes
    page = text_of(cast.client("A1", "it").get(reverse("case", args=["lam-sach", case.pk])))
    assert ("theo lời của" in page) == goes, "the page of the new unit names it"


def test_the_unit_that_has_the_machine_is_not_offered_and_refused(cast, busy, post):
    address = reverse("case", args=["lam-sach", busy.pk])

    def offers():
        return (
            f'<option value="{cast.nodes["A"].pk}">' in cast.client("A", "it").get(address).content.decode()
        )

    assert offers(), "nobody has said yet whose it is: it may be the district's own"
    post(to=cast.nodes["A"].pk, sure="1")
    before = stands()
    assert before[5] and not offers()
    for sure in ({}, {"sure": "1"}):
        page = text_of(post(to=cast.nodes["A"].pk, **sure))
        assert "That unit has the machine already" in page and "now belongs to" not in page
    assert stands() == before


@pytest.mark.parametrize("goes", [True, False])
def test_the_same_person_takes_it_back(cast, busy, post, goes):
    before = stands()
    page = text_of(post(to=cast.nodes["A1"].pk, sure="1", **({"named": "on"} if goes else {})))
    assert "Take it back that it went to Đơn vị A1" in page
    other = cast.client("A", "coordinator").post(reverse("device_hand_back", args=["lam-sach", busy.pk]))
    assert other.status_code == 404 and stands() != before, "another person does not"
    assert "is that of Đơn vị A again" in text_of(post("device_hand_back"))
    assert stands() == before and named_now(Case.rows.get()).place == PLACE
    assert Entry.objects.filter(action="device.hand_back").count() == 1
    assert "Something has happened" in text_of(post("device_hand_back")), "once"


def test_what_the_new_unit_did_is_not_taken_away(cast, busy, post):
    post(to=cast.nodes["A1"].pk, sure="1", named="on")
    actions.start_cleaning(Case.rows.get(), cast.user("A1", "it"))
    page = text_of(post("device_hand_back"))
    assert "Something has happened to the case since: “Cleaning started” (it-a1, " in page
    assert "choose “It is not ours”" in page and "Take it back that" not in page
    assert Device.rows.get().owner == cast.nodes["A1"] and Case.rows.get().state == "cleaning"


@pytest.fixture
def passing(cast, busy):
    """The district gave the machine to A1, whose person found it and works on it: clicks of that person."""
    assign_device(busy.device, cast.nodes["A1"], cast.user("A", "it"))
    officer = cast.user("A1", "it")
    noting_actions.locate(Case.rows.get(), officer, place=PLACE)
    actions.start_cleaning(Case.rows.get(), officer)
    client = cast.client("A1", "it")
    client.cookies["django_language"] = "en"

    def send(name="device_not_ours", **said):
        return client.post(reverse(name, args=["lam-sach", busy.pk]), said, follow=True)

    return send


WHY = "Không có máy nào ở phòng này."


def test_not_ours_asks_first_and_says_what_ends(cast, passing):
    before = stands()
    page = text_of(passing(reason=WHY))
    assert stands() == before and not NotOurs.rows.exists(), "nothing has moved yet"
    assert f"Say that {PUBLIC} is no machine of Đơn vị A1?" in page and WHY in page
    assert "The handling that runs in 1 case" in page and f"“{PLACE}”, as " in page
    assert "1 case goes along from Đơn vị A1." in page and "Đơn vị A gets them" in page
    assert "No range of addresses gives the machine to this unit again." in page


def test_not_ours_is_taken_back_by_the_person_who_no_longer_sees_the_case(cast, passing, busy):
    before = stands()
    page = text_of(passing(reason=WHY, sure="1"))
    assert Device.rows.get().owner == cast.nodes["A"] and "You said within the last day" in page
    other = cast.client("A1", "coordinator")
    assert "anh/chị đã ghi các máy này" not in text_of(other.get(reverse("cases", args=["lam-sach"])))
    assert other.post(reverse("device_hand_back", args=["lam-sach", busy.pk])).status_code == 404
    page = text_of(passing("device_hand_back"))
    assert "is that of Đơn vị A1 again" in page and "You said within the last day" not in page
    assert stands() == before and named_now(Case.rows.get()).place == PLACE
    assert not NotOurs.rows.exists(), "a range may give it to the unit again"


def test_not_ours_stays_where_the_superior_has_done_something(cast, passing):
    passing(reason=WHY, sure="1")
    noting_actions.acknowledge(Case.rows.get(), cast.user("A", "it"))
    page = text_of(passing("device_hand_back"))
    assert "Something has happened to the case since." in page, "what the superior did is not told here"
    assert Device.rows.get().owner == cast.nodes["A"] and NotOurs.rows.exists()
