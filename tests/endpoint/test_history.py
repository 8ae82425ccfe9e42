"""A crack that once ran is history, and the finding gives its days; such a machine can still become clean."""

from __future__ import annotations

import codecs
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quetsach.endpoint.reporting import result, wording
from tests.endpoint import world

CRACK = r"C:\Users\an\Downloads\KMSpico 10.exe"
HARMLESS = r"C:\Users\an\Downloads\thuoc do.exe"
RAN = datetime(2026, 3, 4, 5, tzinfo=UTC)
EXPLORER = r"Software\Microsoft\Windows\CurrentVersion\Explorer"


def filetime(moment: datetime) -> bytes:
    return struct.pack("<Q", (moment - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10)


def _shim(path: str) -> bytes:
    raw = path.encode("utf-16-le")
    body = struct.pack("<H", len(raw)) + raw + filetime(RAN) + bytes(4)
    return struct.pack("<I", 52).ljust(52, b"\0") + b"10ts" + bytes(4) + struct.pack("<I", len(body)) + body


TRACES: dict[str, Any] = {
    "ShimCache": lambda path: {
        r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\AppCompatCache": {
            "AppCompatCache": _shim(path)
        }
    },
    "MuiCache": lambda path: {
        r"HKU\an_Classes\Local Settings\Software\Microsoft\Windows\Shell\MuiCache": {
            f"{path}.FriendlyAppName": "x"
        }
    },
    "Amcache": lambda path: {
        r"HKLM\AMCACHE\Root\InventoryApplicationFile\a|1": {"LowerCaseLongPath": path.lower()}
    },
    "BAM": lambda path: {
        rf"{world.SERVICES}\bam\State\UserSettings\S-1-5-21-1": {path: filetime(RAN) + bytes(16)}
    },
    "UserAssist": lambda path: {
        rf"HKU\an\{EXPLORER}\UserAssist\{{CEBFF5CD}}\Count": {
            codecs.encode(path, "rot13"): bytes(60) + filetime(RAN) + bytes(4)
        }
    },
}
DATED = {"BAM", "UserAssist"}


@pytest.mark.parametrize("place", TRACES)
def test_a_crack_that_ran_is_history_and_nothing_to_be_replaced(place: str) -> None:
    done = world.look_at_recording(world.planted({"registry": TRACES[place](CRACK)}))
    (found,) = done.findings
    assert (found.sign, str(found.kind), str(done.verdict)) == ("EXEC-01", "behaviour", "traces")
    assert ("04/03/2026" in wording.finding(found, done)) == (place in DATED)
    steps = wording.next_steps(done)
    assert steps and not any("licensed" in step for step in steps)
    twin = world.look_at_recording(world.planted({"registry": TRACES[place](HARMLESS)}))
    assert (list(twin.findings), str(twin.verdict)) == ([], "clean")


def test_the_portal_counts_no_copy_that_only_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    from quetsach.portal.checks.arriving import reading

    def software(registry: dict[str, Any], files: dict[str, str]) -> set[str]:
        told = world.planted({"registry": registry, "files": files})
        document = result.as_table(world.look_at_recording(told)) | {"answers": {}}
        return set(reading.read(json.dumps(document).encode(), datetime.now(UTC)).software)

    assert software(TRACES["BAM"](CRACK), {world.HISTORY: "irm https://get.activated.win | iex\n"}) == set()
    hooked = {rf"{world.IFEO}\SppExtComObj.exe": {"VerifierDlls": "x.dll"}}
    assert software(hooked, {}) == {"windows_office"}


def test_values_cut_off_anywhere_break_nothing() -> None:
    whole = _shim(CRACK)
    for length in range(0, len(whole), 3):
        key = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\AppCompatCache"
        done = world.look_at_recording(world.planted({"registry": {key: {"AppCompatCache": whole[:length]}}}))
        told = [(gap.reason, gap.detail) for gap in done.observed["executed"].gaps]
        is_whole = length in (0, whole.index(b"10ts"))
        assert told == ([] if is_whole else [("damaged", key)])
