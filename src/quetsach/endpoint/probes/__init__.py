"""All probes except files and sockets, in the order in which a check runs them."""

from __future__ import annotations

from quetsach.endpoint.probe import Probe
from quetsach.endpoint.probes import (
    activation,
    antivirus,
    autostart,
    browsers,
    configs,
    events,
    executed,
    firewall,
    folders,
    hosts,
    installed,
    licences,
    linux,
    outdated,
    processes,
    proxies,
    resolver,
    scripts,
    services,
    subscriptions,
    tasks,
)

PROBES: tuple[Probe, ...] = (
    processes.PROBE,
    resolver.PROBE,
    hosts.PROBE,
    proxies.PROBE,
    services.PROBE,
    tasks.PROBE,
    autostart.PROBE,
    subscriptions.PROBE,
    *linux.PROBES,
    activation.PROBE,
    licences.PROBE,
    antivirus.PROBE,
    firewall.PROBE,
    installed.PROBE,
    folders.PROBE,
    executed.PROBE,
    scripts.PROBE,
    configs.PROBE,
    outdated.PROBE,
    events.PROBE,
    browsers.PROBE,
)
