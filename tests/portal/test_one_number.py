"""One number, one meaning: the pages of all seats, compared by the name, scope and moment of each figure."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from importlib import import_module
from uuid import uuid4

import lxml.html
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.campaigns.cascade.actions import acknowledge, count_people, deploy, pass_on
from quetsach.portal.campaigns.models import CampaignNode, Dispatch
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.checks.models import CheckResult
from quetsach.portal.checks.unit_actions import say_computers
from quetsach.portal.kit.figures import FIGURES
from quetsach.portal.reports.actions import submit
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.review.actions import accept, send_back
from quetsach.portal.sensors import actions as sensor_actions
from quetsach.portal.sensors.models import Sensor
from tests.portal.every_route import ANNEX, of_route, routes
from tests.portal.intake.test_desk import paper

SEATS = (
    None,
    ("centre", "coordinator"),
    ("A", "coordinator"),
    ("A1", "officer"),
    ("B", "coordinator"),
)
NODES = ("centre", "A", "A1", "A2", "B", "B1")
BY_QUERY = {"cases", "checks", "licences", "scans", "sightings"}
"""Pages whose unit stands in the query of the address."""
TICKS = ["W01:r1", "W01:r3", "W02:r3", "W08:figures"]
"""Warnings that the reports of the test confirm."""
FILES = ("_pdf", "_docx", "_xlsx", "_csv", "_file")
MACHINES = {
    "centre": ["verified_clean"],
    "A": ["new", "cleaning"],
    "A1": ["assigned", "false_positive"],
    "A2": ["claimed_clean", "verified_clean", "new"],
    "B1": ["new"],
}


@pytest.fixture
def clock(monkeypatch, quick_pages):
    """A clock that stands still, so that all pages show one moment."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    return now


@pytest.fixture
def campaign_at_work(cast, things):
    """Machines in all states at all levels, people at all levels, reports in all states, a file on a desk."""
    CampaignNode.rows.filter(pk=cast.nodes["B1"].pk).update(due_at=timezone.now() - timedelta(days=3))
    CampaignNode.rows.update(staff_count=40)
    for node in cast.nodes.values():
        node.refresh_from_db()
    pass_on(cast.nodes["centre"], [cast.nodes["A"], cast.nodes["B"]], None)
    pass_on(cast.nodes["B"], [cast.nodes["B1"]], None)
    Dispatch.rows.update(at=timezone.now() - timedelta(days=3))
    for unit, states in MACHINES.items():
        for n, state in enumerate(states):
            device = Device.rows.create(
                campaign=cast.campaign,
                owner=cast.nodes[unit],
                key=f"pc-{unit}-{n}",
                is_assigned=True,
                id_kind="host",
                id_value=f"pc-{unit}-{n}",
            )
            claimed = timezone.now() - timedelta(days=30) if state == "claimed_clean" else None
            opened = timezone.now() - timedelta(days=30)  # overdue where nobody has claimed it
            Case.rows.create(
                device=device, family="ramnit", state=state, opened_at=opened, claimed_at=claimed
            )
    for n, unit in enumerate(NODES[:-1], start=1):
        count_people(cast.nodes[unit], 10 * n, 7 * n, None)
        if unit != "centre":
            acknowledge(cast.nodes[unit], None)
    CheckResult.rows.update(verdict="found", software=["windows"])
    deploy(cast.nodes["A2"], None)
    say_computers(cast.nodes["A1"], 30, cast.user("A1", "officer"))
    for unit in ("A1", "A2", "A"):
        node, officer = cast.nodes[unit], cast.user(unit, "officer")
        version = max(Report.rows.filter(node=node).values_list("version", flat=True), default=0)
        sent = submit(officer, node, ANNEX, version, uuid4(), ticked=TICKS)
        if unit != "A2":
            above = "A" if unit == "A1" else "centre"
            accept(cast.user(above, "coordinator"), node, sent.number)
    returned = submit(cast.user("B1", "officer"), cast.nodes["B1"], ANNEX, 0, uuid4(), ticked=TICKS)
    send_back(cast.user("B", "coordinator"), cast.nodes["B1"], returned.number, "Thiếu số máy.")
    sensor, _code = sensor_actions.add(cast.user("A1", "coordinator"), cast.units["A1"], "tường lửa")
    Sensor.rows.filter(pk=sensor.pk).update(
        beat_at=timezone.now() - timedelta(hours=2), silent_after=timezone.now() - timedelta(hours=1)
    )
    blind, _code = sensor_actions.add(cast.user("A1", "coordinator"), cast.units["A1"], "phân giải tên miền")
    Sensor.rows.filter(pk=blind.pk).update(
        beat_at=timezone.now(), silent_after=timezone.now() + timedelta(hours=1), unread=1
    )
    file = SimpleUploadedFile("b.docx", paper("Đơn vị B"))
    desk = reverse("intake", args=[cast.campaign.slug, cast.nodes["centre"].pk])
    cast.client("centre", "coordinator").post(desk, {"annexes": file})
    return things


