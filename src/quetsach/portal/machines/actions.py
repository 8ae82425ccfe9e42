"""Writes evidence about machines, and the decisions of people on it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.machines.identity.components import links_of
from quetsach.machines.identity.keys import is_private, label, within
from quetsach.machines.identity.tables import network_of
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.machines.models import (
    AskedAddress,
    EvidenceFile,
    KeptNetwork,
    StoredBinding,
    StoredClaim,
    StoredDecision,
    StoredLink,
)
from quetsach.portal.machines.queries import decisions_of, left_of, related, right_of
from quetsach.portal.machines.spelling import stored
from quetsach.portal.units.models import Unit

CHUNK = 2_000
"""Rows in one transaction: other writers wait that long, and no more are held in memory."""
GONE = {"is_gone": True, "is_taken": False, "is_listed": False}
VERDICTS_OF_TWO = ("same", "different", "replaced")


class DecisionRefusedError(PortalError):
    """The decision cannot be made so; `code` is the reason: `two_keys`, `one_key`, `verdict`, `elsewhere`
    (the name counts in another office), `higher` (a unit above decided it), `withdrawn` (it is taken back
    already)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotCountingError(PortalError):
    """The file does not count: it was taken back or deleted meanwhile."""


@dataclass
class Stored:
    """The numbers of one storing: rows that were new, bindings whose end became earlier, and rows that were
    known already."""

    claims: int = 0
    bindings: int = 0
    shortened: int = 0
    known: int = 0

    @property
    def is_new(self) -> bool:
        """Whether the evidence changed anything."""
        return bool(self.claims or self.bindings or self.shortened)


def store_evidence(
    unit: Unit,
    claims: Iterable[Claim],
    bindings: Iterable[Binding],
    *,
    file: EvidenceFile | None = None,
) -> Stored:
    """Store evidence of a unit, each row once; the scope that a row carries is left out, as the unit's place
    in the tree of today counts. A row of a file that was taken back counts again.

    The rows go in chunks with a transaction each: after a crash the same call does the rest. The cases follow
    when `quetsach.portal.campaigns.arrivals.announce` is called, else at night.

    Raises:
        NotCountingError: the file does not count, or no longer: the rest was not stored.
    """
    told = Stored()
    for some in batched(claims, CHUNK):
        _store_claims(unit, some, file, told)
    for those in batched(bindings, CHUNK):
        _store_bindings(unit, those, file, told)
    return told


@transaction.atomic
def take_back(file: EvidenceFile) -> int:
    """Take back the rows whose latest telling was this file; returns their number. The machines are computed
    without them from now on. The caller writes the audit entry."""
    claims = StoredClaim.rows.filter(file=file, is_gone=False).update(**GONE)
    return claims + StoredBinding.rows.filter(file=file, is_gone=False).update(**GONE)


@transaction.atomic
def decide(
    unit: Unit,
    verdict: str,
    left: Key,
    right: Key | None,
    by: User,
    reason: str,
    machine: str = "",
    ip: str | None = None,
    *,
    begin: int = 0,
    end: int | None = None,
) -> StoredDecision:
    """Record a person's word on machines, for the unit of the person. A word on an address may hold from
    `begin` until `end` only, in microseconds.

    `left` and `right` are ids of machines as `quetsach.machines.identity` or a stored row spells them.

    Raises:
        DecisionRefusedError: `two_keys` or `one_key` where the verdict needs another number of machines,
            `verdict`, or `elsewhere`.
    """
    if verdict == "withdrawn" or verdict not in dict(StoredDecision.VERDICTS):
        raise DecisionRefusedError("verdict")
    if verdict in VERDICTS_OF_TWO and (right is None or stored(right) == stored(left)):
        raise DecisionRefusedError("two_keys")
    if verdict not in VERDICTS_OF_TWO and right is not None:
        raise DecisionRefusedError("one_key")
    for key in (left, right):
        if key is not None and not _is_near(key, unit):
            raise DecisionRefusedError("elsewhere")
    row = _decided(
        unit, verdict, stored(left), stored(right) if right else None, by, reason, machine,
        begin=begin, end=end,
    )  # fmt: skip
    told = {
        "verdict": verdict,
        "left": _shown(row) if left.kind == "address" else left.value,
        "right": right.value if right else "",
        "reason": reason,
    }
    record(by, f"machine.{verdict}", unit_path=unit.path, about=row, data=told, ip=ip)
    return row


