"""Openers turn archives, compressed files and databases into streams of plain logs.

One small module a kind, with `open(file: Opened) -> Iterator[Opened | Passed]`, and one row in `KINDS`.
Openers nest. A member that cannot be read is a stream that raises SourceError; a container that cannot be
read further raises it itself. Plain text, gzip and zstd are left to the engine.
"""

import importlib
import io
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from quetsach.errors import SourceError
from quetsach.files import decompress, opening
from quetsach.files.openers.opened import Blocks, Disk, Failing, Meter, Opened, Passed, Start, shown
from quetsach.files.openers.sparse import Holes, is_sparse

__all__ = [
    "SPLIT_ZIP",
    "WHOLE",
    "Failing",
    "Kind",
    "Meter",
    "Opened",
    "Part",
    "Passed",
    "Start",
    "is_result",
    "is_sparse",
    "is_tar",
    "kind_by_end",
    "kind_of",
    "parts",
    "read",
    "read_file",
    "unpacked_start",
]

START_BYTES = 4096
_ZSTD_BLOCK = 160 << 10
"""More than one zstd block: nothing comes out before the end of a block (RFC 8878 3.1.1.2)."""
MOST_DEPTH = 3
MOST_MEMBERS = 100_000


class Kind(NamedTuple):
    """How the first bytes show a kind, and the module in this folder that opens such a file.

    A kind without a module is refused, and `advice` says what to do instead.
    """

    name: str
    begins: Callable[[bytes], bool]
    module: str = ""
    advice: str = ""
    is_archive: bool = True

    @property
    def problem(self) -> str:
        """The error that refuses a file of this kind."""
        article = "an" if self.name[0] in "aeiou" else "a"
        return f"is {article} {self.name}, which is not read; {self.advice}"


def _magic(*magics: bytes) -> Callable[[bytes], bool]:
    return lambda start: start.startswith(magics)


def _tested_by(module: str, may_be: Callable[[bytes], bool]) -> Callable[[bytes], bool]:
    """The module's own test, imported only for a file that may be of its kind: to import all modules takes as
    long as 10 MB of a log."""

    def begins(start: bytes) -> bool:
        return may_be(start) and bool(importlib.import_module(f"{__name__}.{module}").begins(start))

    return begins


def _holds(*words: bytes) -> Callable[[bytes], bool]:
    return lambda start: any(word in start for word in words)


def _begins_with_tag(start: bytes) -> bool:
    """Whether an XML tag comes first; also in UTF-16, and behind a byte order mark."""
    return start.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n\v\f").startswith(b"<")


def _may_be_tar(start: bytes) -> bool:
    return start[257:262] == b"ustar" or start[148:156].strip(b" \0").isdigit()


def _is_lzma(start: bytes) -> bool:
    """LZMA has no magic. So: properties that all programs write, a dictionary of 2^n or 2^n + 2^(n-1) bytes,
    an unknown or believable size, and the zero with which the range coder starts."""
    if not start.startswith(b"]\0") or len(start) < 14 or start[13]:
        return False
    dictionary = int.from_bytes(start[1:5], "little")
    size = int.from_bytes(start[5:13], "little")
    is_round = f"{dictionary:b}".rstrip("0") in ("1", "11")
    return is_round and (size == _UNKNOWN_SIZE or size < 1 << 48)


