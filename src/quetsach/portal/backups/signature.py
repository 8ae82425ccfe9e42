"""Proves who made a backup: an Ed25519 signature over its list of contents, in the comment of the ZIP file.

The key lies in the data folder (`backup-key`) and is in no backup, so that a thief of one backup can sign no
other. A program that does not know the signature reads the archive all the same.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from quetsach.endpoint import keys
from quetsach.endpoint.refusal import Refused
from quetsach.portal.backups.archive import BackupError

_WORD = b"quetsach backup 1\0"
_MARK = b"quetsach-signature "
_FILE = "backup-key"


@dataclass(frozen=True)
class Signer:
    """`fingerprint` is "" for an unsigned backup; `is_named`: the user named this fingerprint."""

    fingerprint: str
    is_ours: bool = False
    is_named: bool = False

    def __str__(self) -> str:
        if not self.fingerprint:
            return _("It is not signed: nobody can tell who made it and whether it was changed.")
        if self.is_ours:
            return _("It is signed by this portal (%(key)s).") % {"key": self.fingerprint}
        if self.is_named:
            return _("It is signed by the key that you named (%(key)s).") % {"key": self.fingerprint}
        return _(
            "It is signed by another key than this portal's: %(key)s. Compare it with the key that was shown"
            " when the backup was made."
        ) % {"key": self.fingerprint}


def sign(manifest: bytes) -> bytes:
    """The ZIP comment for an archive with this list of contents."""
    from nacl.signing import SigningKey

    key = SigningKey(_own_key())
    signature = key.sign(_WORD + manifest).signature
    return _MARK + f"{bytes(key.verify_key).hex()} {signature.hex()}".encode("ascii")


def signer_of(comment: bytes, manifest: bytes, file: Path) -> Signer:
    """The signer by the ZIP comment. Raises BackupError if the signature does not fit the contents."""
    from nacl.exceptions import CryptoError
    from nacl.signing import SigningKey, VerifyKey

    if not comment.startswith(_MARK):
        return Signer("")
    try:
        public, signature = (bytes.fromhex(part) for part in comment[len(_MARK) :].decode("ascii").split(" "))
        VerifyKey(public).verify(_WORD + manifest, signature)
    except (CryptoError, ValueError) as error:
        raise BackupError(
            _("%(file)s: was changed after it was signed. Nothing was changed.") % {"file": file}
        ) from error
    ours = bytes(SigningKey(_own_key()).verify_key) if (Path(settings.DATA_DIR) / _FILE).exists() else b""
    return Signer(keys.fingerprint(public), is_ours=public == ours)


def own() -> Signer:
    """This portal as a signer."""
    from nacl.signing import SigningKey

    return Signer(keys.fingerprint(bytes(SigningKey(_own_key()).verify_key)), is_ours=True)


def _own_key() -> bytes:
    file = Path(settings.DATA_DIR) / _FILE
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                keys.write(file, "signing", keys.new())
        return keys.read(file, "signing")
    except (OSError, Refused) as error:
        raise BackupError(
            _(
                "%(file)s: the key that backups are signed with cannot be read. Put it back from its copy, or"
                " remove it: a new one is made."
            )
            % {"file": file}
        ) from error
