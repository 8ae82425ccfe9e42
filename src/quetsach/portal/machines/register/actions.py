"""Acts of people on their register: confirm, name, retire, join, keep apart; each can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from quetsach.machines.evidence import Claim, Key
from quetsach.machines.identity.entries import BY_HAND
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.machines.actions import DecisionRefusedError, decide, store_evidence, take_back, withdraw
from quetsach.portal.machines.models import EvidenceFile, RegisterRow, StoredDecision
from quetsach.portal.machines.uploads.actions import follow
from quetsach.portal.units.models import Unit
from quetsach.text.vietnamese import nfc

WORDS = ("name", "asset", "room")
"""What a person may write on a machine."""


def say(
    unit: Unit,
    rows: Sequence[RegisterRow],
    verdict: str,
    by: User,
    reason: str,
    *,
    machine: str = "",
    ip: str | None = None,
) -> list[StoredDecision]:
    """Confirm or retire machines. Without a kind each is confirmed as what the register says, else as a
    computer. Raises DecisionRefusedError."""

    def kind_of(row: RegisterRow) -> str:
        return (machine or row.machine or RegisterRow.Kind.PC) if verdict == "confirmed" else ""

    with transaction.atomic():
        said = [decide(unit, verdict, key_of(row), None, by, nfc(reason), kind_of(row), ip) for row in rows]
    follow(unit)
    return said


def relate(
    unit: Unit, row: RegisterRow, other: Key, verdict: str, by: User, reason: str, ip: str | None = None
) -> StoredDecision:
    """Say that two machines are one, are two, or that `other` replaced the first. Raises
    DecisionRefusedError: `elsewhere` where the other machine is not in the unit's own register."""
    own = RegisterRow.rows.filter(unit=unit, key_kind=other.kind, key_value=other.value)
    if not own.exists():
        raise DecisionRefusedError("elsewhere")
    said = decide(unit, verdict, key_of(row), other, by, nfc(reason), ip=ip)
    follow(unit)
    return said


def take_back_all(
    unit: Unit, decisions: Iterable[StoredDecision], by: User, ip: str | None = None
) -> list[StoredDecision]:
    """Take decisions back in one go. Raises DecisionRefusedError."""
    with transaction.atomic():
        done = [withdraw(one, by, unit, ip=ip) for one in decisions]
    follow(unit)
    return done


def write_words(
    unit: Unit, row: RegisterRow, words: Mapping[str, str], by: User, ip: str | None = None
) -> EvidenceFile | None:
    """Write a name, an asset number or a room on a machine; None if nothing changes.

    The words are evidence like those of a register: they follow the key when machines are joined or parted.
    """
    before: dict[str, Any] = row.about
    now = {word: nfc(" ".join(words.get(word, "").split()))[:200] for word in WORDS}
    shown = {word: before.get(word, "") for word in WORDS}
    if now == shown:
        return None
    at = round(timezone.now().timestamp() * 1_000_000)
    kind, value = row.key_kind, row.key_value.rpartition(" ")[2]
    about = tuple(sorted((word, text) for word, text in now.items() if text != shown[word]))
    with transaction.atomic():
        kept = EvidenceFile.rows.create(
            unit=unit, source=BY_HAND, name=value[:300], digest="", by=by, claims=1, fresh=1,
            created_at=timezone.now(), accepted_at=timezone.now(),
            told={"words": dict(about), "key": [kind, value]},
        )  # fmt: skip
        claim = Claim(
            (Key(kind, value),), at, at + 1_000_000, BY_HAND, unit.path, (*about, ("register", BY_HAND))
        )
        store_evidence(unit, [claim], [], file=kept)
        data = {"machine": row.name or value, **dict(about)}
        record(by, "machine.words", unit_path=unit.path, about=kept, data=data, ip=ip)
    follow(unit)
    return kept


def take_words_back(kept: EvidenceFile, by: User, ip: str | None = None) -> None:
    """Take back what was written by hand; twice is the same as once."""
    with transaction.atomic():
        row = EvidenceFile.rows.select_for_update(no_key=True, of=("self",)).get(pk=kept.pk)
        if row.gone_at is not None:
            return
        row.gone_at, row.gone_by = timezone.now(), by
        row.save(update_fields=["gone_at", "gone_by"])
        take_back(row)
        record(
            by, "machine.words_back", unit_path=row.unit.path, about=row, data={"machine": row.name}, ip=ip
        )
    follow(row.unit)


def key_of(row: RegisterRow) -> Key:
    """The machine of a row, as it is stored."""
    return Key(row.key_kind, row.key_value)
