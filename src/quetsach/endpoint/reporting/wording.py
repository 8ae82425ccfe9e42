"""The words of a check for people: the verdict, the next steps, and names of probes and facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from quetsach.endpoint.catalogue import NO_SOFTWARE, Confidence, Kind
from quetsach.endpoint.checking import Result
from quetsach.endpoint.fact import REASONS, Gap, Observed, State
from quetsach.endpoint.finding import Evidence, Finding
from quetsach.endpoint.reporting import fact_words
from quetsach.endpoint.verdict import Verdict
from quetsach.text import words
from quetsach.text.language import code
from quetsach.text.language import gettext as _

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_OLD = "OLD-01"
_FIREWALL = "FW-03"
_PROTECTION = {"antivirus", "system"}
_MOST_DAYS = 3


def promise() -> str:
    """The sentence at the head of every report."""
    return _("Nothing is changed. Nothing is sent.")


def verdict(result: Result) -> str:
    """The verdict in one sentence."""
    is_malware = any(_is_malware(one) for one in result.findings if one.confidence <= Confidence.D2)
    match result.verdict:
        case Verdict.FOUND if is_malware:
            return _("This machine shows signs of malware.")
        case Verdict.FOUND:
            return _("Technical tampering was found on this machine.")
        case Verdict.CHECK if is_malware:
            return _("This machine must be looked at: there are signs that may be malware.")
        case Verdict.CHECK if {one.product for one in _counted(result)} <= _PROTECTION:
            return _("This machine must be looked at: its protection is weakened.")
        case Verdict.CHECK:
            return _("This machine must be looked at: there are signs of technical tampering.")
        case Verdict.TRACES:
            return _("Nothing is in force, but there are traces to ask about.")
        case Verdict.CLEAN if not result.is_running:
            return _("No sign was found on this disk.")
        case Verdict.CLEAN:
            return _("No sign was found on this machine.")
        case _:
            return _("Not enough was seen for a conclusion.")


def state(result: Result) -> str:
    """The verdict in two or three words, for offices."""
    return short(result.verdict)


def short(verdict: Verdict) -> str:
    """A verdict in two or three words."""
    return {
        Verdict.FOUND: _("signs found"),
        Verdict.CHECK: _("to be looked at"),
        Verdict.TRACES: _("traces"),
        Verdict.CLEAN: _("no sign seen"),
        Verdict.UNKNOWN: _("not enough seen"),
    }[verdict]


def next_steps(result: Result) -> list[str]:
    """The next steps, the most urgent first."""
    steps: list[str] = []
    is_sure = result.verdict in (Verdict.FOUND, Verdict.CHECK)
    if is_sure and any(_is_malware(one) for one in result.findings if one.confidence <= Confidence.D2):
        steps.append(
            _("Take the machine off the network (pull the cable, switch Wi-Fi off); leave it switched on.")
        )
        steps.append(_("Change passwords that were used on it from another machine."))
    if is_sure:
        steps.append(_("Give this result to the IT officer of your unit; do not delete anything yourself."))
    counted = _counted(result)
    if any(one.product not in NO_SOFTWARE and one.kind is not Kind.BEHAVIOUR for one in counted):
        steps.append(
            _("Look for the papers of the software named here; without them, plan a free or licensed one.")
        )
    reasons = {gap.reason for name in result.unseen for gap in result.observed[name].gaps}
    if "no_list" in reasons:
        steps.append(_("Check again with the campaign's pack or list, so that addresses can be compared."))
    if "no_permission" in reasons:
        steps.append(_("Check once more as administrator: some places can be seen only so."))
    if "no_reader" in reasons:
        steps.append(
            _("The reader of rules (yara-x) is missing: install it, or unpack the stick's ZIP again.")
        )
    if "locked" in reasons:
        steps.append(_("Unlock the drives named here (BitLocker), then check again."))
    if "not_mounted" in reasons:
        steps.append(_("Mount all partitions of this disk below the one folder, then check again."))
    if "unsettled" in reasons:
        steps.append(
            _("Start the Windows on this disk, shut it down wholly (not by fast startup), then check again.")
        )
    if "signed_out" in reasons:
        steps.append(_("Let the people named here sign in, one after the other, and check again each time."))
    if reasons & {"damaged", "failed", "too_large", "too_long", "too_deep", "no_registry", "no_accounts"}:
        steps.append(_("Some places named here could not be read. Have the IT officer look at them."))
    if "interrupted" in reasons:
        steps.append(_("The check was stopped; run it again to the end."))
    if any(one.sign == _FIREWALL for one in counted):
        steps.append(
            _("Have the IT officer switch Windows' firewall on, unless another one protects this machine.")
        )
    if any(one.sign == _OLD for one in result.findings):
        steps.append(
            _("Have the IT officer plan a newer system for this machine: it gets no more security updates.")
        )
    elif result.verdict is Verdict.TRACES and not steps:
        steps.append(_("Ask the people who use this machine what the traces come from."))
    elif result.verdict is Verdict.CLEAN:
        steps.append(_("Nothing to do. Check again when the list of the campaign changes."))
    return steps


def _counted(result: Result) -> list[Finding]:
    return [one for one in result.findings if one.confidence != Confidence.D4]


def _is_malware(one: Finding) -> bool:
    return one.product == "malware"


def finding(one: Finding, result: Result) -> str:
    """A finding in one line."""
    if one.sign:
        what = result.wanted.signs.signs[one.sign].texts[code()].what
        days = ", ".join(_days(one)) if one.kind is Kind.BEHAVIOUR else ""
        return _("%(what)s (on %(days)s)") % {"what": what, "days": days} if days else what
    family = f" ({one.family})" if one.family else ""
    return _("On the campaign's list: %(item)s") % {"item": words.defanged(one.indicator) + family}


def _days(one: Finding) -> list[str]:
    """The last days on which it happened, the newest first; empty where no fact tells."""
    clocks = (words.clock(seen.fields.get("time"), _ZONE) for seen in one.evidence)
    days = sorted({moment.date() for moment in clocks if moment is not None}, reverse=True)
    return [f"{day:%d/%m/%Y}" for day in days[:_MOST_DAYS]]


def doubt(one: Finding, result: Result) -> str:
    """The harmless explanations of a finding."""
    if one.sign:
        return result.wanted.signs.signs[one.sign].texts[code()].false_positive
    return _("As good as the list; a page once opened is weaker than a connection that stands.")


def confidence(one: Finding) -> str:
    """The confidence of a finding."""
    return sureness(one.confidence)


def sureness(level: Confidence) -> str:
    """A confidence in one word."""
    return {
        Confidence.D1: _("certain"),
        Confidence.D2: _("strong"),
        Confidence.D3: _("to be asked"),
        Confidence.D4: _("for information"),
    }[level]


def kind(one: Finding) -> str:
    """Whether the finding is in force."""
    return {
        Kind.ACTIVE: _("in force now"),
        Kind.ARTIFACT: _("left on the disk"),
        Kind.BEHAVIOUR: _("happened before"),
        Kind.ANOMALY: _("state of a licence or of the system"),
    }[one.kind]


def leaves() -> list[str]:
    """The contents of a sealed result."""
    return [
        _("the machine's name and unit, how many people use it, and when it was checked"),
        _(
            "the machine's own number, its hardware and network addresses, so that logs can be matched"
            " with it"
        ),
        _("the conclusion, and for each sign the place that shows it (a path may hold a user's name)"),
        _("the places that were looked at, the places that were not, and the number of files read"),
    ]


def stays() -> list[str]:
    """The data that never leave a machine."""
    return [
        _("documents, pictures, mails and passwords"),
        _("names of files, programs and pages that match nothing"),
        _("whole licence keys"),
    ]


def product(name: str) -> str:
    """The name of a product."""
    return {
        "windows": "Windows",
        "office": "Office",
        "windows_office": "Windows / Office",
        "adobe": "Adobe",
        "autodesk": "Autodesk",
        "idm": "IDM",
        "jetbrains": "JetBrains",
        "winrar": "WinRAR",
        "antivirus": _("Protection"),
        "cad": "CAD",
        "accounting": _("Accounting, hardware keys"),
        "other": _("Other software"),
        "malware": _("Malware"),
        "system": _("The system"),
    }[name]


def evidence(one: Evidence) -> str:
    """A fact in one line: its subject first, times in Vietnam's zone."""
    if one.fact == "hosts-line":
        told = one.fields
        return f"{told['address']} {told['name']} · {told['file']}:{told['line']}"
    left_out = fact_words.NOT_SHOWN.get(one.fact, ())
    texts = [_shown(name, value) for name, value in one.fields.items() if name not in left_out]
    return " · ".join(text for text in texts if text not in fact_words.EMPTY)


