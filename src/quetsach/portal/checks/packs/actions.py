"""Builds a unit's pack, and makes its keys."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from quetsach.endpoint import keys
from quetsach.endpoint import pack as packs
from quetsach.endpoint import profile as profiles
from quetsach.errors import PortalError
from quetsach.indicators.indicator import IndicatorSet
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.checks.detections import contents as detections
from quetsach.portal.checks.models import KeyPair, Pack, UnitPlan
from quetsach.portal.checks.packs import vault
from quetsach.portal.indicators import queries as lists
from quetsach.portal.indicators import store

GOOD_FOR = timedelta(days=60)
"""How long a pack can be used for checks; a campaign's letter runs for weeks."""
RENEWED = timedelta(days=14)
"""A pack that is valid for less than this is built anew on request."""
SHELF = "packs"


class NoListError(PortalError):
    """No list of the campaign is in use; without a list no machine can be called clean."""

    code = "no_list"


@transaction.atomic
def build_pack(node: CampaignNode, actor: User, portal: str, ip: str | None = None) -> Pack:
    """The unit's pack with the list in force, signed and put on the shelf. A pack that is still right is
    returned unchanged: asking twice makes one.

    Raises:
        NoListError: no list is in use. VaultError: the key of the vault is not there.
    """
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=node.campaign_id)
    node = CampaignNode.rows.select_related("campaign").get(pk=node.pk)
    listed = lists.current(campaign)
    if listed is None:
        raise NoListError
    signing = _pair(campaign, None, KeyPair.Kind.SIGNING)
    profile, contents = _profile(node), detections.in_force(campaign, listed)
    latest = Pack.rows.filter(node=node).order_by("-version").first()
    now = timezone.now().replace(microsecond=0)
    if (
        latest is not None
        and latest.lost_at is None
        and latest.indicator_set_id == listed.pk
        and latest.signed_with_id == signing.pk
        and latest.contents == contents.digest
        and latest.profile == profiles.table(profile)
        and latest.expires_at > now + RENEWED
    ):
        return latest
    content = packs.Pack(
        campaign=_party(str(campaign.pk), campaign.title, campaign, None),
        unit=_party(str(node.pk), node.name, campaign, node),
        version=latest.version + 1 if latest is not None else 1,
        created=now,
        expires=now + GOOD_FOR,
        result_key=keys.new(),
        indicators=IndicatorSet(store.read_list(listed.sha256)),
        hashes=contents.hashes(),
        rules=contents.rules(),
        signs=packs.own_signs(),
        profile=profile,
        texts=_texts(campaign, portal),
        portal=portal,
    )
    data = packs.build(content, vault.unlock(signing.locked))
    shelved, _length = store.keep([vault.lock(data)], SHELF)
    row = Pack(
        campaign=campaign, node=node, version=content.version, pack_id=content.id, bytes=len(data),
        result_public=content.result_public.hex(), indicator_set=listed, signed_with=signing,
        contents=contents.digest, hash_count=len(content.hashes), rule_count=contents.rule_count,
        profile=profiles.table(profile), sha256=hashlib.sha256(data).hexdigest(), shelved=shelved,
        created_at=content.created, expires_at=content.expires, by=actor,
    )  # fmt: skip
    row.save(force_insert=True)
    data_told = {
        "version": row.version, "list": listed.version, "hashes": row.hash_count, "rules": row.rule_count,
    }  # fmt: skip
    record(actor, "pack.build", unit_path=node.path, about=row, data=data_told, ip=ip)
    return row


def content_of(pack: Pack) -> bytes:
    """The file to download.

    Raises:
        VaultError: it cannot be unlocked. OSError: it is not on the shelf any more.
    """
    return vault.unlock(store.place(pack.shelved, SHELF).read_bytes())


@transaction.atomic
def report_lost(node: CampaignNode, actor: User, ip: str | None = None) -> int:
    """Mark the unit's packs as lost or seen by strangers; returns how many. Their later results are refused,
    because the holder of a pack could invent some. Earlier results stay."""
    node = CampaignNode.rows.select_for_update(of=("self",), no_key=True).get(pk=node.pk)
    lost = Pack.rows.filter(node=node, lost_at=None).update(lost_at=timezone.now())
    record(actor, "pack.report_lost", unit_path=node.path, about=node, data={"n": lost}, ip=ip)
    return lost


@transaction.atomic
def rotate_keys(campaign: Campaign, actor: User, ip: str | None = None) -> None:
    """Use new keys for the campaign and its units from now on. Results of earlier packs still open."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    retired = KeyPair.rows.filter(campaign=campaign, retired_at=None).update(retired_at=timezone.now())
    record(
        actor, "pack.rotate_keys", unit_path=campaign.issuer.path, about=campaign, data={"n": retired}, ip=ip
    )


def _pair(campaign: Campaign, node: CampaignNode | None, kind: str) -> KeyPair:
    """The pair in use, made if there is none. The caller has locked the campaign's row."""
    found = KeyPair.rows.filter(campaign=campaign, node=node, kind=kind, retired_at=None).first()
    if found is not None:
        return found
    secret = keys.new()
    public = keys.public("signing" if kind == KeyPair.Kind.SIGNING else "sealing", secret)
    pair = KeyPair(campaign=campaign, node=node, kind=kind, public=public.hex(), locked=vault.lock(secret))
    pair.save(force_insert=True)
    return pair


def _party(name_id: str, name: str, campaign: Campaign, node: CampaignNode | None) -> packs.Party:
    pair = _pair(campaign, node, KeyPair.Kind.SEALING)
    return packs.Party(name_id, name, bytes.fromhex(pair.public))


def _profile(node: CampaignNode) -> profiles.Profile:
    plan = UnitPlan.rows.filter(node=node).first()
    if plan is None:
        return profiles.Profile(organisation=node.name)
    return profiles.Profile(
        organisation=node.name,
        kms_hosts=tuple(plan.kms_hosts),
        volume_agreement=plan.volume_agreement,
        own_names=tuple(plan.own_names),
    )


def _texts(campaign: Campaign, portal: str) -> dict[str, dict[str, str]]:
    contact = " · ".join(filter(None, (campaign.contact.get("name", ""), campaign.contact.get("phone", ""))))
    texts = {"hand_in": f"{portal.rstrip('/')}/nop-ket-qua/"} | ({"contact": contact} if contact else {})
    return {"vi": texts, "en": texts}
