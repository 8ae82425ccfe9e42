"""A Windows that was not shut down keeps its newest changes in logs beside its registry: told, and not
changed."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from quetsach.endpoint import machines
from quetsach.endpoint.act import grounds
from quetsach.endpoint.act.errors import ActError
from quetsach.endpoint.reporting import wording
from tests.command_line import Run
from tests.endpoint import registry_logs, world
from tests.endpoint.plants import DISK
from tests.endpoint.registry_logs import Write

SOFTWARE = "C:/Windows/System32/config/SOFTWARE"
HIVES = {
    SOFTWARE: r"C:\Windows\System32\config\SOFTWARE",
    "C:/Windows/System32/config/SYSTEM": r"C:\Windows\System32\config\SYSTEM",
    "C:/Users/an/NTUSER.DAT": r"C:\Users\an\NTUSER.DAT",
}
SLEEPING = "C:/hiberfil.sys"
PLANTED = world.planted(DISK["KMS-01"][0])
MANY = {rf"HKLM\SOFTWARE\Vendor\{number}": {"Path": "x" * 2000} for number in range(8)}
"""So many bytes that a hive with them has more pages than one without."""
Writer = Callable[[bytes, bytes], Iterator[Write]]


def spoil(place: Path) -> None:
    """Count up the first sequence number, as Windows does before it writes a hive."""
    content = bytearray(place.read_bytes())
    struct.pack_into("<I", content, 4, struct.unpack_from("<I", content, 4)[0] + 1)
    place.write_bytes(content)


def change(root: Path, told: dict[str, Any]) -> tuple[bytes, bytes]:
    """The SOFTWARE hive of the disk, and the same hive with more keys in it."""
    more = told | {"registry": told["registry"] | MANY}
    new = world.tree(more, root.with_name(f"{root.name}.new")) / SOFTWARE
    return (root / SOFTWARE).read_bytes(), new.read_bytes()


def put(root: Path, files: list[bytes]) -> None:
    """Put a hive and its logs on the disk."""
    for name, content in zip(("", ".LOG1", ".LOG2"), files, strict=True):
        (root / f"{SOFTWARE}{name}").write_bytes(content)


def is_changeable(root: Path) -> bool:
    """Whether a plan may hold a step for a value of SOFTWARE."""
    settings = grounds.at(root).settings
    assert settings is not None
    try:
        settings.admit(rf"{world.NT}\SoftwareProtectionPlatform")
    except ActError as error:
        assert error.reason == "unclean"
        return False
    return True


@pytest.mark.parametrize("place", HIVES)
def test_a_hive_that_was_not_written_wholly_is_named_and_nothing_is_clean(place: str, tmp_path: Path) -> None:
    root = world.tree(world.CLEAN, tmp_path)
    spoil(root / place)
    done = world.look(machines.at(root))
    assert (str(done.verdict), list(done.unseen)) == ("unknown", ["hives"])
    (gap,) = done.observed["hives"].gaps
    assert (gap.reason, gap.detail) == ("unsettled", HIVES[place])
    assert "shut it down" in wording.gap(gap)
    assert any("fast startup" in step for step in wording.next_steps(done))


@pytest.mark.parametrize("writer", [registry_logs.windows_10, registry_logs.windows_7])
def test_wherever_its_writer_is_killed_such_a_hive_is_named_and_not_changed(
    writer: Writer, tmp_path: Path
) -> None:
    """Named is each state of the files in which Windows itself would see something else than the hive."""
    root = world.tree(world.CLEAN, tmp_path / "disk")
    old, new = change(root, world.CLEAN)
    writes = list(writer(old, new))
    logged = 1 + max(number for number, write in enumerate(writes) if write.log)
    assert registry_logs.after(old, writes[:logged])[0][registry_logs.BASE :] == old[registry_logs.BASE :]
    for count in range(len(writes) + 1):
        # The last write is also cut off within its sector: its numbers are there, its checksum is not.
        for more in ([], [registry_logs.torn(writes[count], 12)] if count == len(writes) - 1 else []):
            hive, *logs = files = registry_logs.after(old, [*writes[:count], *more])
            put(root, files)
            is_named = SOFTWARE.replace("/", "\\") in machines.at(root).unsettled()
            is_whole = count in (0, len(writes))
            replayed = registry_logs.replayed(hive, logs)
            assert (is_named, is_changeable(root)) == (not is_whole, is_whole), count
            assert is_named or replayed == hive[registry_logs.BASE :], count
            # From the last log on, Windows sees the change, whatever is in the hive.
            assert count < logged or replayed == new[registry_logs.BASE :], count


def test_logs_of_changes_that_are_in_the_hive_say_nothing(quetsach: Run, tmp_path: Path) -> None:
    """Windows leaves them; the next change overwrites them."""
    root = world.tree(PLANTED, tmp_path / "disk")
    old, new = change(root, PLANTED)
    put(root, registry_logs.after(old, list(registry_logs.windows_10(old, new))))
    assert not world.look(machines.at(root)).unseen
    assert quetsach("check", "plan", tmp_path / "plan.json", "--root", root)[0] == 1


def test_what_such_a_hive_shows_is_still_told(tmp_path: Path) -> None:
    root = world.tree(PLANTED, tmp_path)
    spoil(root / SOFTWARE)
    assert str(world.look(machines.at(root)).verdict) == "found"


@pytest.mark.parametrize("is_spoiled", [False, True])
def test_a_plan_for_such_a_hive_is_refused_before_a_word_is_typed(
    quetsach: Run, tmp_path: Path, is_spoiled: bool
) -> None:
    root = world.tree(PLANTED, tmp_path / "disk")
    if is_spoiled:
        spoil(root / SOFTWARE)
    out = tmp_path / "plan.json"
    code, told, _err = quetsach("check", "plan", out, "--root", root)
    steps = json.loads(out.read_text())["steps"] if out.exists() else []
    assert (code, [step["act"] for step in steps]) == ((0, []) if is_spoiled else (1, ["value"]))
    assert ("was not shut down wholly" in told) == is_spoiled


def sleep(root: Path) -> None:
    """Leave the memory image of a Windows that people shut down with fast startup."""
    (root / SLEEPING).write_bytes(b"HIBR".ljust(4096, b"\1"))


@pytest.mark.parametrize("becomes", [lambda root: spoil(root / SOFTWARE), sleep])
def test_a_windows_that_ran_since_the_plan_is_refused_before_a_word_is_typed(
    quetsach: Run, tmp_path: Path, becomes: Callable[[Path], None]
) -> None:
    root = world.tree(PLANTED, tmp_path / "disk")
    out = tmp_path / "plan.json"
    quetsach("check", "plan", out, "--root", root)
    becomes(root)
    before = (root / SOFTWARE).read_bytes()
    code = json.loads(out.read_text())["hash"][:12]
    ended, told, err = quetsach("check", "apply", out, "--code", code, "--root", root)
    assert ended == 2 and "was not shut down wholly" in told + err and "type:" not in told + err
    assert (root / SOFTWARE).read_bytes() == before


@pytest.mark.parametrize(
    ("image", "is_refused"),
    [(b"HIBR", True), (b"hibr", True), (b"WAKE", False), (bytes(4), False), (b"", False), (None, False)],
)
def test_a_windows_that_sleeps_gets_no_plan(
    quetsach: Run, tmp_path: Path, image: bytes | None, is_refused: bool
) -> None:
    root = world.tree(PLANTED, tmp_path / "disk")
    if image is not None:
        (root / SLEEPING).write_bytes(image.ljust(len(image) and 4096, b"\1"))
    out = tmp_path / "plan.json"
    code, told, err = quetsach("check", "plan", out, "--root", root)
    assert (code, out.exists()) == ((2, False) if is_refused else (1, True))
    assert ("was not shut down wholly" in told + err) == is_refused


@pytest.mark.parametrize(
    ("plant", "also", "is_planned"),
    [
        ("HOOK-02", [], False),
        ("HOOK-02", ["--also", "HOOK-02"], True),
        ("HOOK-04", [], True),
    ],
)
def test_a_file_of_a_windows_that_is_off_is_planned_only_if_asked_for(
    quetsach: Run, tmp_path: Path, plant: str, also: list[str], is_planned: bool
) -> None:
    root = world.tree(world.planted(DISK[plant][0]), tmp_path / "disk")
    out = tmp_path / "plan.json"
    _code, told, _err = quetsach("check", "plan", out, "--root", root, *also)
    assert out.exists() == is_planned
    assert ("signatures cannot be judged" in told) != is_planned
