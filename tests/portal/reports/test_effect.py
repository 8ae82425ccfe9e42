"""The share of the campaign beside natural decline, on machines with a known end."""

from datetime import datetime, time, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from quetsach.portal.campaigns.models import Acknowledgement, Dispatch
from quetsach.portal.cases.models import Case, CaseSighting, Device
from quetsach.portal.checks.unit_actions import say_computers
from quetsach.portal.kit.templatetags.kit import day
from quetsach.portal.reports.frozen.counting import read
from quetsach.portal.reports.frozen.effect import effect
from quetsach.portal.sightings.models import Coverage, Scan, Sighting
from tests.portal.addresses import url
from tests.portal.page_text import text_of


def ago(days):
    """Noon, so many days ago, in Vietnam."""
    day = timezone.localdate() - timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, time(12)))


EVENING = timedelta(hours=8)


def send_letter(cast, unit, days):
    node = cast.nodes[unit]
    Dispatch.rows.update_or_create(to_node=node, defaults={"from_node": node.parent, "at": ago(days)})
    Acknowledgement.rows.update_or_create(node=node, defaults={"at": ago(days - 1)})


def watch(cast, unit, until):
    """Logs of the unit until so many days ago."""
    scan = Scan.rows.create(
        node=cast.nodes[unit], digest=uuid4().hex * 2, set_id="", source_name="fw", tool="", tz="", sources=1,
        errors=0, door="upload", accepted_at=ago(until),
    )  # fmt: skip
    Coverage.rows.create(
        scan=scan, source="1" * 64, path="fw", name="fw", bytes=1, lines=1, not_understood=0, long_lines=0,
        inbound=0, first=ago(70), last=ago(until) + EVENING, time="ok",
    )  # fmt: skip
    return scan


def infect(cast, unit, name, first, last, state="assigned", claimed=None):
    """A machine with a sign on each day from the first to the last, by days ago."""
    node = cast.nodes[unit]
    device = Device.rows.create(
        campaign=cast.campaign, owner=node, key=name, id_kind="host", id_value=name, is_assigned=True,
        strength="located",
    )  # fmt: skip
    case = Case.rows.create(
        device=device, family="ramnit", state=state, opened_at=ago(first), first_seen=ago(first),
        last_seen=ago(last), claimed_at=ago(claimed) if claimed is not None else None,
    )  # fmt: skip
    for days in range(last, first + 1):
        row = Sighting.rows.create(
            node=node, source="1" * 64, source_name="fw", indicator="evil.example", kind="domain",
            family="ramnit", matched="evil.example", field="query", device=name, day=ago(days).date(),
            first_seen=ago(days), last_seen=ago(days), count=1, action="allowed", logformat="zeek.dns",
            key=uuid4().hex, evidence="", set_id="", is_pulled=True, is_listed=True, received_at=ago(days),
        )  # fmt: skip
        CaseSighting.rows.create(case=case, sighting=row, count=1, first=ago(days), last=ago(days))
    return case


def outbreak(cast, told=60, later=25, *, ends=(55, 20)):
    """25 machines each in A1, told first, and A2, told later; four of five fall silent by `ends` days ago."""
    send_letter(cast, "A1", told)
    send_letter(cast, "A2", later)
    for unit, end in zip(("A1", "A2"), ends, strict=True):
        watch(cast, unit, 1)
        for n in range(25):
            state = "verified_clean" if n % 5 == 1 else "claimed_clean" if n % 5 == 2 else "assigned"
            last = 2 if n % 5 == 0 else end - n % 3
            infect(cast, unit, f"pc-{unit}-{n}".lower(), 62, last, state, end - 1)


def told_of(cast):
    reading = read(cast.nodes["A"], with_days=True)
    return effect(reading, reading.at(reading.read_at).whole[str(cast.nodes["A"].pk)].active)


@pytest.fixture
def seen(cast):
    cast.campaign.published_at = ago(61)
    cast.campaign.save()
    cast.nodes["A"].campaign.refresh_from_db()
    return cast


def test_units_told_later_are_the_comparison(seen):
    outbreak(seen)
    found = told_of(seen)
    # In A1 20 of 25 fell silent within 14 days of being told, in A2 none in the same days.
    assert "80 % trong 25 máy" in found.compared and "0 % trong 25 máy" in found.compared
    assert "+80 điểm" in found.compared and "có tạo ra khác biệt" in found.compared
    # Of all 50 machines 40 were silent 14 days after their own unit was told.
    assert found.followed == 50 and found.finding.startswith("80 % trong 50 máy")
    assert found.chart is not None and 'class="band"' in found.chart


