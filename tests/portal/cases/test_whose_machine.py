"""A machine that no unit is known to have: its superior is asked whose it is, before anybody cleans it."""

from io import BytesIO

import pytest
from django.urls import reverse

from quetsach.portal.cases.models import Case
from quetsach.portal.cases.owning_actions import assign_device, say_not_ours
from quetsach.portal.sightings.actions import Sender, receive_file
from tests.portal.page_text import text_of
from tests.portal.scan_document import document, noon, publish_list, sighting

SIGNS = ("10.1.1.5", "10.1.1.6")


@pytest.fixture
def pushed_back(cast, tmp_path):
    """Two machines of A1 with signs: it says that it has neither."""
    listed = publish_list(cast, tmp_path)
    body = document([sighting(key, noon(20)) for key in SIGNS], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    for case in Case.rows.select_related("device"):
        say_not_ours(case.device, cast.user("A1", "it"), "Không có máy này ở đơn vị.")
    return [case.device for case in Case.rows.select_related("device").order_by("device__key")]


def page(cast, name, unit="A"):
    return text_of(cast.client(unit, "it").get(reverse(name, args=["lam-sach"])))


def test_today_asks_whose_they_are_and_does_not_tell_to_clean_them(cast, pushed_back):
    told = page(cast, "today")
    assert "Xác định 2 máy có dấu hiệu là của đơn vị nào" in told and "ba bước đơn giản" not in told
    assert "của đơn vị nào" not in page(cast, "today", "A1")
    assign_device(pushed_back[0], cast.nodes["A"], cast.user("A", "it"))
    told = page(cast, "today")
    assert "Xử lý 2 máy có dấu hiệu" in told and "ba bước đơn giản" in told
    assert "Trong đó 1 máy chưa rõ của đơn vị nào" in told
    assign_device(pushed_back[1], cast.nodes["A2"], cast.user("A", "it"))
    assert "của đơn vị nào" not in page(cast, "today")


def test_work_list_and_sheet_name_no_unit_and_the_term_waits_for_one(cast, pushed_back):
    assign_device(pushed_back[0], cast.nodes["A"], cast.user("A", "it"))
    work, sheet = page(cast, "case_work"), page(cast, "case_work_sheet")
    assert work.count("chưa rõ đơn vị nào có máy") == 1
    assert sheet.count("Chưa rõ máy của đơn vị nào. Tìm ra đơn vị trước đã.") == 1
    for told in (work, sheet):
        assert told.count("xác định đơn vị có máy") == 1
        assert told.count("đơn vị xác nhận đã biết") == 1, "the term of the machine that has a unit"
