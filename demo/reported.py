"""Reports of others: two files of Shadowserver, and a sheet of a ministry, with documentation addresses."""

from __future__ import annotations

from datetime import UTC, timedelta
from io import BytesIO
from random import Random

import xlsxwriter  # type: ignore[import-untyped]

from demo.offices import UNTOUCHED
from demo.story import ISSUER, SEED, Story
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.victims import actions
from quetsach.portal.units.networks import Network
from quetsach.victims import reading

_RANGES = ("198.51.100.0/28", "198.51.100.16/28", "203.0.113.64/26")
"""Public ranges (RFC 5737) of the district and of two communes. What lies in none of them has no unit."""
_FAMILIES = ("andromeda", "mirai", "qakbot")


def take_reports(story: Story) -> int:
    """Name the public ranges, then take two files as the district's coordinator; returns their reports."""
    communes = [
        node
        for node in story.nodes
        if node.depth == 1 and node.unit.kind == "ubnd_commune" and node.name != UNTOUCHED
    ]
    root = story.nodes[0]
    for node, cidr in zip([root, *communes[:2]], _RANGES, strict=False):
        Network.rows.get_or_create(unit=node.unit, cidr=cidr)
    day = story.calendar.moment(3, 0).date()
    taken = 0
    with story.calendar.at(2, 9):
        for name, data in (
            (f"{day.isoformat()}-event4_sinkhole-phong-tho.csv", _sinkhole(story)),
            (f"{day.isoformat()}-scan_rdp-phong-tho.csv", _open_services(story)),
            ("may-nhiem-ma-doc.xlsx", _sheet(story)),
        ):
            taken += _take(story, root, name, data)
    return taken


def _take(story: Story, node: CampaignNode, name: str, data: bytes) -> int:
    told = actions.zone_told("", None)
    file = reading.opened(name, BytesIO(data), told)
    return actions.accept(
        actions.keep_draft(node, story.coordinator, name, data, file, told), story.coordinator
    ).reports


def _sinkhole(story: Story) -> bytes:
    chance = Random(f"sinkhole {SEED}")
    lines = ["timestamp,protocol,src_ip,src_port,src_naics,severity,dst_port,infection,family,tag"]
    for number in range(14):
        at = story.calendar.moment(3, 1, number * 4) + timedelta(hours=chance.randrange(20))
        address = f"198.51.100.{3 + number % 9 * 2}" if number < 12 else f"192.0.2.{number}"
        family = _FAMILIES[number % 3]
        lines.append(
            f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S},tcp,{address},{49_152 + chance.randrange(9_000)},0,"
            f"critical,443,{family},{family},{family}"
        )
    return "\n".join([*lines, ""]).encode()


def _open_services(story: Story) -> bytes:
    at = story.calendar.moment(3, 4)
    lines = ["timestamp,severity,ip,protocol,port,hostname,tag,naics"]
    for number, address in enumerate(("198.51.100.5", "198.51.100.21", "203.0.113.70")):
        when = at + timedelta(minutes=number)
        lines.append(f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S},high,{address},tcp,3389,,rdp,0")
    return "\n".join([*lines, ""]).encode()


def _sheet(story: Story) -> bytes:
    out = BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet, when = book.add_worksheet("Danh sách"), book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet.write(0, 0, "DANH SÁCH ĐỊA CHỈ CÓ MÁY NHIỄM MÃ ĐỘC (dữ liệu mẫu)")
        for column, name in enumerate(("STT", "IP nạn nhân", "Thời gian ghi nhận", "Tên mã độc")):
            sheet.write(2, column, name)
        for number, address in enumerate(
            ("198.51.100.19", "203.0.113.75", f"{ISSUER}: chưa rõ", "192.0.2.44")
        ):
            local = story.calendar.moment(3, 8, 10 * number).replace(tzinfo=None)
            sheet.write(3 + number, 0, number + 1)
            sheet.write(3 + number, 1, address)
            sheet.write_datetime(3 + number, 2, local, when)
            sheet.write(3 + number, 3, _FAMILIES[number % 3])
    return out.getvalue()
