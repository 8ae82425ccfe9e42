"""Lists of addresses: the preview, the versions, and the public downloads."""

import csv
import gzip
import hashlib
import io
import re
import zipfile
from datetime import date

import lxml.html
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from quetsach.files import bounded_process
from quetsach.files.bounded_process.turns import Turns
from quetsach.indicators import reading, writing
from quetsach.indicators.forms_out import rpz
from quetsach.indicators.indicator import IndicatorSet as Items
from quetsach.portal.indicators import downloads, store
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.indicators.withdraw_actions import withdraw
from quetsach.portal.sightings.actions import Sender, receive_file
from tests.portal.page_text import text_of
from tests.portal.scan_document import document, noon, publish_list, sighting

PAGE = "/cd/lam-sach/chi-dau/"
MIXED = """indicator,type,family
evil.example,domain,=HYPERLINK("x")
*.sub.example,domain,ramnit
=exact.example,domain,ramnit
203.0.114.7:443,ip-port,mirai
bad.example/path?q=1,url,
192.168.1.1,ipv4,x
com.vn,domain,x
chinhphu.gov.vn,domain,x
/just/a/path,url,x
"""


def upload(client, *files):
    return client.post(PAGE, {"lists": [SimpleUploadedFile(name, data) for name, data in files]})


def publish(client):
    draft = IndicatorSet.rows.get(status="draft")
    return client.post(reverse("indicator_draft", args=["lam-sach", draft.pk]), {"verb": "publish"})


def body(response):
    return b"".join(response.streaming_content)


def test_a_preview_tells_what_is_left_out_and_nothing_is_published_by_it(cast):
    client = cast.client("centre", "coordinator")
    answer = upload(client, ("list.csv", MIXED.encode()))
    draft = IndicatorSet.rows.get()
    assert answer.status_code == 302 and draft.status == "draft"
    assert (draft.count, draft.stopped, draft.rejected) == (5, 3, 1)
    assert draft.kinds == {"domain": 3, "ip-port": 1, "url": 1}
    html = client.get(answer["Location"]).content.decode()
    assert "/just/a/path" in html and "3 địa chỉ đáng ngờ bị bỏ ra" in html
    doubts = client.get(answer["Location"] + "nghi-ngo/many/").content.decode()
    assert "chinhphu.gov.vn" in doubts and "192.168.1.1" in doubts
    rows = list(
        csv.DictReader(io.StringIO(body(client.get(answer["Location"] + "ghi-chu.csv")).decode("utf-8-sig")))
    )
    bad = [r for r in rows if r["Mã lý do"] == "no-host"]
    assert [(r["Chuyện gì đã xảy ra"], r["Tệp"], r["Dòng"]) for r in bad] == [
        ("không đọc được", "list.csv", "10")
    ]
    assert bad[0]["Lý do"] == "đường dẫn không có tên máy chủ"
    client.cookies["django_language"] = "en"
    told = body(client.get(answer["Location"] + "ghi-chu.csv")).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(told)))
    bad = [r for r in rows if r["Code of the reason"] == "no-host"]
    assert [(r["What happened"], r["Reason"]) for r in bad] == [
        ("could not be read", "a path without a server's name")
    ]


def test_text_that_would_turn_the_page_around_is_shown_as_an_escape(cast):
    """And a reader of the notes reads a line of any length again."""
    client = cast.client("centre", "coordinator")
    text = f"indicator,family\nevil.example,\u202egnp\n/a\u202egnp.exe,x\n{'b' * 200_000},x\n"
    answer = upload(client, ("li\u202etxt.csv", text.encode()))
    page = client.get(answer["Location"])
    notes = body(client.get(answer["Location"] + "ghi-chu.csv")).decode()
    publish(client)
    for shown in (page.content.decode(), notes, client.get(PAGE).content.decode()):
        assert "\u202e" not in shown
    assert page.status_code == 200 and "a\\u{202e}gnp.exe" in page.content.decode()
    assert "a\\u{202e}gnp.exe" in notes and "b" * 2_000 + "…" in notes
    broken = upload(client, ("\u202etxt.csv", b"%PDF-"))
    assert broken.status_code == 422 and "\u202e" not in broken.content.decode()


