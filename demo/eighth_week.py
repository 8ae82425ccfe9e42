"""A second campaign, eight weeks old: each state of a machine once, with its story in logs.

Its logs are told as finished scans of a week each, as the district's resolver and a commune's gateway would
have sent them. Nothing is generated and scanned, so that it costs a few seconds.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management import call_command

from demo.loggen import make_indicators
from demo.people import officer_of
from demo.story import ISSUER, SEED, Story
from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.cascade import actions as campaigns
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases import actions, noting_actions, owning_actions
from quetsach.portal.cases.false_alarms import actions as false_alarms
from quetsach.portal.cases.models import Case, FalseAlarm
from quetsach.portal.cases.rules import NEEDS_ASSET
from quetsach.portal.indicators import actions as indicators
from quetsach.portal.machines.actions import store_evidence
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Scan

SLUG = "thi-diem-tam-tuan"
TITLE = "Thí điểm làm sạch mã độc, sau tám tuần (dữ liệu mẫu)"
BEGIN = 56
"""The campaign is so many days old; its logs go back one week further."""
RESOLVER, GATEWAY = "phan-giai-huyen", "cong-mang-xa"
SCANS = (56, 49, 42, 35, 28, 21, 14, 7, 1)
"""Days ago of the scans: each reads the logs since the scan before it."""
_UNSCANNED = 7
"""The gateway's week that this scan would have read was never looked at."""
_DOWN = (25, 26)
"""Days on which the resolver's disk was full."""
_OFFICE = (8, 9, 10, 11, 13, 14, 15, 16)
_HOUR = timedelta(hours=1)
_ALL = tuple(range(7))
_ITEMS = 60

type Deed = Callable[[Case, User], object]


@dataclass
class Tale:
    """One machine. `signs` are spans of days ago, the later day first; `deeds` what people did, by the day;
    `around`: days on which it went around; `hours` of its working days; `days` of the week that it works."""

    name: str
    unit: str
    signs: tuple[tuple[int, int], ...]
    deeds: tuple[tuple[int, Deed], ...] = ()
    around: tuple[int, ...] = ()
    place: str = RESOLVER
    hours: tuple[int, ...] = _OFFICE
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    address: str = ""
    rival: bool = False
    """Another machine had the address before, and both clocks meet at its only sign."""
    is_leased: bool = True
    last_day: int = 0
    """So many days ago it was switched on for the last time."""
    domain: str = field(default="", init=False)
    family: str = field(default="", init=False)


def _locate(case: Case, by: User) -> None:
    noting_actions.locate(case, by, place="Phòng máy chủ, máy in chung sau bộ định tuyến (dữ liệu mẫu)")


def _start(case: Case, by: User) -> None:
    actions.start_cleaning(case, by)


def _claim(case: Case, by: User, *, done: str, at: datetime, note: str = "") -> None:
    asset = "TS-0117 (dữ liệu mẫu)" if done in NEEDS_ASSET else ""
    actions.claim_clean(case, by, done=done, done_at=at, note=note, others=True, asset=asset)


def _say_false(case: Case, by: User) -> None:
    reason = "Máy của tổ kỹ thuật mở địa chỉ này để thử bộ lọc (dữ liệu mẫu)."
    false_alarms.propose(case, by, FalseAlarm.Scope.CASE, reason)


def _agree(case: Case, by: User) -> None:
    false_alarms.agree(case.false_alarms.get(ended_at=None), by, "Đã hỏi tổ kỹ thuật (dữ liệu mẫu).")


def _confirm(case: Case, by: User) -> None:
    actions.confirm_clean(case, by, "Đã kiểm tra tận nơi, ổ cứng được thay mới (dữ liệu mẫu).")


def _isolate(case: Case, by: User, *, since: datetime) -> None:
    noting_actions.isolate(case, by, since=since, reason="Rút dây mạng, chờ cán bộ kỹ thuật (dữ liệu mẫu).")


def _try(case: Case, by: User, *, at: datetime) -> None:
    noting_actions.try_to_reach(case, by, tried_at=at, how="Gọi điện, phòng khóa cửa (dữ liệu mẫu).")


def _not_ours(case: Case, by: User) -> None:
    owning_actions.say_not_ours(case.device, by, "Máy này không có trong sổ của xã (dữ liệu mẫu).")


def _handled(story: Story, day: int, done: str = "scan", hour: int = 15) -> tuple[int, Deed]:
    return day, partial(_claim, done=done, at=story.calendar.moment(day, hour - 1))


