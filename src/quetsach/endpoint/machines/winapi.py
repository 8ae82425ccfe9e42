"""Calls into Windows by ctypes: the resolver's cache, and Authenticode signatures.

Sources: dnsapi `DnsGetCacheDataTable` (undocumented; `ipconfig /displaydns` calls it), wintrust.h
`WinVerifyTrust` and mscat.h `CryptCATAdmin*` of the Windows SDK.
"""

# mypy: disable-error-code="attr-defined,unused-ignore"
from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, Structure, byref, c_ubyte, c_uint16, c_uint32, c_void_p, c_wchar_p, sizeof
from functools import cache
from typing import Any
from uuid import UUID

from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Signature
from quetsach.endpoint.registry_values import tell

_MOST_NAMES = 50_000
_GENERIC_VERIFY_V2 = UUID("00AAC56B-CD44-11D0-8CC2-00C04FC295EE")
_FILE, _UI_NONE, _REVOKE_NONE, _VERIFY, _CLOSE = 1, 2, 0, 1, 2
_CACHE_ONLY = 0x1000
_BAD = {0x80096010, 0x80096019, 0x800B0003}
"""TRUST_E_BAD_DIGEST, TRUST_E_BASIC_CONSTRAINTS, TRUST_E_SUBJECT_FORM_UNKNOWN of a damaged image."""
_NO_SIGNATURE = 0x800B0100


_KINDS = {2: "removable", 3: "fixed", 4: "network", 5: "disc", 6: "fixed"}
"""The answers of GetDriveTypeW (fileapi.h): a disk in memory is as good as a fixed one."""
_FAIL_CRITICAL_ERRORS = 1


def drives() -> list[tuple[str, str]]:
    r"""The roots of all drive letters (`D:\`), each with its kind."""
    try:
        kernel = ctypes.windll.kernel32
        # Else Windows asks the person at the machine to insert a medium.
        kernel.SetThreadErrorMode(_FAIL_CRITICAL_ERRORS, None)
        letters = kernel.GetLogicalDrives()
        kind_of = kernel.GetDriveTypeW
        kind_of.argtypes, kind_of.restype = [c_wchar_p], c_uint32
        roots = [f"{chr(65 + at)}:\\" for at in range(26) if letters >> at & 1]
        return [(root, _KINDS[kind]) for root in roots if (kind := kind_of(root)) in _KINDS]
    except (OSError, AttributeError) as error:
        raise Unavailable("failed", "GetLogicalDrives") from error


_MORE_DATA, _NO_MORE_FILES = 234, 18
_MOST_VOLUMES, _NAME_LENGTH = 1_000, 64


def volumes() -> list[tuple[str, str, tuple[str, ...]]]:
    r"""The volumes (`\\?\Volume{…}\`), each with its kind and where it is mounted: at letters, in folders."""
    try:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        first = kernel.FindFirstVolumeW
        first.argtypes, first.restype = [ctypes.c_wchar_p, c_uint32], c_void_p
        following, close = kernel.FindNextVolumeW, kernel.FindVolumeClose
        following.argtypes, close.argtypes = [c_void_p, ctypes.c_wchar_p, c_uint32], [c_void_p]
        kernel.GetDriveTypeW.argtypes, kernel.GetDriveTypeW.restype = [c_wchar_p], c_uint32
        name = ctypes.create_unicode_buffer(_NAME_LENGTH)
        search = first(name, _NAME_LENGTH)
    except (OSError, AttributeError) as error:
        raise Unavailable("failed", "FindFirstVolume") from error
    if search in (None, c_void_p(-1).value):
        raise Unavailable("failed", "FindFirstVolume")
    found = []
    try:
        while True:
            kind = _KINDS.get(kernel.GetDriveTypeW(name.value), "fixed")
            found.append((name.value, kind, _mounts(kernel, name.value)))
            if not following(search, name, _NAME_LENGTH):
                if ctypes.get_last_error() != _NO_MORE_FILES:
                    raise Unavailable("failed", "FindNextVolume")
                return found
            if len(found) >= _MOST_VOLUMES:
                raise Unavailable("too_large", "FindNextVolume")
    finally:
        close(search)


def _mounts(kernel: Any, volume: str) -> tuple[str, ...]:
    ask, size = kernel.GetVolumePathNamesForVolumeNameW, c_uint32(1024)
    ask.argtypes = [c_wchar_p, ctypes.c_wchar_p, c_uint32, POINTER(c_uint32)]
    for _try in range(3):
        told = ctypes.create_unicode_buffer(size.value)
        if ask(volume, told, size.value, byref(size)):
            return tuple(filter(None, told[: size.value].split("\0")))
        if ctypes.get_last_error() != _MORE_DATA:
            break
    return ()  # then it is looked at by its own name


class _CacheEntry(Structure):
    _fields_ = (
        ("next", c_void_p),
        ("name", c_wchar_p),
        ("type", c_uint16),
        ("length", c_uint16),
        ("flags", c_uint32),
    )


