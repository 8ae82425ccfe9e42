"""The sealed result: its readers, and that it cannot be forged, moved or altered unnoticed."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.public import PublicKey, SealedBox
from nacl.secret import SecretBox
from nacl.signing import SigningKey

from quetsach.endpoint import sealing
from quetsach.endpoint.machines.recording import Recording
from quetsach.endpoint.refusal import Refused
from quetsach.endpoint.reporting import result
from tests.endpoint.packs import CAMPAIGN_KEY, CREATED, PACK, RESULT_KEY, UNIT_KEY
from tests.endpoint.world import CLEAN, look_at_recording

NOW = CREATED + timedelta(days=3)
RESULT = result.as_table(look_at_recording(CLEAN))
MACHINE = "0123456789abcdef0123456789abcdef"
SEALED = sealing.seal(RESULT, PACK, MACHINE, now=NOW)


def known(pack_id: str) -> sealing.Issued | None:
    return sealing.Issued.of(PACK) if pack_id == PACK.id else None


def open_it(data: bytes, secret: bytes = UNIT_KEY, now: datetime = NOW) -> sealing.Opened:
    return sealing.open_with(data, secret, known, now=now)


def code_of(data: bytes, secret: bytes = UNIT_KEY, now: datetime = NOW) -> str:
    with pytest.raises(Refused) as refused:
        open_it(data, secret, now)
    return refused.value.code


@pytest.mark.parametrize("secret", [UNIT_KEY, CAMPAIGN_KEY])
def test_the_campaign_and_the_unit_read_it(secret: bytes) -> None:
    opened = open_it(SEALED, secret)
    assert opened.result == RESULT
    assert (opened.campaign, opened.unit, opened.version) == ("cv-1234-2026", "tan-phu", 7)
    assert (opened.machine, opened.name, opened.time) == (MACHINE, "PC-07", NOW)


def test_nobody_else_reads_it() -> None:
    assert code_of(SEALED, bytes([9]) * 32) == "sealed_other"
    # Nor with the keys that every stick carries.
    assert code_of(SEALED, RESULT_KEY) == "sealed_other"
    for word in (b"PC-07", b"verdict", MACHINE.encode()):
        assert word not in SEALED


def test_two_checks_differ_and_a_copy_does_not() -> None:
    again = sealing.seal(RESULT, PACK, MACHINE, now=NOW)
    assert open_it(again).digest != open_it(SEALED).digest
    assert open_it(SEALED, CAMPAIGN_KEY).digest == open_it(SEALED, UNIT_KEY).digest


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_change_passes(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(SEALED) - 2))
    value = data.draw(st.integers(32, 126).filter(lambda one: one != SEALED[at]))
    changed = bytearray(SEALED)
    changed[at] = value
    try:
        opened = open_it(bytes(changed))
    except Refused as refused:
        assert refused.code.startswith("sealed_")
    else:
        # The other recipient's half and unused bits of base64 cannot be checked here; the result stays the
        # same.
        assert opened == open_it(SEALED)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_anything_else_is_no_result(data: bytes) -> None:
    assert code_of(data) == "sealed_form"


@pytest.mark.parametrize("name", ["campaign", "unit", "version"])
def test_the_outside_cannot_be_rewritten(name: str) -> None:
    document = json.loads(SEALED)
    document[name] = 8 if name == "version" else "another"
    assert code_of(json.dumps(document).encode()) == "sealed_forged"


def sealed_by_hand(statement: dict[str, Any], seed: bytes, **outside: Any) -> bytes:
    """An attacker's result, made with the public keys by the format's description."""
    text = json.dumps(statement).encode()
    content_key = bytes(32)
    signature = SigningKey(seed).sign(b"quetsach result 1\x00" + text).signature
    box = SealedBox(PublicKey(PACK.unit.key)).encrypt(content_key)
    told = {
        "type": "sealed",
        "schema": 1,
        **{one: statement[one] for one in ("campaign", "unit", "pack", "version")},
        "commit": hashlib.sha256(b"quetsach commit 1\x00" + content_key + text).hexdigest(),
        "for": [{"key": PACK.unit.key.hex(), "box": base64.b64encode(box).decode()}],
        "body": base64.b64encode(SecretBox(content_key).encrypt(zlib.compress(signature + text))).decode(),
    }
    return json.dumps(told | outside).encode()


STATEMENT = {
    "type": "statement",
    "schema": 1,
    "campaign": "cv-1234-2026",
    "unit": "tan-phu",
    "pack": PACK.id,
    "version": 7,
    "machine": MACHINE,
    "name": "PC-07",
    "time": "2026-11-04T02:03:04Z",
    "nonce": "00",
    "result": {"verdict": "clean"},
}


def test_only_who_holds_the_pack_makes_a_result() -> None:
    assert open_it(sealed_by_hand(STATEMENT, RESULT_KEY)).result == {"verdict": "clean"}
    assert code_of(sealed_by_hand(STATEMENT, bytes([8]) * 32)) == "sealed_forged"


def test_a_result_cannot_be_moved_to_another_machine_without_the_pack() -> None:
    # The unit itself opens it and knows everything in it except the secret of the pack.
    moved = STATEMENT | {"machine": "f" * 32, "name": "PC-08"}
    assert code_of(sealed_by_hand(moved, UNIT_KEY)) == "sealed_forged"


@pytest.mark.parametrize("name", ["unit", "campaign", "version"])
def test_a_unit_cannot_speak_for_another(name: str) -> None:
    other = STATEMENT | {name: 8 if name == "version" else "xa-khac"}
    assert code_of(sealed_by_hand(other, RESULT_KEY)) == "sealed_forged"


@pytest.mark.parametrize(
    ("time", "code"), [("1970-01-01T00:00:00Z", "sealed_early"), ("2027-03-01T00:00:00Z", "sealed_late")]
)
def test_a_result_of_a_time_when_the_pack_was_not_good(time: str, code: str) -> None:
    sealed = sealed_by_hand(STATEMENT | {"time": time}, RESULT_KEY)
    assert code_of(sealed, now=datetime(2027, 6, 1, tzinfo=UTC)) == code


def test_a_pack_that_is_not_known() -> None:
    assert code_of(sealed_by_hand(STATEMENT | {"pack": "f" * 32}, RESULT_KEY)) == "sealed_pack"


def test_two_recipients_cannot_be_shown_two_results() -> None:
    assert code_of(sealed_by_hand(STATEMENT, RESULT_KEY, commit="0" * 64)) == "sealed_damaged"


def test_a_result_from_the_future() -> None:
    assert code_of(SEALED, now=NOW - timedelta(days=2)) == "sealed_future"
    assert open_it(SEALED, now=NOW - timedelta(hours=20)).name == "PC-07"


@pytest.mark.parametrize("seed", [RESULT_KEY, bytes([8]) * 32], ids=["signed", "forged"])
def test_bombs_are_not_unpacked(seed: bytes) -> None:
    large = sealed_by_hand(STATEMENT | {"result": {"x": "0" * (1 << 22)}}, seed)
    assert len(large) < 1 << 14
    told: list[int] = []
    with pytest.raises(Refused) as refused:
        sealing.open_with(large, UNIT_KEY, known, now=NOW, most=1 << 16, charge=told.append)
    assert refused.value.code == "sealed_damaged" and sum(told) == (1 << 16) + 1
    told.clear()
    with pytest.raises(ZeroDivisionError):
        sealing.open_with(large, UNIT_KEY, known, now=NOW, charge=lambda size: told.append(size // 0))
    assert not told, "whoever counts ends it at the first piece"


def test_what_was_unpacked_is_told_whole() -> None:
    told: list[int] = []
    text = json.dumps(STATEMENT | {"result": {"x": "0" * (1 << 22)}}).encode()
    sealed = sealed_by_hand(json.loads(text), RESULT_KEY)
    sealing.open_with(sealed, UNIT_KEY, known, now=NOW, most=len(text) + 64, charge=told.append)
    assert sum(told) == len(text) + 64 and len(told) > 1


@pytest.mark.parametrize(("one", "many"), [({}, 5_000), (1, 15_000)], ids=["groups", "values"])
def test_more_values_than_fit_into_memory_are_not_parsed(one: object, many: int) -> None:
    sealed = sealed_by_hand(STATEMENT | {"result": {"a": [one] * many}}, RESULT_KEY)
    with pytest.raises(Refused) as refused:
        sealing.open_with(sealed, UNIT_KEY, known, now=NOW, most=100_000)
    assert refused.value.code == "sealed_form"
    assert open_it(sealed).result["a"] == [one] * many, "the command line has more room"


def test_an_envelope_holds_few_values() -> None:
    document = json.loads(SEALED)
    assert code_of(json.dumps(document | {"more": [[]] * 1_000}).encode()) == "sealed_form"
    assert open_it(json.dumps(document | {"more": [1] * 200}).encode()).result == RESULT


def test_a_machine_keeps_its_id_and_cloned_disks_get_two() -> None:
    def id_of(name: str, uuid: str, campaign: str = "a") -> str:
        told = CLEAN | {
            "name": name,
            "registry": {
                r"HKLM\SOFTWARE\Microsoft\Cryptography": {"MachineGuid": "same image"},
                r"HKLM\SYSTEM\HardwareConfig": {"LastConfig": uuid},
            },
        }
        return sealing.machine_id(Recording(told), campaign)

    assert id_of("PC-1", "{u1}") == id_of("pc-1", "{u1}") and len(id_of("PC-1", "{u1}")) == 32
    others = [id_of("PC-2", "{u1}"), id_of("PC-1", "{u2}"), id_of("PC-1", "{u1}", "another campaign")]
    assert len({id_of("PC-1", "{u1}"), *others}) == 4


def test_one_key_for_both_is_one_box() -> None:
    same = replace(PACK, unit=replace(PACK.unit, key=PACK.campaign.key))
    assert len(json.loads(sealing.seal(RESULT, same, MACHINE, now=NOW))["for"]) == 1
