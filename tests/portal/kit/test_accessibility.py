"""Every page that a person can open, from the URL table, as axe, a phone and a slow line see it."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from quetsach.portal.campaigns.cascade.actions import acknowledge
from quetsach.portal.reports.actions import submit
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.review.actions import accept
from tests.axe import grave_findings
from tests.portal.every_route import of_route, routes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE_BYTES = 100 * 1024
"""The most bytes of a page on a slow line."""
WIDTHS = (1280, 360)
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
LOOK = """() => JSON.stringify([...document.body.querySelectorAll("*")].map(one => {
  const style = getComputedStyle(one);
  return [one.checkVisibility(), style.color, style.backgroundColor, style.display, style.fontSize,
          one.scrollWidth > one.clientWidth && style.overflowX];
}))"""
"""Everything that axe can distinguish between two widths of one page."""
PEOPLE = (
    None,
    ("centre", "coordinator"),
    ("A", "coordinator"),
    ("A1", "officer"),
    ("A", "it"),
    ("A", "reader"),
)
ANNEX = {"r1": "0", "r2": "12", "r3": "0", "r4": "9", "narrative": "Đã rà soát xong tất cả các máy."}


@pytest.fixture
def campaign_at_work(cast, things):
    """Two communes: one has an accepted report with a proposal, the other a waiting report."""
    sent = {}
    for unit in ("A1", "A2"):
        officer, node = cast.user(unit, "officer"), cast.nodes[unit]
        acknowledge(node, officer)
        said = {**ANNEX, "proposals": "Hỗ trợ bản quyền."}
        version = max(Report.rows.filter(node=node).values_list("version", flat=True), default=0)
        sent[unit] = submit(officer, node, said, version, uuid4(), ticked=["W02:r3"])
    accept(cast.user("A", "coordinator"), cast.nodes["A1"], sent["A1"].number)
    return things


def addresses(things, own_node):
    """Every address of the table: those of the person's own node, then those of A1's."""
    nothing = {"code": "AAAAA-AAAAA", "token": "x", "number": 1}
    for name, keys in routes():
        for node in dict.fromkeys((own_node, things["node_id"])):
            known = {**nothing, **things, "node_id": node}
            yield reverse(name, kwargs={key: of_route(known, name, key) for key in keys})


class Markup(HTMLParser):
    """The kinds of elements of a page, each with the kind around it, and the order of its headings."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.kinds: set[object] = set()
        self._around = [""]
        self.feed(page)
        self.kinds.add(tuple(self.headings))

    def handle_starttag(self, tag, attrs):
        known = {name: value for name, value in attrs if name in {"class", "role", "type"}}
        kind = f"{tag} {sorted(known.items())} {sorted(name for name, _ in attrs)}"
        self.kinds.add((self._around[-1], kind))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        if tag not in VOID:
            self._around.append(kind)

    def handle_endtag(self, tag):
        if any(kind.startswith(f"{tag} ") for kind in self._around):
            while not self._around.pop().startswith(f"{tag} "):
                pass


@pytest.fixture(scope="module")
def seen():
    """The kinds of elements of pages that were checked already, for any reader."""
    return set()


def readable(client: Client, urls, seen):
    """Address and status of each page with markup that no page before had. Files, known by their suffix, are
    skipped."""
    for url in dict.fromkeys(urls):
        if "." in url.rpartition("/")[2]:
            continue
        answer = client.get(url)
        if not answer.get("Content-Type", "").startswith("text/html") or answer.status_code in {302, 405}:
            answer.close()
            continue
        assert len(answer.content) <= PAGE_BYTES, f"{url}: {len(answer.content)} bytes"
        text = answer.content.decode()
        assert not nowhere(text), f"{url}: nothing on the page is called {nowhere(text)}"
        if not (kinds := Markup(text).kinds) <= seen:
            seen |= kinds
            yield url, answer.status_code


def nowhere(page: str) -> set[str]:
    """Ids in labels, headings and descriptions that do not occur exactly once on the page."""
    ids = Counter(re.findall(r'\sid="([^"]*)"', page))
    named = re.findall(r'\s(?:aria-(?:describedby|labelledby|controls)|for)="([^"]*)"', page)
    return {one for names in named for one in names.split() if ids[one] != 1}


@pytest.mark.parametrize("who", PEOPLE, ids=lambda who: "-".join(who) if who else "visitor")
def test_no_page_shuts_anybody_out(chromium, live_server, cast, campaign_at_work, seen, who):
    client = cast.client(*who) if who else Client()
    client.raise_request_exception = False
    own = cast.nodes[who[0]].pk if who else campaign_at_work["node_id"]
    pages = list(readable(client, addresses(campaign_at_work, own), seen))
    context = chromium.new_context(locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh")
    context.add_cookies(
        [{"name": key, "value": jar.value, "url": live_server.url} for key, jar in client.cookies.items()]
    )
    page, found = context.new_page(), []
    for url, status in pages:
        answer = page.goto(live_server.url + url)
        assert answer and answer.status == status, f"{url} is another page in the browser"
        looks = set()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                found.append(f"{url} at {width} px is {wide} px wide")
            look = page.evaluate(LOOK)
            if look in looks:
                continue
            looks.add(look)
            for finding in grave_findings(page):
                where = "; ".join(str(node["html"])[:160] for node in finding["nodes"][:3])
                found.append(f"{url} at {width} px: {finding['id']}: {where}")
    context.close()
    assert not found, "\n".join(found)
    assert any(status == 200 for _, status in pages)
