"""The names of probes, of the fields of facts, and of their fixed values, for people: English message ids."""

from __future__ import annotations

from collections.abc import Mapping

from quetsach.text.language import gettext_noop

PROBES: Mapping[str, str] = {
    "processes": gettext_noop("Running programs"),
    "resolver_cache": gettext_noop("Names asked for lately"),
    "hosts": gettext_noop("Hosts file"),
    "proxies": gettext_noop("Proxies and DNS servers"),
    "services": gettext_noop("Services and drivers"),
    "tasks": gettext_noop("Scheduled tasks"),
    "autostart": gettext_noop("Programs that start by themselves"),
    "startup_texts": gettext_noop("Lines of scripts that start by themselves"),
    "called_scripts": gettext_noop("Scripts that are called by what starts by itself"),
    "called_elsewhere": gettext_noop("Such scripts on other machines"),
    "policies": gettext_noop("Policies of browsers and start pages"),
    "wmi_consumers": gettext_noop("Programs started by events of Windows"),
    "drives": gettext_noop("Drives and what starts from them"),
    "other_drives": gettext_noop("Network drives and discs"),
    "hives": gettext_noop("Registry files, whether they were written wholly"),
    "cron": gettext_noop("Scheduled tasks (cron)"),
    "systemd": gettext_noop("Services (systemd)"),
    "preload": gettext_noop("Preloaded libraries"),
    "mounts": gettext_noop("Other partitions"),
    "logins": gettext_noop("Ways to sign in"),
    "activation": gettext_noop("Where Windows and Office activate"),
    "licences": gettext_noop("Licences as Windows tells them"),
    "antivirus": gettext_noop("Exceptions of the antivirus"),
    "firewall": gettext_noop("Firewall rules"),
    "installed": gettext_noop("Installed programs"),
    "folders": gettext_noop("Program folders"),
    "executed": gettext_noop("Programs started before"),
    "scripts": gettext_noop("Commands typed before"),
    "configs": gettext_noop("Settings files of programs"),
    "system": gettext_noop("Age of the operating system"),
    "event_logs": gettext_noop("Event logs"),
    "browsers": gettext_noop("Browser history"),
    "settings": gettext_noop("Settings in the registry"),
    "files": gettext_noop("Files"),
    "sockets": gettext_noop("Network connections"),
    "indicators": gettext_noop("The campaign's list"),
}
"""Name of a probe → what it looks at."""
FIELDS: Mapping[str, str] = {
    "action": gettext_noop("Action"),
    "address": gettext_noop("Address"),
    "arguments": gettext_noop("Arguments"),
    "channel": gettext_noop("Kind of licence"),
    "command": gettext_noop("Command"),
    "description": gettext_noop("Description"),
    "detection": gettext_noop("Number of the detection"),
    "direction": gettext_noop("Direction"),
    "drive": gettext_noop("Kind of drive"),
    "edition": gettext_noop("Edition in the firmware"),
    "family": gettext_noop("Family"),
    "file": gettext_noop("File"),
    "folder": gettext_noop("Folder"),
    "grace": gettext_noop("Minutes left"),
    "hash": gettext_noop("Hash"),
    "host": gettext_noop("Server"),
    "image": gettext_noop("Program"),
    "is_back": gettext_noop("Since then"),
    "is_deleted": gettext_noop("Its file"),
    "is_hidden": gettext_noop("In the list of tasks"),
    "is_setup": gettext_noop("When Windows was installed"),
    "is_stopped": gettext_noop("Stopped"),
    "is_supported": gettext_noop("Gets updates"),
    "key": gettext_noop("Key"),
    "kind": gettext_noop("Kind"),
    "library": gettext_noop("Library"),
    "line": gettext_noop("Line"),
    "lines": gettext_noop("Lines of the file"),
    "listed": gettext_noop("On the list"),
    "log": gettext_noop("Log"),
    "module": gettext_noop("Module"),
    "name": gettext_noop("Name"),
    "network": gettext_noop("Networks"),
    "outcome": gettext_noop("What became of it"),
    "path": gettext_noop("Path"),
    "pid": gettext_noop("Number of the process"),
    "place": gettext_noop("Where it stands"),
    "port": gettext_noop("Port"),
    "process": gettext_noop("Process"),
    "program": gettext_noop("Program"),
    "publisher": gettext_noop("Publisher"),
    "root": gettext_noop("Drive"),
    "rule": gettext_noop("Rule"),
    "running": gettext_noop("Edition that runs"),
    "signature": gettext_noop("Signature"),
    "signer": gettext_noop("Signer"),
    "start": gettext_noop("Start"),
    "state": gettext_noop("State"),
    "status": gettext_noop("Status of the licence"),
    "supported_until": gettext_noop("Updates until"),
    "target": gettext_noop("Starts"),
    "text": gettext_noop("Text"),
    "time": gettext_noop("When"),
    "type": gettext_noop("Type"),
    "url": gettext_noop("Address"),
    "value": gettext_noop("Value"),
    "version": gettext_noop("Version"),
    "what": gettext_noop("What"),
    "where": gettext_noop("Seen in"),
}
"""Field of a fact → its name."""
VALUES: Mapping[tuple[str, str], str] = {
    ("where", "event_log"): gettext_noop("event log"),
    ("where", "powershell_log"): gettext_noop("event log of PowerShell"),
    ("where", "task_log"): gettext_noop("a task in the event log"),
    ("where", "prefetch"): gettext_noop("list of started programs (Prefetch)"),
    ("where", "bam"): gettext_noop("list of started programs (BAM)"),
    ("where", "userassist"): gettext_noop("list of started programs (UserAssist)"),
    ("where", "muicache"): gettext_noop("list of started programs (MuiCache)"),
    ("where", "shimcache"): gettext_noop("list of seen programs (ShimCache)"),
    ("where", "amcache"): gettext_noop("list of seen programs (Amcache)"),
    ("outcome", "seen"): gettext_noop("seen, nothing done"),
    ("outcome", "stopped"): gettext_noop("stopped"),
    ("outcome", "allowed"): gettext_noop("allowed by a person"),
    ("outcome", "failed"): gettext_noop("not stopped"),
    ("what", "real-time"): gettext_noop("protection while working"),
    ("what", "malware"): gettext_noop("search for malware"),
    ("what", "viruses"): gettext_noop("search for viruses"),
    ("is_back", "yes"): gettext_noop("switched on again since"),
    ("is_deleted", "yes"): gettext_noop("its file is deleted"),
    ("is_hidden", "yes"): gettext_noop("hidden"),
    ("network", "domain"): gettext_noop("in the office's own domain"),
    ("network", "private"): gettext_noop("in networks at home or at work"),
    ("network", "public"): gettext_noop("in public networks"),
}
"""Field and fixed value → what it means."""


TIMES = ("time", "supported_until")
"""Fields that hold a time."""
EMPTY = ("", "no", "unknown")
"""Values that tell nothing."""
NOT_SHOWN: Mapping[str, tuple[str, ...]] = {
    "file": ("name", "folder", "type"),
    "autostart": ("target",),
    "shortcut": ("name", "target", "drive"),
    "task": ("name", "folder"),
    "process": ("name",),
    "service": ("start", "type"),
    "system": ("is_supported",),
    "threat": ("is_stopped", "detection"),
    "log-cleared": ("is_setup",),
}
"""Kind of fact → fields that repeat another field."""


def value(name: str, told: str) -> str:
    """The message id of a field's value; the value itself where it is no fixed one."""
    found = VALUES.get((name, told))
    return found or (PROBES.get(told, told) if name == "where" else told)
