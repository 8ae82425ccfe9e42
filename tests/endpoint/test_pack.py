"""The pack: reading gives back the written pack; a changed, late or foreign pack is never used."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from quetsach.endpoint import keys, pack
from quetsach.endpoint.profile import Profile
from quetsach.endpoint.refusal import Refused
from tests.endpoint.packs import CREATED, PACK, SIGNING, TRUSTED

NOW = CREATED + timedelta(days=3)
FILE = pack.build(PACK, SIGNING)


def code_of(data: bytes, trusted: set[bytes] = TRUSTED, now: datetime = NOW) -> str:
    with pytest.raises(Refused) as refused:
        pack.read(data, trusted, now=now)
    return refused.value.code


def test_what_goes_in_comes_out() -> None:
    told = pack.read(FILE, TRUSTED, now=NOW)
    assert told == replace(PACK, indicators=told.indicators)
    assert told.indicators.items == PACK.indicators.items
    assert told.wanted.profile == Profile("UBND xã Tân Phú", ("kms.example.org",), True)
    assert set(told.wanted.signs.signs) >= {"KMS-01"}
    assert told.text("contact", "en") == "Ms An" and told.text("hand_in", "en") == "Nộp cho chị An"


def test_the_same_pack_gives_the_same_bytes() -> None:
    assert pack.build(PACK, SIGNING) == FILE


def test_a_scanner_finds_no_rule_and_no_name_in_it() -> None:
    for word in (b"evil.example", b"rule ", b"KMSpico"):
        assert word not in FILE
    # Nor by unpacking the deflated stream that it would expect after the head.
    with pytest.raises(zlib.error):
        zlib.decompress(FILE[8 + 64 + 32 + 16 :])


@settings(max_examples=60, deadline=None)
@given(st.integers(8, len(FILE) - 1), st.integers(1, 255))
def test_no_changed_byte_is_accepted(at: int, change: int) -> None:
    changed = bytearray(FILE)
    changed[at] ^= change
    assert code_of(bytes(changed)) == "pack_damaged"


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(FILE) - 1))
def test_no_cut_is_accepted(length: int) -> None:
    assert code_of(FILE[:length]) in ("pack_form", "pack_damaged")


def test_a_strangers_pack_is_refused_with_the_fingerprint_to_compare() -> None:
    stranger = bytes(range(32))
    with pytest.raises(Refused) as refused:
        pack.read(pack.build(PACK, stranger), TRUSTED, now=NOW)
    digest = hashlib.sha256(bytes(SigningKey(stranger).verify_key)).hexdigest().upper()
    assert refused.value.code == "pack_key"
    assert digest[:4] in str(refused.value) and "--trust" in str(refused.value)


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), "pack_early"),
        (CREATED - timedelta(days=2), "pack_early"),
        (PACK.expires, "pack_expired"),
        (datetime(2099, 1, 1, tzinfo=UTC), "pack_expired"),
    ],
)
def test_time_is_asked_before_use(now: datetime, code: str) -> None:
    assert code_of(FILE, now=now) == code


def test_a_day_of_skew_is_forgiven() -> None:
    assert pack.read(FILE, TRUSTED, now=CREATED - timedelta(hours=20)).version == 7


def signed(body: bytes) -> bytes:
    """A pack by the format's description: any body, signed with the campaign's own key."""
    seed = b"\x01" * 16
    mask = hashlib.shake_256(seed).digest(len(body))
    signer = SigningKey(SIGNING)
    rest = bytes(signer.verify_key) + seed + bytes(a ^ b for a, b in zip(body, mask, strict=True))
    return b"QSPACK1\n" + signer.sign(b"quetsach pack 1\x00" + rest).signature + rest


def test_a_pack_for_a_newer_program_says_so() -> None:
    newer = zlib.compress(json.dumps({"type": "pack", "schema": 2}).encode())
    assert code_of(signed(newer)) == "pack_newer"


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "MOST_UNPACKED", 1 << 16)
    assert code_of(signed(zlib.compress(bytes(1 << 20)))) == "pack_damaged"


def test_a_signature_made_for_something_else_is_no_pack() -> None:
    rest = FILE[72:]
    other = SigningKey(SIGNING).sign(b"quetsach result 1\x00" + rest).signature
    assert code_of(FILE[:8] + other + rest) == "pack_damaged"


@pytest.mark.parametrize(
    "wrong",
    [
        {"expires": CREATED},
        {"expires": CREATED + timedelta(days=500)},
        {"version": 0},
        {"result_key": b"short"},
    ],
)
def test_the_builder_refuses(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"pack|version"):
        pack.build(replace(PACK, **wrong), SIGNING)  # type: ignore[arg-type]


def test_a_key_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "unit.key"
    keys.write(path, "sealing", SIGNING)
    assert path.stat().st_mode & 0o077 == 0
    assert keys.read(path, "sealing") == SIGNING
    with pytest.raises(FileExistsError):
        keys.write(path, "sealing", bytes(32))
    with pytest.raises(Refused, match="key file"):
        keys.read(path, "signing")
