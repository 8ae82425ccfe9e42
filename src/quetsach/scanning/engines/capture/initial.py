"""Opens QUIC's Initial packets: their keys come from a connection id that is sent in the clear (RFC 9001 5,
RFC 9369 3.3)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from quetsach.scanning.engines.capture.aes import BLOCK, TAG, Aes128, opened

_LONGEST_NUMBER = 4
"""The sample lies as if the packet number took this many bytes."""


@dataclass(frozen=True, slots=True)
class Version:
    """The differences between versions of QUIC: salt, labels, and packet types in the first byte."""

    salt: bytes
    labels: tuple[str, str, str]
    initial: int
    retry: int


VERSIONS = {
    1: Version(
        bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), ("quic key", "quic iv", "quic hp"), 0, 3
    ),
    0x6B3343CF: Version(
        bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"),
        ("quicv2 key", "quicv2 iv", "quicv2 hp"),
        1,
        0,
    ),
}
"""RFC 9001 5.2 and RFC 9369 3.2, 3.3."""


def _expand(secret: bytes, label: str, size: int) -> bytes:
    """HKDF-Expand-Label of RFC 8446 7.1 without a context, for at most one digest."""
    name = b"tls13 " + label.encode()
    info = size.to_bytes(2) + bytes((len(name),)) + name + b"\0"
    return hmac.digest(secret, info + b"\x01", hashlib.sha256)[:size]


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that open the Initial packets of one client."""

    key: bytes
    iv: bytes
    mask: bytes

    @staticmethod
    def make(version: Version, connection: bytes) -> Keys:
        """The keys of a client whose first packet was sent to this connection id."""
        common = hmac.digest(version.salt, connection, hashlib.sha256)
        client = _expand(common, "client in", 32)
        sizes = zip(version.labels, (16, 12, 16), strict=True)
        return Keys(*(_expand(client, label, size) for label, size in sizes))

    def open(self, packet: bytes, at: int) -> bytes | None:
        """The frames of a packet with its number at `at`; None if other keys sealed it, or it was changed."""
        sample = packet[at + _LONGEST_NUMBER : at + _LONGEST_NUMBER + BLOCK]
        if len(sample) < BLOCK or len(packet) < at + _LONGEST_NUMBER + TAG:
            return None
        mask = Aes128(self.mask).encrypt(sample)
        first = packet[0] ^ (mask[0] & 0x0F)
        size = (first & 3) + 1
        number = bytes(a ^ b for a, b in zip(packet[at : at + size], mask[1:], strict=False))
        heading = bytes((first,)) + packet[1:at] + number
        nonce = (int.from_bytes(self.iv) ^ int.from_bytes(number)).to_bytes(12)
        return opened(self.key, nonce, packet[at + size :], heading)
