"""The sealed result leaves a checked machine; only the campaign and the unit can read it.

    {"type": "sealed", "schema": 1, "campaign": id, "unit": id, "pack": id, "version": n, "commit": hex,
     "for": [{"key": hex, "box": base64}], "body": base64}

`body` is the deflated statement behind its Ed25519 signature, under a fresh content key (XSalsa20-Poly1305).
Each `box` is the content key for one recipient (X25519, crypto_box_seal). `commit` is the SHA-256 of content
key and statement: with it no sender can show two recipients two different results. The statement is

    {"type": "statement", "schema": 1, "campaign", "unit", "pack", "version", "machine", "name", "time",
     "nonce", "result": {the document of `result`}}

The signature covers `machine`, so a result cannot be moved to another machine; `nonce` tells a copy from a
second check. The signature proves that its maker held the pack of this unit; it cannot prove that the machine
told the truth (THREAT_MODEL.md).
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from quetsach.endpoint import keys
from quetsach.endpoint.fact import Unavailable, safe
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.pack import Pack
from quetsach.endpoint.refusal import Refused
from quetsach.text.json_limits import few

SCHEMA = 1
MOST_BYTES = 32 << 20
MOST_UNPACKED = 128 << 20
_PIECE = 1 << 20
"""Bytes that are unpacked and counted in one step."""
_OUTER = 1_000
"""Groups and commas of the outer document: eight boxes, and room for additions by newer versions."""
_GROUP, _ITEM = 20, 8
"""Unpacked bytes needed for each list or object, and for each value. A clean check has 36 and 18 bytes for
each; with a bound of three, 4 MB of `{},` would fill more than a hundred."""
SKEW = timedelta(days=1)
"""The clock of a checked machine may be so far ahead of ours, or behind the pack's time."""
_CONTEXT = b"quetsach result 1\x00"
_MACHINE = b"quetsach machine 1\x00"
_COMMIT = b"quetsach commit 1\x00"
_SIGNATURE = 64
_BOUND = ("campaign", "unit", "pack", "version")
_CRYPTOGRAPHY = r"HKLM\SOFTWARE\Microsoft\Cryptography"
_HARDWARE = r"HKLM\SYSTEM\HardwareConfig"


@dataclass(frozen=True, slots=True)
class Opened:
    """A result that was opened and verified; `machine` is `machine_id`, `time` (UTC) is its machine's clock.

    `digest` is equal for copies of one check, and only for these.
    """

    campaign: str
    unit: str
    pack: str
    version: int
    machine: str
    name: str
    time: datetime
    digest: str
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Issued:
    """The opener's record of a pack: campaign and unit, validity, and the key of its results."""

    campaign: str
    unit: str
    version: int
    created: datetime
    expires: datetime
    result_public: bytes

    @classmethod
    def of(cls, pack: Pack) -> Issued:
        """The record of a pack that is needed to open its results."""
        return cls(
            pack.campaign.id, pack.unit.id, pack.version, pack.created, pack.expires, pack.result_public
        )


def machine_id(machine: Machine, campaign: str) -> str:
    """An id that tells machines apart within a campaign, in 32 hex digits; it cannot be traced back.

    Made from Windows' MachineGuid, the UUID of the hardware and the name: disks copied from one image share
    the MachineGuid, cheap mainboards share the UUID. "" where there is neither a name nor an id.
    """
    told = [*_identifiers(machine), machine.name.casefold()]
    if not any(told):
        return ""
    text = "\x00".join([campaign, *told]).encode("utf-8", "backslashreplace")
    return hashlib.sha256(_MACHINE + text).hexdigest()[:32]


def _identifiers(machine: Machine) -> list[str]:
    if machine.system is System.WINDOWS:
        asked = ((_CRYPTOGRAPHY, "MachineGuid"), (_HARDWARE, "LastConfig"))
        return [_value(machine, key, name) for key, name in asked]
    try:
        return [machine.files.read("/etc/machine-id", 4096).decode("ascii", "replace").strip()]
    except Unavailable:
        return [""]


