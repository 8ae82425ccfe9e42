"""Build a release: `./dev release [--key FILE] [--without NAME…]`, into dist/release-VERSION.

Wheels, the stick and the scanners to carry; SHA256SUMS over all of them with an Ed25519 signature, a list of
all parts (SBOM, CycloneDX 1.6), and the versions of the compilers. The same sources and compilers give the
same bytes, whatever the folder is called. Without `--key` anybody can sign the same way: a test build.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import linux_scanner
import sign_file
import wheels

import stick
from quetsach import __version__
from quetsach.endpoint import keys

ROOT = Path(__file__).resolve().parent.parent
SUMS = "SHA256SUMS"
SBOM = "quetsach.cdx.json"
BUILT_WITH = "built-with.txt"
PARTS = ("windows", "stick", "scanner", "linux", "linux-arm", "pure", "portal")
"""In the order of building: the parts that take the engine for Windows are refused soon, if at all."""
_COMPILERS = (
    "rustc-web", "cargo-web", "rust-web-src", "gcc-mingw-w64-x86-64-win32", "mingw-w64-x86-64-dev",
    "binutils-mingw-w64-x86-64", "nasm",
)  # fmt: skip


def main() -> None:
    """Parse, build all, write the sums and sign them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--key", type=Path, metavar="FILE", help="signing key file of the release")
    parser.add_argument("--python", type=Path, metavar="ZIP", help="python.org's embeddable package, amd64")
    parser.add_argument("--sha256", metavar="HEX", help="its published hash")
    parser.add_argument("--without", action="append", default=[], choices=PARTS, help="a part to leave out")
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / f"release-{__version__}")
    given = parser.parse_args()
    out: Path = given.out
    out.mkdir(parents=True, exist_ok=True)
    try:
        clear(out)
    except ValueError as error:
        parser.error(str(error))
    wanted = [part for part in PARTS if part not in given.without]
    for name in wanted:
        if name in stick.KINDS:
            _carried(name, out, given)
        else:
            wheel = wheels.build(name, out)
            if name.startswith("linux"):
                linux_scanner.build(wheel, out)
    out.joinpath(SBOM).write_text(json.dumps(bill(out), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    out.joinpath(BUILT_WITH).write_text("".join(f"{line}\n" for line in _built_with()), encoding="utf-8")
    secret = keys.read(given.key, "signing") if given.key else keys.TEST_SECRET
    for path in _products(out):
        sign_file.sign_beside(path, secret)
    out.joinpath(SUMS).write_text("".join(_sums(out)), encoding="ascii")
    print(f"{out}\nsigned by {sign_file.sign_beside(out / SUMS, secret)}")


def clear(out: Path) -> None:
    """Remove an earlier release from the folder: the files that its sums name, and their signatures.

    Raises:
        ValueError: the folder holds anything else; then nothing is removed.
    """
    there = {path.name for path in out.iterdir()}
    sums = out / SUMS
    lines = sums.read_text(encoding="ascii", errors="replace").splitlines() if sums.is_file() else []
    named = {SUMS, *(line.partition("  ")[2] for line in lines)}
    known = {name + end for name in named for end in ("", ".sig", ".pem")}
    if foreign := sorted(name for name in there if name not in known or not _is_plain(out / name)):
        raise ValueError(
            f"{out} holds what no earlier release put there, such as {foreign[0]}: give an empty folder"
        )
    for name in there:
        out.joinpath(name).unlink()


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _carried(kind: str, out: Path, given: argparse.Namespace) -> None:
    command = [sys.executable, str(ROOT / "tools" / "stick.py"), "--kind", kind, "--out", str(out)]
    if engine := next(out.glob("*-win_amd64.whl"), None):
        command += ["--engine", str(engine)]
    if given.python:
        command += ["--python", str(given.python), "--sha256", given.sha256]
    if given.key:
        command += ["--key", str(given.key)]
    # It says by itself why it builds none.
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
        sys.exit(f"no release: the {kind} was not built")


def _products(out: Path) -> list[Path]:
    """What people download."""
    return sorted(path for path in out.iterdir() if path.suffix in (".whl", ".zip"))


def _sums(out: Path) -> Iterator[str]:
    for path in sorted(out.iterdir()):
        if path.suffix in (".whl", ".zip", ".json", ".txt"):
            yield f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"


def bill(out: Path) -> dict[str, Any]:
    """The list of parts, by CycloneDX 1.6: packages and crates of the locks, and the files of the release."""
    parts = [*_python_parts(), *_rust_parts()]
    files = [
        {
            "type": "file",
            "bom-ref": path.name,
            "name": path.name,
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}],
        }
        for path in _products(out)
    ]
    about = {"type": "application", "bom-ref": "quetsach", "name": "quetsach", "version": __version__}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**about, "licenses": [{"license": {"id": "Apache-2.0"}}]}},
        "components": sorted([*parts, *files], key=lambda part: part["bom-ref"]),
        "dependencies": [{"ref": "quetsach", "dependsOn": sorted(part["bom-ref"] for part in parts)}],
    }


def _python_parts() -> Iterator[dict[str, Any]]:
    """The packages of a scanner and of a stick, with the version of the lock, and the Python they run on."""
    for name in sorted({*stick.PACKAGES, *linux_scanner.PACKAGES}):
        found = re.search(rf"^{re.escape(name)}==(\S+)", _lock(), re.M)
        assert found is not None, name
        yield _part("pypi", name, found[1])
    yield _part("generic", "python", stick.EMBEDDED_VERSION)


def _lock() -> str:
    return ROOT.joinpath("requirements.lock").read_text(encoding="utf-8")


def _rust_parts() -> Iterator[dict[str, Any]]:
    """The crates of the lock that come from the registry."""
    for crate in tomllib.loads(ROOT.joinpath("Cargo.lock").read_text(encoding="utf-8"))["package"]:
        if "source" in crate:
            yield {
                **_part("cargo", crate["name"], crate["version"]),
                "hashes": [{"alg": "SHA-256", "content": crate["checksum"]}],
            }


def _part(kind: str, name: str, version: str) -> dict[str, Any]:
    address = f"pkg:{kind}/{name}@{version}"
    return {"type": "library", "bom-ref": address, "name": name, "version": version, "purl": address}


def _built_with() -> Iterator[str]:
    """The programs that made the bytes, with their versions."""
    yield f"Python {sys.version.split()[0]}"
    for command in (["rustc", "-V"], [str(wheels.DEBIAN / "rustc"), "-V"]):
        if said := _said(command):
            yield said
    yield from wheels.ZIG
    for package in _COMPILERS:
        if said := _said(["dpkg-query", "-W", "-f", "${Package} ${Version}", package]):
            yield said


def _said(command: list[str]) -> str:
    """The output of a program; empty where it is not here or fails."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    main()
