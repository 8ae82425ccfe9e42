"""The signed list of a stick's files: made when the stick is built, verified at each start.

`manifest.json` holds {"signed": text, "signature": hex, "key": hex}; the text is JSON:
{"type": "stick", "schema": 1, "version", "build": "test" | "release", "files": {path: sha256}, "trusted":
[keys of campaigns]}. It reveals files changed, damaged or added since. An attacker who can write to a stick
can also replace the verifying program, so the portal shows the ZIP's own checksum (THREAT_MODEL.md).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quetsach.endpoint import keys, suffixes
from quetsach.endpoint.refusal import Refused

NAME = "manifest.json"
STARTER = "KIEM-TRA.cmd"
SCANNER = "QUET.cmd"
"""The file that starts a scanner to carry. Such a program only scans logs."""
RESULTS = "ket-qua"
"""The folder for results, beside the program."""
LISTS = "danh-sach"
"""The folder for lists of malicious addresses, beside the program."""
SCHEMA = 1
_CONTEXT = b"quetsach stick 1\x00"
_MOST_BYTES = 4 << 20
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """`files` are paths with `/` between, each with its SHA-256; `key` is the signer's public key."""

    version: str
    is_test_build: bool
    files: Mapping[str, str]
    trusted: Sequence[str]
    key: bytes = b""


def write(told: Manifest, signing_key: bytes) -> bytes:
    """The bytes of the file; the same manifest and key give the same bytes."""
    from nacl.signing import SigningKey

    table = {
        "type": "stick",
        "schema": SCHEMA,
        "version": told.version,
        "build": "test" if told.is_test_build else "release",
        "files": dict(told.files),
        "trusted": list(told.trusted),
    }
    text = json.dumps(table, sort_keys=True, indent=0, ensure_ascii=False)
    signer = SigningKey(signing_key)
    signature = signer.sign(_CONTEXT + text.encode()).signature.hex()
    document = {"key": bytes(signer.verify_key).hex(), "signature": signature, "signed": text}
    return json.dumps(document, ensure_ascii=False, indent=0).encode() + b"\n"


def read(data: bytes) -> Manifest:
    """A manifest whose signature is valid.

    Raises:
        Refused: stick_manifest.
    """
    told, text, signature = _parsed(data)
    _check_signature(told.key, text, signature)
    return told


def _parsed(data: bytes) -> tuple[Manifest, str, bytes]:
    """The manifest, the signed text, and the signature, which is not verified yet."""
    try:
        document = json.loads(data)
        key, text = keys.of_text(document["key"]), document["signed"]
        signature = bytes.fromhex(document["signature"])
        table = json.loads(text)
        if table["type"] != "stick" or table["schema"] != SCHEMA:
            raise ValueError("another form")
        is_test = table["build"] != "release"
        told = Manifest(table["version"], is_test, dict(table["files"]), tuple(table["trusted"]), key)
    except (ValueError, TypeError, KeyError, AttributeError, Refused) as error:
        raise Refused("stick_manifest") from error
    return told, text, signature


def _check_signature(key: bytes, text: str, signature: bytes) -> None:
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey

    try:
        VerifyKey(key).verify(_CONTEXT + text.encode(), signature)
    except (ValueError, TypeError, BadSignatureError) as error:
        raise Refused("stick_manifest") from error


def verify(root: Path) -> Manifest:
    """The manifest of the stick at `root`, after every file beside it was compared.

    Packs beside the program, the answers about their keys, and the folders for results and lists may come and
    go: nothing runs from them.

    Raises:
        Refused: stick_manifest, stick_changed or stick_foreign, naming the file.
    """
    try:
        with (root / NAME).open("rb") as file:
            data = file.read(_MOST_BYTES)
    except OSError as error:
        raise Refused("stick_manifest") from error
    told, text, signature = _parsed(data)
    known = {name.casefold() for name in told.files}
    for name in _present(root):
        if name.casefold() not in known and not _may_come(name):
            raise Refused("stick_foreign", name=name)
    for name, digest in told.files.items():
        if _digest(root / name) != digest:
            raise Refused("stick_changed", name=name)
    # Imported only now: the code that verifies signatures lies on the stick as well.
    _check_signature(told.key, text, signature)
    return told


def packs(root: Path) -> list[Path]:
    """The packs beside the program."""
    return sorted(path for path in root.iterdir() if path.suffix.lower() == suffixes.PACK and path.is_file())


def _present(root: Path) -> Iterator[str]:
    for folder, folders, names in root.walk():
        if folder == root:
            folders[:] = [name for name in folders if name not in (RESULTS, LISTS)]
        for name in names:
            yield (folder / name).relative_to(root).as_posix()
        for name in folders:
            # A link would lead this walk, and later look-ups, out of the stick.
            if (folder / name).is_symlink() or (folder / name).is_junction():
                yield (folder / name).relative_to(root).as_posix()


def _may_come(name: str) -> bool:
    names = (suffixes.PACK, suffixes.PACK + suffixes.CONFIRMED)
    return name == NAME or ("/" not in name and name.lower().endswith(names))


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                found.update(chunk)
    except (OSError, ValueError):
        return ""
    return found.hexdigest()
