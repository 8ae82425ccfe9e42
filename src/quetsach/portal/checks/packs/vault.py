"""Secrets of the portal at rest: encrypted with a key that is not in the database (NaCl secretbox).

The key is the file QUETSACH_VAULT_KEY_FILE; without one it is made in the data folder, for its owner only. A
thief who copies the database and the uploads but not that file can read no key and no pack.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

from quetsach.errors import PortalError

_SIZE = 32


class VaultError(PortalError):
    """The key of the vault is missing, damaged, or not the key that encrypted the data."""

    code = "vault"


def lock(secret: bytes) -> bytes:
    """The secret, encrypted by the vault's key with a fresh nonce."""
    from nacl.secret import SecretBox

    return bytes(SecretBox(_key(make=True)).encrypt(secret))


def unlock(locked: bytes | memoryview) -> bytes:
    """Decrypt the bytes from `lock`.

    Raises:
        VaultError: with the name of the key's file.
    """
    from nacl.exceptions import CryptoError
    from nacl.secret import SecretBox

    try:
        return SecretBox(_key(make=False)).decrypt(bytes(locked))
    except (CryptoError, ValueError) as error:
        raise VaultError(f"{settings.VAULT_KEY_FILE}: is not the key that this was locked with") from error


def _key(*, make: bool) -> bytes:
    path = Path(settings.VAULT_KEY_FILE)
    if make and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(os.urandom(_SIZE).hex() + "\n")
                file.flush()
                os.fsync(file.fileno())
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise VaultError(f"{path}: the key of the vault cannot be read; put it back from its copy") from error
    if len(key) != _SIZE:
        raise VaultError(f"{path}: the key of the vault has another length; put it back from its copy")
    return key
