"""A Windows console: whether it draws colour codes, or shows them as letters.

Source: consoleapi.h of the Windows SDK.
"""

# mypy: disable-error-code="attr-defined,unused-ignore"
from __future__ import annotations

import ctypes
from ctypes import byref, c_short, c_ulong, c_ushort, c_void_p

_CODE = "\x1b[0m"
_DRAWS_CODES = 0x0004
"""ENABLE_VIRTUAL_TERMINAL_PROCESSING: off until a program asks for it, and click never asks."""


class _Place(ctypes.Structure):
    _fields_ = (("x", c_short), ("y", c_short))


class _Screen(ctypes.Structure):
    """CONSOLE_SCREEN_BUFFER_INFO."""

    _fields_ = (
        ("size", _Place),
        ("cursor", _Place),
        ("colours", c_ushort),
        ("window", c_short * 4),
        ("largest", _Place),
    )


def draws_codes() -> bool:
    """Ask the console; true also without a console, because then nobody sends it codes."""
    import msvcrt

    try:
        # The console itself, wherever the streams lead.
        with open("CONOUT$", "wb", buffering=0) as console:  # noqa: PTH123
            return _asked(c_void_p(msvcrt.get_osfhandle(console.fileno())))
    except (OSError, ValueError):
        return True


def _asked(console: c_void_p) -> bool:
    """Tested by trying, because wine's console (10) promises it and then prints the codes."""
    kernel = ctypes.WinDLL("kernel32")
    mode, written = c_ulong(), c_ulong()
    if not kernel.GetConsoleMode(console, byref(mode)):
        return True
    if not kernel.SetConsoleMode(console, mode.value | _DRAWS_CODES):
        return False
    before, after = _Screen(), _Screen()
    kernel.GetConsoleScreenBufferInfo(console, byref(before))
    kernel.WriteConsoleW(console, _CODE, len(_CODE), byref(written), None)
    kernel.GetConsoleScreenBufferInfo(console, byref(after))
    if (before.cursor.x, before.cursor.y) == (after.cursor.x, after.cursor.y):
        return True
    kernel.SetConsoleCursorPosition(console, before.cursor)
    kernel.WriteConsoleW(console, " " * len(_CODE), len(_CODE), byref(written), None)
    kernel.SetConsoleCursorPosition(console, before.cursor)
    kernel.SetConsoleMode(console, mode)
    return False
