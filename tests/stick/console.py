"""A person at the console window: reads its text and types."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import termios
import threading
import time
from types import TracebackType
from typing import Self

import pytest

from tests.stick.windows import Windows, drain, program

_ESCAPED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[=>()][0-9AB]?)")
_ROWS, _COLUMNS = 400, 100
"""So high that nothing scrolls: wine draws scrolled lines once more."""
_SECONDS = 180


class Console:
    """A Windows program at a terminal; it ends with the block."""

    def __init__(self, windows: Windows, *command: str) -> None:
        self._windows = windows
        self._shown = bytearray()
        self._read = 0
        self._terminal, inner = pty.openpty()
        termios.tcsetwinsize(inner, (_ROWS, _COLUMNS))
        # Started from its drive, as Explorer does: wine complains about a folder that is on no drive, and the
        # complaint would move the lines below it.
        self._process = subprocess.Popen(
            program(*command, folder=windows.drive),
            env=windows.environment,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        self._reader = threading.Thread(target=drain, args=(self._terminal, self._shown), daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._windows.stop()
            self._process.kill()
            self._process.wait()

    def until(self, wanted: str) -> str:
        """The text shown since the last answer, once it holds `wanted`; blanks and line ends count as
        equal."""
        last = time.monotonic() + _SECONDS
        while wanted not in (shown := self._since()):
            if time.monotonic() > last or self._process.poll() is not None:
                pytest.fail(f"{wanted!r} is not shown: {shown}")
            time.sleep(0.05)
        return shown

    def answer(self, text: str) -> None:
        """Type a text and press Enter."""
        self._read = len(self._shown)
        os.write(self._terminal, f"{text}\r".encode())

    def interrupt(self) -> None:
        """Press Ctrl+C."""
        self._read = len(self._shown)
        os.write(self._terminal, b"\x03")

    def code(self) -> int:
        """The exit code, once the program has ended."""
        return self._process.wait(_SECONDS)

    def leave(self, text: str) -> int:
        """Type a text that ends the program; returns the exit code."""
        self.answer(text)
        return self.code()

    def _since(self) -> str:
        text = bytes(self._shown[self._read :]).decode("utf-8", "replace")
        return " ".join(_ESCAPED.sub(" ", text).split())