def _value(machine: Machine, key: str, name: str) -> str:
    try:
        return machine.registry.values(key).get(name, "")
    except Unavailable:
        return ""


def seal(result: Mapping[str, Any], pack: Pack, machine: str, *, now: datetime | None = None) -> bytes:
    """A result for the campaign and the unit of a pack.

    Args:
        result: the document of `result.as_table`.
        machine: its `machine_id`.
        now: the time of sealing, in UTC; None is this machine's clock.
    """
    from nacl.public import PublicKey, SealedBox
    from nacl.secret import SecretBox
    from nacl.signing import SigningKey
    from nacl.utils import random

    bound = {
        "campaign": pack.campaign.id,
        "unit": pack.unit.id,
        "pack": pack.id,
        "version": pack.version,
    }
    statement = _json(
        {
            "type": "statement",
            "schema": SCHEMA,
            **bound,
            "machine": machine,
            "name": safe(str(result.get("machine", ""))),
            "time": (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "nonce": random(16).hex(),
            "result": result,
        }
    )
    signature = SigningKey(pack.result_key).sign(_CONTEXT + statement).signature
    content_key = random(SecretBox.KEY_SIZE)
    body = SecretBox(content_key).encrypt(zlib.compress(signature + statement, 9))
    recipients = dict.fromkeys((pack.campaign.key, pack.unit.key))
    boxes = [
        {"key": key.hex(), "box": _base64(SealedBox(PublicKey(key)).encrypt(content_key))}
        for key in recipients
    ]
    commit = _commit(content_key, statement)
    told = {"type": "sealed", "schema": SCHEMA, **bound, "commit": commit, "for": boxes}
    return _json(told | {"body": _base64(body)}) + b"\n"


def is_sealed(data: bytes) -> bool:
    """Whether the first bytes are those of a sealed result."""
    return data.lstrip().startswith(b'{"type": "sealed"')


def addressed_to(data: bytes, name: str = "result") -> Mapping[str, Any]:
    """The unencrypted fields: campaign, unit, pack and version. Not to be trusted before opening.

    Raises:
        Refused: sealed_form.
    """
    told = _outside(data, name)
    return {one: told[one] for one in _BOUND}


def open_with(
    data: bytes,
    secret: bytes,
    issued: Callable[[str], Issued | None],
    *,
    name: str = "result",
    now: datetime | None = None,
    most: int = MOST_UNPACKED,
    charge: Callable[[int], None] = lambda _size: None,
) -> Opened:
    """Open a result and verify it.

    Args:
        secret: the sealing secret of the campaign or of the unit.
        issued: gives the record of a pack by its id; None where there is no such pack.
        name: the result's name in error messages.
        now: when it was received, in UTC; None is this machine's clock.
        most: bytes that may be unpacked from it. An attacker can make a thousand times as many as arrived.
        charge: called with the size of each unpacked piece; an error that it raises ends the opening.

    Raises:
        Refused: any code that starts with `sealed_`.
    """
    outside = _outside(data, name)
    content_key = _content_key(outside, secret, name)
    signature, statement = _body(outside, content_key, name, most, charge)
    if _commit(content_key, statement) != outside["commit"]:
        raise Refused("sealed_damaged", name=name)
    known = issued(outside["pack"])
    if known is None:
        raise Refused("sealed_pack", name=name, pack=safe(outside["pack"])[:40])
    opened = _verified(signature, statement, known, outside, name, most)
    code = _untimely(opened.time, known, now or datetime.now(UTC))
    if code:
        raise Refused(code, name=name, date=f"{opened.time:%d/%m/%Y}")
    return opened


def _untimely(time: datetime, known: Issued, now: datetime) -> str:
    """Why a result with that time cannot come from that pack; empty where it can."""
    if time > now + SKEW:
        return "sealed_future"
    if time < known.created - SKEW:
        return "sealed_early"
    return "sealed_late" if time > known.expires + SKEW else ""


def _outside(data: bytes, name: str) -> dict[str, Any]:
    try:
        if len(data) > MOST_BYTES:
            raise ValueError("too large")
        document = json.loads(few(data, groups=_OUTER, items=_OUTER))
        texts = (
            document["campaign"],
            document["unit"],
            document["pack"],
            document["commit"],
            document["body"],
        )
        if (
            document["type"] != "sealed"
            or document["schema"] != SCHEMA
            or type(document["version"]) is not int
        ):
            raise ValueError("another form")
        if not all(map(_is_plain, texts)) or not 0 < len(document["for"]) <= 8:
            raise ValueError("another form")
        for box in document["for"]:
            keys.of_text(box["key"])
            base64.b64decode(box["box"], validate=True)
        return dict(document)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, Refused) as error:
        raise Refused("sealed_form", name=name) from error


