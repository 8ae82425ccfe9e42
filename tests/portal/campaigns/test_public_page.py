"""The public pages: the campaign, its letter, its progress; nothing before it is published."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.campaigns.cascade import actions
from quetsach.portal.campaigns.letter import Letter, LetterError, Paragraph, read_letter
from quetsach.portal.campaigns.models import Campaign
from tests.portal.page_text import text_of

SEED = Path(__file__).parents[3] / "demo/seed/letter_2022.toml"


def test_the_front_page_shows_the_campaign_published_last(cast, client):
    Campaign.objects.create(
        slug="sau", issuer=cast.units["A"], title="Bản nháp", due_at=timezone.now() + timedelta(days=40)
    )
    page = client.get("/").content.decode()
    assert cast.campaign.title in page and "Bản nháp" not in page
    assert client.get(reverse("campaign_page", args=["sau"])).status_code == 404


def test_an_empty_portal_says_why(db, client):
    page = client.get("/").content.decode()
    assert 'class="empty' in page and page.count("btn-main") == 1


def test_progress_carries_its_denominators(cast, client):
    for name, staff in (("A1", 20), ("A2", 1300)):
        cast.nodes[name].staff_count = staff
        cast.nodes[name].save()
    actions.deploy(cast.nodes["A1"], None)
    actions.acknowledge(cast.nodes["A2"], None)
    actions.count_people(cast.nodes["A2"], 1250, 1000, None)
    actions.count_people(cast.nodes["centre"], 7, 7, None)  # the issuer is none of the units below it
    page = text_of(client.get("/"))
    assert "Số liệu của 5 đơn vị cấp dưới của Đơn vị centre" in page
    for text in ("nhận tin 2 trên 5", " 1 trên 5", "1.250 trên 1.320", "1.000 trên 1.320"):
        assert text in page


@pytest.mark.parametrize(
    ("days", "says"), [(4, "Còn 4 ngày."), (0, "Hôm nay là hạn cuối."), (-2, "Đã hết hạn.")]
)
def test_the_deadline_in_days(cast, client, days, says):
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    Campaign.objects.update(due_at=midnight + timedelta(days=days + 1))
    assert says in client.get("/").content.decode()


def letter_of_2022():
    """The letter that the demonstration sends, with the dates of 2022 as they were."""

    def day(found):
        year, month, date = found[2].split("-")
        return found[2] if found[1] else f"{int(date):02}/{int(month)}/{year}"

    text = SEED.read_text(encoding="utf-8").replace("{year}", "2022")
    return tomllib.loads(re.sub(r"\{(iso:)?(\d{4}-\d\d-\d\d)\}", day, text))["letter"]


def test_the_letter_of_2022_reads_as_a_letter(cast, client):
    letter = letter_of_2022()
    cast.campaign.letter = letter
    cast.campaign.save()
    page = client.get(reverse("campaign_letter", args=[cast.campaign.slug])).content.decode()
    for text in (
        "Số: 1620/UBND-VP",
        "Phong Thổ, ngày 14 tháng 9 năm 2022",
        "Các phòng, ban, ngành huyện;",
        "UBND các xã, thị trấn.",
        "TL. CHỦ TỊCH",
        "Lưu: VT, CV1;",
    ):
        assert text in page
    for purpose in read_letter(letter).purposes:
        assert purpose in client.get("/").content.decode()


def test_a_letter_survives_its_storage():
    letter = Letter(
        issuer_lines=("Ủy ban nhân dân",),
        date="2022-02-05",
        paragraphs=(Paragraph("một"), Paragraph("hai", "bullet")),
    )
    assert read_letter(letter.to_json()) == letter
    assert letter.dateline.endswith(
        "ngày 05 tháng 02 năm 2022"
    )  # Decree 30/2020: days below 10, months 1 and 2


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"signed": "x"}, "letter.signed"),
        ({"date": "14/9/2022"}, "letter.date"),
        ({"cc": "x"}, "letter.cc: expected a list"),
        ({"paragraphs": [{"kind": "title", "text": "x"}]}, r"letter.paragraphs\[0\].kind"),
        ({"recipients": [3]}, r"letter.recipients\[0\]: expected a text"),
    ],
)
def test_a_letter_of_another_shape_is_refused_by_field(data, says):
    with pytest.raises(LetterError, match=says):
        read_letter(data)


def test_english_on_request_vietnamese_otherwise(cast, client):
    assert 'lang="vi"' in client.get("/", headers={"accept-language": "en"}).content.decode()
    client.post(reverse("set_language"), {"language": "en", "next": "/"})
    assert "What do I have to do, by when?" in client.get("/").content.decode()
