"""Each written list is accepted by its consumer program. Skipped by name where a program is missing."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from quetsach.indicators import writing
from quetsach.indicators.indicator import Scope
from tests import debian13
from tests.listforms.cast import DAY, EACH, NAMES
from tests.traffic import packets as packet

PACKAGES = {
    "named-checkzone": "bind9-utils",
    "unbound-checkconf": "unbound",
    "dnsmasq": "dnsmasq-base",
    "nft": "nftables",
    "ipset": "ipset",
    "suricata": "suricata",
}


def run(program: str, *args: object, before: tuple[str, ...] = ()) -> str:
    """A program's output about a list; the program must accept it."""
    found = debian13.command(program)
    if not found:
        pytest.skip(f"{program} is not here: sudo apt-get install {PACKAGES[program]}")
    done = subprocess.run(
        [*before, *found, *map(str, args)], capture_output=True, text=True, timeout=120, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def in_own_network(program: str, *args: object) -> str:
    """Run it in a network namespace of its own: no rule of this machine is touched."""
    unshare = ("unshare", "--user", "--map-root-user", "--net")
    if shutil.which("unshare") is None or subprocess.run([*unshare, "true"], capture_output=True).returncode:
        pytest.skip(f"{program} needs a network namespace, which this machine does not allow")
    return run(program, *args, before=unshare)


def written(tmp_path: Path, form: str, settings: writing.Settings = DAY) -> Path:
    path = tmp_path / form
    path.write_text("".join(writing.write(EACH, writing.by_name(form), settings, {}).parts), encoding="utf-8")
    return path


@pytest.mark.parametrize("redirect", ["", "page.example.org"])
def test_bind_loads_the_zone(tmp_path: Path, redirect: str) -> None:
    zone = written(tmp_path, "rpz", writing.Settings(DAY.day, redirect=redirect))
    said = run("named-checkzone", "block.rpz.example.org", zone)
    assert "loaded serial 2026101500" in said


def test_unbound_reads_the_settings(tmp_path: Path) -> None:
    run("unbound-checkconf", written(tmp_path, "unbound"))


def test_unbound_reads_the_zone(tmp_path: Path) -> None:
    zone = written(tmp_path, "rpz")
    settings = tmp_path / "unbound.conf"
    settings.write_text(
        f'server:\n  chroot: ""\n  module-config: "respip iterator"\n'
        f'rpz:\n  name: "block.rpz.example.org"\n  zonefile: "{zone}"\n'
    )
    run("unbound-checkconf", settings)


def test_dnsmasq_reads_the_settings(tmp_path: Path) -> None:
    run("dnsmasq", "--test", "-C", written(tmp_path, "dnsmasq"))


def test_nftables_reads_the_table(tmp_path: Path) -> None:
    in_own_network("nft", "-c", "-f", written(tmp_path, "nft"))


def test_ipset_restores_the_sets_twice(tmp_path: Path) -> None:
    sets = written(tmp_path, "ipset")
    probe = tmp_path / "probe"
    probe.write_text("create probe hash:net family inet\n")
    try:
        in_own_network("ipset", "restore", "-f", probe)
    except AssertionError as error:
        pytest.skip(f"this kernel has no sets: {error}"[:200])
    twice = tmp_path / "twice"
    twice.write_text(sets.read_text() * 2)
    in_own_network("ipset", "restore", "-f", twice)


@pytest.fixture
def sensor(tmp_path: Path) -> Path:
    """Settings of a Suricata with all written lists: sids 1 to 3 use datasets and reputation."""
    rules, names, addresses, reputation = (
        written(tmp_path, f"suricata.{part}") for part in ("rules", "dataset", "ips", "iprep")
    )
    sets = tmp_path / "sets.rules"
    sets.write_text(
        "alert dns any any -> any any "
        f"(dns.query; to_lowercase; dataset:isset,n,type string,load {names}; sid:1;)\n"
        f"alert ip any any -> any any (ip.dst; dataset:isset,a,type ip,load {addresses}; sid:2;)\n"
        "alert ip any any -> any any (iprep:dst,quetsach,>,1; sid:3;)\n"
    )
    (tmp_path / "categories").write_text("1,quetsach,Listed addresses\n")
    settings = tmp_path / "suricata.yaml"
    settings.write_text(
        "%YAML 1.1\n---\n"
        "vars:\n  address-groups:\n    HOME_NET: '[10.0.0.0/8]'\n    EXTERNAL_NET: 'any'\n"
        f"default-log-dir: {tmp_path}\nrule-files: [{rules}, {sets}]\n"
        f"reputation-categories-file: {tmp_path}/categories\n"
        f"default-reputation-path: {tmp_path}\nreputation-files: [{reputation.name}]\n"
        "datasets:\n  rules:\n    allow-absolute-filenames: true\n"
        "outputs:\n  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [alert]}\n"
        "app-layer:\n  protocols:\n    dns:\n      udp: {enabled: yes}\n      tcp: {enabled: yes}\n"
        "    tls: {enabled: yes}\n    http: {enabled: yes}\n"
    )
    return settings


def test_suricata_loads_rules_datasets_and_reputation(sensor: Path) -> None:
    said = run("suricata", "-T", "-c", sensor, "-l", sensor.parent)
    assert "error" not in said.lower()


def test_suricata_reports_what_is_listed_and_nothing_beside_it(sensor: Path) -> None:
    asked = [name for shown, _, _ in NAMES for name in (shown, shown.upper(), f"a.{shown}", f"not{shown}")]
    packets = {
        f"10.0.1.{i}": ("10.0.0.53", packet.udp(40_000, 53, packet.dns_query(name, number=i + 1)))
        for i, name in enumerate(asked)
    }
    packets["10.0.2.1"] = ("192.0.2.7", packet.udp(40_000, 9, b"x"))
    packets["10.0.2.2"] = ("203.0.113.9", packet.udp(40_000, 8080, b"x"))
    packets["10.0.2.3"] = ("203.0.113.9", packet.udp(40_000, 8081, b"x"))
    frames = [packet.ethernet(packet.ip(who, to, 17, data)) for who, (to, data) in packets.items()]
    traffic = sensor.with_name("traffic.pcap")
    traffic.write_bytes(packet.pcap([(1_790_000_000_000_000 + i, one) for i, one in enumerate(frames)]))

    run("suricata", "-c", sensor, "-r", traffic, "-l", sensor.parent, "-k", "none")

    told: dict[str, set[str]] = {who: set() for who in packets}
    for line in sensor.with_name("eve.json").read_text().splitlines():
        alert = json.loads(line)
        signature = alert["alert"]["signature"] or str(alert["alert"]["signature_id"])
        told[alert["src_ip"]].add(signature.removeprefix("quetsach "))
    exactly = {name for name, scope, _ in NAMES if scope is not Scope.SUBDOMAINS_ONLY}
    for who, name in zip(packets, asked, strict=False):
        covering = {
            f"domain {'below ' if scope is Scope.SUBDOMAINS_ONLY else ''}{shown}"
            for shown, scope, _ in NAMES
            if (scope is not Scope.SUBDOMAINS_ONLY and name.lower() == shown)
            or (scope is not Scope.EXACT and name.lower().endswith(f".{shown}"))
        }
        assert told[who] == covering | ({"1"} if name.lower() in exactly else set()), name
    assert told["10.0.2.1"] == {"ipv4 192.0.2.7", "cidr 192.0.2.0/24", "2", "3"}
    assert told["10.0.2.2"] == {"ip-port 203.0.113.9:8080"}
    assert told["10.0.2.3"] == set()
