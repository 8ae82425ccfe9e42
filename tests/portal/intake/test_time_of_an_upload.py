"""One upload holds the readers for a bounded time; unread files are reported and can be read later."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from quetsach.files import bounded_process
from quetsach.portal.intake.models import ReceivedAnnex, ReceivedFile
from tests.collect import papers_by_hand as by


def test_what_an_upload_left_is_told_and_all_of_it_is_read_later(cast):
    client, address = (
        cast.client("A", "coordinator"),
        reverse("intake", args=["lam-sach", cast.nodes["A"].pk]),
    )
    papers = {
        f"{unit}.docx": by.docx(by.form(f"Đơn vị {unit}", ("0", "12", "0", "9"))) for unit in ("A1", "A2")
    }

    def drop():
        sent = [SimpleUploadedFile(name, data) for name, data in papers.items()]
        return client.post(address, {"annexes": sent}, follow=True).content.decode()

    with bounded_process.visit(0.0001):
        page = drop()
    assert not ReceivedAnnex.rows.exists() and page.count("Đã hết thời gian") == 2
    first, second = ReceivedFile.rows.order_by("name")
    assert (first.problem, second.problem) == ("reading_later", "sending_later")
    assert 'value="read_again"' in page
    again = reverse("intake_file", args=["lam-sach", cast.nodes["A"].pk, first.pk])
    client.post(again, {"do": "read_again"})
    assert ReceivedAnnex.rows.get().node == cast.nodes["A1"]
    drop()
    nodes = sorted(annex.node.pk for annex in ReceivedAnnex.rows.all())
    assert nodes == sorted([cast.nodes["A1"].pk, cast.nodes["A2"].pk]), "none twice"
