"""Acts on results of checks: taking them in, and tying a result to its machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from quetsach.machines import keys as machine_keys
from quetsach.machines.evidence import Key
from quetsach.machines.identity.components import links_of
from quetsach.machines.sources.checks import read as evidence_of_check
from quetsach.machines.sources.outcome import Asked, MachinesError, Outcome
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.machine_check_actions import Check, Moved, take_check
from quetsach.portal.cases.models import Alias, Case, Device
from quetsach.portal.checks.arriving.drop import Dropped
from quetsach.portal.checks.arriving.opening import Opened, open_result
from quetsach.portal.checks.arriving.reading import ResultError, Told, read
from quetsach.portal.checks.detections.contents import brought
from quetsach.portal.checks.licences.phaseout import Look, stays
from quetsach.portal.checks.models import CheckResult, CrackedCopy, UploadCode
from quetsach.portal.indicators import queries as lists
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.machines.actions import store_evidence
from quetsach.portal.machines.queries import devices_for
from quetsach.portal.machines.spelling import stored
from quetsach.portal.units.models import path_segment


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of a result: a person, or somebody with a code."""

    user: User | None = None
    code: UploadCode | None = None
    ip: str | None = None


@dataclass
class Line:
    """The fate of one file. `code` is "taken", "known" or the reason of a refusal; `where` gives details."""

    name: str
    code: str
    where: str = ""
    result: CheckResult | None = None
    is_from_before: bool = False
    """Made a day or more before the campaign was published."""


@dataclass
class Receipt:
    """The fate of all files of one upload."""

    lines: list[Line] = field(default_factory=list)

    def count(self, *codes: str) -> int:
        """How many files have one of these codes."""
        return sum(line.code in codes for line in self.lines)

    @property
    def taken(self) -> int:
        """The number of new results."""
        return self.count("taken")

    @property
    def known(self) -> int:
        """The number of results that were already stored."""
        return self.count("known")

    @property
    def from_before(self) -> list[tuple[str, datetime]]:
        """Taken results whose checks ended before the campaign was published, with that moment."""
        return [
            (line.name, line.result.finished) for line in self.lines if line.result and line.is_from_before
        ]

    @property
    def refused(self) -> list[Line]:
        """The files that were not taken."""
        return [line for line in self.lines if line.code not in ("taken", "known")]


def receive_all(files: Iterable[Dropped], node: CampaignNode, sender: Sender) -> Receipt:
    """Take each file by itself: a refused file stops no other."""
    receipt, began = Receipt(), node.campaign.published_at
    for file in files:
        try:
            if file.problem is not None:
                raise file.problem
            opened = open_result(file.content, node, file.charge)
            result, is_new = receive(opened, node, sender)
            is_old = began is not None and result.finished < began - timedelta(days=1)
            code = "taken" if is_new else "known"
            receipt.lines.append(Line(file.name, code, result=result, is_from_before=is_old))
        except ResultError as error:
            receipt.lines.append(Line(file.name, error.code, error.where))
    return receipt


def handed_in_before(files: Iterable[Dropped], code: UploadCode) -> Receipt | None:
    """The receipt for a repeated request with a used code, if all its results are already stored for this
    unit; else None. Stores nothing."""
    receipt = Receipt()
    for file in files:
        try:
            if file.problem is not None:
                raise file.problem
            opened = open_result(file.content, code.node, file.charge)
            result = read(opened.content, timezone.now())
        except ResultError as error:
            receipt.lines.append(Line(file.name, error.code, error.where))
            continue
        here = CheckResult.rows.filter(campaign=code.node.campaign_id, digest=result.digest)
        if not here.filter(device__owner=code.node).exists():
            return None
        receipt.lines.append(Line(file.name, "known"))
    return receipt if receipt.known else None