def _shown(name: str, value: str) -> str:
    if name in fact_words.TIMES:
        return _moment(value)
    told = fact_words.value(name, value)
    return value if told == value else _(told)


def _moment(value: str) -> str:
    try:
        # A day is the same in every zone.
        return f"{date.fromisoformat(value):%d/%m/%Y}"
    except ValueError:
        return words.moment(value, _ZONE) or value


def probe(name: str) -> str:
    """The thing that a probe looks at."""
    return _(fact_words.PROBES[name]) if name in fact_words.PROBES else name


def probe_state(seen: Observed) -> str:
    """Whether a probe could look, and whether at all of it."""
    if seen.gaps and seen.state is not State.NOT_CHECKED:
        return _("looked at in part")
    return {
        State.OK: _("looked at"),
        State.EMPTY: _("looked at, nothing there"),
        State.NOT_CHECKED: _("not checked"),
    }[seen.state]


def not_seen(result: Result) -> list[str]:
    """What was not looked at, or not wholly, although no verdict needs it; things that this kind of system
    cannot have are left out."""
    return [
        probe(name)
        for name, seen in result.observed.items()
        if not seen.is_whole and name not in result.unseen and not is_foreign(seen)
    ]


def gap(one: Gap) -> str:
    """Why a part was not checked."""
    reason = _(REASONS[one.reason])
    return f"{reason}: {one.detail}" if one.detail else reason


def looked_at(result: Result) -> str:
    """How much was checked, in one sentence."""
    possible = [one for one in result.observed.values() if not is_foreign(one)]
    seen = sum(one.state is not State.NOT_CHECKED for one in possible)
    seconds = max(1, round((result.finished - result.started).total_seconds()))
    text = _("Looked at %(places)s of %(all)s places and %(files)s (%(size)s) in %(seconds)s s.")
    return text % {
        "places": seen,
        "all": len(possible),
        "files": words.files(result.scan.files),
        "size": words.size(result.scan.bytes),
        "seconds": words.number(seconds),
    }


def is_foreign(seen: Observed) -> bool:
    """Whether this kind of system cannot have the thing, so that nobody need read about it."""
    return not seen.items and any(gap.reason == "other_system" for gap in seen.gaps)


def by_product(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Findings that count, by product; findings for information last, under the system."""
    found: dict[str, list[Finding]] = {}
    for one in findings:
        found.setdefault(one.product, []).append(one)
    return found
