"""Hashes that would accuse every machine are recognised in any list."""

import hashlib

import pytest

from quetsach.indicators.guards.files import is_harmless


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256"])
@pytest.mark.parametrize("content", [b"", b"\n"], ids=["empty file", "empty line"])
def test_nothing_is_no_malware(name: str, content: bytes) -> None:
    assert is_harmless(hashlib.new(name, content).hexdigest())


@pytest.mark.parametrize("value", ["00" * 16, "ff" * 32, hashlib.sha256(b"malware").hexdigest()])
def test_others_may_be_searched(value: str) -> None:
    assert not is_harmless(value)
