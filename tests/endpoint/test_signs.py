"""Every sign of the catalogue is found when it is planted, and gone without it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from quetsach.endpoint import catalogue
from quetsach.endpoint.checking import Result
from quetsach.endpoint.fact import State
from tests.endpoint import world
from tests.endpoint.plants import DISK, LINUX, PROFILES, RULE, RUNNING

LINUX_CLEAN: dict[str, Any] = {
    "system": "linux",
    "name": "may-chu",
    "files": {
        "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
        "/etc/hosts": "127.0.0.1 localhost\n",
        "/etc/pam.d/sshd": "@include common-auth\nauth required pam_env.so # x\n",
        "/etc/crontab": "17 * * * * root cd / && run-parts --report /etc/cron.hourly\n",
        "/usr/lib/systemd/system/cron.service": "[Service]\nExecStart=/usr/sbin/cron -f\n",
    },
    "users": [{"name": "root", "folder": "/root"}],
    "processes": [],
    "sockets": [],
}


def signs(result: Result) -> set[str]:
    return {one.sign for one in result.findings if one.sign}


def test_every_sign_is_planted_somewhere() -> None:
    assert {*DISK, *RUNNING, *LINUX} == set(catalogue.load().signs)


def test_the_clean_machine_is_clean_running_and_on_its_disk(tmp_path: Path) -> None:
    for result in (world.look_at_recording(world.CLEAN), world.look_at_tree(world.CLEAN, tmp_path)):
        assert (signs(result), str(result.verdict), list(result.unseen)) == (set(), "clean", [])


@pytest.mark.parametrize("sign", DISK)
def test_planted_on_a_disk(sign: str, tmp_path: Path) -> None:
    plant, verdict = DISK[sign]
    result = world.look_at_tree(world.planted(plant), tmp_path)
    assert sign in signs(result)
    assert str(result.verdict) == verdict
    assert result.observed["sockets"].state is State.NOT_CHECKED


@pytest.mark.recorded
@pytest.mark.parametrize("sign", {**DISK, **RUNNING})
def test_planted_in_a_recording(sign: str) -> None:
    plant, verdict = {**DISK, **RUNNING}[sign]
    wanted = {"rules": (RULE,)} if sign == "MAL-01" else {}
    result = world.look_at_recording(world.planted(plant), PROFILES.get(sign), **wanted)
    assert sign in signs(result)
    assert str(result.verdict) == verdict


@pytest.mark.recorded
@pytest.mark.parametrize("sign", LINUX)
def test_planted_on_linux(sign: str) -> None:
    plant, verdict = LINUX[sign]
    clean = copy.deepcopy(LINUX_CLEAN)
    assert str(world.look_at_recording(clean | {"registry": {}}).verdict) == "clean"
    told = copy.deepcopy(clean) | {"registry": {}}
    told["files"] |= plant.get("files", {})
    told["processes"] = told["processes"] + plant.get("processes", [])
    result = world.look_at_recording(told)
    assert sign in signs(result)
    assert str(result.verdict) == verdict
