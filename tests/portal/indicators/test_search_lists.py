"""The entries of a version: searched as scans compare, and page by page."""

from itertools import islice

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from quetsach.indicators.indicator import Indicator, Kind, Scope
from quetsach.indicators.indicator import IndicatorSet as Items
from quetsach.portal.indicators import searching, store
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.indicators.searching import Relation, asked, opened
from quetsach.scanning.engines.index import Index
from tests.portal.scan_document import publish_list

LIST = """indicator,type,family
evil.example,domain,ramnit
*.sub.example,domain,
=exact.example,domain,
a.b.evil.example,domain,mirai
notevil.example,domain,
evil.example.org,domain,
evil.example/path,url,
x.evil.example/path?q=.evil.example/,url,
203.0.114.0/24,cidr,
203.0.114.7,ipv4,
203.0.114.7:443,ip-port,
203.0.114.7/a,url,
203.0.115.7,ipv4,
2a01:7e00::/32,cidr,
2a01:7e00::5,ipv6,
[2a01:7e00::5]:443,ip-port,
xn--bcher-kva.example,domain,
"""


@pytest.fixture
def row(cast, tmp_path):
    return publish_list(cast, tmp_path, LIST)


def found(row, text):
    with opened(row.sha256) as stored:
        return {(f.entry.spelling, f.relation.value, f.hits) for f in stored.search(asked(text))}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "hxxp://EVIL[.]example/",
            {
                ("evil.example", "exact", True), ("a.b.evil.example", "below", False),
                ("evil.example/path", "below", False),
                ("x.evil.example/path?q=.evil.example/", "below", False),
            },
        ),
        ("b.evil.example", {("evil.example", "above", True), ("a.b.evil.example", "below", False)}),
        ("sub.example", {("*.sub.example", "exact", False)}),
        ("w.sub.example", {("*.sub.example", "above", True)}),
        ("exact.example", {("=exact.example", "exact", True)}),
        ("w.exact.example", {("=exact.example", "above", False)}),
        ("bücher.example", {("xn--bcher-kva.example", "exact", True)}),
        (
            "203.0.114.7",
            {
                ("203.0.114.7", "exact", True), ("203.0.114.0/24", "above", True),
                ("203.0.114.7:443", "below", False), ("203.0.114.7/a", "below", False),
            },
        ),
        (
            "203.0.114.7:443",
            {
                ("203.0.114.7:443", "exact", True), ("203.0.114.7", "above", True),
                ("203.0.114.0/24", "above", True),
            },
        ),
        (
            "203.0.112.0/22",
            {
                ("203.0.114.0/24", "below", False), ("203.0.114.7", "below", False),
                ("203.0.114.7:443", "below", False), ("203.0.114.7/a", "below", False),
                ("203.0.115.7", "below", False),
            },
        ),
        (
            "2a01:7e00:0::5",
            {
                ("2a01:7e00::5", "exact", True), ("2a01:7e00::/32", "above", True),
                ("[2a01:7e00::5]:443", "below", False),
            },
        ),
        (
            "2a01:7e00::/31",
            {
                ("2a01:7e00::/32", "below", False), ("2a01:7e00::5", "below", False),
                ("[2a01:7e00::5]:443", "below", False),
            },
        ),
        (
            "https://evil.example/path/more?x=1",
            {("evil.example/path", "above", True), ("evil.example", "above", True)},
        ),
        ("https://evil.example/pathology", {("evil.example", "above", True)}),
        ("clean.example", set()),
        ("vil.example", set()),
    ],
)  # fmt: skip
def test_a_value_is_found_with_what_lies_above_and_below(row, text, wanted):
    assert found(row, text) == wanted


LABEL = st.sampled_from(["a", "b", "ab", "evil", "notevil", "e", "-x"])
NAME = st.lists(LABEL, min_size=2, max_size=4).map(".".join)
NAMES = st.builds(Indicator, NAME, st.just(Kind.DOMAIN), st.sampled_from(list(Scope)))


@given(st.lists(NAMES, min_size=1, max_size=12), NAME)
@limits(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_name_is_said_to_be_a_hit_where_the_scan_hits(settings, tmp_path, listed, name):
    settings.MEDIA_ROOT = str(tmp_path)
    items = Items(listed)
    sha256, _length = store.keep(store.list_lines(items))
    with opened(sha256) as stored:
        answers = stored.search([Indicator(name, Kind.DOMAIN)])
    hit = Index(items).name(name)
    assert any(f.hits for f in answers) == (hit is not None)
    assert hit is None or hit.hashed in {f.entry.spelling for f in answers if f.hits}
    below = {i.hashed for i in items if i.value.endswith("." + name)}
    assert {f.entry.spelling for f in answers if f.relation is Relation.BELOW} == below


def test_every_page_holds_its_part_of_the_list(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setattr(searching, "_COUNTED", 97)
    items = Items(Indicator(f"h{n}.example", Kind.DOMAIN) for n in range(103))
    sha256, _length = store.keep(store.list_lines(items))
    with opened(sha256) as stored:
        pages = [stored.page(number, 10) for number in range(1, 12)]
        assert stored.page(12, 10) == []
    spelled = iter([i.hashed for i in items])
    assert [[e.spelling for e in page] for page in pages] == [list(islice(spelled, 10)) for _ in range(11)]


def test_whoever_sees_the_list_searches_it_and_a_draft_stays_inside(cast, row):
    url = reverse("indicator_entries", args=["lam-sach", row.pk])
    for unit, role in (("B1", "officer"), ("A1", "it"), ("centre", "coordinator")):
        page = cast.client(unit, role).get(url, {"tim": "b.evil.example"}).content.decode()
        assert "a.b.evil.example" in page and "ramnit" in page and "list.csv" in page
    assert Client().get(url).status_code == 404
    public = Client().get("/danh-sach/lam-sach/muc/", {"tim": "evil.example"}).content.decode()
    assert "a.b.evil.example" in public
    refused = Client().get("/danh-sach/lam-sach/muc/", {"tim": "???"}).content.decode()
    assert "Không tìm được “???”" in refused
    IndicatorSet.rows.filter(pk=row.pk).update(status="draft", version=None)
    assert cast.client("A1", "it").get(url).status_code == 404
    assert cast.client("centre", "coordinator").get(url).status_code == 200
    assert Client().get("/danh-sach/lam-sach/muc/").status_code == 404


def test_pages_of_all_entries_and_of_those_found(cast, tmp_path):
    text = "indicator\n" + "".join(f"h{n}.big.example\n" for n in range(120))
    row = publish_list(cast, tmp_path, text)
    client, url = cast.client("A1", "officer"), reverse("indicator_entries", args=["lam-sach", row.pk])
    for more in ({}, {"tim": "big.example"}):
        pages = [client.get(url, {"trang": n, **more}).content.decode() for n in (1, 2, 3)]
        assert [page.count("<code>h") for page in pages] == [50, 50, 20]
