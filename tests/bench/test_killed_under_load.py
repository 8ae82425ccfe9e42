"""The real server with several HTTP clients, killed twice: every answered act is stored, once."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.kills
ROOT = Path(__file__).resolve().parents[2]
STORY = """
import json, sys
import django
django.setup()
from django.core.management import call_command
call_command("collectstatic", verbosity=0, interactive=False)
from bench.portal import load, seed
from quetsach.portal.campaigns.cascade.actions import publish
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.models import Role
top = create_unit(None, None, "Tỉnh", kind="ubnd_province")
districts = [create_unit(None, top, f"Huyện {n}", kind="ubnd_district") for n in range(3)]
for place, district in enumerate(districts):
    for n in range(25):
        create_unit(None, district, f"Xã {place}-{n}", kind="ubnd_commune")
campaign = seed.draft_campaign(top)
publish(campaign, seed.seat_people([top], Role.COORDINATOR)[top.pk])
root = CampaignNode.rows.select_related("campaign").get(parent=None)
(figure,) = load.measure_kills(root, 2, between=2.0, clients=4)
print(json.dumps({"note": figure.note, "starts": len(figure.seconds)}))
"""


def test_what_was_answered_is_there_once_after_two_kills(tmp_path, migrated):
    shutil.copy(migrated, tmp_path / "quetsach.sqlite3")
    env = {name: value for name, value in os.environ.items() if name != "QUETSACH_DATA_DIR"}
    env |= {
        "QUETSACH_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "quetsach.portal.settings",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
    }
    done = subprocess.run(
        [sys.executable, "-c", STORY], env=env, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["starts"] == 2
    assert "total = sum 3 of 3 times; nothing lost, nothing twice, the total is the sum" in told["note"]
    assert not told["note"].startswith("0 reports"), told["note"]
