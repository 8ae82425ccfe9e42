"""A portal of its own for one measurement: a process with a new database, and the units of a province."""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

_NETWORKS = 400


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that these measurements share."""
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL server of its own")
    parser.add_argument("--folder", type=Path, help="where the portal's data lie")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)


def run_apart(asked: argparse.Namespace) -> int:
    """This command once more, in a process of its own with an empty portal and `--inside`; its exit code."""
    command = [sys.executable, "-m", "bench", *sys.argv[1:], "--inside"]
    if asked.postgres:
        command = [sys.executable, "tools/with_postgres.py", "--durable", *command]
    with tempfile.TemporaryDirectory(prefix="quetsach-bench-", dir=asked.folder) as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("QUETSACH_")}
        ours = {"DJANGO_SETTINGS_MODULE": "quetsach.portal.settings", "QUETSACH_DATA_DIR": folder}
        return subprocess.run(command, env=kept | ours, check=False).returncode


def start() -> None:
    """Make the tables of the empty portal. As in the server, all pages are loaded, and the collector of
    unreachable objects passes over them."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.urls import get_resolver

    from quetsach.portal.kit import collector

    call_command("migrate", verbosity=0)
    get_resolver().url_patterns  # noqa: B018
    gc.collect()
    collector.pass_over_what_is_loaded()


def country(machines: int, districts: int = 0) -> tuple[Any, Any]:
    """A top unit with communes below, each with a range of its own; and its coordinator. Districts stand
    between, if there are any: the first has half of the communes, the others share the rest."""
    from django.utils import timezone

    from quetsach.portal.accounts.models import User
    from quetsach.portal.campaigns.cascade.actions import publish
    from quetsach.portal.campaigns.models import Campaign
    from quetsach.portal.units.actions import create_unit
    from quetsach.portal.units.models import Membership

    top = create_unit(None, None, "Tỉnh đo", kind="ubnd_province", networks=[], doc_abbr="UBND")
    above = [
        create_unit(None, top, f"Huyện {number}", kind="ubnd_district", networks=[], doc_abbr="UBND")
        for number in range(districts)
    ] or [top]
    communes = min(_NETWORKS, (machines >> 8) + 1)
    for number in range(communes):
        cidr = f"10.{number >> 8 & 255}.{number & 255}.0/24"
        superior = above[0] if number * 2 < communes else above[number % len(above)]
        create_unit(None, superior, f"Xã {number}", kind="ubnd_commune", networks=[cidr], doc_abbr="UBND")
    author = User.objects.create_user("bench", password="x", full_name="bench")  # noqa: S106
    Membership.ever.create(user=author, unit=top, role="coordinator")
    campaign = Campaign.objects.create(
        slug="bench", issuer=top, title="bench", due_at=timezone.now() + timedelta(days=9)
    )
    publish(campaign, author)
    return author, top


def publish_list(author: Any, top: Any, names: list[str]) -> str:
    """Publish a list in the country's only campaign; returns its set id."""
    from quetsach.portal.campaigns.models import Campaign
    from quetsach.portal.indicators.actions import Upload, prepare, publish_set

    campaign = Campaign.objects.get(issuer=top)
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder, "list.txt")
        listed.write_text("\n".join(names))
        drafted = prepare(campaign, [Upload("list.txt", listed, listed.stat().st_size)], author)
        return str(publish_set(drafted, author).set_id)
