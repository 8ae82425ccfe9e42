"""From any number of the roll-up to the raw log line behind it, in four clicks, in a real browser."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from quetsach.portal.cases.models import Case
from quetsach.portal.indicators.actions import Upload, prepare, publish_set
from quetsach.portal.reports.actions import submit
from quetsach.portal.reports.review.actions import accept
from quetsach.portal.sightings.actions import Sender, receive_file

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SEEN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
DEVICE = "10.1.1.50"
NAME = "goi-ve-nha.top"
LINE = f'{SEEN.timestamp():.6f}\\x09{DEVICE}\\x0940112\\x098.8.8.8\\x09{NAME}\\x09<script>alert("x")</script>'


def scan_document(set_id: str) -> bytes:
    """What `quetsach scan` would say of one log with one hit, written by hand from docs/contract.md 4."""
    at, source = f"{SEEN:%Y-%m-%dT%H:%M:%S}.000000Z", "5e" * 32
    records = [
        {
            "type": "scan",
            "schema": 1,
            "tool": "quetsach 0.1",
            "set": {"id": set_id, "count": 1},
            "source_name": "fw-a1",
            "tz": "Asia/Ho_Chi_Minh",
            "inputs": ["dns.log"],
        },
        {
            "type": "sighting",
            "source": source,
            "indicator": NAME,
            "kind": "domain",
            "family": "ramnit",
            "matched": NAME,
            "field": "query",
            "device": DEVICE,
            "identity": {},
            "day": at[:10],
            "first_seen": at,
            "last_seen": at,
            "count": 3,
            "action": "allowed",
            "logformat": "zeek.dns",
            "evidence": LINE,
        },
        {
            "type": "coverage",
            "source": source,
            "path": "dns.log",
            "name": "fw-a1",
            "bytes": 900,
            "lines": 9,
            "not_understood": 0,
            "long_lines": 0,
            "inbound": 0,
            "first": at,
            "last": at,
            "time": "ok",
            "zone": "",
            "devices": {at[:10]: [DEVICE]},
            "errors": [],
        },
        {"type": "end", "sightings": 1, "sources": 1, "errors": 0},
    ]
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


@pytest.fixture
def told(cast, tmp_path):
    """A commune with a hit in its log and an accepted report; its district and its province sent theirs."""
    file = tmp_path / "list.txt"
    file.write_text(f"{NAME}\n")
    boss = cast.user("centre", "coordinator")
    draft = prepare(cast.campaign, [Upload("list.txt", file, file.stat().st_size)], boss)
    publish_set(draft, boss)
    receive_file(
        BytesIO(scan_document(draft.set_id)),
        cast.nodes["A1"],
        Sender("page", user=cast.user("A1", "officer")),
    )
    assert Case.rows.get().device.key == DEVICE
    narrative = "Đã rà soát các máy, còn một máy đang xử lý."
    for unit, chief in (("A1", "A"), ("A", "centre"), ("centre", None)):
        data = {
            "r1": "0",
            "r2": "12",
            "r3": "0",
            "r4": "7",
            "narrative": narrative,
            "n3": "chưa đơn vị nào ghi nhận",
        }
        submit(cast.user(unit, "officer"), cast.nodes[unit], data, 0, uuid4(), ticked=["W08:figures"])
        if chief:
            accept(cast.user(chief, "officer"), cast.nodes[unit], 1)
    return cast


@pytest.fixture
def browser_page(window, told):
    """The window of the top coordinator, open at the roll-up."""
    page = window("coordinator-centre")
    page.goto(f"/cd/lam-sach/tong-hop/{told.nodes['centre'].pk}/")
    return page


class Clicks:
    """Clicks like a person, and counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def on(self, selector: str) -> None:
        self.page.locator(selector).first.click()
        self.count += 1


@pytest.mark.parametrize(("row", "total"), [("r1", "0"), ("r2", "36"), ("r3", "0"), ("r4", "21")])
def test_any_total_leads_to_the_log_line_in_four_clicks(browser_page, row, total):
    clicks = Clicks(browser_page)
    figure = browser_page.locator(f"a.big[href$='/vi-sao/{row}/']")
    assert figure.inner_text() == total
    clicks.on(f"a.big[href$='/vi-sao/{row}/']")
    clicks.on(f"#may a:has-text('{DEVICE}')")
    clicks.on("details:has(.raw) > summary")
    expect(browser_page.locator(".raw").first).to_be_visible()
    assert browser_page.locator(".raw").first.inner_text() == LINE
    assert clicks.count <= 4


def test_the_figure_of_a_commune_two_levels_down_too(browser_page):
    clicks = Clicks(browser_page)
    clicks.on("a.big[href$='/vi-sao/r2/']")
    clicks.on("td a:has-text('24')")
    expect(browser_page.locator("h1")).to_have_text("Vì sao dòng 2 là 24?")
    clicks.on(f"#may a:has-text('{DEVICE}')")
    clicks.on("details:has(.raw) > summary")
    expect(browser_page.locator(".raw").first).to_be_visible()
    assert clicks.count == 4


def test_a_number_of_machines_leads_there_too(browser_page):
    clicks = Clicks(browser_page)
    clicks.on("#may td a:has-text('1')")
    clicks.on(f"main a:has-text('{DEVICE}')")
    clicks.on("details:has(.raw) > summary")
    expect(browser_page.locator(".raw").first).to_be_visible()
    assert clicks.count <= 4
