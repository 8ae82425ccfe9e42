"""The picture of a machine's story: each act is drawn on its day, whatever became of the case since."""

from datetime import timedelta
from io import BytesIO

import lxml.html
import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.cases import actions, undoing_actions
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.owning_actions import assign_device
from quetsach.portal.sightings.actions import Sender, receive_file
from tests.portal.page_text import text_of
from tests.portal.scan_document import (
    alive_of,
    coverage,
    document,
    hours_of,
    noon,
    publish_list,
    sighting,
)

KEY = "10.1.1.5"


@pytest.fixture
def listed(cast, tmp_path):
    return publish_list(cast, tmp_path)


@pytest.fixture
def upload(cast, listed):
    def give(rows, coverages=(), unit="A1", **more):
        body = document(rows, coverages, set_id=listed.set_id, **more)
        return receive_file(BytesIO(body), cast.nodes[unit], Sender("upload", user=cast.user(unit, "it")))

    return give


def claim(cast, at, unit="A1"):
    return actions.claim_clean(Case.rows.get(is_current=True), cast.user(unit, "it"), done="scan", done_at=at)


def page(cast, unit="A1"):
    case = Case.rows.get(is_current=True)
    return cast.client(unit, "it").get(reverse("case", args=["lam-sach", case.pk]))


def picture_of(answer):
    """The picture of the story, which is the first one of the page."""
    return lxml.html.fromstring(answer.content).xpath("//figure/svg")[0]


def lane(answer):
    """The words of the picture, without those of its axes."""
    return [" ".join(one.text_content().split()) for one in picture_of(answer).xpath(".//text")]


def day(at):
    return f"{timezone.localtime(at):%d/%m}"


def test_a_case_that_nobody_has_touched_says_so(cast, upload):
    upload([sighting(KEY, noon(30))])
    assert "chưa xử lý" in lane(page(cast))


def test_a_handling_after_which_signs_came_back_stays_in_the_picture(cast, upload):
    """Its time is that of the handling, although it was reported later and holds no longer."""
    upload([sighting(KEY, noon(30))])
    claim(cast, noon(20))
    upload([sighting(KEY, noon(9), source="new")])
    assert Case.rows.get().claimed_at is None
    told = lane(page(cast))
    assert f"báo đã xử lý {day(noon(20))}" in told and f"lại có dấu hiệu {day(noon(9))}" in told
    actions.start_cleaning(Case.rows.get(), cast.user("A1", "it"))
    assert f"đang xử lý từ {day(timezone.now())}" in lane(page(cast))
    claim(cast, noon(2))
    told = lane(page(cast))
    assert {f"báo đã xử lý {day(noon(at))}" for at in (20, 2)} <= set(told)
    assert not any("đang xử lý" in one for one in told), "that work is over"


def test_a_claim_of_an_older_version_is_drawn_at_the_time_that_its_end_tells(cast, upload):
    """Older events of a claim do not tell when the machine was handled; the relapse does."""
    upload([sighting(KEY, noon(30))])
    case = claim(cast, noon(20))
    event = case.events.get(act="claim")
    del event.data["done_at"]
    event.save()
    upload([sighting(KEY, noon(9), source="new")])
    assert f"báo đã xử lý {day(noon(20))}" in lane(page(cast))


def test_a_claim_that_was_taken_back_did_not_happen(cast, upload):
    upload([sighting(KEY, noon(30))])
    claim(cast, noon(20))
    undoing_actions.take_back_last(Case.rows.get(), cast.user("A1", "it"))
    assert lane(page(cast)).count("chưa xử lý") == 1


def test_the_story_of_a_machine_that_was_infected_again_begins_with_its_first_infection(cast, upload):
    upload([sighting(KEY, noon(40), count=9)])
    case = claim(cast, noon(38))
    Case.rows.filter(pk=case.pk).update(state="verified_clean", verified_at=noon(20), quiet_until=noon(21))
    upload([sighting(KEY, noon(5), source="new", count=3)])
    assert Case.rows.get(is_current=True).episode == 2
    answer = page(cast)
    told = lane(answer)
    assert f"báo đã xử lý {day(noon(38))}" in told and f"sạch đến {day(noon(21))}" in told
    bars = [one.get("class") for one in picture_of(answer).xpath(".//rect") if "hit" in one.get("class")]
    assert bars == ["hit hit-before", "hit"], "signs of the first infection, apart"
    assert answer.context["story"].lines == 3, "the numbers are those of this case"


