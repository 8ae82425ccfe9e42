"""All reports as one ZIP: made in parts, continued after a death half-way, for those who may see them."""

import errno
import hashlib
import zipfile
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.portal.bundles import actions, making
from quetsach.portal.bundles.models import Bundle
from quetsach.portal.reports.actions import submit

DATA = {"r1": "0", "r2": "5", "r3": "0", "r4": "4", "narrative": "Đã rà soát xong tất cả các máy."}
PAGE = "/cd/lam-sach/tong-hop/{}/goi/"


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch):
    """Nothing runs in the background: the tests do the work themselves."""
    monkeypatch.setattr(making, "begin", lambda _bundle: None)


@pytest.fixture
def sent(cast):
    for unit in ("A1", "A2"):
        submit(cast.user(unit, "officer"), cast.nodes[unit], DATA, 0, uuid4())
    return cast


@pytest.fixture
def bundle(sent):
    return actions.ask_for(sent.user("A", "officer"), sent.nodes["A"])


def contents(bundle):
    with zipfile.ZipFile(making.zip_of(bundle)) as packed:
        assert packed.testzip() is None
        return {info.filename: packed.read(info) for info in packed.infolist()}


def test_a_district_asks_waits_and_takes_its_reports(sent):
    client, page = sent.client("A", "officer"), PAGE.format(sent.nodes["A"].pk)
    assert "Tạo tệp ZIP" in client.get(page).content.decode()
    assert client.post(page).status_code == 302
    assert "xong 0 trên 3 bản" in client.get(page).content.decode()
    assert client.get(page.replace("/goi/", "/goi.zip")).status_code == 404
    assert making.make(Bundle.rows.get())
    assert "Đã xong: 3 bản" in client.get(page).content.decode()
    answer = client.get(page.replace("/goi/", "/goi.zip"))
    with zipfile.ZipFile(BytesIO(b"".join(answer.streaming_content))) as packed:
        names = sorted(packed.namelist())
        listed = packed.read(names[0]).decode("utf-8-sig")
        drawn = {name: packed.read(name) for name in names[1:]}
    assert names == [
        "000 Danh sách.csv",
        "001 Báo cáo Đơn vị A.pdf",
        "002 Phụ lục Đơn vị A1.pdf",
        "003 Phụ lục Đơn vị A2.pdf",
    ]
    assert all(pdf.startswith(b"%PDF-") for pdf in drawn.values())
    assert all(hashlib.sha256(pdf).hexdigest() in listed for pdf in drawn.values())
    assert Entry.objects.filter(action="report.export").count() == 2


def test_after_a_death_only_what_is_missing_is_drawn(bundle, monkeypatch):
    draw, drawn = making.render_pdf, []

    def dies_at_the_third(paper, at):
        if len(drawn) == 2:
            raise KeyboardInterrupt
        drawn.append(draw(paper, at=at))
        return drawn[-1]

    monkeypatch.setattr(making, "render_pdf", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        making.make(bundle)
    assert not making.make(bundle), "still held by the one that died"
    Bundle.rows.update(held_until=timezone.now() - timedelta(seconds=1))
    again = []
    monkeypatch.setattr(making, "render_pdf", lambda paper, at: again.append(draw(paper, at=at)) or again[-1])
    assert making.make(bundle)
    assert (len(drawn), len(again)) == (2, 1)
    held = [content for name, content in contents(bundle).items() if name.endswith(".pdf")]
    assert held == [*drawn, *again]


def test_two_who_ask_at_once_share_one_bundle(bundle, sent):
    assert actions.ask_for(sent.user("A", "coordinator"), sent.nodes["A"]) == bundle
    assert actions.hold(bundle)
    assert not making.make(bundle)


def test_a_full_disk_stops_it_and_it_goes_on(bundle, sent, monkeypatch):
    def full(_bundle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(making, "_pack", full)
        making.make(bundle)
    client, page = sent.client("A", "officer"), PAGE.format(sent.nodes["A"].pk)
    said = client.get(page).content.decode()
    assert "đĩa của máy chủ đã đầy" in said and "3 trên 3 bản" in said
    client.post(page, {"do": "again"})
    assert making.make(bundle)
    assert len(contents(bundle)) == 4


def test_a_paper_that_cannot_be_drawn_is_listed_and_the_others_are_there(bundle, monkeypatch):
    from quetsach.errors import DocumentError

    draw = making.render_pdf

    def fails_once(paper, at):
        monkeypatch.setattr(making, "render_pdf", draw)
        raise DocumentError("=HYPERLINK(1)")

    monkeypatch.setattr(making, "render_pdf", fails_once)
    making.make(bundle)
    found = contents(bundle)
    assert len(found) == 3
    assert "'=HYPERLINK(1)" in found["000 Danh sách.csv"].decode("utf-8-sig")


def test_names_cannot_leave_the_folder(bundle, sent):
    node = sent.nodes["A1"]
    type(node).rows.filter(pk=node.pk).update(name="../../etc/Xã <A>")
    making.make(bundle)
    assert "002 Phụ lục etc Xã A.pdf" in contents(bundle)


def test_old_bundles_are_cleared_away_with_their_files(bundle):
    making.make(bundle)
    assert making.clear_away() == 0
    assert making.clear_away(timedelta(days=8)) == 1
    assert not making.folder_of(bundle).exists() and not Bundle.rows.exists()
