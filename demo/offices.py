"""Data that offices keep beside their report: enterprises on their territory, people's own marks, observers.

All names are invented; the tax codes have a valid check digit and belong to nobody that we know of.
"""

from __future__ import annotations

from demo.people import officer_of
from demo.story import Story
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.people import actions as people
from quetsach.portal.people import body_actions as bodies
from quetsach.portal.people.models import Body, Channel
from quetsach.portal.staff.actions import invite
from quetsach.portal.units.actions import set_sector
from quetsach.units.taxcode import check_digit

MARKED, UNTOUCHED = "Xã Mù Sang", "Xã Dào San"
_SECTORS = {"school": "Phòng Giáo dục và Đào tạo", "clinic": "Phòng Y tế"}
_BODIES = (
    ("Hợp tác xã Nông nghiệp {place}", "Bản Sin Chải"),
    ("Công ty TNHH Chè Ví Dụ {place}", "Trung tâm xã"),
    ("Cửa hàng vật liệu xây dựng Mẫu {place}", "Bản Tung Qua Lìn"),
    ("Hộ kinh doanh Nhà nghỉ Giả Định {place}", "Trung tâm xã"),
    ("Công ty CP Thủy điện Minh Họa {place}", "Bản Lùng Than"),
)


def keep_offices(story: Story) -> None:
    """Before the reports: one commune has visited its enterprises, the other's list waits for the visitor."""
    nodes = {node.name: node for node in story.nodes}
    begun = story.calendar.moment(10, 9).date()
    with story.calendar.at(10, 9):
        for unit in story.units.values():
            if unit.kind in _SECTORS:
                set_sector(None, unit, story.units[_SECTORS[unit.kind]], on=begun)
    with story.calendar.at(6, 10):
        listed = _list_bodies(nodes[MARKED], 1)
    with story.calendar.at(5, 15):
        day = story.calendar.moment(5, 15).date()
        officer = officer_of(nodes[MARKED].unit)
        bodies.deploy_many(nodes[MARKED], listed[:3], day, Channel.values[0], officer)
    with story.calendar.at(4, 9):
        _list_bodies(nodes[UNTOUCHED], 2)
    _mark(story, nodes[UNTOUCHED])
    with story.calendar.at(3, 9):
        invite(story.units[MARKED], "reader", None, story.coordinator)


def _list_bodies(node: CampaignNode, series: int) -> list[int]:
    """The list as pasted from a sheet: name, tax code, address."""
    officer, place = officer_of(node.unit), node.name.removeprefix("Xã ")
    lines = [
        "\t".join((name.format(place=place), _tax_code(series, number), address))
        for number, (name, address) in enumerate(_BODIES)
    ]
    bodies.apply_draft(bodies.keep_draft(node, "\n".join(lines), "", officer), officer)
    return list(Body.rows.filter(node=node).values_list("pk", flat=True))


def _tax_code(series: int, number: int) -> str:
    """A tax code in the right form: nine invented digits that have a check digit, and that digit."""
    for nine in range(990_000_000 + series * 10_000 + number * 100, 999_999_999):
        digit = check_digit(str(nine))
        if digit is not None:
            return f"{nine}{digit}"
    raise AssertionError("some nine digits always have a check digit")


def _mark(story: Story, node: CampaignNode) -> None:
    """A sheet with a code hangs in the office; some people have marked themselves by their staff code."""
    with story.calendar.at(2, 8):
        link = people.count_by_marks(node, "informed", officer_of(node.unit))
    with story.calendar.at(1, 10):
        for number in range(1, 10):
            people.mark(link, f"CB{number:02}")