@transaction.atomic
def receive(opened: Opened, node: CampaignNode, sender: Sender) -> tuple[CheckResult, bool]:
    """Store a result of a machine of this unit, and carry it into the machine's cases; False if it was
    already stored."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=node.campaign_id)
    if campaign.status != Campaign.Status.PUBLISHED:
        raise ResultError("closed")
    data = read(opened.content, timezone.now())
    known = CheckResult.rows.filter(campaign=campaign, digest=data.digest).select_related("device").first()
    if known is not None:
        if known.device.owner_id != node.pk:
            raise ResultError("elsewhere")
        return known, False
    device, named = _device(data, opened, node)
    listed = lists.published(campaign.pk, data.set_id) if data.set_id else None
    result = CheckResult(
        campaign=campaign, device=device, digest=data.digest, machine=data.machine, system=data.system,
        tool=data.tool, is_running=data.is_running, is_full=data.is_full, is_sealed=opened.pack is not None,
        pack=opened.pack, machine_id=opened.machine_id,
        started=data.started, finished=data.finished, verdict=data.verdict.value, set_id=data.set_id,
        indicator_set=listed, people=data.people, unseen=list(data.unseen), probes=data.probes,
        findings=data.findings, software=sorted(data.software), keys=named,
        is_waiting=bool(named), by=sender.user, code=sender.code,
    )  # fmt: skip
    result.save(force_insert=True)
    follow_machine(device)
    result.refresh_from_db(fields=["is_latest"])
    moved = take_check(device, _check(result, data, listed), sender.user, sender.ip)
    record(
        sender.user, "check.receive", unit_path=node.path, about=result,
        data={"device": device.key, "verdict": result.verdict, "sealed": result.is_sealed,
              "opened": moved.opened, "verified": moved.verified},
        ip=sender.ip, actor_name="" if sender.user else f"…{sender.code.hint}" if sender.code else "",
    )  # fmt: skip
    return result, True


def _check(result: CheckResult, content: Told, listed: IndicatorSet | None) -> Check:
    """The result in the form that cases take. Names that the campaign never published are left out."""
    names = {i for one in content.findings if (i := one["indicator"])}
    ordered = lists.listing(result.campaign_id, content.set_id, names).names if names else set()
    ordered |= brought(result.campaign_id, names - ordered)
    ours = {
        family: kept
        for family, shown in content.families.items()
        if (kept := frozenset(name for name in shown if name in ordered or name not in names))
    }
    return Check(str(result.pk), content.finished, ours, listed if _is_proof(result) else None)


def proving_list(result: CheckResult) -> IndicatorSet | None:
    """The list whose silence in this result proves something; None where it proves nothing."""
    return result.indicator_set if _is_proof(result) else None


def _is_proof(result: CheckResult) -> bool:
    """Whether silence proves something: sealed, of a running machine, everything seen; and no newer pack
    showed something there, since this result's older pack may lack that hash or rule."""
    if result.pack is None or not result.is_running or not result.is_whole:
        return False
    newer = CheckResult.rows.filter(device=result.device_id, pack__version__gt=result.pack.version)
    return not newer.exclude(findings=[]).exists()


def _device(content: Told, opened: Opened, node: CampaignNode) -> tuple[Device, tuple[Key, ...]]:
    """The machine, and what the check names of it. It is known by the id in the seal, by its hardware and
    cards, by its name at the unit, or by the name in logs; else it is a new one.

    If a sealed result has another id than the machine of this name, it is about another machine of the same
    name: its content must not count for the first.
    """
    machine_id = opened.machine_id
    told, names, keys = _told(opened, node)
    if machine_id:
        same = Device.rows.filter(owner=node, checks__machine_id=machine_id).distinct().first()
        if same is not None:
            return _heir(same), keys
    for key in told:
        same = Device.rows.filter(
            campaign=node.campaign_id, owner=node, id_kind=key.kind, id_value=key.value
        ).first()
        if same is not None:
            return _heir(same), keys
    host = content.machine.partition(".")[0]
    alias = (
        Alias.rows.filter(reporter=node, key__iexact=content.machine, device__merged_into=None)
        .select_related("device")
        .first()
    )
    if alias is not None and alias.device.owner_id == node.pk:
        known: Device | None = alias.device
    else:
        by_name = Q(identity__host__iexact=host)
        if (spelled := machine_keys.host(content.machine)) is not None:
            names.append(Key(spelled.kind, f"{path_segment(node.unit_id)} {spelled.value}"))
        for key in names:
            by_name |= Q(id_kind=key.kind, id_value=key.value)
        named = Device.rows.filter(by_name, owner=node, merged_into=None)[:2]
        known = named[0] if len(named) == 1 else None
    name = content.machine
    if known is not None and machine_id:
        sealed = CheckResult.rows.filter(device=known).exclude(machine_id="")
        if sealed.exists() and not sealed.filter(machine_id=machine_id).exists():
            known, name = None, f"{content.machine[:240]} ({machine_id[:8]})"
    if known is None:
        if not told or name != content.machine:
            spelled = machine_keys.host(content.machine) if name == content.machine else None
            own = spelled or Key("weak", name)
            told = [Key(own.kind, f"{path_segment(node.unit_id)} {own.value}")]
        known, _ = Device.rows.get_or_create(
            campaign_id=node.campaign_id, id_kind=told[0].kind, id_value=told[0].value,
            defaults={"owner": node, "key": name, "strength": "located", "identity": {}, "is_assigned": True},
        )  # fmt: skip
    Alias.rows.get_or_create(reporter=node, key=name, device=known)
    return known, keys


