"""A client's first QUIC packets, sealed by the library `cryptography`: our reader must open them."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

V1, V2 = 1, 0x6B3343CF
SHORTEST = 1200
_SALTS = {
    V1: bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
    V2: bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"),
}


def _expand(secret: bytes, label: str, size: int) -> bytes:
    name = f"tls13 {label}".encode()
    info = struct.pack(">HB", size, len(name)) + name + b"\0"
    return HKDFExpand(hashes.SHA256(), size, info).derive(secret)


def number(value: int) -> bytes:
    """A number of variable length (RFC 9000 16)."""
    for prefix, size in ((0, 1), (1, 2), (2, 4)):
        if value < 1 << (8 * size - 2):
            return (prefix << (8 * size - 2) | value).to_bytes(size)
    return (3 << 62 | value).to_bytes(8)


def crypto(offset: int, data: bytes) -> bytes:
    """A CRYPTO frame."""
    return b"\x06" + number(offset) + number(len(data)) + data


def initial(
    frames: bytes,
    *,
    keyed_by: bytes,
    connection: bytes | None = None,
    version: int = V1,
    count: int = 0,
    number_size: int = 1,
    token: bytes = b"",
    sender: str = "client in",
) -> bytes:
    """An Initial packet to `connection`, with the keys of the connection id of the first packet."""
    digest = hmac.HMAC(_SALTS[version], hashes.SHA256())
    digest.update(keyed_by)
    secret = _expand(digest.finalize(), sender, 32)
    word = "quicv2" if version == V2 else "quic"
    key, iv, mask = (
        _expand(secret, f"{word} {what}", n) for what, n in (("key", 16), ("iv", 12), ("hp", 16))
    )
    frames += bytes(max(0, 4 - number_size - len(frames)))
    target = keyed_by if connection is None else connection
    first = 0xC0 | (0x10 if version == V2 else 0) | number_size - 1
    head = struct.pack(">BI", first, version) + bytes((len(target),)) + target + b"\x03abc"
    head += number(len(token)) + token + number(number_size + len(frames) + 16)
    at = len(head)
    head += count.to_bytes(number_size)
    nonce = (int.from_bytes(iv) ^ count).to_bytes(12)
    packet = bytearray(head + AESGCM(key).encrypt(nonce, frames, head))
    hidden = Cipher(algorithms.AES(mask), modes.ECB()).encryptor()
    noise = hidden.update(bytes(packet[at + 4 : at + 20]))
    packet[0] ^= noise[0] & 0x0F
    for i in range(number_size):
        packet[at + i] ^= noise[1 + i]
    return bytes(packet)


def datagram(packets: Iterable[bytes], *, size: int = SHORTEST) -> bytes:
    """Packets in one datagram, padded by zeros, which belong to no packet."""
    return b"".join(packets).ljust(size, b"\0")
