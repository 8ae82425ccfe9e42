"""From the findings of a check to the steps of a plan, and to advice for a person."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from quetsach.endpoint import windowspath
from quetsach.endpoint.act import evidence, lines
from quetsach.endpoint.act.acts import ACTS
from quetsach.endpoint.act.errors import ActError
from quetsach.endpoint.act.ground import Ground
from quetsach.endpoint.act.step import PHASES, Advice, Step
from quetsach.endpoint.catalogue import Confidence
from quetsach.endpoint.checking import Result
from quetsach.endpoint.fact import Fact, Unavailable, safe
from quetsach.endpoint.finding import Finding
from quetsach.endpoint.machine import System
from quetsach.endpoint.probes import autostart, firewall
from quetsach.endpoint.registry_values import gaps_go_to
from quetsach.text import canonical

DISABLED_SERVICE = {"type": 4, "data": "04000000"}
_ON = {"type": 4, "data": "01000000"}
_LOG = (
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-DNS-Client/Operational"
)
_SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
_RULES = rf"{_SERVICES}\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
_DEFAULTS = {
    "shell": "explorer.exe",
    "userinit": r"C:\Windows\system32\userinit.exe,",
    "appinit_dlls": "",
}
"""Values that Windows needs, or always has: they are reset, never removed."""
_LICENCES = ("windows", "office", "windows_office")
_MOST_IN_FOLDER, _LONGEST_EDIT = 200, 4 << 20
_CUT_CONFIG, _CUT_CRON = 1000, 1 << 20


@dataclass(slots=True)
class Choice:
    """`warnings` are codes: `licence`, `restart`."""

    steps: list[Step] = field(default_factory=list)
    advice: list[Advice] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def choose(
    result: Result,
    ground: Ground,
    also: Collection[str] = (),
    without: Collection[str] = (),
    *,
    with_log: bool = False,
) -> Choice:
    """Steps for certain and strong findings, and for the signs in `also`; never for the signs in
    `without`."""
    made = _Builder(result, ground, also)
    for found, seen in evidence.of(result):
        name = found.sign or found.indicator
        if found.confidence is Confidence.D4 or name in without:
            continue
        if found.confidence is Confidence.D3 and name not in also:
            made.advise("papers", seen.subject, name, seen)
        else:
            made.add(found, seen)
    if with_log:
        made.log()
    return made.choice()


class _Builder:
    def __init__(self, result: Result, ground: Ground, also: Collection[str]) -> None:
        self._ground = ground
        self._also_asked = also
        self._facts = list(evidence.facts(result))
        self._steps: dict[tuple[str, str], Step] = {}
        self._edits: dict[str, bytes] = {}
        self._advice: dict[tuple[str, str, str], Advice] = {}
        self._warnings: set[str] = set()
        self._told_of: dict[tuple[str, str, str], Fact] = {}
        self._handled: list[Fact] = []
        self._run = secrets.token_hex(8)
        self._fixes: Mapping[str, Callable[[Fact, str], None]] = {
            "registry_delete": self._value_of,
            "exclusion_remove": self._value_of,
            "quarantine": self._file_of,
            "stop_process": self._stop_of,
            "task_disable": self._start_of,
            "service_disable": self._start_of,
            "hosts_comment": self._hosts,
            "firewall_disable": self._rule,
            "file_edit": self._line,
        }
        self._listed: Mapping[str, Callable[[Fact, str], None]] = {
            "file": self._file_of,
            "connection": self._block,
            "autostart": self._start_of,
            "cron": self._start_of,
            "unit": self._start_of,
            "task": self._start_of,
            "service": self._start_of,
            "hosts-line": self._hosts,
        }

    def choice(self) -> Choice:
        """The choice, its steps numbered in the order in which they will be done."""
        for path, content in self._edits.items():
            self._finish_edit(path, content)
        order = sorted(self._steps.values(), key=lambda one: (PHASES.index(one.phase), one.number))
        steps = [replace(step, number=number) for number, step in enumerate(order, 1)]
        left = [
            one
            for key, one in self._advice.items()
            if not any(self._told_of.get(key) is seen for seen in self._handled)
        ]
        return Choice(steps, left, sorted(self._warnings))

    def add(self, found: Finding, seen: Fact) -> None:
        """Add the steps or the advice for one fact of a finding."""
        name = found.sign or found.indicator
        build = self._fixes.get(found.fix) if found.sign else self._listed.get(seen.kind)
        if build is None:
            self.advise("person", seen.subject, name, seen)
        elif self._handle(build, seen, name) and found.product in _LICENCES:
            self._warnings.add("licence")

    def _handle(self, build: Callable[[Fact, str], None], seen: Fact, why: str) -> bool:
        """Whether `build` made a step for the fact; advice about the same fact is then settled."""
        before = len(self._steps) + len(self._edits)
        build(seen, why)
        is_new = len(self._steps) + len(self._edits) > before
        if is_new:
            self._handled.append(seen)
        return is_new

    def advise(self, reason: str, about: str, why: str, seen: Fact | None = None) -> None:
        """Add advice for a person; a step for the fact `seen` would settle it."""
        shown = safe(about)
        if seen is not None:
            self._told_of[reason, shown, why] = seen
        self._advice.setdefault((reason, shown, why), Advice(reason, shown, why))

    def log(self) -> None:
        """Add a step that makes Windows write down DNS queries, from its next start on."""
        if self._ground.machine.system is not System.WINDOWS:
            self.advise("not_here", _LOG, "log")
        elif self._step("record", "value", {"key": _LOG, "name": "Enabled"}, "log", _ON, is_needed=True):
            self._warnings.add("restart")

    # Steps for one fact.

    def _value_of(self, seen: Fact, why: str) -> None:
        fields = seen.fields
        match seen.kind:
            case "registry":
                self._value(fields["key"], fields["name"], why)
            case "kms-host":
                self._value(fields["place"], "KeyManagementServiceName", why)
            case "exclusion":
                self._value(fields["place"], fields["value"], why)
            case "autostart":
                self._start_of(seen, why)
            case _:
                self.advise("person", seen.subject, why)

    def _file_of(self, seen: Fact, why: str) -> None:
        if seen.kind == "folder":
            self._folder(seen.fields["path"], why)
        elif seen.kind == "file":
            self._file(seen.fields["path"], why, is_certain=bool(seen.fields["listed"]))
        else:
            self.advise("person", seen.subject, why)

    def _stop_of(self, seen: Fact, why: str) -> None:
        program = seen.fields.get("program", "")
        if seen.kind == "process" and seen.fields["is_deleted"] == "yes":
            self._stop_number(seen, why)
        elif program:
            self._stop(program, why)
        else:
            self.advise("person", seen.subject, why)

    def _start_of(self, seen: Fact, why: str) -> None:
        """Keep a program, task, service or script from starting by itself."""
        fields = seen.fields
        match seen.kind:
            case "autostart" if (fields["place"].casefold(), fields["name"].casefold()) in autostart.SHARED:
                self.advise("person", seen.subject, why)
            case "autostart" if fields["place"].startswith("HK"):
                is_class = fields["place"].endswith("InprocServer32")
                self._value(fields["place"], "" if is_class else fields["name"], why)
            case "autostart":
                self._file(f"{fields['place']}\\{fields['name']}", why, phase="disable")
            case "service":
                target = {"key": f"{_SERVICES}\\{fields['name']}", "name": "Start"}
                self._step("disable", "value", target, why, DISABLED_SERVICE)
            case "task" if fields["is_hidden"] != "yes":
                root = windowspath.clean(r"%SystemRoot%\System32\Tasks", self._ground.machine.variables)
                if self._file(root + fields["path"], why, phase="disable"):
                    self._warnings.add("restart")
            case "cron" if fields["command"] == fields["place"]:
                self._file(fields["place"], why, phase="disable")
            case "cron":
                self._edit(fields["place"], lines.saying({fields["command"]}, _CUT_CRON), why)
            case "unit":
                self._file(fields["place"], why, phase="disable")
            case "preload":
                self._edit(fields["place"], lines.loading({fields["library"]}), why)
            case _:
                self.advise("person", seen.subject, why)

    def _hosts(self, seen: Fact, why: str) -> None:
        if seen.kind == "hosts-line":
            wanted = lines.naming({(seen.fields["name"], seen.fields["address"])})
            self._edit(seen.fields["file"], wanted, why)

    def _line(self, seen: Fact, why: str) -> None:
        if seen.fields["file"].startswith("HK"):
            self._value(seen.fields["file"], seen.fields["name"], why)
        else:
            self._edit(seen.fields["file"], lines.saying({seen.fields["text"]}, _CUT_CONFIG), why)

    def _rule(self, seen: Fact, why: str) -> None:
        """Switch off the firewall rule of the fact."""
        rules = self._ground.machine.registry.values(_RULES)
        unread: list[str] = []
        with gaps_go_to(lambda _reason, place: unread.append(place)):
            for name in rules:
                before, text = len(unread), rules[name]
                if len(unread) > before:
                    continue  # of a text that is cut, the rest would be lost
                fields = firewall.rule(text)
                is_same = (
                    fields.get("name", "") == seen.fields["name"]
                    and fields.get("lport", "") == seen.fields["port"]
                )
                if is_same and fields.get("active", "").casefold() == "true":
                    off = text.replace("Active=TRUE", "Active=FALSE", 1)
                    target = {"key": _RULES, "name": name}
                    self._step("disable", "value", target, why, {"type": 1, "data": _utf16(off)})
        if unread:
            self.advise("failed", _RULES, why)

    def _block(self, seen: Fact, why: str) -> None:
        address = canonical.address(seen.fields["address"])
        if address is None:
            return
        number = len([1 for act, _about in self._steps if act == "block"]) + 1
        if ("block", address) in self._steps:
            self._also("block", address, why)
            return
        target = {"name": f"quetsach_{self._run}_{number}", "address": address}
        self._step("block", "block", target, why, True, about=address)
        if seen.fields["program"]:
            self.advise("person", seen.fields["program"], why)

    # Steps for one target.

    def _value(self, key: str, name: str, why: str) -> None:
        default = _DEFAULTS.get(name.casefold())
        after = None if default is None else {"type": 1, "data": _utf16(default)}
        self._step("disable", "value", {"key": key, "name": name}, why, after)

    def _stop(self, program: str, why: str) -> None:
        self._step("stop", "stop", {"program": program, "pids": []}, why, True, about=program)

    def _stop_number(self, seen: Fact, why: str) -> None:
        programs = self._ground.programs
        for one in programs.all() if programs is not None else ():
            if str(one.pid) == seen.fields["pid"] and one.is_deleted:
                target = {"program": "", "pids": [[one.pid, one.started]]}
                self._step("stop", "stop", target, why, True, about=seen.fields["pid"])

    def _file(self, path: str, why: str, *, phase: str = "quarantine", is_certain: bool = False) -> bool:
        try:
            path = self._ground.disk.spelled(path)
        except (ActError, OSError, ValueError):
            self.advise("failed", path, why)
            return False
        if phase == "quarantine" and self._is_unjudged(path) and why not in self._also_asked:
            self.advise("unjudged", path, why)
            return False
        target = {"path": path, "is_certain": is_certain}
        if not self._step(phase, "quarantine", target, why, None, about=path):
            return False
        if phase == "quarantine":
            self._kept_from(path, why)
        return True

    def _is_unjudged(self, path: str) -> bool:
        """Whether a file may be Windows' own: nobody can judge its signature while that Windows is off."""
        machine = self._ground.machine
        root = windowspath.clean("%SystemRoot%", machine.variables)
        is_off = machine.system is System.WINDOWS and not machine.is_running
        return is_off and path.casefold().startswith(root.casefold() + "\\")

    def _kept_from(self, path: str, why: str) -> None:
        """Stop the programs that run the file, and disable the entries that would start it again."""
        if self._ground.programs is not None:
            self._stop(path, why)
        for seen in self._facts:
            targets = [seen.fields.get(name, "") for name in ("target", "image", "library")]
            if seen.kind == "task":
                targets = [seen.fields["command"]]
            elif seen.kind in ("cron", "unit"):
                targets = seen.fields["command"].split()
            elif seen.kind not in ("autostart", "service", "preload"):
                continue
            if any(one and self._is_same(one, path) for one in targets):
                self._handle(self._start_of, seen, why)

    def _folder(self, path: str, why: str) -> None:
        waiting, files, folders = [path], [], []
        try:
            while waiting:
                folders.append(waiting.pop())
                for entry in self._ground.machine.files.entries(folders[-1]):
                    if entry.is_folder and not entry.is_link:
                        waiting.append(entry.path)
                    elif not entry.is_link:
                        files.append(entry.path)
                if len(files) > _MOST_IN_FOLDER or len(waiting) > _MOST_IN_FOLDER:
                    raise Unavailable("too_large", path)
        except Unavailable:
            self.advise("too_large", path, why)
            return
        taken = [self._file(one, why) for one in files]
        if all(taken):
            # Deepest folder first, after the files: steps of one phase are done in the order in which they
            # came.
            for one in reversed(folders):
                place = self._ground.disk.spelled(one)
                self._step("quarantine", "folder", {"path": place}, why, None, about=place)

    def _edit(self, path: str, is_wanted: lines.Wanted, why: str) -> None:
        try:
            path = self._ground.disk.spelled(path)
            content = self._edits.get(path)
            if content is None:
                content = b"".join(self._ground.disk.content(path))
                if len(content) > _LONGEST_EDIT:
                    raise ActError("too_large", path)
            changed = lines.remark(content, is_wanted)
        except ActError as error:
            self.advise(error.reason, path, why)
        except (ValueError, OSError):
            self.advise("person", path, why)
        else:
            if changed != content or path in self._edits:
                self._edits[path] = changed
                self._also("edit", path, why)

    def _finish_edit(self, path: str, content: bytes) -> None:
        old = b"".join(self._ground.disk.content(path)).splitlines()
        changed = [line.decode("utf-8", "replace") for line in content.splitlines() if line not in old]
        target = {
            "path": path,
            "content": base64.b64encode(content).decode("ascii"),
            "lines": [safe(line) for line in changed],
        }
        after = {"sha256": hashlib.sha256(content).hexdigest()}
        why = self._steps.pop(("edit", path)).why
        for one in why:
            self._step("disable", "edit", target, one, after, about=path)

    def _also(self, act: str, about: str, why: str) -> None:
        """Add a reason to a step; an edit whose lines are still being gathered gets an empty step for its
        reasons."""
        there = self._steps.get((act, about)) or Step(len(self._steps), "disable", act, {}, None, None, ())
        if why not in there.why:
            there = replace(there, why=(*there.why, why))
        self._steps[act, about] = there

    def _step(
        self, phase: str, act: str, target: Mapping[str, Any], why: str, after: Any, *, about: str = "",
        is_needed: bool = False,
    ) -> bool:  # fmt: skip
        about = about or f"{target['key']}\\{target['name']}".casefold()
        if (act, about) in self._steps:
            self._also(act, about, why)
            return True
        try:
            ACTS[act].guard(self._ground, target)
            before = ACTS[act].look(self._ground, target)
        except ActError as error:
            self.advise(error.reason, about, why)
            return False
        if before == after:
            return False
        if before is None:
            self.advise("not_here" if is_needed else "missing", about, why)
            return False
        self._steps[act, about] = Step(len(self._steps), phase, act, dict(target), before, after, (why,))
        return True

    def _is_same(self, first: str, second: str) -> bool:
        if self._ground.machine.system is System.WINDOWS:
            return first.casefold() == second.casefold()
        return first == second


def _utf16(text: str) -> str:
    return f"{text}\0".encode("utf-16-le").hex()
