"""Cuts the power at every point: `python -m tests.endpoint.act.cut FOLDER KIND` prints one JSON line a cut.

A child applies the plan (or undoes it) and is killed before its n-th change of the disk; then undo
must bring everything back. A kill cannot show a write that had not reached the platter; the order covers that
case: the journal's `fsync` returns before the act starts.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quetsach.endpoint.act import grounds, journal, runs, undoing
from quetsach.endpoint.act.grounds import hives
from tests.endpoint.act import disks

_CHANGES = (
    "fsync",
    "unlink",
    "rename",
    "link",
    "rmdir",
    "mkdir",
    "fchmod",
    "fchown",
    "utime",
    "setxattr",
    "ftruncate",
)


def _cut_at(number: int) -> None:
    """Kill this process before its n-th change."""
    left = number

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def change_or_die(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return change(*arguments, **named)

        return change_or_die

    for name in _CHANGES:
        setattr(os, name, counted(getattr(os, name)))
    hives._write = counted(hives._write)


def _in_child(act: Callable[[], Any], number: int) -> bool:
    """Whether the child came to its end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other threads can only be YARA's pool, which the child never uses
        child = os.fork()
    if not child:
        try:
            _cut_at(number)
            act()
            os._exit(0)
        finally:
            os._exit(9)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return False
    assert os.waitstatus_to_exitcode(status) == 0, number
    return True


def main(folder: Path, kind: str, *, is_undo: bool) -> None:
    """Try every cut in turn, until a run is complete."""
    made = folder / "made"
    if kind == "linux":
        disks.linux(made)
    else:
        disks.windows(made, "KMS-01", "KMS-03", "SVC-01", "HST-01", "TASK-01", "DIR-01", "AV-01", "FW-02")
    one = disks.planned(made)
    before = disks.snapshot(made)
    if is_undo:
        disks.applied(made, one)
    number, root = 0, folder / "disk"
    while True:
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(made, root, symlinks=True)
        _owners(made, root)

        def act() -> None:
            if is_undo:
                undoing.undo(grounds.at(root))
            else:
                disks.applied(root, one)

        is_through = _in_child(act, number)
        store = grounds.at(root).store
        begun, told = [], ""
        try:
            undone = undoing.undo(grounds.at(root))
            told = ", ".join(f"{step}: {error}" for step, error in undone.failed.items())
            with journal.opened(store / runs.JOURNAL) as kept:
                begun = [entry["step"] for run in runs.of(kept) for entry in run.begun]
        except Exception as error:
            told = getattr(error, "reason", repr(error))
        print(json.dumps({
            "cut": number, "is_through": is_through, "begun": begun, "told": told,
            "is_same": disks.snapshot(root) == before, "steps": len(one.steps),
        }))  # fmt: skip
        if is_through:
            break
        number += 1


def _owners(made: Path, root: Path) -> None:
    if os.geteuid() == 0:
        for place in made.rglob("*"):
            status = place.lstat()
            there = root / place.relative_to(made)
            os.chown(there, status.st_uid, status.st_gid)
            there.chmod(status.st_mode)
            os.utime(there, ns=(status.st_atime_ns, status.st_mtime_ns))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], is_undo=sys.argv[3:] == ["undo"])