@pytest.mark.parametrize("state", ["assigned", "cleaning", "claimed_clean"])
def test_a_machine_that_went_to_another_unit_says_when(cast, upload, state):
    upload([sighting("10.9.9.9", noon(30))], [coverage(noon(31), noon(29))], unit="A")
    device = Case.rows.get().device
    assign_device(device, cast.nodes["A"], cast.user("A", "it"))
    case, it = Case.rows.get(), cast.user("A", "it")
    if state != "assigned":
        actions.start_cleaning(case, it)
    if state == "claimed_clean":
        claim(cast, noon(3), "A")
    before = Case.rows.get()
    assign_device(device, cast.nodes["A1"], it)
    after = Case.rows.get()
    goes_on = "assigned" if state == "cleaning" else state  # nobody of the new unit works on it yet
    assert (after.state, after.claimed_at) == (goes_on, before.claimed_at)
    event = after.events.latest("pk")
    assert (event.act, event.from_state, event.to_state) == ("assign", state, goes_on)
    assert event.data["to"] == cast.nodes["A1"].name
    answer = page(cast)
    assert f"chuyển đơn vị {day(timezone.now())}" in lane(answer)
    told = answer.context["tale"].history[0]
    assert (str(told.event.by), told.event.data["to"]) == ("it-a", cast.nodes["A1"].name)
    assert timezone.now() - after.clock_at < timedelta(minutes=5), "the new unit has its own days"


def log(first, last):
    """A log with lines in each hour, and the machine in each of them."""
    told = {"hours": hours_of(first, last), "order": "kept", "alive": {KEY: alive_of(first, last)}}
    return coverage(first, last, source=f"log-{first:%d-%H}", **told)


def drawn(picture, kind):
    """The hours of a kind in the picture of hours."""
    wide = (99.5 - 14.0) / 24
    return round(sum(float(box.width[:-1]) / wide for box in picture.boxes if box.kind == kind))


def test_picture_and_gaps_name_the_same_hours_of_the_same_days(cast, upload):
    upload([sighting(KEY, noon(11))], [log(noon(19), noon(11))], asked=[KEY])
    claim(cast, noon(10))
    upload([], [log(noon(10, 13), noon(6)), log(noon(4), noon(1))], asked=[KEY])
    answer = page(cast)
    tale, hours = answer.context["tale"], answer.context["story"].hours
    count = hours.numbers
    assert count.expected > count.covered > 0
    days = f"{timezone.localtime(hours.first):%d/%m/%Y} – {timezone.localtime(hours.end):%d/%m/%Y}"
    assert tale.hours.startswith(f"{days}, tại fw")
    assert f"trong {count.expected} giờ" in tale.hours and f"trong {count.covered} giờ" in tale.hours
    assert text_of(answer).count(tale.hours) == 2, "beside the gaps and below the picture"
    assert drawn(tale.presence, "missed") == count.expected - count.covered
    assert drawn(tale.presence, "seen") == count.covered
    first = timezone.localtime(hours.first).date()
    assert tale.presence.days[0][0] == first
    told = [
        int(gap.hours.removeprefix("trong đó ").removesuffix(" giờ")) for gap in tale.missing if gap.hours
    ]
    assert sum(told) == count.expected - count.covered
    # Its longest time without a sign is shorter, and no proof rests on it.
    assert Case.rows.get().state == "rechecked" and tale.proof not in ("", tale.hours)
    assert "Xác minh dựa trên" not in text_of(answer) and "Khoảng im lặng dài nhất đến nay" in text_of(answer)


def test_the_proof_and_the_picture_are_of_the_same_days(cast, upload):
    upload([sighting(KEY, noon(31))], [log(noon(39), noon(31))], asked=[KEY])
    claim(cast, noon(30))
    # Two days are lost: the quiet days that prove it clean begin behind them.
    upload([], [log(noon(30, 13), noon(28)), log(noon(26), noon(8) - timedelta(seconds=1))], asked=[KEY])
    case = Case.rows.get()
    assert case.state == "verified_clean"
    answer = page(cast)
    tale, event = answer.context["tale"], case.events.get(act="verify")
    assert f"trong {event.data['expected']} giờ" in tale.hours and tale.proof == tale.hours
    assert text_of(answer).count(tale.hours) == 2, "as the proof, and below the picture"
    assert "Xác minh dựa trên" in text_of(answer) and "Khoảng im lặng dài nhất" not in text_of(answer)
    assert drawn(tale.presence, "missed") == event.data["expected"] - event.data["covered"]
    assert drawn(tale.presence, "seen") == event.data["covered"]
    # An event of an older version does not tell the beginning: the quiet hours before the end do.
    del event.data["since"]
    event.save()
    assert page(cast).context["tale"].proof == tale.proof
