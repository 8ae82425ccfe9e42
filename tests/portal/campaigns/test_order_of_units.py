"""Units stand in one order wherever a campaign lists them: by kind, then as a Vietnamese dictionary sorts."""

from __future__ import annotations

import io
import random
import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from quetsach.portal.campaigns.cascade.actions import publish
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.units.actions import create_unit

ORDER = [
    "Phòng Nội vụ",
    "Phòng Tài chính",
    "Thị trấn Phong Thổ",
    "Xã Bản Lang",
    "Xã Dào San",
    "Xã Đông Hà",
    "Xã Hoang Thèn",
    "Xã Ma Ly Pho",
    "Xã Mồ Sì San",
    "Xã Nậm Xe",
    "Xã Ô Lâm",
]
"""Sorted by hand: đ after d, ồ after a plain o, ô after o; offices before communes."""


@pytest.fixture
def district(cast):
    """A district whose units were added in no particular order, and its campaign's root."""
    top = create_unit(None, None, "Huyện Phong Thổ", kind="ubnd_district", doc_abbr="UBND")
    for name in random.Random(7).sample(ORDER, len(ORDER)):
        kind = "phong" if name.startswith("Phòng") else "ubnd_commune"
        create_unit(None, top, name, kind=kind, code=str(random.Random(name).randint(10000, 99999)))
    cast.units["huyen"] = top
    campaign = Campaign.objects.create(
        slug="huyen", issuer=top, title="Chiến dịch", due_at=timezone.now() + timedelta(days=5)
    )
    publish(campaign, cast.user("huyen", "coordinator"))
    return CampaignNode.rows.get(campaign=campaign, unit=top)


def names_in(text: str) -> list[str]:
    """The units in the order of their first occurrence."""
    found = re.findall("|".join(map(re.escape, ORDER)), text)
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(
    "route",
    ["chase", "progress_node", "rollup", "join_codes", "audit", "unit", "staff_invite"],
)
def test_pages_list_units_in_one_order(cast, district, route):
    addresses = {
        "join_codes": reverse("join_codes", args=["huyen"]),
        "audit": reverse("audit", args=["huyen"]),
        "unit": reverse("unit", args=[cast.units["huyen"].pk]),
        "staff_invite": reverse("staff_invite"),
    }
    url = addresses.get(route) or reverse(route, args=["huyen", district.pk])
    answer = cast.client("huyen", "coordinator").get(url)
    assert answer.status_code == 200
    main = answer.content.decode().split("<main", 1)[1]
    assert names_in(unescape(main)) == ORDER


def test_files_list_units_in_the_same_order(cast, district):
    client = cast.client("huyen", "coordinator")
    for url in (
        reverse("chase_xlsx", args=["huyen", district.pk]),
        reverse("report_xlsx", args=["huyen", district.pk]),
        reverse("unit_table", args=[cast.units["huyen"].pk, "xlsx"]),
    ):
        answer = client.get(url)
        book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer)))
        rows = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
        texts = ["\n".join(str(cell) for row in sheet for cell in row) for sheet in rows]
        told = [names for names in map(names_in, texts) if len(names) > 1]
        assert told and all(names == ORDER for names in told), url


def test_units_of_one_level_are_listed_by_name_whatever_stands_above_them(cast, district):
    for number, above in enumerate(("Xã Nậm Xe", "Xã Bản Lang")):
        node = CampaignNode.rows.get(campaign=district.campaign, name=above)
        create_unit(None, node.unit, f"Trường {'BA'[number]}", kind="school")
    other = Campaign.objects.create(
        slug="hai", issuer=district.unit, title="Hai", due_at=timezone.now() + timedelta(days=5)
    )
    publish(other, cast.user("huyen", "coordinator"))
    schools = CampaignNode.rows.filter(campaign=other, kind="school").order_by("depth", "position", "name")
    assert [node.name for node in schools] == ["Trường A", "Trường B"]
