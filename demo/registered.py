"""One commune has a register of machines: two weeks of leases, then the list that its officer keeps."""

from __future__ import annotations

from datetime import UTC, timedelta

from demo.calendar import DAYS_OF_LOGS
from demo.outbreak import machines_of
from demo.people import officer_of
from demo.story import Story
from quetsach.portal.machines.models import RegisterRow
from quetsach.portal.machines.register import actions as register
from quetsach.portal.machines.uploads import actions

UNIT = "Xã Dào San"
_HEAD = (
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context"
)
_LEASE = 86_400


def fill_register(story: Story) -> int:
    """Upload leases and a list as the commune's officer, confirm some machines; returns the rows."""
    unit = story.units[UNIT]
    cidr = unit.networks.values_list("cidr", flat=True).order_by("pk").first()
    if not cidr:
        return 0
    officer = officer_of(unit)
    addresses = machines_of({UNIT: cidr}, {UNIT: unit.staff_count or 6})[UNIT]
    with story.calendar.at(1, 9):
        for name, source, data in (
            ("kea-leases4.csv", "Bộ định tuyến trụ sở", _leases(story, addresses)),
            ("so-may-tinh.csv", "Sổ máy tính của xã", _list(len(addresses))),
        ):
            draft = actions.keep_draft(unit, officer, [(name, data)], actions.Told(source))
            actions.accept(draft, officer)
        rows = list(RegisterRow.rows.filter(unit=unit).order_by("name"))
        if rows:
            register.say(unit, rows[:2], "confirmed", officer, "")
    return len(rows)


def _mac(number: int) -> str:
    return f"00:25:90:5a:{number // 256:02x}:{number % 256:02x}"


def _leases(story: Story, addresses: list[str]) -> bytes:
    """Each machine keeps its address; each day is a lease of its own."""
    lines = [_HEAD]
    for day in range(DAYS_OF_LOGS + 1, 0, -1):
        ends = story.calendar.moment(day, 0) + timedelta(seconds=_LEASE)
        expire = int(ends.astimezone(UTC).timestamp())
        lines += [
            f"{address},{_mac(number)},,{_LEASE},{expire},1,0,0,ds-pc-{number + 1:02},0,"
            for number, address in enumerate(addresses)
        ]
    return "\n".join([*lines, ""]).encode()


def _list(machines: int) -> bytes:
    lines = ["Tên máy;Địa chỉ MAC;Loại máy;Phòng;Mã tài sản"]
    for number in range(machines):
        mac = _mac(number)
        lines.append(f"ds-pc-{number + 1:02};{mac};Máy tính;Phòng {number % 4 + 1};TS-2021-{number + 1:03}")
    lines.append("ds-in-01;00:25:90:5b:00:01;Máy in;Phòng 1;TS-2019-004")
    return "\n".join([*lines, ""]).encode()
