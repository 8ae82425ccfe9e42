"""The lines of a followed log in each hour, and their order, are those of a scan, however the log grew."""

from __future__ import annotations

import random
from typing import cast

import pytest

from quetsach.scanning.engine import Engine
from quetsach.scanning.engines.portable import PortableEngine
from tests.engines.native import ENGINE
from tests.watching.office import Office

pytestmark = pytest.mark.native
ENGINES = cast("tuple[Engine, ...]", (ENGINE, PortableEngine()))


def line(second: int, name: str = "fine.test") -> bytes:
    clock = f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
    day = f"2026-09-{21 + second // 86_400:02}"
    return f"{day}T{clock}Z ns dnsmasq[612]: query[A] {name} from 10.1.2.3\n".encode()


def check(office: Office) -> None:
    told = [(one.path, one.lines, one.hours, one.order) for one in office.coverage()]
    true = [(one.path, one.lines, one.hours, one.order) for one in office.expected()[1]]
    assert [one[1:] for one in told] == [one[1:] for one in true]


def test_lines_without_a_time_count_with_the_line_before(office: Office) -> None:
    office.append(b"".join(map(line, range(3000, 3100))))
    office.look()
    office.append(b"  at a.b.C\n" * 3 + line(7200) + line(7201))
    office.look()
    office.append(b"  at a.b.C\n" * 2)
    office.look()
    office.append(line(3600) + line(3601))
    office.look()
    office.append(b"  at a.b.D\n" * 2)
    office.settle()
    found = [(one.hours, one.order) for one in office.coverage()]
    assert found == [({"2026-09-21": [103, 4, 4, *[0] * 21]}, "broken")]
    check(office)


def test_lines_before_any_time_wait_for_the_first_one(office: Office) -> None:
    office.append(b"".join(b"# a head of line %d that has no time\n" % number for number in range(200)))
    office.look()
    office.append(b"# and one more\n")
    office.look()
    office.kill()
    office.start()
    office.append(line(7200) + line(3600))
    office.settle()
    assert [one.hours for one in office.coverage()] == [{"2026-09-21": [0, 1, 202, *[0] * 21]}]
    check(office)


@pytest.mark.parametrize("spread", [1800, 9000])
def test_logs_out_of_order_count_as_in_a_scan(office: Office, spread: int) -> None:
    """Times go back by minutes, as where many senders write one log, or by hours; the watcher starts anew in
    between. The log has blocks of a scan and a part of one."""
    chance = random.Random(spread)
    second, size, steps = 0, 0, 0
    most = 700_000 if office.engine is ENGINES[0] else 290_000
    while size < most:
        many = chance.choice((1, 2, 5, 17, 40, 300, 900))
        data = b""
        for _ in range(many):
            second += chance.choice((0, 1, 4))
            back = chance.choice((0, 0, 0, chance.randrange(spread)))
            name = chance.choice(("fine.test", "fine.test", "evil.example"))
            data += chance.choice((line(max(0, second - back), name),) * 9 + (b"\tat a.b.C\n",))
        office.append(data)
        office.look()
        size, steps = size + len(data), steps + 1
        if steps % 9 == 0:
            office.settle()
            check(office)
        if steps % 11 == 0:
            office.kill()
            office.start()
    office.settle()
    check(office)
    order = office.coverage()[0].order
    assert order == ("broken" if spread > 3600 else "kept")
