"""Something listed behind more things than a check reads: it is found, or nothing is clean."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quetsach.endpoint import machines
from quetsach.endpoint.checking import Result
from quetsach.endpoint.machines import hive
from quetsach.endpoint.probes import autostart
from tests.endpoint import world
from tests.endpoint.test_list_places import AN, CURRENT, URL
from tests.endpoint.test_signs import LINUX_CLEAN

RUN = rf"{AN}\{CURRENT}\Run"
CHROME = r"HKLM\SOFTWARE\Policies\Google\Chrome"
WMI = r"C:\Windows\System32\wbem\Repository\OBJECTS.DATA"
APT = "/etc/apt/apt.conf.d/99a"


def _keys(root: str, count: int) -> dict[str, Any]:
    return {"registry": {rf"{root}\{number}": {"x": "1"} for number in range(count)}}


def gaps(done: Result) -> set[tuple[str, str, str]]:
    return {(name, gap.reason, gap.detail) for name, seen in done.observed.items() for gap in seen.gaps}


def test_more_keys_than_are_read_are_told() -> None:
    done = world.look_at_recording(world.planted(_keys(world.SPP, 6_000)))
    assert str(done.verdict) == "unknown"
    assert ("activation", "too_large", world.SPP) in gaps(done)
    done = world.look_at_recording(world.planted(_keys(CHROME, 3_000)))
    told = {(name, why, at.casefold()) for name, why, at in gaps(done)}
    assert ("policies", "too_large", CHROME.casefold()) in told


@pytest.mark.parametrize(("count", "verdict"), [(40, "found"), (60, "unknown")])
def test_more_values_of_a_hive_than_are_read_are_told(
    count: int, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hive, "MOST_NAMES", 50)
    values = {f"a{number}": r"C:\Program Files\a.exe" for number in range(count)} | {"z": f"mshta {URL}"}
    told = world.planted({"registry": {RUN: values}})
    assert str(world.look(machines.at(world.tree(told, tmp_path))).verdict) == verdict


@pytest.mark.parametrize(("pad", "verdict"), [(5_000, "found"), (100_000, "found"), (600_000, "found")])
def test_a_text_of_a_hive_is_read_to_its_end_whatever_stands_behind_it(
    pad: int, verdict: str, tmp_path: Path
) -> None:
    told = world.planted({"registry": {RUN: {"a": f"mshta {URL}\0{'a' * pad}"}}})
    assert str(world.look(machines.at(world.tree(told, tmp_path))).verdict) == verdict


def test_a_key_of_thousands_is_not_searched_through_for_each_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = 0
    below = hive._below

    def counted(key: Any) -> Iterator[Any]:
        nonlocal read
        for one in below(key):
            read += 1
            yield one

    monkeypatch.setattr(hive, "_below", counted)
    told = world.planted({"registry": {rf"{world.IFEO}\{number}.exe": {"x": "1"} for number in range(2_000)}})
    machine = machines.at(world.tree(told, tmp_path))
    assert len(autostart.PROBE.run(machine).gaps) == 0
    assert read < 20_000, "each is read twice, not two thousand times"


def test_more_consumers_of_wmi_than_are_read_are_told() -> None:
    one = "\x01CommandLineEventConsumer\0\0C:\\a{}.exe\0a\0"
    told = world.planted({"files": {WMI: "".join(one.format(number) for number in range(1_200))}})
    assert ("wmi_consumers", "too_large", WMI) in gaps(world.look_at_recording(told))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (APT, "".join(f'DPkg::Post-Invoke {{"true {number}";}};\n' for number in range(300))),
        ("/etc/udev/rules.d/9.rules", f'RUN+="/usr/bin/true {"a" * 70_000} {URL}"\n'),
    ],
    ids=["hooks of apt", "a long line of udev"],
)
def test_what_linux_runs_behind_more_than_is_read_is_never_clean(path: str, content: str) -> None:
    told = LINUX_CLEAN | {"files": LINUX_CLEAN["files"] | {path: content}, "registry": {}}
    done = world.look_at_recording(told)
    assert str(done.verdict) == "unknown"
    assert path in {at for _name, _why, at in gaps(done)}
