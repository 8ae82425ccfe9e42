"""The move of coverage to rows of days: from a database as it was before, with the tables of that time."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

BEFORE, NOW = [("sightings", "0004_who_runs_and_gaps")], [("sightings", "0005_covered_days")]


def at(day, hour=12):
    return datetime(2026, 10, day, hour, tzinfo=UTC)


def migrate(to):
    executor = MigrationExecutor(connection)
    executor.migrate(to)
    return MigrationExecutor(connection).loader.project_state(to).apps


@pytest.fixture
def before(cast):
    """The tables of before, and afterwards those of today again."""
    yield migrate(BEFORE)
    leaves = MigrationExecutor(connection).loader.graph.leaf_nodes()
    MigrationExecutor(connection).migrate(leaves)


def scan(apps, node, digest, set_id="a" * 64):
    return apps.get_model("sightings", "Scan").rows.create(
        node_id=node.pk, digest=digest * 64, set_id=set_id, source_name="fw", tool="t", tz="UTC", sources=1,
        errors=0, door="api", accepted_at=timezone.now(),
    )  # fmt: skip


def source(apps, scan, first, last, size, *, name="1" * 64, devices=None, errors=(), gaps=()):
    return apps.get_model("sightings", "Coverage").rows.create(
        scan=scan, source=name, path="/log", name="fw", bytes=size, lines=size, not_understood=0,
        long_lines=0, inbound=0, first=first, last=last, time="ok", zone="", devices=devices or {},
        errors=list(errors), gaps=list(gaps),
    ).pk  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_each_day_keeps_the_longest_telling_with_its_machines_and_gaps(cast, before):
    node, other = cast.nodes["A1"], cast.nodes["A2"]
    one, two, foreign = (
        scan(before, node, "1"),
        scan(before, node, "2"),
        scan(before, node, "3", "b" * 64),
    )
    gap = ["2026-10-03T23:00:00.000000Z", "2026-10-04T02:00:00.000000Z"]
    short = source(before, one, at(2), at(4), 100, devices={"2026-10-03": ["10.1.1.5"]})
    long = source(before, two, at(2), at(5, 6), 200, devices={"2026-10-05": ["10.1.1.6"]}, gaps=[gap])
    # A shorter file with the same beginning that goes on longer: its last days stay.
    copy = source(before, two, at(4), at(7), 150)
    cut = source(before, foreign, at(2), at(2, 13), 100, errors=["cut"])
    whole = source(before, scan(before, node, "4", "b" * 64), at(2), at(2, 13), 100)
    theirs = source(before, scan(before, other, "5"), at(2), at(2, 13), 100)
    source(before, one, None, None, 5, name="2" * 64)
    source(before, one, None, None, 0, name="", errors=["no right to read it"])

    after = migrate(NOW)

    rows = after.get_model("sightings", "CoveredDay").rows.order_by("node_id", "set_id", "day")
    told = {(row.node_id, row.set_id[0], row.day.day): row for row in rows}
    assert {key: row.coverage_id for key, row in told.items()} == {
        **{(node.pk, "a", day): long for day in (2, 3, 4, 5)},
        **{(node.pk, "a", day): copy for day in (6, 7)},
        (node.pk, "b", 2): whole,
        (other.pk, "a", 2): theirs,
    }
    assert not {short, cut} & {row.coverage_id for row in told.values()}
    mine = {day: told[node.pk, "a", day] for day in range(2, 8)}
    assert {day: row.devices for day, row in mine.items() if row.devices} == {
        3: ["10.1.1.5"],
        5: ["10.1.1.6"],
    }
    assert {day: row.gaps for day, row in mine.items() if row.gaps} == {3: [gap]}
    assert (mine[2].first, mine[5].last, mine[7].last) == (at(2), at(5, 6), at(7))
    assert mine[3].first == at(3, 0) and mine[3].last.date() == date(2026, 10, 3)
    assert {row.asked_id for row in mine.values()} == {None}

    back = migrate(BEFORE)
    kept = dict(back.get_model("sightings", "Coverage").rows.values_list("pk", "devices"))
    assert kept[long] == {"2026-10-03": ["10.1.1.5"], "2026-10-05": ["10.1.1.6"]}
