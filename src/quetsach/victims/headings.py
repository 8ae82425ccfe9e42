"""The columns of an office's sheet, recognised by their headings in Vietnamese or English."""

from __future__ import annotations

import re
from collections.abc import Sequence

from quetsach.text.vietnamese import search_key

_ROLES = {
    "address": (
        "ip", "dia chi ip", "ip address", "ipaddress", "ip_address", "address", "src_ip", "source ip",
        "source_ip", "srcip", "ip nguon", "dia chi ip nguon", "ip public", "dia chi ip public", "ip wan",
        "dia chi", "client ip", "dia chi mang", "may nhiem", "may bi nhiem", "nan nhan", "victim", "victims",
    ),
    "time": (
        "thoi gian", "thoi diem", "thoi gian ghi nhan", "thoi gian phat hien", "thoi diem phat hien",
        "thoi diem ghi nhan", "thoi gian ket noi", "ngay", "ngay phat hien", "ngay ghi nhan", "ngay gio",
        "time", "timestamp", "date", "datetime", "date time", "seen", "first seen", "first_seen",
        "time seen", "detected", "detection time", "lan cuoi", "thoi gian cuoi", "last seen", "last_seen",
    ),
    "family": (
        "ma doc", "ten ma doc", "ho ma doc", "loai ma doc", "dong ma doc", "botnet", "ten botnet",
        "mang botnet", "mang may tinh ma", "family", "malware", "malware family", "malware name", "infection",
        "threat", "threat name",
    ),
    "port": ("cong", "cong nguon", "port", "src_port", "source port", "source_port", "srcport"),
    "host": ("ten may", "ten may tinh", "ten may tram", "hostname", "host", "host name", "computer name",
             "machine name", "machine_name"),
    "severity": ("muc do", "muc do nghiem trong", "severity"),
}  # fmt: skip
_BY_HEADING = {heading: role for role, headings in _ROLES.items() for heading in headings}
_OF_VICTIMS = re.compile(r"\b(?:nan nhan|nhiem|infected|victim)\b")
_OF_CULPRITS = re.compile(
    r"\b(?:dich|dst|dest\w*|dieu khien|c2|c&c|cnc|may chu|server|doc hai|malicious|ket noi den|remote)\b"
)
HEADER_WITHIN = 30
"""Titles and the name of the office stand above the headings."""


def columns(names: Sequence[str]) -> dict[str, int]:
    """The column of each role; empty where no column names addresses. Of several columns of one role the
    column with the words "infected" or "victim" counts, else the first. A column of addresses that were
    called is none.
    """
    found: dict[str, int] = {}
    strong: set[str] = set()
    for at, name in enumerate(names):
        key = re.sub(r"\s*[(:*].*", "", search_key(name)).strip(" .")
        role = _BY_HEADING.get(key, "")
        says_victim = bool(_OF_VICTIMS.search(key))
        if not role and says_victim and re.search(r"\bip\b|dia chi|address|may", key):
            role = "address"
        if not role or (role == "address" and _OF_CULPRITS.search(key)):
            continue
        is_strong = role == "address" and says_victim
        if role not in found or (is_strong and role not in strong):
            found[role] = at
        if is_strong:
            strong.add(role)
    return found if "address" in found else {}


def header_of(grid: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]] | None:
    """The row of headings among the first rows, and the columns; None where no row names addresses. A title
    such as "IP nạn nhân" alone on its row is no heading of a table with several columns."""
    best: tuple[int, dict[str, int]] | None = None
    for at, row in enumerate(grid[:HEADER_WITHIN]):
        found = columns(row)
        if found and (best is None or len(found) > len(best[1])):
            best = at, found
    return best