@transaction.atomic
def withdraw(
    decision: StoredDecision, by: User, unit: Unit, reason: str = "", ip: str | None = None
) -> StoredDecision:
    """Take a decision back, for a unit of its own level or above; a withdrawal can be taken back as well.

    Raises:
        DecisionRefusedError: `higher`, or `withdrawn`.
    """
    decision = (
        StoredDecision.rows.select_for_update(no_key=True, of=("self",))
        .select_related("unit")
        .get(pk=decision.pk)
    )
    if not decision.unit.path.startswith(unit.path):
        raise DecisionRefusedError("higher")
    if is_withdrawn(decision):
        raise DecisionRefusedError("withdrawn")
    row = _decided(unit, "withdrawn", left_of(decision), right_of(decision), by, reason, withdraws=decision)
    told = {"verdict": decision.verdict, "left": _shown(decision), "right": decision.right_value,
            "reason": reason}  # fmt: skip
    record(by, "machine.withdrawn", unit_path=unit.path, about=row, data=told, ip=ip)
    return row


def is_withdrawn(decision: StoredDecision) -> bool:
    """Whether a person took the decision back, and nobody took that back."""
    return any(not is_withdrawn(one) for one in StoredDecision.rows.filter(withdraws=decision))


def _is_near(key: Key, unit: Unit) -> bool:
    """Whether a name that counts in one office only is one of the unit, above or below."""
    path, space, _ = key.value.rpartition(" ")
    if not space or not path.endswith("/"):
        return True
    return Unit.rows.filter(related(unit.path, "path"), path__endswith=path).exists()


def _decided(
    unit: Unit,
    verdict: str,
    left: Key,
    right: Key | None,
    by: User,
    reason: str,
    machine: str = "",
    withdraws: StoredDecision | None = None,
    begin: int = 0,
    end: int | None = None,
) -> StoredDecision:
    row = StoredDecision(
        unit=unit, verdict=verdict, left_kind=left.kind, left_value=left.value,
        right_kind=right.kind if right else "", right_value=right.value if right else "",
        at=timezone.now(), by=by, reason=reason, withdraws=withdraws, machine=machine, begin=begin, end=end,
    )  # fmt: skip
    row.save(force_insert=True)
    (decision,) = decisions_of(StoredDecision.rows.filter(pk=row.pk))
    StoredLink.rows.bulk_create(
        StoredLink(decision=row, kind=link.kind, value=link.value, is_local=link.is_local)
        for link in sorted(links_of(decision))
    )
    if left.kind == "address":
        address = left.value.rpartition(" ")[2]
        asked = AskedAddress.rows.filter(unit=unit, address=address)
        asked.update(is_open=not has_word_on(unit, address))
    return row


def has_word_on(unit: Unit, address: str) -> bool:
    """Whether a person of the unit said what an address is, and nobody took that back."""
    key = stored(within(Key("address", address), unit.path))
    said = StoredDecision.rows.filter(unit=unit, left_kind=key.kind, left_value=key.value)
    return any(not is_withdrawn(one) for one in said.exclude(verdict="withdrawn"))


def _shown(decision: StoredDecision) -> str:
    """The first key for the trail; of an address without its unit."""
    value = decision.left_value
    return value.rpartition(" ")[2] if decision.left_kind == "address" else value


def _digest(*told: object) -> str:
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def lock(unit: Unit) -> None:
    """Two files of one unit are stored, taken in or taken back one after the other, until the end of the
    caller's transaction: so none of their rows comes twice, and none counts without a file that counts.
    A file is locked after its unit."""
    Unit.rows.select_for_update(no_key=True, of=("self",)).get(pk=unit.pk)


def digest_of(one: Claim | Binding) -> str:
    """What stands for a row among those of its unit: all of a claim, all but the end of a binding."""
    if isinstance(one, Claim):
        about = tuple(sorted(dict(one.about).items()))
        return _digest(one.keys, one.begin, one.end, one.source, about)
    return _digest(one.kind, one.address, one.key, one.begin, one.source, one.protocol, one.port)


def _lock(unit: Unit, file: EvidenceFile | None) -> None:
    lock(unit)
    if file is not None and not EvidenceFile.rows.filter(pk=file.pk, gone_at=None).exists():
        raise NotCountingError


