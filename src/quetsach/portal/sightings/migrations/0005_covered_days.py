import django.db.models.deletion
import django.db.models.manager
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from django.db import migrations, models

BATCH = 500
MOST_DAYS = 3660
"""Days of one source, the latest: a longer time is a mistake of its clock."""
DAY = timedelta(days=1)


def days_of(row):
    """The UTC days of a source and its machines on each: all from its first to its last time, and those with
    machines. A gap stands with the day on which it begins."""
    first, last = row.first.astimezone(UTC), row.last.astimezone(UTC)
    found = {day: {"devices": [], "gaps": []} for day in _days(first.date(), last.date())}
    for day, devices in row.devices.items():
        found.setdefault(date.fromisoformat(day), {"devices": [], "gaps": []})["devices"] = devices
    for gap in row.gaps:
        found.setdefault(date.fromisoformat(gap[0][:10]), {"devices": [], "gaps": []})["gaps"].append(gap)
    for day, facts in found.items():
        begins, ends = datetime.combine(day, time(), UTC), datetime.combine(day, time.max, UTC)
        facts["first"] = min(max(begins, first), ends)
        facts["last"] = max(min(ends, last), begins)
    return found


def _days(first, last):
    begin = max(first, last - DAY * (MOST_DAYS - 1)) if last > first else last
    return (begin + DAY * n for n in range((last - begin).days + 1))


def move(apps, schema_editor):
    """Each source's days become rows of their own: of several tellings of a day with one list the one with
    more bytes stays, then that with fewer errors, then the latest."""
    Coverage = apps.get_model("sightings", "Coverage")
    CoveredDay = apps.get_model("sightings", "CoveredDay")
    timed = Coverage.rows.filter(first__isnull=False, last__gte=models.F("first")).exclude(source="")
    ordered = timed.select_related("scan").order_by("scan__node", "source", "scan__set_id", "pk")
    fresh = []
    for (node, source, set_id), tellings in groupby(
        ordered.iterator(chunk_size=100), lambda row: (row.scan.node_id, row.source, row.scan.set_id)
    ):
        best = {}
        for row in tellings:
            rank = (row.bytes, -len(row.errors), row.scan.accepted_at)
            for day, facts in days_of(row).items():
                known = best.get(day, (rank, row.pk, row.bytes, facts))
                # A telling without machines does not take away those that another one recorded.
                devices = {"devices": facts["devices"] or known[3]["devices"]}
                if rank >= known[0]:
                    best[day] = (rank, row.pk, row.bytes, {**facts, **devices})
                elif not known[3]["devices"]:
                    known[3]["devices"] = facts["devices"]
        fresh += [
            CoveredDay(
                node_id=node, source=source, set_id=set_id, day=day, coverage_id=pk, bytes=size, hours=[],
                order="", alive={}, digest="", **facts,
            )
            for day, (_rank, pk, size, facts) in best.items()
        ]
        if len(fresh) >= BATCH:
            CoveredDay.rows.bulk_create(fresh, batch_size=BATCH)
            fresh = []
    CoveredDay.rows.bulk_create(fresh, batch_size=BATCH)
    if schema_editor.connection.vendor == "postgresql":
        # Rows whose references are not checked yet would forbid to change their table.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def move_back(apps, schema_editor):
    """The machines of each day go back to the source's telling that the day rests on."""
    CoveredDay = apps.get_model("sightings", "CoveredDay")
    devices = defaultdict(dict)
    for row in CoveredDay.rows.exclude(devices=[]).only("coverage", "day", "devices").iterator():
        devices[row.coverage_id][row.day.isoformat()] = row.devices
    Coverage = apps.get_model("sightings", "Coverage")
    for pk, by_day in devices.items():
        Coverage.rows.filter(pk=pk).update(devices=by_day)


class Migration(migrations.Migration):
    """What is known of a UTC day of a source stands once, whatever the number of scans that told it."""

    dependencies = [
        ("campaigns", "0001_tables"),
        ("sightings", "0004_who_runs_and_gaps"),
    ]

    operations = [
        migrations.CreateModel(
            name="AskedList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("names", models.JSONField(default=list)),
                (
                    "node",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="campaigns.campaignnode",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("node", "digest"), name="asked_list_once")
                ],
            },
            managers=[("rows", django.db.models.manager.Manager())],
        ),
        migrations.CreateModel(
            name="CoveredDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=64)),
                ("set_id", models.CharField(max_length=64)),
                ("day", models.DateField()),
                ("bytes", models.BigIntegerField(help_text="of the source, when the day was told")),
                ("first", models.DateTimeField()),
                ("last", models.DateTimeField()),
                ("hours", models.JSONField(default=list)),
                ("order", models.CharField(blank=True, max_length=8)),
                ("gaps", models.JSONField(default=list)),
                ("devices", models.JSONField(default=list)),
                ("alive", models.JSONField(default=dict)),
                ("digest", models.CharField(max_length=64)),
                (
                    "asked",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sightings.askedlist",
                    ),
                ),
                (
                    "coverage",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="sightings.coverage",
                    ),
                ),
                (
                    "node",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="campaigns.campaignnode",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["node", "day"], name="covered_day_of_node")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("node", "source", "set_id", "day"), name="covered_day_once"
                    )
                ],
            },
            managers=[("rows", django.db.models.manager.Manager())],
        ),
        migrations.CreateModel(
            name="Bypass",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=64)),
                ("source", models.CharField(max_length=64)),
                ("source_name", models.CharField(max_length=200)),
                ("provider", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("doh", "DNS over HTTPS"),
                            ("dot", "DNS over TLS"),
                            ("doq", "DNS over QUIC"),
                            ("relay", "a relay"),
                            ("vpn", "a VPN"),
                            ("proxy", "a proxy"),
                            ("dns", "a foreign DNS server"),
                        ],
                        max_length=8,
                    ),
                ),
                ("matched", models.TextField()),
                ("field", models.CharField(max_length=12)),
                ("device", models.CharField(blank=True, max_length=255)),
                ("identity", models.JSONField(default=dict)),
                (
                    "who",
                    models.CharField(
                        help_text="tells machines with one device apart", max_length=4096, null=True
                    ),
                ),
                ("day", models.DateField(null=True)),
                ("first_seen", models.DateTimeField(null=True)),
                ("last_seen", models.DateTimeField(null=True)),
                ("count", models.BigIntegerField()),
                ("runs", models.JSONField(default=list)),
                ("action", models.CharField(max_length=8)),
                ("logformat", models.CharField(max_length=60)),
                ("told_at", models.DateTimeField()),
                (
                    "node",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bypasses",
                        to="campaigns.campaignnode",
                    ),
                ),
            ],
            options={
                "ordering": ("-last_seen", "-pk"),
                "default_manager_name": "rows",
                "indexes": [
                    models.Index(fields=["node", "device", "last_seen"], name="bypass_of_machine"),
                    models.Index(fields=["node", "source"], name="bypass_of_source"),
                ],
                "constraints": [models.UniqueConstraint(fields=("node", "key"), name="bypass_once")],
            },
            managers=[("rows", django.db.models.manager.Manager())],
        ),
        migrations.RunPython(move, move_back),
        migrations.RemoveField(model_name="coverage", name="devices"),
    ]
