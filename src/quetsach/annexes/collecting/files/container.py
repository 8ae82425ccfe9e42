"""ZIP containers of Office files and archives, and the XML inside: bounded, without entities or outside
references.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from xml.parsers import expat

from quetsach.annexes.collecting.paper import FileProblem

MOST_UNPACKED = 100 << 20
"""Bytes that the members of one file may unpack to."""
MOST_MEMBERS = 5_000
MOST_XML = 32 << 20
"""Bytes of one part that is parsed; a sheet of 100,000 rows has about ten million."""
_BLOCK = 1 << 16

type Attributes = dict[str, str]


@contextmanager
def opened(data: bytes) -> Iterator[zipfile.ZipFile]:
    """The container. Raises FileProblem: `damaged`, `bomb`, `encrypted`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            infos = packed.infolist()
            if len(infos) > MOST_MEMBERS or sum(info.file_size for info in infos) > MOST_UNPACKED:
                raise FileProblem("bomb", most=MOST_UNPACKED >> 20)
            yield packed
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError) as error:
        raise FileProblem("damaged") from error
    except RuntimeError as error:
        # zipfile raises this for a member with a password.
        raise FileProblem("encrypted") from error


def blocks(packed: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A member's bytes in blocks, never more than the directory promised."""
    info = packed.getinfo(name)
    left = info.file_size
    with packed.open(info) as member:
        while block := member.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise FileProblem("bomb", most=MOST_UNPACKED >> 20)
            yield block


def parse(
    packed: zipfile.ZipFile,
    name: str,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
) -> None:
    """Parse a member's XML; names come without their prefix, also of attributes. Raises FileProblem:
    `hostile_xml` for a document type or an entity (neither belongs in an Office file), `damaged` for XML that
    is not well-formed."""
    if packed.getinfo(name).file_size > MOST_XML:
        raise FileProblem("bomb", most=MOST_XML >> 20)
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_what: object) -> None:
        raise FileProblem("hostile_xml")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse  # type: ignore[assignment]
    parser.StartElementHandler = lambda tag, given: start(
        _local(tag), {_local(key): value for key, value in given.items()}
    )
    parser.EndElementHandler = lambda tag: end(_local(tag))
    parser.CharacterDataHandler = text
    try:
        for block in blocks(packed, name):
            parser.Parse(block, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise FileProblem("damaged") from error


def _local(name: str) -> str:
    return name.rpartition(":")[2]
