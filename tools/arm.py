"""Run what is built for aarch64, by QEMU's user mode: `tools/arm.py matcher|engine|scanner`, by hand.

`matcher` compiles the matcher's own tests and runs them: byte classes by NEON beside a bytewise reading.
`engine` runs tests of both engines with the wheel in dist/: the hand-written cases on each instruction set,
and random lists and logs. `scanner` starts the scanner to carry. Needed are Debian's `qemu-user-static` and
what `./dev wheel --target linux-arm` needs; Python for arm64 comes from Debian 13, into var/arm. QEMU shows
right answers, and no speed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipFile

import linux_scanner
import wheels

import stick
from quetsach import __version__

FOLDER = wheels.ROOT / "var" / "arm"
SYSTEM = FOLDER / "debian13"
QEMU = "qemu-aarch64-static"
PYTHON = "3.13"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
FOR_TESTS = (
    "backports-zstd", "hypothesis", "iniconfig", "packaging", "pluggy", "pygments", "pytest",
    "sortedcontainers",
)  # fmt: skip
TESTS = (
    "tests/engines/test_native.py",
    "tests/engines/test_native_differential.py",
    "tests/engines/test_every_format.py",
    "tests/engines/test_wrappers.py",
)


def main() -> None:
    """Parse, run; the exit code is that of what ran."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("matcher", "engine", "scanner"))
    parser.add_argument("more", nargs="*", help="for `engine`: files of tests and arguments of pytest")
    given, unknown = parser.parse_known_args()
    if shutil.which(QEMU) is None:
        sys.exit("QEMU is not here; on Debian: sudo apt-get install qemu-user-static")
    python = _python()
    if given.what == "matcher":
        sys.exit(matcher())
    if given.what == "engine":
        sys.exit(engine(python, [*given.more, *unknown] or TESTS))
    sys.exit(scanner(python))


def matcher() -> int:
    """Compile the matcher's own tests for aarch64, and run them."""
    command, environment = wheels.cargo("linux-arm", "test", "-p", "quetsach-matcher", "--lib")
    command = [f"{one},test" if one.startswith("-Zbuild-std=") else one for one in command]
    environment["CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER"] = " ".join(_emulator())
    return subprocess.run(command, check=False, cwd=wheels.ROOT, env=environment).returncode


def engine(python: list[str], told: Iterable[str]) -> int:
    """Run tests of this checkout on the Python files and the engine of the wheel."""
    site = FOLDER / "site"
    shutil.rmtree(site, ignore_errors=True)  # of another wheel
    for path in (*_packages(), _wheel()):
        with ZipFile(path) as archive:
            archive.extractall(site)
    settings = FOLDER / "pytest.ini"
    settings.write_text(f"[pytest]\npythonpath = {wheels.ROOT}\nmarkers = native\n", encoding="utf-8")
    # The fixtures of all tests would bring the portal along; under QEMU each module more takes a second. The
    # profile `ci` of hypothesis has no limit of time for an example.
    options = (
        "-q", "-c", str(settings), "--rootdir", str(wheels.ROOT), "--noconftest", "-p", "no:cacheprovider",
        "--import-mode=importlib", "--assert=plain", "--hypothesis-profile=ci",
    )  # fmt: skip
    command = [*python, "-s", "-m", "pytest", *options, *told]
    environment = os.environ | {"PYTHONPATH": str(site)}
    return subprocess.run(command, check=False, cwd=wheels.ROOT, env=environment).returncode


