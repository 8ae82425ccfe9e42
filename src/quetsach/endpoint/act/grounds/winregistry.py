"""Values of the live registry as they are stored, byte by byte, in the 64-bit view.

`winreg` translates strings; a string that it cannot translate could not be restored. Source: winreg.h.
"""

# mypy: disable-error-code="attr-defined,unused-ignore"
from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import byref, c_uint32, c_void_p, c_wchar_p
from typing import Any

from quetsach.endpoint.act.errors import ActError, of
from quetsach.endpoint.act.ground import State

_ROOTS = {"HKLM": 0x80000002, "HKU": 0x80000003}
_READ, _WRITE, _VIEW_64 = 0x20019, 0x20006, 0x100
_MISSING, _MORE = (2, 3), 234
_LARGEST = 16 << 20


class LiveSettings:
    """See the module."""

    def admit(self, key: str) -> None:
        """A running Windows writes its own registry, and that of people who are signed in."""
        root, _, rest = key.partition("\\")
        if root.upper() != "HKU":
            return
        try:
            with _opened(f"{root}\\{rest.partition('\\')[0]}", _READ):
                pass
        except ActError as error:
            if error.reason != "missing":
                raise
            raise ActError("signed_out", key) from error

    def get(self, key: str, name: str) -> State | None:
        try:
            with _opened(key, _READ, name) as (advapi, handle):
                kind, size = c_uint32(), c_uint32(0)
                number = advapi.RegQueryValueExW(
                    handle, c_wchar_p(name), None, byref(kind), None, byref(size)
                )
                if number in _MISSING:
                    return None
                if number not in (0, _MORE) or size.value > _LARGEST:
                    raise of(ctypes.WinError(number), f"{key}\\{name}")
                data = ctypes.create_string_buffer(max(size.value, 1))
                number = advapi.RegQueryValueExW(
                    handle, c_wchar_p(name), None, byref(kind), data, byref(size)
                )
                if number:
                    raise of(ctypes.WinError(number), f"{key}\\{name}")
                return {"type": kind.value, "data": data.raw[: size.value].hex()}
        except ActError as error:
            if error.reason == "missing":
                return None
            raise

    def set(self, key: str, name: str, value: State) -> None:
        data = bytes.fromhex(value["data"])
        with _opened(key, _WRITE, name) as (advapi, handle):
            number = advapi.RegSetValueExW(
                handle, c_wchar_p(name), 0, c_uint32(value["type"]), data, c_uint32(len(data))
            )
            _finish(advapi, handle, number, f"{key}\\{name}")

    def delete(self, key: str, name: str) -> None:
        with _opened(key, _WRITE, name) as (advapi, handle):
            _finish(advapi, handle, advapi.RegDeleteValueW(handle, c_wchar_p(name)), f"{key}\\{name}")


def _finish(advapi: Any, handle: Any, number: int, what: str) -> None:
    # Flushed, so that after a power cut the registry agrees with the journal.
    number = number or advapi.RegFlushKey(handle)
    if number:
        raise of(ctypes.WinError(number), what)


@contextmanager
def _opened(key: str, access: int, name: str = "") -> Iterator[tuple[Any, Any]]:
    """The key, for something with the value of this name. These functions end a name at its first NUL: a
    change of the value `a` NUL `b` would hit `a`."""
    root, _, rest = key.partition("\\")
    if root.upper() not in _ROOTS or "\0" in key + name:
        raise ActError("missing", key)
    advapi = ctypes.WinDLL("advapi32")
    handle = c_void_p()
    # Predefined keys are negative 32-bit numbers, extended by their sign.
    base = c_void_p(ctypes.c_int32(_ROOTS[root.upper()]).value)
    number = advapi.RegOpenKeyExW(base, c_wchar_p(rest), 0, c_uint32(access | _VIEW_64), byref(handle))
    if number:
        raise of(ctypes.WinError(number), key)
    try:
        yield advapi, handle
    finally:
        advapi.RegCloseKey(handle)
