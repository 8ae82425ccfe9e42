"""The code on a phone, by a second reading of RFC 6238."""

import base64
import hashlib
import hmac
import struct


def totp(secret: str, at: float) -> str:
    """RFC 6238 with RFC 4226's truncation, written from the text; `at` in seconds since 1970."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(at) // 30), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 1_000_000:06}"