def tales(story: Story) -> list[Tale]:
    """One machine for each state, and three that wait for the same missing log."""
    one, two = "Xã Dào San", "Xã Mù Sang"
    handled = partial(_handled, story)
    tries = [(day, partial(_try, at=story.calendar.moment(day, 9))) for day in (16, 14, 12)]
    return [
        Tale("ds-van-thu", one, ((56, 44),), (handled(42),)),
        Tale("ds-ke-toan", one, ((50, 9),), (handled(6, "reinstall"),)),
        Tale(
            "ms-tu-phap",
            two,
            ((54, 40), (37, 36)),
            (handled(38, "app"), handled(30, "reinstall")),
            weekdays=_ALL,
        ),
        Tale("ms-dia-chinh", two, ((52, 16), (8, 4)), (handled(12),)),
        Tale("ds-van-hoa", one, ((55, 45), (9, 3)), (handled(43),)),
        Tale("ds-chu-tich", one, ((50, 34),), (handled(31),), around=tuple(range(27, 0, -1))),
        Tale("ms-ho-tich", two, ((48, 25),), (handled(23),), place=GATEWAY),
        Tale("ms-mot-cua", two, ((48, 25),), (handled(23, "manual"),), place=GATEWAY),
        Tale("ms-dan-so", two, ((47, 25),), (handled(22, "reinstall"),), place=GATEWAY),
        Tale("ms-kiosk", two, ((49, 33),), (handled(30),), hours=(9, 10), weekdays=(3,)),
        Tale(
            "may-chu-chung",
            ISSUER,
            ((40, 31),),
            ((29, _locate), handled(28)),
            address="198.51.100.60",
            is_leased=False,
        ),
        Tale("ds-may-muon", one, ((24, 24),), rival=True, weekdays=_ALL),
        Tale("ms-may-la", two, ((20, 15),), ((13, _not_ours),)),
        Tale("ds-ky-thuat", one, ((33, 28),), ((26, _say_false), (25, _agree))),
        Tale("ds-cong-an", one, ((44, 30),), (handled(27, "replace"), (20, _confirm))),
        Tale("ds-xa-doi", one, ((6, 2),), ((1, _start),)),
        Tale("ms-khuyen-nong", two, ((5, 2),)),
        Tale("ds-may-thanh-ly", one, ((49, 30),), (handled(27, "retire"),), last_day=28),
        Tale("ms-thu-quy", two, ((12, 3),), ((2, partial(_isolate, since=story.calendar.moment(2, 10))),)),
        Tale("ds-ban-nong-nghiep", one, ((26, 19),), tuple(tries)),
    ]


