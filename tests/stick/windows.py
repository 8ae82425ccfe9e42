"""A Windows made of wine: one prefix, with the stick as drive E: and none of this machine's own files.

Wine 10 at least: under Debian 12's wine 8 yara-x does not load, and asking for WMI ends the program.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zipfile import ZipFile

import pytest

from quetsach.endpoint import keys
from tests import debian13
from tests.endpoint.packs import SIGNING
from tests.stick import debug_parts

ROOT = Path(__file__).resolve().parents[2]

WINE = debian13.command("wine", 10)
WINESERVER = (*WINE[:-1], str(Path(WINE[-1]).with_name("wineserver"))) if WINE else ()
NEEDS_WINE = [
    pytest.mark.wine,
    pytest.mark.skipif(not WINE, reason=f"wine 10 is not here. {debian13.absent() if not WINE else ''}"),
]
_SECONDS = 120
_OWN_FOLDERS = ("Desktop", "Documents", "Downloads", "Music", "Pictures", "Videos")


@cache
def built(which: str = "one", *options: str) -> Path:
    """The ZIP of a test build, built once under each name."""
    out = ROOT / "var/stick/built" / which
    trust = keys.public("signing", SIGNING).hex()
    command = [sys.executable, ROOT / "tools/stick.py", "--trust", trust, "--out", out, *options]
    subprocess.run(command, check=True, cwd=ROOT)
    (made,) = out.glob("*.zip")
    return made


def built_elsewhere(folder: Path) -> Path:
    """The same ZIP, built by a copy of the sources in another folder."""
    not_taken = shutil.ignore_patterns("__pycache__", "_native.*.so")
    for name in ("src", "crates", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=not_taken)
    for path in (*ROOT.glob("*.md"), *ROOT.glob("Cargo.*"), ROOT / "LICENSE", ROOT / "requirements.lock"):
        shutil.copy(path, folder)
    # What was downloaded once, and the engine and the compiler where they are here.
    (folder / "var").mkdir()
    for name in ("var/stick", "var/debian13", "dist"):
        if (ROOT / name).exists():
            (folder / name).symlink_to((ROOT / name).resolve())
    trust = keys.public("signing", SIGNING).hex()
    command = [sys.executable, folder / "tools/stick.py", "--trust", trust, "--out", folder / "built"]
    search = os.pathsep.join((str(folder / "src"), str(folder)))
    subprocess.run(command, check=True, cwd=folder, env=os.environ | {"PYTHONPATH": search})
    (made,) = (folder / "built").glob("*.zip")
    return made


def unpacked(drive: Path) -> Path:
    """The folder of the stick, on the drive."""
    with ZipFile(built()) as zipped:
        zipped.extractall(drive)
    (folder,) = drive.iterdir()
    return folder


def program(*command: str, folder: Path) -> list[str]:
    """The command line that starts `command` under wine from a folder."""
    return [*WINE[:-1], "env", "-C", str(folder), *WINE[-1:], *command]


def drain(handle: int, said: bytearray) -> None:
    """Read everything that comes."""
    with suppress(OSError):
        while data := os.read(handle, 1 << 16):
            said += data


@dataclass
class Windows:
    """`prefix` holds drive C: and the registry; `drive` is the content of E:."""

    prefix: Path
    drive: Path
    _desktop: subprocess.Popen[bytes] | None = None

    @property
    def disk(self) -> Path:
        return self.prefix / "drive_c"

    @property
    def user(self) -> Path:
        (found,) = (path for path in (self.disk / "users").iterdir() if path.name != "Public")
        return found

    def run(self, *command: str) -> tuple[int, str]:
        """Exit code, and output.

        Through a pipe, because wine gives Python no file as a stream; but not to the pipe's end, because
        services that wine starts keep the pipe open.
        """
        said = bytearray()
        with subprocess.Popen(
            [*WINE, *command],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            assert process.stdout is not None
            handle = process.stdout.fileno()
            reader = threading.Thread(target=drain, args=(handle, said), daemon=True)
            reader.start()
            try:
                code = process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                self.stop()
                process.kill()
                pytest.fail(f"{command} did not end: {bytes(said).decode('utf-8', 'replace')}")
            reader.join(2)
        return code, bytes(said).decode("utf-8", "replace")

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "WINEPREFIX": str(self.prefix),
            "WINEDEBUG": "-all",
            # Names of files with diacritics.
            "LC_ALL": "C.UTF-8",
            "WINEDLLOVERRIDES": "mscoree,mshtml,winemenubuilder.exe=",
            "QUETSACH_NO_PAUSE": "1",
        }

    def start(self) -> None:
        """Make the prefix, unless an earlier run has."""
        self.prefix.mkdir(parents=True, exist_ok=True)
        if not (self.prefix / "system.reg").is_file():
            self.run("wineboot", "-i")
            # Processes left by the first start make the next program that needs a desktop wait for ever.
            self.settle()
        mark = self.prefix / "without-debugging-information"
        if not mark.exists():
            debug_parts.remove(self.disk / "windows")
            mark.touch()
        subprocess.run([*WINESERVER, "-p"], env=self.environment, stdout=subprocess.DEVNULL, check=False)
        # Else the first call of WMI starts the desktop, and gives up before the desktop is there.
        self._desktop = subprocess.Popen(
            [*WINE, "explorer", "/desktop"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        drives = self.prefix / "dosdevices"
        for name, place in (("z:", None), ("e:", self.drive)):
            (drives / name).unlink(missing_ok=True)
            if place is not None:
                (drives / name).symlink_to(place)
        for name in _OWN_FOLDERS:
            folder = self.user / name
            if folder.is_symlink():
                folder.unlink()
                folder.mkdir()

    def stop(self) -> None:
        """End everything of this Windows: a program that wine started does not end with its parent."""
        subprocess.run([*WINESERVER, "-k"], env=self.environment, check=False)

    def settle(self) -> None:
        """End everything, so that the registry is written to the disk."""
        self.stop()
        subprocess.run([*WINESERVER, "-w"], env=self.environment, timeout=60, check=False)
        if self._desktop is not None:
            self._desktop.wait(60)

    def files(self) -> dict[str, tuple[int, int]]:
        """Files of C: with size and time of change."""
        return {
            str(path.relative_to(self.disk)): (path.stat().st_size, path.stat().st_mtime_ns)
            for path in self.disk.rglob("*")
            if path.is_file() and not path.is_symlink()
        }

    def registry(self) -> dict[str, str]:
        """The whole registry, exported by the running system."""
        found = {}
        for root in ("HKLM", "HKCU"):
            file = self.drive / f"{root}.reg"
            code, told = self.run("reg", "export", root, f"E:\\{file.name}", "/y")
            assert code == 0, told
            found[root] = file.read_text(encoding="utf-16")
            file.unlink()
        return found
