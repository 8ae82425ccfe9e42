"""Build the log scanner to carry for Linux, as a ZIP: `tools/linux_scanner.py WHEEL`, into dist/.

The wheel's Python files and engine, and the packages of pure Python that a scan imports, with the hashes of
`requirements.lock`. It takes the Python (3.12 or newer) of the machine, and installs nothing. The same inputs
give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import stick
from quetsach import __version__
from quetsach.endpoint import manifest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("click", "idna", "publicsuffixlist", "rich", "tzdata", "urllib3", "xlsxwriter")
STARTER = "quet.sh"
_LEFT_OUT = re.compile(r"^quetsach/(?:portal|stick)/|\.dist-info/|\.po$|\.pyi$|/py\.typed$")
_SYSTEM = re.compile(r"-(?:[\w.]+_)?(x86_64|aarch64)\.whl$")


def main() -> None:
    """Parse, build, print the path."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wheel", type=Path, help="a wheel for Linux (./dev wheel --target linux)")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument(
        "--no-download", action="store_true", help="end with code 3 if packages would be downloaded"
    )
    given = parser.parse_args()
    if given.no_download and not stick.has_packages():
        sys.exit(3)
    print(build(given.wheel, given.out))


def build(wheel: Path, out: Path) -> Path:
    """Write the ZIP of a wheel; the path of it."""
    system = _SYSTEM.search(wheel.name)
    if system is None:
        raise SystemExit(f"{wheel.name}: is no wheel for Linux")
    name = f"quetsach-scanner-linux-{system[1]}-{__version__}"
    files = {f"{name}/{manifest.LISTS}/": b"", **{f"{name}/{path}": data for path, data in _files(wheel)}}
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.zip"
    path.write_bytes(stick.zipped(files, programs=frozenset((f"{name}/{STARTER}",))))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n", encoding="ascii")
    return path


def _files(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if not entry.is_dir() and not _LEFT_OUT.search(entry.filename):
                yield f"lib/{entry.filename}", archive.read(entry)
    for path in stick.downloaded(PACKAGES):
        yield from ((f"lib/{name}", data) for name, data in stick.package(path))
    yield STARTER, ROOT.joinpath("tools", "linux-scanner.sh").read_bytes()
    guide = ROOT.joinpath("tools", "linux-scanner-readme.txt").read_text(encoding="utf-8")
    yield "DOC-TOI.txt", guide.replace("{version}", __version__).encode()
    yield "LICENSE.txt", ROOT.joinpath("LICENSE").read_bytes()
    yield "THIRD_PARTY.txt", ROOT.joinpath("THIRD_PARTY.md").read_bytes()


if __name__ == "__main__":
    main()
