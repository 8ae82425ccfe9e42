"""Wheels for other machines than this one: `./dev wheel --target NAME…`, into dist/.

The Python files are those of the wheel that `./dev setup` builds; each target adds the engine that is
compiled for it, and `pure` none. The portal is a wheel of its own, `portal`: no scanner needs its files,
which are a fifth of all. The same sources and compilers give the same bytes, whatever the folder is called:
a wrapper of rustc remaps paths, because cargo would take them into the names of symbols. A compiled engine is
looked at before it is packed: it may need only what every such machine has.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import stick
from quetsach import __version__

ROOT = Path(__file__).resolve().parent.parent
HOST_WHEELS = ROOT / "var" / "engine"
"""Where `./dev setup` leaves the wheel of this machine."""
CACHE = ROOT / "var" / "wheels"
_NOT_TAKEN = re.compile(r"^quetsach/_native\.(?!pyi)|\.dist-info/(?:RECORD|WHEEL|sboms/)")


class Target(NamedTuple):
    """A system: rustc's name of it, the tags of its wheel, and the engine's name there and as it is built."""

    triple: str
    tags: tuple[str, ...]
    module: str
    built: str


TARGETS = {
    "windows": Target("x86_64-pc-windows-gnu", ("cp312-abi3-win_amd64",), "_native.pyd", "_native.dll"),
    "linux": Target(
        "x86_64-unknown-linux-gnu",
        ("cp312-abi3-manylinux2014_x86_64", "cp312-abi3-manylinux_2_17_x86_64"),
        "_native.abi3.so",
        "lib_native.so",
    ),
    "linux-arm": Target(
        "aarch64-unknown-linux-gnu",
        ("cp312-abi3-manylinux2014_aarch64", "cp312-abi3-manylinux_2_17_aarch64"),
        "_native.abi3.so",
        "lib_native.so",
    ),
}
PURE: tuple[str, ...] = ("py3-none-any",)
NAMES = (*TARGETS, "pure", "portal")
_NAME, _PORTAL = "quetsach", "quetsach_portal"
_PORTAL_FILES = "quetsach/portal/"
OLDEST_GLIBC = (2, 17)
DEBIAN = Path("/usr/bin")
"""Debian's own compiler, whose package holds the sources of the standard library: no other is to be had for
targets that this machine's rustup did not bring."""
NEEDED = "rustc-web cargo-web rust-web-src gcc-mingw-w64-x86-64-win32"
MINGW = "x86_64-w64-mingw32"
ZIG = {
    "ziglang==0.15.2": "806316453d1ede7174ed3fefb8e5348154629089c3bb5fe812dfd0e172fac130",
    "cargo-zigbuild==0.24.1": "238a1ab54a95053a4eadc34775c81f795a8ad75f80bfed63f3f445f518102375",
}
"""A C compiler with old C libraries, and its go-between for cargo: the SHA-256 of their wheels for x86-64."""
WINDOWS_OWN = re.compile(
    r"(?:kernel32|ntdll|advapi32|bcrypt(?:primitives)?|user32|ws2_32|userenv|ole32|shell32"
    r"|api-ms-win-(?:core|security)-[a-z0-9-]+)\.dll"
)
RUNTIME = "msvcrt.dll"
"""The engine uses one C runtime, and every Windows has this one."""
PYTHON = "python3.dll"
_LINUX_OWN = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libgcc_s.so.1"}


def main() -> None:
    """Parse, build each target, print the paths."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--target", action="append", required=True, choices=NAMES)
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    given = parser.parse_args()
    for name in given.target:
        print(build(name, given.out))


def build(name: str, out: Path) -> Path:
    """Compile the engine for a target, and pack its wheel. Ends the program where a part is missing."""
    content = _content()
    if name == "portal":
        return _written(_PORTAL, dict(_portal(content)), PURE, out)
    files = {path: data for path, data in content.items() if not path.startswith(_PORTAL_FILES)}
    target = TARGETS.get(name)
    tags = PURE
    if target is not None:
        engine = _compiled(name, target)
        _check(name, engine)
        files[f"quetsach/{target.module}"] = engine.read_bytes()
        files[f"quetsach-{__version__}.dist-info/{stick.SOURCES}"] = f"{stick.sources()}\n".encode()
        tags = target.tags
    return _written(_NAME, files, tags, out)


def _portal(content: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The portal's files, with a description that asks for the same version of the rest and its packages."""
    yield from ((path, data) for path, data in content.items() if path.startswith(_PORTAL_FILES))
    info = f"{_PORTAL}-{__version__}.dist-info"
    told = (
        "Metadata-Version: 2.4", "Name: quetsach-portal", f"Version: {__version__}",
        "Summary: The portal of Quét Sạch", "License-Expression: Apache-2.0",
        "License-File: LICENSE", "Requires-Python: >=3.12", f"Requires-Dist: quetsach[portal]=={__version__}",
    )  # fmt: skip
    yield f"{info}/METADATA", "".join(f"{line}\n" for line in told).encode()
    yield f"{info}/licenses/LICENSE", ROOT.joinpath("LICENSE").read_bytes()


