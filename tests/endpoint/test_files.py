"""The choice of files to open, and the comparison of their content."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from quetsach.endpoint import checking, machines
from quetsach.endpoint.files.content import MOST_BYTES, RulesError
from quetsach.endpoint.files.filescan import Progress
from quetsach.endpoint.machine import Entry
from quetsach.endpoint.machines.recording import Recording
from quetsach.endpoint.probes import executed
from quetsach.endpoint.wanted import ALGORITHMS, Wanted, read_hashes
from quetsach.errors import IndicatorError
from tests.endpoint import world

DOWNLOADS = r"C:\Users\an\Downloads"
# Put together here, so that a scanner on the testing machine does not find it in this file.
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!" + "$H+H*"
EICAR_RULE = 'rule eicar { strings: $a = "EICAR-STANDARD-" ascii condition: $a at 28 or $a }'


def _with(name: str, content: Any) -> dict[str, Any]:
    return world.planted({"files": {rf"{DOWNLOADS}\{name}": content}})


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_found_by_each_hash(algorithm: str) -> None:
    value = hashlib.new(algorithm, EICAR.encode()).hexdigest()
    result = world.look_at_recording(_with("hoa don.pdf.exe", EICAR), hashes={value: "Eicar"})
    (found,) = result.findings
    assert (found.indicator, found.family, str(result.verdict)) == (value, "Eicar", "found")
    assert str(world.look_at_recording(_with("a.exe", EICAR + "x"), hashes={value: ""}).verdict) == "clean"


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_a_large_program_is_found_by_each_hash_of_a_list_of_all_kinds(algorithm: str, tmp_path: Path) -> None:
    content = b"MZ" + random.Random(5).randbytes(3_000_000)
    others = {"0" * digits: "other" for digits in ALGORITHMS}
    machine = world.planted({"files": {rf"{DOWNLOADS}\cai dat.exe": content}})
    value = hashlib.new(algorithm, content).hexdigest()
    result = world.look_at_tree(machine, tmp_path, hashes={**others, value: "Ramnit"})
    assert [(one.indicator, one.family) for one in result.findings] == [(value, "Ramnit")]


def test_only_the_hashes_that_are_needed_are_made() -> None:
    assert Wanted(hashes={"a" * 64: "", "b" * 64: ""}).algorithms == ("sha256",)
    assert Wanted().algorithms == ()


def test_found_by_a_rule_and_by_its_name() -> None:
    named = 'rule by_name { condition: filename == "hoa don.scr" }'
    result = world.look_at_recording(_with("hoa don.scr", EICAR), rules=(EICAR_RULE, named))
    (found,) = result.findings
    assert {seen.fields["rule"] for seen in found.evidence} == {"eicar", "by_name"}


def test_a_broken_rule_is_refused() -> None:
    with pytest.raises(RulesError, match="line:1"):
        world.look_at_recording(world.CLEAN, rules=("rule x {",))


def test_persistence_targets_are_opened_wherever_they_lie() -> None:
    machine = world.planted(
        {
            "files": {r"D:\kho\sau\lam\may.exe": EICAR},
            "registry": {
                r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run": {"x": r'"D:\kho\sau\lam\may.exe" -q'}
            },
        }
    )
    result = world.look_at_recording(machine, rules=(EICAR_RULE,))
    assert [one.sign for one in result.findings] == ["MAL-01"]


@pytest.mark.parametrize("folder", [r"C:\Windows\Temp", r"C:\Users\Public", r"C:\Users\an\Desktop\a\b"])
def test_hot_folders_are_opened_in_a_quick_check(folder: str) -> None:
    machine = world.planted({"files": {rf"{folder}\x.bin": EICAR}})
    assert [one.sign for one in world.look_at_recording(machine, rules=(EICAR_RULE,)).findings] == ["MAL-01"]


@pytest.mark.parametrize(
    "content",
    [
        {"base64": "", "is_placeholder": True},
        {"base64": "", "is_link": True},
        {"base64": "", "size": MOST_BYTES + 1},
    ],
)
def test_what_is_not_opened_is_still_named(content: dict[str, Any]) -> None:
    result = world.look_at_recording(_with("KMSpico.exe", content))
    is_link = bool(content.get("is_link"))
    assert [one.sign for one in result.findings] == ([] if is_link else ["FILE-01"])


@pytest.mark.parametrize(("name", "verdict"), [("WebCacheV01.dat", "clean"), ("x.exe", "unknown")])
def test_a_file_that_cannot_be_opened(name: str, verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows locks databases of running programs everywhere; a hidden program is another matter."""
    from quetsach.endpoint.fact import Unavailable
    from quetsach.endpoint.files.content import Reader

    read = Reader.read

    def refuse(self: Reader, files: Any, entry: Any) -> Any:
        if entry.name == name:
            raise Unavailable("no_permission", entry.path)
        return read(self, files, entry)

    monkeypatch.setattr(Reader, "read", refuse)
    result = world.look_at_recording(_with(name, "x"))
    assert (str(result.verdict), result.scan.in_use) == (verdict, int(verdict == "clean"))


