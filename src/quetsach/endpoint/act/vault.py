"""Copies of removed files, masked so that no scanner reports them; checked when they are used."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from quetsach.endpoint.act.errors import ActError, of

_MAGIC = b"QSKEPT1\n"
_KEY = 32
_CHUNK = 1 << 16
_NAME = re.compile(r"[0-9a-f]{16}/\d{1,6}(?:-\d{1,4})?\.kept")
LARGEST = 4 << 30
"""Bytes of a kept file, at most."""


class Vault:
    """Copies below a folder, each named after its run and step."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, content: Iterable[bytes]) -> dict[str, Any]:
        """Keep a copy, on the disk when this returns; gives `{"blob", "sha256", "size"}`.

        Raises:
            ActError: the disk is full, or the written copy reads back otherwise.
        """
        place = self._place(name)
        key = secrets.token_bytes(_KEY)
        pattern = key * (2 * _CHUNK // _KEY)
        digest, size = hashlib.sha256(), 0
        try:
            place.parent.mkdir(mode=0o700, exist_ok=True)
            with place.open("wb") as out:
                out.write(_MAGIC + key)
                for part in content:
                    for at in range(0, len(part), _CHUNK):
                        chunk = part[at : at + _CHUNK]
                        digest.update(chunk)
                        size += len(chunk)
                        if size > LARGEST:
                            raise ActError("too_large", name)
                        out.write(_coded(chunk, pattern, size - len(chunk)))
                out.flush()
                os.fsync(out.fileno())
            sync_folder(place.parent)
            sync_folder(self._folder)
        except OSError as error:
            place.unlink(missing_ok=True)
            raise of(error, str(self._folder)) from error
        kept = {"blob": name, "sha256": digest.hexdigest(), "size": size}
        for _part in self.get(kept):
            pass
        return kept

    def get(self, kept: Mapping[str, Any]) -> Iterator[bytes]:
        """The content of a copy; raises `ActError("damaged_copy")` at its end if its hash is wrong."""
        digest, at = hashlib.sha256(), 0
        try:
            with self._place(kept["blob"]).open("rb") as file:
                head = file.read(len(_MAGIC) + _KEY)
                if len(head) != len(_MAGIC) + _KEY or not head.startswith(_MAGIC):
                    raise ActError("damaged_copy", kept["blob"])
                pattern = head[len(_MAGIC) :] * (2 * _CHUNK // _KEY)
                while chunk := file.read(_CHUNK):
                    plain = _coded(chunk, pattern, at)
                    at += len(chunk)
                    digest.update(plain)
                    yield plain
        except OSError as error:
            raise ActError("damaged_copy", kept["blob"]) from error
        if digest.hexdigest() != kept["sha256"]:
            raise ActError("damaged_copy", kept["blob"])

    def _place(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ActError("damaged_journal", name)
        return self._folder / name


def _coded(chunk: bytes, pattern: bytes, at: int) -> bytes:
    """XOR with the repeated key, starting at byte `at` of the content; its own reverse."""
    turn = at % _KEY
    key = pattern[turn : turn + len(chunk)]
    return (int.from_bytes(chunk) ^ int.from_bytes(key)).to_bytes(len(chunk))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can (Windows keeps them with the file)."""
    if os.name == "nt":
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
