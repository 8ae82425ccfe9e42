"""A real Kea and a real dnsmasq give, renew and take back leases; their files name the right machines.

They run in a network namespace that the test makes (`dhcp_network`): nothing outside is touched.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from quetsach.machines.evidence import Binding
from quetsach.machines.sources import reading
from quetsach.machines.sources.outcome import Asked
from tests.machines import dhcp_network
from tests.machines.asking import PC1, PC2
from tests.namespaces import alone

ROOT = Path(__file__).parents[2]
SECOND = 1_000_000
LENGTH = dhcp_network.LENGTH * SECOND


def played(server: str, program: str, folder: Path) -> tuple[str, dict[str, int]]:
    """The address that was given, and when each thing happened, in microseconds."""
    run = subprocess.run(
        [*alone(program), sys.executable, "-m", "tests.machines.dhcp_network", server, str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr + (folder / "server.log").read_text(errors="replace")
    told = json.loads(run.stdout)
    return told["address"], {what: int(at * SECOND) for what, at in told["happened"]}


def read(*paths: Path, length: int | None = None) -> reading.Evidence:
    found = reading.read(
        list(paths),
        lambda path: Asked("s", int(path.stat().st_mtime * SECOND), ZoneInfo("UTC"), "", length),
    )
    assert [one.error for one in found.files] == [None] * len(paths)
    return found


def holders(found: reading.Evidence, address: str, at: int) -> set[str]:
    return {one.key.value for one in found.bindings if one.address == address and one.begin <= at < one.end}


def by(found: reading.Evidence, pc: str) -> list[Binding]:
    return [one for one in found.bindings if one.key.value == pc]


def test_kea_names_the_holder_at_each_moment(tmp_path: Path) -> None:
    """The release of the first client neither takes its past from it nor lets it go on."""
    address, at = played("kea", "kea-dhcp4", tmp_path)
    for files in (
        [tmp_path / "kea-leases4.csv"],
        [tmp_path / "server.log"],
        [tmp_path / "server.log", tmp_path / "kea-leases4.csv"],
    ):
        found = read(*files)
        for moment, pc in (("given", PC1), ("renewed", PC1), ("taken", PC2)):
            assert holders(found, address, at[moment]) == {pc}, (files, moment)
        assert not by(found, PC2)[0].begin > at["taken"] and by(found, PC1)[-1].end <= by(found, PC2)[0].begin
    # Between the release and the next lease only the log knows that nobody had it.
    assert holders(read(tmp_path / "server.log"), address, at["released"]) == set()
    names = {key.value for claim in found.claims for key in claim.keys if key.kind == "host"}
    assert names == {"pc-one", "pc-two"}


def test_dnsmasq_names_the_holder_at_each_moment(tmp_path: Path) -> None:
    """Each copy of its lease file shows one moment: together they are the history."""
    address, at = played("dnsmasq", "dnsmasq", tmp_path)
    copies = [tmp_path / f"dnsmasq.leases.{what}" for what in ("given", "renewed", "taken")]
    # The server writes whole seconds, and rounds its end.
    for found, slack in (
        (read(*copies, length=LENGTH), 2 * SECOND),
        (read(*reversed(copies), length=LENGTH), 2 * SECOND),
        (read(tmp_path / "dnsmasq.log"), 0),
    ):
        for moment, pc in (("given", PC1), ("renewed", PC1), ("taken", PC2)):
            assert pc in holders(found, address, at[moment]), moment
        first = by(found, PC2)[0]
        assert first.begin <= at["taken"] and max(one.end for one in by(found, PC1)) <= first.begin
        assert abs(first.begin - at["taken"]) <= 3 * SECOND + slack
    assert holders(read(tmp_path / "dnsmasq.log"), address, at["released"]) == set()
    # Without the length a lease begins with the first copy that shows it.
    without = read(*copies)
    assert by(without, PC1)[0].begin == int(copies[0].stat().st_mtime * SECOND)
    assert holders(without, address, at["taken"]) == {PC2}