def test_a_quarantine_is_left_alone() -> None:
    path = r"C:\ProgramData\Microsoft\Windows Defender\Quarantine\Entries\a"
    result = world.look_at_recording(world.planted({"files": {path: EICAR}}), rules=(EICAR_RULE,))
    assert not result.findings


def test_links_pipes_and_loops_in_a_tree(tmp_path: Path) -> None:
    """A hostile disk: links out of it, a pipe that never answers, a folder that holds itself."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "KMSpico.exe").write_text(EICAR)
    root = world.tree(world.CLEAN, tmp_path / "disk")
    downloads = root / "C:/Users/an/Downloads"
    (downloads / "ra").symlink_to(outside)
    (downloads / "AAct.exe").symlink_to(outside / "KMSpico.exe")
    (downloads / "vong").symlink_to(downloads)
    os.mkfifo(downloads / "KMSAuto.exe")
    (root / "C:/Users/to").symlink_to(outside)
    result = world.look(machines.at(root), rules=(EICAR_RULE,))
    assert not result.findings


def test_hosts_file_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    root = world.tree(world.CLEAN, tmp_path / "disk")
    secret = tmp_path / "secret"
    secret.write_text("198.51.100.66 x\n")
    hosts = root / "C:/Windows/System32/drivers/etc/hosts"
    hosts.unlink()
    hosts.symlink_to(secret)
    result = world.look(machines.at(root))
    assert not result.findings
    assert str(result.verdict) == "unknown"


def test_links_of_a_linux_tree_stay_inside(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/os-release").write_text('ID=debian\nVERSION_ID="9"\nPRETTY_NAME="Debian 9"\n')
    (tmp_path / "etc/os-release").symlink_to("../usr/lib/os-release")
    (tmp_path / "etc/hosts").symlink_to("/etc/hosts-of-the-tree")
    (tmp_path / "etc/hosts-of-the-tree").write_text("198.51.100.66 x\n")
    (tmp_path / "etc/crontab").symlink_to("../../../../../../../../etc/passwd")
    result = world.look(machines.at(tmp_path))
    assert [one.indicator for one in result.findings if one.indicator] == ["198.51.100.66"]
    assert result.observed["system"].items[0].fields["name"] == "Debian 9"


def test_full_opens_what_quick_passes_over(tmp_path: Path) -> None:
    from quetsach.endpoint import checking
    from quetsach.endpoint.checking import Options

    told = world.planted({"files": {r"C:\du lieu\cu\a.bin": EICAR, r"C:\Program Files\x\b.bin": EICAR}})
    machine = machines.at(world.tree(told, tmp_path))
    wanted = Wanted(indicators=world.LISTED, rules=(EICAR_RULE,))
    assert not checking.check(machine, wanted).findings
    (found,) = checking.check(machine, wanted, Options(is_full=True)).findings
    assert found.count == 2


def test_a_file_that_is_too_large_to_be_read_makes_nobody_wait(tmp_path: Path) -> None:
    root = world.tree(world.CLEAN, tmp_path)
    for number in range(64):
        (root / f"C:/Users/an/Downloads/{number}.exe").write_bytes(bytes(1000))
    with (root / "C:/Users/an/Downloads/may-ao.iso").open("wb") as image:
        image.truncate(MOST_BYTES * 100)
    told: list[Progress] = []
    checking.check(machines.at(root), Wanted(), on_file=told.append)
    # Many equal files, so each is an equal part of the way.
    assert len(told) > 3
    for one in told:
        assert abs(one.work / one.work_total - one.files / one.files_total) < 0.1


def test_hash_lists_name_the_line_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "h.txt"
    path.write_text(f"# x\n{'A' * 64} Ramnit\n{'b' * 32};Sality\nevil.example\n", encoding="utf-8")
    with pytest.raises(IndicatorError, match="line 4"):
        read_hashes(path)
    path.write_text(f"# x\n{'A' * 64} Ramnit\n{'b' * 32};Sality\n", encoding="utf-8")
    assert read_hashes(path) == {"a" * 64: "Ramnit", "b" * 32: "Sality"}


@pytest.mark.parametrize("when", [-(10**11), 1e13, 1e300])
def test_a_program_that_ran_at_a_time_of_no_calendar_hides_no_other(when: float) -> None:
    """Files can have any time (NTFS counts to the year 30,828), and prefetch files show the programs that
    ran."""

    class Dated(Recording):
        @property
        def files(self) -> Any:
            return SimpleNamespace(
                entries=lambda folder: [
                    Entry(
                        rf"{folder}\{name}-12345678.pf", f"{name}-12345678.pf", is_folder=False, modified=when
                    )
                    for name in ("A.EXE", "KMSPICO.EXE")
                ]
            )

    seen = executed.PROBE.run(Dated(world.CLEAN | {"files": {}, "registry": {}}))
    assert [one.fields["name"] for one in seen.items] == ["A.EXE", "KMSPICO.EXE"]
    assert not seen.gaps
