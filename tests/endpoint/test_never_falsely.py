"""Harmless things that look like signs: none of them accuses a machine."""

from __future__ import annotations

from typing import Any

import pytest

from quetsach.endpoint.profile import Profile
from tests.endpoint import world

DOWNLOADS = r"C:\Users\an\Downloads"
OWN = Profile(own_names=("tanphu.example.gov.vn",), own_networks=("203.0.113.0/24",))


def _hosts(line: str) -> dict[str, Any]:
    return {"files": {world.HOSTS: f"127.0.0.1 localhost\n{line}\n"}}


def _kms(host: str) -> dict[str, Any]:
    return {"registry": {world.SPP: {"KeyManagementServiceName": host}}}


def verdict(plant: dict[str, Any], profile: Profile | None = None) -> str:
    return str(world.look_at_recording(world.planted(plant), profile).verdict)


@pytest.mark.parametrize(
    ("line", "profile", "expected"),
    [
        ("8.8.4.4 www.tanphu.example.gov.vn", OWN, "clean"),
        ("8.8.4.4 www.tanphu.example.gov.vn", None, "check"),
        ("8.8.4.4 dichvucong.gov.vn", Profile(own_networks=("8.8.4.0/24",)), "clean"),
        ("8.8.4.4 dichvucong.gov.vn", OWN, "check"),
        ("8.8.4.4 www.vietcombank.com.vn", OWN, "found"),
        ("192.168.1.9 www.tanphu.example.gov.vn", None, "clean"),
        ("0.0.0.0 analytics.avast.com", None, "clean"),
        ("0.0.0.0 stats.norton.com", None, "clean"),
        ("0.0.0.0 crash-reports.bkav.com.vn", None, "clean"),
        ("0.0.0.0 update.avast.com", None, "found"),
        ("0.0.0.0 bkav.com.vn", None, "found"),
        ("0.0.0.0 statsupdate.kaspersky.com", None, "found"),
    ],
)
def test_names_in_hosts(line: str, profile: Profile | None, expected: str) -> None:
    assert verdict(_hosts(line), profile) == expected


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("X-Force-Threat-Intelligence-Index-2026.pdf", ""),
        ("x-force.docx", ""),
        ("X-Force 2024 x64.exe", "ADS-01"),
        ("xf-adsk64.exe", "ADS-01"),
        ("X-FORCE_2023.zip", "ADS-01"),
        ("HTKK_patch.exe", ""),
        ("iTaxViewer patch 2.3.exe", ""),
        ("MISA_SME_patch_R12.exe", ""),
        ("IDM 6.42 patch.exe", "GEN-01"),
    ],
)
def test_names_of_files(name: str, sign: str) -> None:
    done = world.look_at_recording(world.planted({"files": {rf"{DOWNLOADS}\{name}": world.PE}}))
    assert {one.sign for one in done.findings if one.sign in ("ADS-01", "GEN-01")} == (
        {sign} if sign else set()
    )


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("kms.tanphu.gov.vn", "traces"),
        ("kms.hust.edu.vn:1688", "traces"),
        ("kms.example.org", "check"),
        ("kms-gov.vn.example.org", "check"),
        ("kms8.msguides.com", "found"),
    ],
)
def test_an_activation_server_of_the_state_is_asked_about(host: str, expected: str) -> None:
    assert verdict(_kms(host)) == expected