def test_where_nothing_differs_nothing_is_claimed(seen):
    outbreak(seen, ends=(55, 55))
    found = told_of(seen)
    assert "chưa cho thấy" in found.compared and "+0 điểm" in found.compared


def test_too_little_to_tell(seen):
    send_letter(seen, "A1", 60)
    send_letter(seen, "A2", 25)
    for unit in ("A1", "A2"):
        watch(seen, unit, 1)
        infect(seen, unit, f"pc-{unit}", 62, 50)
    found = told_of(seen)
    assert found.chart is None and "Chưa đủ để kết luận" in found.finding
    assert "quá ít để so sánh" in found.compared


def test_a_log_that_stopped_is_no_silence(seen):
    outbreak(seen)
    Coverage.rows.update(last=ago(50))
    found = told_of(seen)
    assert found.chart is None and found.followed == 0


def test_units_come_in_the_order_of_looking_not_of_infections(seen):
    outbreak(seen)
    infect(seen, "A2", "pc-more", 5, 1)
    say_computers(seen.nodes["A2"], 40, seen.user("A2", "officer"))
    page = text_of(seen.client("A", "officer").get(url(seen, "machine_figures", "A")))
    table = page[page.index("Nơi có nhiều đơn vị đã lập sổ máy") :]
    assert table.index(seen.nodes["A2"].name) < table.index(seen.nodes["A1"].name)
    assert "chưa biết" in table


def test_machines_with_signs_day_by_day_and_days_that_nobody_looked_at(seen):
    send_letter(seen, "A1", 20)
    scan = watch(seen, "A1", 12)
    Coverage.rows.filter(scan=scan).update(first=ago(18))
    Coverage.rows.filter(scan=watch(seen, "A1", 1)).update(first=ago(5))
    infect(seen, "A1", "pc-1", 16, 14)
    infect(seen, "A1", "pc-2", 15, 14)
    found = told_of(seen).daily
    # 18 to 12 and 5 to 1 days ago there were logs; of the 6 days between nobody knows.
    assert (
        f"nhiều nhất là ngày {day(ago(14))}, 2 máy; ngày cuối được đếm ({day(ago(1))}) 0 máy" in found.finding
    )
    assert "thiếu nhật ký" in found.chart and found.chart.count("<circle") == 7 + 5


def test_a_last_day_with_one_of_the_usual_logs_is_no_clean_up(seen):
    send_letter(seen, "A1", 20)
    watch(seen, "A1", 2)
    scan = watch(seen, "A1", 1)
    Coverage.rows.filter(scan=scan).update(name="dns", path="dns")
    for n in range(5):
        infect(seen, "A1", f"pc-{n}", 16, 2)
    infect(seen, "A1", "pc-dns", 16, 1)
    found = told_of(seen).daily
    # The firewall's log ends 2 days ago; yesterday only the resolver's went on, and shows one machine.
    assert f"ngày cuối được đếm ({day(ago(2))}) 6 máy" in found.finding
    assert "thiếu nhật ký" in found.chart
    Coverage.rows.filter(name="fw").update(last=ago(1) + EVENING)
    found = told_of(seen).daily
    assert f"ngày cuối được đếm ({day(ago(1))}) 1 máy" in found.finding and "h-box" not in found.chart


@pytest.mark.parametrize("stop", [timedelta(hours=-2), timedelta(days=1)], ids=["this morning", "today"])
def test_a_day_that_is_not_over_in_the_logs_is_no_low_day(seen, stop):
    """A log of UTC days, scanned in the morning, ends at seven in the morning in Vietnam."""
    send_letter(seen, "A1", 20)
    Coverage.rows.filter(scan=watch(seen, "A1", 1)).update(last=ago(1) + stop)
    for n in range(5):
        infect(seen, "A1", f"pc-{n}", 16, 2)
    infect(seen, "A1", "pc-early", 16, 1 if stop < EVENING else 0)
    if stop > EVENING:
        infect(seen, "A1", "pc-late", 16, 1)
    found = told_of(seen).daily
    last, left = (2, 1) if stop < EVENING else (1, 0)
    assert f"ngày cuối được đếm ({day(ago(last))}) {6 if last == 2 else 2} máy" in found.finding
    assert f"Không vẽ {day(ago(left))}" in found.caption
    assert "h-box" not in found.chart, "nothing is missing before it"