def test_a_list_is_read_by_no_more_threads_than_there_are_places(cast, tmp_path, monkeypatch):
    client = cast.client("centre", "coordinator")
    client.raise_request_exception = False
    turns = Turns(1, tmp_path, 10, places=1)
    monkeypatch.setattr(bounded_process, "_turns", turns)
    with turns.place():
        assert upload(client, ("list.txt", b"evil.example\n")).status_code == 503
        door = "/cd/lam-sach/kiem-tra/ma-bam-luat/"
        brought = SimpleUploadedFile("hash.txt", b"0" * 64)
        assert client.post(door, {"brought": brought, "source": "CV 1"}).status_code == 503
    assert upload(client, ("list.txt", b"evil.example\n")).status_code == 302


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"x\n" * 100_001, "hầu như không có dòng nào là địa chỉ hay tên miền"),
        (b"evil.example\n" + b"a" * 1_100_000, "có dòng quá dài"),
        (b"\n" * 5_000_001, "quá nhiều dòng"),
    ],
    ids=["no list", "line", "lines"],
)
def test_what_is_no_list_is_told_so(cast, text, said):
    answer = upload(cast.client("centre", "coordinator"), ("l.txt", text))
    assert answer.status_code == 422 and said in answer.content.decode()


def test_a_published_list_downloads_to_the_same_set(cast):
    client = cast.client("centre", "coordinator")
    upload(client, ("list.csv.gz", gzip.compress(MIXED.encode())))
    publish(client)
    row = IndicatorSet.rows.get()
    assert (row.version, row.status) == (1, "published")
    for ending in ("csv", "txt"):
        data = body(Client().get(f"/danh-sach/lam-sach/v1.{ending}"))
        assert reading.read_text(data.decode()).indicators.id == row.set_id
        sums = Client().get("/danh-sach/lam-sach/sha256.txt").content.decode()
        assert hashlib.sha256(data).hexdigest() in sums
    hosts = body(Client().get("/danh-sach/lam-sach/v1.hosts")).decode().splitlines()
    said = [line for line in hosts if not line.startswith("#")]
    assert said == ["0.0.0.0 exact.example", "0.0.0.0 evil.example"]
    assert (row.forms["hosts"]["left_out"], row.forms["hosts"]["narrowed"]) == (3, 1)


def test_the_page_offers_each_form_and_every_link_gives_its_file(cast):
    client = cast.client("centre", "coordinator")
    upload(client, ("list.csv", MIXED.encode() + b"203.0.114.9,ipv4,x\n"))
    publish(client)
    page = Client().get("/danh-sach/").content.decode()
    row = IndicatorSet.rows.get()
    links = set(re.findall(r'href="(/danh-sach/lam-sach/v1\.[^"]+)"', page))
    assert len(links) == len(writing.FORMS) == len(row.forms)
    for link in links:
        assert hashlib.sha256(body(Client().get(link))).hexdigest() in page
    address = "/api/v1/indicators?campaign=lam-sach&form=ip-list"
    assert body(Client().get(address)) == b"203.0.114.9\n"
    assert Client().get("/danh-sach/lam-sach/v1.exe").status_code == 404


def test_a_long_list_is_offered_in_the_general_forms_and_says_where_the_others_are(cast, monkeypatch):
    monkeypatch.setattr(downloads, "MOST_FOR_ALL", 2)
    client = cast.client("centre", "coordinator")
    upload(client, ("list.csv", MIXED.encode()))
    publish(client)
    assert set(IndicatorSet.rows.get().forms) == set(downloads.GENERAL)
    assert "quetsach indicators convert" in Client().get("/danh-sach/").content.decode()