class EighthWeek:
    """Plays the campaign: the letter, nine scans, and what people did between them."""

    def __init__(self, story: Story, folder: Path) -> None:
        self.story, self.folder, self.tales = story, folder, tales(story)
        self.nodes: dict[str, CampaignNode] = {}
        taken: dict[str, int] = {}
        for tale in self.tales:
            unit = story.units[tale.unit]
            taken[tale.unit] = taken.get(tale.unit, 180) + 1
            cidr = unit.networks.filter(cidr__startswith="10.").values_list("cidr", flat=True).first() or ""
            tale.address = tale.address or f"{cidr.rpartition('.')[0]}.{taken[tale.unit]}"

    def play(self) -> int:
        """All eight weeks; returns the number of cases."""
        self._publish()
        self._leases()
        events = [(day, 8, partial(self._scan, day, before)) for before, day in _pairs()]
        for tale in self.tales:
            events += [(day, 15, partial(self._act, tale, deed)) for day, deed in tale.deeds]
        for day, hour, do in sorted(events, key=lambda one: (-one[0], one[1])):
            with self.story.calendar.at(day, hour, 5):
                do()
        with self.story.calendar.at(0, 2):
            call_command("pull_sightings", stdout=io.StringIO())
        return Case.rows.filter(device__campaign=self.campaign).count()

    def _publish(self) -> None:
        story = self.story
        items = [one for one in make_indicators(_ITEMS, SEED + 1) if one.kind == "domain"]
        families = sorted({one.family for one in items})
        for number, tale in enumerate(self.tales):
            tale.family = families[number % len(families)]
            tale.domain = next(one.value for one in items if one.family == tale.family)
        listed = self.folder / "danh-sach-thi-diem.csv"
        rows = [f"{one.value},{one.kind},{one.family}" for one in items]
        listed.write_text("\n".join(["indicator,type,family", *rows, ""]), encoding="utf-8")
        self.campaign = Campaign.objects.create(
            slug=SLUG, issuer=story.units[ISSUER], title=TITLE,
            summary="Thí điểm ở hai xã: máy nào đã được xác minh sạch, máy nào còn thiếu gì. Dữ liệu mẫu.",
            letter=story.campaign.letter, contact=story.campaign.contact,
            due_at=story.calendar.moment(BEGIN - 14, 0), is_demo=True,
        )  # fmt: skip
        with story.calendar.at(BEGIN + 1, 8):
            campaigns.publish(self.campaign, story.coordinator)
            self.campaign.refresh_from_db()
            upload = indicators.Upload(listed.name, listed, listed.stat().st_size)
            draft = indicators.prepare(self.campaign, [upload], story.people["cntt"])
            self.set_id = indicators.publish_set(draft, story.coordinator).set_id
            self.nodes = {node.name: node for node in CampaignNode.rows.filter(campaign=self.campaign)}
            pilot = {self.nodes[tale.unit] for tale in self.tales if tale.unit != ISSUER}
            chosen = sorted(pilot, key=lambda node: node.name)
            campaigns.pass_on(self.nodes[ISSUER], chosen, story.coordinator)
        with story.calendar.at(BEGIN, 9):
            for node in chosen:
                campaigns.deploy(node, officer_of(node.unit))

    def _leases(self) -> None:
        """The tables of the communes: each machine keeps its address, but for one that was lent."""
        begin, end = self._micro(BEGIN + 8), self._micro(-1)
        rows: dict[str, tuple[list[Claim], list[Binding]]] = {}
        for number, tale in enumerate(self.tales):
            if not tale.is_leased:
                continue
            claims, bindings = rows.setdefault(tale.unit, ([], []))
            since = begin
            if tale.rival:
                since = int(self._sign_at(tale.signs[0][0]).timestamp() * 1_000_000)
                self._lend(f"{tale.name}-cu", 200 + number, tale.address, (begin, since), claims, bindings)
            self._lend(tale.name, 100 + number, tale.address, (since, end), claims, bindings)
        with self.story.calendar.at(BEGIN, 7):
            for unit, (claims, bindings) in rows.items():
                store_evidence(self.story.units[unit], claims, bindings)

    def _lend(
        self, name: str, number: int, address: str, span: tuple[int, int], claims: list[Claim],
        bindings: list[Binding],
    ) -> None:  # fmt: skip
        card = Key("mac", f"00:25:90:5c:00:{number:02x}")
        bindings.append(Binding(address, card, *span, "bộ định tuyến (dữ liệu mẫu)", "lease"))
        claims.append(Claim((card, Key("host", name)), *span, "bộ định tuyến (dữ liệu mẫu)"))

    def _micro(self, days_ago: int) -> int:
        return int(self.story.calendar.moment(days_ago, 0).timestamp() * 1_000_000)

    def _sign_at(self, days_ago: int) -> datetime:
        return self.story.calendar.moment(days_ago, 9, 20)

    def _act(self, tale: Tale, deed: Deed) -> None:
        node = self.nodes[tale.unit]
        by = (
            self.story.coordinator
            if tale.unit == ISSUER or deed in (_confirm, _agree)
            else officer_of(node.unit)
        )
        cases = Case.rows.filter(device__campaign=self.campaign, family=tale.family, is_current=True)
        named = cases.filter(device__aliases__key=tale.address).select_related("device__owner")
        case = named.first()
        if case is not None:
            deed(case, by)

    # --- logs ---

    def _scan(self, day: int, before: int) -> None:
        """The scans of one week: of the resolver by the district, of the gateway by its commune."""
        root, two = self.nodes[ISSUER], self.nodes["Xã Mù Sang"]
        self._send(root, RESOLVER, day, before, self.story.people["cntt"])
        if day != _UNSCANNED:
            self._send(two, GATEWAY, day, before, officer_of(two.unit))

    def _send(self, node: CampaignNode, place: str, day: int, before: int, by: User) -> None:
        source = hashlib.sha256(f"{place} {day}".encode()).hexdigest()
        here = [tale for tale in self.tales if tale.place == place]
        first, last = self.story.calendar.moment(before, 8), self.story.calendar.moment(day, 7, 59)
        rows = [row for tale in here for row in self._signs(tale, source, first, last)]
        ways = [row for tale in here for row in self._ways(tale, source, first, last)]
        alive = {tale.address: _masks(self._at_work(tale, first, last)) for tale in here}
        lines = self._lines(place, first, last)
        told = {
            "type": "coverage", "source": source, "name": place, "path": f"/var/log/{place}-{day:02}.log",
            "logformat": "zeek.dns", "lines": sum(map(sum, lines.values())), "bytes": 1_000_000,
            "not_understood": 0, "long_lines": 0, "inbound": 0, "first": _stamp(first), "last": _stamp(last),
            "time": "ok", "zone": "", "devices": {}, "gaps": [], "errors": [],
            "hours": lines, "order": "kept",
            "alive": {name: days for name, days in alive.items() if days},
        }  # fmt: skip
        head = {
            "type": "scan", "schema": 2, "tool": "quetsach (dữ liệu mẫu)", "source_name": place,
            "set": {"id": self.set_id, "count": _ITEMS}, "tz": "Asia/Ho_Chi_Minh", "inputs": [],
            "asked": sorted(alive),
        }  # fmt: skip
        end = {"type": "end", "sightings": len(rows), "sources": 1, "errors": 0, "bypasses": len(ways)}
        body = "".join(
            json.dumps(line, ensure_ascii=False) + "\n" for line in (head, *rows, *ways, told, end)
        )
        receipt = receive_file(io.BytesIO(body.encode()), node, Sender(Scan.Door.UPLOAD, user=by))
        if receipt.rejects:
            raise ValueError(receipt.rejected[0].reason)

    def _signs(self, tale: Tale, source: str, first: datetime, last: datetime) -> Iterator[dict[str, Any]]:
        for begin, end in tale.signs:
            for day in range(begin, end - 1, -1):
                at = self._sign_at(day)
                if not first <= at <= last or at.weekday() not in tale.weekdays:
                    continue
                until = at if tale.rival else at + 5 * _HOUR
                yield self._row(tale, "sighting", source, at, until) | {
                    "indicator": tale.domain, "family": tale.family, "matched": tale.domain,
                    "evidence": f"{at:%Y-%m-%d %H:%M:%S} {tale.address} {tale.domain} (dữ liệu mẫu)",
                }  # fmt: skip

    def _ways(self, tale: Tale, source: str, first: datetime, last: datetime) -> Iterator[dict[str, Any]]:
        for day in tale.around:
            at = self._sign_at(day)
            if first <= at <= last and at.weekday() in tale.weekdays:
                yield self._row(tale, "bypass", source, at, at + _HOUR) | {
                    "provider": "Google Public DNS", "kind": "doh", "matched": "dns.google",
                    "field": "server_name",
                }  # fmt: skip

    def _row(self, tale: Tale, kind: str, source: str, at: datetime, until: datetime) -> dict[str, Any]:
        midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0)
        times = [int((one - midnight) / timedelta(microseconds=1)) for one in (at, until)]
        runs = [[times[0], times[0], 3], [times[1], times[1], 2]] if until > at else [[*times, 5]]
        return {
            "type": kind, "source": source, "kind": "domain", "field": "query", "device": tale.address,
            "identity": {}, "who": "", "day": f"{at.astimezone(UTC):%Y-%m-%d}", "first_seen": _stamp(at),
            "last_seen": _stamp(until), "count": 5, "action": "allowed", "logformat": "zeek.dns",
            "runs": runs,
        }  # fmt: skip

    def _at_work(self, tale: Tale, first: datetime, last: datetime) -> Iterator[datetime]:
        return (
            at
            for at in _hours(first, last)
            if at.hour in tale.hours
            and at.weekday() in tale.weekdays
            and self._days_ago(at) >= tale.last_day
            and not self._is_down(tale.place, at)
        )

    def _lines(self, place: str, first: datetime, last: datetime) -> dict[str, list[int]]:
        """Lines by UTC day and hour: many in office hours, some at night, hardly any while the disk was
        full."""
        found: dict[str, list[int]] = {}
        for at in _hours(first, last):
            is_busy = at.weekday() < 5 and at.hour in _OFFICE
            lines = (400 + 17 * at.hour if is_busy else 40) // (50 if self._is_down(place, at) else 1)
            utc = at.astimezone(UTC)
            found.setdefault(f"{utc:%Y-%m-%d}", [0] * 24)[utc.hour] = lines
        return found

    def _is_down(self, place: str, at: datetime) -> bool:
        return place == RESOLVER and self._days_ago(at) in _DOWN and 9 <= at.hour < 17

    def _days_ago(self, at: datetime) -> int:
        return (self.story.calendar.today - at.date()).days


def _pairs() -> Iterable[tuple[int, int]]:
    return zip((BEGIN + 8, *SCANS), SCANS, strict=False)


def _hours(first: datetime, last: datetime) -> Iterator[datetime]:
    at = first
    while at <= last:
        yield at
        at += _HOUR


def _masks(hours: Iterable[datetime]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at in hours:
        utc = at.astimezone(UTC)
        day = f"{utc:%Y-%m-%d}"
        found[day] = found.get(day, 0) | 1 << utc.hour
    return found


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def play(story: Story, folder: Path) -> int:
    """Play the campaign that is eight weeks old; returns the number of its cases."""
    return EighthWeek(story, folder).play()