def _add_fresh(file: EvidenceFile | None, new: int) -> None:
    """Count the new rows of a file that is being taken in, in their transaction: so a stop in the middle
    leaves the right number."""
    if file is not None and new:
        rows = EvidenceFile.rows.filter(pk=file.pk, unfinished=EvidenceFile.Act.ACCEPT)
        rows.update(fresh=F("fresh") + new)


@transaction.atomic
def _store_claims(unit: Unit, claims: Sequence[Claim], file: EvidenceFile | None, told: Stored) -> None:
    _lock(unit, file)
    before = told.claims
    new: dict[str, Claim] = {}
    for one in claims:
        new[digest_of(one)] = one._replace(scope=unit.path)
    known = StoredClaim.rows.filter(unit=unit, digest__in=list(new))
    rows = {digest: (pk, is_gone) for pk, digest, is_gone in known.values_list("pk", "digest", "is_gone")}
    _again(StoredClaim, list(rows.values()), file)
    told.known += len(claims) - len(new)
    for digest, (_pk, is_gone) in rows.items():
        del new[digest]
        told.claims, told.known = told.claims + is_gone, told.known + (not is_gone)
    told.claims += len(new)
    made = StoredClaim.rows.bulk_create(
        StoredClaim(
            unit=unit, file=file, digest=digest, keys=one.keys, begin=one.begin, end=one.end,
            source=one.source, about=dict(one.about),
        )
        for digest, one in new.items()
    )  # fmt: skip
    StoredLink.rows.bulk_create(
        StoredLink(claim=row, kind=link.kind, value=link.value, is_local=link.is_local)
        for row, one in zip(made, new.values(), strict=True)
        for link in sorted(links_of(one))
    )
    _add_fresh(file, told.claims - before)


@transaction.atomic
def _store_bindings(unit: Unit, bindings: Sequence[Binding], file: EvidenceFile | None, told: Stored) -> None:
    _lock(unit, file)
    before = told.bindings + told.shortened
    new: dict[str, Binding] = {}
    for one in bindings:
        digest = digest_of(one)
        if digest not in new or one.end < new[digest].end:
            new[digest] = one
    told.known += len(bindings) - len(new)
    fields = ("pk", "digest", "end", "is_gone")
    known = StoredBinding.rows.filter(unit=unit, digest__in=list(new)).values_list(*fields)
    again, shortened, revived = [], [], []
    for pk, digest, end, is_gone in known:
        one = new.pop(digest)
        again.append((pk, is_gone))
        if is_gone:
            revived.append(one)
        if one.end < end or (is_gone and one.end != end):
            shortened.append(StoredBinding(pk=pk, end=one.end, is_taken=False, is_listed=False))
        told.bindings += is_gone
        told.shortened += one.end < end and not is_gone
        told.known += one.end >= end and not is_gone
    _again(StoredBinding, again, file)
    StoredBinding.rows.bulk_update(shortened, ["end", "is_taken", "is_listed"])
    told.bindings += len(new)
    StoredBinding.rows.bulk_create(
        StoredBinding(
            unit=unit, file=file, digest=digest, kind=one.kind, address=one.address,
            network=network_of(one.address), key_kind=one.key.kind, key_value=one.key.value,
            label=label(one.key) if one.key.kind in ("host", "domainhost") else "",
            begin=one.begin, end=one.end, source=one.source, protocol=one.protocol, port=one.port,
        )
        for digest, one in new.items()
    )  # fmt: skip
    _keep_networks(unit, (*new.values(), *revived))
    _add_fresh(file, told.bindings + told.shortened - before)


def _again(model: Any, rows: Sequence[tuple[int, bool]], file: EvidenceFile | None) -> None:
    """Rows that another file told before: they stand with the latest file."""
    if file is not None and rows:
        model.rows.filter(pk__in=[pk for pk, _ in rows]).update(file=file)
    if gone := [pk for pk, is_gone in rows if is_gone]:
        model.rows.filter(pk__in=gone).update(is_gone=False, is_taken=False, is_listed=False)


def _keep_networks(unit: Unit, bindings: Iterable[Binding]) -> None:
    kept = {
        (network_of(one.address), one.kind)
        for one in bindings
        if one.kind in ("lease", "neighbour") and is_private(one.address)
    }
    if kept:
        KeptNetwork.rows.bulk_create(
            [KeptNetwork(unit=unit, network=network, kind=kind) for network, kind in sorted(kept)],
            ignore_conflicts=True,
        )
