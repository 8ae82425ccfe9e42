"""The country for a campaign: the real tree of 2022, made-up offices below it, people, and reports.

Everything is written by the thousand, not through the portal's actions: seeding is not measured. Django
must be set up before this module is imported.
"""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Iterator
from datetime import timedelta
from importlib import import_module
from itertools import batched
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, transaction
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Acknowledgement, Campaign, CampaignNode, Headcount, Participation
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.reports.models import Report, ReportEvent, Revision
from quetsach.portal.units.models import Membership, Role, Unit, path_segment, subtree
from quetsach.portal.units.national_actions import load_tree_of
from quetsach.text.vietnamese import search_key
from quetsach.units import national

AT_ONCE = 2_000
OFFICES = {Unit.Kind.PROVINCE: (Unit.Kind.DEPARTMENT, 25), Unit.Kind.DISTRICT: (Unit.Kind.OFFICE, 22)}
"""Below each province and each district: 63 x 25 + 705 x 22 offices more, 28,453 units in all."""
WIDEST = 168
"""Units directly below today's widest province; one province here gets as many."""
SIZES = {"t1": 28_453, "t2": 121_090}
_BELOW_A_COMMUNE = (Unit.Kind.CLINIC, *[Unit.Kind.SCHOOL] * 5, *[Unit.Kind.ENTERPRISE] * 2)
_WORDS = {
    Unit.Kind.DEPARTMENT: "Sở",
    Unit.Kind.OFFICE: "Phòng",
    Unit.Kind.CLINIC: "Trạm y tế",
    Unit.Kind.SCHOOL: "Trường",
    Unit.Kind.ENTERPRISE: "Công ty",
}


def plant_tree(size: str) -> Unit:
    """The tree of that size; returns the top unit."""
    top, _count = load_tree_of(None, national.load(2022))
    wanted = SIZES[size] - Unit.rows.count()
    leaves = _offices()
    if size == "t2":
        leaves = [*leaves, *_below_communes(wanted - len(leaves))]
    assert len(leaves) == wanted, (len(leaves), wanted)
    for batch in batched(leaves, AT_ONCE):
        Unit.rows.bulk_create(batch)
    analyse()
    return top


def _offices() -> list[Unit]:
    found = []
    for parent in Unit.rows.filter(kind__in=OFFICES):
        kind, count = OFFICES[Unit.Kind(parent.kind)]
        found += [_leaf(parent, kind, number) for number in range(1, count + 1)]
    wide = Unit.rows.filter(kind=Unit.Kind.PROVINCE).order_by("path")[0]
    more = WIDEST - wide.children.count() - OFFICES[Unit.Kind.PROVINCE][1]
    its_own = [leaf for leaf in found if leaf.parent_id == wide.pk]
    others = [leaf for leaf in found if leaf.parent_id != wide.pk]
    extra = [_leaf(wide, Unit.Kind.OFFICE, 100 + number) for number in range(more)]
    return [*its_own, *extra, *others[more:]]


def _below_communes(wanted: int) -> Iterator[Unit]:
    communes = list(Unit.rows.filter(kind=Unit.Kind.COMMUNE).order_by("path"))
    more = wanted - len(communes) * len(_BELOW_A_COMMUNE)
    for place, parent in enumerate(communes):
        kinds = [*_BELOW_A_COMMUNE, *[Unit.Kind.ENTERPRISE] * (place < more)]
        for number, kind in enumerate(kinds, start=1):
            yield _leaf(parent, kind, number)


def _leaf(parent: Unit, kind: Unit.Kind, number: int) -> Unit:
    name = f"{_WORDS[kind]} {number} {parent.name}"[:200]
    unit = Unit(parent=parent, name=name, kind=kind, position=500 + number, staff_count=20, doc_abbr="VP")
    unit.search_key = search_key(name)
    unit.path = parent.path + path_segment(unit.pk)
    return unit