def _heir(device: Device) -> Device:
    """The machine that a machine turned out to be."""
    seen = {device.pk}
    while device.merged_into is not None and device.merged_into_id not in seen:
        device = device.merged_into
        seen.add(device.pk)
    return device


def _told(opened: Opened, node: CampaignNode) -> tuple[list[Key], list[Key], tuple[Key, ...]]:
    """Store what the check says of the machine's hardware and addresses; returns the keys of the machine by
    all that is known, its id first, and the names that it bore: none where the check names no hardware or
    several machines may be meant. And the keys that the check itself names."""
    outcome = Outcome()
    asked = Asked("check", 0, timezone.get_current_timezone(), node.unit.path)
    try:
        evidence_of_check(opened.content, asked, outcome)
    except MachinesError:
        return [], [], ()
    store_evidence(node.unit, outcome.claims, outcome.bindings)
    named = tuple(key for claim in outcome.claims for key in claim.keys)
    things = [key for claim in outcome.claims for key in claim.keys if key.kind in ("hardware", "mac")]
    if not things:
        return [], [], named
    devices = devices_for(link for claim in outcome.claims for link in links_of(claim))
    holders = {id for key in things for id in devices.holders(key, node.unit.path)}
    if len(holders) != 1:
        return [], [], named
    (id,) = holders
    device = next((one for one in devices.all if one.id == id), None)
    keys = [id, *(device.keys if device else ())]
    names = [stored(one) for one in (device.names if device else ())]
    return list(dict.fromkeys(map(stored, keys))), names, named


def follow_machine(device: Device) -> None:
    """Recompute the data that follow from all results of a machine: the latest, and cracked software."""
    results = list(CheckResult.rows.filter(device=device).order_by("finished", "pk"))
    CheckResult.rows.filter(device=device, is_latest=True).update(is_latest=False)
    if results:
        CheckResult.rows.filter(pk=results[-1].pk).update(is_latest=True)
    CrackedCopy.rows.filter(device=device).delete()
    looks = [Look(r.finished, frozenset(r.software), r.is_whole) for r in results]
    CrackedCopy.rows.bulk_create(
        CrackedCopy(
            device=device, product=s.product, found_at=s.found_at, last_at=s.last_at, gone_at=s.gone_at
        )
        for s in stays(looks)
    )


@transaction.atomic
def tie_machine(result: CheckResult, to: Device, actor: User, ip: str | None = None) -> Moved:
    """Tie the checked machine to one that logs know under another name; its results move there.

    Raises:
        ResultError: `other_unit` when `to` is not a machine of the same unit, `has_case` when the checked
            machine has a case of its own already.
    """
    device = (
        Device.rows.select_for_update(of=("self",), no_key=True)
        .select_related("owner")
        .get(pk=result.device_id)
    )
    to = Device.rows.select_for_update(of=("self",), no_key=True).get(pk=to.pk)
    if to.owner_id != device.owner_id:
        raise ResultError("other_unit")
    moved = Moved()
    if to.pk == device.pk:
        return moved
    if Case.rows.filter(device=device).exists():
        raise ResultError("has_case")
    CheckResult.rows.filter(device=device).update(is_latest=False)
    # A person's word holds: what they tied follows no key.
    CheckResult.rows.filter(device=device).update(device=to, keys=[])
    Alias.rows.filter(device=device).update(device=to)
    CrackedCopy.rows.filter(device=device).delete()
    follow_machine(to)
    record(
        actor, "check.tie", unit_path=device.owner.path, about=result,
        data={"device": result.machine, "to": to.key}, ip=ip,
    )  # fmt: skip
    device.delete()
    for row in CheckResult.rows.filter(device=to, machine=result.machine).select_related(
        "indicator_set", "pack"
    ):
        again = take_check(to, Check(str(row.pk), row.finished, {}, proving_list(row)), actor, ip)
        moved.rechecked, moved.verified = moved.rechecked + again.rechecked, moved.verified + again.verified
    return moved