def _content_key(outside: Mapping[str, Any], secret: bytes, name: str) -> bytes:
    from nacl.exceptions import CryptoError
    from nacl.public import PrivateKey, SealedBox

    own = keys.public("sealing", secret).hex()
    box = next((one["box"] for one in outside["for"] if one["key"] == own), None)
    if box is None:
        raise Refused("sealed_other", name=name)
    try:
        found = SealedBox(PrivateKey(secret)).decrypt(base64.b64decode(box))
    except (CryptoError, ValueError) as error:
        raise Refused("sealed_damaged", name=name) from error
    if len(found) != keys.SIZE:
        raise Refused("sealed_damaged", name=name)
    return bytes(found)


def _body(
    outside: Mapping[str, Any], content_key: bytes, name: str, most: int, charge: Callable[[int], None]
) -> tuple[bytes, bytes]:
    from nacl.exceptions import CryptoError
    from nacl.secret import SecretBox

    try:
        packed = SecretBox(content_key).decrypt(base64.b64decode(outside["body"], validate=True))
    except (CryptoError, ValueError) as error:
        raise Refused("sealed_damaged", name=name) from error
    unpacker, plain = zlib.decompressobj(), bytearray()
    while not unpacker.eof:
        try:
            piece = unpacker.decompress(packed, min(_PIECE, most + 1 - len(plain)))
        except zlib.error as error:
            raise Refused("sealed_damaged", name=name) from error
        packed = unpacker.unconsumed_tail
        charge(len(piece))
        plain += piece
        if len(plain) > most or not (piece or packed or unpacker.eof):
            raise Refused("sealed_damaged", name=name)
    if len(plain) <= _SIGNATURE:
        raise Refused("sealed_damaged", name=name)
    return bytes(plain[:_SIGNATURE]), bytes(memoryview(plain)[_SIGNATURE:])


def _verified(
    signature: bytes, statement: bytes, known: Issued, outside: Mapping[str, Any], name: str, most: int
) -> Opened:
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey

    try:
        VerifyKey(known.result_public).verify(_CONTEXT + statement, signature)
    except (BadSignatureError, ValueError) as error:
        raise Refused("sealed_forged", name=name) from error
    try:
        document = json.loads(few(statement, groups=most // _GROUP, items=most // _ITEM))
        if (
            document["type"] != "statement"
            or document["schema"] != SCHEMA
            or not isinstance(document["result"], dict)
        ):
            raise ValueError("another form")
        if not _is_plain(document["machine"]):
            raise ValueError("no machine_id")
        owner = {"campaign": known.campaign, "unit": known.unit, "version": known.version}
        if any(document[one] != outside[one] for one in _BOUND) or any(
            document[one] != value for one, value in owner.items()
        ):
            # One sender's envelope around another sender's statement, or one unit's pack under another unit's
            # name.
            raise Refused("sealed_forged", name=name)
        return Opened(
            campaign=document["campaign"], unit=document["unit"], pack=document["pack"],
            version=document["version"], machine=document["machine"], name=_readable(str(document["name"])),
            time=datetime.strptime(document["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
            digest=hashlib.sha256(statement).hexdigest(), result=document["result"],
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Refused("sealed_form", name=name) from error


def _is_plain(value: object) -> bool:
    """Whether it is a text fit for ids and base64: JSON can spell texts that no database keeps."""
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def _commit(content_key: bytes, statement: bytes) -> str:
    return hashlib.sha256(_COMMIT + content_key + statement).hexdigest()


def _json(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
