"""Whether a visitor's browser and system still get fixes, by the names that the browser gives itself. Pure.

A browser hides much on purpose: Windows 10 and 11 have one name, every Mac is called 10.15, Android is called
10. A client hint tells more, where the browser sends one. The rest is "cannot tell", with the way to look.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

type State = Literal["ok", "old", "unknown"]

_FILE = Path(__file__).with_name("software.toml")
LONGEST = 400
"""Characters of a browser's name that are looked at; the rest is the sender's fancy."""
HINT = "Sec-CH-UA-Platform-Version"
"""The header that tells Windows 11, Android and macOS; browsers send it only after they were asked for it."""
_EDGE = re.compile(r"\bEdg(?:A|iOS)?/(\d{1,4})")
_FOLLOWERS = re.compile(
    r"\b(coc_coc_browser|SamsungBrowser|OPR|Opera|YaBrowser|Vivaldi|Brave|UCBrowser)/", re.I
)
_INSIDE = re.compile(r"\b(?:Zalo|FBA[NV]|Instagram|Line)\b|; wv\)", re.I)
_CHROME = re.compile(r"\b(?:Chrome|CriOS)/(\d{1,4})")
_FIREFOX = re.compile(r"\b(?:Firefox|FxiOS)/(\d{1,4})")
_SAFARI = re.compile(r"\bVersion/(\d{1,3})[\d.]* (?:Mobile/\S+ )?Safari/")
_OLD = re.compile(r"\b(?:MSIE |Trident/)")
_WINDOWS = re.compile(r"\bWindows NT (\d{1,2}\.\d)")
_ANDROID = re.compile(r"\bAndroid (\d{1,2})")
_IOS = re.compile(r"\b(?:iPhone|iPad|iPod)[^)]*? OS (\d{1,2})_")
_NAMES = {"coc_coc_browser": "Cốc Cốc", "samsungbrowser": "Samsung Internet", "opr": "Opera"}


@dataclass(frozen=True, slots=True)
class Browser:
    """`day` is the day on which its support ended or a newer version came out, where it is out of date.
    `kind` is the reason of an unknown one, or how to update it: `app`, `system`, `none`, empty; `last`: its
    system gets no newer version. `firefox` is then the version of Firefox that still gets fixes there, until
    the day `until`; 0 for none."""

    state: State
    name: str = ""
    version: int = 0
    day: date | None = None
    kind: str = ""
    firefox: int = 0
    until: date | None = None


@dataclass(frozen=True, slots=True)
class System:
    """`day` is the day on which support ended. `kind` says what to do or how to look: `windows`, `windows11`,
    `windows_either`, `android`, `android_hidden`, `ios`, `mac`, `mac_hidden`, `linux`, `none`."""

    state: State
    name: str = ""
    day: date | None = None
    kind: str = "none"


@dataclass(frozen=True, slots=True)
class Build:
    """A build of Windows 11, with the ends for Home and Pro, and for Enterprise and Education."""

    name: str
    home: date
    enterprise: date


@dataclass(frozen=True, slots=True)
class Software:
    """What a visitor uses. `may_tell_more`: the browser may send the hint with the next request."""

    browser: Browser
    system: System
    may_tell_more: bool = False


@cache
def book() -> Mapping[str, Any]:
    """The table."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def builds() -> list[Build]:
    """The builds of Windows 11, the oldest first."""
    return [Build(**row) for row in book()["windows11"]]


def checked() -> date:
    """The day to which the table is complete."""
    day: date = book()["checked"]
    return day


@lru_cache(maxsize=512)
def judge(agent: str, platform: str, version: str, today: date) -> Software:
    """What the browser and its system are on that day. `platform` and `version` are the client hints, empty
    where the browser sends none; `agent` is what the browser calls itself."""
    agent = agent[:LONGEST]
    is_chromium = bool(_CHROME.search(agent)) and "CriOS" not in agent
    hint = _numbers(version) if is_chromium else ()
    system = _system(agent, platform.strip('" '), hint, today)
    may_tell_more = is_chromium and not hint and system.kind.endswith(("_either", "_hidden"))
    return Software(_at_its_end(_browser(agent, today), system, today), system, may_tell_more)


def _at_its_end(browser: Browser, system: System, today: date) -> Browser:
    """The browser, where its system gets no newer one: "update it" would be wrong advice there."""
    rows = {row["engine"]: row["version"] for row in book()["last"] if system.name in row["systems"]}
    if not rows or browser.state == "unknown" or browser.kind not in ("", "none"):
        return browser
    version = rows["firefox"]
    if browser.name == "Firefox" and browser.version < version:
        return browser  # this one can still be updated
    ends: date = book()["esr"][str(version)]
    left = version if today <= ends else 0
    return replace(browser, kind="last", firefox=left, until=ends if left else None)


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.strip('" ')[:20].split(".")
    return tuple(int(part) for part in parts if part.isascii() and part.isdigit())