def figures_on(page: str, within: str = ""):
    """Name, scope, moment and value of each figure; the element around it may carry scope and moment."""
    whole = lxml.html.fromstring(page)
    for table in whole.xpath(f"{within}//table[@data-lines]"):
        yield from _figures_in_lines(table)
    for shown in whole.xpath(f"{within}//*[@data-figure][not(self::th)]"):
        scope, moment = (_nearest(shown, f"data-{what}") for what in ("scope", "moment"))
        value = shown.get("value")
        if value is None:
            text = shown.text_content()
            value = re.sub(r"[.,\s]", "", text) if re.search(r"\d", text) else ""
        if scope:
            yield (shown.get("data-figure"), scope, moment), value


def _figures_in_lines(table):
    """The figures of a long table: the heading names them, the first link of a line says whose they are."""
    names = [(head.get("data-figure") or "").split() for head in table.xpath("./thead/tr/th")]
    for line in table.xpath("./tbody/tr"):
        link = "".join(line.xpath("(.//a/@href)[1]"))
        unit = re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", link)
        scope = line.get("data-scope") or (unit and f"unit:{unit[0]}:{table.get('data-lines')}")
        if not scope or line.xpath("./td[@colspan]"):
            continue
        for head, cell in zip(names, line.xpath("./th | ./td"), strict=True):
            text = re.sub(r"\s+", " ", cell.text_content()).strip()
            if head and (numbers := re.fullmatch(r"(?:\D+ )?(\d[\d.,]*)(?: / (\d[\d.,]*))?", text)):
                for name, number in zip(head, numbers.groups(), strict=False):
                    if number:
                        yield (name, scope, table.get("data-moment")), re.sub(r"[.,]", "", number)


ADDED = ("machines.", "annex.", "people.", "copies.")
"""Names whose lines add up to the foot of a table; a cell without a number adds nothing."""


def wrong_sums(page: str):
    """Columns of a page whose foot is not the sum of their lines: heading, sum, foot."""
    for table in lxml.html.fromstring(page).xpath("//table[@data-lines][tfoot]"):
        names = [head.get("data-figure") or "" for head in table.xpath("./thead/tr/th")]
        lines = [line.xpath("./th | ./td") for line in table.xpath("./tbody/tr[not(td/@colspan)]")]
        foot = table.xpath("./tfoot/tr/th | ./tfoot/tr/td")
        for column, name in enumerate(names):
            if name.startswith(ADDED):
                total = sum(_first_number(cells[column]) for cells in lines)
                if total != _first_number(foot[column]):
                    yield name, total, _first_number(foot[column])


def torn_apart(page: str) -> list[str]:
    """Sentences on buttons and folds with a bare figure: such a box puts its gap around each element."""
    boxes = lxml.html.fromstring(page).xpath("//summary[data] | //*[contains(@class, 'btn')][data]")
    return [box.text_content() for box in boxes]