def test_the_zone_of_a_later_version_has_a_higher_serial(cast, tmp_path):
    publish_list(cast, tmp_path)
    publish_list(cast, tmp_path, "other.example\n")
    zones = [body(Client().get(f"/danh-sach/lam-sach/v{n}.rpz")).decode() for n in (1, 2)]
    first, second = (rpz.serial_of(zone) for zone in zones)
    assert first is not None and second is not None and second > first


def test_no_cell_of_the_csv_is_a_formula_with_a_call(cast):
    client = cast.client("centre", "coordinator")
    upload(client, ("list.csv", MIXED.encode()))
    publish(client)
    for line in csv.reader(io.StringIO(body(Client().get("/danh-sach/lam-sach/v1.csv")).decode())):
        for cell in line:
            assert not (cell.startswith(("=", "+", "-", "@")) and set(cell) & set('("!|'))


@pytest.mark.parametrize("name", ["plain", "csv"])
def test_a_web_address_on_a_number_does_not_come_back_as_a_network(name):
    items = Items(reading.read_text("http://192.0.2.7/24\nhttp://[2001:db8::7]/64\n").indicators)
    parts, _losses = downloads.written(items, writing.FORMS[name], date(2026, 11, 24), 1, {})
    assert reading.read_text(b"".join(parts).decode()).indicators.id == items.id


def test_the_api_gives_the_list_in_force_and_304_to_who_has_it(cast, tmp_path):
    assert Client().get("/api/v1/indicators?campaign=lam-sach").status_code == 404
    first = publish_list(cast, tmp_path)
    answer = Client().get("/api/v1/indicators?campaign=lam-sach")
    assert answer["X-Set-Id"] == first.set_id and answer["Cache-Control"] == "public, no-cache"
    etag = answer["ETag"]
    body(answer)
    again = Client().get("/api/v1/indicators?campaign=lam-sach", headers={"If-None-Match": etag})
    assert again.status_code == 304
    publish_list(cast, tmp_path, "other.example\n")
    newer = Client().get("/api/v1/indicators?campaign=lam-sach", headers={"If-None-Match": etag})
    assert newer.status_code == 200 and b"other.example" in body(newer)


def test_an_earlier_version_published_again_is_looked_at_first_and_is_a_new_version(cast, tmp_path):
    first, second = publish_list(cast, tmp_path), publish_list(cast, tmp_path, "other.example\n")
    client = cast.client("centre", "coordinator")
    url = reverse("indicator_draft", args=["lam-sach", first.pk])
    looked = client.get(client.post(url, {"verb": "again"})["Location"]).content.decode()
    assert "other.example" in looked and "198.51.5.7" in looked
    again = client.post(url, {"verb": "again"}, follow=True).content.decode()
    assert "Đang có một bản nháp" in again and IndicatorSet.rows.filter(status="draft").count() == 1
    client.post(
        reverse("indicator_draft", args=["lam-sach", IndicatorSet.rows.get(status="draft").pk]),
        {"verb": "publish", "typed": "3"},
    )
    versions = list(IndicatorSet.rows.order_by("version").values_list("version", "set_id", "again_of"))
    assert versions == [(1, first.set_id, None), (2, second.set_id, None), (3, first.set_id, 1)]
    zones = [body(Client().get(f"/danh-sach/lam-sach/v{n}.rpz")).decode() for n in (2, 3)]
    assert rpz.serial_of(zones[0]) < rpz.serial_of(zones[1]), "a name server takes no lower serial"


def test_an_empty_list_is_refused(cast):
    answer = upload(cast.client("centre", "coordinator"), ("list.txt", b"# nothing\n192.168.0.1\n"))
    assert answer.status_code == 422 and not IndicatorSet.rows.exists()


def test_a_report_of_infected_machines_is_asked_about_in_vietnamese(cast):
    table = "STT,Địa chỉ IP,Số máy nhiễm\n1,14.160.1.1,3\n".encode()
    page = upload(cast.client("centre", "coordinator"), ("bao-cao.csv", table)).content.decode()
    assert "bao-cao.csv: cột địa chỉ có thể là các máy bị nhiễm" in page
    assert not IndicatorSet.rows.exists()


