"""A tar archive, read once from front to back (POSIX.1-2017 pax and ustar, GNU, old)."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import IO, cast

from quetsach.errors import SourceError
from quetsach.files.decompress import BLOCK
from quetsach.files.openers.opened import Blocks, Opened, Passed
from quetsach.files.openers.span import Forward, Span, cut_off, damaged

_MOST = 1 << 20
"""Bytes of one extended header; names and attributes are far shorter."""


class _Header(tarfile.TarInfo):
    """A header that raises an error when it is damaged; tarfile itself takes a damaged header for the end."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> _Header:
        """Raises SourceError."""
        at = cast(Forward, tarfile_.fileobj).tell()
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.HeaderError as error:
            match type(error).__name__:
                case "EOFHeaderError":
                    raise
                case "EmptyHeaderError" | "TruncatedHeaderError":
                    raise cut_off("tar", at) from error
            raise damaged("tar", at, str(error)) from error


def begins(start: bytes) -> bool:
    """The mark of POSIX and GNU, or the checksum of an older header (POSIX.1-2017 pax, ustar)."""
    if start[257:262] == b"ustar":
        return True
    head = start[:512]
    checksum = head[148:156].strip(b" \0")
    return (
        len(head) == 512
        and head[0] != 0
        and 0 < len(checksum) <= 7
        and checksum.strip(b"01234567") == b""
        and int(checksum, 8) == sum(head[:148]) + sum(head[156:]) + 8 * 32
    )


def open(file: Opened) -> Iterator[Opened | Passed]:
    """The regular files; links and devices are passed over."""
    stream = Forward("tar", file.stream, _MOST)
    tar = tarfile.TarFile(fileobj=cast(IO[bytes], stream), tarinfo=_Header, errorlevel=0)
    while (info := _next(tar, stream)) is not None:
        # Else tarfile would keep every header.
        tar.members = []  # type: ignore[attr-defined]
        if info.isdir():
            continue
        if not info.isfile():
            yield file.passed(info.name, "link")
        elif info.issparse():
            yield file.inner(info.name, Blocks(_sparse(file, tar, info)), mtime=info.mtime)
        else:
            yield file.inner(info.name, Span("tar", stream, info.offset_data, info.size), mtime=info.mtime)
    while block := stream.read(BLOCK):
        if block.strip(b"\0"):
            raise SourceError(
                f"tar: something that is no tar follows at decompressed byte {stream.tell() - len(block)};"
                " it was not read"
            )


def _next(tar: tarfile.TarFile, stream: Forward) -> tarfile.TarInfo | None:
    try:
        return tar.next()
    except tarfile.ReadError as error:
        raise cut_off("tar", stream.tell()) from error


def _sparse(file: Opened, tar: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    content = tar.extractfile(info)
    while content is not None and (block := content.read(BLOCK)):
        yield block
        # A hole of a terabyte takes no room in the archive; count it as unpacked bytes.
        file.meter.add_unpacked(len(block))
