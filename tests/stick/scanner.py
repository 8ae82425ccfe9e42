"""The scanner to carry on a Windows made of wine, and scripts that run in its Python."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from tools import stick as builder

from tests.stick.windows import WINE, Windows

ENGINE = builder.engine_of_wheel()
MISSING = "no fast engine for Windows of these sources is in dist; ./dev wheel --target windows builds it"
NEEDS_ENGINE = pytest.mark.skipif(ENGINE is None, reason=MISSING)
FLAGS = ("-I", "-B", "-X", "utf8")
FIND_ENGINE = """
from quetsach.stick import archives; archives.read_once()
import sys
from pathlib import Path
import quetsach
quetsach.__path__.append(str(Path(sys.executable).parent / 'lib' / 'quetsach'))
"""
COMMAND_LINE = "; ".join(FIND_ENGINE.split("\n")[1:-1]) + "; from quetsach.cli import main; main()"
BEGIN = f"""{FIND_ENGINE}
import json, os, threading, time, _winapi
from quetsach import _native
from quetsach.files import opening
from quetsach.scanning import engine
place = Path("E:/thử nghiệm")
place.mkdir(exist_ok=True)
def tell(**told):
    print("TOLD" + json.dumps(told), flush=True)
"""


def python(scanner: Path) -> str:
    """The scanner's Python, as Windows names it."""
    return rf"E:\{scanner.name}\he-thong\python.exe"


def run(windows: Windows, scanner: Path, script: str, flags: tuple[str, ...] = FLAGS) -> dict[str, Any]:
    """The values that a script in the scanner's Python told."""
    (windows.drive / "script.py").write_text(BEGIN + script, encoding="utf-8")
    code, told = windows.run(python(scanner), *flags, r"E:\script.py")
    line = next((one for one in told.splitlines() if one.startswith("TOLD")), None)
    assert line is not None, (code, told)
    return json.loads(line.removeprefix("TOLD"))


def quetsach(windows: Windows, scanner: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and output of the command line, in English."""
    return windows.run(python(scanner), *FLAGS, "-c", COMMAND_LINE, "--lang", "en", *arguments)


class Answering:
    """A script in the scanner's Python that answers one line of JSON with another; it ends with the block."""

    def __init__(self, windows: Windows, scanner: Path, script: str) -> None:
        (windows.drive / "answering.py").write_text(BEGIN + script, encoding="utf-8")
        self._process = subprocess.Popen(
            [*WINE, python(scanner), *FLAGS, r"E:\answering.py"],
            env=windows.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        finally:
            self._process.kill()
            self._process.stdout.close()

    def ask(self, **question: Any) -> dict[str, Any]:
        """The values that the script tells for a question."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        said = []
        for line in self._process.stdout:
            if line.startswith(b"TOLD"):
                return json.loads(line.removeprefix(b"TOLD"))
            said.append(line.decode("utf-8", "replace"))
        pytest.fail(f"it ended: {''.join(said)}")