def _packed(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"<x/>" * 300)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cong-van.pdf", b"%PDF-1.7\nevil.example\n", "là văn bản PDF; hãy xin bảng"),
        (
            "ds.xlsb",
            _packed("[Content_Types].xml", "xl/workbook.bin"),
            "(.xlsb); hãy lưu thành .xlsx hoặc CSV",
        ),
        (
            "cut.xlsx",
            _packed("xl/workbook.xml", "xl/theme/theme1.xml")[:1500],
            "bảng tính bị hỏng hoặc chưa đủ",
        ),
    ],
)
def test_a_file_that_is_no_list_says_what_to_do_in_the_language_of_the_page(cast, name, content, says):
    answer = upload(cast.client("centre", "coordinator"), (name, content))
    html = answer.content.decode()
    assert answer.status_code == 422 and f"{name}: " in html and says in html and "xl/" not in html


def test_a_cut_off_gzip_is_refused_by_its_own_name(cast):
    answer = upload(cast.client("centre", "coordinator"), ("feed.gz", gzip.compress(MIXED.encode())[:-20]))
    html = answer.content.decode()
    assert answer.status_code == 422 and "feed.gz" in html and "/tmp" not in html
    assert not IndicatorSet.rows.exists()


@pytest.mark.parametrize(
    ("unit", "role"), [("A", "coordinator"), ("A1", "it"), ("centre", "reader"), ("centre", "officer")]
)
def test_only_the_issuers_people_upload(cast, unit, role):
    client = cast.client(unit, role)
    assert client.get(PAGE).status_code == 200
    assert upload(client, ("l.txt", b"evil.example\n")).status_code == 404
    assert not IndicatorSet.rows.exists()


def test_a_stranger_sees_no_inner_page_and_no_draft(cast):
    assert Client().get(PAGE).status_code == 404
    upload(cast.client("centre", "coordinator"), ("l.txt", b"evil.example\n"))
    draft = IndicatorSet.rows.get()
    for client in (Client(), cast.client("A", "coordinator"), cast.client("B1", "it")):
        assert client.get(reverse("indicator_draft", args=["lam-sach", draft.pk])).status_code == 404
        assert client.get(reverse("indicator_notes", args=["lam-sach", draft.pk])).status_code == 404
    assert Client().get("/danh-sach/lam-sach/v1.csv").status_code == 404


names = st.from_regex(r"[a-z0-9=*._-]{1,12}", fullmatch=True)


@given(held=st.sets(names, max_size=40), asked=st.sets(names, max_size=20))
def test_looking_a_name_up_agrees_with_reading_the_whole_list(tmp_path_factory, held, asked):
    from django.conf import settings
    from django.test import override_settings

    with override_settings(MEDIA_ROOT=str(tmp_path_factory.mktemp("media"))):
        assert settings.MEDIA_ROOT
        lines = [f"{name}\tdomain\t\n".encode() for name in sorted(held, key=str.encode)]
        sha256, length = store.keep(lines)
        assert length == sum(map(len, lines))
        assert store.listed(sha256, asked) == {n for n in asked if n in held or f"={n}" in held}


def test_a_stored_list_reads_back(cast, settings):
    items = reading.read_text(MIXED).indicators
    sha256, _ = store.keep(store.list_lines(items))
    assert Items(store.read_list(sha256)).id == items.id


def test_a_full_disk_leaves_no_half_file(settings, tmp_path):
    from pathlib import Path

    settings.MEDIA_ROOT = str(tmp_path / "full")

    def parts():
        yield b"some"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError):
        store.keep(parts())
    assert [p for p in Path(settings.MEDIA_ROOT).rglob("*") if p.is_file()] == []


