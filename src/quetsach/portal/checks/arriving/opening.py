"""Opens an arrived file: a plain result, or a result sealed by the pack of a campaign and a unit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from quetsach.endpoint import sealing
from quetsach.endpoint.refusal import Refused
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.checks.arriving.reading import MOST_BYTES, ResultError
from quetsach.portal.checks.models import KeyPair, Pack
from quetsach.portal.checks.packs import vault

_CODES = {
    "sealed_form": "no_result",
    "sealed_other": "key",
    "sealed_pack": "pack",
    "sealed_damaged": "sealed",
    "sealed_forged": "forged",
    "sealed_early": "early",
    "sealed_late": "late",
    "sealed_future": "future",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """The bytes of a result. A sealed result has its `pack`, and the id of its machine."""

    content: bytes
    pack: Pack | None = None
    machine_id: str = ""


def open_result(
    content: bytes, node: CampaignNode, charge: Callable[[int], None] = lambda _size: None
) -> Opened:
    """The result inside, if it is this unit's.

    `charge` gets the number of bytes of each piece that a seal unpacks to; an error that it raises ends the
    opening.

    Raises:
        ResultError: `campaign` or `unit` with the right one's name, `key`, `pack`, `lost`, `sealed`,
            `forged`, `no_result`, or `too_large`; `early`, `late` or `future` with the day that it names.
    """
    if len(content) > MOST_BYTES:
        raise ResultError("too_large")
    if not sealing.is_sealed(content):
        return Opened(content)
    unpacked = 0

    def count(size: int) -> None:
        nonlocal unpacked
        charge(size)
        unpacked += size
        if unpacked > MOST_BYTES:
            raise ResultError("too_large")

    try:
        outside = sealing.addressed_to(content)
        _is_ours(str(outside["campaign"]), str(outside["unit"]), node)
        opened = sealing.open_with(content, _secret(content, node), _issued, most=MOST_BYTES, charge=count)
    except Refused as error:
        raise ResultError(_CODES.get(error.code, "sealed"), error.values.get("date", "")) from error
    pack = Pack.rows.get(pack_id=opened.pack)
    if pack.lost_at is not None:
        raise ResultError("lost")
    return Opened(json.dumps(opened.result).encode(), pack, opened.machine[:32])


def _is_ours(campaign: str, unit: str, node: CampaignNode) -> None:
    if campaign != str(node.campaign_id):
        other = Campaign.objects.exclude(status=Campaign.Status.DRAFT).filter(pk=_uuid(campaign)).first()
        raise ResultError("campaign", other.title) if other else ResultError("pack")
    if unit != str(node.pk):
        wanted = CampaignNode.rows.filter(pk=_uuid(unit), campaign=node.campaign_id).first()
        raise ResultError("unit", wanted.name) if wanted else ResultError("pack")


def _uuid(text: str) -> UUID:
    """The id; for a malformed text an id that no row has."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _secret(content: bytes, node: CampaignNode) -> bytes:
    """The secret half of the key that the result was sealed to; retired keys of the campaign work too."""
    wanted = [box.get("key") for box in json.loads(content)["for"]]
    pair = KeyPair.rows.filter(
        campaign=node.campaign_id, node=None, kind=KeyPair.Kind.SEALING, public__in=wanted
    ).first()
    if pair is None:
        raise ResultError("key")
    return vault.unlock(pair.locked)


def _issued(pack_id: str) -> sealing.Issued | None:
    pack = Pack.rows.filter(pack_id=pack_id).first()
    if pack is None:
        return None
    return sealing.Issued(
        str(pack.campaign_id), str(pack.node_id), pack.version, pack.created_at, pack.expires_at,
        bytes.fromhex(pack.result_public),
    )  # fmt: skip
