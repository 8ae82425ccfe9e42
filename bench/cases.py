"""`python -m bench cases`: the pages of a portal with very many cases in one tree, and the nightly judgement.

Cases are written by the thousand, not through the portal's actions: their making is not measured here.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import os
import pstats
import resource
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import batched
from statistics import median
from typing import Any

from bench import own_portal
from bench.measure import machine

_STATES = ["new", "new", "assigned", "assigned", "cleaning", "claimed_clean", "claimed_clean", "rechecked",
           "verified_clean", "false_positive"]  # fmt: skip
_DAYS = 24
_DISTRICTS = 20
_AT_ONCE = 2000


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench cases`."""
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", default="", help="show where the time of this page goes")
    parser.add_argument("--only", default="pages,judgement")
    parser.add_argument("--claimed", action="store_true", help="all cases wait for their proof")
    parser.add_argument(
        "--alive", action="store_true", help="logs tell in which hours each machine was there"
    )
    parser.add_argument(
        "--moves", type=int, default=100, help="one of so many claims moves in the second night"
    )
    own_portal.add_options(parser)


def cases(asked: argparse.Namespace) -> int:
    """Measure in a process of its own, with a portal of its own."""
    return _measured(asked) if asked.inside else own_portal.run_apart(asked)


def _measured(asked: argparse.Namespace) -> int:
    own_portal.start()
    from django.db import connection

    author, top = own_portal.country(asked.cases, _DISTRICTS)
    if asked.claimed:
        _STATES[:] = ["rechecked"]  # as after the first night: what is claimed moves once, then it waits
    campaign = _seed(author, top, asked.cases, alive=asked.alive)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(machine() | {"database": connection.vendor, "cases": asked.cases}, flush=True)
    if "pages" in asked.only:
        _pages(asked, author, campaign)
    if "judgement" in asked.only:
        _judgement(asked, campaign)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{peak:,.0f} MB at most. Load now: {os.getloadavg()}")
    return 0


def _pages(asked: argparse.Namespace, author: Any, campaign: Any) -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from quetsach.portal.campaigns.models import CampaignNode

    call_command("collectstatic", verbosity=0, interactive=False)
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(author, settings.AUTHENTICATION_BACKENDS[0])
    root = CampaignNode.rows.get(campaign=campaign, parent=None)
    listed, work = (reverse(name, args=[campaign.slug]) for name in ("cases", "case_work"))
    districts = CampaignNode.rows.filter(campaign=campaign, kind="ubnd_district").order_by("position", "pk")
    large, small = districts[0], districts[1]
    pages = {
        "machines": listed,
        "machines, page 100": f"{listed}?trang=100",
        "machines, page 5,000": f"{listed}?trang=5000",
        "machines of a word": f"{listed}?loai=signs",
        "machines of the last word": f"{listed}?loai=clean",
        "machines overdue": f"{listed}?loc=overdue",
        "machines by name": f"{listed}?tim=10.0.77.1",
        "work list": f"{work}?duoi=1",
        "work list, page 100": f"{work}?duoi=1&trang=100",
        "work list, page 1,500": f"{work}?duoi=1&trang=1500",
        "work list, off the network": f"{work}?duoi=1&loc=isolated",
        "machines of half the country": f"{listed}?don-vi={large.pk}",
        "machines of a district": f"{listed}?don-vi={small.pk}",
        "work list of half the country": f"{work}?duoi=1&don-vi={large.pk}",
        "work list of a district": f"{work}?duoi=1&don-vi={small.pk}",
        "today": reverse("today", args=[campaign.slug]),
        "roll-up": reverse("rollup", args=[campaign.slug, root.pk]),
        "self-check": reverse("self_check"),
        "front": "/",
    }
    print("| page | processor s | wall s | queries | slowest query | answer |\n|---|---|---|---|---|---|")
    for name, url in pages.items():
        client.get(url)
        spent, walls = [], []
        for _ in range(asked.rounds):
            begun, cpu = time.perf_counter(), time.process_time()
            answer = client.get(url)
            walls.append(time.perf_counter() - begun)
            spent.append(time.process_time() - cpu)
        with CaptureQueriesContext(connection) as seen:
            client.get(url)
        slowest = max(seen.captured_queries, key=lambda one: float(one["time"]), default={"time": 0})
        print(
            f"| {name} | {median(spent):.3f} | {median(walls):.3f} | {len(seen)} | {slowest['time']} |"
            f" {answer.status_code}, {len(answer.content) / 1000:.0f} kB |",
            flush=True,
        )
        if asked.profile == name:
            for one in sorted(seen.captured_queries, key=lambda one: -float(one["time"]))[:4]:
                print(one["time"], one["sql"][:3000])


