"""Machines checked with the stick: results that units' officers handed in, and traces of cracked software.

The results are invented; they are sealed with the unit's pack and come in through the portal's own endpoint.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from demo.people import officer_of
from demo.story import ISSUER, Story
from quetsach.endpoint import catalogue, sealing
from quetsach.endpoint import pack as packs
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.checks import unit_actions
from quetsach.portal.checks.actions import Sender, receive_all
from quetsach.portal.checks.arriving.drop import Dropped
from quetsach.portal.checks.detections import actions as detection_actions
from quetsach.portal.checks.packs.actions import build_pack, content_of
from quetsach.portal.indicators.actions import Upload
from quetsach.portal.kit.address import absolute

UNTOUCHED = "Xã Dào San"
"""Left for the visitor."""
OFFICES = 10
UNSEEN = ("registry", "services")
_PROBE_REFUSED = {
    "name": "registry", "state": "not_checked", "items": 0,
    "gaps": [{"reason": "no_permission", "detail": ""}],
}  # fmt: skip


class Look(NamedTuple):
    """One check: its signs, and the verdict that they bring."""

    signs: tuple[str, ...] = ()
    verdict: str = "clean"


class Life(NamedTuple):
    """The first check, and the second check if there was one."""

    first: Look
    second: Look | None = None


_CLEAN, _UNKNOWN = Look(), Look((), "unknown")
_KMS = Look(("KMS-01", "AV-01"), "found")
_LIVES = (
    Life(_CLEAN),
    Life(_KMS, _CLEAN),
    Life(_CLEAN),
    Life(Look(("ADO-01", "HST-02"), "found"), _CLEAN),
    Life(Look(("IDM-01",), "check")),
    Life(Look(("OLD-01",))),
    Life(_KMS, Look(("KMS-01",), "found")),
    Life(_CLEAN),
    Life(Look(("FILE-01",), "traces"), _CLEAN),
    Life(_UNKNOWN),
    Life(_KMS),
)
_REPLACEMENTS = (
    ("office", "LibreOffice", "free", "https://www.libreoffice.org/", "Mở và lưu được tệp Word, Excel."),
    ("windows_office", "Bản quyền Windows, Office mua tập trung", "paid", "", "Gửi nhu cầu về phòng VH-TT."),
    ("idm", "Trình tải có sẵn của trình duyệt", "free", "", "Không cần cài thêm phần mềm."),
    ("adobe", "Inkscape, GIMP", "free", "https://inkscape.org/", ""),
)
_RULE = """rule mau_thu_vo_hai
{
    strings:
        $a = "QUET-SACH-MAU-THU-VO-HAI"
    condition:
        $a
}
"""


def check_machines(story: Story, folder: Path) -> int:
    """The district's hashes, rules and replacements; then packs, checks and dates; returns the number of
    results."""
    _prepare(story, folder)
    units = [n for n in story.nodes if n.depth <= 1 and n.unit.kind != "school" and n.name != UNTOUCHED]
    chosen = units[: OFFICES // 2] + units[-OFFICES // 2 :]
    return sum(_check_unit(story, node, number) for number, node in enumerate(chosen))


def _prepare(story: Story, folder: Path) -> None:
    hashes, rule = folder / "ma-bam-mau.csv", folder / "mau-thu.yar"
    hashes.write_text(f"hash,family\n{'5e' * 32},mau-thu\n{'c3' * 16},mau-thu\n", encoding="utf-8")
    rule.write_text(_RULE, encoding="utf-8")
    uploads = [Upload(one.name, one, one.stat().st_size) for one in (hashes, rule)]
    with story.calendar.at(9, 8, 45):
        detection_actions.bring(story.campaign, uploads, "Dữ liệu mẫu", story.coordinator)
        for product, name, terms, link, note in _REPLACEMENTS:
            unit_actions.propose(
                story.campaign,
                story.coordinator,
                product=product,
                name=name,
                terms=terms,
                link=link,
                note=note,
            )


def _check_unit(story: Story, node: CampaignNode, number: int) -> int:
    officer = story.coordinator if node.name == ISSUER else officer_of(node.unit)
    machines = 3 + number % 3
    with story.calendar.at(8, 16, number):
        row = build_pack(node, officer, absolute())
        unit_actions.say_computers(node, machines + number % 4, officer)
        if number % 3:
            day: date = story.calendar.today + timedelta(days=20 + number)
            unit_actions.set_replace_by(node, day, officer)
    told = packs.verified(content_of(row), [bytes.fromhex(row.signed_with.public)])
    taken = 0
    for machine in range(machines):
        life = _LIVES[(number * 4 + machine) % len(_LIVES)]
        for days_ago, look in ((6 - machine % 3, life.first), (1 + number % 2, life.second)):
            if look is not None:
                when = story.calendar.moment(days_ago, 9 + machine, 10 + number)
                result = _result(story, f"PT{number + 1:02}-MAY{machine + 1:02}", when, look)
                sealed = sealing.seal(result, told, f"{number * 100 + machine:032x}", now=when)
                with story.calendar.at(days_ago, 16, number):
                    receipt = receive_all([Dropped("ket-qua.qsresult", sealed)], node, Sender(user=officer))
                taken += receipt.taken
    return taken


def _result(story: Story, machine: str, when: datetime, look: Look) -> dict[str, Any]:
    """A document in the form of `quetsach.endpoint.reporting.result`."""
    signs = catalogue.load().signs
    is_unknown = look.verdict == "unknown"
    return {
        "type": "check", "schema": 1, "tool": "quetsach (dữ liệu mẫu)",
        "machine": machine, "system": "windows",
        "is_running": True, "started": _time(when - timedelta(minutes=4)), "finished": _time(when),
        "depth": "quick", "set": {"id": story.indicator_set.set_id, "count": story.indicator_set.count},
        "answers": {"people": str(1 + int(machine[-2:]) % 3)}, "verdict": look.verdict,
        "probes": [
            {"name": "sockets", "state": "ok", "items": 38, "gaps": []},
            _PROBE_REFUSED if is_unknown else {"name": "registry", "state": "ok", "items": 212, "gaps": []},
        ],
        "unseen": list(UNSEEN) if is_unknown else [],
        "files": {"read": 18_240, "bytes": 2_400_000_000, "too_large": 12, "placeholders": 0, "in_use": 3},
        "findings": [
            {"sign": one, "confidence": str(signs[one].confidence), "kind": str(signs[one].kind),
             "product": signs[one].product, "family": "", "fix": signs[one].fix, "count": 1,
             "evidence": [{"fact": "demo", "place": "dữ liệu mẫu"}]}
            for one in look.signs
        ],
    }  # fmt: skip


def _time(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
