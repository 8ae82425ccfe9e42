"""The keys of a campaign: Ed25519 to sign (RFC 8032), X25519 to seal (RFC 7748). 32 bytes each.

A key file holds the secret half: {"type": "key", "kind": "signing" | "sealing", "secret": hex}.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Literal

from quetsach.endpoint.refusal import Refused

type Kind = Literal["signing", "sealing"]
KINDS: tuple[Kind, ...] = ("signing", "sealing")
SIZE = 32
TEST_SECRET = hashlib.sha256(b"quetsach: the key of test builds, which everybody knows").digest()
_HEX = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES = 4096


def new() -> bytes:
    """A fresh secret, for either kind."""
    from nacl.utils import random

    return random(SIZE)


def public(kind: Kind, secret: bytes) -> bytes:
    """The public half of a secret."""
    if kind == "signing":
        from nacl.signing import SigningKey

        return bytes(SigningKey(secret).verify_key)
    from nacl.public import PrivateKey

    return bytes(PrivateKey(secret).public_key)


def fingerprint(key: bytes) -> str:
    """A short form for people to compare: 96 bits of the SHA-256 of a public key, in six groups."""
    text = hashlib.sha256(key).hexdigest()[:24].upper()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def of_text(text: str) -> bytes:
    """A public key from its 64 hexadecimal digits.

    Raises:
        Refused: key_form.
    """
    told = text.strip().lower()
    if not _HEX.fullmatch(told):
        raise Refused("key_form", name=text[:80])
    return bytes.fromhex(told)


def write(path: Path, kind: Kind, secret: bytes) -> None:
    """Write a new file that only its owner may read; never over an existing file (FileExistsError)."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        json.dump({"type": "key", "kind": kind, "secret": secret.hex()}, file)
        file.write("\n")


def read(path: Path, kind: Kind) -> bytes:
    """The secret in a key file.

    Raises:
        Refused: key_file, also where the key is of the other kind.
    """
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_MOST_BYTES))
        if document["type"] != "key" or document["kind"] != kind:
            raise ValueError(kind)
        return of_text(document["secret"])
    except (ValueError, TypeError, KeyError, AttributeError, Refused) as error:
        raise Refused("key_file", name=str(path)) from error