def test_a_list_of_which_nothing_is_left_says_of_each_entry_why(cast):
    client = cast.client("centre", "coordinator")
    text = "indicator\ngoogle.com\nbqp.vn\n/just/a/path\n" + "".join(f"10.0.0.{n}\n" for n in range(30))
    answer = upload(client, ("list.csv", text.encode()))
    page = answer.content.decode()
    assert answer.status_code == 422 and "Không còn chỉ dấu nào" in page
    assert "google.com: " in page
    assert "bqp.vn: tên miền của cơ quan nhà nước" in page
    assert "và 13 mục khác bị bỏ ra" in page


def test_every_form_that_only_searches_says_that_it_is_not_for_blocking(cast, tmp_path):
    publish_list(cast, tmp_path)
    page = Client().get("/danh-sach/").content.decode()
    rows = re.findall(
        r'<th scope="row"><a href="[^"]*/v1\.([^"]+)">.*?<td class="wide"[^>]*>(.*?)</td>', page
    )
    said = {ending: "không dùng để chặn" in uses for ending, uses in rows}
    assert len(rows) == len(writing.FORMS)
    assert {downloads.BY_ENDING[ending] for ending, is_said in said.items() if is_said} == {
        "csv", "plain", "json", "suricata.rules", "zeek.intel", "maltrail"
    }  # fmt: skip


def test_today_of_the_issuer_asks_for_the_first_list_and_for_one_after_the_last_is_withdrawn(cast, tmp_path):
    today = reverse("today", args=["lam-sach"])
    first, again = "Phát hành danh sách đầu tiên", "Phát hành lại một danh sách"
    of_centre = [("centre", role) for role in ("coordinator", "it", "officer")]
    seats = (*of_centre, ("A", "coordinator"), ("A", "it"))

    def asked(words):
        return [words in text_of(cast.client(*seat).get(today)) for seat in seats]

    may = [True, True, False, False, False]
    assert (asked(first), asked(again)) == (may, [False] * 5)
    assert PAGE in cast.client("centre", "it").get(today).content.decode()
    row = publish_list(cast, tmp_path)
    assert asked(first) == asked(again) == [False] * 5
    withdraw(row, cast.user("centre", "coordinator"), "danh sách sai")
    assert (asked(first), asked(again)) == ([False] * 5, may)


def test_a_version_has_one_number_and_its_checksum_one_name_on_all_pages(cast, tmp_path):
    row = publish_list(cast, tmp_path)
    told = document([sighting("10.1.1.5", noon(3))], set_id=row.set_id)
    strange = document([sighting("10.1.1.6", noon(3))], set_id="f" * 64)
    sender = Sender("upload", user=cast.user("A1", "it"))
    scans = [receive_file(io.BytesIO(one), cast.nodes["A1"], sender).scan for one in (told, strange)]
    client = cast.client("centre", "coordinator")
    client.cookies["django_language"] = "en"
    draft = reverse("indicator_draft", args=["lam-sach", row.pk])
    pages = [PAGE, draft, *(reverse("scan", args=["lam-sach", one.pk]) for one in scans)]
    listed, preview, own, other = (text_of(client.get(url)) for url in pages)
    assert (
        f"Checksum of its entries {row.set_id}" in listed
        and f"Checksum of its entries {row.set_id}" in preview
    )
    assert f"the campaign's, version 1 checksum of its entries {row.set_id}" in own
    assert f"another one than the campaign's checksum of its entries {'f' * 64}" in other


def test_the_kinds_on_the_public_page_add_up_to_the_list(cast, tmp_path):
    """Also of a list with all six kinds."""
    listed = publish_list(cast, tmp_path)
    kinds = {"domain": 9000, "ipv4": 700, "url": 60, "cidr": 5, "ip-port": 203, "ipv6": 25}
    IndicatorSet.rows.filter(pk=listed.pk).update(kinds=kinds, count=sum(kinds.values()))
    page = lxml.html.fromstring(Client().get(reverse("indicator_list")).content)
    cells = page.xpath("//dl[contains(@class,'figures')]//dd")
    assert sum(int(cell.text_content().replace(".", "")) for cell in cells) == sum(kinds.values())
