"""One check of one machine, from the first probe to the verdict. It reads only."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from quetsach import __version__
from quetsach.endpoint import finding, network, verdict
from quetsach.endpoint.fact import Fact, Observed, State
from quetsach.endpoint.files import filescan
from quetsach.endpoint.files.filescan import Progress, Scan
from quetsach.endpoint.finding import Finding
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.network import Network
from quetsach.endpoint.probe import Probe
from quetsach.endpoint.probes import PROBES, browsers, called, settings, sockets
from quetsach.endpoint.verdict import Verdict
from quetsach.endpoint.wanted import Wanted
from quetsach.endpoint.watchlist import Watchlist
from quetsach.errors import QuetsachError

LIST = "indicators"
"""The name of the result that says whether the campaign's list was compared."""
_TARGETS = {
    "process": ("program",),
    "autostart": ("target",),
    "shortcut": ("target",),
    "service": ("image", "library"),
    "task": ("command",),
    "preload": ("library",),
    "called-script": ("path",),
}
_COMMANDS = ("unit", "cron")


@dataclass(frozen=True, slots=True)
class Options:
    """How to check: on a running machine sockets are watched for at least `seconds`."""

    is_full: bool = False
    with_history: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one check. Times are UTC.

    `observed` holds every probe by name; `unseen` names the essential probes that could not see everything,
    and those with a registry value that they asked for in vain.
    """

    machine: str
    system: System
    is_running: bool
    started: datetime
    finished: datetime
    verdict: Verdict
    findings: Sequence[Finding]
    observed: Mapping[str, Observed]
    unseen: Sequence[str]
    scan: Scan
    wanted: Wanted
    is_full: bool = False
    answers: Mapping[str, str] = field(default_factory=dict)
    network: Network = field(default_factory=Network)
    tool: str = f"quetsach {__version__}"


def check(
    machine: Machine,
    wanted: Wanted,
    options: Options = Options(),  # frozen
    *,
    stop: threading.Event | None = None,
    on_probe: Callable[[str], None] | None = None,
    on_file: Callable[[Progress], None] | None = None,
    on_wait: Callable[[float, float], None] | None = None,
    on_verdict: Callable[[Result], None] | None = None,
) -> Result:
    """Run all probes and decide the verdict.

    Args:
        on_verdict: called with the result so far, before sockets alone are watched for longer.
        on_wait: called each second while only sockets are still watched: seconds left, seconds in all.

    Raises:
        RulesError: the campaign's rules cannot be compiled.
    """
    started, begun = datetime.now(UTC), time.monotonic()
    sampler = sockets.Sampler(machine)
    sampler.start()
    observed: dict[str, Observed] = {}
    essential: list[str] = []

    def run(probe: Probe) -> None:
        if stop is not None and stop.is_set():
            observed[probe.name] = Observed.not_checked("interrupted")
        else:
            if on_probe is not None:
                on_probe(probe.name)
            observed[probe.name] = probe.run(machine)
        if probe.is_essential and probe.applies_to(machine):
            essential.append(probe.name)

    try:
        for probe in _probes(wanted, options):
            run(probe)
        for probe in called.probes([one for seen in observed.values() for one in seen.items]):
            run(probe)
        if not options.with_history:
            observed[browsers.PROBE.name] = Observed.not_checked("not_asked")
        if on_probe is not None:
            on_probe(filescan.NAME)
        facts = [one for seen in observed.values() for one in seen.items]
        try:
            observed[filescan.NAME], scan = filescan.look(
                machine, wanted, list(targets(facts)), is_full=options.is_full, stop=stop, tell=on_file
            )
        except QuetsachError:
            raise
        except Exception as error:
            # A hostile disk may break the walk over its files; the results of all other probes still count.
            observed[filescan.NAME] = Observed.not_checked("failed", type(error).__name__)
            scan = Scan()
        known = network.look(machine)

        def concluded() -> Result:
            return _concluded(machine, wanted, options, started, observed, essential, sampler, scan, known)

        until = begun + options.seconds
        if machine.is_running and until > time.monotonic():
            if on_verdict is not None:
                on_verdict(concluded())
            _wait(until, stop or threading.Event(), on_wait)
    finally:
        sampler.finish()
    return concluded()


def _concluded(
    machine: Machine,
    wanted: Wanted,
    options: Options,
    started: datetime,
    probed: Mapping[str, Observed],
    needed: Sequence[str],
    sampler: sockets.Sampler,
    scan: Scan,
    known: Network,
) -> Result:
    """The result of what the probes, the files and the sockets show up to now."""
    probe = sampler.probe()
    observed = {**probed, probe.name: probe.run(machine)}
    essential = [*needed, filescan.NAME, *([probe.name] if probe.applies_to(machine) else []), LIST]
    watchlist = Watchlist(wanted.indicators) if wanted.indicators else None
    everything = (one for seen in observed.values() for one in seen.items)
    findings = finding.find(everything, wanted.signs, watchlist, wanted.profile, wanted.hashes)
    observed[LIST] = (
        Observed.not_checked("no_list") if watchlist is None else Observed(State.OK, (), watchlist.gaps)
    )
    needed = [*essential, *(name for name, one in observed.items() if one.has_unread)]
    unseen = [name for name in dict.fromkeys(needed) if not observed[name].is_whole]
    return Result(
        machine=machine.name, system=machine.system, is_running=machine.is_running, started=started,
        finished=datetime.now(UTC), verdict=verdict.decide(findings, unseen), findings=findings,
        observed=observed, unseen=unseen, scan=scan, wanted=wanted, is_full=options.is_full, network=known,
    )  # fmt: skip


def _wait(until: float, stop: threading.Event, on_wait: Callable[[float, float], None] | None) -> None:
    total = until - time.monotonic()
    while (left := until - time.monotonic()) > 0 and not stop.is_set():
        if on_wait is not None:
            on_wait(left, total)
        stop.wait(min(left, 1.0))


def _probes(wanted: Wanted, options: Options) -> Iterator[Probe]:
    for probe in PROBES:
        if probe is not browsers.PROBE or options.with_history:
            yield probe
    yield settings.probe(wanted.signs.keys)


def targets(facts: Sequence[Fact]) -> Iterator[str]:
    """The files that run or start by themselves, each once."""
    found: dict[str, None] = {}
    for one in facts:
        for name in _TARGETS.get(one.kind, ()):
            if one.fields[name]:
                found.setdefault(one.fields[name])
        if one.kind in _COMMANDS:
            for word in one.fields["command"].split():
                if word.startswith("/"):
                    found.setdefault(word)
    yield from found
