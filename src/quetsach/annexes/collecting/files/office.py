"""Old Word, RTF and OpenDocument texts as .docx, through the machine's LibreOffice; without it, an error.

The file is hostile until it is read. LibreOffice gets a throw-away profile, only the filter for this kind of
file, no macros, no links out, and limits of processor, memory, size and time. Only one conversion runs at a
time, because each takes a whole processor.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from quetsach.annexes.collecting.paper import FileProblem
from quetsach.files import bounded_process

PROGRAM = "QUETSACH_LIBREOFFICE"
"""Environment variable: the path of LibreOffice, or `off` to switch it off."""
LONGEST = 60.0
"""Seconds for one file; a letter takes one or two."""
MOST_BYTES = 100 << 20
"""Bytes that the .docx may have."""
MOST_MEMORY = 4 << 30
"""Bytes of address space; LibreOffice claims far more than it uses."""
_KINDS = {
    "doc": ("MS Word 97", "old_word"),
    "rtf": ("Rich Text Format", "old_word"),
    "odt": ("writer8", "open_document"),
}
_TARGET = "docx:MS Word 2007 XML"
_USUAL = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.com",
)
# Highest macro security, no running of macros, no downloads for a document; and for any download after all,
# a proxy where nobody listens (port 9, "discard").
_SETTINGS = (
    ("Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Common/Security/Scripting", "CheckDocumentEvents", "false"),
    ("Inet/Settings", "ooInetProxyType", "2"),
    ("Inet/Settings", "ooInetNoProxy", ""),
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
)
_TURN = threading.Lock()


def program() -> str | None:
    """The LibreOffice of this machine, None where it is missing or switched off."""
    told = os.environ.get(PROGRAM, "")
    if told:
        return None if told.casefold() == "off" else shutil.which(told)
    found = shutil.which("soffice") or shutil.which("libreoffice")
    return found or next((path for path in _USUAL if Path(path).is_file()), None)


@dataclass
class Office:
    """Converts the files of one job. `seconds` bounds the time of all of them together; None: no bound."""

    seconds: float | None = None
    _end: float | None = field(init=False)

    def __post_init__(self) -> None:
        self._end = None if self.seconds is None else time.monotonic() + self.seconds

    def as_docx(self, data: bytes, kind: str) -> bytes:
        """A `doc`, `rtf` or `odt` as .docx.

        Raises FileProblem: `old_word` or `open_document` without LibreOffice, `encrypted`, `office_failed`,
        `office_slow`, `office_later` when the job's time is over. Raises BusyError
        where the portal already reads or converts as many files as allowed.
        """
        reader, without = _KINDS[kind]
        path = program()
        if path is None:
            raise FileProblem(without)
        if kind == "doc" and _has_password(data):
            raise FileProblem("encrypted")
        left = LONGEST if self._end is None else self._end - time.monotonic()
        if left <= 0:
            raise FileProblem("office_later")
        with (
            bounded_process.place(),
            _turn(left),
            tempfile.TemporaryDirectory(prefix="quetsach-office-") as place,
        ):
            return _converted(path, Path(place), data, kind, reader)


def _has_password(data: bytes) -> bool:
    """The flag in the head of the stream WordDocument ([MS-DOC] 2.5.2), which starts at a sector."""
    for at in range(512, min(len(data) - 12, 1 << 20), 512):
        if data[at : at + 2] == b"\xec\xa5" and data[at + 3] == 0:
            return bool(data[at + 11] & 1)
    return False


def _converted(path: str, place: Path, data: bytes, kind: str, reader: str) -> bytes:
    profile = place / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_registry(), encoding="utf-8")
    paper, out = place / f"paper.{kind}", place / "out"
    paper.write_bytes(data)
    command = [
        path,
        f"-env:UserInstallation={profile.as_uri()}",
        "--headless",
        "--norestore",
        "--nolockcheck",
        "--nodefault",
        f"--infilter={reader}",
        "--convert-to",
        _TARGET,
        "--outdir",
        str(out),
        str(paper),
    ]
    _run(_limited(command), place)
    made = out / "paper.docx"
    if not made.is_file() or made.stat().st_size > MOST_BYTES:
        raise FileProblem("office_failed")
    return made.read_bytes()


def _run(command: list[str], place: Path) -> None:
    """Run a command to its end or to the limit; all processes that it started end with it."""
    known = ("PATH", "SYSTEMROOT", "WINDIR", "PROGRAMFILES")
    surroundings = {name: os.environ[name] for name in known if name in os.environ}
    surroundings |= {
        "HOME": str(place),
        "TMPDIR": str(place),
        "TEMP": str(place),
        "TMP": str(place),
        "LANG": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
    }
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, stdin=quiet, stdout=quiet, stderr=quiet, cwd=place, env=surroundings, start_new_session=True
    )
    try:
        process.wait(LONGEST)
    except subprocess.TimeoutExpired as error:
        raise FileProblem("office_slow", most=int(LONGEST)) from error
    finally:
        if sys.platform == "win32":
            process.kill()
        else:
            # The program is a script around the working process, so the whole group is killed.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _limited(command: list[str]) -> list[str]:
    """The command under limits of the shell; Windows has only the time limit."""
    if sys.platform == "win32":
        return command
    limits = {"t": int(LONGEST), "v": MOST_MEMORY >> 10, "f": MOST_BYTES >> 9, "c": 0}
    said = "".join(f"ulimit -{name} {most}; " for name, most in limits.items())
    return ["/bin/sh", "-c", f'{said}exec "$@"', "sh", *command]


def _registry() -> str:
    items = "".join(
        f'<item oor:path="/org.openoffice.{"Office." if group.startswith("Common") else ""}{group}">'
        f'<prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for group, name, value in _SETTINGS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry"'
        f' xmlns:xs="http://www.w3.org/2001/XMLSchema">{items}</oor:items>'
    )


@contextlib.contextmanager
def _turn(seconds: float) -> Iterator[None]:
    """Allow one conversion at a time on the machine, as far as all users share one temporary folder."""
    end = time.monotonic() + seconds
    if not _TURN.acquire(timeout=max(seconds, 0)):
        raise FileProblem("office_later")
    try:
        with _machine_wide(end):
            yield
    finally:
        _TURN.release()


@contextlib.contextmanager
def _machine_wide(end: float) -> Iterator[None]:
    if sys.platform == "win32":
        yield
        return
    import fcntl

    name = Path(tempfile.gettempdir()) / f"quetsach-office-{os.getuid()}.lock"
    handle = os.open(name, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > end:
                    raise FileProblem("office_later") from error
                time.sleep(0.1)
        yield
    finally:
        os.close(handle)
