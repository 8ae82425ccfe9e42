"""The rule of the verdict, the profile that settles questions, and parts that could not be seen."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from quetsach.endpoint import profile
from quetsach.endpoint.catalogue import Confidence, Kind
from quetsach.endpoint.finding import Finding
from quetsach.endpoint.profile import Profile, ProfileError
from quetsach.endpoint.verdict import decide
from tests.endpoint import world
from tests.endpoint.plants import DISK, RUNNING


def one(confidence: str, kind: str = "active", subject: str = "x") -> Finding:
    return Finding(Confidence(confidence), Kind(kind), "windows", sign="T-01", subjects={subject})


@pytest.mark.parametrize(
    ("findings", "unseen", "verdict"),
    [
        ([], [], "clean"),
        ([], ["files"], "unknown"),
        ([one("D4")], [], "clean"),
        ([one("D4")], ["hosts"], "unknown"),
        ([one("D1", "behaviour")], ["hosts"], "found"),
        ([one("D2"), one("D2", subject="y")], [], "found"),
        ([one("D2"), one("D2")], [], "check"),
        ([one("D2"), one("D2", "behaviour", "y")], [], "check"),
        ([one("D2", "artifact"), one("D2", "artifact", "y")], [], "check"),
        ([one("D3")], [], "check"),
        ([one("D3", "artifact")], [], "traces"),
        ([one("D3", "anomaly")], ["files"], "traces"),
    ],
)
def test_rule(findings: list[Finding], unseen: list[str], verdict: str) -> None:
    for order in itertools.permutations(findings):
        assert str(decide(order, unseen)) == verdict


@pytest.mark.parametrize("part", ["files", "registry", "processes", "sockets"])
@pytest.mark.parametrize("reason", ["no_permission", "damaged"])
def test_what_cannot_be_seen_is_never_clean(part: str, reason: str) -> None:
    machine = world.CLEAN | {"unavailable": {part: reason}}
    result = world.look_at_recording(machine)
    assert str(result.verdict) == "unknown"
    assert result.unseen


def test_without_a_list_nothing_is_clean() -> None:
    assert str(world.look_at_recording(world.CLEAN, indicators=None).verdict) == "unknown"


def test_a_disk_without_its_registry_is_not_clean(tmp_path: Path) -> None:
    from quetsach.endpoint import machines

    world.tree(world.CLEAN, tmp_path)
    (tmp_path / "C:/Windows/System32/config/SYSTEM").unlink()
    result = world.look(machines.at(tmp_path))
    assert "services" in result.unseen
    assert str(result.verdict) == "unknown"


@pytest.mark.parametrize(
    ("host", "listed"),
    [
        ("kms01", "kms01"),
        ("kms.example.org", "example.org"),
        ("10.0.0.10", "10.0.0.0/24"),
        ("192.168.5.5:1688", "192.168.5.5"),
    ],
)
def test_own_activation_server_is_no_sign(host: str, listed: str) -> None:
    machine = world.planted({"registry": {world.SPP: {"KeyManagementServiceName": host}}})
    assert str(world.look_at_recording(machine).verdict) in {"check", "traces"}
    assert str(world.look_at_recording(machine, Profile(kms_hosts=(listed,))).verdict) == "clean"


@pytest.mark.parametrize("sign", ["KMS-09", "FW-02"])
def test_an_office_that_serves_activations(sign: str) -> None:
    plant, _verdict = {**DISK, **RUNNING}[sign]
    own = Profile(kms_hosts=("pc-07.example.org",), volume_agreement=True)
    assert str(world.look_at_recording(world.planted(plant), own).verdict) == "clean"


def test_loopback_stays_a_sign_whatever_the_profile_says() -> None:
    machine = world.planted(DISK["KMS-01"][0])
    assert (
        str(world.look_at_recording(machine, Profile(kms_hosts=("kms01",), volume_agreement=True)).verdict)
        == "found"
    )


@pytest.mark.parametrize(
    "text", ["kms_hosts = 'x'", "volume_agreement = 'yes'", "other = 1", "= 1", "kms_hosts = [1]"]
)
def test_a_wrong_profile_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError, match=r"p\.toml"):
        profile.read(path)


POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall"
OFF, ON = {"EnableFirewall": 0}, {"EnableFirewall": 1}


@pytest.mark.parametrize(
    ("registry", "verdict"),
    [
        ({rf"{world.FIREWALL}\PublicProfile": OFF}, "check"),
        ({rf"{world.FIREWALL}\StandardProfile": OFF, rf"{world.FIREWALL}\PublicProfile": OFF}, "check"),
        ({rf"{world.FIREWALL}\DomainProfile": OFF}, "clean"),
        ({rf"{world.FIREWALL}\PublicProfile": OFF, rf"{POLICY}\PublicProfile": ON}, "clean"),
        ({rf"{POLICY}\PublicProfile": OFF}, "check"),
        ({rf"{world.SERVICES}\mpssvc": {"ImagePath": "x", "Start": 4}}, "check"),
        ({rf"{world.SERVICES}\mpssvc": {"ImagePath": "x", "Start": 2}}, "clean"),
    ],
)
def test_a_firewall_that_is_off_is_a_question_and_no_proof(
    registry: dict[str, Any], verdict: str, tmp_path: Path
) -> None:
    machine = world.planted({"registry": registry})
    for result in (world.look_at_recording(machine), world.look_at_tree(machine, tmp_path)):
        assert str(result.verdict) == verdict
        assert {one.sign for one in result.findings} <= {"FW-03"}


def test_big_block_lists_are_context_only() -> None:
    lines = "".join(f"0.0.0.0 ads{n}.example\n" for n in range(600))
    machine: dict[str, Any] = world.planted(
        {
            "files": {
                world.HOSTS: lines + "0.0.0.0 analytics.avast.com\n0.0.0.0 activation.sls.microsoft.com\n"
            }
        }
    )
    result = world.look_at_recording(machine)
    assert {str(found.confidence) for found in result.findings} == {"D4"}
    assert str(result.verdict) == "clean"
