"""Unpacking sealed results costs the portal no more than reading plain ones."""

import base64
import hashlib
import json
import zlib

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from nacl.public import PublicKey, SealedBox
from nacl.secret import SecretBox
from nacl.signing import SigningKey

from quetsach.endpoint import sealing
from quetsach.portal.checks.arriving import drop
from quetsach.portal.checks.models import CheckResult, UploadCode
from quetsach.portal.checks.unit_actions import issue_code
from tests.portal.checks.results import ago, content, document
from tests.portal.scan_document import publish_list

DOOR = "/api/v1/check-results"
MIB = 1 << 20


@pytest.fixture
def told(cast, pack, tmp_path):
    publish_list(cast, tmp_path)
    return pack("A1")


@pytest.fixture
def code(cast):
    cache.clear()
    return issue_code(cast.nodes["A1"], cast.user("A1", "officer"))[1]


def by_hand(told, statement, signature=None):
    """A sealed file around any bytes, by the format's description, signed with the pack's secret."""
    content_key = bytes(32)
    made = signature or SigningKey(told.result_key).sign(b"quetsach result 1\x00" + statement).signature
    body = SecretBox(content_key).encrypt(zlib.compress(made + statement, 9))
    box = SealedBox(PublicKey(told.campaign.key)).encrypt(content_key)
    return json.dumps({
        "type": "sealed", "schema": 1, "campaign": told.campaign.id, "unit": told.unit.id, "pack": told.id,
        "version": told.version,
        "commit": hashlib.sha256(b"quetsach commit 1\x00" + content_key + statement).hexdigest(),
        "for": [{"key": told.campaign.key.hex(), "box": base64.b64encode(box).decode()}],
        "body": base64.b64encode(body).decode(),
    }).encode()  # fmt: skip


def stating(told, result):
    """A statement of that pack with these bytes as its result."""
    head = {
        "type": "statement", "schema": 1, "campaign": told.campaign.id, "unit": told.unit.id, "pack": told.id,
        "version": told.version, "machine": "0a" * 16, "name": "PC", "nonce": "00",
        "time": ago(minutes=1).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip
    return json.dumps(head).encode()[:-1] + b', "result": ' + result + b"}"


def post(code, *bodies):
    files = [SimpleUploadedFile("PC.qsresult", body) for body in bodies]
    headers = {"Authorization": f"Bearer {code}", "Accept-Language": "en"}
    answer = Client(raise_request_exception=False).post(DOOR, {"results": files}, headers=headers)
    return answer.json() if answer.status_code == 200 else answer.status_code


def refused(code, *bodies):
    return [line["code"] for line in post(code, *bodies)["refused"]]


def test_of_a_sealed_bomb_no_more_is_unpacked_than_a_result_may_have(told, code, monkeypatch):
    unpacked = []
    begin = zlib.decompressobj

    class Counted:
        def __init__(self):
            self._inner = begin()

        def __getattr__(self, name):
            return getattr(self._inner, name)

        def decompress(self, *given):
            unpacked.append(len(piece := self._inner.decompress(*given)))
            return piece

    monkeypatch.setattr(zlib, "decompressobj", Counted)
    forged = by_hand(told, bytes(24 * MIB), bytes(64))
    signed = by_hand(told, stating(told, b'{"a": "' + bytes(24 * MIB) + b'"}'))
    assert len(forged) < MIB // 8 and len(signed) < MIB // 8
    for bomb in (forged, signed):
        unpacked.clear()
        assert refused(code, bomb) == ["too_large"]
        assert sum(unpacked) <= 4 * MIB + 1


def test_sealed_groups_without_end_are_not_parsed(told, code, monkeypatch):
    parsed = []
    whole = json.loads
    many = stating(told, b'{"a": [' + b"{}," * MIB + b"1]}")
    sealed = by_hand(told, many)
    monkeypatch.setattr(
        json, "loads", lambda text, **more: (parsed.append(len(text)), whole(text, **more))[1]
    )
    assert refused(code, sealed) == ["no_result"]
    assert max(parsed) < MIB


def test_groups_without_end_in_the_clear_are_not_parsed(told, code, monkeypatch):
    parsed = []
    whole = json.loads
    monkeypatch.setattr(
        json, "loads", lambda text, **more: (parsed.append(len(text)), whole(text, **more))[1]
    )
    assert refused(code, b'{"type": "check", "a": [' + b"{}," * MIB + b"1]}") == ["too_large"]
    assert not [size for size in parsed if size > MIB]


def test_what_comes_out_of_seals_is_charged_to_the_request(told, code, monkeypatch):
    monkeypatch.setattr(drop, "MOST_UNPACKED", 8 * MIB)
    bomb = by_hand(told, bytes(3 * MIB), bytes(64))
    assert refused(code, *[bomb] * 12) == ["forged", "forged", "too_many"]
    assert UploadCode.rows.get().used_at is None


def test_deep_results_are_refused(told, code):
    for depth in (500, 1_400, 2_900, 20_000, 100_000):
        result = content()[:-1] + b', "a": ' + b"[" * depth + b"]" * depth + b"}"
        for body in (result, by_hand(told, stating(told, result))):
            assert post(code, body) != 500, depth


def test_a_result_of_the_size_that_checks_write_comes_in(told, code):
    large = document(at=ago(minutes=2), more="x" * 3 * MIB)
    assert post(code, sealing.seal(large, told, "0a" * 16))["taken"] == 1
    assert CheckResult.rows.get().is_sealed
