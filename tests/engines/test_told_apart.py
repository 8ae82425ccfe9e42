"""Lines of no known format, put together from phrases whose meaning is known, in both engines. The sender is
never taken for the machine, an incoming connection is no call, and a time is right or none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from tests.engines.both import compare

pytestmark = pytest.mark.native

AT = "2026-11-20 10:11:12"
WROTE = (
    "gateway: {s}", "sensor: {s},", "tường lửa: {s},", "Thiết bị: {s},", "cảm biến {s}", "DNS server: {s},",
    "AP[{s}]", "access point {s}", "bộ định tuyến {s}", "node[{s}]", "proxy {s}", "via proxy {s}",
    "via proxy PX-1 ({s})", "qua máy chủ proxy {s}", "blocked by {s}", "blocked by firewall at {s}",
    "denied at {s}", "logged by FW-1 ({s})", "event received from {s}", "bị chặn tại {s}",
    "chặn bởi tường lửa {s}", "ghi nhận bởi {s}", "cảnh báo từ {s}", "the DNS server at {s}", "fw={s}",
    "server_ip={s}", "Server IP={s}",
)  # fmt: skip
ASKED = (
    "", "client {m}", "src={m}", "Source IP={m}", "máy {m}", "máy trạm: {m},", "nguồn: {m},",
    "query from {m}", "từ địa chỉ {m}",
)  # fmt: skip
CAME_IN = (
    "{l} → {o}", "{l} => {o}", "{l} > {o}", "{l}>{o}", "{l}:51234 -> {o}:443", "{o} <- {l}",
    "{o}:443 <- {l}:51234", "{o} ← {l}", "{o} <= {l}", "inbound {l} {o}", "direction=in {l} {o}",
    "inbound connection {l}:51234 {o}:3389", "kết nối vào {l} {o}", "{o} bị tấn công bởi {l}",
    "{o} bị dò quét từ {l}", "{l} tấn công {o}",
    "{l} đăng nhập vào {o}", "{l} connected to {o}", "login failed for {l} on {o}", "traffic from {l} to {o}",
    "attacker {l} victim {o}", "Ban {l} at {o}", "D tcp {l} {o} 51234 443", "denied {l}:51234 {o}:443",
    "IP {l}.51234 > {o}.https: Flags [S]", "IP {o}.https > {l}.51234: Flags [.]",
    "IP {o}.9999 > {l}.51234: Flags [S.]", "Peer IP={l} Server IP={o}", "src={l} dst={o}",
)  # fmt: skip
WENT_OUT = (
    "{o} → {l}", "{o} => {l}:443", "{o} > {l}", "{l} <- {o}", "{l} ← {o}", "outbound {o} {l}",
    "{o} accessed {l}", "máy {o} kết nối tới {l}", "{o} gọi tới {l}", "A tcp {o} {l} 51234 443",
    "{l} accessed by {o}",
    "IP {o}.51234 > {l}.https: Flags [S]", "IP {o}.8080 > {l}.51234: Flags [S]", "src={o} dst={l}",
    "{o} downloaded a file from {l}", "máy {o} bị điều khiển bởi {l}", "direction=inbound src={o} dst={l}",
)  # fmt: skip
HALVES = {
    "": lambda hour: hour,
    " AM": lambda hour: hour % 12 if hour <= 12 else None,
    " PM": lambda hour: hour % 12 + 12 if hour <= 12 else None,
    " SA": lambda hour: hour % 12 if hour <= 12 else None,
    " CH": lambda hour: hour % 12 + 12 if hour <= 12 else None,
    " sáng": lambda hour: hour % 12 if hour <= 12 else None,
    " buổi chiều": lambda hour: hour % 12 + 12 if hour <= 12 else hour,
    " tối": lambda hour: hour + 12 if 5 <= hour <= 11 else hour if hour >= 17 else None,
    " SA-10": lambda hour: hour,
    " tới": lambda hour: hour,
}
LATER = ("Thời gian nhận", "received", "log_time", "Ngày báo cáo", "Thời gian gửi", "report_time")
NEVER = ("Ngày cập nhật mẫu", "Ngày cài đặt", "Hết hạn", "updated", "signature_date", "db_date")
HAPPENED = ("Thời gian xảy ra", "Thời gian phát hiện", "detected", "event_time", "occurred_at")


def test_who_wrote_a_line_is_never_its_machine() -> None:
    lines: dict[str, tuple[str, str | None]] = {}
    for number, (wrote, asked, is_first) in enumerate(product(WROTE, ASKED, (True, False))):
        listed = f"evil{number}.example"
        parts = [wrote.format(s="10.9.9.9"), asked.format(m="10.1.2.3")]
        said = " ".join(part for part in (parts if is_first else reversed(parts)) if part)
        lines[listed] = f"{AT} {said} {listed}", "10.1.2.3" if asked else None
    log = "".join(line + "\n" for line, _ in lines.values())
    found = {row.indicator: row.device for row in compare(list(lines), log.encode()).sightings}
    assert found.keys() == lines.keys()
    wrong = [(line, found[listed]) for listed, (line, device) in lines.items() if found[listed] != device]
    assert not wrong


def test_what_came_in_is_no_call_and_what_went_out_is_one() -> None:
    came = {f"198.51.100.{number}": form for number, form in enumerate(CAME_IN, 1)}
    went = {f"203.0.113.{number}": form for number, form in enumerate(WENT_OUT, 1)}
    lines = [f"{AT} {form.format(o='10.1.2.3', l=listed)}\n" for listed, form in {**came, **went}.items()]
    result = compare([*came, *went], "".join(lines).encode())
    found = {row.indicator: row.device for row in result.sightings}
    assert [form for listed, form in came.items() if listed in found] == []
    assert {form: found.get(listed) for listed, form in went.items()} == dict.fromkeys(WENT_OUT, "10.1.2.3")
    assert result.coverage.not_understood == len(CAME_IN)


def shown(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None


def test_a_half_of_the_day_gives_its_hour_or_none() -> None:
    midnight = datetime(2026, 11, 20, 5, 9, tzinfo=UTC) - timedelta(hours=12)
    lines, truth = [], {}
    for number, (half, hour) in enumerate(product(HALVES, (*range(1, 13), 13, 18, 22))):
        listed = f"evil{number}.example"
        said = HALVES[half](hour)
        lines.append(f"20/11/2026 {hour}:09:00{half} src=10.1.2.3 {listed}\n")
        # Noon in Vietnam is 05:00 UTC.
        truth[listed] = shown(None if said is None else midnight + timedelta(hours=said))
    found = {row.indicator: row.first_seen for row in compare(list(truth), "".join(lines).encode()).sightings}
    told = zip(lines, truth, strict=True)
    assert [(line, found[listed]) for line, listed in told if found[listed] != truth[listed]] == []


@pytest.mark.parametrize("form", ["{k}: {t}; ", '{k}="{t}" ', '"{k}":"{t}",'])
def test_when_it_happened_wins_over_when_it_was_told(form: str) -> None:
    lines, truth = [], {}
    moments = ("21/11/2026 08:05:09", "20/11/2026 08:05:09")
    for number, (other, happened, is_first) in enumerate(product((*LATER, *NEVER), HAPPENED, (True, False))):
        if form.startswith("{k}=") and (" " in other or " " in happened):
            continue
        listed = f"evil{number}.example"
        parts = [form.format(k=key, t=time) for key, time in zip((other, happened), moments, strict=True)]
        said = "".join(parts if is_first else reversed(parts))
        lines.append(f"{said}src=10.1.2.3 {listed}\n" if "," not in said else f'{{{said}"x":"{listed}"}}\n')
        truth[listed] = "2026-11-20T01:05:09.000000Z"
    found = {row.indicator: row.first_seen for row in compare(list(truth), "".join(lines).encode()).sightings}
    told = zip(lines, truth, strict=True)
    assert [(line, found.get(listed)) for line, listed in told if found.get(listed) != truth[listed]] == []