def resolver_cache() -> list[str]:
    """The names in the cache of Windows' resolver."""
    first = c_void_p()
    try:
        ask = ctypes.windll.dnsapi.DnsGetCacheDataTable
    except (OSError, AttributeError) as error:
        raise Unavailable("failed", "DnsGetCacheDataTable") from error
    ask.argtypes, ask.restype = [POINTER(c_void_p)], ctypes.c_int
    if not ask(byref(first)):
        raise Unavailable("failed", "DnsGetCacheDataTable")
    found: list[str] = []
    at = first.value
    while at and len(found) < _MOST_NAMES:
        entry = _CacheEntry.from_address(at)
        if entry.name:
            found.append(entry.name)
        at = entry.next
    if at:
        tell("too_large", "DnsGetCacheDataTable")
    return list(dict.fromkeys(found))


class _Guid(Structure):
    _fields_ = (("bytes", c_ubyte * 16),)


class _FileInfo(Structure):
    _fields_ = (
        ("size", c_uint32),
        ("path", c_wchar_p),
        ("handle", c_void_p),
        ("subject", c_void_p),
    )


class _TrustData(Structure):
    _fields_ = (
        ("size", c_uint32),
        ("policy_data", c_void_p),
        ("sip_data", c_void_p),
        ("ui", c_uint32),
        ("revocation", c_uint32),
        ("union", c_uint32),
        ("file", c_void_p),
        ("action", c_uint32),
        ("state", c_void_p),
        ("url", c_wchar_p),
        ("flags", c_uint32),
        ("ui_context", c_uint32),
        ("settings", c_void_p),
    )


def signature(path: str) -> tuple[Signature, str]:
    """The embedded signature, else a signature by a catalogue of the system. The signer's name is not
    read."""
    try:
        code = _verify(path)
    except (OSError, AttributeError):
        return Signature.UNKNOWN, ""
    if code == 0:
        return Signature.VALID, ""
    if code in _BAD:
        return Signature.BAD, ""
    if code != _NO_SIGNATURE:
        return Signature.UNKNOWN, ""
    try:
        if _is_in_catalogue(path):
            return Signature.VALID, ""
    except (OSError, AttributeError):
        return Signature.UNKNOWN, ""
    return (Signature.UNSIGNED if _can_judge() else Signature.UNKNOWN), ""


@cache
def _can_judge() -> bool:
    """Whether this Windows can verify the signature of one of its own files.

    Where it cannot (a damaged catalogue service, another maker's Windows), "unsigned" says nothing.
    """
    own = os.path.expandvars(r"%SystemRoot%\System32\kernel32.dll")
    try:
        return _verify(own) == 0 or _is_in_catalogue(own)
    except (OSError, AttributeError):
        return False


def _verify(path: str) -> int:
    file = _FileInfo(sizeof(_FileInfo), path, None, None)
    data = _TrustData(
        size=sizeof(_TrustData),
        ui=_UI_NONE,
        revocation=_REVOKE_NONE,
        union=_FILE,
        file=ctypes.cast(ctypes.pointer(file), c_void_p),
        action=_VERIFY,
        flags=_CACHE_ONLY,
    )
    action = _Guid((c_ubyte * 16)(*_GENERIC_VERIFY_V2.bytes_le))
    ask = ctypes.windll.wintrust.WinVerifyTrust
    ask.argtypes, ask.restype = [c_void_p, POINTER(_Guid), POINTER(_TrustData)], ctypes.c_long
    code: int = ask(None, byref(action), byref(data)) & 0xFFFFFFFF
    data.action = _CLOSE
    ask(None, byref(action), byref(data))
    return code


def _is_in_catalogue(path: str) -> bool:
    # Older catalogues name files by SHA-1; None asks for SHA-1.
    return any(_is_catalogued(path, algorithm) for algorithm in ("SHA256", None))


def _is_catalogued(path: str, algorithm: str | None) -> bool:
    import msvcrt

    wintrust = ctypes.windll.wintrust
    context = c_void_p()
    acquire = wintrust.CryptCATAdminAcquireContext2
    acquire.argtypes = [POINTER(c_void_p), c_void_p, c_wchar_p, c_void_p, c_uint32]
    if not acquire(byref(context), None, algorithm, None, 0):
        raise OSError("CryptCATAdminAcquireContext2")
    try:
        with open(path, "rb") as opened:  # noqa: PTH123
            handle = c_void_p(msvcrt.get_osfhandle(opened.fileno()))
            length, digest = c_uint32(64), (c_ubyte * 64)()
            calculate = wintrust.CryptCATAdminCalcHashFromFileHandle2
            calculate.argtypes = [c_void_p, c_void_p, POINTER(c_uint32), c_void_p, c_uint32]
            if not calculate(context, handle, byref(length), digest, 0):
                raise OSError("CryptCATAdminCalcHashFromFileHandle2")
        enumerate_ = wintrust.CryptCATAdminEnumCatalogFromHash
        enumerate_.argtypes = [c_void_p, c_void_p, c_uint32, c_uint32, c_void_p]
        enumerate_.restype = c_void_p
        found = enumerate_(context, digest, length, 0, None)
        if found:
            release = wintrust.CryptCATAdminReleaseCatalogContext
            release.argtypes = [c_void_p, c_void_p, c_uint32]
            release(context, found, 0)
        return bool(found)
    finally:
        wintrust.CryptCATAdminReleaseContext.argtypes = [c_void_p, c_uint32]
        wintrust.CryptCATAdminReleaseContext(context, 0)
