"""Acts that a superior enters for a unit below, which did not do so itself: with channel and reason."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.cascade.actions import (
    NotAllowedNowError,
    acknowledge,
    count_people,
    deploy,
    withdraw_acknowledgement,
    withdraw_deployment,
)
from quetsach.portal.campaigns.models import (
    Acknowledgement,
    CampaignNode,
    KeyedAct,
    Participation,
)
from quetsach.portal.campaigns.proofs import Proof

Act = KeyedAct.Act


@dataclass(frozen=True)
class Told:
    """How the superior knows of the act: its day, the channel, the reason in words, the proof on paper."""

    day: date
    channel: str
    reason: str
    proof: Proof | None = None


@transaction.atomic
def enter_for(
    node: CampaignNode,
    act: str,
    evidence: Told,
    actor: User,
    *,
    people: tuple[int, int] | None = None,
    ip: str | None = None,
) -> KeyedAct:
    """Do one of KeyedAct.Act in the unit's name; `people` are (informed, done) for a headcount.

    Raises NotAllowedNowError: `no_proof` for a paper without a file, `issuer`, `acknowledged`,
    `already_deployed`, and what the act itself raises.
    """
    if node.parent_id is None:
        raise NotAllowedNowError("issuer")
    if evidence.channel == KeyedAct.Channel.PAPER and evidence.proof is None:
        raise NotAllowedNowError("no_proof")
    at = _moment(evidence.day)
    if act == Act.ACKNOWLEDGE:
        if Acknowledgement.rows.filter(node=node).exists():
            raise NotAllowedNowError("acknowledged")
        acknowledge(node, actor, at=at, ip=ip)
    elif act == Act.DEPLOY:
        if Participation.rows.filter(node=node).exists():
            raise NotAllowedNowError("already_deployed")
        deploy(node, actor, at=at, ip=ip)
    else:
        informed, done = people or (0, 0)
        count_people(node, informed, done, actor, ip=ip)
    proof = evidence.proof or Proof("", "", "")
    entry = KeyedAct.rows.create(
        node=node,
        act=act,
        channel=evidence.channel,
        happened_at=at,
        reason=evidence.reason,
        file=proof.path,
        file_name=proof.name,
        sha256=proof.sha256,
        by=actor,
    )
    data = {"act": act, "unit": node.name, "reason": evidence.reason, "sha256": proof.sha256}
    record(actor, "campaign.key_for", unit_path=node.path, about=entry, data=data, ip=ip)
    return entry


@transaction.atomic
def withdraw_entry(entry: KeyedAct, actor: User, *, ip: str | None = None) -> None:
    """Take back an act that was entered by mistake, on the day of entry. A headcount is corrected by a new
    one.

    Raises NotAllowedNowError: `another_day`, `counted`, and the errors of the act's own withdrawal.
    """
    entry = KeyedAct.rows.select_for_update(of=("self",), no_key=True).select_related("node").get(pk=entry.pk)
    if entry.withdrawn_at is not None:
        return
    if timezone.localdate(entry.at) != timezone.localdate():
        raise NotAllowedNowError("another_day")
    if entry.act == Act.COUNT_PEOPLE:
        raise NotAllowedNowError("counted")
    undo = withdraw_acknowledgement if entry.act == Act.ACKNOWLEDGE else withdraw_deployment
    undo(entry.node, actor, entered_at=entry.at, ip=ip)
    entry.withdrawn_at = timezone.now()
    entry.save(update_fields=["withdrawn_at"])


@transaction.atomic
def annex_came(
    node: CampaignNode, file_name: str, sha256: str, actor: User, *, ip: str | None = None
) -> KeyedAct | None:
    """Record that the unit has received the letter, since its annex came as a file. None if it had confirmed.

    Nobody confirmed anything here, and the entry says so: its channel is the annex, its evidence the file.
    """
    if node.parent_id is None or Acknowledgement.rows.filter(node=node).exists():
        return None
    acknowledge(node, actor, ip=ip)
    entry = KeyedAct.rows.create(
        node=node,
        act=Act.ACKNOWLEDGE,
        channel=KeyedAct.Channel.ANNEX,
        happened_at=timezone.now(),
        reason=_("Their annex came: %(file)s") % {"file": file_name[:400]},
        sha256=sha256,
        by=actor,
    )
    data = {"act": entry.act, "unit": node.name, "reason": entry.reason, "sha256": sha256}
    record(actor, "campaign.key_for", unit_path=node.path, about=entry, data=data, ip=ip)
    return entry


@transaction.atomic
def annex_taken_back(node: CampaignNode, sha256: str, actor: User, *, ip: str | None = None) -> None:
    """Take back the receipt that rests on that file alone; it stays where the unit has acted since, and after
    the day of entry."""
    entries = KeyedAct.rows.filter(
        node=node, act=Act.ACKNOWLEDGE, channel=KeyedAct.Channel.ANNEX, sha256=sha256, withdrawn_at=None
    )
    for entry in entries:
        with suppress(NotAllowedNowError):
            withdraw_entry(entry, actor, ip=ip)


def _moment(day: date) -> datetime:
    """Noon of that day, or now if that is earlier: a paper names only the day."""
    noon = timezone.make_aware(datetime.combine(day, time(12)))
    return min(noon, timezone.now())