def _judgement(asked: argparse.Namespace, campaign: Any) -> None:
    from quetsach.portal.cases.models import Case
    from quetsach.portal.cases.night_actions import judge_all
    from quetsach.portal.cases.pull_actions import Pulled

    waiting = Case.rows.filter(is_current=True, state__in=("claimed_clean", "rechecked"))
    for what, moved in (
        ("the first, which writes all gaps", 0), (f"the next, 1 of {asked.moves} moves", asked.moves)
    ):  # fmt: skip
        if moved:
            some = list(waiting.values_list("pk", flat=True)[: asked.cases // moved])
            Case.rows.filter(pk__among=some).update(state="claimed_clean")
        pulled = Pulled()
        judged, begun, cpu = waiting.count(), time.perf_counter(), time.process_time()
        _profiled(asked, "judgement", partial(judge_all, campaign, pulled))
        took, spent = time.perf_counter() - begun, time.process_time() - cpu
        print(f"| judgement of {judged:,} cases, {what} | {spent:.1f} | {took:.1f} | {pulled} |",
              flush=True)  # fmt: skip


def _profiled(asked: argparse.Namespace, name: str, act: Callable[[], object]) -> None:
    if asked.profile != name:
        act()
        return
    profile, text = cProfile.Profile(time.process_time), io.StringIO()
    profile.runcall(act)
    pstats.Stats(profile, stream=text).sort_stats("cumtime").print_stats(45)
    print(text.getvalue())


def _seed(author: Any, top: Any, count: int, *, alive: bool) -> Any:
    """As many machines over all units, each with a case and a sign; and a log of each unit for some weeks."""
    from django.utils import timezone

    from quetsach.portal.campaigns.models import Campaign, CampaignNode

    set_id = own_portal.publish_list(author, top, [f"bench{number}.example" for number in range(2000)])
    campaign = Campaign.objects.get(issuer=top)
    nodes = list(CampaignNode.rows.filter(campaign=campaign).exclude(parent=None).order_by("path"))
    now = timezone.now().replace(microsecond=0)
    for some in batched(range(count), _AT_ONCE):
        _plant(campaign, nodes, set_id, now, some)
    for number, node in enumerate(nodes):
        its = range(number, count, len(nodes)) if alive else ()
        _watch(node, set_id, now, [_address(one) for one in its])
    return campaign


def _address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _plant(campaign: Any, nodes: list[Any], set_id: str, now: datetime, numbers: Iterable[int]) -> None:
    from django.db import transaction

    from quetsach.portal.cases.models import Alias, Case, CaseEvent, CaseSighting, Device
    from quetsach.portal.kit.inserting import create
    from quetsach.portal.sightings.models import Sighting

    devices, found, signs = [], [], []
    for number in numbers:
        node, state = nodes[number % len(nodes)], _STATES[number // len(nodes) % len(_STATES)]
        seen = now - timedelta(days=3 + number % 9, seconds=number % 7200)
        address = _address(number)
        device = Device(
            campaign=campaign, owner=node, key=address, id_kind="weak", id_value=f"{node.pk} {address}",
            is_assigned=True, created_at=now,
        )  # fmt: skip
        devices.append(device)
        claimed = seen + timedelta(hours=1) if state in ("claimed_clean", "rechecked") else None
        found.append(
            Case(
                device=device, family=f"botnet-{number % 40}", state=state, opened_at=seen, first_seen=seen,
                last_seen=seen, count=3, claimed_at=claimed,
            )
        )  # fmt: skip
        midnight = seen.replace(hour=0, minute=0, second=0)
        at = int((seen - midnight).total_seconds()) * 1_000_000
        signs.append(
            Sighting(
                node=node, key=f"{number:064d}", source="0" * 64, source_name="gateway",
                indicator=f"bench{number % 2000}.example", kind="domain", family=f"botnet-{number % 40}",
                matched="", field="query", device=address, day=seen.date(), first_seen=seen, last_seen=seen,
                count=3, runs=[[at, at, 3]], action="allowed", logformat="zeek.dns", evidence="",
                set_id=set_id, is_listed=True, checked_version=1, is_pulled=True, received_at=seen,
            )
        )  # fmt: skip
    with transaction.atomic():
        create(devices)
        create(Alias(reporter=one.owner, key=one.key, device=one) for one in devices)
        create(found)
        create(CaseEvent(case=one, at=one.opened_at, act="open", to_state=one.state) for one in found)
        create(
            CaseEvent(
                case=one, at=one.claimed_at, act="claim", from_state="assigned", to_state="claimed_clean"
            )
            for one in found
            if one.claimed_at is not None
        )
        create(signs)
        keys = dict(Sighting.rows.filter(key__among=[one.key for one in signs]).values_list("key", "pk"))
        create(
            CaseSighting(case=one, sighting_id=keys[sign.key], count=3, first=sign.first_seen,
                         last=sign.last_seen, strength="weak", why="")
            for one, sign in zip(found, signs, strict=True)
        )  # fmt: skip


def _watch(node: Any, set_id: str, now: datetime, machines: list[str]) -> None:
    """A log of the unit without a gap until now, whose scans were asked about these machines; each was there
    in most hours of the working days."""
    from quetsach.portal.indicators import queries as indicators
    from quetsach.portal.kit.inserting import create
    from quetsach.portal.sightings.models import AskedList, Coverage, CoveredDay, Scan

    first = (now - timedelta(days=_DAYS)).replace(hour=0, minute=0, second=0)
    scan = Scan.rows.create(
        node=node, digest=str(node.pk), set_id=set_id, source_name="gateway", tool="bench", tz="UTC",
        sources=1, indicator_set=indicators.published(node.campaign_id, set_id), errors=0, door="api",
        accepted_at=now,
    )  # fmt: skip
    coverage = Coverage.rows.create(
        scan=scan, source="0" * 64, path="/var/log", name="gateway", bytes=1, lines=1, not_understood=0,
        long_lines=0, inbound=0, first=first, last=now, time="ok", zone="",
    )  # fmt: skip
    days = [first + timedelta(days=number) for number in range(_DAYS + 1)]
    names = sorted(machines)
    listed = AskedList.rows.create(node=node, digest=str(node.pk), names=names) if names else None
    hours = [sum(1 << hour for hour in range(1, 10) if hour != 5 and hour != 1 + n % 9) for n in range(9)]
    create(
        CoveredDay(
            node=node, source="0" * 64, set_id=set_id, day=day.date(), coverage=coverage, bytes=1, first=day,
            last=min(now, day + timedelta(days=1)), digest="", order="", asked=listed,
            alive={name: hours[n % 9] for n, name in enumerate(names)} if day.weekday() < 5 else {},
            hours=[9 if day + timedelta(hours=hour) < now else 0 for hour in range(24)],
        )
        for day in days
    )  # fmt: skip