def engine_for(name: str) -> Path:
    """The compiled engine for a target; where it was built already it is not built again."""
    target = TARGETS[name]
    engine = _compiled(name, target)
    _check(name, engine)
    return engine


def _content() -> Mapping[str, bytes]:
    found = sorted(HOST_WHEELS.glob(f"quetsach-{__version__}-*.whl"))
    if not found:
        sys.exit("the wheel of this machine is not here: run ./dev setup, which needs Rust")
    with ZipFile(found[-1]) as wheel:
        return {
            entry.filename: wheel.read(entry)
            for entry in wheel.infolist()
            if not entry.is_dir() and not _NOT_TAKEN.search(entry.filename)
        }


def _written(name: str, files: dict[str, bytes], tags: tuple[str, ...], out: Path) -> Path:
    """A wheel by PEP 427: its files, then WHEEL and RECORD, which lists them with their hashes."""
    info = f"{name}-{__version__}.dist-info"
    is_pure = str(tags == PURE).lower()
    lines = ["Wheel-Version: 1.0", "Generator: quetsach", f"Root-Is-Purelib: {is_pure}"]
    files[f"{info}/WHEEL"] = "".join(
        f"{line}\n" for line in [*lines, *(f"Tag: {tag}" for tag in tags)]
    ).encode()
    rows = [f"{path},{_digest(data)},{len(data)}\n" for path, data in sorted(files.items())]
    files[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"]).encode()
    python, abi, _platform = tags[0].split("-")
    platforms = ".".join(tag.rpartition("-")[2] for tag in tags)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}-{__version__}-{python}-{abi}-{platforms}.whl"
    path.write_bytes(stick.zipped(files))
    return path