def _first_number(cell) -> int:
    found = re.match(r"\s*(\d[\d.,]*)", cell.text_content())
    return int(re.sub(r"[.,]", "", found[1])) if found else 0


def _nearest(shown, name):
    return next((one.get(name) for one in (shown, *shown.iterancestors()) if one.get(name)), None)


def pages_of(cast, things, seat):
    """The address of each page of the table, for every unit that stands in it."""
    client = cast.client(*seat) if seat else Client()
    client.raise_request_exception = False
    for name, keys in routes():
        if not name or "code" in keys or "form" in keys or name.endswith(FILES):
            continue
        for unit in NODES if "node_id" in keys else ("A1",):
            known = {**things, "node_id": cast.nodes[unit].pk}
            yield client, reverse(name, kwargs={key: of_route(known, name, key) for key in keys})
        if name in BY_QUERY:
            for unit in NODES:
                address = f"{reverse(name, args=[cast.campaign.slug])}?don-vi={cast.nodes[unit].pk}"
                yield from ((client, address), (client, f"{address}&rieng=1"))
        if name == "chase":
            for unit in NODES:
                address = reverse(name, args=[cast.campaign.slug, cast.nodes[unit].pk])
                yield client, f"{address}?cap=moi-cap"


def test_the_same_name_scope_and_moment_never_has_two_values(cast, campaign_at_work, clock):
    seen, in_charts = defaultdict(lambda: defaultdict(list)), set()
    headings = defaultdict(set)
    for seat in SEATS:
        for client, url in pages_of(cast, campaign_at_work, seat):
            answer = client.get(url)
            if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                page = answer.content.decode()
                assert list(wrong_sums(page)) == [], url
                assert not torn_apart(page), url
                for head in lxml.html.fromstring(page).xpath("//th[@data-figure]"):
                    headings[head.text_content().strip().casefold()].add(head.get("data-figure"))
                in_charts |= {figure for figure, _value in figures_on(page, "//figure")}
                for figure, value in figures_on(page):
                    seen[figure][value].append(url)
            list(answer)  # reading a file closes it
    assert {words: names for words, names in headings.items() if len(names) > 1} == {}
    assert {figure: dict(values) for figure, values in seen.items() if len(values) > 1} == {}
    # Charts name their figures as tables do.
    drawn = {"units", "people.done", "machines.seen", "machines.clean", "machines.busy"}
    assert {name for name, _scope, _moment in in_charts} >= drawn
    # Many figures stand on several pages, else the comparison would be empty.
    assert sum(len({url for urls in values.values() for url in urls}) > 1 for values in seen.values()) > 60
    names = {name for name, _scope, _moment in seen}
    assert [
        name for name in FIGURES if not any(one == name or one.startswith(f"{name}.") for one in names)
    ] == []
    # What a count by hand says of A with A1 and A2, the stage's own machine of A1 included.
    known = {(name, scope): set(values) for (name, scope, _moment), values in seen.items()}
    a = f"unit:{cast.nodes['A'].pk}"
    assert known["machines.seen", f"{a}:all"] == {"7"}  # 2 of A, 2 of A1, 3 of A2; no false alarm
    assert known["machines.signs", f"{a}:all"] == {"4"}
    assert known["machines.signs", f"{a}:own"] == {"1"}
    assert known["units.owing", f"{a}:direct"] == {"1"}  # A1 has not carried it out; A2 has sent its report
    top = f"unit:{cast.nodes['centre'].pk}"
    assert known["people.done", f"{top}:below"] == {str(7 * (2 + 3 + 4 + 5))}
    assert known["units.accepted", f"{top}:below"] == {"2"}


def test_every_name_has_a_definition_and_a_query_that_is_there():
    for name, kind in FIGURES.items():
        module, _, function = kind.query.partition(":")
        assert callable(getattr(import_module(module), function)), name
        assert str(kind.says), name
