"""The pack: all that a check needs from a campaign, in one signed file for one unit; read only into memory.

    "QSPACK1\\n"  signature (64)  public key (32)  mask seed (16)  body

The body is JSON, deflated (RFC 1950) and masked, so that an antivirus does not mistake the rules and names of
malware in it for malware. The Ed25519 signature covers all bytes behind it, and a word in front that no other
signature of this program uses. The mask hides nothing from people: only `result_key`, with which results are
signed, is a secret (see THREAT_MODEL.md).
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from quetsach.endpoint import catalogue, keys
from quetsach.endpoint import profile as profiles
from quetsach.endpoint.catalogue import CatalogueError
from quetsach.endpoint.profile import Profile
from quetsach.endpoint.refusal import Refused
from quetsach.endpoint.wanted import Wanted
from quetsach.errors import IndicatorError
from quetsach.indicators import setfile
from quetsach.indicators.indicator import IndicatorSet, Kind

SCHEMA = 1
MOST_BYTES = 64 << 20
MOST_UNPACKED = 256 << 20
LONGEST = timedelta(days=400)
"""The longest validity of a pack."""
_MAGIC = b"QSPACK1\n"
_CONTEXT = b"quetsach pack 1\x00"
_SIGNATURE, _KEY, _SEED = 64, 32, 16
_SKEW = timedelta(days=1)
_TERMS = "terms.toml"


@dataclass(frozen=True, slots=True)
class Party:
    """A campaign or a unit: its id on the portal, its name for people, its public sealing key."""

    id: str
    name: str
    key: bytes


@dataclass(frozen=True)
class Pack:
    """The content of a pack. Times are UTC, to the second; `result_key` is the secret that signs its results.

    `signs` are the TOML texts of a catalogue by file name, empty for the program's own. `texts` are the
    campaign's words for people: language → name ("contact", "hand_in", …) → text.
    """

    campaign: Party
    unit: Party
    version: int
    created: datetime
    expires: datetime
    result_key: bytes
    indicators: IndicatorSet
    hashes: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    signs: Mapping[str, str] = field(default_factory=dict)
    profile: Profile = field(default_factory=Profile)
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    portal: str = ""
    signer: bytes = field(default=b"", compare=False)
    """The public key that signed the file; empty before the pack is built."""

    @cached_property
    def result_public(self) -> bytes:
        """The key that verifies its results."""
        return keys.public("signing", self.result_key)

    @property
    def id(self) -> str:
        """Its id in results: the first 128 bits, in hex, of the SHA-256 of `result_public`."""
        return hashlib.sha256(self.result_public).hexdigest()[:32]

    @cached_property
    def wanted(self) -> Wanted:
        """The names, hashes, rules and signs that a check searches for.

        Raises:
            CatalogueError: its signs are written for another version of the program.
        """
        signs = catalogue.load()
        if self.signs:
            told = dict(self.signs)
            signs = catalogue.parse(told.pop(_TERMS, ""), told)
        return Wanted(self.indicators, self.hashes, self.rules, signs, self.profile)

    def text(self, name: str, language: str) -> str:
        """The campaign's own words, in the language or else in any language; "" where there are none."""
        order = [language, *self.texts]
        return next((self.texts[one][name] for one in order if name in self.texts.get(one, {})), "")


def own_signs() -> Mapping[str, str]:
    """The catalogue of this program, to be packed for older programs."""
    folder = files("quetsach.endpoint").joinpath("signs")
    return {
        file.name: file.read_text("utf-8")
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".toml") and file.name != "systems.toml"
    }


def build(told: Pack, signing_key: bytes) -> bytes:
    """The bytes of the file. The same pack and key give the same bytes.

    Raises:
        ValueError: its list is empty, or its dates are not allowed for a pack.
    """
    from nacl.signing import SigningKey

    if not len(told.indicators):
        raise ValueError("the list of the campaign is empty")
    if not timedelta() < told.expires - told.created <= LONGEST:
        raise ValueError(f"a pack is good for at most {LONGEST.days} days, and ends after it begins")
    if told.version < 1 or not all(
        len(one) == keys.SIZE for one in (told.campaign.key, told.unit.key, told.result_key)
    ):
        raise ValueError("the version begins at 1, and keys have 32 bytes")
    body = zlib.compress(json.dumps(_table(told), ensure_ascii=False, sort_keys=True).encode(), 9)
    signer = SigningKey(signing_key)
    seed = hashlib.sha256(body).digest()[:_SEED]
    rest = bytes(signer.verify_key) + seed + _masked(body, seed)
    return _MAGIC + signer.sign(_CONTEXT + rest).signature + rest


def signer_of(data: bytes, name: str = "pack") -> bytes:
    """The public key in a pack's header, not verified.

    Raises:
        Refused: pack_form.
    """
    if not _is_whole(data):
        raise Refused("pack_form", name=name)
    start = len(_MAGIC) + _SIGNATURE
    return data[start : start + _KEY]


def read(data: bytes, trusted: Collection[bytes], *, name: str = "pack", now: datetime | None = None) -> Pack:
    """The pack, after its signature, its signer and its time were verified, in this order.

    Args:
        trusted: the public signing keys of campaigns that are trusted.
        name: the pack's name in error messages.
        now: in UTC; None is this machine's clock.

    Raises:
        Refused: any code that starts with `pack_`.
    """
    told = verified(data, trusted, name=name)
    check_time(told, now or datetime.now(UTC), name)
    return told