def _digest(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _compiled(name: str, target: Target) -> Path:
    command, environment = cargo(name, "build", "-q", "-p", "quetsach-python")
    subprocess.run(command, check=True, cwd=ROOT, env=environment)
    return Path(environment["CARGO_TARGET_DIR"]) / target.triple / "release" / target.built


def cargo(name: str, verb: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command line and the environment of cargo that compile for a target."""
    target = TARGETS[name]
    folder = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "wheels" / name
    folder.mkdir(parents=True, exist_ok=True)
    program, options, more = _on_windows() if name == "windows" else _on_linux(target)
    wrapper = folder / "rustc.sh"
    home = os.environ.get("CARGO_HOME", str(Path.home() / ".cargo"))
    remapped = [
        f"--remap-path-prefix={old}={new}"
        for old, new in ((str(ROOT), "quetsach"), (home, "cargo"), (str(folder), "built"))
    ]
    quoted = " ".join(f"'{one}'" for one in remapped)
    wrapper.write_text(f'#!/bin/sh\nexec "$@" {quoted}\n', encoding="utf-8")
    wrapper.chmod(0o755)
    # Without optimisation zig checks for undefined behaviour, and the checks name zig's own folder.
    kept = f"-fno-sanitize=undefined -ffile-prefix-map={folder}=built -ffile-prefix-map={home}=cargo"
    environment = {
        **os.environ,
        "CARGO_TARGET_DIR": str(folder),
        "RUSTC_WRAPPER": str(wrapper),
        "CARGO_PROFILE_RELEASE_DEBUG": "0",
        "CARGO_PROFILE_RELEASE_STRIP": "symbols",
        "CARGO_INCREMENTAL": "0",
        "SOURCE_DATE_EPOCH": "315532800",
        "PYO3_NO_PYTHON": "1",
        f"CFLAGS_{target.triple.replace('-', '_')}": kept,
        **more,
    }
    if verb == "build" and name != "windows":
        verb = "zigbuild"
    return [str(program), verb, "--release", "--locked", *options, *arguments], environment


def _on_windows() -> tuple[Path, list[str], dict[str, str]]:
    compiler = f"{MINGW}-gcc-win32"
    if not all((DEBIAN / name).exists() for name in ("rustc", "cargo", compiler)):
        sys.exit(f"the compilers for Windows are not here; on Debian: sudo apt-get install {NEEDED}")
    # Debian's threads of Windows itself: those of POSIX would be one more DLL.
    flags = "-C target-feature=+crt-static -C link-arg=-static-libgcc -C link-arg=-Wl,--no-insert-timestamp"
    more = {
        "RUSTC": str(DEBIAN / "rustc"),
        "RUSTC_BOOTSTRAP": "1",
        "CC_x86_64_pc_windows_gnu": compiler,
        "AR_x86_64_pc_windows_gnu": f"{MINGW}-ar",
        "CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER": compiler,
        "CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUSTFLAGS": flags,
    }
    return DEBIAN / "cargo", [_STANDARD_LIBRARY, "--target", TARGETS["windows"].triple], more


_STANDARD_LIBRARY = "-Zbuild-std=std,panic_abort"


def _on_linux(target: Target) -> tuple[Path, list[str], dict[str, str]]:
    """By zig, whose C library is as old as is asked."""
    tools = _zig()
    oldest = ".".join(map(str, OLDEST_GLIBC))
    options = ["--target", f"{target.triple}.{oldest}"]
    more = {
        "PATH": f"{tools / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "CARGO_ZIGBUILD_CACHE_DIR": str(CACHE / "zig"),
    }
    if target.triple.startswith("x86_64"):
        compiler = CACHE / "cc.sh"
        compiler.write_text(_CC.format(python=tools / "bin" / "python", oldest=oldest), encoding="utf-8")
        compiler.chmod(0o755)
        options += ["--features", "isal"]
        more["CC_x86_64_unknown_linux_gnu"] = str(compiler)
    elif (DEBIAN / "rustc").exists():
        options.append(_STANDARD_LIBRARY)
        more |= {"RUSTC": str(DEBIAN / "rustc"), "CARGO": str(DEBIAN / "cargo"), "RUSTC_BOOTSTRAP": "1"}
    else:
        sys.exit(f"the compiler for {target.triple} is not here; on Debian: sudo apt-get install {NEEDED}")
    return tools / "bin" / "cargo-zigbuild", options, more


_CC = """#!/bin/sh
# ISA-L's configure asks for a program without shared libraries, which a glibc that may be older cannot give.
for one in "$@"; do
  shift
  case $one in -static | -m64 | --target=*) ;; *) set -- "$@" "$one" ;; esac
done
exec '{python}' -m ziglang cc -target x86_64-linux-gnu.{oldest} "$@"
"""


def _zig() -> Path:
    """A folder of its own with zig and cargo-zigbuild, brought once from the package registry."""
    place = CACHE / hashlib.sha256(" ".join(ZIG).encode()).hexdigest()[:16]
    if not (place / "bin" / "cargo-zigbuild").exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        wanted = place / "wanted.txt"
        wanted.write_text("".join(f"{name} --hash=sha256:{told}\n" for name, told in ZIG.items()), "ascii")
        python = str(place / "bin" / "python")
        pip = [python, "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", str(wanted)]
        subprocess.run(pip, check=True)
    return place


def _check(name: str, engine: Path) -> None:
    """End the program where an engine needs what not every machine has."""
    odd = unusual_imports(engine) if name == "windows" else unusual_symbols(engine)
    if odd:
        sys.exit(f"{engine.name} for {name} needs {', '.join(odd)}, which not every such machine has")


def unusual_imports(engine: Path) -> list[str]:
    """DLLs that an engine for Windows asks for and that Windows and Python do not bring."""
    asked = {
        found.lower()
        for found in re.findall(r"DLL Name: (\S+)", _said(f"{MINGW}-objdump", "-p", str(engine)))
    }
    missing = {RUNTIME, PYTHON} - asked
    odd = {one for one in asked if not WINDOWS_OWN.fullmatch(one)} - {RUNTIME, PYTHON}
    return sorted(odd | {f"no {one}" for one in missing})


def unusual_symbols(engine: Path) -> list[str]:
    """Libraries, and versions of glibc's symbols, that an engine for Linux asks for and that not all have."""
    told = _said("readelf", "-W", "-d", "--version-info", str(engine))
    odd = set(re.findall(r"\(NEEDED\).*\[([^\]]+)\]", told)) - _LINUX_OWN
    odd = {one for one in odd if not one.startswith("ld-linux")}
    for version in re.findall(r"Name: GLIBC_([\d.]+)", told):
        if tuple(map(int, version.split("."))) > OLDEST_GLIBC:
            odd.add(f"GLIBC_{version}")
    return sorted(odd)


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
