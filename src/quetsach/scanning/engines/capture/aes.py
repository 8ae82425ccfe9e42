"""AES-128 in counter mode with authentication (FIPS 197, SP 800-38D), to open packets that are not secret.

Pure Python, because the portable engine brings no binary. It is slow and not in constant time: any reader of
the capture can make the keys that it gets.
"""

from __future__ import annotations

from functools import lru_cache

BLOCK = 16
TAG = 16
_MODULUS = 0x11B
_REDUCE = 0xE1 << 120


def _double(value: int) -> int:
    return (value << 1) ^ (_MODULUS if value & 0x80 else 0)


def _sbox() -> bytes:
    """The substitution table of FIPS 197 5.1.1: the inverse in the field, then an affine map."""
    logs, powers, value = [0] * 256, [0] * 255, 1
    for exponent in range(255):
        powers[exponent], logs[value] = value, exponent
        value ^= _double(value)
    out = bytearray(256)
    for value in range(256):
        inverse = powers[-logs[value] % 255] if value else 0
        spread = inverse ^ inverse << 1 ^ inverse << 2 ^ inverse << 3 ^ inverse << 4
        out[value] = (spread ^ spread >> 8) & 0xFF ^ 0x63
    return bytes(out)


_SBOX = _sbox()
_DOUBLED = bytes(_double(value) for value in range(256))


class Aes128:
    """Enciphers single blocks with a key of 16 bytes."""

    def __init__(self, key: bytes) -> None:
        words = [key[at : at + 4] for at in range(0, BLOCK, 4)]
        constant = 1
        for number in range(4, 44):
            word = words[-1]
            if number % 4 == 0:
                turned = bytes(_SBOX[b] for b in word[1:] + word[:1])
                word = bytes((turned[0] ^ constant, *turned[1:]))
                constant = _double(constant)
            words.append(bytes(a ^ b for a, b in zip(words[-4], word, strict=True)))
        self._rounds = [b"".join(words[at : at + 4]) for at in range(0, 44, 4)]

    def encrypt(self, block: bytes) -> bytes:
        state = bytes(a ^ b for a, b in zip(block, self._rounds[0], strict=True))
        for number, key in enumerate(self._rounds[1:], 1):
            # SubBytes and ShiftRows in one: byte r of column c comes from column c + r.
            moved = bytes(_SBOX[state[(at + 4 * (at % 4)) % BLOCK]] for at in range(BLOCK))
            if number < len(self._rounds) - 1:
                moved = _mixed(moved)
            state = bytes(a ^ b for a, b in zip(moved, key, strict=True))
        return state


def _mixed(state: bytes) -> bytes:
    out = bytearray()
    for at in range(0, BLOCK, 4):
        a, b, c, d = state[at : at + 4]
        every = a ^ b ^ c ^ d
        out += bytes(x ^ every ^ _DOUBLED[x ^ y] for x, y in ((a, b), (b, c), (c, d), (d, a)))
    return bytes(out)


@lru_cache(maxsize=16)
def _nibbles(subkey: int) -> list[list[int]]:
    """The product with the subkey, for each value of each of the 32 nibbles of a block."""
    powers = []
    for _ in range(128):
        powers.append(subkey)
        subkey = subkey >> 1 ^ (_REDUCE if subkey & 1 else 0)
    tables = []
    for at in range(0, 128, 4):
        bits = powers[at : at + 4]
        table = [0] * 16
        for value in range(16):
            for number, bit in enumerate(bits):
                if value & 8 >> number:
                    table[value] ^= bit
        tables.append(table)
    return tables


def _hash(subkey: int, data: bytes) -> int:
    tables = _nibbles(subkey)
    state = 0
    for at in range(0, len(data), BLOCK):
        state ^= int.from_bytes(data[at : at + BLOCK])
        product = 0
        for number, table in enumerate(tables):
            product ^= table[state >> (124 - 4 * number) & 15]
        state = product
    return state


def opened(key: bytes, nonce: bytes, sealed: bytes, heading: bytes) -> bytes | None:
    """The text of `sealed`, which ends with its tag; None if the tag does not fit the text and the
    heading."""
    cipher = Aes128(key)
    body, tag = sealed[:-TAG], sealed[-TAG:]
    subkey = int.from_bytes(cipher.encrypt(bytes(BLOCK)))
    padded = heading + bytes(-len(heading) % BLOCK) + body + bytes(-len(body) % BLOCK)
    sizes = (len(heading) * 8).to_bytes(8) + (len(body) * 8).to_bytes(8)
    first = int.from_bytes(cipher.encrypt(nonce + (1).to_bytes(4)))
    if (_hash(subkey, padded + sizes) ^ first).to_bytes(BLOCK) != tag:
        return None
    stream = b"".join(cipher.encrypt(nonce + n.to_bytes(4)) for n in range(2, 2 + -(-len(body) // BLOCK)))
    return bytes(a ^ b for a, b in zip(body, stream, strict=False))
