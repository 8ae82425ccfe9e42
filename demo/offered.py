"""The tools page of the demonstration: what can be built here in seconds is built and offered."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from django.core.management import CommandError, call_command

from demo.story import Story
from demo.words import say
from quetsach.portal.tools.actions import take_start

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
BUILT = ROOT / "var" / "engine"
"""Where `./dev setup` leaves the wheel whose engine it takes."""


def offer_tools(story: Story, folder: Path) -> str:
    """Offer the starting list, the stick and the scanners; returns a note on these programs."""
    folder.mkdir(exist_ok=True)
    with story.calendar.at(8, 9):
        take_start(story.campaign, story.coordinator)
    found = (
        _offered("stick", "publish_stick", _sticks(folder)),
        _offered("wheel", "publish_scanner", _wheels(folder)),
        _offered("on_windows", "publish_scanner", _carried_on_windows(folder)),
        _offered("on_linux", "publish_scanner", _carried_on_linux(folder)),
    )
    return "; ".join(found)


def _offered(what: str, command: str, files: Iterator[Path]) -> str:
    """Try one file after the other; the first that can be published is enough."""
    why = say(f"{what}_parts")
    for file in files:
        try:
            call_command(command, str(file), stdout=io.StringIO())
        except CommandError as error:
            why = str(error)
        else:
            return say("offered", what=say(what))
    return say("not_offered", what=say(what), why=why)


def _sticks(folder: Path) -> Iterator[Path]:
    """A new stick, if all its parts were brought before; then those that `./dev stick` built."""
    if _runs([sys.executable, str(ROOT / "tools" / "stick.py"), "--no-download", "--out", str(folder)]):
        yield from folder.glob("quetsach-stick-*.zip")
    yield from sorted(DIST.glob("quetsach-stick-*.zip"), reverse=True)


def _wheels(folder: Path) -> Iterator[Path]:
    """The wheel of this tree's setup; then those that `./dev wheel` built, each with a signature."""
    for file in (*BUILT.glob("quetsach-*.whl"), *sorted(DIST.glob("quetsach-*.whl"), reverse=True)):
        copy = Path(shutil.copy(file, folder))
        if file.with_name(f"{file.name}.sig").exists():
            yield file
        elif _sign(copy):
            yield copy


def _carried_on_windows(folder: Path) -> Iterator[Path]:
    """The scanner to carry, if the parts of the stick were brought before."""
    command = [sys.executable, str(ROOT / "tools" / "stick.py"), "--kind", "scanner", "--no-download"]
    if _runs([*command, "--out", str(folder)]):
        yield from filter(_sign, folder.glob("quetsach-scanner-windows-*.zip"))


def _carried_on_linux(folder: Path) -> Iterator[Path]:
    """The scanner to carry with the engine of this tree's setup, if its packages were brought before."""
    for wheel in BUILT.glob("quetsach-*.whl"):
        command = [sys.executable, str(ROOT / "tools" / "linux_scanner.py"), str(wheel), "--no-download"]
        if _runs([*command, "--out", str(folder)]):
            yield from filter(_sign, folder.glob("quetsach-scanner-linux-*.zip"))


def _sign(file: Path) -> bool:
    """Sign the file as a test build."""
    return _runs([sys.executable, str(ROOT / "tools" / "sign_file.py"), str(file)])


def _runs(command: list[str]) -> bool:
    """Whether the program ended well."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
