"""Wheels as they are given out: each in a fresh environment, with its version and the answer of a scan."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import subprocess
import sys
import sysconfig
import venv
from email import message_from_bytes
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import quetsach

ROOT = Path(__file__).resolve().parents[1]
HOST = sorted((ROOT / "var/engine").glob(f"quetsach-{quetsach.__version__}-*.whl"))
ENGINE = 5_600_000
LINE = "192.168.1.20 connected to evil.example\n"
pytestmark = pytest.mark.skipif(not HOST, reason="./dev setup has built no wheel: there is no Rust here")


@pytest.fixture(scope="module")
def pure(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheels")
    build(out)
    (made,) = out.glob("*.whl")
    return made


def build(out: Path, target: str = "pure") -> None:
    subprocess.run(
        [sys.executable, ROOT / "tools/wheels.py", "--target", target, "--out", out],
        check=True,
        capture_output=True,
    )


def installed(wheel: Path, folder: Path) -> Path:
    """The folder of programs of a new environment with this wheel; other packages are those of the tests."""
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    with ZipFile(wheel) as archive:
        archive.extractall(packages)
    # A path alone: files with further paths, such as that of this checkout, are not followed.
    (packages / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return folder / "bin"


@pytest.mark.parametrize("kind", ["pure", "host"])
def test_an_installed_wheel_tells_its_version_and_scans(kind: str, pure: Path, tmp_path: Path) -> None:
    programs = installed(pure if kind == "pure" else HOST[-1], tmp_path / "environment")
    (tmp_path / "x.log").write_text(LINE, encoding="utf-8")
    (tmp_path / "list.txt").write_text("evil.example\n", encoding="utf-8")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [
            programs / "python",
            "-c",
            "from quetsach.cli import main; main()",
            "--lang",
            "en",
            *arguments,
        ]
        return subprocess.run(
            command, cwd=tmp_path, env={"HOME": str(tmp_path)}, capture_output=True, text=True, check=False
        )

    version = run("--version")
    assert quetsach.__version__ in version.stdout, version.stderr
    done = run("scan", "x.log", "-i", "list.txt", "-o", "result.csv")
    assert done.returncode == 1, done.stderr
    assert ("Fast engine not usable" in " ".join(done.stderr.split())) == (kind == "pure")
    with (tmp_path / "result.csv").open(encoding="utf-8-sig", newline="") as file:
        text = file.read()
    assert text.count("evil.example") >= 1 and "192.168.1.20" in text
    where = subprocess.run(
        [programs / "python", "-c", "import quetsach; print(quetsach.__file__)"],
        cwd=tmp_path, env={}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert str(tmp_path) in where, "the wheel's own files, not this checkout"


def _needed(name: str, known: set[str]) -> set[str]:
    """The package and all that it asks for, without its options."""
    if name not in known:
        known.add(name)
        for one in metadata.requires(name) or ():
            asked = Requirement(one)
            if asked.marker is None or asked.marker.evaluate({"extra": ""}):
                _needed(canonicalize_name(asked.name), known)
    return known


def test_an_installed_scanner_is_small(pure: Path) -> None:
    """25 MB in all; the engine of a release has 5.5."""
    with ZipFile(pure) as archive:
        total = sum(entry.file_size for entry in archive.infolist())
        (told,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        asked = message_from_bytes(archive.read(told)).get_all("Requires-Dist", [])
    packages: set[str] = set()
    for one in map(Requirement, asked):
        if one.marker is None or one.marker.evaluate({"extra": ""}):
            _needed(canonicalize_name(one.name), packages)
    for name in packages:
        listed = metadata.files(name) or ()
        total += sum(int(file.locate().stat().st_size) for file in listed if file.suffix != ".pyc")  # type: ignore[attr-defined]
    assert packages and total + ENGINE <= 25_000_000, (total, sorted(packages))


def test_the_same_files_give_the_same_bytes_and_the_list_of_files_is_right(
    pure: Path, tmp_path: Path
) -> None:
    build(tmp_path)
    assert (tmp_path / pure.name).read_bytes() == pure.read_bytes()
    with ZipFile(pure) as archive:
        names = {entry.filename for entry in archive.infolist()}
        (listed,) = (name for name in names if name.endswith(".dist-info/RECORD"))
        rows = {row[0]: row[1] for row in csv.reader(archive.read(listed).decode().splitlines())}
        assert rows.keys() == names
        for name in names - {listed}:
            digest = base64.urlsafe_b64encode(hashlib.sha256(archive.read(name)).digest()).rstrip(b"=")
            assert rows[name] == f"sha256={digest.decode()}", name
        tags = archive.read(listed.replace("RECORD", "WHEEL")).decode()
    assert "Tag: py3-none-any\n" in tags and "Root-Is-Purelib: true\n" in tags
    assert not any(name.startswith("quetsach/_native.") and not name.endswith(".pyi") for name in names)


def test_a_scanner_has_no_portal_and_the_portals_wheel_has_all_of_it(pure: Path, tmp_path: Path) -> None:
    build(tmp_path / "wheels", "portal")
    (portal,) = (tmp_path / "wheels").glob("*.whl")
    with ZipFile(HOST[-1]) as whole, ZipFile(pure) as scanner, ZipFile(portal) as rest:
        names = [
            {name for name in one.namelist() if "dist-info" not in name} for one in (whole, scanner, rest)
        ]
        told = rest.read(f"quetsach_portal-{quetsach.__version__}.dist-info/METADATA").decode()
    assert {name for name in names[0] if not name.startswith("quetsach/_native.abi3")} == names[1] | names[2]
    assert not names[1] & names[2] and "quetsach/portal/settings.py" in names[2]
    assert f"Requires-Dist: quetsach[portal]=={quetsach.__version__}" in told.splitlines()

    programs = installed(pure, tmp_path / "environment")

    def serve() -> str:
        command = [programs / "python", "-c", "from quetsach.cli import main; main()", "--lang", "en"]
        done = subprocess.run(
            [*command, "manage", "check"],
            env={"HOME": str(tmp_path)}, cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return " ".join((done.stdout + done.stderr).split())

    assert "the wheel quetsach_portal" in serve()
    (packages,) = (tmp_path / "environment").glob("lib/python*/site-packages")
    with ZipFile(portal) as archive:
        archive.extractall(packages)
    assert "no issues" in serve()


def test_the_scanner_to_carry_runs_where_it_was_unpacked(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "tools/linux_scanner.py", HOST[-1], "--out", tmp_path]
    subprocess.run(command, check=True, capture_output=True)
    (made,) = tmp_path.glob("*.zip")
    folder = tmp_path / "máy chủ 1"
    with ZipFile(made) as archive:
        archive.extractall(folder)
    (home,) = folder.iterdir()
    programs = tmp_path / "bin"
    programs.mkdir()
    # The Python itself: through a link, that of the tests would find its packages.
    base = Path(sys._base_executable)  # type: ignore[attr-defined]
    (programs / "python3").write_text(f'#!/bin/sh\nexec "{base}" "$@"\n', encoding="utf-8")
    (programs / "python3").chmod(0o755)
    (tmp_path / "x.log").write_text(LINE, encoding="utf-8")

    def run() -> subprocess.CompletedProcess[str]:
        variables = {"PATH": f"{programs}:/usr/bin:/bin", "QUETSACH_LANG": "en", "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            ["sh", home / "quet.sh", "x.log"],
            cwd=tmp_path, env=variables, capture_output=True, text=True, check=False,
        )  # fmt: skip

    done = run()
    assert done.returncode == 2 and "danh-sach" in done.stderr
    assert list((home / "danh-sach").iterdir()) == []
    (home / "danh-sach/danh sách.txt").write_text("evil.example\n", encoding="utf-8")
    done = run()
    assert done.returncode == 1, done.stderr
    assert "1 machine called" in done.stdout and "Fast engine" not in done.stderr
    (page,) = (home / "ket-qua").glob("*.html")
    assert "192.168.1.20" in page.read_text("utf-8")


def test_a_release_lists_its_parts_and_is_signed(tmp_path: Path) -> None:
    left_out = [
        f"--without={name}" for name in ("windows", "linux", "linux-arm", "stick", "scanner", "portal")
    ]
    for out in ("one", "two"):
        command = [sys.executable, ROOT / "tools/release.py", *left_out, "--out", tmp_path / out]
        subprocess.run(command, check=True, capture_output=True)
    one = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert one == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    folder = tmp_path / "one"
    verify = (
        "openssl pkeyutl -verify -pubin -inkey SHA256SUMS.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig"
    )
    for check in (["sha256sum", "--check", "SHA256SUMS"], verify.split()):
        assert subprocess.run(check, cwd=folder, capture_output=True, check=False).returncode == 0, check
    bill = json.loads((folder / "quetsach.cdx.json").read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    named = {part["bom-ref"] for part in bill["components"]}
    assert any(one.startswith("pkg:cargo/pyo3@") for one in named)
    assert any(one.startswith("pkg:pypi/click@") for one in named)
    (wheel,) = (name for name in one if name.endswith(".whl"))
    (part,) = (part for part in bill["components"] if part["name"] == wheel)
    assert part["hashes"][0]["content"] == hashlib.sha256(one[wheel]).hexdigest()