def scanner(python: list[str]) -> int:
    """Build the scanner to carry, unpack it elsewhere, and let it find one line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ZipFile(linux_scanner.build(_wheel(), folder / "built")) as archive:
            archive.extractall(folder)
        (home,) = folder.glob("quetsach-scanner-*")
        programs = folder / "programs"
        programs.mkdir()
        starter = programs / f"python{PYTHON}"
        starter.write_text(f'#!/bin/sh\nexec {" ".join(python)} "$@"\n', encoding="utf-8")
        starter.chmod(0o755)
        (folder / "x.log").write_text("192.168.1.20 connected to evil.example\n", encoding="utf-8")
        (home / "danh-sach" / "list.txt").write_text("evil.example\n", encoding="utf-8")
        starts = ["sh", str(home / "quet.sh")]
        environment = {"PATH": f"{programs}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "QUETSACH_LANG": "en"}
        for command, wanted in (
            ([*starts, "--", "--version"], (0, __version__)),
            ([*starts, "x.log"], (1, "1 machine called")),
        ):
            done = subprocess.run(
                command, check=False, cwd=folder, env=environment, capture_output=True, text=True
            )
            print(done.stdout + done.stderr, end="")
            if done.returncode != wanted[0] or wanted[1] not in done.stdout or "Fast engine" in done.stderr:
                print(f"exit code {done.returncode}; wanted: {wanted[0]}, {wanted[1]!r}, by the fast engine")
                return 1
    return 0


def _wheel() -> Path:
    found = sorted((wheels.ROOT / "dist").glob(f"quetsach-{__version__}-*aarch64.whl"))
    if not found:
        sys.exit("there is no wheel for aarch64 in dist/: ./dev wheel --target linux-arm")
    return found[-1]


def _packages() -> list[Path]:
    """The wheels of the packages that the tests import, for aarch64, with the hashes of the lock."""
    place = FOLDER / "packages"
    if not place.is_dir():
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            only = ("manylinux_2_17_aarch64", "manylinux2014_aarch64", "manylinux_2_28_aarch64")
            platforms = [f"--platform={one}" for one in only]
            stick.download(
                {*FOR_TESTS, *linux_scanner.PACKAGES}, folder,
                ["--only-binary=:all:", f"--python-version={PYTHON}", *platforms],
            )  # fmt: skip
            Path(folder).rename(place)
            Path(folder).mkdir()
    return sorted(place.iterdir())


def _emulator() -> list[str]:
    return [QEMU, "-L", str(SYSTEM)]


def _python() -> list[str]:
    """The command line of Debian 13's Python for arm64, which is brought once."""
    if not SYSTEM.is_dir():
        FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            _bring(Path(folder))
            Path(folder, "system").rename(SYSTEM)
    return [*_emulator(), str(SYSTEM / "usr" / "bin" / f"python{PYTHON}")]


def _bring(folder: Path) -> None:
    """Unpack Python and the packages that it needs; the lists and archives of apt lie beside them."""
    for name in ("lists/partial", "archives/partial", "system/usr/lib", "system/usr/bin"):
        folder.joinpath(name).mkdir(parents=True)
    folder.joinpath("status").touch()
    source = f"deb [arch=arm64 signed-by={KEYS}] {_mirror()} trixie main\n"
    folder.joinpath("sources.list").write_text(source, encoding="ascii")
    told = {
        "APT::Architecture": "arm64",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Dir::State": str(folder),
        "Dir::State::status": str(folder / "status"),
        "Dir::Cache": str(folder),
        "Dir::Etc::sourcelist": str(folder / "sources.list"),
        "Dir::Etc::sourceparts": "-",
    }
    lines = [f'{name} "{value}";\n' for name, value in told.items()] + ['APT::Architectures {"arm64";};\n']
    settings = folder / "apt.conf"
    settings.write_text("".join(lines), encoding="ascii")
    environment = os.environ | {"APT_CONFIG": str(settings)}
    for command in (["update"], ["install", "-y", "--download-only", f"python{PYTHON}"]):
        subprocess.run(["apt-get", "-qq", *command], check=True, env=environment, stdout=subprocess.DEVNULL)
    for path in sorted(folder.joinpath("archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", path, folder / "system"], check=True)
    # Where programs look for the loader and for the shell: links that a package makes as it is installed.
    for name in ("lib", "bin"):
        folder.joinpath("system", name).symlink_to(f"usr/{name}")


def _mirror() -> str:
    """The mirror of Debian that this machine's apt uses."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    if not told:
        sys.exit("apt knows no mirror of Debian: sudo apt-get update")
    return told[0]


if __name__ == "__main__":
    main()