def _browser(agent: str, today: date) -> Browser:
    if _OLD.search(agent):
        return Browser("old", "Internet Explorer", day=date(2022, 6, 15), kind="none")
    if "CriOS" in agent or "FxiOS" in agent or "EdgiOS" in agent:
        return Browser("unknown", kind="system")  # every browser of iOS uses Safari's engine
    grace = book()["grace"]
    if found := _FIREFOX.search(agent):
        return _firefox(int(found[1]), today)
    if found := _CHROME.search(agent):
        if edge := _EDGE.search(agent):
            return _of("chromium", "Microsoft Edge", int(edge[1]), grace["chromium"], today)
        if other := _FOLLOWERS.search(agent):
            name = _NAMES.get(other[1].casefold(), other[1])
            return _of("chromium", name, int(found[1]), grace["follower"], today, is_engine=True)
        if _INSIDE.search(agent):
            return _of("chromium", "", int(found[1]), grace["follower"], today, kind="app", is_engine=True)
        return _of("chromium", "Chrome", int(found[1]), grace["chromium"], today)
    if "Android" not in agent and (found := _SAFARI.search(agent)):
        return _of("safari", "Safari", int(found[1]), grace["safari"], today, kind="system")
    return Browser("unknown", kind="none")


def _firefox(version: int, today: date) -> Browser:
    ends: date | None = book()["esr"].get(str(version))
    if ends is not None and today <= ends:
        return Browser("ok", "Firefox", version)
    judged = _of("firefox", "Firefox", version, book()["grace"]["firefox"], today)
    return judged if ends is None or judged.state == "ok" else Browser("old", "Firefox", version, ends)


def _of(
    table: str, name: str, version: int, grace: int, today: date, *, kind: str = "", is_engine: bool = False
) -> Browser:
    """A browser by the day on which the next version came out. `is_engine`: the number is that of Chromium
    in it, which says nothing to its user."""
    shown = 0 if is_engine else version
    replaced = _replaced(table, version)
    if replaced is not None and today > replaced + timedelta(days=grace):
        return Browser("old", name, shown, replaced, kind)
    if replaced is None and today > checked() + timedelta(days=grace) and version <= _newest(table):
        return Browser("unknown", name, shown, kind=kind)  # the table itself is too old to tell
    return Browser("ok", name, shown, kind=kind)


@cache
def _days(table: str) -> list[tuple[int, date]]:
    return sorted((int(version), day) for version, day in book()[table].items())


def _newest(table: str) -> int:
    return _days(table)[-1][0]


@lru_cache(maxsize=256)
def _replaced(table: str, version: int) -> date | None:
    """The day on which the table knows a newer version; None if it knows none."""
    return next((day for number, day in _days(table) if number > version), None)


def _system(agent: str, platform: str, hint: tuple[int, ...], today: date) -> System:
    if found := _WINDOWS.search(agent):
        return _windows(found[1], hint, today)
    if found := _IOS.search(agent):
        return _ios(agent, int(found[1]), today)
    if "Android" in agent:
        return _android(agent, hint, today)
    if "Macintosh" in agent:
        return _mac(hint, today)
    if "Linux" in agent or "CrOS" in agent or platform == "Linux":
        return System("unknown", "Linux", kind="linux")
    return System("unknown")


def _windows(number: str, hint: tuple[int, ...], today: date) -> System:
    table = book()["windows"]
    if number == "10.0":
        if not hint:
            return System("unknown", "Windows 10 / 11", kind="windows_either")
        if hint[0] >= 13:  # Microsoft: 13 and more is Windows 11, 1 to 10 is Windows 10
            return System("unknown", "Windows 11", kind="windows11")
        number = (
            "10" if hint[0] else {1: "6.1", 2: "6.2", 3: "6.3"}.get(hint[1] if len(hint) > 1 else 0, "10")
        )
    row = table.get(number)
    if row is None:
        return System("unknown", "Windows")
    return _ended(row["name"], row["ended"], today, "windows")


def _ios(agent: str, number: int, today: date) -> System:
    """Since iOS 26 the number stands still at 18, and Safari's own number tells the system."""
    if safari := _SAFARI.search(agent):
        number = max(number, int(safari[1]))
    elif number == 18:
        return System("unknown", "iOS", kind="ios")
    return _ended(f"iOS {number}", book()["ios"].get(str(number)), today, "ios", least=9)


def _android(agent: str, hint: tuple[int, ...], today: date) -> System:
    found = _ANDROID.search(agent)
    told = hint[0] if hint else int(found[1]) if found else 0
    if not told or (told == 10 and not hint):
        return System("unknown", "Android", kind="android_hidden")
    return _ended(f"Android {told}", book()["android"].get(str(told)), today, "android", least=4)


def _mac(hint: tuple[int, ...], today: date) -> System:
    if not hint:
        return System("unknown", "macOS", kind="mac_hidden")
    number = f"{hint[0]}.{hint[1]}" if hint[0] == 10 and len(hint) > 1 else str(hint[0])
    return _ended(f"macOS {number}", book()["macos"].get(number), today, "mac")


def _ended(name: str, ended: date | None, today: date, kind: str, least: int = 0) -> System:
    """A system by the day on which its support ended; one without a day still gets fixes."""
    if ended is None and least and int(name.split()[-1]) < least:
        return System("old", name, kind=kind)
    if ended is not None and today > ended:
        return System("old", name, ended, kind)
    return System("ok", name, kind=kind)