def draft_campaign(top: Unit) -> Campaign:
    """A campaign ready to be published."""
    return Campaign.objects.create(
        slug="toan-quoc",
        issuer=top,
        title="Chiến dịch làm sạch mã độc toàn quốc",
        due_at=timezone.now() + timedelta(days=12),
    )


def seat_people(units: Collection[Unit], role: Role) -> dict[Any, User]:
    """One person for each unit, by the unit's id; people who already serve there stay."""
    there = Membership.ever.filter(unit__in=[unit.pk for unit in units], role=role).select_related("user")
    found = {membership.unit_id: membership.user for membership in there}
    new = {
        unit.pk: User(username=f"{role}-{unit.pk.hex}", full_name=f"Cán bộ {unit.name}"[:150])
        for unit in units
        if unit.pk not in found
    }
    for user in new.values():
        user.set_unusable_password()
    User.objects.bulk_create(new.values(), batch_size=AT_ONCE)
    rows = [Membership(user=user, unit_id=unit, role=role) for unit, user in new.items()]
    Membership.ever.bulk_create(rows, batch_size=AT_ONCE)
    return found | new


def sign_in(user: User) -> str:
    """A session in which that person is signed in; returns the value of its cookie."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session["since"] = session["seen"] = int(time.time())
    session.create()
    return str(session.session_key)


def fill_reports(campaign: Campaign, author: User, share: float, seed: int = 7) -> int:
    """Accepted reports of `share` of the units below provinces; returns how many. Their seals are blank.

    Units with a report have acknowledged, carried out and counted people before.

    Below the districts of the widest province nobody has reported yet: there all can write at once.
    """
    dice, now, made = random.Random(seed), timezone.now(), 0
    spared = CampaignNode.rows.filter(campaign=campaign, kind=Unit.Kind.PROVINCE).order_by("path")[0]
    nodes = CampaignNode.rows.filter(campaign=campaign, depth__gt=1).only("pk", "due_at").order_by("path")
    nodes = nodes.exclude(subtree(spared.path), depth__gt=2)
    for batch in batched(nodes.iterator(AT_ONCE), AT_ONCE):
        reports, revisions, events, heads = [], [], [], []
        for node in batch:
            if dice.random() >= share:
                continue
            report = Report(node=node, version=2, state=Report.State.ACCEPTED, is_on_time=True)
            people = dice.randrange(5, 200)
            counts = {"r1": 0, "r2": people, "r3": 0, "r4": people - dice.randrange(5)}
            revision = Revision(
                id=uuid7(), report=report, number=1, form=campaign.form, own=counts, counts=counts,
                author=author, at=now, submitted_at=now, due_at=node.due_at, client_uuid=uuid7(),
                narrative="Đã rà soát tất cả các máy.", sha256="",
                totals={"children": dict.fromkeys(counts, 0), "total": counts, "missing": 0},
            )  # fmt: skip
            heads += [
                Headcount(node=node, kind=kind, count=counts[row], at=now, by=author)
                for kind, row in ((Headcount.Kind.INFORMED, "r2"), (Headcount.Kind.DONE, "r4"))
            ]
            reports.append(report)
            revisions.append(revision)
            events += [
                ReportEvent(report=report, revision=revision, actor=author, at=now, type=kind)
                for kind in (ReportEvent.Type.SUBMIT, ReportEvent.Type.ACCEPT)
            ]
        for report, revision in zip(reports, revisions, strict=True):
            report.current_id = report.accepted_id = revision.pk
        with transaction.atomic():  # they refer to each other: foreign keys are checked at the end
            Report.rows.bulk_create(reports)
            Revision.rows.bulk_create(revisions)
            ReportEvent.rows.bulk_create(events)
        acts = [{"node": report.node, "at": now, "by": author} for report in reports]
        Acknowledgement.rows.bulk_create([Acknowledgement(**act) for act in acts])
        Participation.rows.bulk_create([Participation(**act) for act in acts])
        Headcount.rows.bulk_create(heads)
        made += len(reports)
    analyse()
    return made


def analyse() -> None:
    """Update the planner's statistics, as in a database that has run for a day."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