def verified(data: bytes, trusted: Collection[bytes], *, name: str = "pack") -> Pack:
    """The pack at any age: enough to open its results, not to check a machine.

    Raises:
        Refused: pack_form, pack_damaged, pack_key, pack_newer.
    """
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey

    key = signer_of(data, name)
    start = len(_MAGIC)
    signature, rest = data[start : start + _SIGNATURE], data[start + _SIGNATURE :]
    try:
        VerifyKey(key).verify(_CONTEXT + rest, signature)
    except (BadSignatureError, ValueError) as error:
        raise Refused("pack_damaged", name=name) from error
    if key not in trusted:
        raise Refused("pack_key", name=name, fingerprint=keys.fingerprint(key))
    return replace(_parsed(_unmasked(rest, name), name), signer=key)


def check_time(told: Pack, now: datetime, name: str = "pack") -> None:
    """Check that the pack is valid now.

    Raises:
        Refused: pack_early where the clock is before the pack was made (a day is forgiven), pack_expired.
    """
    if now < told.created - _SKEW:
        raise Refused("pack_early", name=name, now=_day(now), date=_day(told.created))
    if now >= told.expires:
        raise Refused("pack_expired", name=name, date=_day(told.expires))


def of_file(path: Path, trusted: Sequence[str], *, is_expired_ok: bool = False) -> Pack:
    """The pack in a file, as `read` and `verified` give it.

    Args:
        trusted: public signing keys in hexadecimal digits, or their fingerprints.
        is_expired_ok: whether the pack is only used to open results, so that its age does not matter.

    Raises:
        Refused: the pack must not be used, or a text in `trusted` is no key.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    signer = signer_of(data, str(path))
    known = {signer} if any(_is_meant(text, signer) for text in trusted) else set()
    if is_expired_ok:
        return verified(data, known, name=str(path))
    return read(data, known, name=str(path))


def _is_meant(text: str, key: bytes) -> bool:
    if text.strip().upper() == keys.fingerprint(key):
        return True
    return "-" not in text and keys.of_text(text) == key


def _day(moment: datetime) -> str:
    return f"{moment:%d/%m/%Y}"


def _is_whole(data: bytes) -> bool:
    least = len(_MAGIC) + _SIGNATURE + _KEY + _SEED
    return data.startswith(_MAGIC) and least < len(data) <= MOST_BYTES


def _masked(body: bytes, seed: bytes) -> bytes:
    mask = hashlib.shake_256(seed).digest(len(body))
    return (int.from_bytes(body) ^ int.from_bytes(mask)).to_bytes(len(body))


def _unmasked(rest: bytes, name: str) -> bytes:
    seed = rest[_KEY : _KEY + _SEED]
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(_masked(rest[_KEY + _SEED :], seed), MOST_UNPACKED)
    except zlib.error as error:
        raise Refused("pack_damaged", name=name) from error
    if not unpacker.eof:
        raise Refused("pack_damaged", name=name)
    return body


def _table(told: Pack) -> dict[str, Any]:
    return {
        "type": "pack",
        "schema": SCHEMA,
        "campaign": _party(told.campaign),
        "unit": _party(told.unit),
        "version": told.version,
        "created": _time(told.created),
        "expires": _time(told.expires),
        "result_key": told.result_key.hex(),
        "list": [[one.hashed, one.kind.value, one.family] for one in told.indicators],
        "hashes": dict(told.hashes),
        "rules": list(told.rules),
        "signs": dict(told.signs),
        "profile": profiles.table(told.profile),
        "texts": {language: dict(texts) for language, texts in told.texts.items()},
        "portal": told.portal,
    }


def _party(one: Party) -> dict[str, str]:
    return {"id": one.id, "name": one.name, "key": one.key.hex()}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parsed(body: bytes, name: str) -> Pack:
    """A signed body that cannot be read was written by another version of the program, not by an attacker."""
    try:
        table = json.loads(body)
        if table["type"] != "pack" or table["schema"] != SCHEMA:
            raise ValueError(table["schema"])
        told = Pack(
            campaign=_party_of(table["campaign"]),
            unit=_party_of(table["unit"]),
            version=int(table["version"]),
            created=datetime.fromisoformat(table["created"]),
            expires=datetime.fromisoformat(table["expires"]),
            result_key=keys.of_text(table["result_key"]),
            indicators=IndicatorSet(
                setfile.indicator(hashed, Kind(kind), family) for hashed, kind, family in table["list"]
            ),
            hashes=dict(table["hashes"]),
            rules=tuple(table["rules"]),
            signs=dict(table["signs"]),
            profile=profiles.of(table["profile"]),
            texts=dict(table["texts"]),
            portal=str(table["portal"]),
        )
        _ = told.wanted
    except (ValueError, KeyError, TypeError, CatalogueError, IndicatorError, Refused) as error:
        raise Refused("pack_newer", name=name) from error
    return told


def _party_of(table: Mapping[str, str]) -> Party:
    return Party(table["id"], table["name"], keys.of_text(table["key"]))