_UNKNOWN_SIZE = (1 << 64) - 1
is_tar = _tested_by("tar", _may_be_tar)
_UNPACK = "unpack it and scan what comes out"
_ENCRYPTED = (
    b"age-encryption.org/v1\n",
    b"-----BEGIN AGE ENCRYPTED FILE-----",
    b"-----BEGIN PGP MESSAGE-----",
    # OpenPGP (RFC 9580): a session key for a password, or for a key of Curve25519 or of 2048 to 4096 bits.
    *(bytes([0x8C, 0x0D, 0x04, cipher, 0x03]) for cipher in (7, 8, 9)),
    b"\x84\x5e\x03",
    *(b"\x85" + size + b"\x03" for size in (b"\x01\x0c", b"\x01\x8c", b"\x02\x0c")),
    # openssl enc
    b"Salted__",
)
_TINYPROXY = (b"CRITICAL", b"ERROR", b"WARNING", b"NOTICE", b"CONNECT", b"INFO")
KINDS = (
    Kind("xz file", decompress.XZ.begins, "compressed", is_archive=False),
    Kind("bzip2 file", decompress.BZIP2.begins, "compressed", is_archive=False),
    Kind("zip archive", _magic(b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK"), "zip"),
    Kind(
        "document of Office",
        _magic(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        advice="save its table as CSV and name its columns with --fields",
    ),
    Kind("PDF document", _magic(b"%PDF-"), advice="take the log itself, as text or CSV, and scan that"),
    Kind("7z archive", _magic(b"7z\xbc\xaf\x27\x1c"), advice=_UNPACK),
    Kind("RAR archive", _magic(b"Rar!\x1a\x07"), advice=_UNPACK),
    Kind("CAB archive", _magic(b"MSCF\0\0\0\0"), advice=_UNPACK),
    Kind("LZ4 archive", _magic(b"\x04\x22\x4d\x18", b"\x02\x21\x4c\x18"), advice=_UNPACK),
    Kind("LZMA (.lzma) archive", _is_lzma, advice=_UNPACK),
    Kind("lzip archive", _magic(b"LZIP\x01"), advice=_UNPACK),
    Kind("lzop archive", _magic(b"\x89LZO\0\r\n\x1a\n"), advice=_UNPACK),
    Kind("Snappy archive", _magic(b"\xff\x06\0\0sNaPpY"), advice=_UNPACK),
    Kind("compress (.Z) archive", _magic(b"\x1f\x9d"), advice=_UNPACK),
    Kind("encrypted file", _magic(*_ENCRYPTED), advice="decrypt it and scan what comes out"),
    Kind(
        "event log of Windows XP or Server 2003 (.evt)",
        _magic(b"\x30\0\0\0LfLe"),
        advice="save it as .evtx in the Event Viewer and scan that",
    ),
    Kind("Windows event log (.evtx) file", _magic(b"ElfFile\0"), "evtx", is_archive=False),
    Kind("Windows events in XML", _tested_by("eventxml", _begins_with_tag), "eventxml", is_archive=False),
    Kind("AdGuard Home query log", _tested_by("adguard", _holds(b'"QH":')), "adguard", is_archive=False),
    Kind("IPFIX file", _tested_by("ipfix", _magic(b"\0\x0a")), "ipfix", is_archive=False),
    Kind("nfdump file", _magic(b"\x0c\xa5", b"\xa5\x0c"), "nfdump", is_archive=False),
    Kind(
        "flows in JSON of nfdump",
        _tested_by("nfdumpjson", _holds(b'"FLOW"', b'"EVENT"')),
        "nfdumpjson",
        is_archive=False,
    ),
    Kind(
        "flows as text of nfdump",
        _tested_by("nfdumptext", _holds(b"Duration ", b" -> ")),
        "nfdumptext",
        is_archive=False,
    ),
    Kind("tinyproxy log", _tested_by("tinyproxy", _magic(*_TINYPROXY)), "tinyproxy", is_archive=False),
    Kind("Parquet file", _magic(b"PAR1"), "parquet", is_archive=False),
    Kind("SQLite file", _magic(b"SQLite format 3\0"), "pihole", is_archive=False),
    Kind(
        "systemd journal file",
        _magic(b"LPKSHHRH"),
        advice="export it with journalctl --file FILE --output json and scan that",
    ),
    Kind("tar archive", is_tar, "tar"),
)
"""Kinds that an engine cannot read by itself: it would find nothing in them, and that would be wrong."""


SPLIT_ZIP = Kind("split or self-extracting zip archive", _magic(b"PK\x05\x06"), advice=_UNPACK)
"""Recognised by its end: the directory names members in another file, or behind a program."""
_ZIP_END_BYTES = 22


_RESULTS = (
    b'{"type":"scan","schema":',
    b"\xef\xbb\xbfdevice,who,host,user,mac,nat,indicator,kind,",
    b"device,who,host,user,mac,nat,indicator,kind,",
    # Of version 0.1.0.
    b"\xef\xbb\xbfdevice,host,user,mac,nat,indicator,kind,",
    b"device,host,user,mac,nat,indicator,kind,",
)
_OUR_TITLE = " · Quét Sạch</title>".encode()


class Part(NamedTuple):
    """The members of a container that one unit reads: `only` this one, or all `without` these."""

    only: str = ""
    without: frozenset[str] = frozenset()

    def holds(self, member: str) -> bool:
        """Whether a member, by its shown name, belongs to the part."""
        return member not in self.without and self.only in ("", member)


WHOLE = Part()
_PACKED = Kind("compressed container", lambda _start: True, "compressed", is_archive=False)


def kind_of(stream: Start, depth: int = MOST_DEPTH) -> Kind | None:
    """The kind of a stream by its first bytes; None for a stream that an engine reads itself."""
    start = stream.start(START_BYTES)
    found = next((kind for kind in KINDS if kind.begins(start)), None)
    codec = decompress.codec_of(start)
    if found is not None or codec is None:
        return found
    # The engine reads gzip and zstd itself, unless they hold another container or compressed stream.
    inside = Start(Blocks(decompress.unpack(codec, BytesIO(stream.start(_ZSTD_BLOCK)).read)))
    is_container = not depth or kind_of(inside, depth - 1) or decompress.codec_of(inside.start(10))
    return _PACKED if is_container else None


def unpacked_start(stream: Start) -> bytes:
    """The first bytes of a stream that an engine reads itself, as unpacked."""
    codec = decompress.codec_of(stream.start(START_BYTES))
    if codec is None:
        return stream.start(START_BYTES)
    return Start(Blocks(decompress.unpack(codec, BytesIO(stream.start(_ZSTD_BLOCK)).read))).start(START_BYTES)


def kind_by_end(file: BinaryIO) -> Kind | None:
    """The kind of a file by its last bytes, where its first bytes tell nothing."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _ZIP_END_BYTES))
    return SPLIT_ZIP if SPLIT_ZIP.begins(file.read(_ZIP_END_BYTES)) else None


def is_result(start: bytes) -> bool:
    """Whether a file starts like a scan's .jsonl, .csv or .html: read as a log it would report itself."""
    return start.startswith(_RESULTS) or (start.startswith(b"<!doctype html>") and _OUR_TITLE in start)


def parts(path: Path, kind: Kind) -> dict[str, int]:
    """Members of a file of this kind that are worth a thread each, with their stored sizes in bytes."""
    if kind.module != "zip":
        return {}
    from quetsach.files.openers import zip

    with opening.read(path) as file:
        return {shown(name): size for name, size in zip.parts(cast(BinaryIO, Disk(file, Meter()))).items()}


def read(path: Path, meter: Meter, part: Part = WHOLE) -> Iterator[Opened | Passed]:
    """The logs inside a file, or inside standard input for `-`; read each before asking for the next.

    Raises SourceError where the file cannot be read further, OSError where it cannot be opened.
    """
    if str(path) == "-":
        yield from read_file(sys.stdin.buffer, meter)
        return
    with opening.read(path, is_raw=True) as file:
        if path.is_file():
            about = path.stat()
            if is_sparse(about) and kind_of(Start(file)) is None:
                yield from read_file(cast(BinaryIO, Holes(file)), meter, about.st_mtime)
                return
            file.seek(0)
            yield from read_file(file, meter, about.st_mtime, path, part)
        else:
            yield from read_file(file, meter)


def read_file(
    file: BinaryIO,
    meter: Meter,
    mtime: float | None = None,
    path: Path | None = None,
    part: Part = WHOLE,
) -> Iterator[Opened | Passed]:
    """The same for a file that is open. `mtime` is when it was written, `path` its place on disk if any.

    Raises SourceError where the file cannot be read further.
    """
    whole = Opened("", Start(Disk(file, meter)), None, mtime, meter, path)
    yield from _leaves(whole, 0, False, part)


def _leaves(
    file: Opened, depth: int, is_inside_packed: bool, part: Part = WHOLE
) -> Iterator[Opened | Passed]:
    kind = None if file.format else kind_of(file.stream)
    if kind is None and file.is_unpacked and decompress.codec_of(file.stream.start(10)):
        # The meter must see every layer, or each layer could unpack to a thousand times its size.
        kind = _PACKED
    if kind is None:
        yield Passed(file.member, "result") if is_result(file.stream.start(START_BYTES)) else file
        return
    if not kind.module:
        yield _failed(file, kind.problem)
        return
    depth += kind.is_archive or is_inside_packed
    if depth > MOST_DEPTH:
        yield _failed(file, f"lies more than {MOST_DEPTH} archives deep; unpack the outer one and scan that")
        return
    opener = importlib.import_module(f"{__name__}.{kind.module}")
    members = 0
    try:
        for inner in opener.open(file):
            members += 1
            if not part.holds(inner.member):
                continue
            if kind.is_archive and depth == 1:
                file.meter.begin_member()
            if members > MOST_MEMBERS:
                raise SourceError(
                    f"holds more than {MOST_MEMBERS} files; what came before was scanned,"
                    " unpack it and scan what comes out"
                )
            if isinstance(inner, Passed):
                yield inner
            else:
                yield from _leaves(inner, depth, not kind.is_archive)
            if part.only:
                return  # another unit reads the rest, and reports what is wrong with the whole
    except SourceError as error:
        yield _failed(file, str(error))
        return
    except Exception as error:  # hostile bytes can make a library raise anything
        why = f"{type(error).__name__}: {error}"
        yield _failed(file, f"{kind.name}: damaged ({why}); unpack it and scan what comes out")
        return
    if not members:
        yield _failed(file, "holds no file")


def _failed(file: Opened, problem: str) -> Opened:
    return Opened(file.member, Start(Failing(problem)), meter=file.meter)
