"""The dry look: what a new list changes, and the number that must be typed where much is lost."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from quetsach.indicators.indicator import Indicator, Kind
from quetsach.portal.indicators import store
from quetsach.portal.indicators.comparing import SAMPLES, Difference
from quetsach.portal.indicators.models import IndicatorSet
from tests.portal.page_text import markup_of

PAGE = "/cd/lam-sach/chi-dau/"


def names(first, last):
    return "".join(f"host{n}.example\n" for n in range(first, last))


@pytest.fixture
def client(cast):
    return cast.client("centre", "coordinator")


@pytest.fixture
def give(client):
    """Upload files as the campaign's draft, and try to publish it."""

    def do(*files, publish=True):
        lists = [SimpleUploadedFile(name, text.encode()) for name, text in files]
        assert client.post(PAGE, {"lists": lists}).status_code == 302
        draft = IndicatorSet.rows.get(status="draft")
        url = reverse("indicator_draft", args=["lam-sach", draft.pk])
        return url, client.post(url, {"verb": "publish"}) if publish else None

    return do


def in_use():
    return IndicatorSet.rows.filter(status="published").order_by("-version").first()


def test_the_preview_shows_what_comes_and_goes_by_the_file_that_had_brought_it(give, client):
    give(("cong-an.txt", names(0, 100)), ("vncert.txt", names(90, 130)))
    url, _answer = give(("cong-an.txt", names(0, 95)), ("moi.txt", "new.example\n"), publish=False)
    found = IndicatorSet.rows.get(status="draft").difference
    assert (found["added"], found["removed"], found["unchanged"]) == (1, 35, 95)
    assert [(s["name"], s["removed"], s["of"]) for s in found["sources"]] == [
        ("vncert.txt", 30, 30), ("cong-an.txt", 5, 100),
    ]  # fmt: skip
    html = client.get(url).content.decode()
    assert "vncert.txt: bỏ 30 trong 30" in html and "new.example" in html
    told = b"".join(client.get(f"{url}thay-doi.csv").streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(told)))
    assert {r["Mục"] for r in rows if r["Thay đổi"] == "bỏ"} == set(names(95, 130).split())
    assert [r["Nguồn"] for r in rows if r["Mục"] == "new.example"] == ["moi.txt"]
    client.cookies["django_language"] = "en"
    told = b"".join(client.get(f"{url}thay-doi.csv").streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(told)))
    assert {r["Entry"] for r in rows if r["Change"] == "removed"} == set(names(95, 130).split())
    assert {r["Kind (code)"] for r in rows} == {"domain"}, "keys for machines are the same in every language"


def test_a_list_that_loses_more_than_a_tenth_needs_its_number(give, client):
    give(("a.txt", names(0, 100)))
    url, refused = give(("a.txt", names(0, 89)))
    assert refused.status_code == 422 and "(89)" in markup_of(refused) and in_use().count == 100
    assert client.post(url, {"verb": "publish", "typed": "88"}).status_code == 422
    assert client.post(url, {"verb": "publish", "typed": " 8.9 "}).status_code == 302
    assert in_use().count == 89


def test_exactly_a_tenth_needs_no_number_and_a_hundredth_says_so(give):
    give(("a.txt", names(0, 200)))
    _url, answer = give(("a.txt", names(0, 180)))
    assert answer.status_code == 302 and in_use().count == 180
    _url, answer = give(("a.txt", names(0, 1)))
    assert answer.status_code == 422 and "chưa bằng một phần trăm" in answer.content.decode()


def test_as_many_other_entries_do_not_hide_a_loss(give):
    give(("a.txt", names(0, 100)))
    _url, answer = give(("a.txt", names(1000, 1100)))
    assert answer.status_code == 422 and in_use().count == 100


def test_a_draft_is_compared_anew_when_the_version_in_use_changes(give, client):
    give(("a.txt", names(0, 100)))
    give(("a.txt", names(0, 140)))
    give(("a.txt", names(0, 135)), publish=False)
    withdraw = reverse("indicator_withdraw", args=["lam-sach", in_use().pk])
    client.post(withdraw, {"reason": "Đưa nhầm tên miền sạch"})
    found = IndicatorSet.rows.get(status="draft").difference
    assert (found["version"], found["added"], found["removed"]) == (3, 35, 0)


entry = st.from_regex(r"[=*]?[a-z]{1,3}\.[a-z,\"]{1,2}", fullmatch=True)
lists = st.dictionaries(entry, st.integers(0, 2), max_size=30)


@given(old=lists, new=lists)
@limits(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_difference_is_that_of_the_sets(settings, tmp_path, old, new):
    settings.MEDIA_ROOT = str(tmp_path)
    files = [{"name": f"f{n}"} for n in range(3)]

    def keep(held):
        spelled = sorted(held, key=str.encode)
        items = [Indicator(name, Kind.DOMAIN) for name in spelled]
        return store.keep(store.list_lines(items, [held[name] for name in spelled]))[0]

    found = Difference(files, files)
    told = csv.DictReader(io.StringIO(b"".join(found.changes(keep(old), keep(new))).decode()))
    rows = {(r["change"], r["entry"].removeprefix("'"), r["source"]) for r in told}
    gone, come = old.keys() - new.keys(), new.keys() - old.keys()
    removed, added = {("removed", n, f"f{old[n]}") for n in gone}, {("added", n, f"f{new[n]}") for n in come}
    assert rows == removed | added
    told = found.told()
    assert (told["added"], told["removed"]) == (len(come), len(gone))
    assert told["unchanged"] == len(old.keys() & new.keys())
    assert sum(s["removed"] for s in told["sources"]) == len(gone)
    for source in told["sources"]:
        assert source["of"] == sum(file == int(source["name"][1:]) for file in old.values())
        assert 0 < len(source["samples"]) <= SAMPLES and gone.issuperset(source["samples"])
