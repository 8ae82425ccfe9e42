"""Signatures of whole files: Ed25519 (RFC 8032), with the key as SubjectPublicKeyInfo in PEM (RFC 8410).

OpenSSL verifies them: `openssl pkeyutl -verify -pubin -inkey FILE.pem -rawin -in FILE -sigfile FILE.sig`.
"""

from __future__ import annotations

import base64
import binascii

from quetsach.endpoint import keys

_HEAD = bytes.fromhex("302a300506032b6570032100")
"""The DER before the 32 bytes of an Ed25519 key (RFC 8410, section 4)."""
_BEGIN, _END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"


def sign(data: bytes, secret: bytes) -> bytes:
    """The 64 bytes of the signature."""
    from nacl.signing import SigningKey

    return SigningKey(secret).sign(data).signature


def verify(data: bytes, signature: bytes, key: bytes) -> bool:
    """Whether the signature is of this content and this key."""
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey

    try:
        VerifyKey(key).verify(data, signature)
    except (ValueError, TypeError, BadSignatureError):
        return False
    return True


def pem(key: bytes) -> str:
    """A public key as a file for OpenSSL."""
    return f"{_BEGIN}\n{base64.b64encode(_HEAD + key).decode()}\n{_END}\n"


def key_in_pem(text: str) -> bytes | None:
    """The key in such a file; None for any other text."""
    inner = text.strip().removeprefix(_BEGIN).removesuffix(_END).strip()
    try:
        der = base64.b64decode(inner, validate=True)
    except (binascii.Error, ValueError):
        return None
    is_key = der.startswith(_HEAD) and len(der) == len(_HEAD) + keys.SIZE
    return der[len(_HEAD) :] if is_key else None
